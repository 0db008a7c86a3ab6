/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of kernels for direct convolution, and the only switch between them. */
#include "filter/fir.h"

#define INLINE static inline __attribute__((always_inline))

#define LANES 4
#define NAME(x) x##_portable
#define TARGET
#include "filter/fir_kernels.h"
#undef LANES
#undef NAME
#undef TARGET

#if defined(__x86_64__)

#define LANES 8
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2")))
#include "filter/fir_kernels.h"
#undef LANES
#undef NAME
#undef TARGET

#define LANES 16
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f")))
#include "filter/fir_kernels.h"
#undef LANES
#undef NAME
#undef TARGET

#endif

const cseg_fir_kernels *cseg_fir_kernels_for(const cellseg_context *context) {
    switch (cellseg_context_cpu_level(context)) {
#if defined(__x86_64__)
    case CELLSEG_CPU_AVX512:
        return &kernels_avx512;
    case CELLSEG_CPU_AVX2:
        return &kernels_avx2;
#endif
    default:
        return &kernels_portable;
    }
}
