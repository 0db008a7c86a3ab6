/* SPDX-License-Identifier: BSD-3-Clause */
/* A label map as a list of regions; for the measure room only. */
#ifndef CSEG_MEASURE_REGIONS_H
#define CSEG_MEASURE_REGIONS_H

#include "core/core.h"

/* Pixels begin <= x < end of row y. */
typedef struct cseg_run {
    size_t y, begin, end;
} cseg_run;

/* One label and its pixels, as runs in raster order. */
typedef struct cseg_region {
    uint32_t id;
    size_t run_count;
    const cseg_keyed *runs; /* read through cseg_regions_run() */
} cseg_region;

typedef struct cseg_regions {
    size_t count;
    cseg_region *region; /* ascending by id */
    cseg_keyed *runs;    /* of all regions, one region after the other */
} cseg_regions;

/* Every label of a uint32 plane except 0. On failure nothing is allocated. */
cellseg_status cseg_regions_new(cseg_regions *out, cellseg_context *context, const cseg_plane *labels);
void cseg_regions_free(cseg_regions *regions);

/* Runs stay packed as they are sorted: key is id and y, value is begin and end. */
static inline cseg_run cseg_regions_run(const cseg_region *region, size_t index) {
    const cseg_keyed packed = region->runs[index];
    return (cseg_run){(size_t)(packed.key & UINT32_MAX), (size_t)(packed.value >> 32), (size_t)(packed.value & UINT32_MAX)};
}

/* Number of pixels of a region. */
static inline size_t cseg_regions_area(const cseg_region *region) {
    size_t area = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        area += run.end - run.begin;
    }
    return area;
}

/* Mean row and column of a region's pixels. */
static inline void cseg_regions_centre(double *y, double *x, const cseg_region *region) {
    const double area = (double)cseg_regions_area(region);
    double sum_y = 0, twice_sum_x = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        sum_y += (double)(run.end - run.begin) * (double)run.y;
        twice_sum_x += (double)(run.end - run.begin) * (double)(run.begin + run.end - 1);
    }
    *y = sum_y / area;
    *x = twice_sum_x / (2 * area);
}

#endif
