/* SPDX-License-Identifier: BSD-3-Clause */
/* Separable symmetric filters by direct convolution; for the filter room only. */
#ifndef CSEG_FILTER_FIR_H
#define CSEG_FILTER_FIR_H

#include "core/core.h"

#include "filter/load.h"

/* Columns of outputs computed together; filters that share the loads of a row; filters of one call. */
enum { CSEG_FIR_PANEL = 32, CSEG_FIR_GROUP = 5, CSEG_FIR_MAX_FILTERS = 32 };

/*
 * Weights of one axis, from the centre outwards: smooth[k] multiplies the two samples at distance k * spacing. With `second` the
 * filter is second(x) smooth(y) + smooth(x) second(y), without `second` smooth(x) smooth(y).
 */
typedef struct cseg_fir {
    size_t radius, spacing;
    float *smooth, *second;
} cseg_fir;

/*
 * to = the largest over all `count` filters of filter * from, borders reflected. Either every filter has `second` and spacing 1,
 * or there is one without. to: float32, not from's plane.
 */
cellseg_status cseg_fir_apply(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, cseg_periods periods,
                              const cseg_fir *filters, size_t count);

/* The Gaussian sampled every `spacing` pixels, cut at `cut` sigma, of sum one. */
cellseg_status cseg_fir_gaussian(cseg_fir *filter, cellseg_context *context, double sigma_px, double cut, size_t spacing);

/* -sigma^2 times the Laplacian of the Gaussian sampled at every pixel, cut at `cut` sigma. With `balanced`, the
 * middle weight is reduced so that the weights add up to zero. */
cellseg_status cseg_fir_log(cseg_fir *filter, cellseg_context *context, double sigma_px, double cut, bool balanced);
void cseg_fir_free(cseg_fir *filter);

/* Filters in the order of their radius, and their weights in the order of use: smooth and second of each, for each distance. */
typedef struct cseg_fir_group {
    size_t count, radius[CSEG_FIR_GROUP];
    float *weights; /* (largest radius + 1) x count x 2; those beyond a filter's radius are not read */
} cseg_fir_group;

#endif
