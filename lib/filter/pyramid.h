/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An image at half its size and back; for the filter room only. Sample i of the half-size form lies between pixels 2i and 2i + 1,
 * so that reflection at the image's border carries over: it repeats after as many samples as the image has rows or columns.
 */
#ifndef CSEG_FILTER_HALF_H
#define CSEG_FILTER_HALF_H

#include "filter/load.h"

/* Variances in half-size samples: of the Gaussian that cseg_pyramid_reduce() smooths with, and of the spline of
 * cseg_pyramid_expand().
 */
#define CSEG_HALF_SHRINK_VARIANCE 1.0
#define CSEG_HALF_SPLINE_VARIANCE (1 / 3.0)

/* A new float32 plane of half of a plane's size, rounded up. */
cellseg_status cseg_pyramid_new(cseg_plane *half, cellseg_context *context, const cseg_plane *whole);

/* half = every second sample of the smoothed image. from: any type. */
cellseg_status cseg_pyramid_reduce(cellseg_context *context, const cseg_plane *half, const cseg_plane *from);

/* to = the largest of `count` half-size planes, each enlarged by the cubic spline; and of what `to` held, if `more`. */
cellseg_status cseg_pyramid_expand(cellseg_context *context, const cseg_plane *to, bool more, const cseg_plane *halves,
                                   size_t count);

#endif
