/* SPDX-License-Identifier: BSD-3-Clause */
/* Where each layer's numbers lie in the one block of parameters, and their first values. */
#ifndef CSEG_NN_PARAMS_H
#define CSEG_NN_PARAMS_H

#include "nn/arch.h"

/* Offsets in floats. A layer with normalisation has scale (gamma), shift (beta), mean and variance; one without has shift (bias).
 */
typedef struct cseg_slot {
    size_t weights; /* how many */
    size_t weight, scale, shift, mean, variance;
} cseg_slot;

typedef struct cseg_layout {
    size_t trained;      /* floats that the optimiser moves: weights, scales, shifts */
    size_t total;        /* and the running means and variances, which follow them */
    size_t most_weights; /* of one layer */
    size_t most_channels;
    cseg_slot slots[CSEG_MAX_LAYERS];
} cseg_layout;

/* CELLSEG_ERR_MODEL, the layer named, where the numbers would be more than this machine can count. */
cellseg_status cseg_layout_make(cseg_layout *layout, const cseg_arch *arch);

/* He et al. 2015: normal weights of variance 2 / fan-in before a ReLU, 1 / fan-in before a sigmoid. The same for a seed
 * everywhere. */
void cseg_params_init(float *params, const cseg_layout *layout, const cseg_arch *arch, uint64_t seed);

static const double cseg_params_norm_epsilon = 1e-5;

/* 1 / sqrt(variance + epsilon). */
float cseg_params_inv_std(double variance);

#endif
