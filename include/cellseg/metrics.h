/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file metrics.h  How well a segmentation agrees with the truth; docs/metrics.md has the formulas and other names.
 *
 * What holds for every function here:
 * - A result's struct_size is set by the caller to its sizeof; after an error the result is all zeros but for it.
 * - Label maps hold any ids, in any number of parts; 0 is background and no object. Two empty maps agree perfectly, an empty one
 * does not agree with one that is not: measures between 0 and 1 are 1 and 0.
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

/** The similarity measure of Al-Kofahi et al. 2018 with its parts. */
typedef struct cellseg_similarity {
    size_t struct_size;
    double sm;             /**< k * mean_best_dice + (1 - k) * pair_ratio */
    double mean_best_dice; /**< mean over reference labels of the best Dice with any overlapping target label */
    double pair_ratio;     /**< 2 * pairs / (reference_count + target_count) */
    double dice;           /**< Dice of the two foregrounds */
    uint64_t pairs;        /**< one-to-one pairs: labels that are each other's largest overlap; see below for ties */
    uint64_t reference_count;
    uint64_t target_count;
    double jaccard; /**< Jaccard index (IoU) of the two foregrounds */
} cellseg_similarity;

/**
 * SM(reference, target), k = 0.6 in the paper.
 *
 * A label's largest overlap is the label of the other map that shares most pixels with it; among equals the one of the smaller
 * area (the higher Dice), then the one of the lower id.
 *
 * @param[out] out        the measure and its parts
 * @param[out] cell_dice  NULL, or room for `capacity` numbers: best Dice of each reference label, in rising order of id; 0 for
 *                        one that meets no target label
 * @param      capacity   at least the number of reference labels when cell_dice is given
 * @param      context    NULL for defaults
 * @param      reference  the truth
 * @param      target     what is judged; of the reference's size
 * @param      k          weight of the Dice part, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ, k out of range, too little room
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: two passes over the maps and a sort of their runs, 32 bytes for each. Source: Al-Kofahi et al. 2018, "Segmentation
 * similarity metric".
 */
CELLSEG_API cellseg_status cellseg_similarity_compute(cellseg_similarity *out, double *cell_dice, size_t capacity,
                                                      cellseg_context *context, const cellseg_labels *reference,
                                                      const cellseg_labels *target, double k);

/* ---- objects ---- */

/** How many objects were found, where a pair whose IoU reaches a threshold counts as one found. */
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
 * Pairs are labels of IoU >= threshold. Where a label has several such partners (only possible up to 0.5), the matching of the
 * most pairs is taken, and among these the one of the largest sum of IoU, to 2^-28 each. At threshold 0 every overlap is a pair.
 *
 * @param[out] out         `count` results, next to each other; struct_size set in each, to the same
 * @param      count       1 or more
 * @param      context     NULL for defaults
 * @param      reference   the truth
 * @param      target      what is judged; of the reference's size
 * @param      thresholds  `count` numbers, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a NULL, count 0, sizes differ, a threshold out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: that of cellseg_similarity_compute(), and for each threshold about one step per overlap; below 0.5 at worst one step
 * per pair of label and overlap in a chain of them. Source: Caicedo et al. 2019; Kirillov et al. 2019; Jonker and Volgenant 1987.
 */
CELLSEG_API cellseg_status cellseg_matching_compute(cellseg_matching *out, size_t count, cellseg_context *context,
                                                    const cellseg_labels *reference, const cellseg_labels *target,
                                                    const double *thresholds);

/** Agreement object by object, without a threshold to choose. */
typedef struct cellseg_detection {
    size_t struct_size;
    double average_precision;  /**< mean of cellseg_matching's at 0.50, 0.55 ... 0.95 */
    double aggregated_jaccard; /**< AJI of Kumar et al.: a target label may serve several reference labels */
    double seg;                /**< SEG of the Cell Tracking Challenge */
    uint64_t splits;           /**< reference labels that have IoU > 0.1 with two target labels or more */
    uint64_t merges;           /**< target labels that have IoU > 0.1 with two reference labels or more */
    uint64_t reference_count;
    uint64_t target_count;
} cellseg_detection;

/**
 * Average precision over thresholds, aggregated Jaccard index, SEG, splits and merges.
 *
 * AJI: each reference label takes the target label of the highest IoU (of equal ones that of the lowest id). The pixels they
 * share are summed, and divided by the sum of their unions, of the reference labels that overlap nothing and of the target labels
 * that none took. SEG: the mean over reference labels R of the IoU with the target label that holds more than half of R; 0 for
 * one that none does. Without reference labels SEG is 1 or 0 as all measures here.
 *
 * @param[out] out        the measures
 * @param      context    NULL for defaults
 * @param      reference  the truth
 * @param      target     what is judged; of the reference's size
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: as cellseg_similarity_compute(). Source: Kumar et al. 2017 (AJI), Maska et al. 2014 (SEG), Caicedo et al. 2019 (splits,
 * merges).
 */
CELLSEG_API cellseg_status cellseg_detection_compute(cellseg_detection *out, cellseg_context *context,
                                                     const cellseg_labels *reference, const cellseg_labels *target);

/* ---- outlines ---- */

/** How well outlines agree. */
typedef struct cellseg_boundary {
    size_t struct_size;
    double precision;          /**< part of the target's boundary pixels within the tolerance of one of the reference's */
    double recall;             /**< part of the reference's boundary pixels within the tolerance of one of the target's */
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
 * @param      target        what is judged; of the reference's size
 * @param      tolerance_px  0 or more, finite; a length in um divided by the pixel's size
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ, tolerance_px out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Cost: two distance transforms. Memory: 6 bytes a pixel. Source: Csurka et al. 2013.
 */
CELLSEG_API cellseg_status cellseg_boundary_compute(cellseg_boundary *out, cellseg_context *context,
                                                    const cellseg_labels *reference, const cellseg_labels *target,
                                                    double tolerance_px);

/* ---- pixels ---- */

/** How well a map of probabilities tells foreground from background. */
typedef struct cellseg_roc {
    size_t struct_size;
    double auc;       /**< area under the ROC curve of every threshold there is; equal values count half. NaN without positives or
                           without negatives */
    double threshold; /**< of what follows */
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
 * The curve is given as counts, so that those of several images can be added: at the thresholds i / (points - 1), the pixels at
 * least as probable, in the truth and out of it. Divided by the counts at i = 0, which are those of all pixels, they are the
 * rates; the curve ends in (0, 0), above the last threshold.
 *
 * @param[out] out              area and rates
 * @param[out] true_positives   NULL, or `points` counts, falling
 * @param[out] false_positives  NULL, or as many
 * @param      points           2 to 2^20 where one of the two is given
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
