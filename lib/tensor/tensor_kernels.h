/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel table of the tensor room: one row per processor level. Every row computes the same chains of operations in the same
 * order, so every row gives the same bytes. Rows differ only in the number of elements that one instruction works on.
 */
#ifndef CSEG_TENSOR_KERNELS_H
#define CSEG_TENSOR_KERNELS_H

#include "tensor/tensor.h"

/*
 * One tile of a sum of products, `rows` x `columns` elements of c:
 *   c[i][j] = activation(start[i][j] + sum over k of a[i][k] * b[k][j])
 * k runs through three nested loops, the outermost first, and each element is one chain of fused multiply-adds in that order.
 * Strides are in floats; columns of b and c lie next to each other.
 */
typedef struct cseg_tile {
    size_t rows, columns; /* at most those of the kernel table */
    const float *a, *b;
    size_t a_row; /* from a row of a to the next */
    size_t count[3], a_step[3], b_step[3];
    float *c;
    size_t c_row;
    const float *start; /* NULL: zeros */
    size_t start_row;   /* 0 where all rows start from the same values, as from a bias */
    bool relu;
} cseg_tile;

/* The destination of Winograd's results: 4 x 4 pixels, from 36 vectors of channels that lie m_step apart. */
typedef struct cseg_winograd_store {
    size_t row, pixel, channels, m_step;
    const float *bias; /* NULL: none */
    bool accumulate, relu;
} cseg_winograd_store;

/* The normalisation of each channel. */
typedef struct cseg_norm {
    const float *mean, *inv_std, *gamma, *beta;
    bool relu;
} cseg_norm;

struct cseg_kernels {
    size_t rows, columns; /* of the largest tile */
    void (*tile)(const cseg_tile *tile);

    /* Transform 6 x 6 pixels to 36 vectors that lie v_step apart. height x width pixels lie in the image, the others are zero.
     * winograd_in writes whole groups of 16 channels of v, and winograd_out reads whole groups of m. */
    void (*winograd_in)(float *v, size_t v_step, const float *in, size_t row, size_t pixel, size_t channels, size_t height,
                        size_t width);
    /* Transform 36 vectors back to the first height x width of 4 x 4 pixels. */
    void (*winograd_out)(float *out, const float *m, const cseg_winograd_store *store, size_t height, size_t width);

    /* The same for the derivative by the weights. winograd_spread transforms 4 x 4 pixels of d_out, of which height x width lie
     * in the image, to 36 vectors. winograd_gather transforms 36 vectors of sums, `step` apart, to nine vectors, and adds these
     * to d_weights, tap_step apart. */
    void (*winograd_spread)(float *m, size_t m_step, const float *d, size_t row, size_t pixel, size_t channels, size_t height,
                            size_t width);
    void (*winograd_gather)(float *d_weights, size_t tap_step, const float *sums, size_t step, size_t channels);

    /* A row of pixels, each the sum of nine columns [tap][channel] of three rows, `stride` apart; see taps.c. start may be NULL;
     * start_step is 0 for a bias. */
    void (*taps_add)(float *out, size_t pixel, size_t width, size_t channels, const float *const rows[3], size_t stride,
                     const float *start, size_t start_step, bool relu);

    void (*sigmoid)(float *values, size_t count); /* in place */

    /* One row of d_out, `d`, to two rows of d_in, `to`; `from` is the first of the two rows of `in`. */
    void (*pool_row_backward)(float *to, const float *d, const float *from, const cseg_tensor *d_in, const cseg_tensor *d_out,
                              const cseg_tensor *in, bool accumulate);
    /* A row of pixels whose hashes count from `index` on. Elements that are not dropped are multiplied by `scale`. to may be
     * from. */
    void (*dropout_row)(float *to, size_t to_pixel, const float *from, size_t from_pixel, size_t width, size_t channels,
                        uint64_t seed, uint64_t index, uint32_t threshold, float scale);

    /* See the door's functions cseg_norm_sums() to cseg_norm_backward(). */
    void (*norm_sums)(double *sum, double *squares, const cseg_tensor *x);
    void (*norm_forward)(const cseg_tensor *y, const cseg_tensor *x, const cseg_norm *norm);
    void (*norm_backward_sums)(double *sum_g, double *sum_gx, const cseg_tensor *d_y, const cseg_tensor *x,
                               const cseg_norm *norm);
    void (*norm_backward)(const cseg_tensor *d_x, const cseg_tensor *d_y, const cseg_tensor *x, const cseg_norm *norm,
                          const float *mean_g, const float *mean_gx);
};

extern const cseg_kernels cseg_kernels_c, cseg_kernels_avx2, cseg_kernels_avx512, cseg_kernels_neon, cseg_kernels_blas;

#endif
