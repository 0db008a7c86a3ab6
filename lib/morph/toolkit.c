/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions' checks: a fault is named before anything is made. */
#include "morph/toolkit.h"

#include <string.h>

cellseg_status cseg_toolkit_begin_image(cellseg_image **out, cellseg_context *context) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cseg_progress_start(context);
    return CELLSEG_OK;
}

cellseg_status cseg_toolkit_begin_labels(cellseg_labels **out, cellseg_context *context) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cseg_progress_start(context);
    return CELLSEG_OK;
}

static cellseg_status one_channel(const cellseg_image *image, const char *what) {
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", what);
    if (cellseg_image_channels(image) != 1)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s has %d channels; one is needed", what, (int)cellseg_image_channels(image));
    return CELLSEG_OK;
}

cellseg_status cseg_toolkit_grey(cellseg_context *context, const cellseg_image *image, const char *what) {
    CSEG_TRY(one_channel(image, what));
    if (cellseg_image_pixel_type(image) == CELLSEG_UINT32)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is uint32; uint8, uint16 or float32 is needed", what);
    const cseg_plane plane = cseg_image_plane(image, 0);
    return cseg_plane_check_finite(context, &plane, what);
}

cellseg_status cseg_toolkit_mask(const cellseg_image *mask, const char *what) {
    CSEG_TRY(one_channel(mask, what));
    if (cellseg_image_pixel_type(mask) != CELLSEG_UINT8)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is not uint8, as a mask must be", what);
    return CELLSEG_OK;
}

cellseg_status cseg_toolkit_labels(const cellseg_labels *labels, const char *what) {
    return labels != NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", what);
}

cellseg_status cseg_toolkit_same_size(const cseg_plane *a, const char *what_a, const cseg_plane *b, const char *what_b) {
    if (a->height == b->height && a->width == b->width)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %zu x %zu and %s %zu x %zu pixels; they must be of one size", what_a, a->height,
                     a->width, what_b, b->height, b->width);
}

cellseg_status cseg_toolkit_connectivity(int32_t connectivity) {
    if (connectivity == 4 || connectivity == 8)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "connectivity is %d; it must be 4 or 8", (int)connectivity);
}

cellseg_status cseg_toolkit_new_image(cellseg_image **out, cellseg_context *context, int32_t type, const cseg_plane *like,
                                      double pixel_size_um) {
    CSEG_TRY(cellseg_image_new(out, context, type, 1, like->height, like->width));
    return cellseg_image_set_pixel_size_um(*out, pixel_size_um);
}

cellseg_status cseg_toolkit_new_labels(cellseg_labels **out, cellseg_context *context, const cseg_plane *like,
                                       double pixel_size_um) {
    CSEG_TRY(cellseg_labels_new(out, context, like->height, like->width));
    return cellseg_labels_set_pixel_size_um(*out, pixel_size_um);
}

void cseg_toolkit_copy(const cseg_plane *to, const cseg_plane *from) {
    for (size_t y = 0; y < from->height; y++)
        memcpy(cseg_row_at(to, y), cseg_row_at(from, y), from->width * cseg_plane_type_size(from->type));
}

cellseg_status cseg_toolkit_hand_image(cellseg_image **out, cellseg_image *made, cellseg_status status) {
    *out = status == CELLSEG_OK ? made : NULL;
    if (status != CELLSEG_OK)
        cellseg_image_free(made);
    return status;
}

cellseg_status cseg_toolkit_hand_labels(cellseg_labels **out, cellseg_labels *made, cellseg_status status) {
    *out = status == CELLSEG_OK ? made : NULL;
    if (status != CELLSEG_OK)
        cellseg_labels_free(made);
    return status;
}
