/* SPDX-License-Identifier: BSD-3-Clause */
/* Smoothing in steps, each starting from the last; for the filter room only. */
#ifndef CSEG_FILTER_LADDER_H
#define CSEG_FILTER_LADDER_H

#include "filter/load.h"

typedef struct cseg_ladder {
    cellseg_context *context;
    const cseg_plane *image; /* not read where something is reached already */
    cseg_periods periods;    /* of the image and the planes */
    cseg_plane planes[2];    /* float32, of the image's size; neither is the image's */
    int current;             /* the plane that holds the smoothed image once reached > 0 */
    double reached;          /* its variance */
} cseg_ladder;

/* Smooth on to `variance`, which is at least one above what is reached; what is reached may be 0. */
cellseg_status cseg_cascade_apply(cseg_ladder *ladder, double variance);

/* How many times a climb from 0 to `variance` changes planes. */
size_t cseg_cascade_steps(double variance);

#endif
