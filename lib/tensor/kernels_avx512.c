/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX-512 row: tiles of 14 x 32, that is 28 sums and 2 vectors of b in 32 registers. */
#include "tensor/kernels.h"

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

#include "tensor/tile.h"
#include "tensor/winograd_rows.h"

TARGET static void tile(const cseg_tile *t) {
    assert(t->rows >= 1 && t->rows <= TILE_ROWS && t->columns >= 1 && t->columns <= TILE_VECTORS * WIDTH);
#define ROWS(n)                                                                                                                  \
    case n:                                                                                                                      \
        if (t->columns == 2 * WIDTH)                                                                                             \
            tile_of(t, n, 2, true);                                                                                              \
        else if (t->columns > WIDTH)                                                                                             \
            tile_of(t, n, 2, false);                                                                                             \
        else                                                                                                                     \
            tile_of(t, n, 1, false);                                                                                             \
        break;
    switch (t->rows) {
        ROWS(1)
        ROWS(2)
        ROWS(3)
        ROWS(4)
        ROWS(5)
        ROWS(6)
        ROWS(7)
        ROWS(8)
        ROWS(9)
        ROWS(10)
        ROWS(11)
        ROWS(12)
        ROWS(13)
        ROWS(14)
    }
#undef ROWS
}

const cseg_kernels cseg_kernels_avx512 = {
    .rows = TILE_ROWS, .columns = TILE_VECTORS * WIDTH, .tile = tile, .winograd_in = winograd_in, .winograd_out = winograd_out};

#endif
