/* SPDX-License-Identifier: BSD-3-Clause */
/* The only place that chooses between the rows of the tensor room's kernel table. */
#include "tensor/tensor_kernels.h"

const cseg_kernels *cseg_kernels_select(int32_t cpu_level) {
    switch (cpu_level) {
#if defined(__x86_64__)
    case CELLSEG_CPU_AVX2:
        return &cseg_kernels_avx2;
    case CELLSEG_CPU_AVX512:
        return &cseg_kernels_avx512;
#elif defined(__aarch64__)
    case CELLSEG_CPU_NEON:
        return &cseg_kernels_neon;
#endif
#if defined(CSEG_BLAS)
    case CELLSEG_CPU_BLAS:
        return &cseg_kernels_blas;
#endif
    default:
        return &cseg_kernels_c;
    }
}
