/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of measurement: defaults and ranges. */
#include "measure/measure_options.h"

#include <float.h>

static const char *const no_yes[] = {"no", "yes", NULL};

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_measure_options, __VA_ARGS__)

static const cellseg_option rows[] = {
    ROW(shape, 1, 1, 0, 1, "", "measure outline, ellipse, hull and Feret diameters", .choices = no_yes),
    ROW(intensity, 1, 1, 0, 1, "", "measure statistics of each channel of the image", .choices = no_yes),
    ROW(neighbours, 0, 0, 0, 1, "", "measure which cells each cell touches, and the closest two", .choices = no_yes),
    ROW(texture, 0, 0, 0, 1, "", "measure Haralick's features of each channel of the image", .choices = no_yes),
    ROW(texture_levels, 32, 32, 2, 255, "", "grey levels of the texture"),
    ROW(texture_distance_px, 1, 1, 1, 1000, "px", "distance between the two pixels of a pair"),
    ROW(texture_low, 0, 0, -DBL_MAX, DBL_MAX, "",
        "intensity of the lowest grey level; with texture_high 0: the channel's 0.1 and 99.9 percentiles"),
    ROW(texture_high, 0, 0, -DBL_MAX, DBL_MAX, "",
        "intensity of the highest grey level; with texture_low 0: the channel's 0.1 and 99.9 percentiles"),
    ROW(radial, 0, 0, 0, 1, "", "measure how each channel of the image is distributed from the cell's middle to its edge",
        .choices = no_yes),
    ROW(granularity, 0, 0, 0, 1, "", "measure the spectrum of sizes of bright structures in each channel", .choices = no_yes),
    ROW(granularity_step_px, 4, 4, 1, 64, "px", "granularity reads every so many-th row and column"),
    ROW(zernike, 0, 0, 0, 1, "", "measure Zernike moments of the shape and of each channel", .choices = no_yes),
    ROW(intensity_detail, 0, 0, 0, 1, "", "measure quartiles, deviations, displacement and the edge's statistics of each channel",
        .choices = no_yes),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_measure_options, rows, intensity_detail);

const cellseg_option_table *cellseg_measure_options_table(void) {
    return &table;
}

cellseg_status cellseg_measure_options_init(cellseg_measure_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

cellseg_status cseg_measure_options_read(cellseg_measure_options *own, const cellseg_measure_options *options) {
    CSEG_TRY(cseg_option_read(own, &table, options, CELLSEG_PRESET_DEFAULT));
    const bool from_image = own->texture_low == 0 && own->texture_high == 0;
    if (!from_image && !(own->texture_low < own->texture_high))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "texture_low is %g and texture_high %g; it must be larger, or both 0",
                         own->texture_low, own->texture_high);
    return CELLSEG_OK;
}
