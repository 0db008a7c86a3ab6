/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX2 row. */
#include "morph/morph_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

TARGET static inline __attribute__((always_inline)) uint32_t zeros_of(const uint8_t *bytes) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_setzero_si256()));
}
TARGET static inline __attribute__((always_inline)) uint64_t bits_of(const uint8_t *bytes) {
    return ~(zeros_of(bytes) | (uint64_t)zeros_of(bytes + 32) << 32);
}

#define ROW_NAME cseg_morph_kernels_avx2
#include "morph/morph_kernels_body.h"

#endif
