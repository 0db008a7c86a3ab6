/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of images and label maps; for the core room only. */
#ifndef CSEG_CORE_IMAGE_H
#define CSEG_CORE_IMAGE_H

#include "core/core.h"

struct cellseg_image {
    cellseg_image_layout layout; /* strides filled in */
    void *owned;                 /* NULL when borrowed */
};

struct cellseg_labels {
    size_t height, width;
    double pixel_size_um;
    uint32_t *data;
};

cellseg_status cseg_check_pixel_size(double pixel_size_um);

#endif
