/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The portable row, the reference of all others. A fused multiply-add is made of double arithmetic: the product of two floats is
 * exact in double; their sum with a third is made round-to-odd, after which rounding to float is the same as rounding the exact
 * value once (Boldo and Melquiond 2008).
 */
#include "tensor/kernels.h"

#include <string.h>

#define TARGET

typedef float vec __attribute__((vector_size(16)));
enum { WIDTH = 4, TILE_ROWS = 4, TILE_VECTORS = 2 };

static inline vec vec_zero(void) {
    return (vec){0, 0, 0, 0};
}
static inline vec vec_load(const float *p, size_t n) {
    vec v = vec_zero();
    if (n == WIDTH)
        memcpy(&v, p, sizeof v);
    else
        for (size_t i = 0; i < n; i++)
            v[i] = p[i];
    return v;
}
static inline void vec_store(float *p, vec v, size_t n) {
    if (n == WIDTH)
        memcpy(p, &v, sizeof v);
    else
        for (size_t i = 0; i < n; i++)
            p[i] = v[i];
}

static inline float fused(float a, float b, float c) {
    const double product = (double)a * (double)b, addend = (double)c;
    double sum = product + addend;
    const double part = sum - product;
    const double error = (product - (sum - part)) + (addend - part);
    int64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    /* A comparison with NaN is false, so infinities pass. Away from zero is one more in the bits, towards it one less. */
    const int64_t away = (error > 0) == (sum > 0) ? 1 : -1;
    const int64_t inexact = (error > 0) | (error < 0);
    bits += away * (inexact & ~bits & 1);
    memcpy(&sum, &bits, sizeof sum);
    return (float)sum;
}

static inline vec vec_fma(float a, vec b, vec c) {
    for (size_t i = 0; i < WIDTH; i++)
        c[i] = fused(a, b[i], c[i]);
    return c;
}
static inline vec vec_scaled_add(float s, vec b, vec c) {
    return s * b + c;
}
static inline vec vec_relu(vec v) {
    for (size_t i = 0; i < WIDTH; i++)
        v[i] = v[i] > 0 ? v[i] : 0.0F;
    return v;
}

#define ROW_NAME cseg_kernels_c
#define TILE_CASES(do)                                                                                                           \
    do                                                                                                                           \
    (1) do(2) do(3) do(4)
#include "tensor/kernels_body.h"
