/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of kernels for direct convolution, and the only switch between them. */
#include "filter/fir.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

/* Four at a time, each by the C library where the processor has no instruction for it: exact, and slow. */
typedef float four __attribute__((vector_size(16)));
INLINE four fma_portable(float w, four v, four sum) {
    return (four){fmaf(w, v[0], sum[0]), fmaf(w, v[1], sum[1]), fmaf(w, v[2], sum[2]), fmaf(w, v[3], sum[3])};
}

#define LANES 4
#define NAME(x) x##_portable
#define TARGET
#define FMA(w, v, sum) fma_portable(w, v, sum)
#include "filter/fir_kernels.h"
#undef FMA
#undef LANES
#undef NAME
#undef TARGET

#if defined(__x86_64__)

#define LANES 8
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define FMA(w, v, sum) _mm256_fmadd_ps(_mm256_set1_ps(w), v, sum)
#include "filter/fir_kernels.h"
#undef FMA
#undef LANES
#undef NAME
#undef TARGET

#define LANES 16
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f")))
#define FMA(w, v, sum) _mm512_fmadd_ps(_mm512_set1_ps(w), v, sum)
#include "filter/fir_kernels.h"
#undef FMA
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
