/* SPDX-License-Identifier: BSD-3-Clause */
/* A library without training: no trainer can be made. The tables of the options are in train_options.c, as in every build. */
#include "train/train.h"

uint64_t cseg_trainer_features(void) {
    return 0;
}

static cellseg_status fail(void) {
    return cseg_fail(CELLSEG_ERR_UNAVAILABLE, "this build of libcellseg trains no models");
}

cellseg_status cellseg_trainer_new(cellseg_trainer **out, cellseg_context *context, const cellseg_model *start,
                                   const cellseg_train_options *options) {
    (void)context, (void)start, (void)options;
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    return fail();
}

cellseg_status cellseg_trainer_add(cellseg_trainer *trainer, const cellseg_image *image, int32_t channel,
                                   const cellseg_labels *cells, const cellseg_labels *nuclei, int32_t use) {
    (void)trainer, (void)image, (void)channel, (void)cells, (void)nuclei, (void)use;
    return fail();
}

cellseg_status cellseg_trainer_add_files(cellseg_trainer *trainer, const cellseg_train_files *files, int32_t use) {
    (void)trainer, (void)files, (void)use;
    return fail();
}

cellseg_status cellseg_trainer_run(cellseg_model **out, cellseg_trainer *trainer, cellseg_epoch_fn on_epoch, void *user) {
    (void)trainer, (void)on_epoch, (void)user;
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    return fail();
}

void cellseg_trainer_free(cellseg_trainer *trainer) {
    (void)trainer;
}
