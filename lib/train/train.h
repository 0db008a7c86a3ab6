/* SPDX-License-Identifier: BSD-3-Clause */
/* The training room's door and the inside of a trainer: no other room trains. */
#ifndef CSEG_TRAIN_TRAIN_H
#define CSEG_TRAIN_TRAIN_H

#include "nn/nn.h"
#include "train/checkpoint.h"
#include "train/dataset.h"
#include "train/diameters.h"
#include "train/train_options.h"

#include <cellseg/train.h>

struct cellseg_trainer {
    cellseg_context *context;
    cseg_recipe recipe; /* its texts are the copies below */
    char *checkpoint_path, *note;
    cseg_net *net;
    cseg_dataset train, validate;
    cseg_diameter_histogram diameters; /* of the training images' nuclei */
    bool from_start;                   /* the model keeps the nucleus diameter of a start model */
    cellseg_model *nuclei_model;       /* finds the nuclei of CELLSEG_NUCLEI_BY_MODEL; NULL: not needed yet */
    cseg_cache cache;
    struct cseg_train_source *sources; /* of the samples from files */
    cseg_checkpoint checkpoint;
    bool begun; /* images can no longer be added */
};

/* CELLSEG_FEATURE_TRAINING; 0: the build leaves out training (without_training.c). */
uint64_t cseg_trainer_features(void);

/* The load function of cseg_cache; the owner is the trainer. */
cellseg_status cseg_filed_load(void *owner, cseg_sample *sample);
void cseg_filed_free_all(cellseg_trainer *trainer);

#endif
