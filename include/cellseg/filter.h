/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file filter.h  Filters: Gaussian, Laplacian of Gaussian, resampling, histograms, percentiles, Otsu.
 *
 * Grammar, here and in morph.h: cellseg_image_<verb>() reads an image, cellseg_labels_<verb>() a label map. Arguments come in one
 * order: results, context, inputs, parameters. The index of the channel to read, from 0, follows every image.
 *
 * The following holds for every function of this header and is not repeated below.
 *
 * - Pixels: any channel of an image of any pixel type, with any row and pixel stride. Interleaved pixels are copied once, others
 *   are read in place. Values are not rescaled. Float pixels must be finite; float64 pixels beyond the range of float32 are
 *   refused.
 * - Results: images are float32 with one channel, and have the pixel size of the input where it is known. They are computed in
 *   float32, to which pixels of uint32, int32 and float64 are rounded first. Numbers (range, histogram, percentiles, thresholds)
 *   are computed from the pixels themselves, for every pixel type. Results are the same bytes for any number of threads,
 *   processor level and compiler. Near 1e38, sums may become infinite.
 * - Lengths are in pixels.
 * - CELLSEG_ERR_ARGUMENT   a pointer is NULL, the channel does not exist, or a pixel is not finite (the message says where)
 * - CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT   there is no memory, or the context's budget is spent
 * - CELLSEG_ERR_CANCELLED  the progress callback asked to stop
 * - After an error, out pointers are NULL. After CELLSEG_ERR_ARGUMENT, arrays of results are unchanged; after another error,
 *   their contents are undefined.
 * - Threads: any. Many calls may read one image at the same time; a context serves one call at a time.
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
 * Up to a sigma of 16 px the image is convolved with the sampled Gaussian cut at four sigma: scipy.ndimage.gaussian_filter within
 * 2e-6 of the image's largest magnitude. Beyond, the image is smoothed in steps from one sigma to about twice the sigma, within
 * 2e-5 of the image's range of the Gaussian that is not cut.
 *
 * @param[out] out       New image, height x width of `image`. Release with cellseg_image_free().
 * @param      context   NULL for defaults
 * @param      image     any pixel type
 * @param      channel   from 0
 * @param      sigma_px  0 to 1000; 0 converts to float32 without smoothing
 * @return CELLSEG_ERR_ARGUMENT  sigma_px is out of range; and the common errors above
 * Cost: 8 sigma multiply-adds per pixel; above 16 px about 50 for each doubling of sigma, and more from 300 px on, where rows and
 * columns are shorter than the filter. Memory: above 16 px one more float32 image. Source: Holschneider et al., 1989 (algorithme
 * a trous). Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_gaussian(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                  int32_t channel, double sigma_px);

/** Methods of cellseg_image_laplacian(). */
enum {
    CELLSEG_LAPLACIAN_EXACT =
        0, /**< convolution cut at four sigma: scipy.ndimage.gaussian_laplace within 4e-6 of the largest magnitude */
    CELLSEG_LAPLACIAN_FAST = 1 /**< for sigmas from 5 on from scale to scale at half size; within 6e-4 of the image's range, 8e-4
                                  of the responses' largest range, of the Gaussian that is not cut */
};

/**
 * Multi-scale Laplacian of Gaussian: find blobs.
 *
 * For every pixel the largest over all sigmas of -sigma^2 (Lxx + Lyy), where L is the image smoothed with that sigma. A bright
 * disc of radius r responds most at sigma = r / sqrt(2), at its centre; dark blobs have negative responses. Beyond the border the
 * image is reflected.
 *
 * The two methods differ by up to 3e-3 of the image's largest magnitude: the exact one, like SciPy, cuts the Gaussian at four
 * sigma, which leaves a trace of the image's mean. The fast one is nearer to the true Laplacian of Gaussian.
 *
 * @param[out] out        New image, height x width of `image`. Release with cellseg_image_free().
 * @param      context    NULL for defaults
 * @param      image      any pixel type
 * @param      channel    from 0
 * @param      sigmas_px  `count` sigmas in any order: in [0.001, 64] for the exact method, [2, 1000] for the fast one
 * @param      count      1 to 32
 * @param      method     CELLSEG_LAPLACIAN_EXACT or CELLSEG_LAPLACIAN_FAST
 * @return CELLSEG_ERR_ARGUMENT  a sigma, count or method is out of range; and the common errors above
 * Cost: exact 16 sigma multiply-adds per pixel and scale; fast two thirds of that time for sigmas from 3 to 11, and above 5 the
 * time hardly grows with sigma. Memory: exact small; fast two float32 images. Source: Lindeberg, Feature detection with automatic
 * scale selection, 1998; Burt and Adelson, The Laplacian pyramid as a compact image code, 1983. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_laplacian(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                   int32_t channel, const double *sigmas_px, size_t count, int32_t method);

/** Interpolation of cellseg_image_resample() along an axis that grows. */
enum {
    CELLSEG_RESAMPLE_LINEAR = 0, /**< between the four nearest pixels; never leaves the image's range */
    CELLSEG_RESAMPLE_CUBIC = 1   /**< between the sixteen nearest (Keys, a = -1/2); sharper, may overshoot at edges */
};

/**
 * Resample to another size, each axis by itself. Along an axis that shrinks, every new pixel is the average over its exact area,
 * so that nothing aliases and the mean is kept. Along an axis that grows, pixels are interpolated between pixel centres; the
 * border's pixels stand for those beyond.
 *
 * @param[out] out      New image, height x width. Release with cellseg_image_free(). Its pixel size is the input's times the
 * ratio of widths where the ratio of heights is the same to within a pixel, else unknown.
 * @param      context  NULL for defaults
 * @param      image    any pixel type
 * @param      channel  from 0
 * @param      height   1 to 2^31 - 1
 * @param      width    1 to 2^31 - 1
 * @param      method   CELLSEG_RESAMPLE_LINEAR or CELLSEG_RESAMPLE_CUBIC
 * @return CELLSEG_ERR_ARGUMENT  a size or the method is out of range; and the common errors above
 * Cost: two multiply-adds for each pixel of the larger image, four when enlarging linearly, eight when cubically. Memory: a few
 * rows. Source: Keys, Cubic convolution interpolation, 1981. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_resample(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                  int32_t channel, size_t height, size_t width, int32_t method);

/**
 * Resample a label map to another size: each new pixel takes the id of the pixel that holds its centre, so that no new id arises.
 *
 * @param[out] out      New label map, height x width. Release with cellseg_labels_free(). Its pixel size is that of
 *                      cellseg_image_resample().
 * @param      context  NULL for defaults
 * @param      labels   read only
 * @param      height   1 to 2^31 - 1
 * @param      width    1 to 2^31 - 1
 * @return CELLSEG_ERR_ARGUMENT  a size is out of range; and the common errors above
 * Cost: one pass over the new map. Memory: small. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_resample(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels,
                                                   size_t height, size_t width);

/**
 * Smallest and largest pixel.
 *
 * @param[out] lo       exact for every pixel type
 * @param[out] hi       exact for every pixel type
 * @param      context  NULL for defaults
 * @param      image    any pixel type
 * @param      channel  from 0
 * @return the common errors above
 * Cost: one pass. Memory: small. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_range(double *lo, double *hi, cellseg_context *context, const cellseg_image *image,
                                               int32_t channel);

/**
 * Count pixels in bins of equal width. Bin i holds the values from lo + i w to below lo + (i + 1) w, w = (hi - lo) / bins; the
 * last bin holds hi too. Values outside [lo, hi] are not counted.
 *
 * @param[out] counts   `bins` counts
 * @param      context  NULL for defaults
 * @param      image    any pixel type, read as float64
 * @param      channel  from 0
 * @param      bins     1 to 65536
 * @param      lo       finite
 * @param      hi       finite, above lo
 * @return CELLSEG_ERR_ARGUMENT  bins, lo or hi is out of range; and the common errors above
 * Cost: one pass. Memory: 32 bytes per bin and million pixels, at most 1 kB per bin. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_histogram(uint64_t *counts, cellseg_context *context, const cellseg_image *image,
                                                   int32_t channel, size_t bins, double lo, double hi);

/**
 * Exact percentiles, linear between order statistics: numpy.percentile of the pixels as float64.
 *
 * @param[out] values    `count` percentiles
 * @param      context   NULL for defaults
 * @param      image     any pixel type; order statistics are exact for every one
 * @param      channel   from 0
 * @param      percents  `count` numbers from 0 to 100 in any order; rising is fastest
 * @param      count     1 to 1024
 * @return CELLSEG_ERR_ARGUMENT  a percentage or count is out of range; and the common errors above
 * Cost: one pass for 8 and 16-bit images; for others one more for each percentile, three more for float64, fewer where
 * percentiles lie close together. Memory: at most 19 MB. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_percentiles(double *values, cellseg_context *context, const cellseg_image *image,
                                                     int32_t channel, const double *percents, size_t count);

/**
 * Multi-level Otsu thresholds: those that cut the histogram into count + 1 classes with the largest variance between them, found
 * exactly. A pixel belongs to a class above threshold t when its value > t. Of equally good sets the one with the lowest
 * thresholds is chosen, the first threshold deciding first. An image with fewer values than classes has thresholds that repeat;
 * a constant image has its value `count` times.
 *
 * @param[out] thresholds  `count` thresholds, rising
 * @param      context     NULL for defaults
 * @param      image       any pixel type; thresholds are values that the type holds
 * @param      channel     from 0
 * @param      count       1 to 8
 * @param      bins        2 to 4096 bins of equal width from the smallest to the largest pixel; integer images have a bin for
 * each value where these suffice, as 256 do for uint8
 * @return CELLSEG_ERR_ARGUMENT  count or bins is out of range, or the pixels of a float64 image span less than 3e-305 but not 0;
 * and the common errors above Cost: two passes and count * bins^2 / 2 steps: 0.2 ms for 5 thresholds of 256 bins. Memory: that of
 * a histogram. Source: Otsu 1979; Liao, Chen and Chung, A fast algorithm for multilevel thresholding, 2001. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_otsu(double *thresholds, cellseg_context *context, const cellseg_image *image,
                                              int32_t channel, size_t count, size_t bins);

#ifdef __cplusplus
}
#endif
#endif
