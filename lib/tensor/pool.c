/* SPDX-License-Identifier: BSD-3-Clause */
/* Maximum over 2x2 pixels, stride 2. Backward, the first of equal maxima in raster order gets the gradient. */
#include "tensor/tensor.h"

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

void cseg_pool_max(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in) {
    (void)k;
    assert(out->images == in->images && out->channels == in->channels);
    assert(out->height == in->height / 2 && out->width == in->width / 2);
    for (size_t i = 0; i < out->images; i++)
        for (size_t y = 0; y < out->height; y++)
            pool_row(out, in, out->data + i * out->image + y * out->row, in->data + i * in->image + 2 * y * in->row);
}

static void zero(const cseg_tensor *t) {
    for (size_t i = 0; i < t->images; i++)
        for (size_t y = 0; y < t->height; y++)
            for (size_t x = 0; x < t->width; x++)
                memset(t->data + i * t->image + y * t->row + x * t->pixel, 0, t->channels * sizeof(float));
}

static void pool_pixel_backward(float *to, const cseg_tensor *d_in, const float *d, const float *from, const cseg_tensor *in) {
    for (size_t c = 0; c < in->channels; c++) {
        const float value[4] = {from[c], from[in->pixel + c], from[in->row + c], from[in->row + in->pixel + c]};
        float best = value[0];
        for (size_t i = 1; i < 4; i++)
            best = value[i] > best ? value[i] : best;
        float left = d[c]; /* until it is given */
        for (size_t i = 0; i < 4; i++) {
            const bool first = value[i] == best;
            to[i / 2 * d_in->row + i % 2 * d_in->pixel + c] += first ? left : 0.0F;
            left = first ? 0.0F : left;
        }
    }
}

void cseg_pool_max_backward(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const cseg_tensor *in,
                            bool accumulate) {
    (void)k;
    assert(d_in->height == in->height && d_in->width == in->width && d_in->channels == in->channels);
    assert(d_out->height == in->height / 2 && d_out->width == in->width / 2 && d_out->channels == in->channels);
    if (!accumulate)
        zero(d_in);
    for (size_t i = 0; i < in->images; i++)
        for (size_t y = 0; y < d_out->height; y++)
            for (size_t x = 0; x < d_out->width; x++)
                pool_pixel_backward(d_in->data + i * d_in->image + 2 * y * d_in->row + 2 * x * d_in->pixel, d_in,
                                    d_out->data + i * d_out->image + y * d_out->row + x * d_out->pixel,
                                    in->data + i * in->image + 2 * y * in->row + 2 * x * in->pixel, in);
}
