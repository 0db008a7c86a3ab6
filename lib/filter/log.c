/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multi-scale Laplacian of Gaussian (Lindeberg 1998), scale-normalised and negated so that bright blobs are positive: for each
 * sigma the sum of two separable convolutions, one per second derivative, as scipy.ndimage.gaussian_laplace; then the maximum.
 * Cost: about 32 sigma multiply-adds per pixel and scale.
 */
#include "filter/filter.h"

#include "filter/fir.h"

enum { MOST_SCALES = 32 };

cellseg_status cseg_filter_log(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const double *sigmas_px,
                               size_t count) {
    assert(count >= 1 && count <= MOST_SCALES);
    cseg_fir filters[MOST_SCALES] = {0};
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; i < count; i++) {
        assert(sigmas_px[i] > 0);
        CSEG_TRY_GOTO(done, cseg_fir_gaussian(&filters[i], context, sigmas_px[i], true));
    }
    status = cseg_fir_apply(context, to, from, filters, count);
done:
    for (size_t i = 0; i < count; i++)
        cseg_fir_free(&filters[i]);
    return status;
}
