/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file metrics.h  Measures of agreement between a segmentation and the ground truth. docs/metrics.md has the formulas and the
 * names elsewhere.
 *
 * Common to all functions:
 * - The caller sets a result's struct_size to its sizeof. After an error, all other members of the result are 0.
 * - Label maps may have any ids, and an id may have several components. 0 is background. Two empty maps agree perfectly: measures
 *   between 0 and 1 are 1. An empty map and a non-empty map disagree completely: these measures are 0.
 * - Threads: any, one call at a time per context. Result: the same bytes for any number of threads.
 * - Since: 1.0
 */
#ifndef CELLSEG_METRICS_H
#define CELLSEG_METRICS_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The similarity measure SM of Al-Kofahi et al. 2018 and its components. */
typedef struct cellseg_similarity {
    size_t struct_size;       /**< sizeof of this struct where the caller was compiled */
    double sm;                /**< k * mean_best_dice + (1 - k) * pair_ratio */
    double mean_best_dice;    /**< mean over reference labels of the best Dice with an overlapping target label */
    double pair_ratio;        /**< 2 * pairs / (reference_count + target_count) */
    double dice;              /**< Dice of the two foregrounds */
    uint64_t pairs;           /**< pairs of labels that are each other's largest overlap; ties: see below */
    uint64_t reference_count; /**< number of reference labels */
    uint64_t target_count;    /**< number of target labels */
    double jaccard;           /**< Jaccard index (IoU) of the two foregrounds */
} cellseg_similarity;

/**
 * Compute SM(reference, target); the paper uses k = 0.6.
 *
 * The largest overlap of a label is the label of the other map with the most shared pixels. Of equal overlaps, the label with the
 * smaller area (the higher Dice) counts, then the lower id.
 *
 * @param[out] out        the measure and its components
 * @param[out] cell_dice  NULL, or an array of `capacity` numbers: best Dice of each reference label, in increasing order of id; 0
 *                        for a label without overlap
 * @param      capacity   with cell_dice, at least the number of reference labels
 * @param      context    NULL for defaults
 * @param      reference  the truth
 * @param      target     the segmentation; same size as the reference
 * @param      k          weight of the Dice term, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a pointer is NULL, sizes differ, k is out of range, or capacity is too small
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: two passes over the maps and a sort of their runs; 32 bytes per run. Source: Al-Kofahi et al. 2018, "Segmentation
 * similarity metric".
 */
CELLSEG_API cellseg_status cellseg_similarity_compute(cellseg_similarity *out, double *cell_dice, size_t capacity,
                                                      cellseg_context *context, const cellseg_labels *reference,
                                                      const cellseg_labels *target, double k);

/* ---- objects ---- */

/** Objects found at an IoU threshold. */
typedef struct cellseg_matching {
    size_t struct_size;       /**< sizeof of this struct where the caller was compiled */
    double threshold;         /**< minimum IoU of a pair */
    uint64_t true_positives;  /**< pairs */
    uint64_t false_positives; /**< target labels without a partner */
    uint64_t false_negatives; /**< reference labels without a partner */
    double precision;         /**< TP / (TP + FP); 0 without target labels */
    double recall;            /**< TP / (TP + FN); 0 without reference labels */
    double f1;                /**< TP / (TP + FP / 2 + FN / 2), also called recognition quality RQ */
    double average_precision; /**< TP / (TP + FP + FN), as in StarDist, Cellpose and the Data Science Bowl */
    double mean_iou;          /**< mean IoU of the pairs, also called segmentation quality SQ; 0 without pairs */
    double panoptic_quality;  /**< f1 * mean_iou */
} cellseg_matching;

/**
 * Match objects one to one at each of several IoU thresholds.
 *
 * A pair is two labels with IoU >= threshold. A label can have several such partners only up to 0.5. The matching has the largest
 * possible number of pairs and, among such matchings, the largest sum of IoU (each IoU to 2^-28). At threshold 0, every overlap
 * may be a pair.
 *
 * @param[out] out         array of `count` results; the same struct_size set in each
 * @param      count       1 or more
 * @param      context     NULL for defaults
 * @param      reference   the truth
 * @param      target      the segmentation; same size as the reference
 * @param      thresholds  `count` numbers, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a pointer is NULL, count is 0, sizes differ, or a threshold is out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: that of cellseg_similarity_compute(), and about one step per overlap and threshold. Below 0.5, the worst case is one step
 * per label and overlap of a chain of overlaps. Source: Caicedo et al. 2019; Kirillov et al. 2019; Jonker and Volgenant 1987.
 */
CELLSEG_API cellseg_status cellseg_matching_compute(cellseg_matching *out, size_t count, cellseg_context *context,
                                                    const cellseg_labels *reference, const cellseg_labels *target,
                                                    const double *thresholds);

/** Object measures that need no threshold. */
typedef struct cellseg_detection {
    size_t struct_size;        /**< sizeof of this struct where the caller was compiled */
    double average_precision;  /**< mean of cellseg_matching.average_precision at 0.50, 0.55 ... 0.95 */
    double aggregated_jaccard; /**< AJI of Kumar 2017: several reference labels may share a target label */
    double seg;                /**< SEG of the Cell Tracking Challenge */
    uint64_t splits;           /**< reference labels with IoU > 0.1 to two or more target labels */
    uint64_t merges;           /**< target labels with IoU > 0.1 to two or more reference labels */
    uint64_t reference_count;  /**< number of reference labels */
    uint64_t target_count;     /**< number of target labels */
} cellseg_detection;

/**
 * Compute average precision over thresholds, aggregated Jaccard index, SEG, splits and merges.
 *
 * AJI: each reference label takes the target label with the highest IoU (of equal values, the lowest id). The numerator is the
 * sum of the shared pixels. The denominator is the sum of the unions, of the reference labels without overlap, and of the target
 * labels that no reference label took. SEG: the mean over reference labels R of the IoU with the target label that contains more
 * than half of R; the term is 0 if no target label does. Without reference labels, SEG is 1 or 0 like all measures here.
 *
 * @param[out] out        the measures
 * @param      context    NULL for defaults
 * @param      reference  the truth
 * @param      target     the segmentation; same size as the reference
 * @return CELLSEG_ERR_ARGUMENT  a pointer is NULL, or sizes differ
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: as cellseg_similarity_compute(). Source: Kumar et al. 2017 (AJI), Maska et al. 2014 (SEG), Caicedo et al. 2019 (splits,
 * merges).
 */
CELLSEG_API cellseg_status cellseg_detection_compute(cellseg_detection *out, cellseg_context *context,
                                                     const cellseg_labels *reference, const cellseg_labels *target);

/* ---- outlines ---- */

/** Agreement of outlines. */
typedef struct cellseg_boundary {
    size_t struct_size;        /**< sizeof of this struct where the caller was compiled */
    double precision;          /**< fraction of the target's boundary pixels within the tolerance of a reference boundary pixel */
    double recall;             /**< fraction of the reference's boundary pixels within the tolerance of a target boundary pixel */
    double f1;                 /**< 2 precision recall / (precision + recall): the BF score */
    uint64_t reference_pixels; /**< number of boundary pixels */
    uint64_t target_pixels;    /**< of the target */
} cellseg_boundary;

/**
 * Compute the boundary F-score. A boundary pixel is a pixel of a label with another id, or background, above, below, left or
 * right; the image's edge is no boundary. Distances are exact, between pixel centres, and compared as float32.
 *
 * @param[out] out           precision, recall and their harmonic mean
 * @param      context       NULL for defaults
 * @param      reference     the truth
 * @param      target        the segmentation; same size as the reference
 * @param      tolerance_px  tolerance in pixels, 0 or more, finite; divide a tolerance in um by the pixel size
 * @return CELLSEG_ERR_ARGUMENT  a pointer is NULL, sizes differ, or tolerance_px is out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: two distance transforms. Memory: 6 bytes per pixel. Source: Csurka et al. 2013.
 */
CELLSEG_API cellseg_status cellseg_boundary_compute(cellseg_boundary *out, cellseg_context *context,
                                                    const cellseg_labels *reference, const cellseg_labels *target,
                                                    double tolerance_px);

/* ---- pixels ---- */

/** Separation of foreground and background by a probability map. */
typedef struct cellseg_roc {
    size_t struct_size;       /**< sizeof of this struct where the caller was compiled */
    double auc;               /**< area under the ROC curve over all thresholds; ties count half. NaN without positives or without
                                   negatives */
    double threshold;         /**< threshold of the members below */
    double accuracy;          /**< (TP + TN) / pixels */
    double sensitivity;       /**< TP / (TP + FN); NaN without positives */
    double specificity;       /**< TN / (TN + FP); NaN without negatives */
    uint64_t true_positives;  /**< pixels of the truth with a value of at least the threshold */
    uint64_t false_positives; /**< other pixels with such a value */
    uint64_t true_negatives;  /**< other pixels below the threshold */
    uint64_t false_negatives; /**< pixels of the truth below the threshold */
} cellseg_roc;

/**
 * Compute the ROC curve, its area, and accuracy, sensitivity and specificity at one threshold.
 *
 * The curve is returned as counts, so that the counts of several images can be added. Element i counts the pixels with a value of
 * at least i / (points - 1), inside and outside the truth. The counts at i = 0 include all pixels; dividing by them gives the
 * rates. The curve ends in (0, 0), above the last threshold.
 *
 * @param[out] out              area and rates
 * @param[out] true_positives   NULL, or an array of `points` counts, non-increasing
 * @param[out] false_positives  NULL, or an array of `points` counts, non-increasing
 * @param      points           2 to 2^20 if one of the arrays is given
 * @param      context          NULL for defaults
 * @param      map              probability map, float32, values 0 to 1
 * @param      channel          channel of `map`
 * @param      truth            label map of the map's size; pixels with an id are positive
 * @param      threshold        0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a pointer is NULL, sizes differ, a number is out of range, the channel is missing, or the map is
 *                               not float32 or has a value outside 0 to 1
 * @return CELLSEG_ERR_LIMIT     2^32 pixels or more; CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Cost: a linear sort of the pixels. Memory: 8 bytes per pixel. Source: Fawcett 2006.
 */
CELLSEG_API cellseg_status cellseg_roc_compute(cellseg_roc *out, uint64_t *true_positives, uint64_t *false_positives,
                                               size_t points, cellseg_context *context, const cellseg_image *map, int32_t channel,
                                               const cellseg_labels *truth, double threshold);

#ifdef __cplusplus
}
#endif
#endif
