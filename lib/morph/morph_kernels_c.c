/* SPDX-License-Identifier: BSD-3-Clause */
/* The portable row, the reference of all others. */
#include "morph/morph_kernels.h"

#include <string.h>

#define TARGET

/* Bit 7 of each byte that is not 0, then the eight bits gathered in the highest byte of a product. */
static inline uint64_t bits_of_eight(uint64_t bytes) {
    const uint64_t high = 0x8080808080808080ULL, nonzero = (((bytes & ~high) + ~high) | bytes) & high;
    return (nonzero >> 7) * 0x0102040810204080ULL >> 56;
}

/* Masks have long runs of zeros, for which one test is enough. */
static inline uint64_t bits_of(const uint8_t *bytes) {
    uint64_t eight[8], bits = 0;
    memcpy(eight, bytes, sizeof eight);
    if ((eight[0] | eight[1] | eight[2] | eight[3] | eight[4] | eight[5] | eight[6] | eight[7]) == 0)
        return 0;
    for (size_t i = 0; i < 8; i++) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        eight[i] = __builtin_bswap64(eight[i]);
#endif
        bits |= bits_of_eight(eight[i]) << 8 * i;
    }
    return bits;
}

#define ROLLED /* gcc would unroll the loops over a whole strip into three times the space */
#define ROW_NAME cseg_morph_kernels_c
#include "morph/morph_kernels_body.h"
