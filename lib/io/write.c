/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing images and label maps: options, conversion to 16 bits, and a target that appears only when complete. */
#include "io/io.h"

/* Levels of deflate. Level 6 makes label maps a third smaller in twice the time; images, whose pixels are noisy, stay as large.
 * Floating-point numbers are stored: the digits of probability maps are noise too, and to make them a tenth smaller took a third
 * of the time of their network. */
enum { FLOAT_LEVEL = 0, IMAGE_LEVEL = 3, LABELS_LEVEL = 6 };

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_write_options, __VA_ARGS__)

static const cellseg_option rows[] = {
    ROW(bits, 0, 0, 0, 32, "", "bits of a label map's ids: 16, 32, or 0: 16 if every id fits, else 32; images keep their type",
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(tile_px, 256, 256, 16, 4096, "px", "edge of the tiles of a page that is larger in both directions; 0: strips",
        .flags = CELLSEG_OPTION_FLAG_OR_ZERO | CELLSEG_OPTION_FLAG_POWER_OF_TWO | CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(name, 0, 0, 0, 0, "", "name of the image, and of its channel if there is one only; NULL: none",
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(provenance, 0, 0, 0, 0, "", "text about the origin of the pixels, stored in the file; NULL: none",
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_write_options, rows, provenance);

const cellseg_option_table *cellseg_write_options_table(void) {
    return &table;
}

cellseg_status cellseg_write_options_init(cellseg_write_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

static cellseg_status read_options(cellseg_write_options *own, const cellseg_write_options *options) {
    CSEG_TRY(cseg_option_read(own, &table, options, CELLSEG_PRESET_DEFAULT));
    if (own->bits != 0 && own->bits != 16 && own->bits != 32)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "bits is %d; it must be 0, 16 or 32", (int)own->bits);
    return CELLSEG_OK;
}

/* ---- images ---- */

static cellseg_status write_image(const cellseg_image *image, cellseg_context *context, cseg_target *target,
                                  const cellseg_write_options *options, int level) {
    CSEG_TRY(cseg_target_open(target, context));
    return cseg_target_close(target, cseg_tiffwriter_write(&target->file, context, image, options, level));
}

static cellseg_status write_chosen_image(const cellseg_image *image, cellseg_context *context, cseg_target *target,
                                         const cellseg_write_options *options) {
    cellseg_write_options own;
    const int32_t type = cellseg_image_pixel_type(image);
    CSEG_TRY(read_options(&own, options));
    return write_image(image, context, target, &own,
                       type == CELLSEG_FLOAT32 || type == CELLSEG_FLOAT64 ? FLOAT_LEVEL : IMAGE_LEVEL);
}

static cellseg_status write_image_in_call(const cellseg_image *image, cellseg_context *context, cseg_target *target,
                                          const cellseg_write_options *options) {
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image is NULL");
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, write_chosen_image(image, context, target, options));
}

cellseg_status cellseg_image_write(const cellseg_image *image, cellseg_context *context, const char *path,
                                   const cellseg_write_options *options) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_image_in_call(image, context, &target, options);
}

cellseg_status cellseg_image_write_to(const cellseg_image *image, cellseg_context *context, const cellseg_writer *writer,
                                      const cellseg_write_options *options) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_image_in_call(image, context, &target, options);
}

/* ---- label maps ---- */

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

static cellseg_status write_labels(const cellseg_labels *labels, cellseg_context *context, cseg_target *target,
                                   const cellseg_write_options *options) {
    cellseg_write_options own;
    CSEG_TRY(read_options(&own, options));
    const uint32_t max_id = own.bits != 32 ? cellseg_labels_max_id(labels) : 0;
    if (own.bits == 16 && max_id > UINT16_MAX)
        return cseg_error_fail_in(cseg_fail(CELLSEG_ERR_ARGUMENT, "16 bits do not hold the id %u", max_id), target->name);
    const bool wide = own.bits == 32 || max_id > UINT16_MAX;
    cellseg_image *image = NULL;
    CSEG_TRY(wide ? borrow(&image, context, labels) : to_uint16(&image, context, labels));
    cellseg_status status = cellseg_image_set_pixel_size_um(image, cellseg_labels_pixel_size_um(labels));
    if (status == CELLSEG_OK)
        status = write_image(image, context, target, &own, LABELS_LEVEL);
    cellseg_image_free(image);
    return status;
}

static cellseg_status write_labels_in_call(const cellseg_labels *labels, cellseg_context *context, cseg_target *target,
                                           const cellseg_write_options *options) {
    if (labels == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "labels is NULL");
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, write_labels(labels, context, target, options));
}

cellseg_status cellseg_labels_write(const cellseg_labels *labels, cellseg_context *context, const char *path,
                                    const cellseg_write_options *options) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_labels_in_call(labels, context, &target, options);
}

cellseg_status cellseg_labels_write_to(const cellseg_labels *labels, cellseg_context *context, const cellseg_writer *writer,
                                       const cellseg_write_options *options) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_labels_in_call(labels, context, &target, options);
}
