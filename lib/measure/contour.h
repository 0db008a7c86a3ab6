/* SPDX-License-Identifier: BSD-3-Clause */
/* One ring of corners as points, exact or smooth; for the measure room only. */
#ifndef CSEG_MEASURE_CONTOUR_H
#define CSEG_MEASURE_CONTOUR_H

#include "core/core.h"

#include "measure/cracks.h"

typedef struct cseg_point {
    double x, y;
} cseg_point;

/* Number of pixel edges along a ring, and of the points that make the ring smooth. */
size_t cseg_contour_length(const cseg_corner *ring, size_t count);

/* Smooth a ring: one point per pixel edge, in the ring's direction, with the ring's area. Rounded to 1/1000 px. */
cellseg_status cseg_contour_smooth(cseg_point *points, cellseg_context *context, const cseg_corner *ring, size_t count);

#endif
