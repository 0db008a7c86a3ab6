/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX2 row. */
#include "filter/filter_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))

typedef __m256 vec;
enum { WIDTH = 8 };

TARGET static inline __attribute__((always_inline)) vec vec_fma(float a, vec b, vec c) {
    return _mm256_fmadd_ps(_mm256_set1_ps(a), b, c);
}

#define ROW_NAME cseg_filter_kernels_avx2
#include "filter/filter_kernels_body.h"

#endif
