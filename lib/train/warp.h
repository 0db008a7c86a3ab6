/* SPDX-License-Identifier: BSD-3-Clause */
/* Positions in the image of the pixels of a training patch. Inside the training room only. */
#ifndef CSEG_TRAIN_WARP_H
#define CSEG_TRAIN_WARP_H

#include "train/dataset.h"

/* Knots along an edge: CSEG_WARP_SPANS spans of the patch, and the additional knots of a cubic B-spline at both ends. */
enum { CSEG_WARP_SPANS = 4, CSEG_WARP_KNOTS = CSEG_WARP_SPANS + 3 };

typedef struct cseg_warp {
    bool transpose, reverse_y, reverse_x; /* quarter turns and mirroring: exact */
    bool elastic;
    double zoom, sine, cosine;
    double knots[2][CSEG_WARP_KNOTS][CSEG_WARP_KNOTS]; /* displacement along y, along x, in pixels of the image */
} cseg_warp;

/* The identity. */
cseg_warp cseg_warp_none(void);

/* Draw a warp by the options. Every number is drawn even if unused, so that one option does not change the effect of another.
 * patch: edge in pixels. */
void cseg_warp_draw(cseg_warp *warp, const cellseg_augmentation *options, size_t patch, uint64_t *random);

/* The position of pixel (i, j) of a patch of this edge, in pixels from the window's centre. */
void cseg_warp_at(const cseg_warp *warp, size_t patch, size_t i, size_t j, double *y, double *x);

#endif
