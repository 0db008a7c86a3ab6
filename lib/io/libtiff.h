/* SPDX-License-Identifier: BSD-3-Clause */
/* libtiff on this library's files and on memory. Only tiff_codec.c and tiff_write.c include this header, and with it libtiff. */
#ifndef CSEG_LIBTIFF_H
#define CSEG_LIBTIFF_H

#include "io/io.h"

#include <tiffio.h>

typedef struct cseg_libtiff {
    TIFF *tiff;
    cseg_file *file; /* NULL: memory */
    void *memory;    /* a whole TIFF file */
    uint64_t size;   /* of the memory */
    uint64_t position;
    char message[200]; /* libtiff's first error since cseg_libtiff_clear(); "" for none */
} cseg_libtiff;

/* mode: that of TIFFOpen(). After an error there is nothing to close. TIFFClose(stream->tiff) leaves the file open. */
cellseg_status cseg_libtiff_open(cseg_libtiff *stream, cseg_file *file, const char *mode);

/* The same, to read memory, which must live until TIFFClose(). decoded: bytes that decoding may allocate at once. */
cellseg_status cseg_libtiff_open_memory(cseg_libtiff *stream, void *memory, size_t size, uint64_t decoded);

/* Forget the message, before an operation whose error is reported. */
void cseg_libtiff_clear(cseg_libtiff *stream);

/* Report an error of the disk, or else libtiff's message: CELLSEG_ERR_MEMORY where libtiff says so. what: may be NULL. */
cellseg_status cseg_libtiff_fail(const cseg_libtiff *stream, const char *what);

#endif
