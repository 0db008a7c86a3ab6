/* SPDX-License-Identifier: BSD-3-Clause */
/* libtiff reads and writes through this library's files and prints nothing. libtiff does not use the context's hooks; its single
 * allocations are bounded by the file's size. */
#include "io/libtiff.h"

#include <stdio.h>
#include <string.h>

static tmsize_t read_proc(thandle_t handle, void *to, tmsize_t count) {
    cseg_libtiff *stream = handle;
    const size_t done = cseg_file_read_at(stream->file, to, (size_t)count, stream->position);
    stream->position += done;
    return (tmsize_t)done;
}

static tmsize_t write_proc(thandle_t handle, void *from, tmsize_t count) {
    cseg_libtiff *stream = handle;
    if (!cseg_file_write_at(stream->file, from, (size_t)count, stream->position))
        return -1;
    stream->position += (uint64_t)count;
    return count;
}

static toff_t seek_proc(thandle_t handle, toff_t offset, int whence) {
    cseg_libtiff *stream = handle;
    const uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? stream->position : stream->file->size;
    stream->position = base + offset;
    return stream->position;
}

static toff_t size_proc(thandle_t handle) {
    return ((cseg_libtiff *)handle)->file->size;
}

static int close_proc(thandle_t handle) {
    (void)handle; /* the caller of cseg_libtiff_open() closes the file */
    return 0;
}

static int CSEG_PRINTF(4, 0) error_proc(TIFF *tiff, void *user, const char *where, const char *format, va_list arguments) {
    (void)tiff;
    (void)where;
    cseg_libtiff *stream = user;
    if (stream->message[0] == '\0')
        (void)vsnprintf(stream->message, sizeof stream->message, format, arguments);
    return 1; /* nothing is printed */
}

static int CSEG_PRINTF(4, 0) warning_proc(TIFF *tiff, void *user, const char *where, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)where, (void)format, (void)arguments;
    return 1;
}

cellseg_status cseg_libtiff_fail(const cseg_libtiff *stream, const char *what) {
    if (stream->file->error != 0)
        return cseg_file_fail(what, stream->file->error);
    return cseg_fail(CELLSEG_ERR_FORMAT, "%s: %s", what, stream->message[0] != '\0' ? stream->message : "damaged TIFF");
}

cellseg_status cseg_libtiff_open(cseg_libtiff *stream, cseg_file *file, const char *mode) {
    *stream = (cseg_libtiff){.file = file};
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_MEMORY, "no memory to open a TIFF file");
    /* Compressed data and tag arrays are no larger than the file; codecs need some memory of their own. */
    const uint64_t max_bytes = file->size + ((uint64_t)256 << 20);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, max_bytes < PTRDIFF_MAX ? (tmsize_t)max_bytes : PTRDIFF_MAX);
    TIFFOpenOptionsSetErrorHandlerExtR(options, error_proc, stream);
    TIFFOpenOptionsSetWarningHandlerExtR(options, warning_proc, stream);
    stream->tiff =
        TIFFClientOpenExt("TIFF", mode, stream, read_proc, write_proc, seek_proc, close_proc, size_proc, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return stream->tiff != NULL ? CELLSEG_OK : cseg_libtiff_fail(stream, "cannot be opened as TIFF");
}

uint64_t cseg_libtiff_compressions(void) {
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
    uint64_t features = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (TIFFIsCODECConfigured(all[i].scheme))
            features |= all[i].feature;
    return features;
}
