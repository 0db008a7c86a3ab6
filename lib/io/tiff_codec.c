/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One strip or tile of a TIFF file, decoded row by row. Uncompressed rows are read as they lie. All else libtiff decodes, from a
 * TIFF file of one strip that is made here in memory: libtiff reads no byte of the file and no tag that is not checked.
 * Codecs of bytes (LZW, deflate ...) get a strip of bytes without a predictor; those of pixels (JPEG, LERC ...) the page's
 * layout.
 *
 * Deflate is checked by its checksum. libtiff may use libdeflate, which is twice as fast as zlib, but does not tell whether the
 * checksum was compared. So its result counts only if the checksum is right; else zlib decides, and names the fault. zlib also
 * decodes strips that are too large for one piece, so that a cancel is heard.
 */
#include "io/libtiff.h"
#include "io/tiff.h"

#include <string.h>

enum { HEAD_BYTES = 512, WHOLE_BYTES = 8 << 20, PIECE_BYTES = 256 << 10, MAX_BLOCK_BYTES = 1 << 30 };

struct cseg_codec {
    cellseg_context *context;
    const cseg_ifd *ifd;
    const cseg_page *page;
    size_t row_bytes;
    cseg_block block;
    uint32_t rows, done;
    bool checked; /* the codec's own checksum comes after the last row */
    char *tables; /* JPEG's; NULL: none */
    size_t table_bytes;
    unsigned char *memory; /* the TIFF file of one strip: head, tables, the block's bytes */
    size_t memory_bytes;
    cseg_libtiff stream;  /* .tiff NULL: libtiff is not used */
    uint32_t stream_rows; /* blocks of so many rows can be decoded as the last one; 0: none */
    cseg_inflate *inflate;
    cseg_block unread; /* by `inflate` */
};

/* ---- codecs ---- */

bool cseg_codec_of_bytes(uint16_t compression) {
    return compression == COMPRESSION_NONE || compression == COMPRESSION_LZW || compression == COMPRESSION_DEFLATE ||
           compression == COMPRESSION_ADOBE_DEFLATE || compression == COMPRESSION_PACKBITS || compression == COMPRESSION_LZMA ||
           compression == COMPRESSION_ZSTD;
}

bool cseg_codec_known(uint16_t compression) {
    return compression != COMPRESSION_OJPEG && TIFFIsCODECConfigured(compression) != 0; /* old JPEG spreads over the file */
}

unsigned cseg_codec_expansion(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_NONE:
        return 1;
    case COMPRESSION_PACKBITS:
        return 64;
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
        return 1040;
    case COMPRESSION_LZW:
        return 4096;
    case COMPRESSION_LERC:
        return 1 << 20; /* 70 bytes hold a constant tile of any size */
    default:
        return 1 << 16; /* a bound for Zstandard and all other codecs */
    }
}

static bool is_deflate(const cseg_page *page) {
    return page->compression == COMPRESSION_DEFLATE || page->compression == COMPRESSION_ADOBE_DEFLATE;
}

/* Codecs that decode some rows and continue with the next. */
static bool decodes_in_pieces(uint16_t compression) {
    return compression == COMPRESSION_LZW || compression == COMPRESSION_LZMA || compression == COMPRESSION_ZSTD ||
           compression == COMPRESSION_JPEG || compression == COMPRESSION_CCITTFAX3 || compression == COMPRESSION_CCITTFAX4 ||
           compression == COMPRESSION_CCITTRLE || compression == COMPRESSION_CCITTRLEW;
}

/* Zstandard and xz state in their first bytes whether a checksum follows the data. */
static bool has_checksum(uint16_t compression, const unsigned char *bytes, uint64_t size) {
    return (compression == COMPRESSION_ZSTD && size > 4 && (bytes[4] & 4) != 0) ||
           (compression == COMPRESSION_LZMA && size > 7 && bytes[7] != 0);
}

/* ---- a TIFF file of one strip ---- */

static void close_stream(cseg_codec *codec) {
    if (codec->stream.tiff != NULL)
        TIFFClose(codec->stream.tiff);
    codec->stream.tiff = NULL;
    codec->stream_rows = 0;
}

typedef struct head {
    unsigned char *bytes;
    bool little;
    size_t tags;
} head;

static void put(const head *h, size_t at, uint32_t value, size_t size) {
    for (size_t i = 0; i < size; i++)
        h->bytes[at + i] = (unsigned char)(value >> 8 * (h->little ? i : size - 1 - i));
}

/* Tags come in ascending order. */
static void put_tag(head *h, uint16_t tag, uint32_t count, uint32_t value) {
    enum { LONG = 4, UNDEFINED = 7 };
    const size_t at = 10 + 12 * h->tags++;
    assert(at + 16 < HEAD_BYTES);
    put(h, at, tag, 2);
    put(h, at + 2, tag == TIFFTAG_JPEGTABLES ? UNDEFINED : LONG, 2);
    put(h, at + 4, count, 4);
    put(h, at + 8, value, 4);
    put(h, 8, (uint32_t)h->tags, 2);
    put(h, at + 12, 0, 4);
}

/* JPEG's tables lie after the directory, and the strip after them. */
static void put_head(const cseg_codec *codec, const uint64_t lerc[2]) {
    const uint32_t tables = (uint32_t)codec->table_bytes;
    const cseg_page *page = codec->page;
    const uint16_t one = 1;
    const bool pixels = !cseg_codec_of_bytes(page->compression);
    head h = {.bytes = codec->memory, .little = (*(const unsigned char *)&one == 1) != codec->ifd->swapped};
    memset(h.bytes, 0, HEAD_BYTES);
    memcpy(h.bytes, h.little ? "II" : "MM", 2);
    put(&h, 2, 42, 2);
    put(&h, 4, 8, 4);
    put_tag(&h, TIFFTAG_IMAGEWIDTH, 1, pixels ? page->block_width : (uint32_t)codec->row_bytes);
    put_tag(&h, TIFFTAG_IMAGELENGTH, 1, codec->rows + (codec->checked ? 1 : 0));
    put_tag(&h, TIFFTAG_BITSPERSAMPLE, 1, pixels ? page->bits : 8);
    put_tag(&h, TIFFTAG_COMPRESSION, 1, page->compression);
    put_tag(&h, TIFFTAG_PHOTOMETRIC, 1, pixels ? page->photometric : PHOTOMETRIC_MINISBLACK);
    put_tag(&h, TIFFTAG_STRIPOFFSETS, 1, HEAD_BYTES + tables);
    put_tag(&h, TIFFTAG_SAMPLESPERPIXEL, 1, pixels && !page->separate ? page->samples : 1);
    put_tag(&h, TIFFTAG_ROWSPERSTRIP, 1, codec->rows + (codec->checked ? 1 : 0));
    put_tag(&h, TIFFTAG_STRIPBYTECOUNTS, 1, (uint32_t)codec->block.size);
    if (page->compression == COMPRESSION_CCITTFAX3 || page->compression == COMPRESSION_CCITTFAX4)
        put_tag(&h, page->compression == COMPRESSION_CCITTFAX3 ? TIFFTAG_GROUP3OPTIONS : TIFFTAG_GROUP4OPTIONS, 1, page->fax);
    if (pixels)
        put_tag(&h, TIFFTAG_SAMPLEFORMAT, 1, page->format);
    if (tables != 0)
        put_tag(&h, TIFFTAG_JPEGTABLES, tables, HEAD_BYTES);
    if (lerc[0] != 0 || lerc[1] != 0) {
        put_tag(&h, TIFFTAG_LERC_PARAMETERS, 2, HEAD_BYTES - 8);
        put(&h, HEAD_BYTES - 8, (uint32_t)lerc[0], 4);
        put(&h, HEAD_BYTES - 4, (uint32_t)lerc[1], 4);
    }
}

static cellseg_status read_lerc(uint64_t lerc[2], const cseg_ifd *ifd, const cseg_page *page) {
    cseg_ifd_field field;
    if (page->compression != COMPRESSION_LERC)
        return CELLSEG_OK;
    CSEG_TRY(cseg_ifd_find(&field, ifd, TIFFTAG_LERC_PARAMETERS));
    return field.count >= 2 ? cseg_ifd_integers(lerc, ifd, &field, 0, 2) : CELLSEG_OK;
}

static unsigned char *block_bytes(const cseg_codec *codec) {
    return codec->memory + HEAD_BYTES + codec->table_bytes;
}

/* The block's bytes, behind room for a head. */
static cellseg_status load(cseg_codec *codec) {
    const size_t before = HEAD_BYTES + codec->table_bytes;
    if (codec->block.size > MAX_BLOCK_BYTES - before)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%llu compressed bytes are too many", (unsigned long long)codec->block.size);
    const size_t size = (size_t)codec->block.size;
    if (before + size > codec->memory_bytes) {
        close_stream(codec);
        cseg_memory_free(codec->memory);
        codec->memory_bytes = before + size + size / 4; /* the next may be a little larger */
        codec->memory = cseg_memory_alloc(codec->context, codec->memory_bytes, 1);
        if (codec->memory == NULL)
            return cseg_error_last();
    }
    CSEG_TRY(cseg_ifd_read_at(codec->ifd, block_bytes(codec), size, codec->block.offset));
    if (codec->page->fill_order == FILLORDER_LSB2MSB && codec->page->compression != COMPRESSION_JPEG)
        cseg_samples_reverse(block_bytes(codec), size);
    codec->checked = has_checksum(codec->page->compression, block_bytes(codec), size);
    return CELLSEG_OK;
}

static cellseg_status open_stream(cseg_codec *codec) {
    uint64_t lerc[2] = {0, 0};
    close_stream(codec);
    CSEG_TRY(read_lerc(lerc, codec->ifd, codec->page));
    put_head(codec, lerc);
    if (codec->table_bytes != 0)
        memcpy(codec->memory + HEAD_BYTES, codec->tables, codec->table_bytes);
    const size_t size = HEAD_BYTES + codec->table_bytes + (size_t)codec->block.size;
    CSEG_TRY(cseg_libtiff_open_memory(&codec->stream, codec->memory, size, codec->row_bytes * (codec->rows + (uint64_t)1)));
    if (codec->page->photometric == PHOTOMETRIC_YCBCR)
        (void)TIFFSetField(codec->stream.tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if ((uint64_t)TIFFScanlineSize64(codec->stream.tiff) != codec->row_bytes)
        return cseg_fail(CELLSEG_ERR_FORMAT, "an unsupported layout");
    return CELLSEG_OK;
}

/* ---- decoding ---- */

/* libtiff goes on after some errors: a message is a failure too. */
static cellseg_status decode_whole(cseg_codec *codec, void *to) {
    const tmsize_t size = (tmsize_t)(codec->row_bytes * codec->rows), from_size = (tmsize_t)codec->block.size;
    cseg_libtiff_clear(&codec->stream);
    if (TIFFReadFromUserBuffer(codec->stream.tiff, 0, block_bytes(codec), from_size, to, size) == 1 &&
        codec->stream.message[0] == '\0')
        return CELLSEG_OK;
    return cseg_libtiff_fail(&codec->stream, NULL);
}

static cellseg_status decode_rows(cseg_codec *codec, char *to, uint32_t rows) {
    cseg_libtiff_clear(&codec->stream);
    for (uint32_t i = 0; i < rows; i++)
        if (TIFFReadScanline(codec->stream.tiff, to + i * codec->row_bytes, codec->done + i, 0) != 1 ||
            codec->stream.message[0] != '\0')
            return cseg_libtiff_fail(&codec->stream, NULL);
    return CELLSEG_OK;
}

/* Adler-32 (RFC 1950), with sums that compilers make vectors of: zlib's makes the whole reading 9 % slower. */
static uint32_t adler32_of(const unsigned char *bytes, size_t count) {
    enum { LANES = 32, BLOCKS = 128, MODULUS = 65521 }; /* so that 32 bits hold the sums of a group of blocks */
    uint64_t a = 1, b = 0;
    while (count >= LANES) {
        uint32_t sum[LANES] = {0}, sums[LANES] = {0};
        const size_t blocks = count / LANES < BLOCKS ? count / LANES : BLOCKS;
        for (size_t i = 0; i < blocks; i++)
            for (size_t lane = 0; lane < LANES; lane++) {
                sums[lane] += sum[lane];
                sum[lane] += bytes[i * LANES + lane];
            }
        b += a * blocks * LANES;
        for (size_t lane = 0; lane < LANES; lane++) {
            a += sum[lane];
            b += (uint64_t)sums[lane] * LANES + (uint64_t)sum[lane] * (LANES - lane);
        }
        a %= MODULUS;
        b %= MODULUS;
        bytes += blocks * LANES;
        count -= blocks * LANES;
    }
    for (size_t i = 0; i < count; i++) {
        a += bytes[i];
        b += a;
    }
    return (uint32_t)(b % MODULUS << 16 | a % MODULUS);
}

/* True if libtiff's result has the checksum at the strip's end. */
static bool deflate_whole(cseg_codec *codec, void *to) {
    if (decode_whole(codec, to) != CELLSEG_OK || codec->block.size < 4)
        return false;
    const unsigned char *end = block_bytes(codec) + codec->block.size - 4;
    const uint32_t stated = (uint32_t)end[0] << 24 | (uint32_t)end[1] << 16 | (uint32_t)end[2] << 8 | end[3];
    return adler32_of(to, codec->row_bytes * codec->rows) == stated;
}

static const char deflate_name[] = "damaged deflate data";

static cellseg_status feed_deflate(void *source, unsigned char *to, size_t room, size_t *count) {
    cseg_codec *codec = source;
    cseg_block *left = &codec->unread;
    *count = left->size < room ? (size_t)left->size : room;
    if (*count == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: it ends early", deflate_name);
    CSEG_TRY(cseg_ifd_read_at(codec->ifd, to, *count, left->offset));
    if (codec->page->fill_order == FILLORDER_LSB2MSB)
        cseg_samples_reverse(to, *count);
    *left = (cseg_block){left->offset + *count, left->size - *count};
    return CELLSEG_OK;
}

/* zlib from the block's first byte. */
static cellseg_status open_inflate(cseg_codec *codec) {
    codec->unread = codec->block;
    return cseg_inflate_open(&codec->inflate, codec->context, deflate_name, feed_deflate, codec);
}

/* Some writers give the last strip the rows of a full one. */
static cellseg_status finish_deflate(const cseg_codec *codec) {
    const uint64_t surplus = (uint64_t)codec->row_bytes * (codec->page->block_height - codec->rows);
    uint64_t total;
    CSEG_TRY(cseg_inflate_skip(codec->inflate, surplus, &total));
    return total <= surplus ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_FORMAT, "%s: more bytes than the rows have", deflate_name);
}

static cellseg_status read_deflate(cseg_codec *codec, void *to, uint32_t rows) {
    if (rows == codec->rows && codec->stream.tiff != NULL && deflate_whole(codec, to))
        return CELLSEG_OK;
    if (codec->inflate == NULL)
        CSEG_TRY(open_inflate(codec));
    CSEG_TRY(cseg_inflate_read(codec->inflate, to, codec->row_bytes * rows));
    return codec->done + rows < codec->rows ? CELLSEG_OK : finish_deflate(codec);
}

static cellseg_status read_uncompressed(cseg_codec *codec, void *to, uint32_t rows) {
    const size_t size = codec->row_bytes * rows;
    CSEG_TRY(cseg_ifd_read_at(codec->ifd, to, size, codec->block.offset + (uint64_t)codec->row_bytes * codec->done));
    if (codec->page->fill_order == FILLORDER_LSB2MSB)
        cseg_samples_reverse(to, size);
    return CELLSEG_OK;
}

/* Decoding beyond the last row ends in "not enough data", or in a complaint about the checksum. */
static cellseg_status check_end(cseg_codec *codec, uint32_t rows) {
    char *row = cseg_memory_alloc(codec->context, codec->row_bytes, 1);
    if (row == NULL)
        return cseg_error_last();
    cseg_libtiff_clear(&codec->stream);
    (void)TIFFReadScanline(codec->stream.tiff, row, codec->done + rows, 0);
    cseg_memory_free(row);
    if (codec->stream.message[0] == '\0' || strstr(codec->stream.message, "Not enough data") != NULL)
        return CELLSEG_OK;
    return cseg_libtiff_fail(&codec->stream, NULL);
}

static cellseg_status read_libtiff(cseg_codec *codec, void *to, uint32_t rows) {
    if (rows == codec->rows && !codec->checked)
        return decode_whole(codec, to);
    CSEG_TRY(decode_rows(codec, to, rows));
    return codec->checked && codec->done + rows == codec->rows ? check_end(codec, rows) : CELLSEG_OK;
}

cellseg_status cseg_codec_read(cseg_codec *codec, void *to, uint32_t rows) {
    assert(rows >= 1 && rows <= codec->rows - codec->done);
    CSEG_TRY(is_deflate(codec->page)                        ? read_deflate(codec, to, rows)
             : codec->page->compression == COMPRESSION_NONE ? read_uncompressed(codec, to, rows)
                                                            : read_libtiff(codec, to, rows));
    codec->done += rows;
    return CELLSEG_OK;
}

/* Blocks of up to WHOLE_BYTES take less than 100 ms. Uncompressed rows need no more than fits a cache. */
uint32_t cseg_codec_band(const cseg_page *page, uint32_t rows) {
    const uint64_t bytes = cseg_page_row_bytes(page), samples = cseg_page_row_samples(page);
    const uint64_t row = bytes > samples ? bytes : samples;
    const bool uncompressed = page->compression == COMPRESSION_NONE;
    if (!(uncompressed || is_deflate(page) || decodes_in_pieces(page->compression)) ||
        (!uncompressed && row * rows <= WHOLE_BYTES))
        return rows;
    const uint64_t band = row < PIECE_BYTES ? PIECE_BYTES / row : 1;
    return band < rows ? (uint32_t)band : rows;
}

cellseg_status cseg_codec_open(cseg_codec **out, cellseg_context *context, const cseg_ifd *ifd, const cseg_page *page) {
    *out = NULL;
    cseg_codec *codec = cseg_memory_calloc(context, 1, sizeof *codec);
    if (codec == NULL)
        return cseg_error_last();
    *codec = (cseg_codec){.context = context, .ifd = ifd, .page = page, .row_bytes = (size_t)cseg_page_row_bytes(page)};
    cellseg_status status = CELLSEG_OK;
    if (page->compression == COMPRESSION_JPEG)
        status = cseg_ifd_bytes(&codec->tables, &codec->table_bytes, context, ifd, TIFFTAG_JPEGTABLES);
    if (status == CELLSEG_OK && codec->table_bytes > MAX_BLOCK_BYTES / 2)
        status =
            cseg_fail(CELLSEG_ERR_FORMAT, "page %u: JPEG tables of %zu bytes are too many", page->number, codec->table_bytes);
    if (status == CELLSEG_OK)
        *out = codec;
    else
        cseg_codec_close(codec);
    return status;
}

cellseg_status cseg_codec_begin(cseg_codec *codec, const cseg_block *block, uint32_t rows) {
    const cseg_page *page = codec->page;
    const bool whole = cseg_codec_band(page, rows) == rows;
    cseg_inflate_close(codec->inflate);
    codec->inflate = NULL;
    codec->block = *block;
    codec->rows = rows;
    codec->done = 0;
    if (page->compression == COMPRESSION_NONE || (is_deflate(page) && !whole))
        return CELLSEG_OK;
    CSEG_TRY(load(codec));
    const bool again = whole && !codec->checked;
    if (!again || codec->stream_rows != rows)
        CSEG_TRY(open_stream(codec));
    codec->stream_rows = again ? rows : 0;
    return CELLSEG_OK;
}

void cseg_codec_close(cseg_codec *codec) {
    if (codec == NULL)
        return;
    cseg_inflate_close(codec->inflate);
    close_stream(codec);
    cseg_memory_free(codec->memory);
    cseg_memory_free(codec->tables);
    cseg_memory_free(codec);
}
