/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of what a model of a file may cost: CELLSEG_ERR_LIMIT beyond them or the memory budget (docs/model-format.md). */
#ifndef CSEG_NN_COST_H
#define CSEG_NN_COST_H

#include "nn/internal.h"

/* The work of one patch of the rule's size, and its memory, layer by layer: before anything is allocated. */
cellseg_status cseg_cost_check_layers(const cseg_arch *arch, const cseg_layout *layout, const cseg_rule *rule,
                                      cellseg_context *context);

/* The memory of one patch of the rule's size: input, output and workspace. */
cellseg_status cseg_cost_check_patch(const cellseg_model *model, cellseg_context *context);

/* The work and the memory of the test vector. */
cellseg_status cseg_cost_check_test(const cellseg_model *model, cellseg_context *context);

#endif
