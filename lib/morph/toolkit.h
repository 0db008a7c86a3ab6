/* SPDX-License-Identifier: BSD-3-Clause */
/* What the public functions check and make in common. Inside the morphology room only. */
#ifndef CSEG_MORPH_TOOLKIT_H
#define CSEG_MORPH_TOOLKIT_H

#include "core/core.h"

/* The start of every public function: `out` given and NULL, progress at 0. */
cellseg_status cseg_toolkit_begin_image(cellseg_image **out, cellseg_context *context);
cellseg_status cseg_toolkit_begin_labels(cellseg_labels **out, cellseg_context *context);

/* Each is an argument error that names `what` and the fault. */
cellseg_status cseg_toolkit_grey(cellseg_context *context, const cellseg_image *image, const char *what); /* finite too */
cellseg_status cseg_toolkit_mask(const cellseg_image *mask, const char *what);
cellseg_status cseg_toolkit_labels(const cellseg_labels *labels, const char *what);
cellseg_status cseg_toolkit_same_size(const cseg_plane *a, const char *what_a, const cseg_plane *b, const char *what_b);
cellseg_status cseg_toolkit_connectivity(int32_t connectivity);

/* New results of a plane's size, and of a pixel size. */
cellseg_status cseg_toolkit_new_image(cellseg_image **out, cellseg_context *context, int32_t type, const cseg_plane *like,
                                      double pixel_size_um);
cellseg_status cseg_toolkit_new_labels(cellseg_labels **out, cellseg_context *context, const cseg_plane *like,
                                       double pixel_size_um);

void cseg_toolkit_copy(const cseg_plane *to, const cseg_plane *from); /* pixels of one size and type */

/* The end of every public function: hand the result over, or release it and hand over NULL. */
cellseg_status cseg_toolkit_hand_image(cellseg_image **out, cellseg_image *made, cellseg_status status);
cellseg_status cseg_toolkit_hand_labels(cellseg_labels **out, cellseg_labels *made, cellseg_status status);

#endif
