/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resampling, one axis at a time: where an axis shrinks each output is the average over its exact area, fractions of samples
 * included; where it grows, linear interpolation between sample centres, clamped at the border.
 * Cost: one multiply-add per input sample and one per output sample where it shrinks, four per output sample where it grows.
 */
#include "filter/filter.h"

#include "filter/sample.h"

#include <math.h>

enum { BAND_ROWS = 16 };

/* What each output sample of an axis is made of: `count` input samples from first[i] on, weights[i * count + ...]. */
typedef struct axis {
    size_t count;
    size_t *first;
    float *weights;
} axis;

static void axis_free(axis *a) {
    cseg_free(a->first);
    cseg_free(a->weights);
    *a = (axis){0};
}

/* The weight of input sample j is the part of output sample i's area that it covers. */
static void area_weights(axis *a, size_t i, size_t to, size_t from) {
    const double scale = (double)from / (double)to;
    const double lo = (double)i * scale, hi = (double)(i + 1) * scale;
    size_t first = (size_t)lo;
    if (first + a->count > from)
        first = from - a->count;
    a->first[i] = first;
    for (size_t k = 0; k < a->count; k++) {
        const double left = (double)(first + k);
        const double overlap = fmin(hi, left + 1) - fmax(lo, left);
        a->weights[i * a->count + k] = (float)(fmax(overlap, 0) / scale);
    }
}

static void linear_weights(axis *a, size_t i, size_t to, size_t from) {
    const double place = ((double)i + 0.5) * (double)from / (double)to - 0.5;
    const double clamped = fmin(fmax(place, 0), (double)(from - 1));
    size_t first = (size_t)clamped;
    if (first + a->count > from)
        first = from - a->count;
    a->first[i] = first;
    const double fraction = clamped - (double)first;
    a->weights[i * a->count] = (float)(1 - fraction);
    if (a->count == 2)
        a->weights[i * 2 + 1] = (float)fraction;
}

static cellseg_status axis_new(axis *a, cellseg_context *context, size_t to, size_t from) {
    const bool shrinks = to < from;
    const size_t wanted = shrinks ? (size_t)((double)from / (double)to) + 2 : 2;
    *a = (axis){.count = wanted < from ? wanted : from};
    size_t weights;
    if (!cseg_mul(to, a->count, &weights))
        return cseg_fail(CELLSEG_ERR_MEMORY, "%zu weights of %zu samples are too much", to, a->count);
    a->first = cseg_alloc(context, to, sizeof *a->first);
    a->weights = cseg_alloc(context, weights, sizeof *a->weights);
    if (a->first == NULL || a->weights == NULL) {
        axis_free(a);
        return cseg_last_status();
    }
    for (size_t i = 0; i < to; i++)
        if (shrinks)
            area_weights(a, i, to, from);
        else
            linear_weights(a, i, to, from);
    return CELLSEG_OK;
}

typedef struct resample_job {
    cellseg_context *context;
    const cseg_plane *to, *from;
    axis rows, columns;
} resample_job;

/* sum = the input rows that output row y is made of, weighted. */
static void mix_rows(float *sum, float *row, const resample_job *job, size_t y) {
    const axis *a = &job->rows;
    const size_t width = job->from->width;
    for (size_t k = 0; k < a->count; k++) {
        const float weight = a->weights[y * a->count + k];
        cseg_load(row, job->from, a->first[y] + k, 0, width);
        for (size_t x = 0; x < width; x++)
            sum[x] = (k == 0 ? 0 : sum[x]) + weight * row[x];
    }
}

static void mix_columns(float *to, const float *row, const axis *a, size_t width) {
    for (size_t x = 0; x < width; x++) {
        const float *samples = row + a->first[x], *weights = a->weights + x * a->count;
        float sum = 0;
        for (size_t k = 0; k < a->count; k++)
            sum += weights[k] * samples[k];
        to[x] = sum;
    }
}

static cellseg_status resample_band(void *data, size_t band) {
    const resample_job *job = data;
    const size_t width = job->from->width;
    float *scratch = cseg_alloc(job->context, width, 2 * sizeof *scratch);
    if (scratch == NULL)
        return cseg_last_status();
    for (size_t y = band * BAND_ROWS; y < (band + 1) * BAND_ROWS && y < job->to->height; y++) {
        mix_rows(scratch, scratch + width, job, y);
        mix_columns(cseg_row_f32(job->to, y), scratch, &job->columns, job->to->width);
    }
    cseg_free(scratch);
    return CELLSEG_OK;
}

cellseg_status cseg_filter_resample(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    assert(to->type == CELLSEG_FLOAT32 && to->data != from->data);
    if (to->height == from->height && to->width == from->width)
        return cseg_plane_to_f32(context, to, from);
    resample_job job = {.context = context, .to = to, .from = from};
    cellseg_status status = axis_new(&job.rows, context, to->height, from->height);
    if (status == CELLSEG_OK)
        status = axis_new(&job.columns, context, to->width, from->width);
    if (status == CELLSEG_OK)
        status = cseg_parallel_for(context, (to->height + BAND_ROWS - 1) / BAND_ROWS, resample_band, &job);
    axis_free(&job.columns);
    axis_free(&job.rows);
    return status;
}

/* ---- nearest ---- */

/* floor((i + 1/2) * from / to), in integers, so that every machine picks the same sample. Sizes are below 2^31. */
static size_t nearest(size_t i, size_t to, size_t from) {
    return (size_t)(((uint64_t)(2 * i + 1) * from) / (2 * (uint64_t)to));
}

static cellseg_status nearest_row(void *data, size_t y) {
    const resample_job *job = data;
    const void *from = cseg_row(job->from, nearest(y, job->to->height, job->from->height));
    void *to = cseg_row(job->to, y);
    const size_t *columns = job->columns.first;
    if (job->to->type == CELLSEG_UINT8)
        for (size_t x = 0; x < job->to->width; x++)
            ((uint8_t *)to)[x] = ((const uint8_t *)from)[columns[x]];
    else
        for (size_t x = 0; x < job->to->width; x++)
            ((uint32_t *)to)[x] = ((const uint32_t *)from)[columns[x]];
    return CELLSEG_OK;
}

cellseg_status cseg_filter_resample_nearest(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    assert(to->type == from->type && (to->type == CELLSEG_UINT8 || to->type == CELLSEG_UINT32) && to->data != from->data);
    resample_job job = {.context = context, .to = to, .from = from};
    job.columns.first = cseg_alloc(context, to->width, sizeof *job.columns.first);
    if (job.columns.first == NULL)
        return cseg_last_status();
    for (size_t x = 0; x < to->width; x++)
        job.columns.first[x] = nearest(x, to->width, from->width);
    const cellseg_status status = cseg_parallel_for(context, to->height, nearest_row, &job);
    axis_free(&job.columns);
    return status;
}
