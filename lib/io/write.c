/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing images and label maps: argument checks, conversion to 16 bits, and a target file that is replaced only when
 * complete. */
#include "io/io.h"

static cellseg_status write_image(const cellseg_image *image, cellseg_context *context, const char *path) {
    cseg_target target;
    CSEG_TRY(cseg_target_open(&target, context, path));
    return cseg_target_close(&target, cseg_tiffwriter_write(&target.file, context, image));
}

cellseg_status cellseg_image_write(const cellseg_image *image, cellseg_context *context, const char *path) {
    if (image == NULL || path == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", image == NULL ? "image" : "path");
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, write_image(image, context, path));
}

/* A uint16 image of the ids. */
static cellseg_status to_uint16(cellseg_image **out, cellseg_context *context, const cellseg_labels *labels) {
    const cseg_plane from = cseg_labels_plane(labels);
    CSEG_TRY(cellseg_image_new(out, context, CELLSEG_UINT16, 1, from.height, from.width));
    uint16_t *to = cellseg_image_pixels_mut(*out, 0);
    for (size_t y = 0; y < from.height; y++)
        for (size_t x = 0; x < from.width; x++)
            to[y * from.width + x] = (uint16_t)cseg_row_u32(&from, y)[x];
    return CELLSEG_OK;
}

/* An image that borrows the label map's ids. */
static cellseg_status borrow(cellseg_image **out, cellseg_context *context, const cellseg_labels *labels) {
    cellseg_image_layout layout;
    CSEG_TRY(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = cellseg_labels_data(labels);
    layout.height = cellseg_labels_height(labels);
    layout.width = cellseg_labels_width(labels);
    layout.pixel_type = CELLSEG_UINT32;
    layout.row_stride_bytes = cellseg_labels_row_stride_bytes(labels);
    return cellseg_image_wrap(out, context, &layout);
}

static cellseg_status write_labels(const cellseg_labels *labels, cellseg_context *context, const char *path, int32_t bits) {
    const uint32_t max_id = bits != 32 ? cellseg_labels_max_id(labels) : 0;
    if (bits == 16 && max_id > UINT16_MAX)
        return cseg_error_fail_in(cseg_fail(CELLSEG_ERR_ARGUMENT, "16 bits do not hold the id %u", max_id), path);
    const bool wide = bits == 32 || max_id > UINT16_MAX;
    cellseg_image *image = NULL;
    CSEG_TRY(wide ? borrow(&image, context, labels) : to_uint16(&image, context, labels));
    cellseg_status status = cellseg_image_set_pixel_size_um(image, cellseg_labels_pixel_size_um(labels));
    if (status == CELLSEG_OK)
        status = write_image(image, context, path);
    cellseg_image_free(image);
    return status;
}

cellseg_status cellseg_labels_write(const cellseg_labels *labels, cellseg_context *context, const char *path, int32_t bits) {
    if (labels == NULL || path == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", labels == NULL ? "labels" : "path");
    if (bits != 0 && bits != 16 && bits != 32)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "bits is %d; it must be 0, 16 or 32", (int)bits);
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, write_labels(labels, context, path, bits));
}
