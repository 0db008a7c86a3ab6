/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multi-scale Laplacian of Gaussian (Lindeberg 1998), scale-normalised and negated so that bright blobs are positive, the maximum
 * over all sigmas.
 *
 * Exact: for each sigma the sum of two separable convolutions, one per second derivative, cut at four sigma, as
 * scipy.ndimage.gaussian_laplace. Cost: about 32 sigma multiply-adds per pixel and scale.
 *
 * Fast: smooth from scale to scale, each by the Gaussian that is missing, and take the nine-point Laplacian
 *     1  4  1
 *     4 -20 4   / (6 step^2),
 *     1  4  1
 * on samples `step` apart, about a third of sigma. It is the Laplacian of the image smoothed by a variance of step^2 / 6 but for
 * terms of the sixth order; that variance is taken off each scale's own. Wide steps keep the rounding of the smoothed image out
 * of its differences. Cost: about 20 sigma multiply-adds per pixel for the first scale and for every other its missing sigma's.
 * Error: below 5e-4 of the image's range against the Gaussian that is not cut, which the exact form misses by 2e-3.
 */
#include "filter/filter.h"

#include "filter/fir.h"
#include "filter/recursive.h"
#include "filter/sample.h"

#include <math.h>
#include <string.h>

/* ---- exact ---- */

cellseg_status cseg_filter_log(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const double *sigmas_px,
                               size_t count) {
    assert(count >= 1 && count <= CSEG_LOG_MOST_SCALES);
    cseg_fir filters[CSEG_LOG_MOST_SCALES] = {0};
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; i < count; i++) {
        assert(sigmas_px[i] > 0 && sigmas_px[i] <= CSEG_LOG_LARGEST_SIGMA);
        CSEG_TRY_GOTO(done, cseg_fir_gaussian(&filters[i], context, sigmas_px[i], 4, true));
    }
    status = cseg_fir_apply(context, to, from, filters, count);
done:
    for (size_t i = 0; i < count; i++)
        cseg_fir_free(&filters[i]);
    return status;
}

/* ---- fast ---- */

enum { LARGEST_STEP = 64 };

typedef struct laplacian_job {
    const cseg_plane *to, *from;
    size_t step;
    float scale; /* -sigma^2 / (6 step^2) */
    bool first;
} laplacian_job;

static size_t step_for(double sigma) {
    const size_t step = (size_t)(sigma / 3);
    return step < 1 ? 1 : step > LARGEST_STEP ? LARGEST_STEP : step;
}

/* out[x] = the Laplacian at in[x + step]. */
static void laplacian_row(float *restrict out, const float *above, const float *row, const float *below, size_t count,
                          const laplacian_job *job) {
    const size_t step = job->step;
    for (size_t x = 0; x < count; x++) {
        const float corners = (above[x] + above[x + 2 * step]) + (below[x] + below[x + 2 * step]);
        const float edges = (above[x + step] + below[x + step]) + (row[x] + row[x + 2 * step]);
        out[x] = job->scale * ((corners + 4 * edges) - 20 * row[x + step]);
    }
}

/* One row of `to` raised to this scale's response, in pieces short enough for the stack. */
static cellseg_status raise_row(void *data, size_t y) {
    enum { PIECE = 512 };
    const laplacian_job *job = data;
    const ptrdiff_t step = (ptrdiff_t)job->step;
    float *to = cseg_row_f32(job->to, y);
    for (size_t left = 0; left < job->from->width; left += PIECE) {
        const size_t count = job->from->width - left < PIECE ? job->from->width - left : PIECE;
        float rows[3][PIECE + 2 * LARGEST_STEP], response[PIECE];
        for (ptrdiff_t r = 0; r < 3; r++) {
            const size_t inside = cseg_reflect((ptrdiff_t)y + (r - 1) * step, job->from->height);
            cseg_load_reflected(rows[r], job->from, inside, (ptrdiff_t)left - step, count + 2 * job->step);
        }
        laplacian_row(response, rows[0], rows[1], rows[2], count, job);
        for (size_t x = 0; x < count; x++)
            to[left + x] = !job->first && to[left + x] > response[x] ? to[left + x] : response[x];
    }
    return CELLSEG_OK;
}

static cellseg_status raise_to_laplacian(cellseg_context *context, const cseg_plane *to, const cseg_plane *smoothed, double sigma,
                                         bool first) {
    const size_t step = step_for(sigma);
    laplacian_job job = {to, smoothed, step, (float)(-sigma * sigma / (6 * (double)(step * step))), first};
    return cseg_parallel_for(context, to->height, raise_row, &job);
}

static cellseg_status smooth(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double variance) {
    const double sigma = sqrt(variance);
    if (sigma > CSEG_FIR_LARGEST_SIGMA)
        return cseg_recursive_gaussian(context, to, from, sigma);
    cseg_fir filter;
    CSEG_TRY(cseg_fir_gaussian(&filter, context, sigma, 5, false));
    const cellseg_status status = cseg_fir_apply(context, to, from, &filter, 1);
    cseg_fir_free(&filter);
    return status;
}

static void sort(double *values, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && values[j] < values[j - 1]; j--) {
            const double value = values[j];
            values[j] = values[j - 1];
            values[j - 1] = value;
        }
}

/* A sampled Gaussian of a variance below one would be too coarse to add: such a step starts from the image again. */
static cellseg_status climb_scales(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const double *sigmas,
                                   size_t count, cseg_plane *current, cseg_plane *next) {
    double reached = 0;
    for (size_t i = 0; i < count; i++) {
        const double step = (double)step_for(sigmas[i]), variance = sigmas[i] * sigmas[i] - step * step / 6;
        const bool onwards = reached > 0 && variance - reached >= 1;
        CSEG_TRY(smooth(context, next, onwards ? current : from, onwards ? variance - reached : variance));
        CSEG_TRY(raise_to_laplacian(context, to, next, sigmas[i], i == 0));
        const cseg_plane swap = *current;
        *current = *next;
        *next = swap;
        reached = variance;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_filter_log_fast(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                    const double *sigmas_px, size_t count) {
    assert(count >= 1 && count <= CSEG_LOG_MOST_SCALES);
    double sigmas[CSEG_LOG_MOST_SCALES];
    memcpy(sigmas, sigmas_px, count * sizeof *sigmas);
    sort(sigmas, count);
    assert(sigmas[0] >= CSEG_LOG_FAST_SMALLEST_SIGMA);
    cseg_plane current = {0}, next = {0};
    cellseg_status status = cseg_plane_new(&current, context, CELLSEG_FLOAT32, from->height, from->width);
    if (status == CELLSEG_OK)
        status = cseg_plane_new(&next, context, CELLSEG_FLOAT32, from->height, from->width);
    if (status == CELLSEG_OK)
        status = climb_scales(context, to, from, sigmas, count, &current, &next);
    cseg_plane_free(&next);
    cseg_plane_free(&current);
    return status;
}
