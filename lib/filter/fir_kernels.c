/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inner loops of direct convolution, written once in vectors of eight and compiled for each processor level. Every output
 * sums its products in the same order, one multiplication and one addition at a time, so that all levels give the same bytes.
 * Cost: radius multiplications and twice as many additions per sample and axis.
 */
#include "filter/fir.h"

#define INLINE static inline __attribute__((always_inline))

/* Eight samples, at any address. A processor without such registers uses two or more. */
typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 8, VECTORS = CSEG_FIR_PANEL / LANES };

/* Macros, since a function that returns a vector has no fixed calling convention below AVX. */
#define LOAD(p) (*(const v8 *)(p))
#define STORE(p, v) (*(v8 *)(p) = (v))

/* Samples at distance k lie k * step floats away: step 1 along rows, CSEG_FIR_PANEL down columns. */
INLINE void convolve(float *out, const float *in, const float *w, size_t radius, size_t step) {
    v8 sum[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        sum[v] = LOAD(in + v * LANES) * w[0];
    for (size_t k = 1; k <= radius; k++)
        for (int v = 0; v < VECTORS; v++)
            sum[v] += (LOAD(in + v * LANES - k * step) + LOAD(in + v * LANES + k * step)) * w[k];
    for (int v = 0; v < VECTORS; v++)
        STORE(out + v * LANES, sum[v]);
}

INLINE void convolve_to_both(float *out_a, float *out_b, const float *in, const float *w_a, const float *w_b, size_t radius) {
    v8 a[VECTORS], b[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        a[v] = LOAD(in + v * LANES) * w_a[0];
        b[v] = LOAD(in + v * LANES) * w_b[0];
    }
    for (size_t k = 1; k <= radius; k++)
        for (int v = 0; v < VECTORS; v++) {
            const v8 pair = LOAD(in + v * LANES - k) + LOAD(in + v * LANES + k);
            a[v] += pair * w_a[k];
            b[v] += pair * w_b[k];
        }
    for (int v = 0; v < VECTORS; v++) {
        STORE(out_a + v * LANES, a[v]);
        STORE(out_b + v * LANES, b[v]);
    }
}

INLINE void convolve_from_both(float *out, const float *in_a, const float *in_b, const float *w_a, const float *w_b,
                               size_t radius) {
    v8 a[VECTORS], b[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        a[v] = LOAD(in_a + v * LANES) * w_a[0];
        b[v] = LOAD(in_b + v * LANES) * w_b[0];
    }
    for (size_t k = 1; k <= radius; k++)
        for (int v = 0; v < VECTORS; v++) {
            const size_t step = k * CSEG_FIR_PANEL;
            a[v] += (LOAD(in_a + v * LANES - step) + LOAD(in_a + v * LANES + step)) * w_a[k];
            b[v] += (LOAD(in_b + v * LANES - step) + LOAD(in_b + v * LANES + step)) * w_b[k];
        }
    for (int v = 0; v < VECTORS; v++)
        STORE(out + v * LANES, a[v] + b[v]);
}

#define TARGET_portable
#define TARGET_avx2 __attribute__((target("avx2")))

#define LEVEL(name)                                                                                                              \
    TARGET_##name static void along_##name(float *out, const float *in, const float *w, size_t radius) {                         \
        convolve(out, in, w, radius, 1);                                                                                         \
    }                                                                                                                            \
    TARGET_##name static void along_both_##name(float *a, float *b, const float *in, const float *w_a, const float *w_b,         \
                                                size_t radius) {                                                                 \
        convolve_to_both(a, b, in, w_a, w_b, radius);                                                                            \
    }                                                                                                                            \
    TARGET_##name static void across_##name(float *out, const float *in, const float *w, size_t radius) {                        \
        convolve(out, in, w, radius, CSEG_FIR_PANEL);                                                                            \
    }                                                                                                                            \
    TARGET_##name static void across_both_##name(float *out, const float *a, const float *b, const float *w_a, const float *w_b, \
                                                 size_t radius) {                                                                \
        convolve_from_both(out, a, b, w_a, w_b, radius);                                                                         \
    }                                                                                                                            \
    static const cseg_fir_kernels kernels_##name = {along_##name, along_both_##name, across_##name, across_both_##name};

LEVEL(portable)
#if defined(__x86_64__)
LEVEL(avx2)
#endif

const cseg_fir_kernels *cseg_fir_kernels_for(const cellseg_context *context) {
#if defined(__x86_64__)
    if (cellseg_context_cpu_level(context) != CELLSEG_CPU_PORTABLE)
        return &kernels_avx2;
#endif
    (void)context;
    return &kernels_portable;
}
