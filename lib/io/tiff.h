/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The container of TIFF files: directories, pages, tables of strips and tiles. libcellseg parses it alone, so that each byte is
 * read and checked once; libtiff sees one strip or tile at a time, in memory, and only decodes it (tiff_codec.c).
 * Reference: TIFF 6.0; Adobe's Technical Notes 1 to 3; the BigTIFF proposal.
 */
#ifndef CSEG_TIFF_H
#define CSEG_TIFF_H

#include "io/io.h"

/* ---- directories (tiff_ifd.c) ---- */

enum { CSEG_IFD_MAX_TAGS = 4096 }; /* libtiff's limit too */

/* A directory of a file: a list of tags. One buffer serves one directory after the other. */
typedef struct cseg_ifd {
    cseg_file *file;
    bool big;             /* BigTIFF: offsets of 64 bits */
    bool swapped;         /* the file's byte order is not this machine's */
    uint64_t first;       /* offset of the file's first directory */
    uint32_t number;      /* of the page, from 1, for messages */
    uint64_t offset;      /* of the directory; 0: none is loaded */
    uint64_t next;        /* offset of the next one; 0: none */
    uint64_t digest;      /* of the bytes, to find a change */
    size_t count;         /* of tags */
    unsigned char *bytes; /* owned */
} cseg_ifd;

/* Values of a tag; count 0: the directory does not list the tag. All values lie within the file. */
typedef struct cseg_ifd_field {
    uint16_t tag, type;
    uint64_t count;
    size_t size;                 /* bytes of a value */
    const unsigned char *inside; /* values within the directory, valid until the next one is loaded; else NULL */
    uint64_t offset;             /* values elsewhere in the file */
} cseg_ifd_field;

/* Read the header. Release with cseg_ifd_close(), also after a failure. */
cellseg_status cseg_ifd_open(cseg_ifd *ifd, cellseg_context *context, cseg_file *file);
void cseg_ifd_close(cseg_ifd *ifd);

/* CELLSEG_ERR_FORMAT where the bytes are no directory. */
cellseg_status cseg_ifd_load(cseg_ifd *ifd, uint64_t offset, uint32_t number);

/* CELLSEG_ERR_FORMAT where the tag's values lie beyond the file's end or are of an unknown type. */
cellseg_status cseg_ifd_find(cseg_ifd_field *field, const cseg_ifd *ifd, uint16_t tag);

/* values[0 .. n) = the field's values from `first` on, which must be there and be whole and not negative. */
cellseg_status cseg_ifd_integers(uint64_t *values, const cseg_ifd *ifd, const cseg_ifd_field *field, uint64_t first, size_t n);

/* The first value of a tag; *value stays where the tag is absent. CELLSEG_ERR_FORMAT beyond `most`. */
cellseg_status cseg_ifd_integer(uint64_t *value, const cseg_ifd *ifd, uint16_t tag, uint64_t most);
cellseg_status cseg_ifd_real(double *value, const cseg_ifd *ifd, uint16_t tag);

/* A copy of a tag's bytes with a zero after them; NULL where the tag is absent. Release with cseg_memory_free(). */
cellseg_status cseg_ifd_bytes(char **out, size_t *size, cellseg_context *context, const cseg_ifd *ifd, uint16_t tag);

/* `count` bytes at `offset`, all of them: CELLSEG_ERR_IO where reading fails or the file has become shorter. */
cellseg_status cseg_ifd_read_at(const cseg_ifd *ifd, void *to, size_t count, uint64_t offset);

/* A digest of bytes appended to those of `digest`; 0 to begin. */
uint64_t cseg_ifd_digest(uint64_t digest, const void *bytes, size_t count);

/* ---- pages (tiff_page.c) ---- */

/* A page as its directory describes it. */
typedef struct cseg_page {
    uint64_t offset, digest; /* of the directory */
    uint64_t behind;         /* planes without a directory: this many bytes after the strips that the directory lists */
    uint32_t number;         /* from 1 */
    uint32_t height, width;
    uint32_t block_height, block_width; /* of a tile or a strip */
    uint32_t depth;
    uint32_t subtype; /* bits: reduced, page, mask */
    uint32_t fax;     /* options of CCITT's codecs */
    uint16_t samples, bits, format, compression, photometric, predictor, fill_order;
    bool tiled, separate; /* separate: each sample has its own strips or tiles */
    bool mixed;           /* samples of several formats or depths */
} cseg_page;

cellseg_status cseg_page_read(cseg_page *page, const cseg_ifd *ifd);

/* Load the page's directory again. CELLSEG_ERR_IO where it is not the same. */
cellseg_status cseg_page_load(cseg_ifd *ifd, const cseg_page *page);

cellseg_status cseg_page_check_size(const cseg_page *page); /* CELLSEG_ERR_FORMAT for no pixels, and for too many in a row */

/* "uint16", of the samples. */
const char *cseg_page_kind(const cseg_page *page);
bool cseg_page_alike(const cseg_page *a, const cseg_page *b); /* of one size and kind of samples */

/* Samples, and bytes, of a row of a strip or tile. */
uint64_t cseg_page_row_samples(const cseg_page *page);
uint64_t cseg_page_row_bytes(const cseg_page *page);

/* Rows of the block whose first row is y: tiles are whole, the last strip may be shorter. */
uint32_t cseg_page_block_rows(const cseg_page *page, uint32_t y);

/* "page 1, strip 3": put before the thread's last error. block: from 0. Returns status. */
cellseg_status cseg_page_fail_in(cellseg_status status, const cseg_page *page, size_t block);

/* ---- tables of strips and tiles (tiff_blocks.c) ---- */

typedef struct cseg_block {
    uint64_t offset, size; /* size 0: absent, zeros */
} cseg_block;

typedef struct cseg_blocks {
    cseg_block *blocks; /* samples (if separate), down, across */
    size_t count, down, across;
    bool sparse;     /* some are absent */
    uint64_t digest; /* of the table */
} cseg_blocks;

/* The table of a page, each block within the file and large enough for its rows. Release with cseg_blocks_free(). */
cellseg_status cseg_blocks_load(cseg_blocks *out, cellseg_context *context, const cseg_ifd *ifd, const cseg_page *page);
void cseg_blocks_free(cseg_blocks *blocks);

/* ---- decoding (tiff_codec.c, inflate.c) ---- */

/* True where libtiff has the codec and the codec works on one strip or tile at a time. */
bool cseg_codec_known(uint16_t compression);

/* True for codecs of bytes, whose samples lie as in an uncompressed file; the others decode to samples of this machine. */
bool cseg_codec_of_bytes(uint16_t compression);

/* Upper bound on the bytes that decompression makes of one byte: limits the size that a small file may claim. */
unsigned cseg_codec_expansion(uint16_t compression);

/* Rows to decode at a time, of a block of `rows`: few enough that a cancel is heard, all where the codec has no pieces. */
uint32_t cseg_codec_band(const cseg_page *page, uint32_t rows);

typedef struct cseg_codec cseg_codec;

/* Decode blocks of a page whose directory stays loaded. Release with cseg_codec_close(). */
cellseg_status cseg_codec_open(cseg_codec **out, cellseg_context *context, const cseg_ifd *ifd, const cseg_page *page);

/* Begin a block of `rows` rows. */
cellseg_status cseg_codec_begin(cseg_codec *codec, const cseg_block *block, uint32_t rows);

/* The next `rows` rows, cseg_page_row_bytes() each: all, or cseg_codec_band() of them. After the last row the block's checksum
 * is checked. */
cellseg_status cseg_codec_read(cseg_codec *codec, void *to, uint32_t rows);
void cseg_codec_close(cseg_codec *codec);

/* ---- samples (tiff_samples.c) ---- */

/* Pixel type in memory for samples of a file; 0: not supported. */
int32_t cseg_samples_type(uint16_t format, uint16_t bits);

/* Put the samples of rows from a codec of bytes into this machine's byte order, and undo the predictor. scratch: one row. */
void cseg_samples_restore(void *rows, uint32_t count, const cseg_page *page, bool swapped, void *scratch);

/* Copy sample `sample` of `count` pixels of a restored row to pixels of cseg_samples_type(). CELLSEG_ERR_FORMAT for a 64-bit
 * integer that float64 does not hold, with the value. */
cellseg_status cseg_samples_copy(void *to, const void *row, size_t count, const cseg_page *page, size_t sample);
void cseg_samples_invert(void *pixels, size_t count, const cseg_page *page);

/* to[i] = the greater of to[i] and from[i]; NaN wins. */
void cseg_samples_merge(void *to, const void *from, size_t count, int32_t type);

/* Reverse the bits of each byte. */
void cseg_samples_reverse(unsigned char *bytes, size_t count);

/* ---- which pages are read (tiff_support.c) ---- */

/* CELLSEG_ERR_FORMAT, with page and reason, for kinds of pages that are not read. labels: min-is-white is not inverted. */
cellseg_status cseg_support_check(const cseg_page *page, bool labels);

/* ---- all pages (tiff_survey.c) ---- */

typedef struct cseg_survey {
    cellseg_context *context;
    cseg_page *pages; /* all directories of the file, in order */
    size_t count, capacity;
    bool described; /* by OME-XML: no page is taken for a level by its size */
    size_t *full;   /* pages that are neither thumbnails, masks nor smaller levels of a pyramid */
    size_t full_count;
} cseg_survey;

/* Visit every directory once. Release with cseg_survey_free(), also after a failure. */
cellseg_status cseg_survey_read(cseg_survey *survey, cellseg_context *context, cseg_ifd *ifd);
void cseg_survey_free(cseg_survey *survey);

/* How many of the full page's pixels make an edge of the level's. */
double cseg_survey_scale(const cseg_page *page, const cseg_page *full);

/* Of the levels of full page `index`, the page itself included, the one whose pixels are nearest level_um. */
cellseg_status cseg_survey_level(cseg_page *out, const cseg_survey *survey, cseg_ifd *ifd, size_t index, double pixel_size_um,
                                 double level_um);

/* ---- pixels (tiff_pixels.c) ---- */

/* Read the selected planes. CELLSEG_ERR_IO where the file has changed since the survey. */
cellseg_status cseg_pixels_read(cellseg_image **out, cellseg_context *context, cseg_ifd *ifd, const cseg_survey *survey,
                                const cseg_io_selection *selection, const cseg_io_request *request);

#endif
