/* SPDX-License-Identifier: BSD-3-Clause */
/* What a training run needs to go on after it was killed, in memory and as a file. inside the training room only. */
#ifndef CSEG_TRAIN_CHECKPOINT_H
#define CSEG_TRAIN_CHECKPOINT_H

#include "core/core.h"

/* The network after an epoch. */
typedef struct cseg_snapshot {
    int32_t epoch; /* 0: before the first */
    uint64_t step; /* of the optimiser */
    double train_loss, validation_loss;
    float *state; /* checkpoint->count floats: cseg_net_state() */
} cseg_snapshot;

typedef struct cseg_checkpoint {
    uint64_t fingerprint; /* of the options, initial weights and images: a file that differs is another training's */
    size_t count;
    cseg_snapshot last, best;
} cseg_checkpoint;

/* FNV-1a, continued from `hash`; begin with CSEG_HASH_START. */
#define CSEG_HASH_START 0xcbf29ce484222325U
uint64_t cseg_hash_bytes(uint64_t hash, const void *bytes, size_t size);

/* Under a temporary name, then renamed: whenever the process dies, `path` holds the old checkpoint or the new one, whole. */
cellseg_status cseg_checkpoint_write(const cseg_checkpoint *checkpoint, cellseg_context *context, const char *path);

/*
 * Fill last and best from the file, if there is one; else nothing changes. CELLSEG_ERR_FORMAT where it is damaged,
 * CELLSEG_ERR_ARGUMENT where its fingerprint or count differ, CELLSEG_ERR_IO where it is no regular file or cannot be read.
 */
cellseg_status cseg_checkpoint_read(cseg_checkpoint *checkpoint, const char *path);

#endif
