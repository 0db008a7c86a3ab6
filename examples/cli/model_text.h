/* SPDX-License-Identifier: BSD-3-Clause */
/* A model in words. */
#ifndef CLI_MODEL_TEXT_H
#define CLI_MODEL_TEXT_H

#include <cellseg/cellseg.h>

/* Print figures, layers, rule and training record of a model on standard output, behind what the line has already. Layers are
 * numbered from 1: --frozen-layers N freezes the layers 1 to N. */
void print_model(const cellseg_model *model);

#endif
