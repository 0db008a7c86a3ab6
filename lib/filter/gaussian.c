/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gaussian smoothing by direct convolution with the sampled Gaussian, cut at four sigma, borders reflected: what
 * scipy.ndimage.gaussian_filter computes. Cost: about 16 sigma multiply-adds per pixel.
 */
#include "filter/filter.h"

#include "filter/fir.h"

cellseg_status cseg_filter_gaussian(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double sigma_px) {
    assert(sigma_px >= 0);
    if (sigma_px == 0)
        return cseg_plane_to_f32(context, to, from);
    cseg_plane copy = {0};
    cseg_fir filter;
    cellseg_status status = cseg_fir_gaussian(&filter, context, sigma_px, false);
    if (status != CELLSEG_OK)
        return status;
    if (to->data == from->data) {
        CSEG_TRY_GOTO(done, cseg_plane_new(&copy, context, CELLSEG_FLOAT32, from->height, from->width));
        CSEG_TRY_GOTO(done, cseg_plane_to_f32(context, &copy, from));
        from = &copy;
    }
    status = cseg_fir_apply(context, to, from, &filter, 1);
done:
    cseg_plane_free(&copy);
    cseg_fir_free(&filter);
    return status;
}
