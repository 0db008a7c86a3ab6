/* SPDX-License-Identifier: BSD-3-Clause */
/* The method's options as a table, and the files that hold its results. */
#include "results.h"

#include <stdio.h>

/* ---- options ---- */

cellseg_segment_options segment_options;
int32_t segment_preset;

static const char *const presets[] = {"default", "paper", NULL};
static const char *const cell_probabilities[] = {"cytoplasm", "cytoplasm-and-nucleus", NULL};
static const char *const reliefs[] = {"marker", "gradient", "probability", "distance", NULL};
static const char *const marker_tests[] = {"warn", "refuse-stains", "refuse", NULL};
static const char *const background_rules[] = {"expected-area", "probability", NULL};

#define O segment_options
const option segment_option_table[] = {
    {"preset", 0, OPTION_CHOICE, &segment_preset, NULL, "values of all options below that are not given", presets},
    {"top-hat-um", 0, OPTION_NUMBER, &O.top_hat_um, "UM", "edge of the square that evens the illumination; 0: none", NULL},
    {"nucleus-radius-min-um", 0, OPTION_NUMBER, &O.nucleus_radius_min_um, "UM", "smallest nuclear radius", NULL},
    {"nucleus-radius-max-um", 0, OPTION_NUMBER, &O.nucleus_radius_max_um, "UM", "largest nuclear radius", NULL},
    {"nucleus-scales", 0, OPTION_WHOLE, &O.nucleus_scales, "N", "scales between these", NULL},
    {"sensitivity", 0, OPTION_NUMBER, &O.sensitivity, "PERCENT", "higher finds fainter nuclei", NULL},
    {"outline-sensitivity", 0, OPTION_NUMBER, &O.outline_sensitivity, "PERCENT", "for nuclei's outlines; 0: the same", NULL},
    {"nucleus-valley", 0, OPTION_NUMBER, &O.nucleus_valley, "PART", "depth of a valley that parts two nuclei; 0: none", NULL},
    {"h-um", 0, OPTION_NUMBER, &O.h_um, "UM", "depth of a waist that parts two nuclei", NULL},
    {"nucleus-area-min-um2", 0, OPTION_NUMBER, &O.nucleus_area_min_um2, "UM2", "smaller nuclei are dropped", NULL},
    {"cell-sigma-um", 0, OPTION_NUMBER, &O.cell_sigma_um, "UM", "smoothing of the marker", NULL},
    {"cell-area-expected-um2", 0, OPTION_NUMBER, &O.cell_area_expected_um2, "UM2", "area of a cell; 0: estimated", NULL},
    {"cell-compactness", 0, OPTION_NUMBER, &O.cell_compactness, "C", "rise of the relief per um from the nuclei; 0: none", NULL},
    {"relief", 0, OPTION_CHOICE, &O.relief, NULL, "what the cells' watershed floods", reliefs},
    {"cell-area-min-um2", 0, OPTION_NUMBER, &O.cell_area_min_um2, "UM2", "smaller cells are dropped; 0: none", NULL},
    {"cell-area-max-um2", 0, OPTION_NUMBER, &O.cell_area_max_um2, "UM2", "larger cells are dropped; 0: none", NULL},
    {"cytoplasm-min", 0, OPTION_NUMBER, &O.cytoplasm_min, "PART", "cells of less cytoplasm are dropped; 0: none", NULL},
    {"smooth-um", 0, OPTION_NUMBER, &O.smooth_um, "UM", "radius that smooths outlines; 0: none", NULL},
    {"drop-border-cells", 0, OPTION_CHOICE, &O.drop_border_cells, NULL, "drop cells at the image's edge", no_yes},
    {"cell-ring-um", 0, OPTION_NUMBER, &O.cell_ring_um, "UM", "what each nucleus takes before brightness counts; 0: none", NULL},
    {"fill-holes", 0, OPTION_CHOICE, &O.fill_holes, NULL, "fill holes in cells and nuclei", no_yes},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};
const option probability_option_table[] = {
    {"nucleus-probability-min", 0, OPTION_NUMBER, &O.nucleus_probability_min, "P", "less probable nuclei are dropped", NULL},
    {"nucleus-strength-ratio", 0, OPTION_NUMBER, &O.nucleus_strength_ratio, "P",
     "so are those weaker, by probability and size, than this part of strong ones", NULL},
    {"cell-probability", 0, OPTION_CHOICE, &O.cell_probability, NULL, "what multiplies the marker", cell_probabilities},
    {"background-rule", 0, OPTION_CHOICE, &O.background_rule, NULL, "what tells cells from background", background_rules},
    {"use-extra-output", 0, OPTION_CHOICE, &O.use_extra_output, NULL, "use a model's boundary or distance map", no_yes},
    {"orientations", 0, OPTION_WHOLE, &O.orientations, "N", "ways the network sees the image: 1, 2, 4 or 8", NULL},
    {"marker-test", 0, OPTION_CHOICE, &O.marker_test, NULL, "which markers that do not fit give no cells", marker_tests},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

/* ---- files ---- */

/* The most telling file last: where it is, the others are. */
enum { OVERLAY, TABLE, MAPS, NUCLEI, CELLS, OUTPUTS };

static const char *const suffixes[OUTPUTS] = {".overlay.png", ".csv", ".maps.tif", ".nuclei.tif", ".cells.tif"};

void free_results(results *r) {
    cellseg_image_free(r->image);
    cellseg_image_free(r->maps);
    cellseg_labels_free(r->cells);
    cellseg_labels_free(r->nuclei);
    *r = (results){0};
}

bool check_outputs(const file *input, const char *folder) {
    char path[PATH_SIZE];
    for (int i = 0; i < OUTPUTS; i++) {
        if (!join_path(path, folder, input->stem, suffixes[i]))
            return false;
        if (is_same_file(path, input->path)) {
            print_error("%s: a result would replace the input file", input->path);
            return false;
        }
    }
    return true;
}

static cellseg_status write_table(const results *r, cellseg_context *context, const char *path) {
    cellseg_table *table;
    cellseg_status status = cellseg_measure(&table, context, r->cells, r->nuclei, r->image, NULL);
    if (status == CELLSEG_OK)
        status = cellseg_table_write_csv(table, context, path);
    cellseg_table_free(table);
    return status;
}

static cellseg_status write_one(const results *r, cellseg_context *context, int output, const char *path) {
    switch (output) {
    case OVERLAY:
        return cellseg_overlay_write(context, path, r->image, segment_options.channel, r->cells, r->nuclei);
    case TABLE:
        return write_table(r, context, path);
    case MAPS:
        return r->maps != NULL ? cellseg_image_write(r->maps, context, path) : CELLSEG_OK;
    case NUCLEI:
        return cellseg_labels_write(r->nuclei, context, path, 0);
    default:
        return cellseg_labels_write(r->cells, context, path, 0);
    }
}

bool write_results(const results *r, cellseg_context *context, const char *folder, const char *stem) {
    char path[PATH_SIZE];
    for (int i = 0; i < OUTPUTS; i++) {
        if (!join_path(path, folder, stem, suffixes[i]))
            return false;
        if (write_one(r, context, i, path) == CELLSEG_OK)
            continue;
        print_library_error(path);
        for (int written = 0; written < i; written++)
            if ((written != MAPS || r->maps != NULL) && join_path(path, folder, stem, suffixes[written]))
                (void)remove(path);
        return false;
    }
    return true;
}
