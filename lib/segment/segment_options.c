/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of segmentation: defaults, presets, and the limits of each. */
#include "segment/segment.h"

#define FIRST_RELEASE (offsetof(cellseg_segment_options, nucleus_strength_ratio) + sizeof(double))

static cellseg_segment_options defaults(void) {
    return (cellseg_segment_options){
        .struct_size = sizeof(cellseg_segment_options),
        .working_pixel_size_um = 0.65,
        .top_hat_um = 130,
        .nucleus_radius_min_um = 3,
        .nucleus_radius_max_um = 10,
        .nucleus_scales = 5,
        .cell_probability = CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS,
        .sensitivity = 60,
        .outline_sensitivity = 80,
        .nucleus_valley = 0.1,
        .h_um = 2,
        .nucleus_area_min_um2 = 25,
        .nucleus_probability_min = 0.3,
        .nucleus_strength_ratio = 0.5,
        .cell_sigma_um = 0.65,
        .cell_ring_um = 1,
        .cell_compactness = 0.01,
        .cytoplasm_min = 0.1,
        .relief = CELLSEG_RELIEF_MARKER,
        .background_rule = CELLSEG_BACKGROUND_PROBABILITY,
        .fill_holes = 1,
        .use_extra_output = 1,
        .marker_test = CELLSEG_MARKER_REFUSE_STAINS,
        .orientations = 2,
    };
}

/* What the paper says, and off for what it does not speak of. */
static void set_paper(cellseg_segment_options *options) {
    *options = defaults();
    options->cell_probability = CELLSEG_CELL_CYTOPLASM;
    options->h_um = 3;
    options->outline_sensitivity = 0;
    options->nucleus_valley = 0;
    options->background_rule = CELLSEG_BACKGROUND_EXPECTED_AREA;
    options->nucleus_probability_min = 0;
    options->nucleus_strength_ratio = 0;
    options->cell_ring_um = 0;
    options->cell_compactness = 0;
    options->cytoplasm_min = 0;
    options->use_extra_output = 0;
    options->marker_test = CELLSEG_MARKER_WARN;
    options->orientations = 1;
}

cellseg_status cellseg_segment_options_init(cellseg_segment_options *options, size_t struct_size) {
    const cellseg_segment_options own = defaults();
    return cseg_options_init(options, struct_size, &own, sizeof own, FIRST_RELEASE, "cellseg_segment_options");
}

cellseg_status cellseg_segment_options_preset(cellseg_segment_options *options, int32_t preset) {
    cellseg_segment_options own = defaults(), theirs = own;
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "options is NULL");
    CSEG_TRY(cseg_options_copy(&theirs, sizeof theirs, FIRST_RELEASE, options, "cellseg_segment_options"));
    if (preset != CELLSEG_PRESET_DEFAULT && preset != CELLSEG_PRESET_PAPER)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "preset %d does not exist", (int)preset);
    if (preset == CELLSEG_PRESET_PAPER)
        set_paper(&own);
    own.channel = theirs.channel;
    own.nuclei_channel = theirs.nuclei_channel;
    own.pixel_size_um = theirs.pixel_size_um;
    own.working_pixel_size_um = theirs.working_pixel_size_um;
    return cseg_options_init(options, options->struct_size, &own, sizeof own, FIRST_RELEASE, "cellseg_segment_options");
}

typedef struct limit {
    const char *name;
    double value, lo, hi;
} limit;

static cellseg_status check_limits(const limit *limits, size_t count) {
    for (size_t i = 0; i < count; i++)
        CSEG_TRY(cseg_range_check(limits[i].name, limits[i].value, limits[i].lo, limits[i].hi));
    return CELLSEG_OK;
}

static cellseg_status check_whole_numbers(const cellseg_segment_options *o) {
    if (o->channel < 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "channel is %d; the first is 0", (int)o->channel);
    if (o->orientations != 1 && o->orientations != 2 && o->orientations != 4 && o->orientations != 8)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "orientations is %d; it must be 1, 2, 4 or 8", (int)o->orientations);
    if (o->nuclei_channel < 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "nuclei_channel is %d; the first is 0", (int)o->nuclei_channel);
    return CELLSEG_OK;
}

static cellseg_status check_scales(const cellseg_segment_options *o) {
    if (o->pixel_size_um != 0)
        CSEG_TRY(cseg_range_check("pixel_size_um", o->pixel_size_um, 1e-4, 1e4));
    const limit limits[] = {
        {"working_pixel_size_um", o->working_pixel_size_um, 1e-4, 1e4},
        {"top_hat_um", o->top_hat_um, 0, 1e6},
    };
    return check_limits(limits, sizeof limits / sizeof limits[0]);
}

static cellseg_status check_nuclei(const cellseg_segment_options *o) {
    const limit limits[] = {
        {"nucleus_radius_min_um", o->nucleus_radius_min_um, 0.01, 1000},
        {"nucleus_radius_max_um", o->nucleus_radius_max_um, 0.01, 1000},
        {"nucleus_scales", o->nucleus_scales, 1, CSEG_MAX_SCALES},
        {"outline_sensitivity", o->outline_sensitivity, 0, 100},
        {"nucleus_valley", o->nucleus_valley, 0, 1000},
        {"h_um", o->h_um, 0, 1000},
        {"nucleus_area_min_um2", o->nucleus_area_min_um2, 0, 1e9},
        {"nucleus_probability_min", o->nucleus_probability_min, 0, 1},
        {"nucleus_strength_ratio", o->nucleus_strength_ratio, 0, 1},
    };
    if (!(o->sensitivity > 0 && o->sensitivity <= 100))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "sensitivity is %g; it must lie in (0, 100]", o->sensitivity);
    if (o->nucleus_radius_min_um > o->nucleus_radius_max_um)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "nucleus_radius_min_um is %g, more than nucleus_radius_max_um, %g",
                         o->nucleus_radius_min_um, o->nucleus_radius_max_um);
    return check_limits(limits, sizeof limits / sizeof limits[0]);
}

static cellseg_status check_cells(const cellseg_segment_options *o) {
    const limit limits[] = {
        {"cell_probability", o->cell_probability, CELLSEG_CELL_CYTOPLASM, CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS},
        {"cell_sigma_um", o->cell_sigma_um, 0, 1000},
        {"cell_area_expected_um2", o->cell_area_expected_um2, 0, 1e9},
        {"cell_ring_um", o->cell_ring_um, 0, 1000},
        {"cell_compactness", o->cell_compactness, 0, 1000},
        {"relief", o->relief, CELLSEG_RELIEF_MARKER, CELLSEG_RELIEF_DISTANCE},
        {"background_rule", o->background_rule, CELLSEG_BACKGROUND_EXPECTED_AREA, CELLSEG_BACKGROUND_PROBABILITY},
        {"cell_area_min_um2", o->cell_area_min_um2, 0, 1e12},
        {"cell_area_max_um2", o->cell_area_max_um2, 0, 1e12},
        {"cytoplasm_min", o->cytoplasm_min, 0, 1},
        {"smooth_um", o->smooth_um, 0, 1000},
        {"drop_border_cells", o->drop_border_cells, 0, 1},
        {"fill_holes", o->fill_holes, 0, 1},
        {"use_extra_output", o->use_extra_output, 0, 1},
        {"marker_test", o->marker_test, CELLSEG_MARKER_WARN, CELLSEG_MARKER_REFUSE},
    };
    if (o->cell_area_max_um2 > 0 && o->cell_area_min_um2 > o->cell_area_max_um2)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cell_area_min_um2 is %g, more than cell_area_max_um2, %g", o->cell_area_min_um2,
                         o->cell_area_max_um2);
    return check_limits(limits, sizeof limits / sizeof limits[0]);
}

cellseg_status cseg_segment_options_read(cellseg_segment_options *own, const cellseg_segment_options *options) {
    *own = defaults();
    CSEG_TRY(cseg_options_copy(own, sizeof *own, FIRST_RELEASE, options, "cellseg_segment_options"));
    CSEG_TRY(check_whole_numbers(own));
    CSEG_TRY(check_scales(own));
    CSEG_TRY(check_nuclei(own));
    return check_cells(own);
}

cellseg_status cellseg_segment_options_check(const cellseg_segment_options *options) {
    cellseg_segment_options own;
    return cseg_segment_options_read(&own, options);
}
