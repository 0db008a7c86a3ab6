/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A smooth image needs only every second sample (Burt and Adelson 1983), so that slow filters run on a quarter of the pixels.
 * Reduce: convolution with a Gaussian of a variance of four pixels, along the rows, then down the columns, only at the samples
 * that stay. Expand: the samples are coefficients of the cubic spline (Unser 1999), which weighs four samples along each axis and
 * smooths by a variance of a third of a sample. Several planes are expanded side by side into one maximum, so that no expanded
 * plane is ever stored. Cost: 14 multiply-adds per pixel to reduce, 8 per pixel and plane to expand.
 */
#include "filter/pyramid.h"

#include "filter/filter_kernels.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

cellseg_status cseg_pyramid_new(cseg_plane *reduced, cellseg_context *context, const cseg_plane *image) {
    return cseg_plane_new(reduced, context, CELLSEG_FLOAT32, (image->height + 1) / 2, (image->width + 1) / 2);
}

/* ---- reduce ---- */

enum { PAIRS = 9, ROWS = 64, PANEL = CSEG_FIR_PANEL };

typedef struct reduce_job {
    cellseg_context *context;
    const cseg_plane *reduced, *image;
    const cseg_filter_kernels *kernels;
    size_t columns;                /* of a reduced row, a whole number of panels */
    float weight[PAIRS];           /* of the pixels at distance k + 1/2 from a sample */
    float even[PAIRS], odd[PAIRS]; /* the weights of even k, and of odd k */
} reduce_job;

static void set_weights(reduce_job *job) {
    double sum = 0, weights[PAIRS];
    for (size_t k = 0; k < PAIRS; k++) {
        const double x = (double)k + 0.5;
        weights[k] = cseg_math_exp(-0.5 * x * x / (4 * CSEG_PYRAMID_REDUCE_VARIANCE));
        sum += 2 * weights[k];
    }
    for (size_t k = 0; k < PAIRS; k++) {
        job->weight[k] = (float)(weights[k] / sum);
        (k % 2 == 0 ? job->even : job->odd)[k / 2] = job->weight[k];
    }
}

static void split_pairs(float *restrict even, float *restrict odd, const float *restrict row, size_t count) {
    for (size_t i = 0; i < count; i++) {
        even[i] = row[2 * i];
        odd[i] = row[2 * i + 1];
    }
}

/* Filter and reduce a row. `scratch` holds the row with margins, then its even pixels, then its odd pixels. */
static void reduce_row(float *out, const reduce_job *job, size_t y, float *scratch) {
    const size_t pairs = job->columns + PAIRS; /* of an even and an odd pixel, PAIRS / 2 of them before the row */
    float *even = scratch + 2 * pairs, *odd = even + pairs;
    const size_t before = PAIRS / 2, inside = job->image->type == CELLSEG_FLOAT32 ? job->image->width / 2 : 0; /* not copied */
    const size_t after = pairs - before - inside, period = 2 * job->image->width;
    cseg_load_reflected(scratch, job->image, period, y, -(ptrdiff_t)(2 * before), 2 * before);
    split_pairs(even, odd, scratch, before);
    split_pairs(even + before, odd + before, cseg_row_f32(job->image, y), inside);
    cseg_load_reflected(scratch, job->image, period, y, (ptrdiff_t)(2 * inside), 2 * after);
    split_pairs(even + before + inside, odd + before + inside, scratch, after);
    for (size_t x = 0; x < job->columns; x += PANEL) {
        const size_t at = x + before;
        job->kernels->fir_between(out + x, false, even + at, odd + at, job->even, (PAIRS + 1) / 2, 1);
        job->kernels->fir_between(out + x, true, odd + at - 1, even + at + 1, job->odd, PAIRS / 2, 1);
    }
}

static void reduce_columns(const reduce_job *job, size_t y, const float *rows) {
    for (size_t x = 0; x < job->reduced->width; x += PANEL) {
        const size_t width = smaller(job->reduced->width - x, PANEL);
        float out[PANEL];
        job->kernels->fir_between(out, false, rows + x, rows + job->columns + x, job->weight, PAIRS, job->columns);
        memcpy(cseg_row_f32(job->reduced, y) + x, out, width * sizeof *out);
    }
}

/* ROWS rows of the reduced plane, from the reduced rows of the image that these depend on. */
static cellseg_status reduce_band(void *data, size_t band) {
    const reduce_job *job = data;
    const size_t top = band * ROWS, end = smaller(top + ROWS, job->reduced->height), margin = PAIRS - 1;
    const size_t rows = 2 * (end - top) + 2 * margin;
    float *filtered = cseg_memory_alloc(job->context, rows * job->columns + 4 * (job->columns + PAIRS), sizeof *filtered);
    if (filtered == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < rows; i++) {
        const size_t y = cseg_period_reflect((ptrdiff_t)(2 * top + i) - (ptrdiff_t)margin, 2 * job->image->height);
        reduce_row(filtered + i * job->columns, job, y, filtered + rows * job->columns);
    }
    for (size_t y = top; y < end; y++)
        reduce_columns(job, y, filtered + (2 * (y - top) + margin) * job->columns);
    cseg_memory_free(filtered);
    return CELLSEG_OK;
}

cellseg_status cseg_pyramid_reduce(cellseg_context *context, const cseg_plane *reduced, const cseg_plane *image) {
    reduce_job job = {.context = context,
                      .reduced = reduced,
                      .image = image,
                      .kernels = cseg_filter_kernels_select(cellseg_context_cpu_level(context))};
    job.columns = (reduced->width + PANEL - 1) / PANEL * PANEL;
    set_weights(&job);
    return cseg_parallel_for(context, (reduced->height + ROWS - 1) / ROWS, reduce_band, &job);
}

/* ---- expand ---- */

enum { TAPS = CSEG_PYRAMID_TAPS, PIECE = 256 };

/* The cubic spline at distances of 7/4, 3/4, 1/4 and 5/4 samples. */
static const float spline[TAPS] = {1 / 384.0F, 121 / 384.0F, 235 / 384.0F, 27 / 384.0F};

typedef struct expand_job {
    const cseg_plane *to, *reduced;
    size_t count;
    bool accumulate;
    const cseg_filter_kernels *kernels;
} expand_job;

/* The same sum in the same order as the kernel expand_rows. */
static float expand_sample(const float *const rows[TAPS], const float w[TAPS], size_t x) {
    return (w[0] * rows[0][x] + w[1] * rows[1][x]) + (w[2] * rows[2][x] + w[3] * rows[3][x]);
}

/* Row y of the plane expanded along y: columns left - 2 to left + count + 2 of the samples, reflected outside the plane. */
static void expand_piece(float *out, const expand_job *job, const cseg_plane *reduced, size_t y, size_t left, size_t count) {
    const float *rows[TAPS];
    float weights[TAPS];
    for (size_t t = 0; t < TAPS; t++) {
        const ptrdiff_t row = (ptrdiff_t)(y / 2) + (y % 2 == 0 ? (ptrdiff_t)t - 2 : (ptrdiff_t)t - 1);
        rows[t] = cseg_row_f32(reduced, cseg_period_reflect(row, job->to->height));
        weights[t] = spline[y % 2 == 0 ? t : TAPS - 1 - t]; /* from the nearer side */
    }
    const size_t before = smaller(left, 2), after = smaller(reduced->width - left - count, 2);
    const size_t first = 2 - before, end = 2 + count + after; /* of the columns inside the plane */
    const float *inside[TAPS];
    for (size_t t = 0; t < TAPS; t++)
        inside[t] = rows[t] + left - before;
    job->kernels->expand_rows(out + first, inside, weights, end - first);
    for (size_t i = 0; i < count + 4; i++)
        if (i < first || i >= end)
            out[i] = expand_sample(rows, weights, cseg_period_reflect((ptrdiff_t)(left + i) - 2, job->to->width));
}

static void interleave(float *restrict out, const float *restrict even, const float *restrict odd, size_t count) {
    for (size_t x = 0; x < count; x++) {
        out[2 * x] = even[x];
        out[2 * x + 1] = odd[x];
    }
}

static void keep_larger(float *restrict out, const float *restrict values, size_t count) {
    for (size_t x = 0; x < count; x++)
        out[x] = out[x] > values[x] ? out[x] : values[x];
}

static cellseg_status expand_row(void *data, size_t y) {
    const expand_job *job = data;
    const size_t width = job->to->width, samples = (width + 1) / 2;
    for (size_t left = 0; left < samples; left += PIECE) {
        const size_t count = smaller(samples - left, PIECE), columns = smaller(width - 2 * left, 2 * count);
        float row[PIECE + 4], even[PIECE], odd[PIECE], both[2 * PIECE];
        size_t i = 0;
        do {
            expand_piece(row, job, &job->reduced[i], y, left, count);
            job->kernels->expand_columns(even, odd, row, spline, i > 0, count);
        } while (++i < job->count);
        interleave(both, even, odd, count);
        if (job->accumulate)
            keep_larger(cseg_row_f32(job->to, y) + 2 * left, both, columns);
        else
            memcpy(cseg_row_f32(job->to, y) + 2 * left, both, columns * sizeof *both);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_pyramid_expand(cellseg_context *context, const cseg_plane *to, bool accumulate, const cseg_plane *reduced,
                                   size_t count) {
    expand_job job = {to, reduced, count, accumulate, cseg_filter_kernels_select(cellseg_context_cpu_level(context))};
    return cseg_parallel_for(context, to->height, expand_row, &job);
}
