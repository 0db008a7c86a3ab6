/* SPDX-License-Identifier: BSD-3-Clause */
/* What tiff_read.c and png.c call until they call cseg_planes_choose() and cseg_pixelsize_choose(). */
#include "io/io.h"

cellseg_status cseg_pixel_size_find(double *pixel_size_um, const cseg_io_calibration *calibration) {
    const cseg_io_request request = {.series = -1, .z = -1, .t = -1};
    return cseg_pixelsize_choose(pixel_size_um, NULL, calibration, NULL, &request);
}

cellseg_status cseg_pixel_check_stack(const char *description, uint64_t channels) {
    const cseg_io_request request = {.pixel_size_um = 1, .force = true, .series = -1, .z = -1, .t = -1};
    uint16_t *samples = cseg_memory_alloc(NULL, (size_t)channels, sizeof *samples);
    if (samples == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < channels; i++)
        samples[i] = 1;
    const cseg_io_contents contents = {
        .samples = samples, .pages = (size_t)channels, .calibration = {.description = description}};
    cseg_io_selection selection;
    const cellseg_status status = cseg_planes_choose(&selection, NULL, &contents, &request);
    if (status == CELLSEG_OK)
        cseg_planes_free(&selection);
    cseg_memory_free(samples);
    return status;
}
