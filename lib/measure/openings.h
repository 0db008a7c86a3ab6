/* SPDX-License-Identifier: BSD-3-Clause */
/* Openings of growing size of one image; for the measure room only. */
#ifndef CSEG_MEASURE_OPENINGS_H
#define CSEG_MEASURE_OPENINGS_H

#include "core/core.h"

enum { CSEG_OPENINGS = 16 };

/* Opening k of a pixel, k from 1, is the reconstruction by dilation, 4-connected, of the image eroded k times by a cross, under
 * the image. image: float32, none below 0. spectrum: float32, of the same height and CSEG_OPENINGS times the width: a pixel's
 * openings lie next to each other. */
cellseg_status cseg_openings_find(cellseg_context *context, const cseg_plane *spectrum, const cseg_plane *image);

#endif
