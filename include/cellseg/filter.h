/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file filter.h  Filters: Gaussian, Laplacian of Gaussian, resampling, histograms, percentiles, Otsu.
 *
 * Every function here reads one channel of an image of any sample type and any row stride, without copying it, and takes pixels
 * as numbers as they are: nothing is rescaled. Images it makes are float32, of one channel, and know their pixel size where the
 * input's is known. Lengths are in pixels. Float32 images must be finite; where pixels are beyond 1e38 sums may come out
 * infinite. Results are the same bytes for any number of threads, processor level and compiler. Errors that every function can
 * give are not repeated below:
 *
 * - CELLSEG_ERR_ARGUMENT   a pointer is NULL, the channel is not there, or a pixel is NaN or infinite (the message says where)
 * - CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT   no memory, or the context's budget is spent
 * - CELLSEG_ERR_CANCELLED  the progress callback asked to stop
 *
 * Threads: any; an image may be read by many calls at once, a context serves one. After an error out pointers are NULL. After
 * CELLSEG_ERR_ARGUMENT arrays of results are as they were; after another error they hold nothing of use.
 */
#ifndef CELLSEG_FILTER_H
#define CELLSEG_FILTER_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Smooth with a Gaussian. Beyond the border the image is reflected: d c b a | a b c d.
 *
 * Up to a sigma of 16 px by convolution with the sampled Gaussian cut at four sigma: scipy.ndimage.gaussian_filter within 2e-6 of
 * the image's largest magnitude. Beyond in steps from one sigma to about twice it, within 2e-5 of the image's range of the
 * Gaussian that is not cut.
 *
 * @param[out] out       New image, height x width of `image`. Release with cellseg_image_free(). NULL after an error.
 * @param      context   NULL for defaults
 * @param      image     read only
 * @param      channel   from 0
 * @param      sigma_px  0 to 1000; 0 converts to float32 and smooths nothing
 * @return CELLSEG_ERR_ARGUMENT  sigma_px is out of range; and the common ones above
 * Cost: 8 sigma multiply-adds per pixel, above 16 px about 50 for each doubling of sigma; more from 300 px on, where rows and
 * columns are shorter than the filter. Memory: above 16 px the image once more, as float32. Since: 1.0. Source: Holschneider et
 * al., 1989 (algorithme a trous).
 */
CELLSEG_API cellseg_status cellseg_filter_gaussian(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                   int32_t channel, double sigma_px);

/** How cellseg_filter_log() computes. */
enum {
    CELLSEG_LAPLACIAN_EXACT =
        0, /**< convolution cut at four sigma: scipy.ndimage.gaussian_laplace within 4e-6 of the largest magnitude */
    CELLSEG_LAPLACIAN_FAST = 1 /**< from a sigma of 5 up from scale to scale at half size; within 6e-4 of the image's range, 8e-4
                                  of the responses' largest range, of the Gaussian that is not cut */
};

/**
 * Multi-scale Laplacian of Gaussian: find blobs.
 *
 * For every pixel the largest over all sigmas of -sigma^2 (Lxx + Lyy), L being the image smoothed with that sigma. A bright disc
 * of radius r answers most strongly at sigma = r / sqrt(2), at its centre; dark blobs answer with negative numbers. Beyond the
 * border the image is reflected.
 *
 * The two methods differ by up to 3e-3 of the image's largest magnitude, because the exact one, like SciPy, cuts the Gaussian at
 * four sigma, which leaves a trace of the image's mean; the fast one is nearer to the true Laplacian of Gaussian.
 *
 * @param[out] out        New image, height x width of `image`. Release with cellseg_image_free(). NULL after an error.
 * @param      context    NULL for defaults
 * @param      image      read only
 * @param      channel    from 0
 * @param      sigmas_px  `count` sigmas in any order: in [0.001, 64] for the exact method, [2, 1000] for the fast one
 * @param      count      1 to 32
 * @param      method     CELLSEG_LAPLACIAN_EXACT or CELLSEG_LAPLACIAN_FAST
 * @return CELLSEG_ERR_ARGUMENT  a sigma, count or method is out of range; and the common ones above
 * Cost: exact 16 sigma multiply-adds per pixel and scale; fast two thirds of the time for sigmas from 3 to 11, and above 5 it
 * hardly grows with sigma.
 * Memory: exact next to nothing; fast twice the image, as float32.
 * Since: 1.0. Source: Lindeberg, Feature detection with automatic scale selection, 1998; Burt and Adelson, The Laplacian pyramid
 * as a compact image code, 1983.
 */
CELLSEG_API cellseg_status cellseg_filter_log(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                              int32_t channel, const double *sigmas_px, size_t count, int32_t method);

/** How cellseg_filter_resample() enlarges. */
enum {
    CELLSEG_RESAMPLE_LINEAR = 0, /**< between the four nearest pixels; never leaves the image's range */
    CELLSEG_RESAMPLE_CUBIC = 1   /**< between the sixteen nearest (Keys, a = -1/2); sharper, may overshoot at edges */
};

/**
 * Resample to another size, each axis by itself: where an axis shrinks the average over each new pixel's exact area, so that
 * nothing aliases and the mean stays; where it grows interpolation between pixel centres, the border's pixels standing for those
 * beyond.
 *
 * @param[out] out      New image, height x width. Release with cellseg_image_free(). NULL after an error. Its pixel size is the
 *                      input's times the ratio of widths where the ratio of heights is the same to within a pixel, else unknown.
 * @param      context  NULL for defaults
 * @param      image    read only
 * @param      channel  from 0
 * @param      height   1 to 2^31 - 1
 * @param      width    1 to 2^31 - 1
 * @param      method   CELLSEG_RESAMPLE_LINEAR or CELLSEG_RESAMPLE_CUBIC
 * @return CELLSEG_ERR_ARGUMENT  a size or the method is out of range; and the common ones above
 * Cost: two multiply-adds for each pixel of the larger image, four when enlarging linearly, eight when cubically.
 * Memory: a few rows. Since: 1.0. Source: Keys, Cubic convolution interpolation, 1981.
 */
CELLSEG_API cellseg_status cellseg_filter_resample(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                   int32_t channel, size_t height, size_t width, int32_t method);

/**
 * Resample a label map to another size: each new pixel takes the id of the pixel that holds its centre, so that no id is made up.
 *
 * @param[out] out      New label map, height x width. Release with cellseg_labels_free(). NULL after an error. Its pixel size as
 *                      for cellseg_filter_resample().
 * @param      context  NULL for defaults
 * @param      labels   read only
 * @param      height   1 to 2^31 - 1
 * @param      width    1 to 2^31 - 1
 * @return CELLSEG_ERR_ARGUMENT  a size is out of range; and the common ones above
 * Cost: one pass over the new map. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_filter_resample_labels(cellseg_labels **out, cellseg_context *context,
                                                          const cellseg_labels *labels, size_t height, size_t width);

/**
 * Smallest and largest pixel.
 *
 * @param[out] lo       exact for every sample type
 * @param[out] hi       exact for every sample type
 * @param      context  NULL for defaults
 * @param      image    read only
 * @param      channel  from 0
 * @return the common errors above
 * Cost: one pass. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_filter_range(double *lo, double *hi, cellseg_context *context, const cellseg_image *image,
                                                int32_t channel);

/**
 * Count pixels in bins of equal width. Bin i holds the values from lo + i w to below lo + (i + 1) w, w = (hi - lo) / bins; the
 * last one holds hi too. Values outside [lo, hi] are not counted.
 *
 * @param[out] counts   `bins` counts
 * @param      bins     1 to 65536
 * @param      context  NULL for defaults
 * @param      image    read only
 * @param      channel  from 0
 * @param      lo       finite
 * @param      hi       finite, above lo
 * @return CELLSEG_ERR_ARGUMENT  bins, lo or hi is out of range; and the common ones above
 * Cost: one pass. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_filter_histogram(uint64_t *counts, size_t bins, cellseg_context *context,
                                                    const cellseg_image *image, int32_t channel, double lo, double hi);

/**
 * Exact percentiles, linear between order statistics: what numpy.percentile gives for the pixels as float64.
 *
 * @param[out] values    `count` percentiles
 * @param      percents  `count` numbers from 0 to 100 in any order; rising is fastest
 * @param      count     1 to 1024
 * @param      context   NULL for defaults
 * @param      image     read only
 * @param      channel   from 0
 * @return CELLSEG_ERR_ARGUMENT  a percentage or count is out of range; and the common ones above
 * Cost: one pass for 8 and 16-bit images; else one more for each percentile, fewer where they lie close together.
 * Memory: 17 MB at most. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_filter_percentiles(double *values, const double *percents, size_t count,
                                                      cellseg_context *context, const cellseg_image *image, int32_t channel);

/**
 * Multi-level Otsu thresholds: those that cut the histogram into count + 1 classes with the largest variance between them, found
 * exactly. A pixel belongs to a class above threshold t when its value > t. Of equally good sets the one with the lowest
 * thresholds, the first deciding first. An image with fewer values than classes gets thresholds that repeat; a constant one its
 * value `count` times.
 *
 * @param[out] thresholds  `count` thresholds, rising
 * @param      count       1 to 8
 * @param      bins        2 to 4096 bins of equal width from the smallest to the largest pixel; integer images get a bin for each
 *                         value where these suffice, as 256 do for uint8
 * @param      context     NULL for defaults
 * @param      image       read only
 * @param      channel     from 0
 * @return CELLSEG_ERR_ARGUMENT  count or bins is out of range; and the common ones above
 * Cost: two passes and count * bins^2 / 2 steps: 0.2 ms for 5 thresholds of 256 bins.
 * Since: 1.0. Source: Otsu 1979; Liao, Chen and Chung, A fast algorithm for multilevel thresholding, 2001.
 */
CELLSEG_API cellseg_status cellseg_filter_otsu(double *thresholds, size_t count, size_t bins, cellseg_context *context,
                                               const cellseg_image *image, int32_t channel);

#ifdef __cplusplus
}
#endif
#endif
