/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions from grey images to grey images and masks: checks, a result, and the room's own function. */
#include "morph/morph.h"

#include <float.h>

/* ---- rectangles ---- */

typedef cellseg_status (*rectangle_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                       size_t width);

static cellseg_status rectangle(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                size_t height, size_t width, rectangle_fn run, bool difference) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "rectangle", out));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    CSEG_TRY_GOTO(done, cseg_range_check("height_px", (double)height, 1, (double)from.height));
    CSEG_TRY_GOTO(done, cseg_range_check("width_px", (double)width, 1, (double)from.width));
    const int32_t type = difference ? cseg_difference_type(from.type) : from.type;
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, type, from.height, from.width));
    to.type = from.type; /* differences are written in the bits of the input's type */
    status = run(context, &to, &from, height, width);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_erode(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                   size_t height_px, size_t width_px) {
    return rectangle(out, context, image, channel, height_px, width_px, cseg_rect_erode, false);
}

cellseg_status cellseg_image_dilate(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                    size_t height_px, size_t width_px) {
    return rectangle(out, context, image, channel, height_px, width_px, cseg_rect_dilate, false);
}

cellseg_status cellseg_image_opening(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                     size_t height_px, size_t width_px) {
    return rectangle(out, context, image, channel, height_px, width_px, cseg_rect_open, false);
}

cellseg_status cellseg_image_closing(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                     size_t height_px, size_t width_px) {
    return rectangle(out, context, image, channel, height_px, width_px, cseg_rect_close, false);
}

cellseg_status cellseg_image_white_top_hat(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                           int32_t channel, size_t height_px, size_t width_px) {
    return rectangle(out, context, image, channel, height_px, width_px, cseg_rect_top_hat, true);
}

cellseg_status cellseg_image_black_top_hat(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                           int32_t channel, size_t height_px, size_t width_px) {
    return rectangle(out, context, image, channel, height_px, width_px, cseg_rect_bottom_hat, true);
}

/* ---- reconstruction ---- */

typedef cellseg_status (*reconstruct_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                         const cseg_plane *limit, int32_t connectivity);

typedef struct reconstruction {
    const cellseg_image *marker, *limit;
    int32_t marker_channel, limit_channel, connectivity;
} reconstruction;

static cellseg_status reconstruct(cellseg_image **out, cellseg_context *context, const reconstruction *r, reconstruct_fn run) {
    cseg_toolkit t;
    cseg_plane marker, limit, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "reconstruct", out));
    CSEG_TRY_GOTO(done, cseg_connectivity_check(r->connectivity));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &limit, r->limit, r->limit_channel, "limit"));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &marker, r->marker, r->marker_channel, "marker"));
    if (marker.type != limit.type)
        CSEG_TRY_GOTO(done, cseg_fail(CELLSEG_ERR_ARGUMENT, "marker and limit are of different pixel types"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, limit.type, limit.height, limit.width));
    status = run(context, &to, &marker, &limit, r->connectivity);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_reconstruct_dilation(cellseg_image **out, cellseg_context *context, const cellseg_image *marker,
                                                  int32_t marker_channel, const cellseg_image *limit, int32_t limit_channel,
                                                  int32_t connectivity) {
    const reconstruction r = {marker, limit, marker_channel, limit_channel, connectivity};
    return reconstruct(out, context, &r, cseg_reconstruction_dilate);
}

cellseg_status cellseg_image_reconstruct_erosion(cellseg_image **out, cellseg_context *context, const cellseg_image *marker,
                                                 int32_t marker_channel, const cellseg_image *limit, int32_t limit_channel,
                                                 int32_t connectivity) {
    const reconstruction r = {marker, limit, marker_channel, limit_channel, connectivity};
    return reconstruct(out, context, &r, cseg_reconstruction_erode);
}

/* ---- minima and maxima ---- */

typedef cellseg_status (*h_minima_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                      int32_t connectivity);

static cellseg_status h_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                               double h, int32_t connectivity, h_minima_fn run) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "minima", out));
    CSEG_TRY_GOTO(done, cseg_connectivity_check(connectivity));
    CSEG_TRY_GOTO(done, cseg_range_check("h", h, 0, FLT_MAX));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, from.type, from.height, from.width));
    status = run(context, &to, &from, h, connectivity);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_h_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                      double h, int32_t connectivity) {
    return h_minima(out, context, image, channel, h, connectivity, cseg_extrema_h_minima);
}

cellseg_status cellseg_image_h_maxima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                      double h, int32_t connectivity) {
    return h_minima(out, context, image, channel, h, connectivity, cseg_extrema_h_maxima);
}

typedef cellseg_status (*extended_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                      const cseg_plane *mask, int32_t connectivity);

typedef struct extended_inputs {
    const cellseg_image *image, *mask;
    int32_t channel, mask_channel, connectivity;
    double h;
} extended_inputs;

static cellseg_status extended(cellseg_image **out, cellseg_context *context, const extended_inputs *in, extended_fn run) {
    cseg_toolkit t;
    cseg_plane from, inside, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "minima", out));
    CSEG_TRY_GOTO(done, cseg_connectivity_check(in->connectivity));
    CSEG_TRY_GOTO(done, cseg_range_check("h", in->h, 0, FLT_MAX));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, in->image, in->channel, "image"));
    if (in->mask != NULL)
        CSEG_TRY_GOTO(done, cseg_toolkit_read_mask(&t, &inside, in->mask, in->mask_channel, "mask"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT8, from.height, from.width));
    status = run(context, &to, &from, in->h, in->mask != NULL ? &inside : NULL, in->connectivity);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_regional_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                             int32_t channel, const cellseg_image *mask, int32_t mask_channel,
                                             int32_t connectivity) {
    const extended_inputs in = {image, mask, channel, mask_channel, connectivity, 0};
    return extended(out, context, &in, cseg_extrema_extended_minima);
}

cellseg_status cellseg_image_regional_maxima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                             int32_t channel, const cellseg_image *mask, int32_t mask_channel,
                                             int32_t connectivity) {
    const extended_inputs in = {image, mask, channel, mask_channel, connectivity, 0};
    return extended(out, context, &in, cseg_extrema_extended_maxima);
}

cellseg_status cellseg_image_extended_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                             int32_t channel, double h, const cellseg_image *mask, int32_t mask_channel,
                                             int32_t connectivity) {
    const extended_inputs in = {image, mask, channel, mask_channel, connectivity, h};
    return extended(out, context, &in, cseg_extrema_extended_minima);
}

cellseg_status cellseg_image_extended_maxima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                             int32_t channel, double h, const cellseg_image *mask, int32_t mask_channel,
                                             int32_t connectivity) {
    const extended_inputs in = {image, mask, channel, mask_channel, connectivity, h};
    return extended(out, context, &in, cseg_extrema_extended_maxima);
}
