/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a training run, in memory and as a file, for resuming after a process ended. Inside the training room only. */
#ifndef CSEG_TRAIN_CHECKPOINT_H
#define CSEG_TRAIN_CHECKPOINT_H

#include "core/core.h"

/* The network after an epoch. */
typedef struct cseg_snapshot {
    int32_t epoch; /* 0: before the first epoch */
    uint64_t step; /* of the optimiser */
    double train_loss, validation_loss;
    float *state; /* checkpoint->count floats: cseg_net_state() */
} cseg_snapshot;

typedef struct cseg_checkpoint {
    uint64_t fingerprint; /* hash of the options, initial weights and images; a file of another training differs */
    size_t count;
    cseg_snapshot last, best;
} cseg_checkpoint;

/* FNV-1a, continued from `hash`; the first call passes CSEG_HASH_START. */
#define CSEG_HASH_START 0xcbf29ce484222325U
uint64_t cseg_hash_bytes(uint64_t hash, const void *bytes, size_t size);

/* Written under a temporary name, then renamed: if the process ends at any time, `path` is the complete old or new checkpoint. */
cellseg_status cseg_checkpoint_write(const cseg_checkpoint *checkpoint, cellseg_context *context, const char *path);

/*
 * Read last and best from the file if there is one; otherwise they are unchanged. CELLSEG_ERR_FORMAT: the file is damaged;
 * CELLSEG_ERR_ARGUMENT: its fingerprint or count differs; CELLSEG_ERR_IO: not a regular file, or not readable.
 */
cellseg_status cseg_checkpoint_read(cseg_checkpoint *checkpoint, const char *path);

#endif
