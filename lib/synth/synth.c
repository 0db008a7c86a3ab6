/* SPDX-License-Identifier: BSD-3-Clause */
/* One simulated field, from cells to pixels. */
#include "synth/field.h"

enum { LARGEST_EDGE = 16384, BYTES_PER_PIXEL = 32 };

static cellseg_status make_planes(cseg_field *field) {
    cseg_plane *const planes[] = {&field->owner, &field->other, &field->edge, &field->below, &field->light};
    static const int32_t types[] = {CELLSEG_UINT32, CELLSEG_UINT32, CELLSEG_FLOAT32, CELLSEG_FLOAT32, CELLSEG_FLOAT32};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        CSEG_TRY(cseg_plane_new(planes[i], field->context, types[i], field->height, field->width));
    return CELLSEG_OK;
}

static void free_field(cseg_field *field) {
    cseg_plane_free(&field->owner);
    cseg_plane_free(&field->other);
    cseg_plane_free(&field->edge);
    cseg_plane_free(&field->below);
    cseg_plane_free(&field->light);
    cseg_memory_free(field->cells);
    cseg_memory_free(field->limbs);
}

static cellseg_status make_results(cellseg_image **image, cellseg_labels **cells, cellseg_labels **nuclei, cseg_field *field) {
    const cellseg_synth_options *o = &field->options;
    const int32_t type = o->bits == 8 ? CELLSEG_UINT8 : CELLSEG_UINT16;
    CSEG_TRY(cellseg_image_new(image, field->context, type, 1 + o->nuclei_channel, field->height, field->width));
    CSEG_TRY(cellseg_labels_new(cells, field->context, field->height, field->width));
    CSEG_TRY(cellseg_labels_new(nuclei, field->context, field->height, field->width));
    field->cells_map = cseg_labels_plane(*cells);
    field->nuclei_map = cseg_labels_plane(*nuclei);
    CSEG_TRY(cellseg_image_set_pixel_size_um(*image, o->pixel_size_um));
    CSEG_TRY(cellseg_labels_set_pixel_size_um(*cells, o->pixel_size_um));
    return cellseg_labels_set_pixel_size_um(*nuclei, o->pixel_size_um);
}

static cellseg_status photograph(cseg_field *field, const cellseg_image *image, int32_t channel) {
    const cseg_plane to = cseg_image_plane(image, channel);
    return cseg_camera_expose(field, &to, cseg_random_bits(field->options.seed, 6 + (uint64_t)channel));
}

static cellseg_status make_pictures(cseg_field *field, const cellseg_image *image) {
    cseg_progress_step(field->context, "marker", 0.4, 0.8);
    CSEG_TRY(cseg_shade_marker(field));
    CSEG_TRY(photograph(field, image, 0));
    if (field->options.nuclei_channel == 0)
        return CELLSEG_OK;
    cseg_progress_step(field->context, "nuclear stain", 0.8, 1);
    CSEG_TRY(cseg_shade_nuclei(field));
    return photograph(field, image, 1);
}

static cellseg_status make_field(cseg_field *field, const cellseg_image *image) {
    CSEG_TRY(make_planes(field));
    cseg_progress_step(field->context, "cells", 0, 0.1);
    CSEG_TRY(cseg_placement_populate(field));
    cseg_progress_step(field->context, "outlines", 0.1, 0.4);
    CSEG_TRY(cseg_cover_draw(field));
    return make_pictures(field, image);
}

static cellseg_status begin(cseg_field *field, cellseg_context *context, size_t height, size_t width,
                            const cellseg_synth_options *options) {
    *field = (cseg_field){.context = context, .height = height, .width = width};
    CSEG_TRY(cseg_range_check("height", (double)height, 1, LARGEST_EDGE));
    CSEG_TRY(cseg_range_check("width", (double)width, 1, LARGEST_EDGE));
    CSEG_TRY(cseg_synth_options_read(&field->options, &field->groups, options));
    CSEG_TRY(cseg_budget_check(context, (uint64_t)height * width * BYTES_PER_PIXEL, "the field"));
    field->style = cseg_shade_style_of(field->options.stain, field->options.seed);
    field->height_um = (double)height * field->options.pixel_size_um;
    field->width_um = (double)width * field->options.pixel_size_um;
    return CELLSEG_OK;
}

static cellseg_status simulate(cellseg_image **image, cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                               size_t height, size_t width, const cellseg_synth_options *options) {
    cseg_field field;
    CSEG_TRY(begin(&field, context, height, width, options));
    cellseg_status status = make_results(image, cells, nuclei, &field);
    if (status == CELLSEG_OK)
        status = make_field(&field, *image);
    free_field(&field);
    if (status == CELLSEG_OK)
        return CELLSEG_OK;
    cellseg_image_free(*image);
    cellseg_labels_free(*cells);
    cellseg_labels_free(*nuclei);
    *image = NULL;
    *cells = *nuclei = NULL;
    return status;
}

cellseg_status cellseg_synth_field(cellseg_image **image, cellseg_labels **cells, cellseg_labels **nuclei,
                                   cellseg_context *context, size_t height, size_t width, const cellseg_synth_options *options) {
    if (image == NULL || cells == NULL || nuclei == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image, cells or nuclei is NULL");
    *image = NULL;
    *cells = *nuclei = NULL;
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, simulate(image, cells, nuclei, context, height, width, options));
}
