/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel table of the filter room: one row per processor level. Every row computes each output by the same chain of
 * operations, so every row gives the same bytes. For the filter room only.
 */
#ifndef CSEG_FILTER_KERNELS_H
#define CSEG_FILTER_KERNELS_H

#include "filter/fir.h"
#include "filter/histogram.h"
#include "filter/pyramid.h"

typedef struct cseg_filter_kernels {
    /* ---- fir.c; every output is CSEG_FIR_PANEL samples ---- */

    /* Along a row: out[i] = sum over k of w[k] * (in[i - k * spacing] + in[i + k * spacing]). */
    void (*fir_along)(float *out, const float *in, const float *w, size_t radius, size_t spacing);
    /* fir_along at spacing 1 with both weights of every filter of a group: 2 * count outputs, `step` floats apart. */
    void (*fir_along_group)(float *out, size_t step, const float *in, const cseg_fir_group *group);
    /* Down the columns of rows of CSEG_FIR_PANEL samples. The outputs are the row of `in` and the next one, `stride` apart. */
    void (*fir_across)(float *out, size_t stride, const float *in, const float *w, size_t radius, size_t spacing);
    /* fir_across at spacing 1 for the sum of two: weights w_a down `a`, weights w_b down `b`. */
    void (*fir_across_sum)(float *out, size_t stride, const float *a, const float *b, const float *w_a, const float *w_b,
                           size_t radius);
    /* A filter of even length: out[i] = (accumulate ? out[i] : 0) + sum over k < count of
     * w[k] * (left[i - k * spacing] + right[i + k * spacing]). */
    void (*fir_between)(float *out, bool accumulate, const float *left, const float *right, const float *w, size_t count,
                        size_t spacing);

    /* ---- laplacian.c ---- */

    /* out[x] = scale * the nine-point Laplacian at rows[1][x + step], from samples `step` apart in three rows. */
    void (*laplacian)(float *out, const float *const rows[3], size_t step, float scale, size_t count);

    /* ---- pyramid.c ---- */

    /* out[x] = the sum over the taps of weights[t] * rows[t][x]. */
    void (*expand_rows)(float *out, const float *const rows[CSEG_PYRAMID_TAPS], const float weights[CSEG_PYRAMID_TAPS],
                        size_t count);
    /* even[x], odd[x] = the spline 1/4 sample left and right of in[x + 2]; with accumulate the larger of that and the old value.
     */
    void (*expand_columns)(float *even, float *odd, const float *in, const float weights[CSEG_PYRAMID_TAPS], bool accumulate,
                           size_t count);

    /* ---- histogram.c; by pixel type ---- */

    /* bins[i] = the bin of values[i], or binning->bins for a value outside [lo, hi]. */
    void (*bins[CELLSEG_FLOAT64 + 1])(uint32_t *bins, const void *values, size_t count, const cseg_binning *binning);
} cseg_filter_kernels;

extern const cseg_filter_kernels cseg_filter_kernels_c, cseg_filter_kernels_avx2, cseg_filter_kernels_avx512,
    cseg_filter_kernels_neon;

/* The row of a processor level. */
const cseg_filter_kernels *cseg_filter_kernels_select(int32_t cpu_level);

#endif
