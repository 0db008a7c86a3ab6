/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gaussian smoothing, borders reflected. Up to a sigma of 16: direct convolution with the sampled Gaussian, cut at four sigma, as
 * scipy.ndimage.gaussian_filter. Cost: about 16 sigma multiply-adds per pixel. Beyond: a cascade of steps, see cascade.c.
 */
#include "filter/filter.h"

#include "filter/cascade.h"
#include "filter/fir.h"

enum { LARGEST_EXACT_SIGMA = 16 };

static cellseg_status smooth_exactly(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double sigma) {
    cseg_fir filter;
    CSEG_TRY(cseg_fir_gaussian(&filter, context, sigma, 4, 1));
    cseg_plane copy = {0};
    cellseg_status status = CELLSEG_OK;
    if (to->data == from->data) {
        CSEG_TRY_GOTO(done, cseg_plane_new(&copy, context, CELLSEG_FLOAT32, from->height, from->width));
        CSEG_TRY_GOTO(done, cseg_plane_to_f32(context, &copy, from));
        from = &copy;
    }
    status = cseg_fir_apply(context, to, from, cseg_period_of(from), &filter, 1);
done:
    cseg_plane_free(&copy);
    cseg_fir_free(&filter);
    return status;
}

/* The cascade changes planes at every step; its first plane is such that the last is `to`. */
static cellseg_status smooth_in_steps(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double sigma) {
    cseg_plane other;
    CSEG_TRY(cseg_plane_new(&other, context, CELLSEG_FLOAT32, from->height, from->width));
    cseg_cascade cascade = {.context = context, .image = from, .periods = cseg_period_of(from), .planes = {*to, other}};
    cascade.current = (int)(cseg_cascade_steps(sigma * sigma) % 2);
    const cellseg_status status = cseg_cascade_apply(&cascade, sigma * sigma);
    cseg_plane_free(&other);
    return status;
}

cellseg_status cseg_gaussian_smooth(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double sigma_px) {
    assert(sigma_px >= 0);
    if (sigma_px == 0)
        return cseg_plane_to_f32(context, to, from);
    if (sigma_px <= LARGEST_EXACT_SIGMA)
        return smooth_exactly(context, to, from, sigma_px);
    return smooth_in_steps(context, to, from, sigma_px);
}

/* The steps of a cascade have variances that add up; their sigmas grow at least by a factor of two, but for the last. */
size_t cseg_gaussian_halo(double sigma_px) {
    return (size_t)((sigma_px <= LARGEST_EXACT_SIGMA ? 4 : 4.5 * 3) * sigma_px) + 2;
}
