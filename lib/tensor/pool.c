/* SPDX-License-Identifier: BSD-3-Clause */
/* Maximum over 2x2 pixels, stride 2. Backward, the first of equal maxima in raster order gets the gradient. */
#include "tensor/tensor_kernels.h"

#include <string.h>

static void pool_row(const cseg_tensor *out, const cseg_tensor *in, float *to, const float *top) {
    for (size_t x = 0; x < out->width; x++, to += out->pixel, top += 2 * in->pixel) {
        const float *bottom = top + in->row;
        for (size_t c = 0; c < in->channels; c++) {
            const float right = top[in->pixel + c], low = bottom[c], last = bottom[in->pixel + c];
            float best = top[c];
            best = right > best ? right : best;
            best = low > best ? low : best;
            to[c] = last > best ? last : best;
        }
    }
}

void cseg_maxpool_forward(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in) {
    (void)k;
    assert(out->images == in->images && out->channels == in->channels);
    assert(out->height == in->height / 2 && out->width == in->width / 2);
    for (size_t i = 0; i < out->images; i++)
        for (size_t y = 0; y < out->height; y++)
            pool_row(out, in, out->data + i * out->image + y * out->row, in->data + i * in->image + 2 * y * in->row);
}

/* The last row and column of odd sizes, which belong to no 2x2 block. */
static void clear_rest(const cseg_tensor *t) {
    for (size_t i = 0; i < t->images; i++)
        for (size_t y = 0; y < t->height; y++)
            for (size_t x = y < t->height / 2 * 2 ? t->width / 2 * 2 : 0; x < t->width; x++)
                memset(t->data + i * t->image + y * t->row + x * t->pixel, 0, t->channels * sizeof(float));
}

void cseg_maxpool_backward(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const cseg_tensor *in,
                           bool accumulate) {
    assert(d_in->height == in->height && d_in->width == in->width && d_in->channels == in->channels);
    assert(d_out->height == in->height / 2 && d_out->width == in->width / 2 && d_out->channels == in->channels);
    if (!accumulate)
        clear_rest(d_in);
    for (size_t i = 0; i < in->images; i++)
        for (size_t y = 0; y < d_out->height; y++)
            k->pool_row_backward(d_in->data + i * d_in->image + 2 * y * d_in->row,
                                 d_out->data + i * d_out->image + y * d_out->row, in->data + i * in->image + 2 * y * in->row,
                                 d_in, d_out, in, accumulate);
}
