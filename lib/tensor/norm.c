/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batch normalisation (Ioffe and Szegedy 2015), forward and backward, in pieces between which the caller adds up images. Sums are
 * in double, each channel's in raster order: channels, not pixels, fill the vectors. Cost: one pass over the pixels each.
 */
#include "tensor/norm.h"

#include <string.h>

enum { BLOCK = 16 }; /* channels summed at a time, in registers */

void cseg_norm_sums(const cseg_kernels *k, double *sum, const cseg_tensor *x) {
    (void)k;
    for (size_t first = 0; first < x->channels; first += BLOCK) {
        const size_t n = x->channels - first < BLOCK ? x->channels - first : BLOCK;
        double s[BLOCK] = {0};
        for (size_t i = 0; i < x->images; i++)
            for (size_t y = 0; y < x->height; y++) {
                const float *p = x->data + i * x->image + y * x->row + first;
                for (size_t column = 0; column < x->width; column++, p += x->pixel)
                    if (n == BLOCK)
                        for (size_t c = 0; c < BLOCK; c++)
                            s[c] += (double)p[c];
                    else
                        for (size_t c = 0; c < n; c++)
                            s[c] += (double)p[c];
            }
        memcpy(sum + first, s, n * sizeof *s);
    }
}

void cseg_add_channel_sums(float *to, const cseg_tensor *t) {
    for (size_t first = 0; first < t->channels; first += BLOCK) {
        const size_t n = t->channels - first < BLOCK ? t->channels - first : BLOCK;
        const cseg_tensor view = cseg_tensor_channels(t, first, n);
        double sum[BLOCK];
        cseg_norm_sums(NULL, sum, &view);
        for (size_t c = 0; c < n; c++)
            to[first + c] += (float)sum[c];
    }
}

void cseg_norm_square_sums(const cseg_kernels *k, double *sum, const cseg_tensor *x, const float *mean) {
    (void)k;
    for (size_t first = 0; first < x->channels; first += BLOCK) {
        const size_t n = x->channels - first < BLOCK ? x->channels - first : BLOCK;
        double s[BLOCK] = {0}, m[BLOCK] = {0};
        for (size_t c = 0; c < n; c++)
            m[c] = (double)mean[first + c];
        for (size_t i = 0; i < x->images; i++)
            for (size_t y = 0; y < x->height; y++) {
                const float *p = x->data + i * x->image + y * x->row + first;
                for (size_t column = 0; column < x->width; column++, p += x->pixel)
                    if (n == BLOCK)
                        for (size_t c = 0; c < BLOCK; c++)
                            s[c] += ((double)p[c] - m[c]) * ((double)p[c] - m[c]);
                    else
                        for (size_t c = 0; c < n; c++)
                            s[c] += ((double)p[c] - m[c]) * ((double)p[c] - m[c]);
            }
        memcpy(sum + first, s, n * sizeof *s);
    }
}

void cseg_norm_forward(const cseg_kernels *k, const cseg_tensor *y, const cseg_tensor *x, const float *mean, const float *inv_std,
                       const float *gamma, const float *beta, int32_t activation) {
    (void)k;
    for (size_t i = 0; i < x->images; i++)
        for (size_t row = 0; row < x->height; row++) {
            float *to = y->data + i * y->image + row * y->row;
            const float *from = x->data + i * x->image + row * x->row;
            for (size_t column = 0; column < x->width; column++, to += y->pixel, from += x->pixel)
                for (size_t c = 0; c < x->channels; c++) {
                    const float value = (from[c] - mean[c]) * inv_std[c] * gamma[c] + beta[c];
                    to[c] = activation == CSEG_RELU && !(value > 0) ? 0.0F : value;
                }
        }
}

/* g, the derivative before the activation; the very expression of norm_forward decides. */
static inline float before_activation(float d, float normal, float gamma, float beta, int32_t activation) {
    return activation == CSEG_RELU && !(normal * gamma + beta > 0) ? 0.0F : d;
}

void cseg_norm_backward_sums(const cseg_kernels *k, double *sum_g, double *sum_gx, const cseg_tensor *d_y, const cseg_tensor *x,
                             const float *mean, const float *inv_std, const float *gamma, const float *beta, int32_t activation) {
    (void)k;
    memset(sum_g, 0, x->channels * sizeof *sum_g);
    memset(sum_gx, 0, x->channels * sizeof *sum_gx);
    for (size_t i = 0; i < x->images; i++)
        for (size_t row = 0; row < x->height; row++) {
            const float *d = d_y->data + i * d_y->image + row * d_y->row;
            const float *from = x->data + i * x->image + row * x->row;
            for (size_t column = 0; column < x->width; column++, d += d_y->pixel, from += x->pixel)
                for (size_t c = 0; c < x->channels; c++) {
                    const float normal = (from[c] - mean[c]) * inv_std[c];
                    const float g = before_activation(d[c], normal, gamma[c], beta[c], activation);
                    sum_g[c] += (double)g;
                    sum_gx[c] += (double)g * (double)normal;
                }
        }
}

void cseg_norm_backward(const cseg_kernels *k, const cseg_tensor *d_x, const cseg_tensor *d_y, const cseg_tensor *x,
                        const float *mean, const float *inv_std, const float *gamma, const float *beta, int32_t activation,
                        const float *mean_g, const float *mean_gx) {
    (void)k;
    for (size_t i = 0; i < x->images; i++)
        for (size_t row = 0; row < x->height; row++) {
            float *to = d_x->data + i * d_x->image + row * d_x->row;
            const float *d = d_y->data + i * d_y->image + row * d_y->row;
            const float *from = x->data + i * x->image + row * x->row;
            for (size_t column = 0; column < x->width; column++, to += d_x->pixel, d += d_y->pixel, from += x->pixel)
                for (size_t c = 0; c < x->channels; c++) {
                    const float normal = (from[c] - mean[c]) * inv_std[c];
                    const float g = before_activation(d[c], normal, gamma[c], beta[c], activation);
                    to[c] = gamma[c] * inv_std[c] * (g - mean_g[c] - normal * mean_gx[c]);
                }
        }
}
