/* SPDX-License-Identifier: BSD-3-Clause */
/* The sigmoid, in plain double arithmetic that every compiler vectorises and every processor rounds alike. ReLU is a part of the
 * kernels' stores. Cost: about 20 operations and one division per element. */
#include "tensor/activation.h"

#include <string.h>

/* exp(x) = 2^n * exp(r), |r| <= ln(2) / 2; the Taylor series to r^9 is right to 1e-11, far below half a float's last place. */
static inline double exp_of(double x) {
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer, which its low bits then hold */
    const double shifted = x * 1.44269504088896338700e+00 + magic;
    const double n = shifted - magic;
    const double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    const double p =
        1.0 +
        r * (1.0 + r * (1.0 / 2 +
                        r * (1.0 / 6 + r * (1.0 / 24 +
                                            r * (1.0 / 120 +
                                                 r * (1.0 / 720 + r * (1.0 / 5040 + r * (1.0 / 40320 + r * (1.0 / 362880)))))))));
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52; /* the magic number's own bits leave at the top */
    double power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* Beyond +-110 a float holds only 0 or 1, or the smallest numbers above 0: nothing is lost by stopping there. */
static inline float sigmoid_of(float x) {
    double minus = -(double)x;
    minus = minus > 110.0 ? 110.0 : minus;
    minus = minus < -110.0 ? -110.0 : minus;
    return (float)(1.0 / (1.0 + exp_of(minus)));
}

float cseg_sigmoid(float x) {
    return sigmoid_of(x);
}

void cseg_sigmoid_in_place(const cseg_tensor *t) {
    for (size_t i = 0; i < t->images; i++)
        for (size_t y = 0; y < t->height; y++) {
            float *row = t->data + i * t->image + y * t->row;
            for (size_t x = 0; x < t->width; x++)
                for (size_t c = 0; c < t->channels; c++)
                    row[x * t->pixel + c] = sigmoid_of(row[x * t->pixel + c]);
        }
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
