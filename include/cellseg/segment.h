/* SPDX-License-Identifier: BSD-3-Clause */
/** @file segment.h  The main job: an image in, every cell and its nucleus out. */
#ifndef CELLSEG_SEGMENT_H
#define CELLSEG_SEGMENT_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/model.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Sets of option values. */
enum { CELLSEG_PRESET_DEFAULT = 0, CELLSEG_PRESET_PAPER = 1 };

/** What the cells' watershed floods. */
enum {
    CELLSEG_RELIEF_MARKER = 0,      /**< the enhanced marker image, bright first (the paper) */
    CELLSEG_RELIEF_GRADIENT = 1,    /**< its gradient magnitude */
    CELLSEG_RELIEF_PROBABILITY = 2, /**< the cell probability, high first */
    CELLSEG_RELIEF_DISTANCE = 3     /**< the distance from the nuclei: the nearest nucleus within the cell mask wins */
};

/** Which probability multiplies the marker image. */
enum { CELLSEG_CELL_CYTOPLASM = 0, CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS = 1 };

/** How the cells are told from the background. */
enum {
    CELLSEG_BACKGROUND_EXPECTED_AREA = 0, /**< Otsu level whose area is nearest to nuclei x expected area (the paper) */
    CELLSEG_BACKGROUND_PROBABILITY = 1    /**< background is where the network says so: cell probability up to one half */
};

/**
 * What becomes of the cells of a marker that does not fit. cellseg_segment() tests every image in which it finds fifteen cells or
 * more, by medians over the cells: contrast, (ring - nucleus) / (ring + nucleus) of the marker in the nucleus and within 4 um of
 * it; share, the nucleus's part of the cell's area; and sureness, the nucleus probability in the nucleus. A contrast below -0.20
 * with a share above 0.40 is a nuclear stain's; a contrast below -0.05 with a sureness below 0.70 is doubtful. Either is logged
 * as a warning. The limits were measured with the default model (docs/defaults.md); another model's nuclei and cells may differ.
 */
enum {
    CELLSEG_MARKER_WARN = 0,          /**< they are kept */
    CELLSEG_MARKER_REFUSE_STAINS = 1, /**< a nuclear stain gives no cells */
    CELLSEG_MARKER_REFUSE = 2         /**< neither does a doubtful marker */
};

/**
 * Every parameter of the method (Al-Kofahi et al. 2018, steps 1 to 3). Fill with cellseg_segment_options_init().
 * The two-channel method has no network: it takes CELLSEG_RELIEF_PROBABILITY as CELLSEG_RELIEF_MARKER,
 * CELLSEG_BACKGROUND_PROBABILITY as CELLSEG_BACKGROUND_EXPECTED_AREA, and leaves out what else speaks of a probability,
 * nucleus_strength_ratio too; orientations are ignored.
 */
typedef struct cellseg_segment_options {
    size_t struct_size;
    int32_t channel;              /**< the marker's channel, from 0. Default 0 */
    int32_t nuclei_channel;       /**< two-channel method: the nuclear stain's channel in its image. Default 0 */
    double pixel_size_um;         /**< overrides the image's own; 0, the default: take the image's */
    double working_pixel_size_um; /**< scale of the two-channel method; with a model, the model's own is used. Default 0.65 */

    double top_hat_um; /**< edge of the square of the white top-hat that evens the illumination; 0: none. Default 130.
                            The network sees its images with the top-hat of its own model, whatever stands here */

    double nucleus_radius_min_um; /**< LoG scales span this radius ... Default 3 */
    double nucleus_radius_max_um; /**< ... to this one. Default 10 */
    int32_t nucleus_scales;       /**< number of LoG scales, 1 to 32. Default 5 */
    int32_t cell_probability;     /**< CELLSEG_CELL_... Default CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS */
    double sensitivity;           /**< (0, 100]: 100 takes the lowest of five Otsu thresholds, 20 the highest. Default 60 */
    double outline_sensitivity;  /**< nuclei are found at `sensitivity` and outlined at this one, where it is higher; 0: the same.
                                      Default 80 */
    double nucleus_valley;       /**< nuclei part where the finest scale sees a valley deeper than this part of the outline's
                                      threshold; 0: none. Default 0.1 */
    double h_um;                 /**< depth below which two minima of the distance are one nucleus. Default 2 */
    double nucleus_area_min_um2; /**< smaller nuclei are dropped. Default 25 */
    double nucleus_probability_min; /**< nuclei whose mean probability is lower are dropped, 0 to 1; 0: none are. Default 0.3 */

    double cell_sigma_um;          /**< Gaussian before the logarithm. Default 0.65 */
    double cell_area_expected_um2; /**< 0, the default: estimated from the image */
    double cell_compactness;       /**< the relief rises by this per um of distance from the nuclei, so that no cell floods round
                                        another; the marker relief spans 0 to 1. 0: none (the paper). Default 0.01 */
    int32_t relief;                /**< CELLSEG_RELIEF_... Default CELLSEG_RELIEF_MARKER */
    int32_t background_rule;       /**< CELLSEG_BACKGROUND_... Default CELLSEG_BACKGROUND_PROBABILITY */
    double cell_area_min_um2;      /**< smaller cells are dropped with their nuclei; 0, the default: none are */
    double cell_area_max_um2;      /**< larger cells are dropped with their nuclei; 0, the default: none are */
    double cytoplasm_min; /**< cells of which less than this part, 0 to 1, is cytoplasm are dropped; 0: none are. Default 0.1 */
    double smooth_um;     /**< radius of the disc that opens each cell's outline; 0, the default: none */
    int32_t drop_border_cells; /**< 1: cells that touch the image's edge are dropped. Default 0 */
    int32_t fill_holes;        /**< 1, the default: holes inside cells and nuclei are filled */
    double cell_ring_um;       /**< every nucleus first takes what lies this near to it, the nearest nucleus each pixel; then
                                    the relief decides. 0: none (the paper). Default 1 */
    int32_t use_extra_output;  /**< 1, the default: a model's fourth output, where it has one, tells nuclei apart and, with
                                    CELLSEG_RELIEF_MARKER, is half of the relief; 0: it is left out */
    int32_t marker_test;       /**< CELLSEG_MARKER_... Default CELLSEG_MARKER_REFUSE_STAINS */
    int32_t orientations;      /**< 1, 2, 4 or 8: so many ways, mirrored and turned, the network sees the image, and its maps are
                                    averaged; surer, and as many times slower. Default 2: as it is, and turned by half */
    double nucleus_strength_ratio; /**< a nucleus is as strong as its mean probability times the fourth root of its area; of the
                                      nuclei that nucleus_area_min_um2 and nucleus_probability_min leave, where they are 15 or
                                      more, those weaker than this part of the upper quartile of their strengths are dropped,
                                      0 to 1; 0: none are (the paper). Default 0.5 */
} cellseg_segment_options;

/** Write the defaults, chosen by measurement (docs/defaults.md). @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_segment_options_init(cellseg_segment_options *options, size_t struct_size);

/**
 * Set the values of a preset; struct_size, channels and pixel sizes stay as they are.
 *
 * What the paper leaves open has one value under both presets: a nucleus whose LoG response is below 0.08 of the map's range is
 * none; the marker's logarithm is log(1 + 100 m), m from 0 to 1; an expected area that is not given is estimated between 50 and
 * 5000 um2 per cell; intensities are scaled so that noise alone does not fill the range; and the label maps keep one 4-connected
 * part of each cell and nucleus.
 *
 * @param preset  CELLSEG_PRESET_DEFAULT or CELLSEG_PRESET_PAPER (the values of Al-Kofahi et al. 2018)
 * @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_options_preset(cellseg_segment_options *options, int32_t preset);

/** Check the options' ranges, as every call below does before its work. NULL, the defaults, is in order.
 * @return CELLSEG_ERR_ARGUMENT, naming the option. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_segment_options_check(const cellseg_segment_options *options);

/**
 * Label every cell in an image, from its marker channel alone.
 *
 * An image without a cell, or too small to hold one, gives empty label maps and no error; the context's log gets a warning. So it
 * does where the marker does not fit the method, as a nuclear stain, which the first look tells; marker_test says what becomes of
 * the cells then.
 * Pixels may be at most 8 times as large as the model's, and the image at most 2^30 pixels at its scale and at the
 * largest zoom.
 *
 * @param[out] cells    New label map of the image's size: 0 is background, cells are 1..count in raster order of their first
 *                      pixel. Release with cellseg_labels_free(). NULL after an error.
 * @param[out] nuclei   NULL when not wanted; else as `cells`: each cell's nucleus, under the cell's id and inside it.
 * @param[out] maps     NULL when not wanted; else a float32 image of the image's size whose channels are the model's classes:
 *                      nucleus, cytoplasm, background, in [0, 1], and the fourth output where the model has one.
 * @param      context  NULL for defaults
 * @param      model    read only; one model may serve many threads at once
 * @param      image    cytoplasm bright, background dark, nucleus darker than the cytoplasm; pixel size known, or given in the
 * options
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT   a NULL, an option out of range, a channel the image lacks, an unknown pixel size or one that is
 * far too large, a pixel that is not finite
 * @return CELLSEG_ERR_MODEL      the model's first classes are not nucleus, cytoplasm and background
 * @return CELLSEG_ERR_LIMIT      the image is too large at the model's scale or at its largest zoom, or for the memory budget
 * @return CELLSEG_ERR_CANCELLED, CELLSEG_ERR_MEMORY
 * Cost: the network's, times the orientations, and 0.15 us per pixel of the model's scale for the rest, on two threads:
 * docs/performance.md. At a zoom the network's times its square, at 3 zooms 3.1 times that; to find a zoom, first 5 to 31 times
 * one orientation's and three seeds steps. With 2 orientations a second look takes 3 to 28 times as long as the
 * first, most often 8; of images of stains that the model knows, half get one.
 * Progress: where a second look may be taken, the first one is the first fifth; the rest is passed at once where there is none.
 * Log, as information: of 15 nuclei or more how well the marker fits and how sure they are; where they are unsure, whether
 * there is a second look, and then which one counts.
 * Memory: 42 bytes per pixel of the model's scale, or with zooms 28 + 20 z^2 where that is more, and in a second look 28 besides:
 * z is the largest zoom, which for 3 zooms is 1.2 `zoom`, and 2.8 where it is to be found.
 * Threads: any. Result: the same bytes for any thread count. Since: 1.0
 * Source: Al-Kofahi et al. 2018, steps 1 to 3.
 */
CELLSEG_API cellseg_status cellseg_segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps,
                                           cellseg_context *context, const cellseg_model *model, const cellseg_image *image,
                                           const cellseg_segment_options *options);

/**
 * The two-channel method: nuclei from a nuclear stain, cells from the marker. No network; how the paper made its training labels.
 *
 * @param[out] cells, nuclei  as cellseg_segment(); either may be NULL when not wanted
 * @param      marker         the marker is channel options->channel
 * @param      nuclear        the nuclear stain, bright, is channel options->nuclei_channel; may be the same image; same size as
 * `marker`
 * @return as cellseg_segment(), but CELLSEG_ERR_MODEL
 * Cost: about 0.15 us per pixel of the working scale, on one thread.
 * Threads: any. Result: the same bytes for any thread count. Since: 1.0
 * Source: Al-Kofahi et al. 2018, "Ground truth".
 */
CELLSEG_API cellseg_status cellseg_segment_two_channel(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                                       const cellseg_image *marker, const cellseg_image *nuclear,
                                                       const cellseg_segment_options *options);

/**
 * Nuclei of cells that are known already, from a nuclear stain: training targets where a person outlined whole cells only.
 *
 * @param[out] nuclei  New label map: the nuclear foreground inside each cell, under the cell's id; a cell without any has none.
 * @param      cells   label map of the image's size
 * @return as cellseg_segment_two_channel(), and CELLSEG_ERR_ARGUMENT when sizes differ
 * Cost: about 0.08 us per pixel of the working scale, on one thread.
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_nuclei_within(cellseg_labels **nuclei, cellseg_context *context,
                                                         const cellseg_labels *cells, const cellseg_image *nuclear,
                                                         const cellseg_segment_options *options);

#ifdef __cplusplus
}
#endif
#endif
