/* SPDX-License-Identifier: BSD-3-Clause */
/* A library without libtiff: the entries of tiff_read.c, tiff_write.c and libtiff.c, which fail. */
#include "io/io.h"

uint64_t cseg_libtiff_features(void) {
    return 0;
}

cellseg_status cseg_tiff_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    (void)out, (void)context, (void)file, (void)request;
    return cseg_fail(CELLSEG_ERR_UNAVAILABLE, "this build of libcellseg reads no TIFF files");
}

cellseg_status cseg_tiffwriter_write(cseg_file *file, cellseg_context *context, const cellseg_image *image,
                                     const cellseg_write_options *options, int level) {
    (void)file, (void)context, (void)image, (void)options, (void)level;
    return cseg_fail(CELLSEG_ERR_UNAVAILABLE, "this build of libcellseg writes no TIFF files");
}
