/* SPDX-License-Identifier: BSD-3-Clause */
/* Decompression of zlib's format from a file, in pieces, with its checksum. Reference: RFC 1950. */
#include "io/tiff.h"

#include <zlib.h>

enum { CHUNK = 1 << 16 };

struct cseg_inflate {
    cellseg_context *context;
    const cseg_ifd *ifd;
    cseg_block left; /* compressed bytes not yet read */
    bool reversed;
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
    return cseg_fail(CELLSEG_ERR_FORMAT, "damaged deflate data: %s", z->stream.msg != NULL ? z->stream.msg : "no zlib stream");
}

cellseg_status cseg_inflate_open(cseg_inflate **out, cellseg_context *context, const cseg_ifd *ifd, const cseg_block *block,
                                 bool reversed) {
    *out = NULL;
    cseg_inflate *z = cseg_memory_alloc(context, 1, sizeof *z);
    if (z == NULL)
        return cseg_error_last();
    z->context = context;
    z->ifd = ifd;
    z->left = *block;
    z->reversed = reversed;
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
    const size_t count = z->left.size < CHUNK ? (size_t)z->left.size : CHUNK;
    if (count == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "damaged deflate data: it ends early");
    CSEG_TRY(cseg_ifd_read_at(z->ifd, z->chunk, count, z->left.offset));
    if (z->reversed)
        cseg_samples_reverse(z->chunk, count);
    z->left = (cseg_block){z->left.offset + count, z->left.size - count};
    z->stream.next_in = z->chunk;
    z->stream.avail_in = (unsigned)count;
    return CELLSEG_OK;
}

/* Up to `count` bytes; fewer at the end of the stream. */
static cellseg_status read_some(cseg_inflate *z, void *to, size_t count, size_t *done) {
    z_stream *stream = &z->stream;
    *done = 0;
    while (*done < count && !z->ended) {
        if (stream->avail_in == 0)
            CSEG_TRY(refill(z));
        const size_t room = count - *done;
        stream->next_out = (unsigned char *)to + *done;
        stream->avail_out = room < CHUNK ? (unsigned)room : CHUNK;
        const unsigned before = stream->avail_out;
        const int code = inflate(stream, Z_NO_FLUSH);
        *done += before - stream->avail_out;
        z->ended = code == Z_STREAM_END;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return fail(z, code);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_inflate_read(cseg_inflate *z, void *to, size_t count) {
    size_t done;
    CSEG_TRY(read_some(z, to, count, &done));
    return done == count ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_FORMAT, "damaged deflate data: too few bytes");
}

cellseg_status cseg_inflate_finish(cseg_inflate *z, uint64_t surplus) {
    unsigned char ignored[4096];
    for (uint64_t total = 0; !z->ended;) {
        size_t done;
        CSEG_TRY(read_some(z, ignored, sizeof ignored, &done));
        total += done;
        if (total > surplus)
            return cseg_fail(CELLSEG_ERR_FORMAT, "damaged deflate data: more bytes than the rows have");
        CSEG_TRY(cseg_progress_cancelled(z->context));
    }
    return CELLSEG_OK;
}
