/* SPDX-License-Identifier: BSD-3-Clause */
/* Separable symmetric filters by direct convolution; for the filter room only. */
#ifndef CSEG_FILTER_FIR_H
#define CSEG_FILTER_FIR_H

#include "core/core.h"

/* Beyond this sigma the recursive Gaussian is faster. */
#define CSEG_FIR_LARGEST_SIGMA 32

/* Outputs are computed this many columns at a time; this many filters are applied in one call. */
enum { CSEG_FIR_PANEL = 32, CSEG_FIR_MOST = 32 };

/*
 * Weights of one axis, from the centre outwards: smooth[k] multiplies the two samples at distance k. With `second` the filter is
 * second(x) smooth(y) + smooth(x) second(y); without it smooth(x) smooth(y).
 */
typedef struct cseg_fir {
    size_t radius;
    float *smooth, *second;
} cseg_fir;

/*
 * to = the largest over all `count` filters of filter * from, borders reflected. Either every filter has `second` or there is one
 * without. to: float32, not from's plane.
 */
cellseg_status cseg_fir_apply(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const cseg_fir *filters,
                              size_t count);

/* Sampled Gaussian cut at `cut` sigma, of sum one; with `derivative` also -sigma^2 times its second derivative. */
cellseg_status cseg_fir_gaussian(cseg_fir *filter, cellseg_context *context, double sigma_px, double cut, bool derivative);
void cseg_fir_free(cseg_fir *filter);

/* The loops over CSEG_FIR_PANEL samples, one set for each processor level; all give the same bytes. */
typedef struct cseg_fir_kernels {
    /* along a row: out[i] = sum over k of w[k] * (in[i - k] + in[i + k]) */
    void (*along)(float *out, const float *in, const float *w, size_t radius);
    /* the same in two steps, where several weights share the sums: row k of out = in[i - k] + in[i + k] */
    void (*pairs)(float *out, const float *in, size_t radius);
    void (*weigh_both)(float *out_a, float *out_b, const float *pairs, const float *w_a, const float *w_b, size_t radius);
    /* down the columns: in points into rows of CSEG_FIR_PANEL samples; out gets two rows, in's and the next */
    void (*across)(float *out, const float *in, const float *w, size_t radius);
    /* the sum of two: w_a down a, w_b down b */
    void (*across_both)(float *out, const float *a, const float *b, const float *w_a, const float *w_b, size_t radius);
} cseg_fir_kernels;

const cseg_fir_kernels *cseg_fir_kernels_for(const cellseg_context *context);

#endif
