/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gaussian smoothing, borders reflected. Up to a sigma of 32 by direct convolution with the sampled Gaussian, cut at four sigma:
 * what scipy.ndimage.gaussian_filter computes; cost about 16 sigma multiply-adds per pixel. Beyond by recursion, whose cost does
 * not depend on sigma.
 */
#include "filter/filter.h"

#include "filter/fir.h"
#include "filter/recursive.h"

cellseg_status cseg_filter_gaussian(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double sigma_px) {
    assert(sigma_px >= 0);
    if (sigma_px == 0)
        return cseg_plane_to_f32(context, to, from);
    if (sigma_px > CSEG_FIR_LARGEST_SIGMA)
        return cseg_recursive_gaussian(context, to, from, sigma_px);
    cseg_plane copy = {0};
    cseg_fir filter;
    CSEG_TRY(cseg_fir_gaussian(&filter, context, sigma_px, 4, false));
    cellseg_status status = CELLSEG_OK;
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
