/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions with discs: checks, a result, and one or two steps of the room's own. */
#include "morph/morph.h"

enum { MAX_RADIUS = 1000, FAST_FROM = 9 }; /* smaller discs are as fast exact */

/* The steps of an operation. */
typedef struct recipe {
    bool dilate_first, twice, difference;
} recipe;

static const recipe erosion = {false, false, false}, dilation = {true, false, false}, opening = {false, true, false},
                    closing = {true, true, false}, white = {false, true, true}, black = {true, true, true};

static bool is_octagon(size_t radius, int32_t method) {
    return method == CELLSEG_DISC_FAST && radius >= FAST_FROM;
}

static cellseg_status step(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius, int32_t method,
                           bool dilate) {
    if (is_octagon(radius, method))
        return dilate ? cseg_octagon_dilate(context, to, from, radius) : cseg_octagon_erode(context, to, from, radius);
    return dilate ? cseg_disc_dilate(context, to, from, radius) : cseg_disc_erode(context, to, from, radius);
}

typedef struct difference {
    const cseg_plane *to, *minuend, *subtrahend;
} difference;

/* Unsigned arithmetic gives the bits of every difference of integers: none is negative, and unsigned samples hold all. */
#define SUBTRACT(sample)                                                                                                         \
    for (size_t x = 0; x < width; x++)                                                                                           \
    ((sample *)to)[x] = (sample)(((const sample *)a)[x] - ((const sample *)b)[x])

static cellseg_status subtract_row(void *data, size_t y) {
    const difference *d = data;
    const size_t width = d->to->width;
    void *to = cseg_row_at(d->to, y);
    const void *a = cseg_row_at(d->minuend, y), *b = cseg_row_at(d->subtrahend, y);
    switch (cseg_difference_type(d->to->type)) {
    case CELLSEG_UINT8:
        SUBTRACT(uint8_t);
        break;
    case CELLSEG_UINT16:
        SUBTRACT(uint16_t);
        break;
    case CELLSEG_UINT32:
        SUBTRACT(uint32_t);
        break;
    case CELLSEG_FLOAT32:
        SUBTRACT(float);
        break;
    default:
        assert(d->to->type == CELLSEG_FLOAT64);
        SUBTRACT(double);
    }
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

static cellseg_status disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                           size_t radius, int32_t method, recipe r) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "disc", out));
    if (method != CELLSEG_DISC_EXACT && method != CELLSEG_DISC_FAST)
        CSEG_TRY_GOTO(done, cseg_fail(CELLSEG_ERR_ARGUMENT, "disc: method %d is unknown", (int)method));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &from, image, channel, "image"));
    const size_t shorter = from.height < from.width ? from.height : from.width, largest = (shorter - 1) / 2;
    CSEG_TRY_GOTO(done, cseg_range_check("radius_px", (double)radius, 0, (double)(largest < MAX_RADIUS ? largest : MAX_RADIUS)));
    const int32_t type = r.difference ? cseg_difference_type(from.type) : from.type;
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, type, from.height, from.width));
    to.type = from.type; /* differences are written in the bits of the input's type */
    status = follow(context, &to, &from, radius, method, r);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_erode_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                        int32_t channel, size_t radius_px, int32_t method) {
    return disc(out, context, image, channel, radius_px, method, erosion);
}

cellseg_status cellseg_image_dilate_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                         int32_t channel, size_t radius_px, int32_t method) {
    return disc(out, context, image, channel, radius_px, method, dilation);
}

cellseg_status cellseg_image_opening_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                          int32_t channel, size_t radius_px, int32_t method) {
    return disc(out, context, image, channel, radius_px, method, opening);
}

cellseg_status cellseg_image_closing_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                          int32_t channel, size_t radius_px, int32_t method) {
    return disc(out, context, image, channel, radius_px, method, closing);
}

cellseg_status cellseg_image_white_top_hat_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                int32_t channel, size_t radius_px, int32_t method) {
    return disc(out, context, image, channel, radius_px, method, white);
}

cellseg_status cellseg_image_black_top_hat_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                int32_t channel, size_t radius_px, int32_t method) {
    return disc(out, context, image, channel, radius_px, method, black);
}
