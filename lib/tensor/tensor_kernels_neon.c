/* SPDX-License-Identifier: BSD-3-Clause */
/* The NEON row: tiles of 12 x 8, that is 24 sums, 2 vectors of b and one of a in 32 registers. */
#include "tensor/tensor_kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#define TARGET

typedef float32x4_t vec;
enum { WIDTH = 4, TILE_ROWS = 12, TILE_VECTORS = 2 };

static inline vec vec_zero(void) {
    return vdupq_n_f32(0);
}
static inline vec vec_load(const float *p, size_t n) {
    if (n == WIDTH)
        return vld1q_f32(p);
    float some[WIDTH] = {0};
    memcpy(some, p, n * sizeof(float));
    return vld1q_f32(some);
}
static inline void vec_store(float *p, vec v, size_t n) {
    if (n == WIDTH) {
        vst1q_f32(p, v);
        return;
    }
    float some[WIDTH];
    vst1q_f32(some, v);
    memcpy(p, some, n * sizeof(float));
}
static inline vec vec_fma(float a, vec b, vec c) {
    return vfmaq_n_f32(c, b, a);
}
static inline vec vec_scaled_add(float s, vec b, vec c) {
    return vec_fma(s, b, c);
}
static inline vec vec_relu(vec v) { /* not vmaxq_f32: it keeps NaN, the other rows do not */
    return vbslq_f32(vcgtq_f32(v, vec_zero()), v, vec_zero());
}

#define ROW_NAME cseg_kernels_neon
#define TILE_CASES(do)                                                                                                           \
    do                                                                                                                           \
    (1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11) do(12)
#include "tensor/tensor_kernels_body.h"

#endif
