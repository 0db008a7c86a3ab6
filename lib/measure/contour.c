/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Smooth outlines. The middles of a ring's pixel edges are the points of marching squares at level 1/2 (Lorensen and Cline 1987).
 * PASSES times each point becomes the mean of itself, twice, and its two neighbours: a binomial filter along the outline, close
 * to a Gaussian of sqrt(PASSES / 2) pixel edges. The filter draws convex outlines inwards; scaling about the mean of the points
 * restores the area. Cost: linear in the length. The C library is used for sqrt and floor alone, which are exact everywhere.
 */
#include "measure/contour.h"

#include <math.h>
#include <stdlib.h>

enum { PASSES = 4 };

#define STEPS_PER_PX 1000.0 /* of the coordinates: short in text files, and far below any error of an outline */

/* ---- points ---- */

static size_t distance(const cseg_corner *a, const cseg_corner *b) {
    return (size_t)(llabs((long long)a->x - b->x) + llabs((long long)a->y - b->y));
}

size_t cseg_contour_length(const cseg_corner *ring, size_t count) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += distance(&ring[i], &ring[i + 1 < count ? i + 1 : 0]);
    return length;
}

static void put_middles(cseg_point *points, const cseg_corner *ring, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const cseg_corner *from = &ring[i], *to = &ring[i + 1 < count ? i + 1 : 0];
        const size_t edges = distance(from, to);
        const double dx = ((double)to->x - from->x) / (double)edges, dy = ((double)to->y - from->y) / (double)edges;
        for (size_t k = 0; k < edges; k++)
            *points++ = (cseg_point){from->x + ((double)k + 0.5) * dx, from->y + ((double)k + 0.5) * dy};
    }
}

static void filter(cseg_point *points, size_t count) {
    const cseg_point first = points[0];
    cseg_point before = points[count - 1];
    for (size_t i = 0; i < count; i++) {
        const cseg_point here = points[i], after = i + 1 < count ? points[i + 1] : first;
        points[i] = (cseg_point){(before.x + 2 * here.x + after.x) / 4, (before.y + 2 * here.y + after.y) / 4};
        before = here;
    }
}

/* ---- area ---- */

/* Twice the area, positive for outer rings. The first point is the origin, which keeps products small. */
static double doubled_area(const cseg_point *points, size_t count) {
    double sum = 0;
    for (size_t i = 1; i + 1 < count; i++)
        sum += (points[i].x - points[0].x) * (points[i + 1].y - points[0].y) -
               (points[i + 1].x - points[0].x) * (points[i].y - points[0].y);
    return sum;
}

static double doubled_area_of_ring(const cseg_corner *ring, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const cseg_corner *from = &ring[i], *to = &ring[i + 1 < count ? i + 1 : 0];
        sum +=
            ((double)from->x - ring[0].x) * ((double)to->y - from->y) - ((double)to->x - from->x) * ((double)from->y - ring[0].y);
    }
    return sum;
}

static void restore_area(cseg_point *points, size_t count, double wanted) {
    const double ratio = wanted / doubled_area(points, count);
    const double scale = ratio > 0 ? sqrt(ratio) : 1;
    cseg_point mean = {0, 0};
    for (size_t i = 0; i < count; i++) {
        mean.x += points[i].x / (double)count;
        mean.y += points[i].y / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        const double x = mean.x + scale * (points[i].x - mean.x), y = mean.y + scale * (points[i].y - mean.y);
        points[i] = (cseg_point){floor(x * STEPS_PER_PX + 0.5) / STEPS_PER_PX, floor(y * STEPS_PER_PX + 0.5) / STEPS_PER_PX};
    }
}

cellseg_status cseg_contour_smooth(cseg_point *points, cellseg_context *context, const cseg_corner *ring, size_t count) {
    const size_t length = cseg_contour_length(ring, count);
    put_middles(points, ring, count);
    for (int pass = 0; pass < PASSES; pass++) {
        CSEG_TRY(cseg_parallel_poll(context));
        filter(points, length);
    }
    restore_area(points, length, doubled_area_of_ring(ring, count));
    return CELLSEG_OK;
}
