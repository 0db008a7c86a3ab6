/* SPDX-License-Identifier: BSD-3-Clause */
/* Smoothing in steps, each from the result of the last; for the filter room only. */
#ifndef CSEG_FILTER_CASCADE_H
#define CSEG_FILTER_CASCADE_H

#include "filter/load.h"

typedef struct cseg_cascade {
    cellseg_context *context;
    const cseg_plane *image; /* not read where variance > 0 */
    cseg_periods periods;    /* of the image and the planes */
    cseg_plane planes[2];    /* float32, of the image's size; neither is the image's plane */
    int current;             /* index of the plane that holds the smoothed image once variance > 0 */
    double variance;         /* of the smoothing so far */
} cseg_cascade;

/* Smooth to `variance`, which exceeds the cascade's by at least one, or the cascade's is 0. */
cellseg_status cseg_cascade_apply(cseg_cascade *cascade, double variance);

/* The number of steps, and so of changes of plane, from 0 to `variance`. */
size_t cseg_cascade_steps(double variance);

#endif
