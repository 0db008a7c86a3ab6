/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Erosion and dilation with a regular octagon in place of a disc, at a cost that does not grow with the radius.
 *
 * The octagon is a square plus two diagonal lines (Adams 1993; Jones and Soille 1996), and an extreme under a sum is the extreme
 * of extremes. A diagonal is a column of the same memory read in rows one sample longer or shorter, so that rect.c slides along
 * all three. The image lies in a frame as wide as the diagonals reach, which keeps the result exact at the border. A gap between
 * the rows keeps a diagonal that leaves one row's end apart from the next row. Cost: about five passes over the frame. Memory:
 * the frame, at most 2.7 images when the disc is as large as the image; little more than one for small discs.
 */
#include "morph/bands.h"
#include "morph/morph.h"

#include <math.h>
#include <string.h>

typedef struct frame {
    cseg_plane all; /* the frame, the gap at each row's end, and one more row for the last samples of the diagonals */
    const cseg_plane *image;
    size_t margin, gap;
    bool dilate;
} frame;

#define FILL(sample, lowest, highest)                                                                                            \
    for (size_t i = 0; i < count; i++)                                                                                           \
    ((sample *)row)[x + i] = dilate ? (lowest) : (highest)

/* Samples that never win an extreme. */
static void fill(const cseg_plane *plane, size_t y, size_t x, size_t count, bool dilate) {
    void *row = cseg_row_at(plane, y);
    switch (plane->type) {
    case CELLSEG_UINT8:
        FILL(uint8_t, 0, UINT8_MAX);
        break;
    case CELLSEG_UINT16:
        FILL(uint16_t, 0, UINT16_MAX);
        break;
    case CELLSEG_UINT32:
        FILL(uint32_t, 0, UINT32_MAX);
        break;
    case CELLSEG_INT16:
        FILL(int16_t, INT16_MIN, INT16_MAX);
        break;
    case CELLSEG_INT32:
        FILL(int32_t, INT32_MIN, INT32_MAX);
        break;
    case CELLSEG_FLOAT32:
        FILL(float, -INFINITY, INFINITY);
        break;
    default:
        assert(plane->type == CELLSEG_FLOAT64);
        FILL(double, (double)-INFINITY, (double)INFINITY);
    }
}

static cellseg_status frame_row(void *data, size_t y) {
    const frame *f = data;
    const size_t sample = cseg_plane_type_size(f->all.type);
    fill(&f->all, y, 0, f->all.width, f->dilate);
    if (y >= f->margin && y < f->margin + f->image->height)
        memcpy((char *)cseg_row_at(&f->all, y) + f->margin * sample, cseg_row_at(f->image, y - f->margin),
               f->image->width * sample);
    return CELLSEG_OK;
}

static cellseg_status gap_row(void *data, size_t y) {
    const frame *f = data;
    const size_t begin = y + 1 < f->all.height ? f->all.width - f->gap : 0;
    fill(&f->all, y, begin, f->all.width - begin, f->dilate);
    return CELLSEG_OK;
}

/* The frame's memory as a plane whose columns are its diagonals, down to the right or to the left. */
static cseg_plane diagonals(const frame *f, bool right) {
    const size_t width = right ? f->all.width + 1 : f->all.width - 1, samples = (f->all.height - 1) * f->all.width;
    return (cseg_plane){f->all.data, (samples + width - 1) / width, width, width * cseg_plane_type_size(f->all.type),
                        f->all.type};
}

static cellseg_status slide(cellseg_context *context, const cseg_plane *plane, size_t height, size_t width, bool dilate) {
    return dilate ? cseg_rect_dilate(context, plane, plane, height, width)
                  : cseg_rect_erode(context, plane, plane, height, width);
}

static void copy_out(const cseg_plane *to, const frame *f) {
    const size_t sample = cseg_plane_type_size(to->type);
    for (size_t y = 0; y < to->height; y++)
        memcpy(cseg_row_at(to, y), (const char *)cseg_row_at(&f->all, y + f->margin) + f->margin * sample, to->width * sample);
}

/* The lengths give the octagon the area and width of the disc: see cellseg_image_erode_disc() for the remaining error. */
static cellseg_status octagon(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius,
                              bool dilate) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && radius > 2);
    const size_t diagonal = (281 * radius + 500) / 1000, square = (960 * radius + 500) / 1000 - 2 * diagonal;
    frame f = {.image = from, .margin = 2 * diagonal, .gap = diagonal, .dilate = dilate};
    cellseg_status status;
    CSEG_TRY(cseg_plane_new(&f.all, context, from->type, from->height + 2 * f.margin + 1, from->width + 2 * f.margin + f.gap));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, f.all.height, frame_row, &f));
    cseg_plane inner = f.all;
    inner.height -= 1;
    inner.width -= f.gap;
    CSEG_TRY_GOTO(done, slide(context, &inner, 2 * square + 1, 2 * square + 1, dilate));
    for (int i = 0; i < 2; i++) {
        const cseg_plane lines = diagonals(&f, i == 0);
        CSEG_TRY_GOTO(done, cseg_parallel_for(context, f.all.height, gap_row, &f));
        CSEG_TRY_GOTO(done, slide(context, &lines, 2 * diagonal + 1, 1, dilate));
    }
    copy_out(to, &f);
done:
    cseg_plane_free(&f.all);
    return status;
}

cellseg_status cseg_octagon_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius) {
    return octagon(context, to, from, radius, false);
}

cellseg_status cseg_octagon_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius) {
    return octagon(context, to, from, radius, true);
}
