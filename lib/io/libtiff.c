/* SPDX-License-Identifier: BSD-3-Clause */
/* libtiff writes through this library's files, reads memory, and prints nothing. libtiff does not use the context's hooks; its
 * single allocations are bounded. */
#include "io/libtiff.h"

#include <stdio.h>
#include <string.h>

static tmsize_t read_proc(thandle_t handle, void *to, tmsize_t count) {
    cseg_libtiff *stream = handle;
    size_t done = 0;
    if (stream->file != NULL) {
        done = cseg_file_read_at(stream->file, to, (size_t)count, stream->position);
    } else if (stream->position < stream->size) {
        const uint64_t left = stream->size - stream->position;
        done = (uint64_t)count < left ? (size_t)count : (size_t)left;
        memcpy(to, (const char *)stream->memory + stream->position, done);
    }
    stream->position += done;
    return (tmsize_t)done;
}

static tmsize_t write_proc(thandle_t handle, void *from, tmsize_t count) {
    cseg_libtiff *stream = handle;
    if (stream->file == NULL || !cseg_file_write_at(stream->file, from, (size_t)count, stream->position))
        return -1;
    stream->position += (uint64_t)count;
    return count;
}

static toff_t size_proc(thandle_t handle) {
    const cseg_libtiff *stream = handle;
    return stream->file != NULL ? stream->file->size : stream->size;
}

static toff_t seek_proc(thandle_t handle, toff_t offset, int whence) {
    cseg_libtiff *stream = handle;
    const uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? stream->position : size_proc(handle);
    stream->position = base + offset;
    return stream->position;
}

static int close_proc(thandle_t handle) {
    (void)handle; /* the caller of cseg_libtiff_open() closes the file */
    return 0;
}

/* Compressed bytes are decoded where they lie. */
static int map_proc(thandle_t handle, void **base, toff_t *size) {
    const cseg_libtiff *stream = handle;
    *base = stream->memory;
    *size = stream->size;
    return stream->memory != NULL;
}

static void unmap_proc(thandle_t handle, void *base, toff_t size) {
    (void)handle, (void)base, (void)size;
}

static int CSEG_PRINTF(4, 0) error_proc(TIFF *tiff, void *user, const char *where, const char *format, va_list arguments) {
    (void)tiff;
    (void)where;
    cseg_libtiff *stream = user;
    if (stream->message[0] == '\0')
        (void)vsnprintf(stream->message, sizeof stream->message, format, arguments);
    return 1; /* nothing is printed */
}

/* What a decoder warns of is damaged or absent data, but for codes in an old order and rows that the last strip has too many. */
static bool is_of_damage(const cseg_libtiff *stream, const char *format) {
    return stream->file == NULL && strstr(format, "Old-style LZW") == NULL &&
           strstr(format, "exceeds expected dimensions") == NULL;
}

static int CSEG_PRINTF(4, 0) warning_proc(TIFF *tiff, void *user, const char *where, const char *format, va_list arguments) {
    return is_of_damage(user, format) ? error_proc(tiff, user, where, format, arguments) : 1;
}

void cseg_libtiff_clear(cseg_libtiff *stream) {
    stream->message[0] = '\0';
}

/* libtiff and its codecs have a text for lack of memory, and no code. */
static bool speaks_of_memory(const char *message) {
    static const char *const texts[] = {"ot enough memory", "ut of memory", "nsufficient memory", "llocate memory",
                                        "No space for"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strstr(message, texts[i]) != NULL)
            return true;
    return false;
}

cellseg_status cseg_libtiff_fail(const cseg_libtiff *stream, const char *what) {
    if (stream->file != NULL && stream->file->error != 0)
        return cseg_file_fail(what != NULL ? what : "libtiff", stream->file->error);
    const char *message = stream->message[0] != '\0' ? stream->message : "damaged data";
    return cseg_fail(speaks_of_memory(message) ? CELLSEG_ERR_MEMORY : CELLSEG_ERR_FORMAT, "%s%s%s", what != NULL ? what : "",
                     what != NULL ? ": " : "", message);
}

static cellseg_status open_stream(cseg_libtiff *stream, const char *mode, uint64_t max_bytes) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_MEMORY, "no memory to open a TIFF file");
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, max_bytes < PTRDIFF_MAX ? (tmsize_t)max_bytes : PTRDIFF_MAX);
    TIFFOpenOptionsSetErrorHandlerExtR(options, error_proc, stream);
    TIFFOpenOptionsSetWarningHandlerExtR(options, warning_proc, stream);
    stream->tiff = TIFFClientOpenExt("TIFF", mode, stream, read_proc, write_proc, seek_proc, close_proc, size_proc, map_proc,
                                     unmap_proc, options);
    TIFFOpenOptionsFree(options);
    return stream->tiff != NULL ? CELLSEG_OK : cseg_libtiff_fail(stream, "cannot be opened as TIFF");
}

/* Codecs need some memory of their own. */
static const uint64_t codec_bytes = (uint64_t)256 << 20;

cellseg_status cseg_libtiff_open(cseg_libtiff *stream, cseg_file *file, const char *mode) {
    *stream = (cseg_libtiff){.file = file};
    return open_stream(stream, mode, file->size + codec_bytes);
}

cellseg_status cseg_libtiff_open_memory(cseg_libtiff *stream, void *memory, size_t size, uint64_t decoded) {
    *stream = (cseg_libtiff){.memory = memory, .size = size};
    return open_stream(stream, "r", size + decoded + codec_bytes);
}

uint64_t cseg_libtiff_features(void) {
    static const struct {
        uint16_t scheme;
        uint64_t feature;
    } all[] = {
        {COMPRESSION_ADOBE_DEFLATE, CELLSEG_FEATURE_TIFF_DEFLATE},
        {COMPRESSION_LZW, CELLSEG_FEATURE_TIFF_LZW},
        {COMPRESSION_PACKBITS, CELLSEG_FEATURE_TIFF_PACKBITS},
        {COMPRESSION_JPEG, CELLSEG_FEATURE_TIFF_JPEG},
        {COMPRESSION_LZMA, CELLSEG_FEATURE_TIFF_LZMA},
        {COMPRESSION_ZSTD, CELLSEG_FEATURE_TIFF_ZSTD},
        {COMPRESSION_WEBP, CELLSEG_FEATURE_TIFF_WEBP},
        {COMPRESSION_LERC, CELLSEG_FEATURE_TIFF_LERC},
    };
    uint64_t features = CELLSEG_FEATURE_TIFF;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (TIFFIsCODECConfigured(all[i].scheme))
            features |= all[i].feature;
    return features;
}
