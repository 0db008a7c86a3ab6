/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment room's door: the method's steps, each on planes, as the public calls and the training chain them. Images come in
 * at their own scale and go to the working scale (the model's, or the options' in the two-channel method); every step between
 * works there; label maps go back to the image's own scale at the end.
 */
#ifndef CSEG_SEGMENT_H
#define CSEG_SEGMENT_H

#include "core/core.h"
#include "nn/nn.h"

#include <cellseg/segment.h>

/* ---- preprocess.c: SPEC section 1 ---- */

/* The size of an image of height x width at the working scale; each at least 1. An argument error when it leaves [1, 2^31 - 1]. */
cellseg_status cseg_segment_working_size(size_t *working_height, size_t *working_width, size_t height, size_t width,
                                         double pixel_size_um, double working_pixel_size_um);

/*
 * What the network sees of a channel: resampled to the rule's scale, top-hat, robust normalisation, clip, power.
 * out: a new float32 plane at the working scale, in [0, clip^power]; release with cseg_plane_free(); data NULL after an error.
 * channel: any type, finite (an argument error otherwise). rule: its pixel_size_um, top_hat_um, percentiles, noise_range, clip
 * and power.
 */
cellseg_status cseg_segment_preprocess(cellseg_context *context, cseg_plane *out, const cseg_plane *channel,
                                       double pixel_size_um, const cseg_rule *rule);

#endif
