/* SPDX-License-Identifier: BSD-3-Clause */
/* The sigmoid. ReLU belongs to the stores of the kernels. */
#include "tensor/activation.h"
#include "tensor/tensor_kernels.h"

#include <string.h>

void cseg_sigmoid_forward(const cseg_kernels *k, float *values, size_t count) {
    k->sigmoid(values, count);
}

enum { DENSE = 512 };

/* The channels of several pixels are copied together, so that the kernel works on whole vectors. */
static void sigmoid_row(const cseg_kernels *k, float *row, size_t pixel, size_t width, size_t channels) {
    float dense[DENSE];
    const size_t pixels = DENSE / channels;
    for (size_t first = 0; first < width; first += pixels) {
        const size_t n = width - first < pixels ? width - first : pixels;
        for (size_t x = 0; x < n; x++)
            memcpy(dense + x * channels, row + (first + x) * pixel, channels * sizeof(float));
        k->sigmoid(dense, n * channels);
        for (size_t x = 0; x < n; x++)
            memcpy(row + (first + x) * pixel, dense + x * channels, channels * sizeof(float));
    }
}

void cseg_sigmoid_in_place(const cseg_kernels *k, const cseg_tensor *t) {
    for (size_t i = 0; i < t->images; i++)
        for (size_t y = 0; y < t->height; y++)
            for (size_t c = 0; c < t->channels; c += DENSE)
                sigmoid_row(k, t->data + i * t->image + y * t->row + c, t->pixel, t->width,
                            t->channels - c < DENSE ? t->channels - c : DENSE);
}

void cseg_sigmoid_backward(const cseg_kernels *k, const cseg_tensor *d_x, const cseg_tensor *d_y, const cseg_tensor *y) {
    (void)k;
    for (size_t i = 0; i < y->images; i++)
        for (size_t row = 0; row < y->height; row++) {
            float *to = d_x->data + i * d_x->image + row * d_x->row;
            const float *d = d_y->data + i * d_y->image + row * d_y->row;
            const float *value = y->data + i * y->image + row * y->row;
            for (size_t x = 0; x < y->width; x++, to += d_x->pixel, d += d_y->pixel, value += y->pixel)
                for (size_t c = 0; c < y->channels; c++)
                    to[c] = d[c] * value[c] * (1.0F - value[c]);
        }
}
