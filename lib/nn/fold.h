/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch normalisation folded into weights, and weights packed for inference. */
#ifndef CSEG_NN_FOLD_H
#define CSEG_NN_FOLD_H

#include "nn/arch.h"
#include "nn/params.h"

/* The weights of one layer with its normalisation folded in. shift: as many floats as channels, rounded up to 16; the rest
 * becomes 0. */
void cseg_fold_layer(float *weights, float *shift, const cseg_layer *layer, const cseg_slot *slot, const float *params);

/* Floats of a network's folded and packed weights: for each layer the weights, then the shifts. */
size_t cseg_fold_floats(const cseg_kernels *kernels, const cseg_arch *arch, size_t *weights_at, size_t *shift_at);

/* Fold and pack every layer. scratch: layout->max_weights floats. CELLSEG_ERR_CANCELLED between layers. */
cellseg_status cseg_fold_weights(cellseg_context *context, float *packed, const cseg_kernels *kernels, const cseg_arch *arch,
                                 const cseg_layout *layout, const float *params, float *scratch);

#endif
