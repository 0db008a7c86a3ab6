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
 * of its differences. Cost: that of the Gaussians, see ladder.c, and a dozen operations per pixel and scale.
 * Error: below 6e-4 of the image's range for any image, against the Gaussian that is not cut; the exact form's is 2e-3.
 */
#include "filter/filter.h"

#include "filter/fir.h"
#include "filter/ladder.h"
#include "filter/sample.h"

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

cellseg_status cseg_filter_log(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const double *sigmas_px,
                               size_t count) {
    assert(count >= 1 && count <= CSEG_LOG_MOST_SCALES);
    double sigmas[CSEG_LOG_MOST_SCALES];
    sort(sigmas, sigmas_px, count);
    cseg_fir filters[CSEG_LOG_MOST_SCALES] = {0};
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; i < count; i++) {
        assert(sigmas[i] > 0 && sigmas[i] <= CSEG_LOG_LARGEST_SIGMA);
        CSEG_TRY_GOTO(done, cseg_fir_log(&filters[i], context, sigmas[i]));
    }
    status = cseg_fir_apply(context, to, from, filters, count);
done:
    for (size_t i = 0; i < count; i++)
        cseg_fir_free(&filters[i]);
    return status;
}

/* ---- fast ---- */

enum { LARGEST_STEP = 64 };

typedef struct laplacian_job laplacian_job;

/* Raise to[x] to the scaled Laplacian at row[x + step]. Plain arithmetic: the same bytes at any vector width. */
typedef void (*raise_fn)(float *to, const float *above, const float *row, const float *below, size_t count,
                         const laplacian_job *job);

struct laplacian_job {
    const cseg_plane *to, *from;
    size_t step;
    float scale; /* -sigma^2 / (6 step^2) */
    bool first;
    raise_fn raise;
};

static size_t step_for(double sigma) {
    const size_t step = (size_t)(sigma / 3);
    return step < 1 ? 1 : step > LARGEST_STEP ? LARGEST_STEP : step;
}

#define DEFINE_RAISE(level)                                                                                                      \
    TARGET_##level static void raise_##level(float *restrict to, const float *restrict above, const float *restrict row,         \
                                             const float *restrict below, size_t count, const laplacian_job *job) {              \
        const size_t mid = job->step, end = 2 * mid;                                                                             \
        const float scale = job->scale;                                                                                          \
        const bool first = job->first;                                                                                           \
        for (size_t x = 0; x < count; x++) {                                                                                     \
            const float corners = (above[x] + above[x + end]) + (below[x] + below[x + end]);                                     \
            const float edges = (above[x + mid] + below[x + mid]) + (row[x] + row[x + end]);                                     \
            const float response = scale * ((corners + 4 * edges) - 20 * row[x + mid]);                                          \
            to[x] = !first && to[x] > response ? to[x] : response;                                                               \
        }                                                                                                                        \
    }

#define TARGET_portable
DEFINE_RAISE(portable)
#if defined(__x86_64__)
#define TARGET_avx2 __attribute__((target("avx2")))
DEFINE_RAISE(avx2)
#endif

static raise_fn raise_for(const cellseg_context *context) {
#if defined(__x86_64__)
    if (cellseg_context_cpu_level(context) != CELLSEG_CPU_PORTABLE)
        return raise_avx2;
#endif
    (void)context;
    return raise_portable;
}

/* Samples [left - step, left + count + step) of a row: where they lie in the plane if they all do, else a copy. */
static const float *stretch(float *copy, const laplacian_job *job, ptrdiff_t y, size_t left, size_t count) {
    const size_t inside = cseg_reflect(y, job->from->height);
    if (left >= job->step && left + count + job->step <= job->from->width)
        return cseg_row_f32(job->from, inside) + left - job->step;
    cseg_load_reflected(copy, job->from, inside, (ptrdiff_t)left - (ptrdiff_t)job->step, count + 2 * job->step);
    return copy;
}

/* One row of `to` raised to this scale's response, in pieces short enough for the stack. */
static cellseg_status raise_row(void *data, size_t y) {
    enum { PIECE = 512 };
    const laplacian_job *job = data;
    float *to = cseg_row_f32(job->to, y);
    for (size_t left = 0; left < job->from->width; left += PIECE) {
        const size_t count = job->from->width - left < PIECE ? job->from->width - left : PIECE;
        float copies[3][PIECE + 2 * LARGEST_STEP];
        const float *rows[3];
        for (ptrdiff_t r = 0; r < 3; r++)
            rows[r] = stretch(copies[r], job, (ptrdiff_t)y + (r - 1) * (ptrdiff_t)job->step, left, count);
        job->raise(to + left, rows[0], rows[1], rows[2], count, job);
    }
    return CELLSEG_OK;
}

static cellseg_status raise_to_laplacian(cellseg_context *context, const cseg_plane *to, const cseg_plane *smoothed, double sigma,
                                         bool first) {
    const size_t step = step_for(sigma);
    laplacian_job job = {to, smoothed, step, (float)(-sigma * sigma / (6 * (double)(step * step))), first, raise_for(context)};
    return cseg_parallel_for(context, to->height, raise_row, &job);
}

/* A step of a variance below one would be too coarse to sample: such a scale starts from the image again. */
static cellseg_status climb_scales(cseg_ladder *ladder, const cseg_plane *to, const double *sigmas, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const double step = (double)step_for(sigmas[i]), variance = sigmas[i] * sigmas[i] - step * step / 6;
        if (variance - ladder->reached < 1)
            ladder->reached = 0;
        CSEG_TRY(cseg_ladder_climb(ladder, variance));
        CSEG_TRY(raise_to_laplacian(ladder->context, to, &ladder->planes[ladder->current], sigmas[i], i == 0));
    }
    return CELLSEG_OK;
}

cellseg_status cseg_filter_log_fast(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                    const double *sigmas_px, size_t count) {
    assert(count >= 1 && count <= CSEG_LOG_MOST_SCALES);
    double sigmas[CSEG_LOG_MOST_SCALES];
    sort(sigmas, sigmas_px, count);
    assert(sigmas[0] >= CSEG_LOG_FAST_SMALLEST_SIGMA);
    cseg_ladder ladder = {.context = context, .image = from};
    cellseg_status status = cseg_plane_new(&ladder.planes[0], context, CELLSEG_FLOAT32, from->height, from->width);
    if (status == CELLSEG_OK)
        status = cseg_plane_new(&ladder.planes[1], context, CELLSEG_FLOAT32, from->height, from->width);
    if (status == CELLSEG_OK)
        status = climb_scales(&ladder, to, sigmas, count);
    cseg_plane_free(&ladder.planes[1]);
    cseg_plane_free(&ladder.planes[0]);
    return status;
}
