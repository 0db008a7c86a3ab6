/* SPDX-License-Identifier: BSD-3-Clause */
/* The priority flood of one connected component. Inside the morphology room only. */
#ifndef CSEG_MORPH_FLOOD_H
#define CSEG_MORPH_FLOOD_H

#include "morph/runs.h"

/*
 * Working cells, one per pixel and a frame: pixel (y, x) is cell (y + 1) * stride + x + 1. A cell holds, one after the other, the
 * pixel's key, then its rank among the component's values, then, when the pixel has a label, CELL_TAKEN and the next pixel of its
 * queue. The frame and pixels outside the mask are always CELL_TAKEN.
 */
enum { CELL_LIMIT = INT32_MAX };
#define CELL_TAKEN 0x80000000U
#define CELL_OUTSIDE UINT32_MAX

typedef struct cseg_flood {
    cellseg_context *context;
    const cseg_plane *labels, *relief; /* relief: any sample type of up to 32 bits */
    uint32_t *cell;
    size_t stride;
    int32_t connectivity;
    bool lines; /* leave a line of 0 between basins */
    bool alone; /* no parallel loop is running: report progress */
} cseg_flood;

/*
 * The pixels of one component: runs in raster order, each linked to the next. The links replace `component` of the runs: the
 * index of the next run, or REGION_END; the link of the first run has REGION_BEGIN set.
 */
#define REGION_BEGIN 0x80000000U
#define REGION_END 0x7fffffffU

typedef struct cseg_region {
    const cseg_runs *runs;
    uint32_t first; /* run */
    size_t row;     /* of the first run */
    size_t pixels;
} cseg_region;

/* A run of a region and its row; `run` is REGION_END after the last. */
typedef struct cseg_step {
    uint32_t run;
    size_t y;
} cseg_step;

static inline cseg_step cseg_region_begin(const cseg_region *region) {
    return (cseg_step){region->first, region->row};
}

static inline cseg_step cseg_region_next(const cseg_region *region, cseg_step step) {
    step.run = region->runs->component[step.run] & ~REGION_BEGIN;
    while (step.run != REGION_END && region->runs->row[step.y + 1] <= step.run)
        step.y++;
    return step;
}

/* Flood the region from the labels that lie in it. scratch: cseg_flood_scratch() uint32, 8-byte aligned. */
size_t cseg_flood_scratch(size_t pixels);
cellseg_status cseg_flood_region(const cseg_flood *flood, const cseg_region *region, uint32_t *scratch);

#endif
