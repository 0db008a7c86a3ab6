/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX2 row. */
#include "morph/morph_kernels.h"

#if defined(__x86_64__)

#define TARGET __attribute__((target("avx2")))
#define ROW_NAME cseg_morph_kernels_avx2
#include "morph/morph_kernels_body.h"

#endif
