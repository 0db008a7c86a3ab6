/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every kernel of the filter room, written once for all vector widths. A file that includes this header is one row of the kernel
 * table and has defined:
 *   TARGET             the attribute that lets the compiler use the row's instructions
 *   vec, WIDTH         a vector of WIDTH floats; + and * work on it
 *   vec_fma(a, b, c)   a * b + c, rounded once; a is one float, for all lanes
 *   ROW_NAME           the table's name
 * Every output adds its products in one stated order, so that all rows give the same bytes.
 */
#define INLINE_BODY TARGET static inline __attribute__((always_inline))

typedef float unaligned_vec __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

INLINE_BODY vec vec_load(const float *p) {
    return *(const unaligned_vec *)p;
}
INLINE_BODY void vec_store(float *p, vec v) {
    *(unaligned_vec *)p = v;
}

/* ---- direct convolution; see fir.c ---- */

enum { PANEL_VECTORS = CSEG_FIR_PANEL / WIDTH };

TARGET static void fir_along(float *out, const float *in, const float *w, size_t radius, size_t spacing) {
    vec sum[PANEL_VECTORS];
    for (size_t v = 0; v < PANEL_VECTORS; v++)
        sum[v] = vec_load(in + v * WIDTH) * w[0];
    const float *left = in, *right = in;
    for (size_t k = 1; k <= radius; k++) {
        left -= spacing;
        right += spacing;
        for (size_t v = 0; v < PANEL_VECTORS; v++)
            sum[v] = vec_fma(w[k], vec_load(left + v * WIDTH) + vec_load(right + v * WIDTH), sum[v]);
    }
    for (size_t v = 0; v < PANEL_VECTORS; v++)
        vec_store(out + v * WIDTH, sum[v]);
}

/* Add the samples from distance k to the end of filter `first` to the sums of this filter and all longer ones. `first` and
 * `count` are constants where this is inlined, so that the sums stay in registers. */
INLINE_BODY size_t add_longer(vec sums[][2], const float *in, const cseg_fir_group *group, size_t first, size_t count, size_t k) {
    for (; k <= group->radius[first]; k++) {
        const float *w = group->weights + 2 * count * k;
        const vec pair = vec_load(in - k) + vec_load(in + k);
        for (size_t f = first; f < count; f++) {
            sums[f][0] = vec_fma(w[2 * f], pair, sums[f][0]);
            sums[f][1] = vec_fma(w[2 * f + 1], pair, sums[f][1]);
        }
    }
    return k;
}

INLINE_BODY void along_count(float *out, size_t step, const float *in, const cseg_fir_group *group, size_t count) {
    for (size_t x = 0; x < CSEG_FIR_PANEL; x += WIDTH) {
        vec sums[CSEG_FIR_GROUP][2];
        for (size_t f = 0; f < count; f++) {
            sums[f][0] = vec_load(in + x) * group->weights[2 * f];
            sums[f][1] = vec_load(in + x) * group->weights[2 * f + 1];
        }
        size_t k = add_longer(sums, in + x, group, 0, count, 1);
        k = count > 1 ? add_longer(sums, in + x, group, 1, count, k) : k;
        k = count > 2 ? add_longer(sums, in + x, group, 2, count, k) : k;
        k = count > 3 ? add_longer(sums, in + x, group, 3, count, k) : k;
        if (count > 4)
            (void)add_longer(sums, in + x, group, 4, count, k);
        for (size_t f = 0; f < count; f++) {
            vec_store(out + 2 * f * step + x, sums[f][0]);
            vec_store(out + (2 * f + 1) * step + x, sums[f][1]);
        }
    }
}

TARGET static void fir_along_group(float *out, size_t step, const float *in, const cseg_fir_group *group) {
    switch (group->count) {
    case 1:
        along_count(out, step, in, group, 1);
        break;
    case 2:
        along_count(out, step, in, group, 2);
        break;
    case 3:
        along_count(out, step, in, group, 3);
        break;
    case 4:
        along_count(out, step, in, group, 4);
        break;
    default:
        along_count(out, step, in, group, 5);
    }
}

/* Two neighbouring output rows together: of the four input rows at distance k, two are known from distance k - 1. */
INLINE_BODY void across_pair(float *out, size_t stride, const float *in, const float *w, size_t radius) {
    enum { TOGETHER = 2 };
    for (size_t x = 0; x < CSEG_FIR_PANEL; x += TOGETHER * WIDTH) {
        const float *above = in + x, *below = in + x + CSEG_FIR_PANEL;
        vec near_above[TOGETHER], near_below[TOGETHER], sum[TOGETHER], next[TOGETHER];
        for (size_t v = 0; v < TOGETHER; v++) {
            near_above[v] = vec_load(above + v * WIDTH);
            near_below[v] = vec_load(below + v * WIDTH);
            sum[v] = near_above[v] * w[0];
            next[v] = near_below[v] * w[0];
        }
        for (size_t k = 1; k <= radius; k++) {
            above -= CSEG_FIR_PANEL;
            below += CSEG_FIR_PANEL;
            for (size_t v = 0; v < TOGETHER; v++) {
                const vec far_above = vec_load(above + v * WIDTH), far_below = vec_load(below + v * WIDTH);
                sum[v] = vec_fma(w[k], far_above + near_below[v], sum[v]);
                next[v] = vec_fma(w[k], near_above[v] + far_below, next[v]);
                near_above[v] = far_above;
                near_below[v] = far_below;
            }
        }
        for (size_t v = 0; v < TOGETHER; v++) {
            vec_store(out + x + v * WIDTH, sum[v]);
            vec_store(out + stride + x + v * WIDTH, next[v]);
        }
    }
}

TARGET static void fir_across(float *out, size_t stride, const float *in, const float *w, size_t radius, size_t spacing) {
    if (spacing == 1)
        across_pair(out, stride, in, w, radius);
    else
        for (size_t row = 0; row < 2; row++)
            fir_along(out + row * stride, in + row * CSEG_FIR_PANEL, w, radius, spacing * CSEG_FIR_PANEL);
}

TARGET static void fir_across_sum(float *out, size_t stride, const float *a, const float *b, const float *w_a, const float *w_b,
                                  size_t radius) {
    for (size_t x = 0; x < CSEG_FIR_PANEL; x += WIDTH) {
        const float *above_a = a + x, *below_a = a + x + CSEG_FIR_PANEL;
        const float *above_b = b + x, *below_b = b + x + CSEG_FIR_PANEL;
        vec near_above_a = vec_load(above_a), near_below_a = vec_load(below_a);
        vec near_above_b = vec_load(above_b), near_below_b = vec_load(below_b);
        vec sum_a = near_above_a * w_a[0], next_a = near_below_a * w_a[0];
        vec sum_b = near_above_b * w_b[0], next_b = near_below_b * w_b[0];
        for (size_t k = 1; k <= radius; k++) {
            above_a -= CSEG_FIR_PANEL;
            below_a += CSEG_FIR_PANEL;
            above_b -= CSEG_FIR_PANEL;
            below_b += CSEG_FIR_PANEL;
            const vec far_above_a = vec_load(above_a), far_below_a = vec_load(below_a);
            const vec far_above_b = vec_load(above_b), far_below_b = vec_load(below_b);
            sum_a = vec_fma(w_a[k], far_above_a + near_below_a, sum_a);
            next_a = vec_fma(w_a[k], near_above_a + far_below_a, next_a);
            sum_b = vec_fma(w_b[k], far_above_b + near_below_b, sum_b);
            next_b = vec_fma(w_b[k], near_above_b + far_below_b, next_b);
            near_above_a = far_above_a;
            near_below_a = far_below_a;
            near_above_b = far_above_b;
            near_below_b = far_below_b;
        }
        vec_store(out + x, sum_a + sum_b);
        vec_store(out + stride + x, next_a + next_b);
    }
}

TARGET static void fir_between(float *out, bool accumulate, const float *left, const float *right, const float *w, size_t count,
                               size_t spacing) {
    vec sum[PANEL_VECTORS];
    for (size_t v = 0; v < PANEL_VECTORS; v++)
        sum[v] = accumulate ? vec_load(out + v * WIDTH) : (vec){0};
    for (size_t k = 0; k < count; k++) {
        for (size_t v = 0; v < PANEL_VECTORS; v++)
            sum[v] = vec_fma(w[k], vec_load(left + v * WIDTH) + vec_load(right + v * WIDTH), sum[v]);
        left -= spacing;
        right += spacing;
    }
    for (size_t v = 0; v < PANEL_VECTORS; v++)
        vec_store(out + v * WIDTH, sum[v]);
}

/* ---- plain loops that the compiler vectorises ---- */

TARGET static void laplacian(float *restrict out, const float *const rows[3], size_t step, float scale, size_t count) {
    const float *restrict above = rows[0], *restrict row = rows[1], *restrict below = rows[2];
    const size_t end = 2 * step;
    for (size_t x = 0; x < count; x++) {
        const float corners = (above[x] + above[x + end]) + (below[x] + below[x + end]);
        const float edges = (above[x + step] + below[x + step]) + (row[x] + row[x + end]);
        out[x] = scale * ((corners + 4 * edges) - 20 * row[x + step]);
    }
}

TARGET static void expand_rows(float *restrict out, const float *const rows[CSEG_PYRAMID_TAPS],
                               const float weights[CSEG_PYRAMID_TAPS], size_t count) {
    const float *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2], *restrict d = rows[3];
    const float w[CSEG_PYRAMID_TAPS] = {weights[0], weights[1], weights[2], weights[3]};
    for (size_t x = 0; x < count; x++)
        out[x] = (w[0] * a[x] + w[1] * b[x]) + (w[2] * c[x] + w[3] * d[x]);
}

TARGET static void expand_columns(float *restrict even, float *restrict odd, const float *restrict in,
                                  const float weights[CSEG_PYRAMID_TAPS], bool accumulate, size_t count) {
    const float w[CSEG_PYRAMID_TAPS] = {weights[0], weights[1], weights[2], weights[3]};
    for (size_t x = 0; x < count; x++) {
        const float left = (w[0] * in[x] + w[1] * in[x + 1]) + (w[2] * in[x + 2] + w[3] * in[x + 3]);
        const float right = (w[0] * in[x + 4] + w[1] * in[x + 3]) + (w[2] * in[x + 2] + w[3] * in[x + 1]);
        even[x] = accumulate && even[x] > left ? even[x] : left;
        odd[x] = accumulate && odd[x] > right ? odd[x] : right;
    }
}

#define DEFINE_BINS(name, type)                                                                                                  \
    TARGET static void name(uint32_t *restrict bins, const void *restrict row, size_t count, const cseg_binning *b) {            \
        const type *values = row;                                                                                                \
        const double lo = b->lo, hi = b->hi, scale = b->scale, outside = (double)b->bins, last = outside - 1;                    \
        for (size_t i = 0; i < count; i++) {                                                                                     \
            const double value = (double)values[i], place = (value - lo) * scale;                                                \
            double bin = place < last ? place : last;                                                                            \
            bin = value >= lo ? bin : outside;                                                                                   \
            bin = value <= hi ? bin : outside;                                                                                   \
            bins[i] = (uint32_t)(int32_t)bin;                                                                                    \
        }                                                                                                                        \
    }
DEFINE_BINS(bins_u8, uint8_t)
DEFINE_BINS(bins_u16, uint16_t)
DEFINE_BINS(bins_u32, uint32_t)
DEFINE_BINS(bins_i16, int16_t)
DEFINE_BINS(bins_i32, int32_t)
DEFINE_BINS(bins_f32, float)
DEFINE_BINS(bins_f64, double)

const cseg_filter_kernels ROW_NAME = {
    .fir_along = fir_along,
    .fir_along_group = fir_along_group,
    .fir_across = fir_across,
    .fir_across_sum = fir_across_sum,
    .fir_between = fir_between,
    .laplacian = laplacian,
    .expand_rows = expand_rows,
    .expand_columns = expand_columns,
    .bins = {[CELLSEG_UINT8] = bins_u8,
             [CELLSEG_UINT16] = bins_u16,
             [CELLSEG_UINT32] = bins_u32,
             [CELLSEG_INT16] = bins_i16,
             [CELLSEG_INT32] = bins_i32,
             [CELLSEG_FLOAT32] = bins_f32,
             [CELLSEG_FLOAT64] = bins_f64},
};
