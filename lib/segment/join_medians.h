/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files that join cells: a band of whole rows, and the brightness of cells. */
#ifndef CSEG_SEGMENT_JOIN_MEDIANS_H
#define CSEG_SEGMENT_JOIN_MEDIANS_H

#include "segment/segment.h"

/* A band. Every plane has the band's rows and, where there is one, the row below. */
typedef struct cseg_join_band {
    cseg_plane cells, nuclei;
    cseg_plane smooth, distance, probability; /* the marker, and two of the maps */
    size_t rows;                              /* of the band */
    bool is_last;
} cseg_join_band;

/* ---- join_medians.c ---- */

/* The medians of cells, which come band by band. */
typedef struct cseg_medians {
    cellseg_context *context;
    float *of;            /* by id: the median of a complete cell, else -1 */
    cseg_objects objects; /* the cells of a band */
    uint32_t *open;       /* ids of the cells that are not complete */
    size_t *open_ends;    /* where the values of each end */
    float *open_values;   /* of their pixels so far */
    size_t open_count;
} cseg_medians;

cellseg_status cseg_medians_new(cseg_medians *medians, cellseg_context *context, uint32_t max_id);
void cseg_medians_free(cseg_medians *medians); /* legal for a zeroed struct */

/* Add a band's pixels: the smoothed marker's values. Of an even number, the median is the lower of the two in the middle. */
cellseg_status cseg_medians_add(cseg_medians *medians, const cseg_join_band *band);

static inline bool cseg_medians_complete(const cseg_medians *medians, uint32_t id) {
    return medians->of[id] >= 0;
}

#endif
