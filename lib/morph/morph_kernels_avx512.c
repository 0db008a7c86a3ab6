/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX-512 row. */
#include "morph/morph_kernels.h"

#if defined(__x86_64__)

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2")))
#define ROW_NAME cseg_morph_kernels_avx512
#include "morph/morph_kernels_body.h"

#endif
