/* SPDX-License-Identifier: BSD-3-Clause */
/* The filter room's door. Outputs are planes that the caller allocated; `to` does not overlap `from` unless stated. */
#ifndef CSEG_FILTER_H
#define CSEG_FILTER_H

#include "core/core.h"

#include <cellseg/filter.h>

/*
 * Gaussian, borders reflected (d c b a | a b c d). from: any type; to: float32, may be the same plane. sigma 0 copies. Up to
 * sigma 16 the convolution cut at four sigma, beyond within 2e-5 of the image's range of the Gaussian that is not cut.
 */
cellseg_status cseg_gaussian_smooth(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double sigma_px);

/* Pixels on each side that a smoothed pixel depends on, at most. */
size_t cseg_gaussian_halo(double sigma_px);

/*
 * Multi-scale Laplacian of Gaussian: max over sigmas of -sigma^2 * (Lxx + Lyy), so that bright blobs of radius sigma * sqrt(2)
 * are positive peaks. Borders reflected. from: any type; to: float32. Up to CSEG_LOG_MAX_SCALES sigmas in [0.001, 64].
 */
enum { CSEG_LOG_MAX_SCALES = 32, CSEG_LOG_LARGEST_SIGMA = 64, CSEG_LOG_FAST_SMALLEST_SIGMA = 2 };
cellseg_status cseg_laplacian_compute(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                      const double *sigmas_px, size_t count);

/* Pixels on each side that a response of the largest sigma depends on, at most. */
size_t cseg_laplacian_halo(double sigma_px);

/* The same of the Gaussian that is not cut, within 6e-4 of the image's range, for sigmas from 2 up. Saves more time the larger
 * the sigmas, a third for five sigmas from 3 to 11. The response to a constant image is 0; the exact form's is 2e-3 of the
 * constant. */
cellseg_status cseg_laplacian_compute_fast(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                           const double *sigmas_px, size_t count);

/* Resample to to's size: area average where it shrinks, bilinear (pixel centres at +0.5) where it grows. to: float32. */
cellseg_status cseg_resample_linear(cellseg_context *context, const cseg_plane *to, const cseg_plane *from);

/* The same of a piece of the output, from a piece of the input that holds cseg_resample_needs() of the output's rectangle. */
cellseg_status cseg_resample_linear_piece(cellseg_context *context, const cseg_piece *to, const cseg_piece *from);
cseg_rect cseg_resample_needs(const cseg_rect *to, size_t to_height, size_t to_width, size_t from_height, size_t from_width);

/* The same, but cubic where it grows: sharper, and may overshoot the image's range. */
cellseg_status cseg_resample_cubic(cellseg_context *context, const cseg_plane *to, const cseg_plane *from);

/* Resample a label map (uint32) or mask (uint8) to to's size: the sample whose area holds the centre of to's pixel. */
cellseg_status cseg_resample_nearest(cellseg_context *context, const cseg_plane *to, const cseg_plane *from);

/* Counts in `bins` (1 to 65536) bins of equal width from lo to hi, lo < hi; the last includes hi; other samples are not counted.
 */
cellseg_status cseg_histogram_count(cellseg_context *context, uint64_t *counts, size_t bins, double lo, double hi,
                                    const cseg_plane *from);

/*
 * Percentiles (0 to 100, rising) of all samples: linear between order statistics, as numpy.percentile. Exact for every type.
 */
cellseg_status cseg_percentiles_find(cellseg_context *context, double *out, const double *percents, size_t count,
                                     const cseg_plane *from);

/* The same of a store. */
cellseg_status cseg_percentiles_find_stored(cellseg_context *context, double *out, const double *percents, size_t count,
                                            const cseg_store *from);

/*
 * Multi-level Otsu: `count` (1 to 8) rising thresholds over a histogram of `bins` bins from min to max, maximising the
 * between-class variance exactly. A pixel is above threshold t when value > t. A constant image gives its value `count` times.
 * bins: 2 to 4096; integer types get a bin for each value where these suffice. Fewer values than classes: thresholds repeat.
 * mask: NULL, or uint8: only pixels of a mask value other than 0 count; an argument error where there is none.
 */
cellseg_status cseg_otsu_find(cellseg_context *context, double *thresholds, size_t count, size_t bins, const cseg_plane *from,
                              const cseg_plane *mask);

/* The same of a store. */
cellseg_status cseg_otsu_find_stored(cellseg_context *context, double *thresholds, size_t count, size_t bins,
                                     const cseg_store *from);

/* Smallest and largest sample, of a store. */
cellseg_status cseg_histogram_range_stored(cellseg_context *context, double *lo, double *hi, const cseg_store *from);

/* Smallest and largest sample. */
cellseg_status cseg_histogram_range(cellseg_context *context, double *lo, double *hi, const cseg_plane *from);

#endif
