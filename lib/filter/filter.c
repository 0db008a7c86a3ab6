/* SPDX-License-Identifier: BSD-3-Clause */
/* The public filters: each checks its arguments, opens one channel, and calls the room's own function. */
#include "filter/filter.h"

#include <math.h>

static cellseg_status check_pointer(const void *pointer, const char *name) {
    return pointer != NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", name);
}

static cellseg_status check_count(const char *name, size_t count, size_t most) {
    if (count >= 1 && count <= most)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %zu; it must lie in [1, %zu]", name, count, most);
}

/* ---- images from images ---- */

cellseg_status cellseg_image_gaussian(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                      double sigma_px) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "gaussian", out));
    CSEG_TRY_GOTO(done, cseg_range_check("sigma_px", sigma_px, 0, 1000));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_FLOAT32, from.height, from.width));
    status = cseg_gaussian_smooth(context, &to, &from, sigma_px);
done:
    return cseg_toolkit_end(&t, status);
}

static cellseg_status check_sigmas(const double *sigmas_px, size_t count, int32_t method) {
    CSEG_TRY(check_pointer(sigmas_px, "sigmas_px"));
    CSEG_TRY(check_count("count", count, CSEG_LOG_MAX_SCALES));
    if (method != CELLSEG_LAPLACIAN_EXACT && method != CELLSEG_LAPLACIAN_FAST)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "LoG: method %d is unknown", (int)method);
    const bool exact = method == CELLSEG_LAPLACIAN_EXACT;
    for (size_t i = 0; i < count; i++) {
        const double lowest = exact ? 1e-3 : CSEG_LOG_FAST_SMALLEST_SIGMA, highest = exact ? CSEG_LOG_LARGEST_SIGMA : 1000;
        CSEG_TRY(cseg_range_check("sigmas_px", sigmas_px[i], lowest, highest));
    }
    return CELLSEG_OK;
}

cellseg_status cellseg_image_laplacian(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                       const double *sigmas_px, size_t count, int32_t method) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "laplacian of gaussian", out));
    CSEG_TRY_GOTO(done, check_sigmas(sigmas_px, count, method));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_FLOAT32, from.height, from.width));
    status = method == CELLSEG_LAPLACIAN_EXACT ? cseg_laplacian_compute(context, &to, &from, sigmas_px, count)
                                               : cseg_laplacian_compute_fast(context, &to, &from, sigmas_px, count);
done:
    return cseg_toolkit_end(&t, status);
}

/* The edge of a pixel after resampling; 0 where the pixel is no longer square or the edge is out of range. */
static double resampled_size(const cseg_toolkit *t, size_t height, size_t width) {
    const double across = (double)t->width / (double)width;
    const double size = t->pixel_size_um * across;
    const bool square = fabs((double)t->height / across - (double)height) <= 1;
    return square && size >= 1e-4 && size <= 1e4 ? size : 0;
}

cellseg_status cellseg_image_resample(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                      size_t height, size_t width, int32_t method) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "resample", out));
    CSEG_TRY_GOTO(done, cseg_plane_check_size(height, width));
    if (method != CELLSEG_RESAMPLE_LINEAR && method != CELLSEG_RESAMPLE_CUBIC)
        CSEG_TRY_GOTO(done, cseg_fail(CELLSEG_ERR_ARGUMENT, "resample: method %d is unknown", (int)method));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    t.pixel_size_um = resampled_size(&t, height, width);
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_FLOAT32, height, width));
    status = (method == CELLSEG_RESAMPLE_LINEAR ? cseg_resample_linear : cseg_resample_cubic)(context, &to, &from);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_labels_resample(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels,
                                       size_t height, size_t width) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_labels(&t, context, "resample", out));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &from, labels, "labels"));
    CSEG_TRY_GOTO(done, cseg_plane_check_size(height, width));
    t.pixel_size_um = resampled_size(&t, height, width);
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT32, height, width));
    status = cseg_resample_nearest(context, &to, &from);
done:
    return cseg_toolkit_end(&t, status);
}

/* ---- numbers from images ---- */

cellseg_status cellseg_image_range(double *lo, double *hi, cellseg_context *context, const cellseg_image *image,
                                   int32_t channel) {
    cseg_toolkit t;
    cseg_plane from;
    cellseg_status status;
    cseg_toolkit_begin(&t, context, "range");
    CSEG_TRY_GOTO(done, check_pointer(lo, "lo"));
    CSEG_TRY_GOTO(done, check_pointer(hi, "hi"));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    status = cseg_histogram_range(context, lo, hi, &from);
done:
    return cseg_toolkit_end(&t, status);
}

static cellseg_status check_bins(size_t bins, double lo, double hi) {
    CSEG_TRY(check_count("bins", bins, 65536));
    if (lo < hi && isfinite(hi - lo) && isfinite((double)bins / (hi - lo)))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "histogram: there are no %zu bins between lo %g and hi %g", bins, lo, hi);
}

cellseg_status cellseg_image_histogram(uint64_t *counts, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                       size_t bins, double lo, double hi) {
    cseg_toolkit t;
    cseg_plane from;
    cellseg_status status;
    cseg_toolkit_begin(&t, context, "histogram");
    CSEG_TRY_GOTO(done, check_pointer(counts, "counts"));
    CSEG_TRY_GOTO(done, check_bins(bins, lo, hi));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    status = cseg_histogram_count(context, counts, bins, lo, hi, &from);
done:
    return cseg_toolkit_end(&t, status);
}

static cellseg_status check_percents(const double *percents, size_t count) {
    CSEG_TRY(check_pointer(percents, "percents"));
    CSEG_TRY(check_count("count", count, 1024));
    for (size_t i = 0; i < count; i++)
        CSEG_TRY(cseg_range_check("percents", percents[i], 0, 100));
    return CELLSEG_OK;
}

cellseg_status cellseg_image_percentiles(double *values, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                         const double *percents, size_t count) {
    cseg_toolkit t;
    cseg_plane from;
    cellseg_status status;
    cseg_toolkit_begin(&t, context, "percentiles");
    CSEG_TRY_GOTO(done, check_pointer(values, "values"));
    CSEG_TRY_GOTO(done, check_percents(percents, count));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    status = cseg_percentiles_find(context, values, percents, count, &from);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_otsu(double *thresholds, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                  size_t count, size_t bins) {
    cseg_toolkit t;
    cseg_plane from;
    cellseg_status status;
    cseg_toolkit_begin(&t, context, "otsu");
    CSEG_TRY_GOTO(done, check_pointer(thresholds, "thresholds"));
    CSEG_TRY_GOTO(done, check_count("count", count, 8));
    CSEG_TRY_GOTO(done, cseg_range_check("bins", (double)bins, 2, 4096));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    status = cseg_otsu_find(context, thresholds, count, bins, &from, NULL);
done:
    return cseg_toolkit_end(&t, status);
}
