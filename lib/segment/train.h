/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a trainer; for train.c and train_run.c only. */
#ifndef CSEG_SEGMENT_TRAIN_H
#define CSEG_SEGMENT_TRAIN_H

#include "nn/nn.h"
#include "segment/checkpoint.h"
#include "segment/dataset.h"

#include <cellseg/train.h>

struct cellseg_trainer {
    cellseg_context *context;
    cellseg_train_options options; /* its texts are the trainer's copies */
    char *checkpoint_path, *note;
    cseg_net *net;
    cseg_dataset train, validate;
    cseg_checkpoint checkpoint;
    bool begun; /* no image may be added any more */
};

#endif
