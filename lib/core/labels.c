/* SPDX-License-Identifier: BSD-3-Clause */
/* Label maps: images of one channel of uint32, behind a handle of their own. */
#include "core/image.h"

/* The image is the only member, so that label map and image have one address. */
static cellseg_image *image_of(cellseg_labels *labels) {
    return (cellseg_image *)labels;
}

static const cellseg_image *const_image_of(const cellseg_labels *labels) {
    return (const cellseg_image *)labels;
}

cellseg_status cellseg_labels_new(cellseg_labels **out, cellseg_context *context, size_t height, size_t width) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    cellseg_image *image;
    const cellseg_status status = cellseg_image_new(&image, context, CELLSEG_UINT32, 1, height, width);
    *out = (cellseg_labels *)image;
    return status;
}

cellseg_status cellseg_labels_wrap(cellseg_labels **out, cellseg_context *context, const cellseg_image_layout *layout) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cellseg_image *image;
    CSEG_TRY(cellseg_image_wrap(&image, context, layout));
    const cellseg_image_layout *own = &image->layout;
    if (own->pixel_type != CELLSEG_UINT32 || own->channels != 1 || own->pixel_stride_bytes != sizeof(uint32_t)) {
        image->layout.release = NULL; /* on failure the caller keeps the pixels */
        cellseg_image_free(image);
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "a label map is one channel of uint32, ids next to each other in each row");
    }
    *out = (cellseg_labels *)image;
    return CELLSEG_OK;
}

void cellseg_labels_free(cellseg_labels *labels) {
    cellseg_image_free(image_of(labels));
}

size_t cellseg_labels_height(const cellseg_labels *labels) {
    return cellseg_image_height(const_image_of(labels));
}

size_t cellseg_labels_width(const cellseg_labels *labels) {
    return cellseg_image_width(const_image_of(labels));
}

size_t cellseg_labels_row_stride_bytes(const cellseg_labels *labels) {
    return cellseg_image_row_stride_bytes(const_image_of(labels));
}

const uint32_t *cellseg_labels_data(const cellseg_labels *labels) {
    return cellseg_image_pixels(const_image_of(labels), 0);
}

uint32_t *cellseg_labels_data_mut(cellseg_labels *labels) {
    return cellseg_image_pixels_mut(image_of(labels), 0);
}

uint32_t cellseg_labels_max_id(const cellseg_labels *labels) {
    uint32_t max_id = 0;
    if (labels == NULL)
        return max_id;
    const cseg_plane plane = cseg_labels_plane(labels);
    for (size_t y = 0; y < plane.height; y++)
        for (size_t x = 0; x < plane.width; x++)
            if (cseg_row_u32(&plane, y)[x] > max_id)
                max_id = cseg_row_u32(&plane, y)[x];
    return max_id;
}

double cellseg_labels_pixel_size_um(const cellseg_labels *labels) {
    return cellseg_image_pixel_size_um(const_image_of(labels));
}

cellseg_status cellseg_labels_set_pixel_size_um(cellseg_labels *labels, double pixel_size_um) {
    if (labels == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "labels is NULL");
    return cellseg_image_set_pixel_size_um(image_of(labels), pixel_size_um);
}

cseg_plane cseg_labels_plane(const cellseg_labels *labels) {
    return cseg_image_plane(const_image_of(labels), 0);
}
