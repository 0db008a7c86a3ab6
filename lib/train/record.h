/* SPDX-License-Identifier: BSD-3-Clause */
/* The traces of a training's options: the record in the model file, the hash in a checkpoint. Inside the training room only. */
#ifndef CSEG_TRAIN_RECORD_H
#define CSEG_TRAIN_RECORD_H

#include "train/train.h"

/* The training record as JSON; release with cseg_memory_free(). */
cellseg_status cseg_record_json(char **out, const cellseg_trainer *trainer);

/* A hash of all options that a resumed training must have in common with the checkpoint. */
uint64_t cseg_record_hash(const cseg_recipe *recipe);

#endif
