/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes to the intensities of a training patch. Inside the training room only. */
#ifndef CSEG_TRAIN_PHOTOMETRIC_H
#define CSEG_TRAIN_PHOTOMETRIC_H

#include "train/dataset.h"

typedef struct cseg_photometric {
    double gain, gamma, noise, blur_px;
    double corner[4]; /* factor of the illumination at each corner */
    double saturation, nucleus, texture, texture_px;
    double cell; /* range of the cells' factors */
    uint64_t cells_seed;
} cseg_photometric;

void cseg_photometric_draw(cseg_photometric *changes, const cellseg_augmentation *options, uint64_t *random);

/* Change a patch in place; its classes mark nuclei, its cells mark pixels of one cell. random: the stream of noise and
 * texture. */
cellseg_status cseg_photometric_apply(const cseg_photometric *changes, cellseg_context *context, const cseg_rule *rule,
                                      const cseg_patches *patch, uint64_t *random);

/* A patch without cells. */
cellseg_status cseg_photometric_empty(cellseg_context *context, const cseg_rule *rule, float *image, uint64_t *random);

#endif
