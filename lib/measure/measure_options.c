/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of measurement: defaults and ranges. */
#include "measure/measure_options.h"

#include <math.h>

#define FIRST_RELEASE_SIZE (offsetof(cellseg_measure_options, texture_high) + sizeof(double))

static cellseg_measure_options defaults(void) {
    return (cellseg_measure_options){
        .struct_size = sizeof(cellseg_measure_options),
        .shape = 1,
        .intensity = 1,
        .texture_levels = 32,
        .texture_distance_px = 1,
    };
}

cellseg_status cellseg_measure_options_init(cellseg_measure_options *options, size_t struct_size) {
    const cellseg_measure_options own = defaults();
    return cseg_options_init(options, struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_measure_options");
}

cellseg_status cseg_measure_options_read(cellseg_measure_options *own, const cellseg_measure_options *options) {
    *own = defaults();
    CSEG_TRY(cseg_options_copy(own, sizeof *own, FIRST_RELEASE_SIZE, options, "cellseg_measure_options"));
    CSEG_TRY(cseg_range_check("texture_levels", own->texture_levels, 2, 255));
    CSEG_TRY(cseg_range_check("texture_distance_px", own->texture_distance_px, 1, 1000));
    const bool from_image = own->texture_low == 0 && own->texture_high == 0;
    if (!from_image && !(isfinite(own->texture_low) && isfinite(own->texture_high) && own->texture_low < own->texture_high))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "texture_low is %g and texture_high %g; it must be larger, or both 0",
                         own->texture_low, own->texture_high);
    return CELLSEG_OK;
}
