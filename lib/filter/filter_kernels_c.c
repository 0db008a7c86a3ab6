/* SPDX-License-Identifier: BSD-3-Clause */
/* The portable row, the reference of all others. */
#include "filter/filter_kernels.h"

#include <math.h>

#define TARGET

typedef float vec __attribute__((vector_size(16)));
enum { WIDTH = 4 };

/* fmaf() is exact on every processor, and slow on one without the instruction. */
static inline vec vec_fma(float a, vec b, vec c) {
    return (vec){fmaf(a, b[0], c[0]), fmaf(a, b[1], c[1]), fmaf(a, b[2], c[2]), fmaf(a, b[3], c[3])};
}

#define ROW_NAME cseg_filter_kernels_c
#include "filter/filter_kernels_body.h"
