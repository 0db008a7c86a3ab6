/* SPDX-License-Identifier: BSD-3-Clause */
/* A library without libpng: the entries of png.c, which fail. */
#include "io/io.h"

uint64_t cseg_png_features(void) {
    return 0;
}

cellseg_status cseg_png_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    (void)out, (void)context, (void)file, (void)request;
    return cseg_fail(CELLSEG_ERR_UNAVAILABLE, "this build of libcellseg reads no PNG files");
}

cellseg_status cseg_png_write(cseg_file *file, cellseg_context *context, size_t height, size_t width, cseg_io_rgb_row_fn row,
                              void *data) {
    (void)file, (void)context, (void)height, (void)width, (void)row, (void)data;
    return cseg_fail(CELLSEG_ERR_UNAVAILABLE, "this build of libcellseg writes no PNG files");
}
