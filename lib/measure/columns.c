/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The measurements. To add a column: a line in its group's list and its value in the group's function, in the same place. To
 * add a group: its list, its function, and an entry in cseg_measure_groups. The columns are documented in cellseg/measure.h.
 * Cost: each group passes once over the label's pixels or runs.
 */
#include "measure/columns.h"

/* ---- area, position ---- */

static const cseg_column shape_columns[] = {
    {"area", CSEG_UNIT_AREA},        {"centroid_y", CSEG_UNIT_LENGTH},   {"centroid_x", CSEG_UNIT_LENGTH},
    {"bbox_top", CSEG_UNIT_INDEX},   {"bbox_left", CSEG_UNIT_INDEX},     {"bbox_bottom", CSEG_UNIT_INDEX},
    {"bbox_right", CSEG_UNIT_INDEX}, {"touches_border", CSEG_UNIT_NONE},
};

static void measure_shape(double *values, const cseg_region *region, const cseg_measure_input *input) {
    const cseg_run first = cseg_measure_run(region, 0), last = cseg_measure_run(region, region->run_count - 1);
    size_t left = first.begin, right = first.end;
    double area = 0, sum_y = 0, twice_sum_x = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_measure_run(region, i);
        const double length = (double)(run.end - run.begin);
        area += length;
        sum_y += length * (double)run.y;
        twice_sum_x += length * (double)(run.begin + run.end - 1);
        left = run.begin < left ? run.begin : left;
        right = run.end > right ? run.end : right;
    }
    const bool border = first.y == 0 || left == 0 || last.y + 1 == input->cells.height || right == input->cells.width;
    const double measured[] = {
        area, sum_y / area, twice_sum_x / (2 * area), (double)first.y, (double)left, (double)(last.y + 1), (double)right, border,
    };
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
        values[i] = measured[i];
}

/* ---- the nucleus ---- */

static const cseg_column nucleus_columns[] = {{"nucleus_area", CSEG_UNIT_AREA}};

static void measure_nucleus(double *values, const cseg_region *region, const cseg_measure_input *input) {
    size_t area = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_measure_run(region, i);
        const uint32_t *row = cseg_row_u32(&input->nuclei, run.y);
        for (size_t x = run.begin; x < run.end; x++)
            area += row[x] == region->id;
    }
    values[0] = (double)area;
}

/* ---- intensity ---- */

static const cseg_column intensity_columns[] = {{"intensity_mean", CSEG_UNIT_NONE}};

static double sum_run(const cseg_plane *channel, cseg_run run) {
    const void *row = cseg_row(channel, run.y);
    uint64_t whole = 0;
    double sum = 0;
    switch (channel->type) {
    case CELLSEG_UINT8:
        for (size_t x = run.begin; x < run.end; x++)
            whole += ((const uint8_t *)row)[x];
        return (double)whole;
    case CELLSEG_UINT16:
        for (size_t x = run.begin; x < run.end; x++)
            whole += ((const uint16_t *)row)[x];
        return (double)whole;
    case CELLSEG_UINT32:
        for (size_t x = run.begin; x < run.end; x++)
            whole += ((const uint32_t *)row)[x];
        return (double)whole;
    default:
        for (size_t x = run.begin; x < run.end; x++)
            sum += (double)((const float *)row)[x];
        return sum;
    }
}

static void measure_intensity(double *values, const cseg_region *region, const cseg_measure_input *input) {
    double sum = 0, area = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_measure_run(region, i);
        sum += sum_run(&input->channel, run);
        area += (double)(run.end - run.begin);
    }
    values[0] = sum / area;
}

/* ---- all ---- */

#define GROUP(needs, columns, measure)                                                                                           \
    { needs, sizeof(columns) / sizeof *(columns), columns, measure }

const cseg_column_group cseg_measure_groups[] = {
    GROUP(CSEG_NEEDS_CELLS, shape_columns, measure_shape),
    GROUP(CSEG_NEEDS_NUCLEI, nucleus_columns, measure_nucleus),
    GROUP(CSEG_NEEDS_CHANNEL, intensity_columns, measure_intensity),
};
const size_t cseg_measure_group_count = sizeof cseg_measure_groups / sizeof *cseg_measure_groups;
