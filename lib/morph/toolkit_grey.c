/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions from grey images to grey images and masks: checks, a new result, and the room's own function. */
#include "morph/morph.h"
#include "morph/toolkit.h"

#include <float.h>

/* ---- rectangles ---- */

typedef cellseg_status (*rectangle_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                       size_t width);

static cellseg_status rectangle(cellseg_image **out, cellseg_context *context, const cellseg_image *image, size_t height,
                                size_t width, rectangle_fn run) {
    CSEG_TRY(cseg_toolkit_begin_image(out, context));
    CSEG_TRY(cseg_toolkit_grey(context, image, "image"));
    const cseg_plane from = cseg_image_plane(image, 0);
    CSEG_TRY(cseg_range_check("height_px", (double)height, 1, (double)from.height));
    CSEG_TRY(cseg_range_check("width_px", (double)width, 1, (double)from.width));
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, from.type, &from, cellseg_image_pixel_size_um(image)));
    const cseg_plane to = cseg_image_plane(made, 0);
    return cseg_toolkit_hand_image(out, made, run(context, &to, &from, height, width));
}

cellseg_status cellseg_image_erode(cellseg_image **out, cellseg_context *context, const cellseg_image *image, size_t height_px,
                                   size_t width_px) {
    return rectangle(out, context, image, height_px, width_px, cseg_rect_erode);
}

cellseg_status cellseg_image_dilate(cellseg_image **out, cellseg_context *context, const cellseg_image *image, size_t height_px,
                                    size_t width_px) {
    return rectangle(out, context, image, height_px, width_px, cseg_rect_dilate);
}

cellseg_status cellseg_image_open(cellseg_image **out, cellseg_context *context, const cellseg_image *image, size_t height_px,
                                  size_t width_px) {
    return rectangle(out, context, image, height_px, width_px, cseg_rect_open);
}

cellseg_status cellseg_image_close(cellseg_image **out, cellseg_context *context, const cellseg_image *image, size_t height_px,
                                   size_t width_px) {
    return rectangle(out, context, image, height_px, width_px, cseg_rect_close);
}

cellseg_status cellseg_image_white_top_hat(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                           size_t height_px, size_t width_px) {
    return rectangle(out, context, image, height_px, width_px, cseg_rect_top_hat);
}

cellseg_status cellseg_image_black_top_hat(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                           size_t height_px, size_t width_px) {
    return rectangle(out, context, image, height_px, width_px, cseg_rect_bottom_hat);
}

/* ---- reconstruction ---- */

typedef cellseg_status (*reconstruct_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                         const cseg_plane *limit, int32_t connectivity);

static cellseg_status reconstruct(cellseg_image **out, cellseg_context *context, const cellseg_image *marker,
                                  const cellseg_image *limit, int32_t connectivity, reconstruct_fn run) {
    CSEG_TRY(cseg_toolkit_begin_image(out, context));
    CSEG_TRY(cseg_toolkit_connectivity(connectivity));
    CSEG_TRY(cseg_toolkit_grey(context, marker, "marker"));
    CSEG_TRY(cseg_toolkit_grey(context, limit, "limit"));
    const cseg_plane from = cseg_image_plane(marker, 0), bound = cseg_image_plane(limit, 0);
    CSEG_TRY(cseg_toolkit_same_size(&from, "marker", &bound, "limit"));
    if (from.type != bound.type)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "marker and limit are of different pixel types");
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, bound.type, &bound, cellseg_image_pixel_size_um(limit)));
    const cseg_plane to = cseg_image_plane(made, 0);
    return cseg_toolkit_hand_image(out, made, run(context, &to, &from, &bound, connectivity));
}

cellseg_status cellseg_image_reconstruct_dilation(cellseg_image **out, cellseg_context *context, const cellseg_image *marker,
                                                  const cellseg_image *limit, int32_t connectivity) {
    return reconstruct(out, context, marker, limit, connectivity, cseg_reconstruction_dilate);
}

cellseg_status cellseg_image_reconstruct_erosion(cellseg_image **out, cellseg_context *context, const cellseg_image *marker,
                                                 const cellseg_image *limit, int32_t connectivity) {
    return reconstruct(out, context, marker, limit, connectivity, cseg_reconstruction_erode);
}

/* ---- minima and maxima ---- */

static cellseg_status check_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, double h,
                                   int32_t connectivity) {
    CSEG_TRY(cseg_toolkit_begin_image(out, context));
    CSEG_TRY(cseg_toolkit_connectivity(connectivity));
    CSEG_TRY(cseg_range_check("h", h, 0, FLT_MAX));
    return cseg_toolkit_grey(context, image, "image");
}

typedef cellseg_status (*h_minima_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                      int32_t connectivity);

static cellseg_status h_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, double h,
                               int32_t connectivity, h_minima_fn run) {
    CSEG_TRY(check_minima(out, context, image, h, connectivity));
    const cseg_plane from = cseg_image_plane(image, 0);
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, from.type, &from, cellseg_image_pixel_size_um(image)));
    const cseg_plane to = cseg_image_plane(made, 0);
    return cseg_toolkit_hand_image(out, made, run(context, &to, &from, h, connectivity));
}

cellseg_status cellseg_image_h_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, double h,
                                      int32_t connectivity) {
    return h_minima(out, context, image, h, connectivity, cseg_extrema_h_minima);
}

cellseg_status cellseg_image_h_maxima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, double h,
                                      int32_t connectivity) {
    return h_minima(out, context, image, h, connectivity, cseg_extrema_h_maxima);
}

typedef cellseg_status (*extended_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                      const cseg_plane *mask, int32_t connectivity);

static cellseg_status extended(cellseg_image **out, cellseg_context *context, const cellseg_image *image, double h,
                               const cellseg_image *mask, int32_t connectivity, extended_fn run) {
    CSEG_TRY(check_minima(out, context, image, h, connectivity));
    const cseg_plane from = cseg_image_plane(image, 0);
    cseg_plane inside = from;
    if (mask != NULL) {
        CSEG_TRY(cseg_toolkit_mask(mask, "mask"));
        inside = cseg_image_plane(mask, 0);
        CSEG_TRY(cseg_toolkit_same_size(&from, "image", &inside, "mask"));
    }
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, CELLSEG_UINT8, &from, cellseg_image_pixel_size_um(image)));
    const cseg_plane to = cseg_image_plane(made, 0);
    return cseg_toolkit_hand_image(out, made, run(context, &to, &from, h, mask != NULL ? &inside : NULL, connectivity));
}

cellseg_status cellseg_image_regional_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                             const cellseg_image *mask, int32_t connectivity) {
    return extended(out, context, image, 0, mask, connectivity, cseg_extrema_extended_minima);
}

cellseg_status cellseg_image_regional_maxima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                             const cellseg_image *mask, int32_t connectivity) {
    return extended(out, context, image, 0, mask, connectivity, cseg_extrema_extended_maxima);
}

cellseg_status cellseg_image_extended_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, double h,
                                             const cellseg_image *mask, int32_t connectivity) {
    return extended(out, context, image, h, mask, connectivity, cseg_extrema_extended_minima);
}

cellseg_status cellseg_image_extended_maxima(cellseg_image **out, cellseg_context *context, const cellseg_image *image, double h,
                                             const cellseg_image *mask, int32_t connectivity) {
    return extended(out, context, image, h, mask, connectivity, cseg_extrema_extended_maxima);
}
