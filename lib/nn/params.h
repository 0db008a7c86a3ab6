/* SPDX-License-Identifier: BSD-3-Clause */
/* Offsets of each layer's numbers in the block of parameters, and their initial values. */
#ifndef CSEG_NN_PARAMS_H
#define CSEG_NN_PARAMS_H

#include "nn/arch.h"

/* Offsets in floats. A layer with normalisation has scale (gamma), shift (beta), mean and variance; one without has shift (bias).
 */
typedef struct cseg_slot {
    size_t weights; /* count */
    size_t weight, scale, shift, mean, variance;
} cseg_slot;

typedef struct cseg_layout {
    size_t trained;     /* floats that the optimiser changes: weights, scales, shifts */
    size_t total;       /* trained, then the running means and variances */
    size_t max_weights; /* of one layer */
    size_t max_channels;
    cseg_slot slots[CSEG_MAX_LAYERS];
} cseg_layout;

/* CELLSEG_ERR_MODEL, naming the layer, if the network has too many parameters. */
cellseg_status cseg_layout_make(cseg_layout *layout, const cseg_arch *arch);

/* He et al. 2015: normal weights of variance 2 / fan-in before a ReLU, 1 / fan-in before a sigmoid. A pure function of the
 * seed. */
void cseg_params_init(float *params, const cseg_layout *layout, const cseg_arch *arch, uint64_t seed);

static const double cseg_params_norm_epsilon = 1e-5;

/* 1 / sqrt(variance + epsilon). */
float cseg_params_inv_std(double variance);

#endif
