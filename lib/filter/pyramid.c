/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is smooth needs only every second sample (Burt and Adelson 1983): what takes long is done there, for a quarter of the
 * work. Down: convolution with a Gaussian of a variance of four pixels, along the rows, then down the columns, only where a
 * sample is kept. Up: the samples as coefficients of the cubic spline (Unser 1999), which smooths by a third of a sample; it
 * weighs four samples each way. Several planes are enlarged side by side into one maximum, so that none is ever stored at full
 * size. Cost: down 14 multiply-adds for each pixel, up 8 for each pixel and plane.
 */
#include "filter/pyramid.h"

#include "filter/fir.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

cellseg_status cseg_pyramid_new(cseg_plane *half, cellseg_context *context, const cseg_plane *whole) {
    return cseg_plane_new(half, context, CELLSEG_FLOAT32, (whole->height + 1) / 2, (whole->width + 1) / 2);
}

/* ---- down ---- */

enum { PAIRS = 9, ROWS = 64, PANEL = CSEG_FIR_PANEL };

typedef struct shrink_job {
    cellseg_context *context;
    const cseg_plane *half, *from;
    const cseg_fir_kernels *kernels;
    size_t columns;                /* of a half-size row, a whole number of panels */
    float weight[PAIRS];           /* of the pixels k + 1/2 from a sample */
    float even[PAIRS], odd[PAIRS]; /* those of even k, and of odd k */
} shrink_job;

static void set_weights(shrink_job *job) {
    double sum = 0, weights[PAIRS];
    for (size_t k = 0; k < PAIRS; k++) {
        const double x = (double)k + 0.5;
        weights[k] = cseg_math_exp(-0.5 * x * x / (4 * CSEG_HALF_SHRINK_VARIANCE));
        sum += 2 * weights[k];
    }
    for (size_t k = 0; k < PAIRS; k++) {
        job->weight[k] = (float)(weights[k] / sum);
        (k % 2 == 0 ? job->even : job->odd)[k / 2] = job->weight[k];
    }
}

static void part_pairs(float *restrict even, float *restrict odd, const float *restrict row, size_t count) {
    for (size_t i = 0; i < count; i++) {
        even[i] = row[2 * i];
        odd[i] = row[2 * i + 1];
    }
}

/* A row filtered and shrunk. `scratch`: the row with margins, then its even and its odd pixels. */
static void shrink_row(float *out, const shrink_job *job, size_t y, float *scratch) {
    const size_t pairs = job->columns + PAIRS; /* of an even and an odd pixel, PAIRS / 2 of them before the row */
    float *even = scratch + 2 * pairs, *odd = even + pairs;
    const size_t before = PAIRS / 2, inside = job->from->type == CELLSEG_FLOAT32 ? job->from->width / 2 : 0; /* without a copy */
    const size_t after = pairs - before - inside, period = 2 * job->from->width;
    cseg_load_reflected(scratch, job->from, period, y, -(ptrdiff_t)(2 * before), 2 * before);
    part_pairs(even, odd, scratch, before);
    part_pairs(even + before, odd + before, cseg_row_f32(job->from, y), inside);
    cseg_load_reflected(scratch, job->from, period, y, (ptrdiff_t)(2 * inside), 2 * after);
    part_pairs(even + before + inside, odd + before + inside, scratch, after);
    for (size_t x = 0; x < job->columns; x += PANEL) {
        const size_t at = x + before;
        job->kernels->between(out + x, false, even + at, odd + at, job->even, (PAIRS + 1) / 2, 1);
        job->kernels->between(out + x, true, odd + at - 1, even + at + 1, job->odd, PAIRS / 2, 1);
    }
}

static void shrink_columns(const shrink_job *job, size_t y, const float *rows) {
    for (size_t x = 0; x < job->half->width; x += PANEL) {
        const size_t width = smaller(job->half->width - x, PANEL);
        float out[PANEL];
        job->kernels->between(out, false, rows + x, rows + job->columns + x, job->weight, PAIRS, job->columns);
        memcpy(cseg_row_f32(job->half, y) + x, out, width * sizeof *out);
    }
}

/* ROWS rows of the half-size plane, and the rows of the image they need, shrunk. */
static cellseg_status shrink_band(void *data, size_t band) {
    const shrink_job *job = data;
    const size_t top = band * ROWS, end = smaller(top + ROWS, job->half->height), margin = PAIRS - 1;
    const size_t rows = 2 * (end - top) + 2 * margin;
    float *shrunk = cseg_memory_alloc(job->context, rows * job->columns + 4 * (job->columns + PAIRS), sizeof *shrunk);
    if (shrunk == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < rows; i++) {
        const size_t y = cseg_period_reflect((ptrdiff_t)(2 * top + i) - (ptrdiff_t)margin, 2 * job->from->height);
        shrink_row(shrunk + i * job->columns, job, y, shrunk + rows * job->columns);
    }
    for (size_t y = top; y < end; y++)
        shrink_columns(job, y, shrunk + (2 * (y - top) + margin) * job->columns);
    cseg_memory_free(shrunk);
    return CELLSEG_OK;
}

cellseg_status cseg_pyramid_reduce(cellseg_context *context, const cseg_plane *half, const cseg_plane *from) {
    shrink_job job = {.context = context, .half = half, .from = from, .kernels = cseg_fir_kernels_for(context)};
    job.columns = (half->width + PANEL - 1) / PANEL * PANEL;
    set_weights(&job);
    return cseg_parallel_for(context, (half->height + ROWS - 1) / ROWS, shrink_band, &job);
}

/* ---- up ---- */

enum { TAPS = 4, PIECE = 256 };

/* The cubic spline 7/4, 3/4, 1/4 and 5/4 of a sample from its middle. */
static const float near_left[TAPS] = {1 / 384.0F, 121 / 384.0F, 235 / 384.0F, 27 / 384.0F};

typedef struct raise_job raise_job;

/*
 * Between the rows: out = the four weighted and added. Between the columns: even and odd raised to what `in`, which begins two
 * samples earlier, is worth a quarter of a sample to either side. Plain arithmetic: the same bytes at any vector width.
 */
typedef struct raise_kernels {
    void (*rows)(float *out, const float *const rows[TAPS], const float weights[TAPS], size_t count);
    void (*columns)(float *even, float *odd, const float *in, bool more, size_t count);
    /* the two interleaved, or what `to` holds where that is larger */
    void (*interleave)(float *to, const float *even, const float *odd, bool more, size_t count);
} raise_kernels;

struct raise_job {
    const cseg_plane *to, *halves;
    size_t count;
    bool more;
    raise_kernels kernels;
};

static inline float four_added(const float in[TAPS], const float w[TAPS]) {
    return (w[0] * in[0] + w[1] * in[1]) + (w[2] * in[2] + w[3] * in[3]);
}

#define DEFINE_RAISE(level)                                                                                                      \
    TARGET_##level static void rows_##level(float *restrict out, const float *const rows[TAPS], const float weights[TAPS],       \
                                            size_t count) {                                                                      \
        const float *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2], *restrict d = rows[3];                  \
        const float w[TAPS] = {weights[0], weights[1], weights[2], weights[3]};                                                  \
        for (size_t x = 0; x < count; x++)                                                                                       \
            out[x] = (w[0] * a[x] + w[1] * b[x]) + (w[2] * c[x] + w[3] * d[x]);                                                  \
    }                                                                                                                            \
    TARGET_##level static void columns_##level(float *restrict even, float *restrict odd, const float *restrict in, bool more,   \
                                               size_t count) {                                                                   \
        const float w[TAPS] = {near_left[0], near_left[1], near_left[2], near_left[3]};                                          \
        for (size_t x = 0; x < count; x++) {                                                                                     \
            const float left = (w[0] * in[x] + w[1] * in[x + 1]) + (w[2] * in[x + 2] + w[3] * in[x + 3]);                        \
            const float right = (w[0] * in[x + 4] + w[1] * in[x + 3]) + (w[2] * in[x + 2] + w[3] * in[x + 1]);                   \
            even[x] = more && even[x] > left ? even[x] : left;                                                                   \
            odd[x] = more && odd[x] > right ? odd[x] : right;                                                                    \
        }                                                                                                                        \
    }                                                                                                                            \
    TARGET_##level static void interleave_##level(float *restrict to, const float *restrict even, const float *restrict odd,     \
                                                  bool more, size_t count) {                                                     \
        for (size_t x = 0; x < count; x++) {                                                                                     \
            to[2 * x] = more && to[2 * x] > even[x] ? to[2 * x] : even[x];                                                       \
            to[2 * x + 1] = more && to[2 * x + 1] > odd[x] ? to[2 * x + 1] : odd[x];                                             \
        }                                                                                                                        \
    }

#define TARGET_portable
DEFINE_RAISE(portable)
#if defined(__x86_64__)
#define TARGET_avx2 __attribute__((target("avx2")))
DEFINE_RAISE(avx2)
#endif

static raise_kernels kernels_for(const cellseg_context *context) {
#if defined(__x86_64__)
    if (cellseg_context_cpu_level(context) != CELLSEG_CPU_PORTABLE)
        return (raise_kernels){rows_avx2, columns_avx2, interleave_avx2};
#endif
    (void)context;
    return (raise_kernels){rows_portable, columns_portable, interleave_portable};
}

/* Row y of the enlarged plane, columns of samples left - 2 to left + count + 2, those outside reflected. */
static void enlarge_rows(float *out, const raise_job *job, const cseg_plane *half, size_t y, size_t left, size_t count) {
    const float *rows[TAPS];
    float weights[TAPS];
    for (size_t t = 0; t < TAPS; t++) {
        const size_t place = y % 2 == 0 ? t : TAPS - 1 - t; /* from the side that is nearer */
        const ptrdiff_t row = (ptrdiff_t)(y / 2) + (y % 2 == 0 ? (ptrdiff_t)t - 2 : (ptrdiff_t)t - 1);
        rows[t] = cseg_row_f32(half, cseg_period_reflect(row, job->to->height));
        weights[t] = near_left[place];
    }
    const size_t before = smaller(left, 2), after = smaller(half->width - left - count, 2);
    const float *inside[TAPS];
    for (size_t t = 0; t < TAPS; t++)
        inside[t] = rows[t] + left - before;
    job->kernels.rows(out + 2 - before, inside, weights, before + count + after);
    for (size_t i = 0; i < count + 4; i++) {
        if (i == 2 - before)
            i += before + count + after;
        if (i >= count + 4)
            break;
        const size_t x = cseg_period_reflect((ptrdiff_t)(left + i) - 2, job->to->width);
        out[i] = four_added((const float[]){rows[0][x], rows[1][x], rows[2][x], rows[3][x]}, weights);
    }
}

static cellseg_status raise_row(void *data, size_t y) {
    const raise_job *job = data;
    const size_t width = job->to->width, half_width = (width + 1) / 2;
    for (size_t left = 0; left < half_width; left += PIECE) {
        const size_t count = smaller(half_width - left, PIECE);
        float row[PIECE + 4], even[PIECE], odd[PIECE];
        for (size_t h = 0; h < job->count; h++) {
            enlarge_rows(row, job, &job->halves[h], y, left, count);
            job->kernels.columns(even, odd, row, h > 0, count);
        }
        float *to = cseg_row_f32(job->to, y) + 2 * left;
        const size_t pairs = smaller(width / 2 - left, count);
        job->kernels.interleave(to, even, odd, job->more, pairs);
        if (pairs < count) /* an odd width ends with an even column */
            to[2 * pairs] = job->more && to[2 * pairs] > even[pairs] ? to[2 * pairs] : even[pairs];
    }
    return CELLSEG_OK;
}

cellseg_status cseg_pyramid_expand(cellseg_context *context, const cseg_plane *to, bool more, const cseg_plane *halves,
                                   size_t count) {
    raise_job job = {to, halves, count, more, kernels_for(context)};
    return cseg_parallel_for(context, to->height, raise_row, &job);
}
