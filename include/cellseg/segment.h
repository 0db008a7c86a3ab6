/* SPDX-License-Identifier: BSD-3-Clause */
/** @file segment.h  The main job: an image in, every cell and its nucleus out. */
#ifndef CELLSEG_SEGMENT_H
#define CELLSEG_SEGMENT_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/model.h>
#include <cellseg/options.h>
#include <cellseg/source.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Values of marker_check: what becomes of the cells of an unsuitable marker (marker_verdict in the report). */
enum {
    CELLSEG_MARKER_WARN = 0,          /**< the cells are kept */
    CELLSEG_MARKER_REFUSE_STAINS = 1, /**< a nuclear stain gives no cells */
    CELLSEG_MARKER_REFUSE = 2         /**< a doubtful marker gives no cells either */
};

/** The relief that the cells' watershed floods. */
enum {
    CELLSEG_RELIEF_MARKER = 0,      /**< the enhanced marker image, bright first (the paper) */
    CELLSEG_RELIEF_GRADIENT = 1,    /**< the gradient magnitude of the enhanced marker */
    CELLSEG_RELIEF_PROBABILITY = 2, /**< the cell probability, high first */
    CELLSEG_RELIEF_DISTANCE = 3     /**< the distance from the nuclei: the nearest nucleus within the cell mask wins */
};

/** The probability that multiplies the marker image. */
enum {
    CELLSEG_CELL_CYTOPLASM = 0,            /**< of cytoplasm */
    CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS = 1 /**< of cytoplasm or nucleus */
};

/** How cells are separated from the background. */
enum {
    CELLSEG_BACKGROUND_EXPECTED_AREA = 0, /**< the Otsu level whose area is nearest to nuclei x expected area (the paper) */
    CELLSEG_BACKGROUND_PROBABILITY = 1    /**< background is where the cell probability is at most one half */
};

/**
 * The method's inner parameters, which only experiments set (Al-Kofahi 2018, steps 1 to 3). Fill with
 * cellseg_method_init(). Lengths are stated for nuclei of the model's diameter: they scale with `nucleus_diameter_um`.
 *
 * The two-channel method has no network. There CELLSEG_RELIEF_PROBABILITY means CELLSEG_RELIEF_MARKER,
 * CELLSEG_BACKGROUND_PROBABILITY means CELLSEG_BACKGROUND_EXPECTED_AREA, and nucleus_probability_min and nucleus_strength_ratio
 * are ignored.
 */
typedef struct cellseg_method {
    size_t struct_size;           /**< sizeof of this struct where the caller was compiled */
    double working_pixel_size_um; /**< scale of the two-channel method; ignored with a model, which has its own. Default 0.65 */
    double top_hat_um;            /**< edge of the square of the white top-hat that evens the illumination; 0: none. The network's
                                       input always has the top-hat of its own model. Default 130 */
    double nucleus_radius_min_um; /**< smallest radius of the LoG scales. Default 3 */
    double nucleus_radius_max_um; /**< largest radius of the LoG scales. Default 10 */
    int32_t nucleus_scales;       /**< number of LoG scales, 1 to 32. Default 5 */
    int32_t cell_probability;     /**< CELLSEG_CELL_... Default CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS */
    double nucleus_valley;        /**< a valley of the finest scale deeper than this part of the outline's threshold separates two
                                       nuclei; 0: none does. Default 0.1 */
    double nucleus_probability_min; /**< nuclei of a lower mean probability are dropped, 0 to 1; 0: none. Default 0.3 */
    double nucleus_strength_ratio;  /**< nuclei weaker than this part of the upper quartile of all strengths are dropped, 0 to 1;
                                         0: none. A strength is the mean probability times the fourth root of the area; fewer than
                                         15 nuclei have no quartile. Default 0.5 */
    double cell_sigma_um;           /**< sigma of the Gaussian before the logarithm. Default 0.65 */
    double cell_area_expected_um2;  /**< 0, the default: estimated from the image */
    double cell_compactness; /**< rise of the relief per um of distance from the nuclei, so that no cell floods round another; the
                                  marker relief spans 0 to 1. 0: none (the paper). Default 0.01 */
    double cell_ring_um;  /**< each nucleus first takes the pixels this near to it; then the relief decides. 0: none (the paper).
                               Default 1 */
    double cytoplasm_min; /**< cells with a smaller part of cytoplasm, 0 to 1, are dropped; 0: none. Default 0.1 */
    int32_t relief;       /**< CELLSEG_RELIEF_... Default CELLSEG_RELIEF_MARKER */
    int32_t background_rule; /**< CELLSEG_BACKGROUND_... Default CELLSEG_BACKGROUND_PROBABILITY */
} cellseg_method;

/** Write the values of a preset. @param preset  CELLSEG_PRESET_... @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_method_init(cellseg_method *method, size_t struct_size, int32_t preset);

/** The descriptors of cellseg_method. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_method_table(void);

/** The facts about an image and the knobs of a user. Fill with cellseg_segment_options_init(). */
typedef struct cellseg_segment_options {
    size_t struct_size;          /**< sizeof of this struct where the caller was compiled */
    int32_t channel;             /**< the marker's channel, from 0. Default 0 */
    int32_t nuclei_channel;      /**< two-channel method: the nuclear stain's channel in its image. Default 0 */
    double pixel_size_um;        /**< overrides the image's own; 0, the default: the image's */
    double nucleus_diameter_um;  /**< the network reads the image so that nuclei of this diameter have the size of those of its
                                      training; h_um, nucleus_area_min_um2 and the method's lengths scale with it. 0, the default:
                                    the model's own diameter (15 in the two-channel method) */
    double sensitivity;          /**< (0, 100]: 100 takes the lowest of five Otsu thresholds, 20 the highest. Default 60 */
    double outline_sensitivity;  /**< nuclei are outlined at this sensitivity, where it is higher; 0: the same. Default 80 */
    double h_um;                 /**< two minima of the distance, separated by less than this depth, are one nucleus. Default 2 */
    double nucleus_area_min_um2; /**< smaller nuclei are dropped. Default 25 */
    double cell_area_min_um2;    /**< smaller cells are dropped with their nuclei; 0, the default: none */
    double cell_area_max_um2;    /**< larger cells are dropped with their nuclei; 0, the default: none */
    double join;                 /**< touching cells are one where the evidence for it is above this. The evidence is the sum of
                                      docs/model-format.md, "joining": near 0 where both are as likely. Models without its
                                      coefficients or without a distance output join none. 0: none are joined. Default 1 */
    double smooth_um;            /**< radius of the disc that opens each cell's outline; 0, the default: none */
    int32_t drop_border_cells;   /**< 1: cells that touch the image's edge are dropped. Default 0 */
    int32_t fill_holes;          /**< 1, the default: holes inside cells and nuclei are filled, up to twice the diameter of the
                                      largest nucleus (method, nucleus_radius_max_um) high and wide */
    int32_t marker_check;        /**< CELLSEG_MARKER_... Default CELLSEG_MARKER_REFUSE_STAINS */
    int32_t orientations;     /**< test-time augmentation: the network's maps are averaged over 1, 2, 4 or 8 orientations of the
                                   image, at as many times the cost. Default 2: as it is, and turned by 180 degrees */
    int32_t use_extra_output; /**< 1, the default: a model's fourth output (its distance or boundary) separates nuclei and, with
                                   CELLSEG_RELIEF_MARKER, is half of the relief; 0: ignored */
    int32_t preset; /**< CELLSEG_PRESET_...: the method's values where `method` is NULL. Default CELLSEG_PRESET_DEFAULT */
    const cellseg_method *method; /**< NULL, the default: the preset's; else read during the call */
} cellseg_segment_options;

/** Write the defaults, chosen by measurement (docs/defaults.md). @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_segment_options_init(cellseg_segment_options *options, size_t struct_size);

/**
 * Set the values of a preset; channels, the pixel size and the nucleus diameter stay, and `method` becomes NULL.
 *
 * Both presets share what the paper leaves open. A nucleus needs a LoG response of at least 0.08 of the map's range. The marker's
 * logarithm is log(1 + 100 m), m from 0 to 1. An expected area that is not given is estimated between 50 and 5000 um2 per cell.
 * Noise alone never spans the intensity range. The label maps keep one 4-connected component of each cell and nucleus.
 *
 * @param preset  CELLSEG_PRESET_DEFAULT or CELLSEG_PRESET_PAPER (the values of Al-Kofahi et al. 2018)
 * @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_options_preset(cellseg_segment_options *options, int32_t preset);

/** Check the ranges of options and method, as every call below does before its work. NULL, the defaults, is legal.
 * @return CELLSEG_ERR_ARGUMENT, naming the option. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_segment_options_check(const cellseg_segment_options *options);

/** The descriptors of cellseg_segment_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_segment_options_table(void);

/**
 * The marker check's verdict, from medians over the cells: contrast is (ring - nucleus) / (ring + nucleus) of the marker, the
 * ring being the cell within 4 um of its nucleus; share is the nucleus's part of the cell's area; confidence is the mean nucleus
 * probability in the nucleus. The limits were measured with the default model (docs/defaults.md). Fewer than 15 cells give
 * CELLSEG_VERDICT_SUITABLE.
 */
enum {
    CELLSEG_VERDICT_SUITABLE = 0,     /**< neither of the two below */
    CELLSEG_VERDICT_DOUBTFUL = 1,     /**< contrast below -0.05 and confidence below 0.70 */
    CELLSEG_VERDICT_NUCLEAR_STAIN = 2 /**< contrast below -0.20 and share above 0.40 */
};

/** A segmentation in figures. Fill with cellseg_segment_report_init(); release with cellseg_segment_report_clear(). */
typedef struct cellseg_segment_report {
    size_t struct_size;                   /**< sizeof of this struct where the caller was compiled */
    uint32_t cells;                       /**< in the label maps */
    uint32_t nuclei;                      /**< nuclei at the working scale: cells, nuclei_joined, and those dropped from
                                             dropped_border on */
    uint32_t cells_joined;                /**< cells in the label maps that were joined from several, each with a nucleus */
    uint32_t nuclei_joined;               /**< nuclei that share a cell with an earlier one, in the label maps or dropped */
    uint32_t dropped_small;               /**< nuclei below nucleus_area_min_um2 */
    uint32_t dropped_improbable;          /**< nuclei below nucleus_probability_min */
    uint32_t dropped_weak;                /**< nuclei below nucleus_strength_ratio */
    uint32_t dropped_border;              /**< cells at the image's edge */
    uint32_t dropped_area;                /**< cells outside cell_area_min_um2 ... cell_area_max_um2 */
    uint32_t dropped_lost;                /**< cells that vanished, or lost their nucleus, at the image's own scale */
    uint32_t dropped_no_cytoplasm;        /**< cells below cytoplasm_min */
    uint32_t dropped_marker;              /**< cells refused by the marker check */
    int32_t marker_verdict;               /**< CELLSEG_VERDICT_SUITABLE ... ; always CELLSEG_VERDICT_SUITABLE without a network */
    uint32_t marker_cells;                /**< cells that the check measured; below 5 the three medians are 0 */
    double marker_contrast;               /**< median */
    double marker_share;                  /**< median */
    double nuclei_confidence;             /**< median, 0 to 1 */
    double pixel_size_um;                 /**< of the image, as used */
    double working_pixel_size_um;         /**< of the maps, in the image's own micrometres */
    double nucleus_diameter_um;           /**< diameter that the call assumed; 0: the model states none */
    double nucleus_diameter_found_um;     /**< median over the nuclei found; 0 below 15 nuclei */
    double nucleus_diameter_suggested_um; /**< value to give for `nucleus_diameter_um`, where the nuclei found are 1.5 times
                                             larger or smaller than assumed; 0: none */
    double seconds_preprocess;   /**< resampling, top-hat, normalisation; 0 in the two-channel method, whose steps hold it */
    double seconds_network;      /**< the maps */
    double seconds_nuclei;       /**< seeds from the maps */
    double seconds_cells;        /**< cells from seeds */
    double seconds_finalize;     /**< label maps at the image's own scale */
    double marker_range;         /**< largest marker value after scaling, 0 to 1; below 0.5 the image is nearly constant, or
                                      noise */
    uint64_t peak_bytes;         /**< largest memory in use through the context during the call; 0 without a context */
    uint64_t model_hash;         /**< cellseg_model_hash(); 0 without a network */
    const char *library_version; /**< cellseg_version() */
    float *confidence;           /**< confidence[id], id from 1 to `cells`: mean nucleus probability in the nuclei of the cell;
                                      [0] is 0. NULL without a network. Owned by the report */
} cellseg_segment_report;

/** Zero a report. @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_segment_report_init(cellseg_segment_report *report, size_t struct_size);

/** Release what a report owns and zero its figures; NULL is legal. Threads: the report's owner. Since: 1.0 */
CELLSEG_API void cellseg_segment_report_clear(cellseg_segment_report *report);

/**
 * Label every cell in an image, from its marker channel alone, in one pass.
 *
 * An image without a cell gives empty label maps and no error. So does a marker that the marker check refuses (options,
 * marker_check). The report states both; the context's log gets the same as text.
 * Pixels may be at most 8 times as large as the model's, and the image at most 2^30 pixels at its scale. An image whose shorter
 * edge is below the diameter of the smallest nucleus (method, nucleus_radius_min_um) is an error before any work: the image or
 * its pixel size is wrong.
 * A pixel far beyond its neighbours, as a camera's hot and dead ones are, counts as their median: it changes no other pixel's
 * result.
 *
 * @param[out] cells    New label map of the image's size: 0 is background, cells are 1..count in raster order of their first
 *                      pixel. Release with cellseg_labels_free(). NULL after an error.
 * @param[out] nuclei   NULL when not wanted; else as `cells`: each cell's nucleus, or nuclei where cells were joined, under the
 *                      cell's id and inside it.
 * @param[out] maps     NULL when not wanted; else a float32 image of the image's size whose channels are the model's classes:
 *                      nucleus, cytoplasm, background, in [0, 1], and the fourth output where the model has one.
 * @param[out] report   NULL when not wanted; else initialised, and overwritten: earlier contents are released. Zero after an
 * error.
 * @param      context  NULL for defaults
 * @param      model    read only; one model may serve many threads at once
 * @param      image    cytoplasm bright, background dark, nucleus darker than the cytoplasm; pixel size known, or in the options
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT   a NULL, an option out of range, a missing channel, an unknown pixel size or one that is far too
 *                                large, an image that no nucleus fits in, a pixel that is not finite, a nucleus diameter for a
 *                                model that states none
 * @return CELLSEG_ERR_MODEL      the model's first classes are not nucleus, cytoplasm and background
 * @return CELLSEG_ERR_LIMIT      before any work: the image is too large at the model's scale, or the memory budget is smaller
 * than cellseg_segment_memory()
 * @return CELLSEG_ERR_CANCELLED, CELLSEG_ERR_MEMORY
 * Result: a function of pixels, pixel size, options and model; the same bytes for any threads, budget and processor.
 * Cost: the network's, times the orientations, and 0.15 us per pixel of the model's scale for the rest, on two threads:
 * docs/performance.md. Memory: cellseg_segment_memory();
 * typically 20 bytes per pixel of the model's scale, and at most 256 MB of windows. With a budget, as
 * many threads work as the budget allows. Threads: any. Since: 1.0 Source: Al-Kofahi et al. 2018, steps 1 to 3.
 */
CELLSEG_API cellseg_status cellseg_segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps,
                                           cellseg_segment_report *report, cellseg_context *context, const cellseg_model *model,
                                           const cellseg_image *image, const cellseg_segment_options *options);

/**
 * The memory that a segmentation needs with one thread: a budget of as much, beside what is in use already, is never too small.
 *
 * @param[out] bytes   0 after an error
 * @param      context NULL for defaults; its processor level decides the network's workspace
 * @param      model   NULL for the two-channel method
 * @param      height, width  of the image
 * @param      pixel_size_um  of the image; options->pixel_size_um overrides it
 * @param      options NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MODEL, CELLSEG_ERR_LIMIT  as cellseg_segment()
 * Threads: any. Cost: none. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_memory(uint64_t *bytes, cellseg_context *context, const cellseg_model *model,
                                                  size_t height, size_t width, double pixel_size_um,
                                                  const cellseg_segment_options *options);

/**
 * The two-channel method: nuclei from a nuclear stain, cells from the marker. No network; how the paper made its training labels.
 *
 * @param[out] cells, nuclei  as cellseg_segment(); either may be NULL when not wanted
 * @param[out] report         as cellseg_segment(); without confidences
 * @param      marker         the marker is channel options->channel
 * @param      nuclear        the nuclear stain, bright, is channel options->nuclei_channel; may be the same image; same size as
 *                            `marker`
 * @return as cellseg_segment(), but CELLSEG_ERR_MODEL
 * Cost: about 0.15 us per pixel of the working scale, on one thread.
 * Threads: any. Result: the same bytes for any thread count. Since: 1.0
 * Source: Al-Kofahi et al. 2018, "Ground truth".
 */
CELLSEG_API cellseg_status cellseg_segment_two_channel(cellseg_labels **cells, cellseg_labels **nuclei,
                                                       cellseg_segment_report *report, cellseg_context *context,
                                                       const cellseg_image *marker, const cellseg_image *nuclear,
                                                       const cellseg_segment_options *options);

/**
 * Nuclei of cells that are known already, from a nuclear stain or by a model: training targets where a person outlined whole
 * cells only.
 *
 * @param[out] nuclei  New label map: the nuclei inside each cell, under the cell's id; a cell without any has none. A nucleus
 *                     that lies in several cells belongs to the one with most of its pixels, and ends at that cell's border.
 * @param      context NULL for defaults
 * @param      model   NULL: the nuclear stain is channel options->nuclei_channel of `image`. Else the nuclei are those of the
 *                     model's maps, as in steps 1 and 2 of cellseg_segment(), and the marker is channel options->channel
 * @param      cells   label map of the image's size
 * @param      image   pixel size known, or in the options
 * @param      options NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  as cellseg_segment(), and when sizes differ
 * @return CELLSEG_ERR_MODEL     as cellseg_segment()
 * @return CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED, CELLSEG_ERR_MEMORY
 * Cost: about 0.08 us per pixel of the working scale, on one thread, and the network's with a model. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_nuclei_within(cellseg_labels **nuclei, cellseg_context *context,
                                                         const cellseg_model *model, const cellseg_labels *cells,
                                                         const cellseg_image *image, const cellseg_segment_options *options);

/* ---- images of any size ---- */

/** How cellseg_segment_stream() works. Initialise with cellseg_stream_options_init(). The result does not depend on any of these.
 */
typedef struct cellseg_stream_options {
    size_t struct_size; /**< sizeof of this struct where the caller was compiled */
    const char
        *scratch_folder; /**< where temporary files hold the planes between the steps, UTF-8; NULL, the default: memory holds
                              them. The files have no names where the system allows, and go with the call or the process */
    uint64_t tile_px;    /**< edge of the tiles that the steps work on, 64 to 65536; 0, the default: by the budget */
} cellseg_stream_options;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_stream_options_init(cellseg_stream_options *options, size_t struct_size);

/** The descriptors of cellseg_stream_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_stream_options_table(void);

/** Where cellseg_segment_stream() writes. Initialise with cellseg_stream_outputs_init(); NULL: not wanted. The caller finishes
 * and releases the sinks: cellseg_sink_finish() after success. */
typedef struct cellseg_stream_outputs {
    size_t struct_size;   /**< sizeof of this struct where the caller was compiled */
    cellseg_sink *cells;  /**< uint32, one channel, of the image's size: as cellseg_segment() labels cells */
    cellseg_sink *nuclei; /**< the same for nuclei */
    cellseg_sink *maps;   /**< float32, the model's classes as channels, of the image's size */
} cellseg_stream_outputs;

/** Write the defaults: no output. @return CELLSEG_ERR_ARGUMENT  outputs is NULL or struct_size too small. Threads: any.
 * Since: 1.0 */
CELLSEG_API cellseg_status cellseg_stream_outputs_init(cellseg_stream_outputs *outputs, size_t struct_size);

/**
 * Label every cell in an image of any size, within the context's memory budget.
 *
 * The same label maps, ids included, as cellseg_segment() and cellseg_segment_two_channel() give for the whole image: all three
 * are one computation, which works tile by tile on planes that lie in memory or in temporary files. Objects that cross tiles are
 * found whole: a tile is computed again in a larger window until nothing outside can change the tile.
 *
 * @param      outputs  read during the call; sinks that were not written before
 * @param[out] report   NULL when not wanted; as cellseg_segment()
 * @param      context  NULL for defaults. Its budget bounds what is allocated: all planes, or with a scratch folder windows of
 * them
 * @param      model    NULL: the two-channel method
 * @param      marker   the marker is channel options->channel; read once, from top to bottom
 * @param      nuclear  two-channel method: the nuclear stain is channel options->nuclei_channel; may be `marker`. With a model:
 * NULL
 * @param      options  NULL for defaults
 * @param      stream   NULL for defaults
 * @return the errors of cellseg_segment(), and:
 * @return CELLSEG_ERR_ARGUMENT  no output, a sink of another size, type or number of channels, or written before; sources of two
 *                               sizes
 * @return CELLSEG_ERR_LIMIT     before any work: the budget is below the bytes that the line names
 * @return CELLSEG_ERR_IO        the source, a sink or the scratch folder failed: the line names the place
 * Cost: as cellseg_segment(), and the halos of tiles. Disk: at most 26 bytes per pixel of the model's scale, or 12 of the
 * image's. Threads: any; sources and sinks are called on the calling thread. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_stream(const cellseg_stream_outputs *outputs, cellseg_segment_report *report,
                                                  cellseg_context *context, const cellseg_model *model, cellseg_source *marker,
                                                  cellseg_source *nuclear, const cellseg_segment_options *options,
                                                  const cellseg_stream_options *stream);

/* ---- the steps one by one: for a network that runs elsewhere, or nuclei that are known ---- */

/**
 * Step 1: the model's probability maps.
 *
 * cellseg_segment_maps(), cellseg_segment_nuclei() and cellseg_segment_cells() in turn, the last one with the model too, give the
 * label maps of cellseg_segment(), but for the marker check, which is cellseg_segment()'s alone. With `nucleus_diameter_um`,
 * steps 2 and 3 take the method's lengths for nuclei of 15 um, whatever model made the maps. With a memory budget each step ends
 * with CELLSEG_ERR_LIMIT before its work where the budget does not hold what cellseg_segment_memory() returns for the two-channel
 * method at that scale, and 128 bytes for each nucleus that is given.
 *
 * @param[out] maps  New float32 image at the model's scale, which its pixel size states; channels as in cellseg_segment().
 *                   Release with cellseg_image_free(). NULL after an error.
 * @return as cellseg_segment()
 * Cost: the network's, times the orientations. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_maps(cellseg_image **maps, cellseg_context *context, const cellseg_model *model,
                                                const cellseg_image *image, const cellseg_segment_options *options);

/**
 * Step 2: nuclei from a map of nucleus probability, at the map's own scale.
 *
 * @param[out] nuclei  New label map of the maps' size, ids 1..count in raster order. Release with cellseg_labels_free(). NULL
 * after an error.
 * @param      maps    float32 in [0, 1]: channel 0 is nucleus. Its pixel size must be known.
 * @param      extra_output  CELLSEG_EXTRA_...: the meaning of channel 3; CELLSEG_EXTRA_NONE: there is none, or it is ignored
 * @param      options NULL for defaults; channel and pixel_size_um are ignored
 * @return CELLSEG_ERR_ARGUMENT  a NULL, maps of another type, without pixel size or channel 3, a value that is not in [0, 1] (the
 *                               message names channel and pixel), an option out of range, maps that no nucleus fits in
 * @return CELLSEG_ERR_LIMIT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Cost: 0.1 us per pixel of the maps. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_nuclei(cellseg_labels **nuclei, cellseg_context *context, const cellseg_image *maps,
                                                  int32_t extra_output, const cellseg_segment_options *options);

/**
 * Step 3: cells round given nuclei, with the probability maps of any network or with the marker alone.
 *
 * @param[out] cells   New label map of the image's size, as in cellseg_segment(). NULL after an error.
 * @param[out] nuclei  NULL when not wanted; else each cell's nuclei under the cell's id: `seeds` made to lie inside the cells
 * @param      model   NULL, or the model that made the maps, whose coefficients join cells as in cellseg_segment(); its network
 * is not used
 * @param      image   the marker is channel options->channel; its pixel size must be known, or given in the options
 * @param      maps    NULL, or float32 in [0, 1] of the same field at any scale: channels nucleus, cytoplasm, background and, by
 *                     extra_output, a fourth. Cells are found at the maps' scale; without maps at the method's
 *                     working_pixel_size_um.
 * @param      extra_output  CELLSEG_EXTRA_...: the meaning of channel 3
 * @param      seeds   nuclei, of the image's or the maps' size; any ids, each of one or more components, of which the largest
 *                     counts
 * @return CELLSEG_ERR_ARGUMENT  as cellseg_segment_nuclei(), and: maps of another field's proportions, seeds of another size
 * @return CELLSEG_ERR_LIMIT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Cost: 0.1 us per pixel of the working scale. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_cells(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                                 const cellseg_model *model, const cellseg_image *image,
                                                 const cellseg_image *maps, int32_t extra_output, const cellseg_labels *seeds,
                                                 const cellseg_segment_options *options);

/**
 * Steps 2 and 3 in one: every cell of an image whose maps another network made, with the report and the marker check of
 * cellseg_segment(). For a network that cellseg_segment() can call itself, see cellseg_model_wrap().
 *
 * @param[out] cells, nuclei  as in cellseg_segment()
 * @param[out] report         as in cellseg_segment(); seconds_preprocess and seconds_network are 0
 * @param      model          NULL, or the model that made the maps: its coefficients join cells, and its nucleus diameter is the
 *                            one that `nucleus_diameter_um` is relative to (15 um without a model). Its network is not used
 * @param      image          the marker is channel options->channel; its pixel size must be known, or given in the options
 * @param      maps           as in cellseg_segment_cells(), not NULL; their pixel size follows from the image's
 * @param      extra_output   CELLSEG_EXTRA_...: the meaning of channel 3
 * @return CELLSEG_ERR_ARGUMENT  as cellseg_segment_cells()
 * @return CELLSEG_ERR_LIMIT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Result: cellseg_segment()'s, where cellseg_segment_maps() made the maps. Cost: 0.2 us per pixel of the maps. Memory: with a
 * budget, what cellseg_segment_memory() returns for the two-channel method at the maps' scale. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_segment_from_maps(cellseg_labels **cells, cellseg_labels **nuclei,
                                                     cellseg_segment_report *report, cellseg_context *context,
                                                     const cellseg_model *model, const cellseg_image *image,
                                                     const cellseg_image *maps, int32_t extra_output,
                                                     const cellseg_segment_options *options);

#ifdef __cplusplus
}
#endif
#endif
