/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A picture for judging a segmentation by eye: the marker in grey, outlines one pixel wide inside each object. The marker is
 * stretched between its 0.1 and 99.9 percentiles and stays below full white, so that colours stand out. The colours are from
 * Okabe and Ito (2008), whom colour-blind readers can distinguish. Cost: one pass for the percentiles, one over each label map,
 * one for the picture.
 */
#include "io/io.h"

#include "filter/filter.h"
#include "morph/morph.h"

#include <math.h>
#include <string.h>

enum { BRIGHTEST_GREY = 200 };
static const uint8_t cell_rgb[3] = {240, 228, 66};
static const uint8_t nucleus_rgb[3] = {0, 190, 255};

typedef struct overlay {
    cseg_plane marker;        /* float32 */
    cseg_plane cells, nuclei; /* 1 on outlines; data NULL: none */
    double lo, hi;
} overlay;

static void draw_outline(uint8_t *rgb, const cseg_plane *outline, size_t y, const uint8_t *colour) {
    if (outline->data == NULL)
        return;
    const uint8_t *row = cseg_row_u8(outline, y);
    for (size_t x = 0; x < outline->width; x++)
        if (row[x] != 0)
            memcpy(rgb + 3 * x, colour, 3);
}

/* The square root, like a camera's gamma, keeps faint cells visible beside bright ones. */
static uint8_t grey_of(double value, double lo, double hi) {
    const double share = hi > lo ? (value - lo) / (hi - lo) : 0;
    return (uint8_t)(BRIGHTEST_GREY * sqrt(share < 0 ? 0 : share > 1 ? 1 : share) + 0.5);
}

static void draw_row(void *data, size_t y, uint8_t *rgb) {
    const overlay *o = data;
    const float *marker = cseg_row_f32(&o->marker, y);
    for (size_t x = 0; x < o->marker.width; x++)
        memset(rgb + 3 * x, grey_of((double)marker[x], o->lo, o->hi), 3);
    draw_outline(rgb, &o->cells, y, cell_rgb);
    draw_outline(rgb, &o->nuclei, y, nucleus_rgb);
}

static cellseg_status prepare_marker(overlay *o, cellseg_context *context, const cellseg_image *image, int32_t channel) {
    static const double percents[] = {0.1, 99.9};
    double range[2];
    cseg_input from;
    cellseg_status status;
    CSEG_TRY(cseg_input_open(&from, context, image, channel));
    CSEG_TRY_GOTO(done, cseg_plane_check_finite(context, &from.plane, "the image"));
    CSEG_TRY_GOTO(done, cseg_percentiles_find(context, range, percents, 2, &from.plane));
    o->lo = range[0];
    o->hi = range[1];
    CSEG_TRY_GOTO(done, cseg_plane_new(&o->marker, context, CELLSEG_FLOAT32, from.plane.height, from.plane.width));
    status = cseg_plane_to_f32(context, &o->marker, &from.plane);
done:
    cseg_input_close(&from);
    return status;
}

static cellseg_status prepare_outline(cseg_plane *outline, cellseg_context *context, const cellseg_labels *labels) {
    if (labels == NULL)
        return CELLSEG_OK;
    const cseg_plane from = cseg_labels_plane(labels);
    CSEG_TRY(cseg_plane_new(outline, context, CELLSEG_UINT8, from.height, from.width));
    return cseg_boundaries_mark(context, outline, &from);
}

static cellseg_status check_labels(const cellseg_labels *labels, const cellseg_image *image, const char *name) {
    if (labels == NULL || (cellseg_labels_height(labels) == cellseg_image_height(image) &&
                           cellseg_labels_width(labels) == cellseg_image_width(image)))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s are %zu x %zu pixels, the image is %zu x %zu", name, cellseg_labels_height(labels),
                     cellseg_labels_width(labels), cellseg_image_height(image), cellseg_image_width(image));
}

static cellseg_status write_picture(overlay *o, cellseg_context *context, cseg_target *target) {
    CSEG_TRY(cseg_target_open(target, context));
    return cseg_target_close(target, cseg_png_write(&target->file, context, o->marker.height, o->marker.width, draw_row, o));
}

static cellseg_status write_overlay(cellseg_context *context, cseg_target *target, const cellseg_image *image, int32_t channel,
                                    const cellseg_labels *cells, const cellseg_labels *nuclei) {
    overlay o = {0};
    cellseg_status status;
    cseg_progress_step(context, "marker", 0, 0.3);
    CSEG_TRY_GOTO(done, prepare_marker(&o, context, image, channel));
    cseg_progress_step(context, "outlines", 0.3, 0.5);
    CSEG_TRY_GOTO(done, prepare_outline(&o.cells, context, cells));
    CSEG_TRY_GOTO(done, prepare_outline(&o.nuclei, context, nuclei));
    cseg_progress_step(context, "writing", 0.5, 1);
    CSEG_TRY_GOTO(done, write_picture(&o, context, target));
done:
    cseg_plane_free(&o.marker);
    cseg_plane_free(&o.cells);
    cseg_plane_free(&o.nuclei);
    return status;
}

static cellseg_status write_in_call(cellseg_context *context, cseg_target *target, const cellseg_image *image, int32_t channel,
                                    const cellseg_labels *cells, const cellseg_labels *nuclei) {
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image is NULL");
    CSEG_TRY(cseg_range_check("channel", channel, 0, cellseg_image_channels(image) - 1));
    CSEG_TRY(check_labels(cells, image, "cells"));
    CSEG_TRY(check_labels(nuclei, image, "nuclei"));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, write_overlay(context, target, image, channel, cells, nuclei));
}

cellseg_status cellseg_overlay_write(cellseg_context *context, const char *path, const cellseg_image *image, int32_t channel,
                                     const cellseg_labels *cells, const cellseg_labels *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_in_call(context, &target, image, channel, cells, nuclei);
}

cellseg_status cellseg_overlay_write_to(cellseg_context *context, const cellseg_writer *writer, const cellseg_image *image,
                                        int32_t channel, const cellseg_labels *cells, const cellseg_labels *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_in_call(context, &target, image, channel, cells, nuclei);
}
