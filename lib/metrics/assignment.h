/* SPDX-License-Identifier: BSD-3-Clause */
/* The optimal one-to-one matching of overlapping labels; for the metrics room only. */
#ifndef CSEG_METRICS_ASSIGNMENT_H
#define CSEG_METRICS_ASSIGNMENT_H

#include "metrics/overlap.h"

/* Overlaps by reference label: overlap[first[r]] to overlap[first[r + 1] - 1] are those of r. */
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

/* Match labels of IoU >= threshold: the maximum number of pairs, and among such matchings the maximum sum of IoU. */
cellseg_status cseg_assignment_solve(cseg_assignment *out, cellseg_context *context, const cseg_candidates *candidates,
                                     double threshold);

#endif
