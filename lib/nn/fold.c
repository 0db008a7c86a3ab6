/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batch normalisation folded into the weights of its layer, so that inference does not compute it. With the running mean m,
 * variance v, scale g and shift b, w x becomes (g / sqrt(v + epsilon)) w x + b - m g / sqrt(v + epsilon). Cost: one pass over
 * the weights.
 */
#include "nn/fold.h"

#include <math.h>
#include <string.h>

static size_t padded(size_t floats) {
    return (floats + 15) / 16 * 16;
}

size_t cseg_fold_floats(const cseg_kernels *kernels, const cseg_arch *arch, size_t *weights_at, size_t *shift_at) {
    size_t next = 0;
    for (size_t i = 0; i < arch->count; i++) {
        if (!cseg_layer_has_weights(&arch->layers[i]))
            continue;
        const cseg_conv_shape shape = cseg_layer_shape(&arch->layers[i]);
        weights_at[i] = next;
        shift_at[i] = next + padded(cseg_conv_packed_floats(kernels, &shape, CSEG_PACK_INFERENCE));
        next = shift_at[i] + padded(shape.out);
    }
    return next;
}

void cseg_fold_layer(float *weights, float *shift, const cseg_layer *layer, const cseg_slot *slot, const float *params) {
    const float *from = params + slot->weight;
    memset(shift, 0, padded(layer->out) * sizeof *shift);
    memcpy(shift, params + slot->shift, layer->out * sizeof *shift);
    memcpy(weights, from, slot->weights * sizeof *weights);
    if (!layer->norm)
        return;
    for (size_t c = 0; c < layer->out; c++) {
        const double factor =
            (double)params[slot->scale + c] / sqrt((double)params[slot->variance + c] + cseg_params_norm_epsilon);
        shift[c] = (float)(params[slot->shift + c] - params[slot->mean + c] * factor);
        for (size_t w = c; w < slot->weights; w += layer->out)
            weights[w] = (float)(from[w] * factor);
    }
}

cellseg_status cseg_fold_weights(cellseg_context *context, float *packed, const cseg_kernels *kernels, const cseg_arch *arch,
                                 const cseg_layout *layout, const float *params, float *scratch) {
    size_t weights_at[CSEG_MAX_LAYERS], shift_at[CSEG_MAX_LAYERS];
    (void)cseg_fold_floats(kernels, arch, weights_at, shift_at);
    for (size_t i = 0; i < arch->count; i++) {
        if (!cseg_layer_has_weights(&arch->layers[i]))
            continue;
        const cseg_conv_shape shape = cseg_layer_shape(&arch->layers[i]);
        CSEG_TRY(cseg_progress_poll(context, (double)i / (double)arch->count));
        cseg_fold_layer(scratch, packed + shift_at[i], &arch->layers[i], &layout->slots[i], params);
        cseg_conv_pack(kernels, packed + weights_at[i], scratch, &shape, CSEG_PACK_INFERENCE);
    }
    return CELLSEG_OK;
}
