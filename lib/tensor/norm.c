/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batch normalisation (Ioffe and Szegedy 2015), forward and backward, in steps between which the caller adds the images' sums.
 * The loops are in norm_body.h. Cost: one pass over the pixels each.
 */
#include "tensor/norm.h"
#include "tensor/tensor_kernels.h"

void cseg_norm_sums(const cseg_kernels *k, double *sum, double *squares, const cseg_tensor *x) {
    k->norm_sums(sum, squares, x);
}

void cseg_norm_forward(const cseg_kernels *k, const cseg_tensor *y, const cseg_tensor *x, const float *mean, const float *inv_std,
                       const float *gamma, const float *beta, int32_t activation) {
    const cseg_norm n = {.mean = mean, .inv_std = inv_std, .gamma = gamma, .beta = beta, .relu = activation == CSEG_RELU};
    k->norm_forward(y, x, &n);
}

void cseg_norm_backward_sums(const cseg_kernels *k, double *sum_g, double *sum_gx, const cseg_tensor *d_y, const cseg_tensor *x,
                             const float *mean, const float *inv_std, const float *gamma, const float *beta, int32_t activation) {
    const cseg_norm n = {.mean = mean, .inv_std = inv_std, .gamma = gamma, .beta = beta, .relu = activation == CSEG_RELU};
    k->norm_backward_sums(sum_g, sum_gx, d_y, x, &n);
}

void cseg_norm_backward(const cseg_kernels *k, const cseg_tensor *d_x, const cseg_tensor *d_y, const cseg_tensor *x,
                        const float *mean, const float *inv_std, const float *gamma, const float *beta, int32_t activation,
                        const float *mean_g, const float *mean_gx) {
    const cseg_norm n = {.mean = mean, .inv_std = inv_std, .gamma = gamma, .beta = beta, .relu = activation == CSEG_RELU};
    k->norm_backward(d_x, d_y, x, &n, mean_g, mean_gx);
}

enum { BLOCK = 64 };

void cseg_norm_add_sums(const cseg_kernels *k, float *to, const cseg_tensor *t) {
    for (size_t first = 0; first < t->channels; first += BLOCK) {
        const size_t n = t->channels - first < BLOCK ? t->channels - first : BLOCK;
        const cseg_tensor view = cseg_tensor_channels(t, first, n);
        double sum[BLOCK], squares[BLOCK];
        k->norm_sums(sum, squares, &view);
        for (size_t c = 0; c < n; c++)
            to[first + c] += (float)sum[c];
    }
}
