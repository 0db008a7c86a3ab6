/* SPDX-License-Identifier: BSD-3-Clause */
/* Outlines of one region along the edges of its pixels; for the measure room only. */
#ifndef CSEG_MEASURE_CRACKS_H
#define CSEG_MEASURE_CRACKS_H

#include "core/core.h"

#include "measure/regions.h"

/* Where an outline turns: the top left corner of pixel (y, x). */
typedef struct cseg_corner {
    int32_t x, y;
} cseg_corner;

/* Rings of corners. Release with cseg_cracks_free(). */
typedef struct cseg_cracks {
    size_t ring_count;
    cseg_corner *corners;
    size_t *starts;    /* of ring_count + 1 rings: ring i is corners[starts[i] .. starts[i + 1]) */
    cseg_keyed *order; /* of rings as they are handed out: value is the ring, key is odd for a hole */
} cseg_cracks;

/*
 * Find the rings of a region. The order is that of the first pixels of the region's 4-connected components, each one's outer ring
 * before the component's holes. On failure nothing is allocated.
 */
cellseg_status cseg_cracks_follow(cseg_cracks *out, cellseg_context *context, const cseg_region *region);
void cseg_cracks_free(cseg_cracks *cracks);

#endif
