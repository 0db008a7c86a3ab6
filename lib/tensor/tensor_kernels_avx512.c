/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX-512 row: tiles of 14 x 32, that is 28 sums and 2 vectors of b in 32 registers. */
#include "tensor/tensor_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define INLINE TARGET static inline __attribute__((always_inline))

typedef __m512 vec;
enum { WIDTH = 16, TILE_ROWS = 14, TILE_VECTORS = 2 };

INLINE __mmask16 first_lanes(size_t n) {
    return (__mmask16)((1U << n) - 1);
}
INLINE vec vec_load(const float *p, size_t n) {
    return n == WIDTH ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(first_lanes(n), p);
}
INLINE void vec_store(float *p, vec v, size_t n) {
    _mm512_mask_storeu_ps(p, first_lanes(n), v);
}
INLINE vec vec_zero(void) {
    return _mm512_setzero_ps();
}
INLINE vec vec_fma(float a, vec b, vec c) {
    return _mm512_fmadd_ps(_mm512_set1_ps(a), b, c);
}
INLINE vec vec_scaled_add(float s, vec b, vec c) {
    return vec_fma(s, b, c);
}
INLINE vec vec_relu(vec v) {
    return _mm512_max_ps(v, _mm512_setzero_ps());
}

#define ROW_NAME cseg_kernels_avx512
#define TILE_CASES(do)                                                                                                           \
    do                                                                                                                           \
    (1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11) do(12) do(13) do(14)
#include "tensor/tensor_kernels_body.h"

#endif
