/* SPDX-License-Identifier: BSD-3-Clause */
/* Separable symmetric filters by direct convolution; for the filter room only. */
#ifndef CSEG_FILTER_FIR_H
#define CSEG_FILTER_FIR_H

#include "core/core.h"

/* Outputs are computed this many columns at a time. */
enum { CSEG_FIR_PANEL = 32 };

/*
 * Weights of one axis, from the centre outwards: smooth[k] multiplies the two samples at distance k. With `second` the filter is
 * second(x) smooth(y) + smooth(x) second(y); without it smooth(x) smooth(y).
 */
typedef struct cseg_fir {
    size_t radius;
    float *smooth, *second;
} cseg_fir;

/* to = the largest over all `count` filters of filter * from, borders reflected. to: float32, not from's plane. */
cellseg_status cseg_fir_apply(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const cseg_fir *filters,
                              size_t count);

/* Sampled Gaussian cut at four sigma, of sum one; with `derivative` also -sigma^2 times its second derivative. */
cellseg_status cseg_fir_gaussian(cseg_fir *filter, cellseg_context *context, double sigma_px, bool derivative);
void cseg_fir_free(cseg_fir *filter);

/* The loops over samples, one set for each processor level; all give the same bytes. */
typedef struct cseg_fir_kernels {
    /* out[i] = sum of w[k] * (in[i - k] + in[i + k]) */
    void (*along)(float *out, const float *in, const float *w, size_t radius);
    /* the same of two weights at once */
    void (*along_both)(float *out_a, float *out_b, const float *in, const float *w_a, const float *w_b, size_t radius);
    /* down the column: in points into rows of CSEG_FIR_PANEL samples */
    void (*across)(float *out, const float *in, const float *w, size_t radius);
    /* out = w_a * a + w_b * b */
    void (*across_both)(float *out, const float *a, const float *b, const float *w_a, const float *w_b, size_t radius);
} cseg_fir_kernels;

const cseg_fir_kernels *cseg_fir_kernels_for(const cellseg_context *context);

#endif
