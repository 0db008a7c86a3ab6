/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX2 row: tiles of 6 x 16, that is 12 sums, 2 vectors of b and one of a in 16 registers. */
#include "tensor/tensor_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE TARGET static inline __attribute__((always_inline))

typedef __m256 vec;
enum { WIDTH = 8, TILE_ROWS = 6, TILE_VECTORS = 2 };

INLINE __m256i first_lanes(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vec vec_load(const float *p, size_t n) {
    return n == WIDTH ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, first_lanes(n));
}
INLINE void vec_store(float *p, vec v, size_t n) {
    if (n == WIDTH)
        _mm256_storeu_ps(p, v);
    else
        _mm256_maskstore_ps(p, first_lanes(n), v);
}
INLINE vec vec_zero(void) {
    return _mm256_setzero_ps();
}
INLINE vec vec_fma(float a, vec b, vec c) {
    return _mm256_fmadd_ps(_mm256_set1_ps(a), b, c);
}
INLINE vec vec_scaled_add(float s, vec b, vec c) {
    return vec_fma(s, b, c);
}
INLINE vec vec_relu(vec v) {
    return _mm256_max_ps(v, _mm256_setzero_ps());
}

#define ROW_NAME cseg_kernels_avx2
#define TILE_CASES(do)                                                                                                           \
    do                                                                                                                           \
    (1) do(2) do(3) do(4) do(5) do(6)
#include "tensor/tensor_kernels_body.h"

#endif
