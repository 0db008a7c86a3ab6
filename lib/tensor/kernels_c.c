/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The portable row, the reference of all others. A fused multiply-add is made of double arithmetic: the product of two floats is
 * exact in double; their sum with a third is made round-to-odd, after which rounding to float is the same as rounding the exact
 * value once (Boldo and Melquiond 2008).
 */
#include "tensor/kernels.h"

#include <string.h>

enum { TILE_ROWS = 4, TILE_COLUMNS = 16 };

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

#define TARGET
typedef float vec;
enum { WIDTH = 1 };

static inline vec vec_load(const float *p, size_t n) {
    return n > 0 ? *p : 0.0F;
}
static inline void vec_store(float *p, vec v, size_t n) {
    if (n > 0)
        *p = v;
}
static inline vec vec_zero(void) {
    return 0.0F;
}
static inline vec vec_scaled_add(float s, vec b, vec c) {
    return s * b + c;
}
static inline vec vec_relu(vec v) {
    return v > 0 ? v : 0.0F;
}

#include "tensor/winograd_rows.h"

static void tile(const cseg_tile *t) {
    assert(t->rows >= 1 && t->rows <= TILE_ROWS && t->columns >= 1 && t->columns <= TILE_COLUMNS);
    float sum[TILE_ROWS][TILE_COLUMNS];
    for (size_t r = 0; r < t->rows; r++)
        for (size_t j = 0; j < t->columns; j++)
            sum[r][j] = t->start == NULL ? 0.0F : t->start[r * t->start_row + j];
    for (size_t y = 0; y < t->count[0]; y++)
        for (size_t x = 0; x < t->count[1]; x++) {
            const float *a = t->a + y * t->a_step[0] + x * t->a_step[1];
            const float *b = t->b + y * t->b_step[0] + x * t->b_step[1];
            for (size_t k = 0; k < t->count[2]; k++, a += t->a_step[2], b += t->b_step[2])
                for (size_t r = 0; r < t->rows; r++)
                    for (size_t j = 0; j < t->columns; j++)
                        sum[r][j] = fused(a[r * t->a_row], b[j], sum[r][j]);
        }
    for (size_t r = 0; r < t->rows; r++)
        for (size_t j = 0; j < t->columns; j++)
            t->c[r * t->c_row + j] = t->relu && !(sum[r][j] > 0) ? 0.0F : sum[r][j];
}

const cseg_kernels cseg_kernels_c = {
    .rows = TILE_ROWS, .columns = TILE_COLUMNS, .tile = tile, .winograd_in = winograd_in, .winograd_out = winograd_out};
