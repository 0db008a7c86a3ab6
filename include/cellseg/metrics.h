/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file metrics.h  Agreement of a segmentation with the truth; docs/metrics.md has the formulas and other names.
 *
 * Rules of every function here:
 * - The caller sets a result's struct_size to its sizeof; after an error all other members are 0.
 * - Label maps hold any ids, and an id may have several components; 0 is background, not an object. Measures between 0 and 1 are
 * 1 for two empty maps, and 0 if one map alone is empty.
 * - Threads: any, one call at a time for each context. The result is the same bytes for any number of threads.
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

/** The similarity measure of Al-Kofahi et al. 2018 with its terms. */
typedef struct cellseg_similarity {
    size_t struct_size;
    double sm;             /**< k * mean_best_dice + (1 - k) * pair_ratio */
    double mean_best_dice; /**< mean over reference labels of the best Dice with any overlapping target label */
    double pair_ratio;     /**< 2 * pairs / (reference_count + target_count) */
    double dice;           /**< Dice of the two foregrounds */
    uint64_t pairs;        /**< one-to-one pairs: labels that are each other's largest overlap; ties: see the function */
    uint64_t reference_count;
    uint64_t target_count;
    double jaccard; /**< Jaccard index (IoU) of the two foregrounds */
} cellseg_similarity;

/**
 * SM(reference, target), k = 0.6 in the paper.
 *
 * A label's largest overlap is the label of the other map with the most common pixels. Among equal ones the smaller area (the
 * higher Dice) has priority, then the lower id.
 *
 * @param[out] out        the measure and its terms
 * @param[out] cell_dice  NULL, or room for `capacity` numbers: best Dice of each reference label, ascending by id; 0 for a
 *                        label that overlaps no target label
 * @param      capacity   at least the number of reference labels, if cell_dice is not NULL
 * @param      context    NULL for defaults
 * @param      reference  the truth
 * @param      target     the segmentation; of the reference's size
 * @param      k          weight of the Dice term, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ, k out of range, too little room
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: two passes over the maps and a sort of their runs, 32 bytes for each. Source: Al-Kofahi et al. 2018, "Segmentation
 * similarity metric".
 */
CELLSEG_API cellseg_status cellseg_similarity_compute(cellseg_similarity *out, double *cell_dice, size_t capacity,
                                                      cellseg_context *context, const cellseg_labels *reference,
                                                      const cellseg_labels *target, double k);

/* ---- objects ---- */

/** Numbers of objects found; a pair of labels counts as found if its IoU reaches a threshold. */
typedef struct cellseg_matching {
    size_t struct_size;
    double threshold;         /**< of the IoU */
    uint64_t true_positives;  /**< pairs */
    uint64_t false_positives; /**< target labels without a partner */
    uint64_t false_negatives; /**< reference labels without a partner */
    double precision;         /**< TP / (TP + FP); 0 without target labels */
    double recall;            /**< TP / (TP + FN); 0 without reference labels */
    double f1;                /**< TP / (TP + FP / 2 + FN / 2), which is also the recognition quality RQ */
    double average_precision; /**< TP / (TP + FP + FN), as StarDist, Cellpose and the Data Science Bowl define it */
    double mean_iou;          /**< mean IoU of the pairs, the segmentation quality SQ; 0 without pairs */
    double panoptic_quality;  /**< f1 * mean_iou */
} cellseg_matching;

/**
 * Match objects one to one at each of several IoU thresholds.
 *
 * Pairs are labels of IoU >= threshold. If a label has several such partners (possible up to 0.5), the matching has the
 * maximum number of pairs, and among those the maximum sum of IoU, to 2^-28 each. At threshold 0 every overlap is a pair.
 *
 * @param[out] out         `count` contiguous results, each with the same struct_size
 * @param      count       1 or more
 * @param      context     NULL for defaults
 * @param      reference   the truth
 * @param      target      the segmentation; of the reference's size
 * @param      thresholds  `count` numbers, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a NULL, count 0, sizes differ, a threshold out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: that of cellseg_similarity_compute(), and for each threshold about one step per overlap; below 0.5 at worst one step
 * per pair of label and overlap in a chain of them. Source: Caicedo et al. 2019; Kirillov et al. 2019; Jonker and Volgenant 1987.
 */
CELLSEG_API cellseg_status cellseg_matching_compute(cellseg_matching *out, size_t count, cellseg_context *context,
                                                    const cellseg_labels *reference, const cellseg_labels *target,
                                                    const double *thresholds);

/** Agreement of objects, without a threshold. */
typedef struct cellseg_detection {
    size_t struct_size;
    double average_precision;  /**< mean of cellseg_matching's at 0.50, 0.55 ... 0.95 */
    double aggregated_jaccard; /**< AJI of Kumar et al.: a target label may be counted for several reference labels */
    double seg;                /**< SEG of the Cell Tracking Challenge */
    uint64_t splits;           /**< reference labels that have IoU > 0.1 with two target labels or more */
    uint64_t merges;           /**< target labels that have IoU > 0.1 with two reference labels or more */
    uint64_t reference_count;
    uint64_t target_count;
} cellseg_detection;

/**
 * Average precision over thresholds, aggregated Jaccard index, SEG, splits and merges.
 *
 * AJI: each reference label is assigned the target label of the highest IoU (among equal ones the lowest id). The sum of the
 * intersections is divided by the sum of the unions, of reference labels without overlap, and of target labels without
 * assignment. SEG: the mean over reference labels R of the IoU with the target label that covers more than half of R; 0 if none
 * does. Without reference labels SEG is 1 or 0, by the rule for empty maps.
 *
 * @param[out] out        the measures
 * @param      context    NULL for defaults
 * @param      reference  the truth
 * @param      target     the segmentation; of the reference's size
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: as cellseg_similarity_compute(). Source: Kumar et al. 2017 (AJI), Maska et al. 2014 (SEG), Caicedo et al. 2019 (splits,
 * merges).
 */
CELLSEG_API cellseg_status cellseg_detection_compute(cellseg_detection *out, cellseg_context *context,
                                                     const cellseg_labels *reference, const cellseg_labels *target);

/* ---- outlines ---- */

/** Agreement of outlines. */
typedef struct cellseg_boundary {
    size_t struct_size;
    double precision;          /**< fraction of the target's boundary pixels within the tolerance of the reference's */
    double recall;             /**< fraction of the reference's boundary pixels within the tolerance of the target's */
    double f1;                 /**< 2 precision recall / (precision + recall): the BF score */
    uint64_t reference_pixels; /**< boundary pixels */
    uint64_t target_pixels;
} cellseg_boundary;

/**
 * Boundary F-score. Boundary pixels are those of a label with a pixel of another id, or of background, above, below, left or
 * right; the image's edge is no boundary. Distances are exact, between pixel centres, and compared as float32.
 *
 * @param[out] out           precision, recall and their harmonic mean
 * @param      context       NULL for defaults
 * @param      reference     the truth
 * @param      target        the segmentation; of the reference's size
 * @param      tolerance_px  0 or more, finite; a length in um divided by the pixel's size
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ, tolerance_px out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: two distance transforms. Memory: 6 bytes a pixel. Source: Csurka et al. 2013.
 */
CELLSEG_API cellseg_status cellseg_boundary_compute(cellseg_boundary *out, cellseg_context *context,
                                                    const cellseg_labels *reference, const cellseg_labels *target,
                                                    double tolerance_px);

/* ---- pixels ---- */

/** Separation of foreground and background by a map of probabilities. */
typedef struct cellseg_roc {
    size_t struct_size;
    double auc;       /**< area under the ROC curve over all thresholds; equal values count 0.5. NaN without positives or without
                           negatives */
    double threshold; /**< of the members below */
    double accuracy;  /**< (TP + TN) / pixels */
    double sensitivity;      /**< TP / (TP + FN); NaN without positives */
    double specificity;      /**< TN / (TN + FP); NaN without negatives */
    uint64_t true_positives; /**< pixels of the truth at least as probable as the threshold */
    uint64_t false_positives;
    uint64_t true_negatives;
    uint64_t false_negatives;
} cellseg_roc;

/**
 * ROC curve, area under it, and accuracy, sensitivity and specificity at one threshold.
 *
 * The curve is returned as counts, so that the counts of several images can be added: the pixels at or above the thresholds
 * i / (points - 1), inside and outside of the truth. Divided by the counts at i = 0, those of all pixels, the counts are the
 * rates. The curve ends in (0, 0), above the last threshold.
 *
 * @param[out] out              area and rates
 * @param[out] true_positives   NULL, or `points` counts, descending
 * @param[out] false_positives  NULL, or as many
 * @param      points           2 to 2^20 if one of the two is not NULL
 * @param      context          NULL for defaults
 * @param      map              float32, values 0 to 1
 * @param      channel          of `map`
 * @param      truth            not 0: positive; of the map's size
 * @param      threshold        0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ, a number out of range, no such channel, a map that is not float32 or holds
 * a value outside 0 to 1
 * @return CELLSEG_ERR_LIMIT     2^32 pixels or more; CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Cost: a linear sort of the pixels. Memory: 8 bytes a pixel. Source: Fawcett 2006.
 */
CELLSEG_API cellseg_status cellseg_roc_compute(cellseg_roc *out, uint64_t *true_positives, uint64_t *false_positives,
                                               size_t points, cellseg_context *context, const cellseg_image *map, int32_t channel,
                                               const cellseg_labels *truth, double threshold);

#ifdef __cplusplus
}
#endif
#endif
