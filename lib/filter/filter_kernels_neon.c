/* SPDX-License-Identifier: BSD-3-Clause */
/* The NEON row. */
#include "filter/filter_kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define TARGET

typedef float32x4_t vec;
enum { WIDTH = 4 };

static inline vec vec_fma(float a, vec b, vec c) {
    return vfmaq_n_f32(c, b, a);
}

#define ROW_NAME cseg_filter_kernels_neon
#include "filter/filter_kernels_body.h"

#endif
