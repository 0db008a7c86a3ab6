/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The length of a PNG's pixel data, found by inflating its IDAT chunks without keeping a byte. A header may claim a thousand
 * times the bytes of its file, and libpng takes memory for rows before it inflates the first. Cost: one inflation, and memory for
 * two small buffers. Reference: PNG Specification, Second Edition (ISO/IEC 15948), chapters 5 and 10.
 */
#include "io/io.h"

#include <string.h>
#include <zlib.h>

enum { IN_BYTES = 1 << 14, OUT_BYTES = 1 << 16, SIGNATURE_BYTES = 8, HEADER_BYTES = 8, CRC_BYTES = 4 };

typedef struct inflation {
    cellseg_context *context;
    cseg_file *file;
    z_stream stream;
    uint64_t position, inflated, most;
    bool ended; /* the compressed stream is complete */
    uint8_t in[IN_BYTES], out[OUT_BYTES];
} inflation;

static voidpf on_alloc(voidpf context, uInt count, uInt size) {
    return cseg_memory_alloc(context, count, size);
}

static void on_free(voidpf context, voidpf block) {
    (void)context;
    cseg_memory_free(block);
}

static cellseg_status read_bytes(inflation *i, uint8_t *to, size_t count) {
    CSEG_TRY(cseg_progress_poll(i->context, 0));
    if (cseg_file_read_at(i->file, to, count, i->position) != count)
        return i->file->error != 0 ? cseg_file_fail("cannot be read", i->file->error)
                                   : cseg_fail(CELLSEG_ERR_FORMAT, "IDAT: the file ends early");
    i->position += count;
    return CELLSEG_OK;
}

static cellseg_status fail_inflate(const inflation *i, int code) {
    if (code == Z_MEM_ERROR)
        return cseg_error_last();
    return cseg_fail(CELLSEG_ERR_FORMAT, "IDAT: %s", i->stream.msg != NULL ? i->stream.msg : "cannot be inflated");
}

/* Inflate what lies in `in`, and count it. */
static cellseg_status inflate_piece(inflation *i, size_t count) {
    i->stream.next_in = i->in;
    i->stream.avail_in = (uInt)count;
    do {
        i->stream.next_out = i->out;
        i->stream.avail_out = OUT_BYTES;
        const int code = inflate(&i->stream, Z_NO_FLUSH);
        i->inflated += OUT_BYTES - i->stream.avail_out;
        i->ended = code == Z_STREAM_END;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return fail_inflate(i, code);
        if (i->inflated > i->most)
            return cseg_fail(CELLSEG_ERR_FORMAT, "IDAT: it holds more than the %llu bytes of the pixels",
                             (unsigned long long)i->most);
    } while (!i->ended && i->stream.avail_out == 0);
    return CELLSEG_OK;
}

static cellseg_status inflate_chunk(inflation *i, uint32_t length) {
    while (length > 0 && !i->ended) {
        const uint32_t count = length < IN_BYTES ? length : IN_BYTES;
        CSEG_TRY(read_bytes(i, i->in, count));
        CSEG_TRY(inflate_piece(i, count));
        length -= count;
    }
    i->position += length + CRC_BYTES;
    return CELLSEG_OK;
}

/* From chunk to chunk until the stream or the file ends. */
static cellseg_status inflate_file(inflation *i) {
    for (i->position = SIGNATURE_BYTES; !i->ended;) {
        uint8_t header[HEADER_BYTES];
        CSEG_TRY(read_bytes(i, header, HEADER_BYTES));
        const uint32_t length = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 | header[3];
        if (memcmp(header + 4, "IDAT", 4) == 0)
            CSEG_TRY(inflate_chunk(i, length));
        else if (memcmp(header + 4, "IEND", 4) == 0)
            break;
        else
            i->position += (uint64_t)length + CRC_BYTES;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_idat_check(cellseg_context *context, cseg_file *file, uint64_t bytes) {
    inflation *i = cseg_memory_calloc(context, 1, sizeof *i);
    if (i == NULL)
        return cseg_error_last();
    i->context = context;
    i->file = file;
    i->most = bytes;
    i->stream.zalloc = on_alloc;
    i->stream.zfree = on_free;
    i->stream.opaque = context;
    cellseg_status status = inflateInit(&i->stream) == Z_OK ? CELLSEG_OK : cseg_error_last();
    if (status == CELLSEG_OK) {
        status = inflate_file(i);
        (void)inflateEnd(&i->stream);
    }
    if (status == CELLSEG_OK && i->inflated != bytes)
        status = cseg_fail(CELLSEG_ERR_FORMAT, "IDAT: it holds %llu of the %llu bytes of the pixels",
                           (unsigned long long)i->inflated, (unsigned long long)bytes);
    cseg_memory_free(i);
    return status;
}
