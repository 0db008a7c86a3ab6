/* SPDX-License-Identifier: BSD-3-Clause */
/* How two label maps overlap; for the metrics room only. */
#ifndef CSEG_METRICS_OVERLAP_H
#define CSEG_METRICS_OVERLAP_H

#include "core/core.h"

/* Two labels that share pixels. Labels are counted from 0 in rising order of id. */
typedef struct cseg_overlap {
    size_t reference, target;
    uint64_t pixels;
} cseg_overlap;

/* Everything that measures of agreement need of two label maps; background is in none of the lists. */
typedef struct cseg_overlaps {
    size_t reference_count, target_count, count;
    uint64_t *reference_area, *target_area; /* pixels of each label */
    cseg_overlap *overlap;                  /* rising by target, then by reference */
} cseg_overlaps;

/* Of maps that were checked. On failure nothing is held. */
cellseg_status cseg_overlaps_new(cseg_overlaps *out, cellseg_context *context, const cellseg_labels *reference,
                                 const cellseg_labels *target);
void cseg_overlaps_free(cseg_overlaps *overlaps);

/* Dice of an overlap: 2 |r and t| / (|r| + |t|). */
double cseg_overlap_dice(const cseg_overlaps *overlaps, const cseg_overlap *overlap);

/* Pixels of either label of an overlap, |r or t|; and its IoU, |r and t| / |r or t|. */
uint64_t cseg_overlap_union(const cseg_overlaps *overlaps, const cseg_overlap *overlap);
double cseg_overlap_iou(const cseg_overlaps *overlaps, const cseg_overlap *overlap);

/* What every public function asks of two label maps: an argument error when one is NULL or their sizes differ. */
cellseg_status cseg_overlap_check_maps(const cellseg_labels *reference, const cellseg_labels *target);

#endif
