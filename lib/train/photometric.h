/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to the intensities of a training patch. inside the training room only. */
#ifndef CSEG_TRAIN_PHOTOMETRIC_H
#define CSEG_TRAIN_PHOTOMETRIC_H

#include "train/dataset.h"

typedef struct cseg_photometric {
    double gain, gamma, noise, blur_px;
    double corner[4]; /* of the illumination: a factor at each */
    double saturation, nucleus, texture, texture_px;
    double cell; /* the range of the cells' factors */
    uint64_t cells_seed;
} cseg_photometric;

void cseg_photometric_draw(cseg_photometric *changes, const cellseg_train_options *options, uint64_t *random);

/* Change a patch in place; its classes say where nuclei are, its cells which pixels belong together. random: of the noise and the
 * texture. */
cellseg_status cseg_photometric_apply(const cseg_photometric *changes, cellseg_context *context, const cseg_rule *rule,
                                      const cseg_patches *patch, uint64_t *random);

/* A patch without any cell. */
cellseg_status cseg_photometric_empty(cellseg_context *context, const cseg_rule *rule, float *image, uint64_t *random);

#endif
