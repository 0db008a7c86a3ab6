/* SPDX-License-Identifier: BSD-3-Clause */
/* The overlaps of two label maps; for the metrics room only. */
#ifndef CSEG_METRICS_OVERLAP_H
#define CSEG_METRICS_OVERLAP_H

#include "core/core.h"

/* Two labels that share pixels. Labels are counted from 0, ascending by id. */
typedef struct cseg_overlap {
    size_t reference, target;
    uint64_t pixels;
} cseg_overlap;

/* Labels and overlaps of two maps; background is in none of the lists. */
typedef struct cseg_overlaps {
    size_t reference_count, target_count, count;
    uint64_t *reference_area, *target_area; /* pixels of each label */
    cseg_overlap *overlap;                  /* ascending by target, then by reference */
} cseg_overlaps;

/* The caller has checked the maps. On failure nothing is allocated. */
cellseg_status cseg_overlaps_new(cseg_overlaps *out, cellseg_context *context, const cellseg_labels *reference,
                                 const cellseg_labels *target);
void cseg_overlaps_free(cseg_overlaps *overlaps);

/* Dice of an overlap: 2 |r and t| / (|r| + |t|). */
double cseg_overlap_dice(const cseg_overlaps *overlaps, const cseg_overlap *overlap);

/* Pixels of either label of an overlap, |r or t|; and its IoU, |r and t| / |r or t|. */
uint64_t cseg_overlap_union(const cseg_overlaps *overlaps, const cseg_overlap *overlap);
double cseg_overlap_iou(const cseg_overlaps *overlaps, const cseg_overlap *overlap);

/* The checks of every public function on two label maps: CELLSEG_ERR_ARGUMENT if one is NULL or their sizes differ. */
cellseg_status cseg_overlap_check_maps(const cellseg_labels *reference, const cellseg_labels *target);

#endif
