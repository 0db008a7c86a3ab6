/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The length of a PNG's pixel data, found by inflating its IDAT chunks without keeping a byte. A header may claim a thousand
 * times the bytes of its file, and libpng takes memory for rows before it inflates the first. Cost: one inflation, and memory for
 * one small buffer. Reference: PNG Specification, Second Edition (ISO/IEC 15948), chapters 5 and 10.
 */
#include "io/io.h"

#include <string.h>

enum { SIGNATURE_BYTES = 8, HEADER_BYTES = 8, CRC_BYTES = 4 };

static const char what[] = "IDAT";

/* The data of the IDAT chunks, one after the other. */
typedef struct idat_source {
    cellseg_context *context;
    cseg_file *file;
    uint64_t position;
    uint32_t left; /* bytes of the chunk that are not read */
    bool within;   /* an IDAT chunk */
    bool ended;    /* at IEND */
} idat_source;

static cellseg_status read_bytes(idat_source *s, uint8_t *to, size_t count) {
    CSEG_TRY(cseg_progress_poll(s->context, 0));
    if (cseg_file_read_at(s->file, to, count, s->position) != count)
        return s->file->error != 0 ? cseg_file_fail("cannot be read", s->file->error)
                                   : cseg_fail(CELLSEG_ERR_FORMAT, "%s: the file ends early", what);
    s->position += count;
    return CELLSEG_OK;
}

static cellseg_status next_chunk(idat_source *s) {
    uint8_t header[HEADER_BYTES];
    CSEG_TRY(read_bytes(s, header, HEADER_BYTES));
    s->left = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 | header[3];
    s->within = memcmp(header + 4, "IDAT", 4) == 0;
    s->ended = memcmp(header + 4, "IEND", 4) == 0;
    if (!s->within)
        s->position += (uint64_t)s->left + CRC_BYTES;
    return CELLSEG_OK;
}

static cellseg_status feed(void *source, unsigned char *to, size_t room, size_t *count) {
    idat_source *s = source;
    while (!s->ended && (!s->within || s->left == 0)) {
        s->position += s->within ? CRC_BYTES : 0;
        CSEG_TRY(next_chunk(s));
    }
    *count = s->ended ? 0 : s->left < room ? s->left : room;
    s->left -= (uint32_t)*count;
    return *count > 0 ? read_bytes(s, to, *count) : CELLSEG_OK;
}

cellseg_status cseg_idat_check(cellseg_context *context, cseg_file *file, uint64_t bytes) {
    idat_source source = {.context = context, .file = file, .position = SIGNATURE_BYTES};
    cseg_inflate *inflate;
    uint64_t total;
    CSEG_TRY(cseg_inflate_open(&inflate, context, what, feed, &source));
    cellseg_status status = cseg_inflate_skip(inflate, bytes, &total);
    cseg_inflate_close(inflate);
    if (status == CELLSEG_OK && total > bytes)
        status =
            cseg_fail(CELLSEG_ERR_FORMAT, "%s: it holds more than the %llu bytes of the pixels", what, (unsigned long long)bytes);
    if (status == CELLSEG_OK && total != bytes)
        status = cseg_fail(CELLSEG_ERR_FORMAT, "%s: it holds %llu of the %llu bytes of the pixels", what,
                           (unsigned long long)total, (unsigned long long)bytes);
    return status;
}
