/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resampling, one axis at a time. An axis that shrinks: each output is the average over its exact area, fractions of samples
 * included. An axis that grows: linear or cubic interpolation between sample centres (Keys 1981, a = -1/2); the border's sample
 * is repeated beyond the border. Cost: one multiply-add per input sample and one per output sample to shrink, two or four times
 * two per output sample to grow.
 */
#include "filter/filter.h"

#include "filter/load.h"

#include <math.h>
#include <string.h>

enum { BAND_ROWS = 16 };

/* Each output sample i of an axis, from `begin` on, is the sum of `count` input samples from first[i - begin] on times
 * weights[(i - begin) * count + ...]. */
typedef struct axis {
    size_t begin, count;
    size_t *first;
    float *weights;
} axis;

static void axis_free(axis *a) {
    cseg_memory_free(a->first);
    cseg_memory_free(a->weights);
    *a = (axis){0};
}

/* The weight of an input sample is the fraction of output sample i's area that the input sample covers. */
static void area_weights(axis *a, size_t i, size_t to, size_t from) {
    const double scale = (double)from / (double)to;
    const double lo = (double)i * scale, hi = (double)(i + 1) * scale;
    size_t first = (size_t)lo;
    if (first + a->count > from)
        first = from - a->count;
    a->first[i - a->begin] = first;
    for (size_t k = 0; k < a->count; k++) {
        const double left = (double)(first + k);
        const double overlap = fmin(hi, left + 1) - fmax(lo, left);
        a->weights[(i - a->begin) * a->count + k] = (float)(fmax(overlap, 0) / scale);
    }
}

/* The weights of the samples around a place at `t`, 0 to 1, between two samples. */
static void linear_taps(double *taps, double t) {
    taps[0] = 1 - t;
    taps[1] = t;
}

static void cubic_taps(double *taps, double t) {
    taps[0] = ((2 - t) * t - 1) * t / 2;
    taps[1] = ((3 * t - 5) * t * t + 2) / 2;
    taps[2] = ((4 - 3 * t) * t + 1) * t / 2;
    taps[3] = (t - 1) * t * t / 2;
}

static void interpolation_weights(axis *a, size_t i, size_t to, size_t from, ptrdiff_t taps) {
    const double place = ((double)i + 0.5) * (double)from / (double)to - 0.5, below = floor(place);
    double values[4];
    if (taps == 2)
        linear_taps(values, place - below);
    else
        cubic_taps(values, place - below);
    const ptrdiff_t leftmost = (ptrdiff_t)below - taps / 2 + 1, end = (ptrdiff_t)(from - a->count), last = (ptrdiff_t)from - 1;
    const ptrdiff_t first = leftmost < 0 ? 0 : leftmost < end ? leftmost : end;
    a->first[i - a->begin] = (size_t)first;
    float *weights = a->weights + (i - a->begin) * a->count;
    memset(weights, 0, a->count * sizeof *weights);
    for (ptrdiff_t k = 0; k < taps; k++) {
        const ptrdiff_t j = leftmost + k < 0 ? 0 : leftmost + k < last ? leftmost + k : last;
        weights[j - first] += (float)values[k];
    }
}

/* The largest number of samples that the area of an output overlaps. */
static size_t area_count(size_t to, size_t from) {
    const double scale = (double)from / (double)to;
    size_t largest = 1;
    for (size_t i = 0; i < to; i++) {
        const size_t count = (size_t)ceil((double)(i + 1) * scale) - (size_t)((double)i * scale);
        largest = count > largest ? count : largest;
    }
    return largest < from ? largest : from;
}

/* The output samples begin .. begin + length of an axis of `to` samples. */
static cellseg_status axis_new(axis *a, cellseg_context *context, size_t begin, size_t length, size_t to, size_t from,
                               bool cubic) {
    const bool shrinks = to < from;
    const size_t taps = cubic ? 4 : 2;
    *a = (axis){.begin = begin, .count = shrinks ? area_count(to, from) : taps < from ? taps : from};
    size_t weights;
    if (!cseg_memory_mul(length, a->count, &weights))
        return cseg_fail(CELLSEG_ERR_MEMORY, "%zu weights of %zu samples are too much", length, a->count);
    a->first = cseg_memory_alloc(context, length, sizeof *a->first);
    a->weights = cseg_memory_alloc(context, weights, sizeof *a->weights);
    if (a->first == NULL || a->weights == NULL) {
        axis_free(a);
        return cseg_error_last();
    }
    for (size_t i = begin; i < begin + length; i++)
        if (shrinks)
            area_weights(a, i, to, from);
        else
            interpolation_weights(a, i, to, from, (ptrdiff_t)taps);
    return CELLSEG_OK;
}

/* `from` begins at (top, left) of the whole input. */
typedef struct resample_job {
    cellseg_context *context;
    const cseg_plane *to, *from;
    size_t top, left;
    bool is_half; /* columns shrink to a half */
    axis rows, columns;
} resample_job;

/* sum = the weighted sum of the input rows of output row y. */
static void mix_rows(float *restrict sum, float *scratch, const resample_job *job, size_t y) {
    const axis *a = &job->rows;
    const size_t width = job->from->width;
    for (size_t k = 0; k < a->count; k++) {
        const float *row = cseg_row_f32(job->from, a->first[y] - job->top + k);
        if (job->from->type != CELLSEG_FLOAT32) {
            cseg_plane_load_f32(scratch, job->from, a->first[y] - job->top + k, 0, width);
            row = scratch;
        }
        const float weight = a->weights[y * a->count + k];
        if (k == 0)
            for (size_t x = 0; x < width; x++)
                sum[x] = weight * row[x];
        else
            for (size_t x = 0; x < width; x++)
                sum[x] += weight * row[x];
    }
}

/* A factor of two: constant places of the samples let the compiler vectorise the loop. The same sums as below. */
static void mix_pairs(float *restrict to, const float *restrict row, const float *weights, size_t width) {
    const float first = weights[0], second = weights[1];
    for (size_t x = 0; x < width; x++)
        to[x] = first * row[2 * x] + second * row[2 * x + 1];
}

/* row: of the input, from column `left` on. */
static void mix_columns(float *restrict to, const float *restrict row, const axis *a, size_t width, size_t left, bool is_half) {
    if (is_half) {
        mix_pairs(to, row + a->first[0] - left, a->weights, width);
        return;
    }
    for (size_t x = 0; x < width; x++) {
        const float *samples = row + (a->first[x] - left), *weights = a->weights + x * a->count;
        float sum = weights[0] * samples[0];
        for (size_t k = 1; k < a->count; k++)
            sum += weights[k] * samples[k];
        to[x] = sum;
    }
}

static cellseg_status resample_band(void *data, size_t band) {
    const resample_job *job = data;
    const size_t width = job->from->width;
    float *scratch = cseg_memory_alloc(job->context, width, 2 * sizeof *scratch);
    if (scratch == NULL)
        return cseg_error_last();
    for (size_t y = band * BAND_ROWS; y < (band + 1) * BAND_ROWS && y < job->to->height; y++) {
        mix_rows(scratch, scratch + width, job, y);
        mix_columns(cseg_row_f32(job->to, y), scratch, &job->columns, job->to->width, job->left, job->is_half);
    }
    cseg_memory_free(scratch);
    return CELLSEG_OK;
}

static cellseg_status resample(cellseg_context *context, const cseg_piece *to, const cseg_piece *from, bool cubic) {
    const cseg_plane *out = &to->plane;
    assert(out->type == CELLSEG_FLOAT32 && out->data != from->plane.data);
    resample_job job = {.context = context,
                        .to = out,
                        .from = &from->plane,
                        .top = from->top,
                        .left = from->left,
                        .is_half = from->width == 2 * to->width};
    cellseg_status status = axis_new(&job.rows, context, to->top, out->height, to->height, from->height, cubic);
    if (status == CELLSEG_OK)
        status = axis_new(&job.columns, context, to->left, out->width, to->width, from->width, cubic);
    if (status == CELLSEG_OK)
        status = cseg_parallel_for(context, (out->height + BAND_ROWS - 1) / BAND_ROWS, resample_band, &job);
    axis_free(&job.columns);
    axis_free(&job.rows);
    return status;
}

cellseg_status cseg_resample_linear_piece(cellseg_context *context, const cseg_piece *to, const cseg_piece *from) {
    if (to->height != from->height || to->width != from->width)
        return resample(context, to, from, false);
    const cseg_rect inside = {to->top - from->top, to->left - from->left, to->plane.height, to->plane.width};
    const cseg_plane same = cseg_view_of(&from->plane, &inside);
    return cseg_plane_to_f32(context, &to->plane, &same);
}

cellseg_status cseg_resample_linear(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    const cseg_piece out = cseg_piece_of(to), in = cseg_piece_of(from);
    return cseg_resample_linear_piece(context, &out, &in);
}

cellseg_status cseg_resample_cubic(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    const cseg_piece out = cseg_piece_of(to), in = cseg_piece_of(from);
    if (cseg_plane_same_size(to, from))
        return cseg_plane_to_f32(context, to, from);
    return resample(context, &out, &in, true);
}

/* Samples of the input that output samples begin .. end of an axis may depend on. */
static void axis_needs(size_t *first, size_t *last, size_t begin, size_t end, size_t to, size_t from) {
    const double scale = (double)from / (double)to;
    const double low = floor((double)begin * scale) - 2, high = ceil((double)end * scale) + 2;
    *first = low > 0 ? (size_t)low : 0;
    *last = high < (double)from ? (size_t)high : from;
}

cseg_rect cseg_resample_needs(const cseg_rect *to, size_t to_height, size_t to_width, size_t from_height, size_t from_width) {
    size_t top, left, bottom, right;
    axis_needs(&top, &bottom, to->top, cseg_rectangle_bottom(to), to_height, from_height);
    axis_needs(&left, &right, to->left, cseg_rectangle_right(to), to_width, from_width);
    return (cseg_rect){top, left, bottom - top, right - left};
}

/* ---- nearest ---- */

/* floor((i + 1/2) * from / to), in integers, so that the sample is the same on every machine. Sizes are below 2^31. */
static size_t nearest(size_t i, size_t to, size_t from) {
    return (size_t)(((uint64_t)(2 * i + 1) * from) / (2 * (uint64_t)to));
}

static cellseg_status nearest_row(void *data, size_t y) {
    const resample_job *job = data;
    const void *from = cseg_row_at(job->from, nearest(y, job->to->height, job->from->height));
    void *to = cseg_row_at(job->to, y);
    const size_t *columns = job->columns.first;
    if (job->to->type == CELLSEG_UINT8)
        for (size_t x = 0; x < job->to->width; x++)
            ((uint8_t *)to)[x] = ((const uint8_t *)from)[columns[x]];
    else
        for (size_t x = 0; x < job->to->width; x++)
            ((uint32_t *)to)[x] = ((const uint32_t *)from)[columns[x]];
    return CELLSEG_OK;
}

cellseg_status cseg_resample_nearest(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    assert(to->type == from->type && (to->type == CELLSEG_UINT8 || to->type == CELLSEG_UINT32) && to->data != from->data);
    resample_job job = {.context = context, .to = to, .from = from};
    job.columns.first = cseg_memory_alloc(context, to->width, sizeof *job.columns.first);
    if (job.columns.first == NULL)
        return cseg_error_last();
    for (size_t x = 0; x < to->width; x++)
        job.columns.first[x] = nearest(x, to->width, from->width);
    const cellseg_status status = cseg_parallel_for(context, to->height, nearest_row, &job);
    axis_free(&job.columns);
    return status;
}
