/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX-512 row. */
#include "morph/morph_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2")))

TARGET static inline __attribute__((always_inline)) uint64_t bits_of(const uint8_t *bytes) {
    const __m512i v = _mm512_loadu_si512(bytes);
    return _mm512_test_epi8_mask(v, v);
}

#define ROW_NAME cseg_morph_kernels_avx512
#include "morph/morph_kernels_body.h"

#endif
