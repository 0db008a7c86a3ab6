/* SPDX-License-Identifier: BSD-3-Clause */
/* The best one-to-one matching of overlapping labels; for the metrics room only. */
#ifndef CSEG_METRICS_ASSIGNMENT_H
#define CSEG_METRICS_ASSIGNMENT_H

#include "metrics/overlap.h"

/* A table of overlaps by reference label: those of r are overlap[first[r]] to overlap[first[r + 1] - 1]. */
typedef struct cseg_candidates {
    const cseg_overlaps *of; /* borrowed */
    cseg_overlap *overlap;
    size_t *first;
} cseg_candidates;

cellseg_status cseg_candidates_new(cseg_candidates *out, cellseg_context *context, const cseg_overlaps *overlaps);
void cseg_candidates_free(cseg_candidates *candidates);

typedef struct cseg_assignment {
    uint64_t pairs;
    double iou_sum;
} cseg_assignment;

/* Match labels of IoU >= threshold: the most pairs, and of all such matchings the one of the largest sum of IoU. */
cellseg_status cseg_assignment_solve(cseg_assignment *out, cellseg_context *context, const cseg_candidates *candidates,
                                     double threshold);

#endif
