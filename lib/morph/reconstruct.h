/* SPDX-License-Identifier: BSD-3-Clause */
/* Reconstruction on keys. Inside the morphology room only. */
#ifndef CSEG_MORPH_RECONSTRUCT_H
#define CSEG_MORPH_RECONSTRUCT_H

#include "core/core.h"

/* Reconstruct by erosion, in place: keys becomes the reconstruction of keys over limit. Both are planes of one type of keys
 * (keys.h), keys >= limit, with walls at the same pixels. */
cellseg_status cseg_reconstruction_keys(cellseg_context *context, const cseg_plane *keys, const cseg_plane *limit,
                                        int32_t connectivity);

#endif
