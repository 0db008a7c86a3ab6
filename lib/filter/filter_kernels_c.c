/* SPDX-License-Identifier: BSD-3-Clause */
/* The portable row, the reference of all others. */
#include "filter/filter_kernels.h"

#define TARGET

typedef float vec __attribute__((vector_size(16)));
enum { WIDTH = 4 };

/* Without an instruction it is long: inline, the sums of five filters would take 20 kB. */
#if !defined(CSEG_FAST_FMA)
__attribute__((noinline))
#endif
static vec
vec_fma(float a, vec b, vec c) {
    return (vec){cseg_fused_add(a, b[0], c[0]), cseg_fused_add(a, b[1], c[1]), cseg_fused_add(a, b[2], c[2]),
                 cseg_fused_add(a, b[3], c[3])};
}

#define ROW_NAME cseg_filter_kernels_c
#include "filter/filter_kernels_body.h"
