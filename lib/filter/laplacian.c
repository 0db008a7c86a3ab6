/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multi-scale Laplacian of Gaussian (Lindeberg 1998), scale-normalised and negated so that bright blobs are positive, the maximum
 * over all sigmas.
 *
 * Exact: for each sigma the sum of two separable convolutions, one per second derivative, cut at four sigma, as
 * scipy.ndimage.gaussian_laplace. Cost: about 32 sigma multiply-adds per pixel and scale.
 *
 * Fast: sigmas below 5 the same way, cut at 4.5 sigma and balanced so that a constant gives 0. Larger ones at half size
 * (half.c): smooth from scale to scale, each by the Gaussian that is missing, and take the nine-point Laplacian 1  4  1 4 -20 4
 * / (6 step^2), 1  4  1 on samples `step` apart, about a third of sigma. It is the Laplacian of the image smoothed by a variance
 * of step^2 / 6 but for terms of the sixth order. That variance is taken off each scale's own, and so are those of shrinking and
 * of the spline that brings the scale back to the image's size. Wide steps keep the rounding of the smoothed image out of its
 * differences. Cost: 36 sigma multiply-adds per pixel and small scale; else that of the Gaussians, see ladder.c, and a dozen
 * operations, for a quarter of the pixels, and the way down and up. Error: below 6e-4 of the image's range for any image, 8e-4 of
 * the range of responses, against the Gaussian that is not cut; the exact form's is 2e-3.
 */
#include "filter/filter.h"

#include "filter/cascade.h"
#include "filter/fir.h"
#include "filter/pyramid.h"

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
    cseg_fir filters[CSEG_LOG_MOST_SCALES] = {0};
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
    assert(count >= 1 && count <= CSEG_LOG_MOST_SCALES);
    double sigmas[CSEG_LOG_MOST_SCALES];
    sort(sigmas, sigmas_px, count);
    assert(sigmas[0] > 0 && sigmas[count - 1] <= CSEG_LOG_LARGEST_SIGMA);
    return convolve(context, to, from, sigmas, count, 4, false);
}

/* ---- fast ---- */

enum { LARGEST_STEP = 64, HALF_SIGMA = 5, HALVES = 6 /* that are held at one time */ };

typedef struct laplacian_job laplacian_job;

/* to[x] = the scaled Laplacian at row[x + step]. Plain arithmetic: the same bytes at any vector width. */
typedef void (*laplacian_fn)(float *to, const float *above, const float *row, const float *below, size_t count,
                             const laplacian_job *job);

struct laplacian_job {
    const cseg_plane *to, *from;
    cseg_periods periods; /* of `from` */
    size_t step;
    float scale; /* -sigma^2 / (6 step^2) */
    laplacian_fn kernel;
};

static size_t step_for(double sigma) {
    const size_t step = (size_t)(sigma / 3);
    return step < 1 ? 1 : step > LARGEST_STEP ? LARGEST_STEP : step;
}

#define DEFINE_LAPLACIAN(level)                                                                                                  \
    TARGET_##level static void laplacian_##level(float *restrict to, const float *restrict above, const float *restrict row,     \
                                                 const float *restrict below, size_t count, const laplacian_job *job) {          \
        const size_t mid = job->step, end = 2 * mid;                                                                             \
        const float scale = job->scale;                                                                                          \
        for (size_t x = 0; x < count; x++) {                                                                                     \
            const float corners = (above[x] + above[x + end]) + (below[x] + below[x + end]);                                     \
            const float edges = (above[x + mid] + below[x + mid]) + (row[x] + row[x + end]);                                     \
            to[x] = scale * ((corners + 4 * edges) - 20 * row[x + mid]);                                                         \
        }                                                                                                                        \
    }

#define TARGET_portable
DEFINE_LAPLACIAN(portable)
#if defined(__x86_64__)
#define TARGET_avx2 __attribute__((target("avx2")))
DEFINE_LAPLACIAN(avx2)
#endif

static laplacian_fn kernel_for(const cellseg_context *context) {
#if defined(__x86_64__)
    if (cellseg_context_cpu_level(context) != CELLSEG_CPU_PORTABLE)
        return laplacian_avx2;
#endif
    (void)context;
    return laplacian_portable;
}

/* Samples [left - step, left + count + step) of a row: where they lie in the plane if they all do, else a copy. */
static const float *stretch(float *copy, const laplacian_job *job, ptrdiff_t y, size_t left, size_t count) {
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
            rows[r] = stretch(copies[r], job, (ptrdiff_t)y + (r - 1) * (ptrdiff_t)job->step, left, count);
        job->kernel(to + left, rows[0], rows[1], rows[2], count, job);
    }
    return CELLSEG_OK;
}

static cellseg_status laplacian(const cseg_ladder *l, const cseg_plane *to, double sigma) {
    const size_t step = step_for(sigma);
    laplacian_job job = {to,
                         &l->planes[l->current],
                         l->periods,
                         step,
                         (float)(-sigma * sigma / (6 * (double)(step * step))),
                         kernel_for(l->context)};
    return cseg_parallel_for(l->context, to->height, laplacian_row, &job);
}

/* The variance that the smoothed plane needs so that its Laplacian, enlarged, has that of sigma. */
static double variance_for(double sigma) {
    const double step = (double)step_for(sigma);
    return sigma * sigma - step * step / 6 - CSEG_HALF_SPLINE_VARIANCE;
}

/* A plane for each scale. A step of a variance below one would be too coarse to sample: then from the image again. */
static cellseg_status climb_halves(cseg_ladder *ladder, const cseg_plane *halves, const double *sigmas, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const double sigma = sigmas[i] / 2, variance = variance_for(sigma);
        if (i == 0 || variance - ladder->reached < 1) {
            CSEG_TRY(cseg_pyramid_reduce(ladder->context, &ladder->planes[ladder->current], ladder->image));
            ladder->reached = CSEG_HALF_SHRINK_VARIANCE;
        }
        CSEG_TRY(cseg_cascade_apply(ladder, variance));
        CSEG_TRY(laplacian(ladder, &halves[i], sigma));
    }
    return CELLSEG_OK;
}

static cellseg_status raise_halves(cellseg_context *context, const cseg_plane *to, bool more, const cseg_plane *from,
                                   const double *sigmas, size_t count) {
    cseg_plane halves[HALVES] = {0};
    cseg_ladder ladder = {.context = context, .image = from, .periods = {from->height, from->width}};
    cellseg_status status;
    for (size_t i = 0; i < 2; i++)
        CSEG_TRY_GOTO(done, cseg_pyramid_new(&ladder.planes[i], context, from));
    for (size_t i = 0; i < count; i++)
        CSEG_TRY_GOTO(done, cseg_pyramid_new(&halves[i], context, from));
    CSEG_TRY_GOTO(done, climb_halves(&ladder, halves, sigmas, count));
    status = cseg_pyramid_expand(context, to, more, halves, count);
done:
    for (size_t i = 0; i < count; i++)
        cseg_plane_free(&halves[i]);
    for (size_t i = 0; i < 2; i++)
        cseg_plane_free(&ladder.planes[i]);
    return status;
}

cellseg_status cseg_laplacian_compute_fast(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                           const double *sigmas_px, size_t count) {
    assert(count >= 1 && count <= CSEG_LOG_MOST_SCALES);
    double sigmas[CSEG_LOG_MOST_SCALES];
    sort(sigmas, sigmas_px, count);
    assert(sigmas[0] >= CSEG_LOG_FAST_SMALLEST_SIGMA);
    size_t done = 0;
    while (done < count && sigmas[done] < HALF_SIGMA)
        done++;
    if (done > 0)
        CSEG_TRY(convolve(context, to, from, sigmas, done, 4.5, true));
    for (size_t here; done < count; done += here) {
        here = count - done < HALVES ? count - done : HALVES;
        CSEG_TRY(raise_halves(context, to, done > 0, from, sigmas + done, here));
    }
    return CELLSEG_OK;
}
