/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Erosion, dilation, opening, closing and top-hat with a flat rectangle.
 *
 * A rectangle separates into a row and a column. Along rows, the extremes of 2, 4, 8 ... samples come from two of half as many,
 * and a window of any length from two that overlap: log2 of the width comparisons per sample, in the fastest cache. Along the
 * columns of a low rectangle the same runs over the rows of a tile. For a high one, the van Herk / Gil-Werman recurrence (van
 * Herk 1992; Gil and Werman 1993) cuts each column into blocks of the window's length. Any window is the suffix of one block and
 * the prefix of the next: three comparisons per sample whatever the height. Columns lie side by side in vectors. Cost: one pass
 * over the image for a low rectangle, two for a high one. Memory: a tile, or two windows of a strip of columns, per thread.
 */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/morph_kernels.h"

/* Higher rectangles take the recurrence. A tile's rows fit in the second cache, with those of its window. */
enum { LOW_PX = 31, TILE_BYTES = 4096, TILE_ROWS = 32 };

/* One pass over the image. The window of a dilation is the mirrored window of the erosion, so that both are adjoint at even sizes
 * too. */
typedef struct pass {
    cellseg_context *context;
    const cseg_morph_kernels *kernels;
    const cseg_plane *to, *from;
    size_t height, width; /* of the window; in strips, width is 1 */
    bool max[2];          /* of each step; along rows there may be two */
    size_t steps;
    const cseg_plane *minuend; /* see cseg_morph_strip */
    bool black;
} pass;

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* How far a window of `size` reaches before a sample, and after; not beyond an image of `length`. */
static size_t reach_before(size_t size, size_t length, bool max) {
    return smaller(max ? size - 1 - size / 2 : size / 2, length - 1);
}
static size_t reach_after(size_t size, size_t length, bool max) {
    return reach_before(size, length, !max);
}

/* ---- tiles ---- */

/* Along rows a tile has whole rows, as the pass may be in place. */
static size_t tile_width(const pass *p) {
    const size_t full = TILE_BYTES / cseg_plane_type_size(p->from->type);
    return p->height == 1 ? p->from->width : smaller(p->from->width, full);
}

static size_t tiles_across(const pass *p) {
    return (p->from->width + tile_width(p) - 1) / tile_width(p);
}

static cseg_morph_tile tile_of(const pass *p, const cseg_plane *from, size_t index, bool max) {
    const size_t sample = cseg_plane_type_size(from->type), height = from->height, width = from->width;
    const size_t y = index / tiles_across(p) * TILE_ROWS, x = index % tiles_across(p) * tile_width(p);
    cseg_morph_tile t = {.to = (char *)cseg_row_at(p->to, y) + x * sample,
                         .from = (const char *)cseg_row_at(from, y) + x * sample,
                         .to_stride = p->to->stride,
                         .from_stride = from->stride,
                         .height = smaller(height - y, TILE_ROWS),
                         .width = smaller(width - x, tile_width(p)),
                         .above = reach_before(p->height, height, max),
                         .below = reach_after(p->height, height, max),
                         .left = reach_before(p->width, width, max),
                         .right = reach_after(p->width, width, max)};
    t.rows_above = smaller(y, t.above);
    t.rows_below = smaller(height - y - t.height, t.below);
    t.columns_left = smaller(x, t.left);
    t.columns_right = smaller(width - x - t.width, t.right);
    return t;
}

static cellseg_status run_tile(void *data, size_t index) {
    const pass *p = data;
    cseg_morph_tile t = tile_of(p, p->from, index, p->max[0]);
    const size_t sample = cseg_plane_type_size(p->from->type);
    void *scratch = cseg_memory_alloc(p->context, cseg_morph_tile_samples(&t), sample);
    if (scratch == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < p->steps; i++) {
        t = tile_of(p, i == 0 ? p->from : p->to, index, p->max[i]);
        t.scratch = scratch;
        p->kernels->around(&t, p->max[i]);
    }
    cseg_memory_free(scratch);
    return CELLSEG_OK;
}

static cellseg_status in_tiles(const pass *p) {
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->height + TILE_ROWS - 1) / TILE_ROWS * tiles_across(p), run_tile, &job);
}

/* ---- strips of columns ---- */

static cellseg_status run_strip(void *data, size_t index) {
    const pass *p = data;
    const size_t sample = cseg_plane_type_size(p->from->type), x = index * (CSEG_MORPH_STRIP_BYTES / sample);
    cseg_morph_strip s = {.to = (char *)p->to->data + x * sample,
                          .from = (const char *)p->from->data + x * sample,
                          .to_stride = p->to->stride,
                          .from_stride = p->from->stride,
                          .height = p->from->height,
                          .columns = smaller(p->from->width - x, CSEG_MORPH_STRIP_BYTES / sample),
                          .before = reach_before(p->height, p->from->height, p->max[0]),
                          .after = reach_after(p->height, p->from->height, p->max[0]),
                          .minuend = p->minuend != NULL ? (const char *)p->minuend->data + x * sample : NULL,
                          .minuend_stride = p->minuend != NULL ? p->minuend->stride : 0,
                          .black = p->black};
    s.scratch = cseg_memory_alloc(p->context, 2 * (s.before + s.after + 1) + 2, s.columns * sample);
    if (s.scratch == NULL)
        return cseg_error_last();
    p->kernels->slide(&s, p->max[0]);
    cseg_memory_free(s.scratch);
    return CELLSEG_OK;
}

static cellseg_status in_strips(const pass *p) {
    const size_t columns = CSEG_MORPH_STRIP_BYTES / cseg_plane_type_size(p->from->type);
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->width + columns - 1) / columns, run_strip, &job);
}

/* ---- operations ---- */

static pass pass_of(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                    bool max) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && height > 0 && width > 0);
    const cseg_morph_kernels *kernels = cseg_morph_kernels_select(cellseg_context_cpu_level(context), from->type);
    return (pass){.context = context,
                  .kernels = kernels,
                  .to = to,
                  .from = from,
                  .height = height,
                  .width = width,
                  .max = {max},
                  .steps = 1};
}

static cellseg_status single(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                             bool max) {
    const bool low = height <= LOW_PX && to->data != from->data;
    pass rows = pass_of(context, to, from, low ? height : 1, width, max);
    if (low || width > 1)
        CSEG_TRY(in_tiles(&rows));
    const pass columns = pass_of(context, to, low || width > 1 ? to : from, height, 1, max);
    return low ? CELLSEG_OK : in_strips(&columns);
}

/* Column, row and row, column: both row steps share one use of the tile. `difference`: NULL, or the plane of the top-hat. */
static cellseg_status twice(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                            bool closing, const cseg_plane *difference) {
    pass columns = pass_of(context, to, from, height, 1, closing);
    CSEG_TRY(in_strips(&columns));
    pass rows = pass_of(context, to, to, 1, width, closing);
    rows.steps = 2;
    rows.max[1] = !closing;
    if (width > 1)
        CSEG_TRY(in_tiles(&rows));
    columns.from = to;
    columns.max[0] = !closing;
    if (difference != NULL) {
        columns.to = difference;
        columns.minuend = from;
        columns.black = closing;
    }
    return in_strips(&columns);
}

/* A top-hat in place writes its opening into another plane. */
static cellseg_status top_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                              bool black) {
    if (to->data != from->data)
        return twice(context, to, from, height, width, black, to);
    cseg_plane smooth;
    CSEG_TRY(cseg_plane_new(&smooth, context, from->type, from->height, from->width));
    const cellseg_status status = twice(context, &smooth, from, height, width, black, to);
    cseg_plane_free(&smooth);
    return status;
}

cellseg_status cseg_rect_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                               size_t width) {
    return single(context, to, from, height, width, false);
}

cellseg_status cseg_rect_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                size_t width) {
    return single(context, to, from, height, width, true);
}

cellseg_status cseg_rect_open(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                              size_t width) {
    return twice(context, to, from, height, width, false, NULL);
}

cellseg_status cseg_rect_close(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                               size_t width) {
    return twice(context, to, from, height, width, true, NULL);
}

cellseg_status cseg_rect_top_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                 size_t width) {
    return top_hat(context, to, from, height, width, false);
}

cellseg_status cseg_rect_bottom_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                    size_t width) {
    return top_hat(context, to, from, height, width, true);
}
