/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inner loops of direct convolution for vectors of LANES floats; fir_kernels.c includes this once for each processor level,
 * with NAME(x), TARGET and FMA(w, v, sum), that is w * v + sum rounded once, set. Every output sums its products in the same
 * order, so that all levels give the same bytes. Macros load and store, since a function that returns a vector has no calling
 * convention on processors without such registers.
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
            sum[v] = FMA(w[k], LOAD(left + v * LANES) + LOAD(right + v * LANES), sum[v]);
    }
    for (int v = 0; v < VECTORS; v++)
        STORE(out + v * LANES, sum[v]);
}

/* Add the samples from distance k to where filter `first` ends to the sums of it and all wider ones; `first` and `count` are
 * constants where this is inlined, so that the sums stay in registers. */
INLINE TARGET size_t NAME(widen)(V sums[][2], const float *in, const cseg_fir_group *group, size_t first, size_t count,
                                 size_t k) {
    for (; k <= group->radius[first]; k++) {
        const float *w = group->weights + 2 * count * k;
        const V pair = LOAD(in - k) + LOAD(in + k);
        for (size_t f = first; f < count; f++) {
            sums[f][0] = FMA(w[2 * f], pair, sums[f][0]);
            sums[f][1] = FMA(w[2 * f + 1], pair, sums[f][1]);
        }
    }
    return k;
}

INLINE TARGET void NAME(along_count)(float *out, size_t step, const float *in, const cseg_fir_group *group, size_t count) {
    for (size_t x = 0; x < CSEG_FIR_PANEL; x += LANES) {
        V sums[CSEG_FIR_GROUP][2];
        for (size_t f = 0; f < count; f++) {
            sums[f][0] = LOAD(in + x) * group->weights[2 * f];
            sums[f][1] = LOAD(in + x) * group->weights[2 * f + 1];
        }
        size_t k = NAME(widen)(sums, in + x, group, 0, count, 1);
        k = count > 1 ? NAME(widen)(sums, in + x, group, 1, count, k) : k;
        k = count > 2 ? NAME(widen)(sums, in + x, group, 2, count, k) : k;
        k = count > 3 ? NAME(widen)(sums, in + x, group, 3, count, k) : k;
        if (count > 4)
            (void)NAME(widen)(sums, in + x, group, 4, count, k);
        for (size_t f = 0; f < count; f++) {
            STORE(out + 2 * f * step + x, sums[f][0]);
            STORE(out + (2 * f + 1) * step + x, sums[f][1]);
        }
    }
}

TARGET static void NAME(along_group)(float *out, size_t step, const float *in, const cseg_fir_group *group) {
    switch (group->count) {
    case 1:
        NAME(along_count)(out, step, in, group, 1);
        break;
    case 2:
        NAME(along_count)(out, step, in, group, 2);
        break;
    case 3:
        NAME(along_count)(out, step, in, group, 3);
        break;
    case 4:
        NAME(along_count)(out, step, in, group, 4);
        break;
    default:
        NAME(along_count)(out, step, in, group, 5);
    }
}

/* Two output rows of neighbouring input rows go together: of the four they need at distance k two are known from k - 1. */
INLINE TARGET void NAME(across_pair)(float *out, size_t stride, const float *in, const float *w, size_t radius) {
    enum { TOGETHER = 2 };
    for (size_t x = 0; x < CSEG_FIR_PANEL; x += TOGETHER * LANES) {
        const float *above = in + x, *below = in + x + CSEG_FIR_PANEL;
        V near_above[TOGETHER], near_below[TOGETHER], sum[TOGETHER], next[TOGETHER];
        for (int v = 0; v < TOGETHER; v++) {
            near_above[v] = LOAD(above + v * LANES);
            near_below[v] = LOAD(below + v * LANES);
            sum[v] = near_above[v] * w[0];
            next[v] = near_below[v] * w[0];
        }
        for (size_t k = 1; k <= radius; k++) {
            above -= CSEG_FIR_PANEL;
            below += CSEG_FIR_PANEL;
            for (int v = 0; v < TOGETHER; v++) {
                const V far_above = LOAD(above + v * LANES), far_below = LOAD(below + v * LANES);
                sum[v] = FMA(w[k], far_above + near_below[v], sum[v]);
                next[v] = FMA(w[k], near_above[v] + far_below, next[v]);
                near_above[v] = far_above;
                near_below[v] = far_below;
            }
        }
        for (int v = 0; v < TOGETHER; v++) {
            STORE(out + x + v * LANES, sum[v]);
            STORE(out + stride + x + v * LANES, next[v]);
        }
    }
}

TARGET static void NAME(across)(float *out, size_t stride, const float *in, const float *w, size_t radius, size_t spacing) {
    if (spacing == 1) {
        NAME(across_pair)(out, stride, in, w, radius);
        return;
    }
    for (size_t row = 0; row < 2; row++)
        NAME(along)(out + row * stride, in + row * CSEG_FIR_PANEL, w, radius, spacing * CSEG_FIR_PANEL);
}

/* The same for the sum of two. */
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
            sum_a = FMA(w_a[k], far_above_a + near_below_a, sum_a);
            next_a = FMA(w_a[k], near_above_a + far_below_a, next_a);
            sum_b = FMA(w_b[k], far_above_b + near_below_b, sum_b);
            next_b = FMA(w_b[k], near_above_b + far_below_b, next_b);
            near_above_a = far_above_a;
            near_below_a = far_below_a;
            near_above_b = far_above_b;
            near_below_b = far_below_b;
        }
        STORE(out + x, sum_a + sum_b);
        STORE(out + stride + x, next_a + next_b);
    }
}

TARGET static void NAME(between)(float *out, bool more, const float *left, const float *right, const float *w, size_t count,
                                 size_t spacing) {
    V sum[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        sum[v] = more ? LOAD(out + v * LANES) : (V){0};
    for (size_t k = 0; k < count; k++) {
        for (int v = 0; v < VECTORS; v++)
            sum[v] = FMA(w[k], LOAD(left + v * LANES) + LOAD(right + v * LANES), sum[v]);
        left -= spacing;
        right += spacing;
    }
    for (int v = 0; v < VECTORS; v++)
        STORE(out + v * LANES, sum[v]);
}

static const cseg_fir_kernels NAME(kernels) = {NAME(along), NAME(along_group), NAME(across), NAME(across_both), NAME(between)};

#undef V
#undef LOAD
#undef STORE
#undef VECTORS
