/* SPDX-License-Identifier: BSD-3-Clause */
/* The only place that chooses between the rows of the filter room's kernel table. */
#include "filter/filter_kernels.h"

const cseg_filter_kernels *cseg_filter_kernels_select(int32_t cpu_level) {
    switch (cpu_level) {
#if defined(__x86_64__)
    case CELLSEG_CPU_AVX2:
        return &cseg_filter_kernels_avx2;
    case CELLSEG_CPU_AVX512:
        return &cseg_filter_kernels_avx512;
#elif defined(__aarch64__)
    case CELLSEG_CPU_NEON:
        return &cseg_filter_kernels_neon;
#endif
    default:
        return &cseg_filter_kernels_c;
    }
}
