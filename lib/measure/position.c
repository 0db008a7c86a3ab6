/* SPDX-License-Identifier: BSD-3-Clause */
/* Area and position of a cell. Cost: one pass over the label's runs. */
#include "measure/columns.h"

#include <string.h>

static const cseg_column position_columns[] = {
    {"area", CSEG_UNIT_AREA},        {"centroid_y", CSEG_UNIT_LENGTH},   {"centroid_x", CSEG_UNIT_LENGTH},
    {"bbox_top", CSEG_UNIT_INDEX},   {"bbox_left", CSEG_UNIT_INDEX},     {"bbox_bottom", CSEG_UNIT_INDEX},
    {"bbox_right", CSEG_UNIT_INDEX}, {"touches_border", CSEG_UNIT_NONE},
};

static cellseg_status measure_position(double *values, const cseg_region *region, const cseg_measure_input *input) {
    const cseg_run first = cseg_regions_run(region, 0), last = cseg_regions_run(region, region->run_count - 1);
    size_t left = first.begin, right = first.end;
    double y, x;
    cseg_regions_centre(&y, &x, region);
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        left = run.begin < left ? run.begin : left;
        right = run.end > right ? run.end : right;
    }
    const bool border = first.y == 0 || left == 0 || last.y + 1 == input->cells.height || right == input->cells.width;
    const double measured[] = {
        (double)cseg_regions_area(region), y, x, (double)first.y, (double)left, (double)(last.y + 1), (double)right, border,
    };
    memcpy(values, measured, sizeof measured);
    return CELLSEG_OK;
}

const cseg_column_group cseg_position_measure = {
    CSEG_NEEDS_CELLS, CSEG_CHOICE_ALWAYS, CSEG_COLUMNS(position_columns), measure_position, NULL,
};
