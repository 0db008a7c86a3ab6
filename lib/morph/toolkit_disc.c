/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions with discs: checks, a new result, and one or two steps of the room's own. */
#include "morph/morph.h"
#include "morph/toolkit.h"

enum { MOST_RADIUS = 1000, FAST_FROM = 9 }; /* smaller discs are as fast exact */

/* What an operation is made of. */
typedef struct recipe {
    bool dilate_first, twice, difference;
} recipe;

static const recipe erosion = {false, false, false}, dilation = {true, false, false}, opening = {false, true, false},
                    closing = {true, true, false}, white = {false, true, true}, black = {true, true, true};

static bool is_octagon(size_t radius, int32_t method) {
    return method == CELLSEG_DISC_FAST && radius >= FAST_FROM;
}

static cellseg_status step(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius, int32_t method,
                           bool most) {
    if (is_octagon(radius, method))
        return most ? cseg_octagon_dilate(context, to, from, radius) : cseg_octagon_erode(context, to, from, radius);
    return most ? cseg_disc_dilate(context, to, from, radius) : cseg_disc_erode(context, to, from, radius);
}

typedef struct difference {
    const cseg_plane *to, *minuend, *subtrahend;
} difference;

static cellseg_status subtract_row(void *data, size_t y) {
    const difference *d = data;
    void *to = cseg_row_at(d->to, y);
    const void *a = cseg_row_at(d->minuend, y), *b = cseg_row_at(d->subtrahend, y);
    for (size_t x = 0; x < d->to->width; x++)
        if (d->to->type == CELLSEG_UINT8)
            ((uint8_t *)to)[x] = (uint8_t)(((const uint8_t *)a)[x] - ((const uint8_t *)b)[x]);
        else if (d->to->type == CELLSEG_UINT16)
            ((uint16_t *)to)[x] = (uint16_t)(((const uint16_t *)a)[x] - ((const uint16_t *)b)[x]);
        else
            ((float *)to)[x] = ((const float *)a)[x] - ((const float *)b)[x];
    return CELLSEG_OK;
}

/* Two steps; the octagon's second works in place, the disc's needs a plane to read from. */
static cellseg_status both(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius, int32_t method,
                           bool dilate_first) {
    cseg_plane once = *to;
    if (!is_octagon(radius, method))
        CSEG_TRY(cseg_plane_new(&once, context, from->type, from->height, from->width));
    cellseg_status status = step(context, &once, from, radius, method, dilate_first);
    if (status == CELLSEG_OK)
        status = step(context, to, &once, radius, method, !dilate_first);
    if (once.data != to->data)
        cseg_plane_free(&once);
    return status;
}

static cellseg_status follow(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius,
                             int32_t method, recipe r) {
    if (!r.twice)
        return step(context, to, from, radius, method, r.dilate_first);
    CSEG_TRY(both(context, to, from, radius, method, r.dilate_first));
    difference d = {to, r.dilate_first ? to : from, r.dilate_first ? from : to};
    return r.difference ? cseg_parallel_for(context, to->height, subtract_row, &d) : CELLSEG_OK;
}

static cellseg_status disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image, size_t radius,
                           int32_t method, recipe r) {
    CSEG_TRY(cseg_toolkit_begin_image(out, context));
    if (method != CELLSEG_DISC_EXACT && method != CELLSEG_DISC_FAST)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "disc: method %d is unknown", (int)method);
    CSEG_TRY(cseg_toolkit_grey(context, image, "image"));
    const cseg_plane from = cseg_image_plane(image, 0);
    const size_t shorter = from.height < from.width ? from.height : from.width, largest = (shorter - 1) / 2;
    CSEG_TRY(cseg_range_check("radius_px", (double)radius, 0, (double)(largest < MOST_RADIUS ? largest : MOST_RADIUS)));
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, from.type, &from, cellseg_image_pixel_size_um(image)));
    const cseg_plane to = cseg_image_plane(made, 0);
    return cseg_toolkit_hand_image(out, made, follow(context, &to, &from, radius, method, r));
}

cellseg_status cellseg_image_erode_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                        size_t radius_px, int32_t method) {
    return disc(out, context, image, radius_px, method, erosion);
}

cellseg_status cellseg_image_dilate_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                         size_t radius_px, int32_t method) {
    return disc(out, context, image, radius_px, method, dilation);
}

cellseg_status cellseg_image_open_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                       size_t radius_px, int32_t method) {
    return disc(out, context, image, radius_px, method, opening);
}

cellseg_status cellseg_image_close_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                        size_t radius_px, int32_t method) {
    return disc(out, context, image, radius_px, method, closing);
}

cellseg_status cellseg_image_white_top_hat_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                size_t radius_px, int32_t method) {
    return disc(out, context, image, radius_px, method, white);
}

cellseg_status cellseg_image_black_top_hat_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                size_t radius_px, int32_t method) {
    return disc(out, context, image, radius_px, method, black);
}
