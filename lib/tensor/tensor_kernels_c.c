/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C row, the reference of all others. Where every processor that this is compiled for has a fused multiply-add, the tile is
 * the body's, of 5 x 8: gcc 12 does not keep the sums of 6 x 8 in 16 registers.
 */
#include "tensor/vector_body.h"

#if defined(CSEG_FAST_FMA)

enum { TILE_ROWS = 5, TILE_VECTORS = 2 };

static inline vec vec_fma(float a, vec b, vec c) {
    return (vec){cseg_fused_add(a, b[0], c[0]), cseg_fused_add(a, b[1], c[1]), cseg_fused_add(a, b[2], c[2]),
                 cseg_fused_add(a, b[3], c[3])};
}

#define TILE_CASES(do)                                                                                                           \
    do                                                                                                                           \
    (1) do(2) do(3) do(4) do(5)

#else
#include "tensor/double_tile_body.h"
#endif

#define ROW_NAME cseg_kernels_c
#include "tensor/tensor_kernels_body.h"
