/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reduce an image by two and expand it again; for the filter room only. Sample i of the reduced plane lies between pixels 2i and
 * 2i + 1 of the image. So reflection at the image's border carries over to the reduced plane, which repeats after as many samples
 * as the image has rows or columns.
 */
#ifndef CSEG_FILTER_PYRAMID_H
#define CSEG_FILTER_PYRAMID_H

#include "filter/load.h"

/* Variances in reduced samples: of the Gaussian of cseg_pyramid_reduce(), and of the spline of cseg_pyramid_expand(). */
#define CSEG_PYRAMID_REDUCE_VARIANCE 1.0
#define CSEG_PYRAMID_EXPAND_VARIANCE (1 / 3.0)

/* Samples of one axis that an expanded pixel depends on. */
enum { CSEG_PYRAMID_TAPS = 4 };

/* A new float32 plane of half the height and width of `image`, rounded up. */
cellseg_status cseg_pyramid_new(cseg_plane *reduced, cellseg_context *context, const cseg_plane *image);

/* reduced = every second sample of the smoothed image. image: any type. */
cellseg_status cseg_pyramid_reduce(cellseg_context *context, const cseg_plane *reduced, const cseg_plane *image);

/* to = the largest of `count` reduced planes, each expanded by the cubic spline; with accumulate the old `to` counts too. */
cellseg_status cseg_pyramid_expand(cellseg_context *context, const cseg_plane *to, bool accumulate, const cseg_plane *reduced,
                                   size_t count);

#endif
