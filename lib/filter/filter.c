/* SPDX-License-Identifier: BSD-3-Clause */
/* The public filters: arguments checked, images made, the work done by the room's own functions. */
#include "filter/filter.h"

#include <math.h>

static cellseg_status check_out(const void *out, const char *name) {
    return out != NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", name);
}

static cellseg_status check_count(const char *name, size_t count, size_t most) {
    if (count >= 1 && count <= most)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %zu; it must lie in [1, %zu]", name, count, most);
}

/* The channel to read, known to be finite. Every public function begins here. */
static cellseg_status open_channel(cseg_plane *plane, cellseg_context *context, const cellseg_image *image, int32_t channel) {
    *plane = (cseg_plane){0};
    CSEG_TRY(check_out(image, "image"));
    if (channel < 0 || channel >= cellseg_image_channels(image))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "channel %d of an image of %d", (int)channel, (int)cellseg_image_channels(image));
    *plane = cseg_image_plane(image, channel);
    cseg_progress_start(context);
    return cseg_plane_check_finite(context, plane, "image");
}

/* A float32 image of `like`'s pixel size, and its pixels. */
static cellseg_status new_image(cellseg_image **out, cseg_plane *plane, cellseg_context *context, const cellseg_image *like,
                                size_t height, size_t width) {
    CSEG_TRY(cellseg_image_new(out, context, CELLSEG_FLOAT32, 1, height, width));
    *plane = cseg_image_plane(*out, 0);
    return cellseg_image_set_pixel_size_um(*out, cellseg_image_pixel_size_um(like));
}

/* The end of every function that makes an image: the image itself, or after a failure NULL. */
static cellseg_status close_image(cellseg_image **out, cellseg_status status) {
    if (status != CELLSEG_OK) {
        cellseg_image_free(*out);
        *out = NULL;
    }
    return status;
}

cellseg_status cellseg_filter_gaussian(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                       double sigma_px) {
    CSEG_TRY(check_out(out, "out"));
    *out = NULL;
    CSEG_TRY(cseg_range_check("sigma_px", sigma_px, 0, 1000));
    cseg_plane from, to;
    CSEG_TRY(open_channel(&from, context, image, channel));
    cellseg_status status = new_image(out, &to, context, image, from.height, from.width);
    cseg_progress_step(context, "gaussian", 0.1, 1);
    if (status == CELLSEG_OK)
        status = cseg_gaussian_smooth(context, &to, &from, sigma_px);
    return close_image(out, status);
}

static cellseg_status check_sigmas(const double *sigmas_px, size_t count, int32_t method) {
    CSEG_TRY(check_out(sigmas_px, "sigmas_px"));
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

cellseg_status cellseg_filter_log(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                  const double *sigmas_px, size_t count, int32_t method) {
    CSEG_TRY(check_out(out, "out"));
    *out = NULL;
    CSEG_TRY(check_sigmas(sigmas_px, count, method));
    cseg_plane from, to;
    CSEG_TRY(open_channel(&from, context, image, channel));
    cellseg_status status = new_image(out, &to, context, image, from.height, from.width);
    cseg_progress_step(context, "laplacian of gaussian", 0.1, 1);
    if (status == CELLSEG_OK && method == CELLSEG_LAPLACIAN_EXACT)
        status = cseg_laplacian_compute(context, &to, &from, sigmas_px, count);
    else if (status == CELLSEG_OK)
        status = cseg_laplacian_compute_fast(context, &to, &from, sigmas_px, count);
    return close_image(out, status);
}

/* The edge of a pixel after resampling; 0 where it would no longer be square, or is none we can state. */
static double resampled_size(double pixel_size_um, size_t height, size_t width, size_t from_height, size_t from_width) {
    const double across = (double)from_width / (double)width;
    const double size = pixel_size_um * across;
    const bool square = fabs((double)from_height / across - (double)height) <= 1;
    return square && size >= 1e-4 && size <= 1e4 ? size : 0;
}

cellseg_status cellseg_filter_resample(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                       size_t height, size_t width, int32_t method) {
    CSEG_TRY(check_out(out, "out"));
    *out = NULL;
    CSEG_TRY(cseg_plane_check_size(height, width));
    if (method != CELLSEG_RESAMPLE_LINEAR && method != CELLSEG_RESAMPLE_CUBIC)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "resample: method %d is unknown", (int)method);
    cseg_plane from, to;
    CSEG_TRY(open_channel(&from, context, image, channel));
    cellseg_status status = new_image(out, &to, context, image, height, width);
    cseg_progress_step(context, "resample", 0.1, 1);
    if (status == CELLSEG_OK && method == CELLSEG_RESAMPLE_LINEAR)
        status = cseg_resample_linear(context, &to, &from);
    else if (status == CELLSEG_OK)
        status = cseg_resample_cubic(context, &to, &from);
    const double size = resampled_size(cellseg_image_pixel_size_um(image), height, width, from.height, from.width);
    if (status == CELLSEG_OK)
        status = cellseg_image_set_pixel_size_um(*out, size);
    return close_image(out, status);
}

cellseg_status cellseg_filter_resample_labels(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels,
                                              size_t height, size_t width) {
    CSEG_TRY(check_out(out, "out"));
    *out = NULL;
    CSEG_TRY(check_out(labels, "labels"));
    CSEG_TRY(cellseg_labels_new(out, context, height, width));
    const cseg_plane from = cseg_labels_plane(labels), to = cseg_labels_plane(*out);
    cseg_progress_start(context);
    cellseg_status status = cseg_resample_nearest(context, &to, &from);
    const double size = resampled_size(cellseg_labels_pixel_size_um(labels), height, width, from.height, from.width);
    if (status == CELLSEG_OK)
        status = cellseg_labels_set_pixel_size_um(*out, size);
    if (status != CELLSEG_OK) {
        cellseg_labels_free(*out);
        *out = NULL;
    }
    return status;
}

cellseg_status cellseg_filter_range(double *lo, double *hi, cellseg_context *context, const cellseg_image *image,
                                    int32_t channel) {
    CSEG_TRY(check_out(lo, "lo"));
    CSEG_TRY(check_out(hi, "hi"));
    cseg_plane from;
    CSEG_TRY(open_channel(&from, context, image, channel));
    return cseg_histogram_range(context, lo, hi, &from);
}

cellseg_status cellseg_filter_histogram(uint64_t *counts, size_t bins, cellseg_context *context, const cellseg_image *image,
                                        int32_t channel, double lo, double hi) {
    CSEG_TRY(check_out(counts, "counts"));
    CSEG_TRY(check_count("bins", bins, 65536));
    if (!(lo < hi) || !isfinite(hi - lo) || !isfinite((double)bins / (hi - lo)))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "histogram: there are no %zu bins between lo %g and hi %g", bins, lo, hi);
    cseg_plane from;
    CSEG_TRY(open_channel(&from, context, image, channel));
    return cseg_histogram_count(context, counts, bins, lo, hi, &from);
}

cellseg_status cellseg_filter_percentiles(double *values, const double *percents, size_t count, cellseg_context *context,
                                          const cellseg_image *image, int32_t channel) {
    CSEG_TRY(check_out(values, "values"));
    CSEG_TRY(check_out(percents, "percents"));
    CSEG_TRY(check_count("count", count, 1024));
    for (size_t i = 0; i < count; i++)
        CSEG_TRY(cseg_range_check("percents", percents[i], 0, 100));
    cseg_plane from;
    CSEG_TRY(open_channel(&from, context, image, channel));
    return cseg_percentiles_find(context, values, percents, count, &from);
}

cellseg_status cellseg_filter_otsu(double *thresholds, size_t count, size_t bins, cellseg_context *context,
                                   const cellseg_image *image, int32_t channel) {
    CSEG_TRY(check_out(thresholds, "thresholds"));
    CSEG_TRY(check_count("count", count, 8));
    CSEG_TRY(cseg_range_check("bins", (double)bins, 2, 4096));
    cseg_plane from;
    CSEG_TRY(open_channel(&from, context, image, channel));
    return cseg_otsu_find(context, thresholds, count, bins, &from, NULL);
}
