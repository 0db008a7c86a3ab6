/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multi-scale Laplacian of Gaussian (Lindeberg 1998), scale-normalised and negated so that bright blobs are positive, the maximum
 * over all sigmas.
 *
 * Exact: for each sigma the sum of two separable convolutions, one per second derivative, cut at four sigma, as
 * scipy.ndimage.gaussian_laplace. Cost: about 32 sigma multiply-adds per pixel and scale.
 *
 * Fast: sigmas below 5 the same way, cut at 4.5 sigma and balanced so that a constant gives 0. Larger sigmas on the image reduced
 * by two (pyramid.c). The reduced image is smoothed from scale to scale, each time by the Gaussian that is missing. Then comes
 * the nine-point Laplacian [1 4 1; 4 -20 4; 1 4 1] / (6 step^2) on samples `step` apart, about a third of sigma. This is the
 * Laplacian of the image smoothed by a variance of step^2 / 6, but for terms of the sixth order. That variance is subtracted from
 * each scale's own, and so are the variances of reducing and expanding. Wide steps keep the rounding of the smoothed image out of
 * the differences. Cost: 36 sigma multiply-adds per pixel and small scale; else the Gaussians (cascade.c) and a dozen operations
 * on a quarter of the pixels, reducing and expanding. Error: below 6e-4 of the image's range for any image, 8e-4 of the range of
 * responses, against the Gaussian that is not cut; the exact form's error is 2e-3.
 */
#include "filter/filter.h"

#include "filter/cascade.h"
#include "filter/filter_kernels.h"

/* The maximum does not depend on the order of the scales, but the work does: rising sigmas. */
static void sort(double *sorted, const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t place = i;
        for (; place > 0 && sorted[place - 1] > values[i]; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = values[i];
    }
}

/* ---- exact ---- */

static cellseg_status convolve(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const double *sigmas,
                               size_t count, double cut, bool balanced) {
    cseg_fir filters[CSEG_LOG_MAX_SCALES] = {0};
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; i < count; i++)
        CSEG_TRY_GOTO(done, cseg_fir_log(&filters[i], context, sigmas[i], cut, balanced));
    status = cseg_fir_apply(context, to, from, cseg_period_of(from), filters, count);
done:
    for (size_t i = 0; i < count; i++)
        cseg_fir_free(&filters[i]);
    return status;
}

cellseg_status cseg_laplacian_compute(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                      const double *sigmas_px, size_t count) {
    assert(count >= 1 && count <= CSEG_LOG_MAX_SCALES);
    double sigmas[CSEG_LOG_MAX_SCALES];
    sort(sigmas, sigmas_px, count);
    assert(sigmas[0] > 0 && sigmas[count - 1] <= CSEG_LOG_LARGEST_SIGMA);
    return convolve(context, to, from, sigmas, count, 4, false);
}

size_t cseg_laplacian_halo(double sigma_px) {
    return (size_t)(4 * sigma_px) + 2;
}

/* ---- fast ---- */

enum { LARGEST_STEP = 64, REDUCED_SIGMA = 5, PLANES = 6 /* of reduced scales, held at one time */ };

typedef struct laplacian_job {
    const cseg_plane *to, *from;
    cseg_periods periods; /* of `from` */
    size_t step;
    float scale; /* -sigma^2 / (6 step^2) */
    const cseg_filter_kernels *kernels;
} laplacian_job;

static size_t step_for(double sigma) {
    const size_t step = (size_t)(sigma / 3);
    return step < 1 ? 1 : step > LARGEST_STEP ? LARGEST_STEP : step;
}

/* Samples [left - step, left + count + step) of a row: in the plane where all of them lie inside, else in a copy. */
static const float *samples_of(float *copy, const laplacian_job *job, ptrdiff_t y, size_t left, size_t count) {
    const size_t inside = cseg_period_reflect(y, job->periods.y);
    if (left >= job->step && left + count + job->step <= job->from->width)
        return cseg_row_f32(job->from, inside) + left - job->step;
    cseg_load_reflected(copy, job->from, job->periods.x, inside, (ptrdiff_t)left - (ptrdiff_t)job->step, count + 2 * job->step);
    return copy;
}

/* In pieces short enough for the stack. */
static cellseg_status laplacian_row(void *data, size_t y) {
    enum { PIECE = 512 };
    const laplacian_job *job = data;
    float *to = cseg_row_f32(job->to, y);
    for (size_t left = 0; left < job->from->width; left += PIECE) {
        const size_t count = job->from->width - left < PIECE ? job->from->width - left : PIECE;
        float copies[3][PIECE + 2 * LARGEST_STEP];
        const float *rows[3];
        for (ptrdiff_t r = 0; r < 3; r++)
            rows[r] = samples_of(copies[r], job, (ptrdiff_t)y + (r - 1) * (ptrdiff_t)job->step, left, count);
        job->kernels->laplacian(to + left, rows, job->step, job->scale, count);
    }
    return CELLSEG_OK;
}

static cellseg_status laplacian(const cseg_cascade *c, const cseg_plane *to, double sigma) {
    const size_t step = step_for(sigma);
    laplacian_job job = {to,
                         &c->planes[c->current],
                         c->periods,
                         step,
                         (float)(-sigma * sigma / (6 * (double)(step * step))),
                         cseg_filter_kernels_select(cellseg_context_cpu_level(c->context))};
    return cseg_parallel_for(c->context, to->height, laplacian_row, &job);
}

/* The variance of the smoothed plane whose Laplacian, expanded, has that of sigma. */
static double variance_for(double sigma) {
    const double step = (double)step_for(sigma);
    return sigma * sigma - step * step / 6 - CSEG_PYRAMID_EXPAND_VARIANCE;
}

/* A plane for each scale. A step of a variance below one would be too coarse to sample: such a scale starts at the image again.
 */
static cellseg_status reduced_scales(cseg_cascade *cascade, const cseg_plane *planes, const double *sigmas, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const double sigma = sigmas[i] / 2, variance = variance_for(sigma);
        if (i == 0 || variance - cascade->variance < 1) {
            CSEG_TRY(cseg_pyramid_reduce(cascade->context, &cascade->planes[cascade->current], cascade->image));
            cascade->variance = CSEG_PYRAMID_REDUCE_VARIANCE;
        }
        CSEG_TRY(cseg_cascade_apply(cascade, variance));
        CSEG_TRY(laplacian(cascade, &planes[i], sigma));
    }
    return CELLSEG_OK;
}

static cellseg_status reduce_and_expand(cellseg_context *context, const cseg_plane *to, bool accumulate, const cseg_plane *from,
                                        const double *sigmas, size_t count) {
    cseg_plane planes[PLANES] = {0};
    cseg_cascade cascade = {.context = context, .image = from, .periods = {from->height, from->width}};
    cellseg_status status;
    for (size_t i = 0; i < 2; i++)
        CSEG_TRY_GOTO(done, cseg_pyramid_new(&cascade.planes[i], context, from));
    for (size_t i = 0; i < count; i++)
        CSEG_TRY_GOTO(done, cseg_pyramid_new(&planes[i], context, from));
    CSEG_TRY_GOTO(done, reduced_scales(&cascade, planes, sigmas, count));
    status = cseg_pyramid_expand(context, to, accumulate, planes, count);
done:
    for (size_t i = 0; i < count; i++)
        cseg_plane_free(&planes[i]);
    for (size_t i = 0; i < 2; i++)
        cseg_plane_free(&cascade.planes[i]);
    return status;
}

cellseg_status cseg_laplacian_compute_fast(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                           const double *sigmas_px, size_t count) {
    assert(count >= 1 && count <= CSEG_LOG_MAX_SCALES);
    double sigmas[CSEG_LOG_MAX_SCALES];
    sort(sigmas, sigmas_px, count);
    assert(sigmas[0] >= CSEG_LOG_FAST_SMALLEST_SIGMA);
    size_t done = 0;
    while (done < count && sigmas[done] < REDUCED_SIGMA)
        done++;
    if (done > 0)
        CSEG_TRY(convolve(context, to, from, sigmas, done, 4.5, true));
    for (size_t here; done < count; done += here) {
        here = count - done < PLANES ? count - done : PLANES;
        CSEG_TRY(reduce_and_expand(context, to, done > 0, from, sigmas + done, here));
    }
    return CELLSEG_OK;
}
