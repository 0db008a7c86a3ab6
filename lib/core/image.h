/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of images and label maps; for the core room only. */
#ifndef CSEG_CORE_IMAGE_H
#define CSEG_CORE_IMAGE_H

#include "core/core.h"

struct cellseg_image {
    cellseg_image_layout layout; /* strides filled in */
    void *owned;                 /* NULL when borrowed */
    char **names;                /* of the channels; NULL: none has a name */
};

struct cellseg_labels {
    struct cellseg_image image; /* one channel of uint32 */
};

#endif
