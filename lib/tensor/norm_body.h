/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loops of batch normalisation, included once per row of the kernel table, which defines TARGET. Sums are in double and, per
 * channel, in raster order: channels, not pixels, fill the vectors, a block of channels at a time so that the sums stay in
 * registers.
 */
#include <string.h>

enum { NORM_BLOCK = 32 };

/* n is a constant where this is inlined for whole blocks, so that the loops over channels unroll. */
#define NORM_BLOCKS(channels, block)                                                                                             \
    for (size_t first = 0; first < (channels); first += NORM_BLOCK)                                                              \
        if ((channels)-first >= NORM_BLOCK)                                                                                      \
            block(NORM_BLOCK);                                                                                                   \
        else                                                                                                                     \
            block((channels)-first);

INLINE_BODY void sums_of_block(double *sum, double *squares, const cseg_tensor *x, size_t first, const size_t n) {
    double s[NORM_BLOCK] = {0}, square[NORM_BLOCK] = {0};
    for (size_t i = 0; i < x->images; i++)
        for (size_t y = 0; y < x->height; y++) {
            const float *p = x->data + i * x->image + y * x->row + first;
            for (size_t column = 0; column < x->width; column++, p += x->pixel)
                for (size_t c = 0; c < n; c++) {
                    const double value = (double)p[c];
                    s[c] += value;
                    square[c] += value * value;
                }
        }
    memcpy(sum + first, s, n * sizeof *s);
    memcpy(squares + first, square, n * sizeof *square);
}

TARGET static void norm_sums(double *sum, double *squares, const cseg_tensor *x){
#define BLOCK_SUMS(n) sums_of_block(sum, squares, x, first, n)
    NORM_BLOCKS(x->channels, BLOCK_SUMS)}

INLINE_BODY void forward_row(float *restrict to, const float *restrict from, const cseg_norm *norm, size_t channels) {
    for (size_t c = 0; c < channels; c++) {
        const float value = (from[c] - norm->mean[c]) * norm->inv_std[c] * norm->gamma[c] + norm->beta[c];
        to[c] = norm->relu && !(value > 0) ? 0.0F : value;
    }
}

TARGET static void norm_forward(const cseg_tensor *y, const cseg_tensor *x, const cseg_norm *norm) {
    for (size_t i = 0; i < x->images; i++)
        for (size_t row = 0; row < x->height; row++)
            for (size_t column = 0; column < x->width; column++)
                forward_row(y->data + i * y->image + row * y->row + column * y->pixel,
                            x->data + i * x->image + row * x->row + column * x->pixel, norm, x->channels);
}

/* g, the derivative before the activation. The condition is the same expression as in norm_forward. */
INLINE_BODY float before_activation(float d, float normal, float gamma, float beta, bool relu) {
    return ((int)relu & !(normal * gamma + beta > 0)) != 0 ? 0.0F : d; /* && or a branch would not vectorise */
}

INLINE_BODY void backward_sums_of_block(double *sum_g, double *sum_gx, const cseg_tensor *d_y, const cseg_tensor *x,
                                        const cseg_norm *norm, size_t first, const size_t n) {
    double s[NORM_BLOCK] = {0}, sx[NORM_BLOCK] = {0};
    const float *mean = norm->mean + first, *inv_std = norm->inv_std + first;
    const float *gamma = norm->gamma + first, *beta = norm->beta + first;
    const bool relu = norm->relu;
    for (size_t i = 0; i < x->images; i++)
        for (size_t row = 0; row < x->height; row++) {
            const float *d = d_y->data + i * d_y->image + row * d_y->row + first;
            const float *from = x->data + i * x->image + row * x->row + first;
            for (size_t column = 0; column < x->width; column++, d += d_y->pixel, from += x->pixel) {
                float g[NORM_BLOCK], normal[NORM_BLOCK];
                for (size_t c = 0; c < n; c++) {
                    normal[c] = (from[c] - mean[c]) * inv_std[c];
                    g[c] = before_activation(d[c], normal[c], gamma[c], beta[c], relu);
                }
                for (size_t c = 0; c < n; c++) {
                    s[c] += (double)g[c];
                    sx[c] += (double)g[c] * (double)normal[c];
                }
            }
        }
    memcpy(sum_g + first, s, n * sizeof *s);
    memcpy(sum_gx + first, sx, n * sizeof *sx);
}

TARGET static void norm_backward_sums(double *sum_g, double *sum_gx, const cseg_tensor *d_y, const cseg_tensor *x,
                                      const cseg_norm *norm){
#define BLOCK_BACKWARD_SUMS(n) backward_sums_of_block(sum_g, sum_gx, d_y, x, norm, first, n)
    NORM_BLOCKS(x->channels, BLOCK_BACKWARD_SUMS)}

/* to may be d. */
INLINE_BODY void backward_row(float *to, const float *d, const float *restrict from, const cseg_norm *norm,
                              const float *restrict mean_g, const float *restrict mean_gx, size_t channels) {
    for (size_t c = 0; c < channels; c++) {
        const float normal = (from[c] - norm->mean[c]) * norm->inv_std[c];
        const float g = before_activation(d[c], normal, norm->gamma[c], norm->beta[c], norm->relu);
        to[c] = norm->gamma[c] * norm->inv_std[c] * (g - mean_g[c] - normal * mean_gx[c]);
    }
}

TARGET static void norm_backward(const cseg_tensor *d_x, const cseg_tensor *d_y, const cseg_tensor *x, const cseg_norm *norm,
                                 const float *mean_g, const float *mean_gx) {
    for (size_t i = 0; i < x->images; i++)
        for (size_t row = 0; row < x->height; row++)
            for (size_t column = 0; column < x->width; column++)
                backward_row(d_x->data + i * d_x->image + row * d_x->row + column * d_x->pixel,
                             d_y->data + i * d_y->image + row * d_y->row + column * d_y->pixel,
                             x->data + i * x->image + row * x->row + column * x->pixel, norm, mean_g, mean_gx, x->channels);
}
