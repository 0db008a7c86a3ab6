/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a trainer; for train.c, train_files.c and train_run.c only. */
#ifndef CSEG_TRAIN_TRAIN_H
#define CSEG_TRAIN_TRAIN_H

#include "nn/nn.h"
#include "train/checkpoint.h"
#include "train/dataset.h"

#include <cellseg/train.h>

struct cellseg_trainer {
    cellseg_context *context;
    cellseg_train_options options; /* its texts are the trainer's copies */
    char *checkpoint_path, *note;
    cseg_net *net;
    cseg_dataset train, validate;
    cseg_cache cache;
    struct cseg_train_source *sources; /* of the samples that come from files */
    cseg_checkpoint checkpoint;
    bool begun; /* no image may be added any more */
};

/* cseg_cache's load; the owner is the trainer. */
cellseg_status cseg_source_load(void *owner, cseg_sample *sample);
void cseg_source_free_all(cellseg_trainer *trainer);

#endif
