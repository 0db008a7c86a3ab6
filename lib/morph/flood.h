/* SPDX-License-Identifier: BSD-3-Clause */
/* The priority flood of one connected component. Inside the morphology room only. */
#ifndef CSEG_MORPH_FLOOD_H
#define CSEG_MORPH_FLOOD_H

#include "morph/runs.h"

/*
 * Working cells, one per pixel and a frame: pixel (y, x) is cell (y + 1) * stride + x + 1. A cell holds, one after the other, the
 * pixel's key, its rank among the component's values, and, once it has a label, CELL_TAKEN and the next pixel of its queue. The
 * frame and pixels outside the mask are CELL_TAKEN for ever.
 */
enum { CELL_LIMIT = INT32_MAX };
#define CELL_TAKEN 0x80000000U
#define CELL_OUTSIDE UINT32_MAX

typedef struct cseg_flood {
    cellseg_context *context;
    const cseg_plane *labels, *relief; /* relief: any sample type */
    uint32_t *cell;
    size_t stride;
    int32_t connectivity;
    bool lines; /* leave a line of 0 between basins */
    bool alone; /* no parallel loop is running: report progress */
} cseg_flood;

/* The pixels of one component, as runs in raster order. */
typedef struct cseg_region {
    const cseg_runs *runs;
    const uint32_t *order; /* `count` indices of runs */
    const uint32_t *rows;  /* their rows */
    size_t count, pixels;
} cseg_region;

/* Flood the region from the labels that lie in it. scratch: cseg_flood_scratch() uint32, 8-byte aligned. */
size_t cseg_flood_scratch(size_t pixels);
cellseg_status cseg_flood_region(const cseg_flood *flood, const cseg_region *region, uint32_t *scratch);

#endif
