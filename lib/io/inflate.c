/* SPDX-License-Identifier: BSD-3-Clause */
/* Decompression of zlib's format in pieces, with its checksum, and of raw deflate. References: RFC 1950, RFC 1951. */
#include "io/import.h"

#include <zlib.h>

enum { CHUNK = 1 << 16 };

struct cseg_inflate {
    cellseg_context *context;
    const char *what;
    cseg_inflate_feed_fn feed;
    void *source;
    bool ended; /* the stream, with its checksum */
    z_stream stream;
    unsigned char chunk[CHUNK];
};

static void *allocate(void *context, unsigned count, unsigned size) {
    return cseg_memory_alloc(context, count, size);
}

static void release(void *context, void *block) {
    (void)context;
    cseg_memory_free(block);
}

static cellseg_status fail(const cseg_inflate *z, int code) {
    if (code == Z_MEM_ERROR)
        return cseg_error_last();
    return cseg_fail(CELLSEG_ERR_FORMAT, "%s: %s", z->what, z->stream.msg != NULL ? z->stream.msg : "no zlib stream");
}

cellseg_status cseg_inflate_open(cseg_inflate **out, cellseg_context *context, const char *what, cseg_inflate_feed_fn feed,
                                 void *source) {
    *out = NULL;
    cseg_inflate *z = cseg_memory_alloc(context, 1, sizeof *z);
    if (z == NULL)
        return cseg_error_last();
    z->context = context;
    z->what = what;
    z->feed = feed;
    z->source = source;
    z->ended = false;
    z->stream = (z_stream){.zalloc = allocate, .zfree = release, .opaque = context};
    const int code = inflateInit(&z->stream);
    if (code == Z_OK) {
        *out = z;
        return CELLSEG_OK;
    }
    const cellseg_status status = fail(z, code);
    cseg_memory_free(z);
    return status;
}

void cseg_inflate_close(cseg_inflate *z) {
    if (z != NULL)
        (void)inflateEnd(&z->stream);
    cseg_memory_free(z);
}

static cellseg_status refill(cseg_inflate *z) {
    size_t count;
    CSEG_TRY(z->feed(z->source, z->chunk, CHUNK, &count));
    z->stream.next_in = z->chunk;
    z->stream.avail_in = (unsigned)count;
    return CELLSEG_OK;
}

/* Up to `count` bytes; fewer at the end of the stream or of its source. */
static cellseg_status read_some(cseg_inflate *z, void *to, size_t count, size_t *done) {
    z_stream *stream = &z->stream;
    *done = 0;
    while (*done < count && !z->ended) {
        if (stream->avail_in == 0)
            CSEG_TRY(refill(z));
        const bool fed = stream->avail_in > 0;
        const size_t room = count - *done;
        stream->next_out = (unsigned char *)to + *done;
        stream->avail_out = room < CHUNK ? (unsigned)room : CHUNK;
        const unsigned before = stream->avail_out;
        const int code = inflate(stream, Z_NO_FLUSH);
        *done += before - stream->avail_out;
        z->ended = code == Z_STREAM_END;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return fail(z, code);
        if (!fed && stream->avail_out > 0)
            break;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_inflate_read(cseg_inflate *z, void *to, size_t count) {
    size_t done;
    CSEG_TRY(read_some(z, to, count, &done));
    return done == count ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_FORMAT, "%s: too few bytes", z->what);
}

cellseg_status cseg_inflate_skip(cseg_inflate *z, uint64_t most, uint64_t *total) {
    unsigned char ignored[4096];
    size_t done = sizeof ignored;
    for (*total = 0; done == sizeof ignored && *total <= most; *total += done) {
        CSEG_TRY(read_some(z, ignored, sizeof ignored, &done));
        CSEG_TRY(cseg_progress_cancelled(z->context));
    }
    return CELLSEG_OK;
}

/* ---- raw deflate, in one piece ---- */

cellseg_status cseg_deflated_read(cellseg_context *context, void *to, size_t count, const void *from, size_t size) {
    z_stream stream = {.zalloc = allocate, .zfree = release, .opaque = context};
    if (count > UINT32_MAX || size > UINT32_MAX)
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu deflated bytes are too many", size);
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return cseg_error_last();
    stream.next_in = (unsigned char *)(uintptr_t)from; /* zlib reads only */
    stream.avail_in = (unsigned)size;
    stream.next_out = to;
    stream.avail_out = (unsigned)count;
    const int code = inflate(&stream, Z_FINISH);
    const bool whole = code == Z_STREAM_END && stream.avail_out == 0;
    (void)inflateEnd(&stream);
    if (code == Z_MEM_ERROR)
        return cseg_error_last();
    return whole ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_FORMAT, "the deflated bytes are damaged");
}
