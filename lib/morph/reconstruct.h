/* SPDX-License-Identifier: BSD-3-Clause */
/* Reconstruction on order-preserving integer keys. Inside the morphology room only. */
#ifndef CSEG_MORPH_RECONSTRUCT_H
#define CSEG_MORPH_RECONSTRUCT_H

#include "core/core.h"

/*
 * Reconstruct by erosion, in place: keys sinks to the reconstruction of keys over limit; keys >= limit. Both int32. A pixel whose
 * key and limit are INT32_MAX is a wall.
 */
cellseg_status cseg_reconstruct_keys(cellseg_context *context, const cseg_plane *keys, const cseg_plane *limit,
                                     int32_t connectivity);

/* The key of a float: keys compare as the floats do; -0 and 0 are one. */
int32_t cseg_key_of(float value);

#endif
