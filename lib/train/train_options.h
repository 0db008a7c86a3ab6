/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a trainer with all their groups, each value within its range. Inside the training room only. */
#ifndef CSEG_TRAIN_OPTIONS_H
#define CSEG_TRAIN_OPTIONS_H

#include "core/core.h"
#include "nn/nn.h"

#include <cellseg/train.h>

typedef struct cseg_recipe {
    cellseg_train_options options; /* its groups are those below, its pointers to groups NULL */
    cellseg_rate_schedule schedule;
    cellseg_loss loss;
    cellseg_augmentation augmentation;
} cseg_recipe;

/* options: NULL for the defaults; texts are borrowed. */
cellseg_status cseg_recipe_read(cseg_recipe *recipe, const cellseg_train_options *options);

#endif
