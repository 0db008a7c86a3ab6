/* SPDX-License-Identifier: BSD-3-Clause */
/* Files in memory, which may fail or change while they are read, and what is written. */
#ifndef CSEG_FUZZ_FILES_H
#define CSEG_FUZZ_FILES_H

#include "fuzz.h"

#include <errno.h>
#include <zlib.h>

typedef struct source {
    const uint8_t *bytes;
    size_t size;
    uint64_t fail_at;   /* this read fails, from 1; 0: none */
    uint64_t change_at; /* from this read on the byte at change_offset differs; 0: none */
    uint64_t change_offset;
    uint64_t reads;
    bool failed;
} source;

static inline int32_t read_source(void *user, void *to, size_t count, uint64_t offset) {
    source *s = user;
    MUST(!s->failed && count > 0 && offset <= s->size && count <= s->size - offset);
    s->reads++;
    s->failed = s->reads == s->fail_at;
    if (s->failed)
        return EIO;
    memcpy(to, s->bytes + offset, count);
    if (s->change_at != 0 && s->reads >= s->change_at && s->change_offset >= offset && s->change_offset - offset < count)
        ((uint8_t *)to)[s->change_offset - offset] ^= 0xff;
    return 0;
}

/* Most files are sound; in some a read fails, and some change. */
static inline source take_source(input *in) {
    source s = {.size = 0};
    const uint64_t kind = take(in, 1);
    if (kind >= 0xe0)
        s.fail_at = 1 + take(in, 1);
    else if (kind >= 0xc0) {
        s.change_at = 1 + take(in, 1);
        s.change_offset = take(in, 2);
    }
    s.bytes = in->bytes;
    s.size = in->size;
    return s;
}

static inline cellseg_reader reader_of(source *s) {
    cellseg_reader reader;
    MUST(cellseg_reader_init(&reader, sizeof reader) == CELLSEG_OK);
    reader.name = "input";
    reader.user = s;
    reader.size_bytes = s->size;
    reader.read = read_source;
    return reader;
}

/* A read that failed ends the call with that error. */
static inline void check_source(const source *s, cellseg_status status) {
    MUST(!s->failed || status == CELLSEG_ERR_IO);
}

/* Checksums of PNG chunks, which nearly every change of a file breaks, made right in a copy. */
static inline uint8_t *repaired_png(const uint8_t *bytes, size_t size) {
    uint8_t *copy = malloc(size + 1);
    MUST(copy != NULL);
    memcpy(copy, bytes, size);
    for (size_t at = 8; at + 12 <= size;) {
        uint8_t *chunk = copy + at;
        const size_t length = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        if (length > size - at - 12)
            break;
        const uint32_t sum = (uint32_t)crc32(0, chunk + 4, (uInt)length + 4);
        for (size_t i = 0; i < 4; i++)
            chunk[8 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
        at += 12 + length;
    }
    return copy;
}

/* ---- what is written ---- */

typedef struct sink {
    uint8_t *bytes;
    size_t size;
} sink;

static inline int32_t write_sink(void *user, const void *bytes, size_t count) {
    sink *s = user;
    MUST(count > 0);
    s->bytes = realloc(s->bytes, s->size + count);
    MUST(s->bytes != NULL);
    memcpy(s->bytes + s->size, bytes, count);
    s->size += count;
    return 0;
}

static inline cellseg_writer writer_of(sink *s) {
    cellseg_writer writer;
    MUST(cellseg_writer_init(&writer, sizeof writer) == CELLSEG_OK);
    writer.user = s;
    writer.write = write_sink;
    return writer;
}

#endif
