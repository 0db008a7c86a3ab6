/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the pixels of a training patch come from. inside the training room only. */
#ifndef CSEG_TRAIN_WARP_H
#define CSEG_TRAIN_WARP_H

#include "train/dataset.h"

/* Knots along an edge: CSEG_WARP_SPANS spans of the patch, and what a cubic B-spline needs beyond both ends. */
enum { CSEG_WARP_SPANS = 4, CSEG_WARP_KNOTS = CSEG_WARP_SPANS + 3 };

typedef struct cseg_warp {
    bool transpose, reverse_y, reverse_x; /* quarter turns and mirroring: exact */
    bool elastic;
    double zoom, sine, cosine;
    double knots[2][CSEG_WARP_KNOTS][CSEG_WARP_KNOTS]; /* displacement along y, along x, in pixels of the image */
} cseg_warp;

/* Nothing is moved. */
cseg_warp cseg_warp_none(void);

/* Draw one by the options: every number is drawn whether it is used or not, so that one option does not change what another does.
 * patch: edge in pixels. */
void cseg_warp_draw(cseg_warp *warp, const cellseg_train_options *options, size_t patch, uint64_t *random);

/* Where pixel (i, j) of a patch of this edge lies, in pixels from the window's centre. */
void cseg_warp_at(const cseg_warp *warp, size_t patch, size_t i, size_t j, double *y, double *x);

#endif
