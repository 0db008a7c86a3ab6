/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/params.h"

#include <math.h>

enum { MAX_PARAMETERS = 1 << 28 };

static void lay_out(cseg_slot *slot, const cseg_layer *layer, size_t *next) {
    slot->weights = (size_t)layer->in * layer->out * layer->kernel * layer->kernel;
    slot->weight = *next;
    *next += slot->weights;
    if (layer->norm) {
        slot->scale = *next;
        *next += layer->out;
    }
    slot->shift = *next;
    *next += layer->out;
}

cellseg_status cseg_layout_make(cseg_layout *layout, const cseg_arch *arch) {
    *layout = (cseg_layout){.max_channels = 1};
    size_t next = 0;
    for (size_t i = 0; i < arch->count; i++) {
        const cseg_layer *layer = &arch->layers[i];
        if (layer->out > layout->max_channels)
            layout->max_channels = layer->out;
        if (!cseg_layer_has_weights(layer))
            continue;
        lay_out(&layout->slots[i], layer, &next);
        if (layout->slots[i].weights > layout->max_weights)
            layout->max_weights = layout->slots[i].weights;
        if (next > MAX_PARAMETERS)
            return cseg_layer_fail(arch, i, "the network has more than 268 million parameters");
    }
    layout->trained = next;
    for (size_t i = 0; i < arch->count; i++) {
        if (!arch->layers[i].norm)
            continue;
        layout->slots[i].mean = next;
        layout->slots[i].variance = next + arch->layers[i].out;
        next += 2 * (size_t)arch->layers[i].out;
    }
    layout->total = next;
    return CELLSEG_OK;
}

/* Twelve uniforms minus six: mean 0, variance 1, close to normal and exact in floating point. */
static double normal(uint64_t seed, uint64_t counter) {
    double sum = 0;
    for (uint64_t i = 0; i < 12; i++)
        sum += (double)(cseg_random_bits(seed, 12 * counter + i) >> 11) * 0x1p-53;
    return sum - 6;
}

static void fill(float *at, size_t count, float value) {
    for (size_t i = 0; i < count; i++)
        at[i] = value;
}

void cseg_params_init(float *params, const cseg_layout *layout, const cseg_arch *arch, uint64_t seed) {
    fill(params, layout->total, 0.0F);
    for (size_t i = 0; i < arch->count; i++) {
        const cseg_layer *layer = &arch->layers[i];
        const cseg_slot *slot = &layout->slots[i];
        if (!cseg_layer_has_weights(layer))
            continue;
        const double fan_in = (double)layer->in * (layer->op == CSEG_OP_DECONV ? 1 : layer->kernel * layer->kernel);
        const double deviation = sqrt((layer->activation == CSEG_RELU ? 2 : 1) / fan_in);
        for (size_t w = 0; w < slot->weights; w++)
            params[slot->weight + w] = (float)(deviation * normal(seed, slot->weight + w));
        if (layer->norm) {
            fill(params + slot->scale, layer->out, 1.0F);
            fill(params + slot->variance, layer->out, 1.0F);
        }
    }
}

float cseg_params_inv_std(double variance) {
    return (float)(1.0 / sqrt(variance + cseg_params_norm_epsilon));
}
