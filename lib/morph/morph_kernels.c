/* SPDX-License-Identifier: BSD-3-Clause */
/* The only place that chooses between the rows of the morphology room's kernel table. */
#include "morph/morph_kernels.h"

const cseg_morph_kernels *cseg_morph_kernels_select(int32_t cpu_level, int32_t type) {
    assert(cseg_plane_type_size(type) != 0);
    switch (cpu_level) {
#if defined(__x86_64__)
    case CELLSEG_CPU_AVX2:
        return &cseg_morph_kernels_avx2[type];
    case CELLSEG_CPU_AVX512:
        return &cseg_morph_kernels_avx512[type];
#elif defined(__aarch64__)
    case CELLSEG_CPU_NEON:
        return &cseg_morph_kernels_neon[type];
#endif
    default:
        return &cseg_morph_kernels_c[type];
    }
}
