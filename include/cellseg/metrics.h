/* SPDX-License-Identifier: BSD-3-Clause */
/** @file metrics.h  How well a segmentation agrees with the truth. */
#ifndef CELLSEG_METRICS_H
#define CELLSEG_METRICS_H

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
} cellseg_similarity;

/**
 * SM(reference, target), k = 0.6 in the paper. Two empty maps agree perfectly: 1; one empty map against one that is not: 0.
 *
 * A label's largest overlap is the label of the other map that shares most pixels with it; among equals the one of the smaller
 * area (the higher Dice), then the one of the lower id. Labels may be any numbers, in any number of parts.
 *
 * @param[out] out        out->struct_size set to sizeof *out by the caller; all zeros after an error
 * @param[out] cell_dice  NULL, or room for `capacity` numbers: best Dice of each reference label, in rising order of id; 0 for
 *                        one that meets no target label
 * @param      capacity   at least the number of reference labels when cell_dice is given
 * @param      context    NULL for defaults
 * @param      reference  the truth
 * @param      target     what is judged; of the reference's size
 * @param      k          weight of the Dice part, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT  a NULL, sizes differ, k out of range, too little room
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Result: the same bytes for any thread count. Cost: two passes over the maps and a sort of their runs, 32 bytes
 * for each. Source: Al-Kofahi et al. 2018, "Segmentation similarity metric". Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_similarity_compute(cellseg_similarity *out, double *cell_dice, size_t capacity,
                                                      cellseg_context *context, const cellseg_labels *reference,
                                                      const cellseg_labels *target, double k);

#ifdef __cplusplus
}
#endif
#endif
