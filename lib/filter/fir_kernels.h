/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inner loops of direct convolution for vectors of LANES floats; fir_kernels.c includes this once for each processor level,
 * with NAME(x) and TARGET set. Every output sums its products in the same order, one multiplication and one addition at a time,
 * so that all levels give the same bytes. Macros load and store, since a function that returns a vector has no calling convention
 * on processors without such registers.
 */
typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#define V NAME(vector)
#define LOAD(p) (*(const V *)(p))
#define STORE(p, v) (*(V *)(p) = (v))

enum { NAME(VECTORS) = CSEG_FIR_PANEL / LANES };
#define VECTORS NAME(VECTORS)

TARGET static void NAME(along)(float *out, const float *in, const float *w, size_t radius, size_t spacing) {
    V sum[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        sum[v] = LOAD(in + v * LANES) * w[0];
    const float *left = in, *right = in;
    for (size_t k = 1; k <= radius; k++) {
        left -= spacing;
        right += spacing;
        for (int v = 0; v < VECTORS; v++)
            sum[v] += (LOAD(left + v * LANES) + LOAD(right + v * LANES)) * w[k];
    }
    for (int v = 0; v < VECTORS; v++)
        STORE(out + v * LANES, sum[v]);
}

TARGET static void NAME(pairs)(float *out, const float *in, size_t radius) {
    for (int v = 0; v < VECTORS; v++)
        STORE(out + v * LANES, LOAD(in + v * LANES));
    for (size_t k = 1; k <= radius; k++)
        for (int v = 0; v < VECTORS; v++)
            STORE(out + k * CSEG_FIR_PANEL + v * LANES, LOAD(in + v * LANES - k) + LOAD(in + v * LANES + k));
}

TARGET static void NAME(weigh_both)(float *out_a, float *out_b, const float *pairs, const float *w_a, const float *w_b,
                                    size_t radius) {
    V a[VECTORS], b[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        a[v] = LOAD(pairs + v * LANES) * w_a[0];
        b[v] = LOAD(pairs + v * LANES) * w_b[0];
    }
    for (size_t k = 1; k <= radius; k++)
        for (int v = 0; v < VECTORS; v++) {
            const V pair = LOAD(pairs + k * CSEG_FIR_PANEL + v * LANES);
            a[v] += pair * w_a[k];
            b[v] += pair * w_b[k];
        }
    for (int v = 0; v < VECTORS; v++) {
        STORE(out_a + v * LANES, a[v]);
        STORE(out_b + v * LANES, b[v]);
    }
}

TARGET static void NAME(across)(float *out, size_t stride, const float *in, const float *w, size_t radius, size_t spacing) {
    for (size_t row = 0; row < 2; row++)
        NAME(along)(out + row * stride, in + row * CSEG_FIR_PANEL, w, radius, spacing * CSEG_FIR_PANEL);
}

/* Down the columns two output rows go together: of the four input rows they need at distance k two are known from k - 1. */
TARGET static void NAME(across_both)(float *out, size_t stride, const float *in_a, const float *in_b, const float *w_a,
                                     const float *w_b, size_t radius) {
    for (size_t x = 0; x < CSEG_FIR_PANEL; x += LANES) {
        const float *above_a = in_a + x, *below_a = in_a + x + CSEG_FIR_PANEL;
        const float *above_b = in_b + x, *below_b = in_b + x + CSEG_FIR_PANEL;
        V near_above_a = LOAD(above_a), near_below_a = LOAD(below_a), near_above_b = LOAD(above_b), near_below_b = LOAD(below_b);
        V sum_a = near_above_a * w_a[0], next_a = near_below_a * w_a[0];
        V sum_b = near_above_b * w_b[0], next_b = near_below_b * w_b[0];
        for (size_t k = 1; k <= radius; k++) {
            above_a -= CSEG_FIR_PANEL;
            below_a += CSEG_FIR_PANEL;
            above_b -= CSEG_FIR_PANEL;
            below_b += CSEG_FIR_PANEL;
            const V far_above_a = LOAD(above_a), far_below_a = LOAD(below_a);
            const V far_above_b = LOAD(above_b), far_below_b = LOAD(below_b);
            sum_a += (far_above_a + near_below_a) * w_a[k];
            next_a += (near_above_a + far_below_a) * w_a[k];
            sum_b += (far_above_b + near_below_b) * w_b[k];
            next_b += (near_above_b + far_below_b) * w_b[k];
            near_above_a = far_above_a;
            near_below_a = far_below_a;
            near_above_b = far_above_b;
            near_below_b = far_below_b;
        }
        STORE(out + x, sum_a + sum_b);
        STORE(out + stride + x, next_a + next_b);
    }
}

static const cseg_fir_kernels NAME(kernels) = {NAME(along), NAME(pairs), NAME(weigh_both), NAME(across), NAME(across_both)};

#undef V
#undef LOAD
#undef STORE
#undef VECTORS
