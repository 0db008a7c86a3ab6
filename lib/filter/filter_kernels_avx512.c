/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX-512 row. */
#include "filter/filter_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))

typedef __m512 vec;
enum { WIDTH = 16 };

TARGET static inline __attribute__((always_inline)) vec vec_fma(float a, vec b, vec c) {
    return _mm512_fmadd_ps(_mm512_set1_ps(a), b, c);
}

#define ROW_NAME cseg_filter_kernels_avx512
#include "filter/filter_kernels_body.h"

#endif
