/* SPDX-License-Identifier: BSD-3-Clause */
/* libtiff on this library's files. Only the tiff_*.c files include this header, and with it libtiff. */
#ifndef CSEG_LIBTIFF_H
#define CSEG_LIBTIFF_H

#include "io/io.h"

#include <tiffio.h>

typedef struct cseg_libtiff {
    TIFF *tiff;
    cseg_file *file;
    uint64_t position;
    char message[200]; /* libtiff's first error since the stream was opened; "" for none */
} cseg_libtiff;

/* mode: that of TIFFOpen(). After an error there is nothing to close. TIFFClose(stream->tiff) leaves the file open. */
cellseg_status cseg_libtiff_open(cseg_libtiff *stream, cseg_file *file, const char *mode);

/* Report an error of the disk, or else libtiff's message. */
cellseg_status cseg_libtiff_fail(const cseg_libtiff *stream, const char *what);

#endif
