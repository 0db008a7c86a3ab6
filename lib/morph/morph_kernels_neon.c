/* SPDX-License-Identifier: BSD-3-Clause */
/* The NEON row. Compilers for 64-bit ARM use NEON without an attribute. */
#include "morph/morph_kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define TARGET

/* A bit of each byte by its place among eight, then sums of neighbours until eight bytes are one. */
static inline uint64_t bits_of(const uint8_t *bytes) {
    const uint8x16_t place = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201ULL));
    uint8x16_t v[4];
    for (size_t i = 0; i < 4; i++) {
        const uint8x16_t sixteen = vld1q_u8(bytes + 16 * i);
        v[i] = vandq_u8(vtstq_u8(sixteen, sixteen), place);
    }
    const uint8x16_t fours = vpaddq_u8(vpaddq_u8(v[0], v[1]), vpaddq_u8(v[2], v[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(fours, fours)), 0);
}

#define ROW_NAME cseg_morph_kernels_neon
#include "morph/morph_kernels_body.h"

#endif
