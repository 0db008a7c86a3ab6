/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of segmentation and the method behind them: their tables, and what one option requires of another. */
#include "segment/segment.h"

static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const presets[] = {"default", "paper", NULL};
static const char *const markers[] = {"warn", "refuse-stains", "refuse", NULL};
static const char *const probabilities[] = {"cytoplasm", "cytoplasm-and-nucleus", NULL};
static const char *const reliefs[] = {"marker", "gradient", "probability", "distance", NULL};
static const char *const background_rules[] = {"expected-area", "probability", NULL};

enum { FACT = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET, FACT_OR_ZERO = FACT | CELLSEG_OPTION_FLAG_OR_ZERO };

/* A column of a table in each line: member, default, paper's value, lowest, highest, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_method, __VA_ARGS__)

static const cellseg_option method_rows[] = {
    ROW(working_pixel_size_um, 0.65, 0.65, 1e-4, 1e4, "um", "scale at which the two-channel method works"),
    ROW(top_hat_um, 130, 130, 0, 1e6, "um", "edge of the square of the top-hat that evens the illumination; 0: none"),
    ROW(nucleus_radius_min_um, 3, 3, 0.01, 1000, "um", "smallest nuclear radius of the LoG scales"),
    ROW(nucleus_radius_max_um, 10, 10, 0.01, 1000, "um", "largest nuclear radius of the LoG scales"),
    ROW(nucleus_scales, 5, 5, 1, CSEG_MAX_SCALES, "", "number of LoG scales"),
    ROW(cell_probability, CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS, CELLSEG_CELL_CYTOPLASM, 0, 1, "",
        "probability that multiplies the marker", .choices = probabilities),
    ROW(nucleus_valley, 0.1, 0, 0, 1000, "", "depth of a valley in the finest scale that separates two nuclei; 0: none does"),
    ROW(nucleus_probability_min, 0.3, 0, 0, 1, "", "nuclei of a lower mean probability are dropped; 0: none"),
    ROW(nucleus_strength_ratio, 0.5, 0, 0, 1, "", "nuclei weaker than this part of the strong ones are dropped; 0: none"),
    ROW(cell_sigma_um, 0.65, 0.65, 0, 1000, "um", "sigma of the Gaussian that smooths the marker"),
    ROW(cell_area_expected_um2, 0, 0, 0, 1e9, "um2", "area of a cell; 0: estimated from the image"),
    ROW(cell_compactness, 0.01, 0, 0, 1000, "1/um", "rise of the relief with the distance from the nuclei; 0: none"),
    ROW(cell_ring_um, 1, 0, 0, 1000, "um", "width of the ring that each nucleus takes first; 0: none"),
    ROW(cytoplasm_min, 0.1, 0, 0, 1, "", "cells with a smaller part of cytoplasm are dropped; 0: none"),
    ROW(relief, CELLSEG_RELIEF_MARKER, CELLSEG_RELIEF_MARKER, 0, 3, "", "relief that the cells' watershed floods",
        .choices = reliefs),
    ROW(background_rule, CELLSEG_BACKGROUND_PROBABILITY, CELLSEG_BACKGROUND_EXPECTED_AREA, 0, 1, "",
        "rule that separates cells from the background", .choices = background_rules),
};

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_segment_options, __VA_ARGS__)

static const cellseg_option_table method_table;

static const cellseg_option option_rows[] = {
    ROW(channel, 0, 0, 0, INT32_MAX, "", "marker's channel, from 0", .flags = FACT),
    ROW(nuclei_channel, 0, 0, 0, INT32_MAX, "", "nuclear stain's channel of the two-channel method, from 0", .flags = FACT),
    ROW(pixel_size_um, 0, 0, 1e-4, 1e4, "um", "edge of a pixel; 0: the image's own", .flags = FACT_OR_ZERO),
    ROW(nucleus_diameter_um, 0, 0, 0.1, 1000, "um", "diameter of the image's nuclei; 0: the model's own", .flags = FACT_OR_ZERO),
    ROW(sensitivity, 60, 60, 0, 100, "percent", "a higher sensitivity finds fainter nuclei",
        .flags = CELLSEG_OPTION_FLAG_ABOVE_LOWEST),
    ROW(outline_sensitivity, 80, 0, 0, 100, "percent", "sensitivity of the nuclei's outlines; 0: the same"),
    ROW(h_um, 2, 3, 0, 1000, "um", "depth of a waist that separates two nuclei"),
    ROW(nucleus_area_min_um2, 25, 25, 0, 1e9, "um2", "smaller nuclei are dropped"),
    ROW(cell_area_min_um2, 0, 0, 0, 1e12, "um2", "smaller cells are dropped; 0: none"),
    ROW(cell_area_max_um2, 0, 0, 0, 1e12, "um2", "larger cells are dropped; 0: none"),
    ROW(join, 1, 0, 0, 1000, "", "evidence above which touching cells are joined, for a model with coefficients; 0: none are"),
    ROW(smooth_um, 0, 0, 0, 1000, "um", "radius of the disc that smooths outlines; 0: none"),
    ROW(drop_border_cells, 0, 0, 0, 1, "", "drop cells at the image's edge", .choices = no_yes),
    ROW(fill_holes, 1, 1, 0, 1, "", "fill holes in cells and nuclei", .choices = no_yes),
    ROW(marker_check, CELLSEG_MARKER_REFUSE_STAINS, CELLSEG_MARKER_WARN, 0, 2, "", "markers that give no cells",
        .choices = markers),
    ROW(orientations, 2, 1, 1, 8, "", "orientations of the image that the network reads: 1, 2, 4 or 8",
        .flags = CELLSEG_OPTION_FLAG_POWER_OF_TWO),
    ROW(use_extra_output, 1, 0, 0, 1, "", "use a model's distance or boundary output", .choices = no_yes),
    ROW(preset, CELLSEG_PRESET_DEFAULT, CELLSEG_PRESET_PAPER, 0, 1, "",
        "preset of the method, and on the command line of all options that are not given", .choices = presets),
    ROW(method, 0, 0, 0, 0, "", "inner parameters of the method", .group = &method_table),
};

static const cellseg_option_table method_table = CSEG_OPTION_TABLE(cellseg_method, method_rows, background_rule);
static const cellseg_option_table option_table = CSEG_OPTION_TABLE(cellseg_segment_options, option_rows, method);

const cellseg_option_table *cellseg_method_table(void) {
    return &method_table;
}

const cellseg_option_table *cellseg_segment_options_table(void) {
    return &option_table;
}

cellseg_status cellseg_method_init(cellseg_method *method, size_t struct_size, int32_t preset) {
    return cseg_option_init(method, struct_size, &method_table, preset);
}

cellseg_status cellseg_segment_options_init(cellseg_segment_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &option_table, CELLSEG_PRESET_DEFAULT);
}

cellseg_status cellseg_segment_options_preset(cellseg_segment_options *options, int32_t preset) {
    return cseg_option_preset(options, &option_table, preset);
}

static cellseg_status check_order(const char *low_name, double low, const char *high_name, double high) {
    if (low <= high)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %g, more than %s, %g", low_name, low, high_name, high);
}

cellseg_status cseg_settings_read(cseg_settings *settings, const cellseg_segment_options *options) {
    cellseg_segment_options *o = &settings->options;
    cellseg_method *m = &settings->method;
    CSEG_TRY(cseg_option_read(o, &option_table, options, CELLSEG_PRESET_DEFAULT));
    CSEG_TRY(cseg_option_read(m, &method_table, o->method, o->preset));
    CSEG_TRY(check_order("nucleus_radius_min_um", m->nucleus_radius_min_um, "nucleus_radius_max_um", m->nucleus_radius_max_um));
    if (o->cell_area_max_um2 > 0)
        CSEG_TRY(check_order("cell_area_min_um2", o->cell_area_min_um2, "cell_area_max_um2", o->cell_area_max_um2));
    return CELLSEG_OK;
}

cellseg_status cellseg_segment_options_check(const cellseg_segment_options *options) {
    cseg_settings settings;
    return cseg_settings_read(&settings, options);
}

/* Lengths that are sound in micrometres and absurd in pixels of the working scale. */
cellseg_status cseg_settings_check_px(const cseg_settings *settings, double working_pixel_size_um) {
    const double max_px = 300, pixel = working_pixel_size_um;
    CSEG_TRY(
        cseg_range_check("nucleus_radius_max_um in working pixels", settings->method.nucleus_radius_max_um / pixel, 0, max_px));
    CSEG_TRY(cseg_range_check("cell_sigma_um in working pixels", settings->method.cell_sigma_um / pixel, 0, max_px));
    return cseg_range_check("smooth_um in working pixels", settings->options.smooth_um / pixel, 0, max_px);
}
