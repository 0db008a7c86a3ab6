/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Erosion, dilation, opening, closing and top-hat with a flat rectangle.
 *
 * A rectangle separates into a column and a row. Along each, the van Herk / Gil-Werman recurrence (van Herk 1992; Gil and Werman
 * 1993) cuts the line into blocks of the window's length. Any window is the suffix of one block and the prefix of the next, so
 * that the cost is three comparisons per sample whatever the size. Columns lie side by side in vectors. Rows are first transposed
 * into a small buffer, where the recurrence runs along columns again. An opening erodes and dilates its rows in one use of the
 * buffer. Cost: about four passes over the image. Memory: two windows of a strip of columns per thread.
 */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/morph_kernels.h"
#include "morph/transpose.h"

/* One pass over the image. The window of a dilation is the mirrored window of the erosion, so that both are adjoint at even sizes
 * too. */
typedef struct pass {
    cellseg_context *context;
    const cseg_morph_kernels *kernels;
    const cseg_plane *to, *from;
    size_t window;
    bool max[2]; /* of each slide; along rows there may be two */
    size_t slides;
    const cseg_plane *minuend; /* see cseg_morph_strip */
    bool black;
} pass;

static size_t limited(size_t reach, size_t length) {
    return reach < length ? reach : length - 1;
}

static void set_window(cseg_morph_strip *s, size_t window, bool max) {
    const size_t before = window / 2, after = window - 1 - window / 2;
    s->before = limited(max ? after : before, s->height);
    s->after = limited(max ? before : after, s->height);
}

static void *new_scratch(const pass *p, size_t length, size_t columns, size_t sample) {
    const size_t reach = 2 * limited(p->window, length) + 1; /* not less than either window */
    const size_t window = p->window < reach ? p->window : reach;
    return cseg_memory_alloc(p->context, 2 * window + 2, columns * sample);
}

static cellseg_status slide_strip_of_columns(void *data, size_t index) {
    const pass *p = data;
    const size_t sample = cseg_plane_type_size(p->from->type), full_columns = CSEG_MORPH_STRIP_BYTES / sample,
                 x = index * full_columns;
    const size_t columns = p->from->width - x < full_columns ? p->from->width - x : full_columns;
    cseg_morph_strip s = {.to = (char *)p->to->data + x * sample,
                          .from = (const char *)p->from->data + x * sample,
                          .to_stride = p->to->stride,
                          .from_stride = p->from->stride,
                          .height = p->from->height,
                          .columns = columns,
                          .scratch = new_scratch(p, p->from->height, columns, sample),
                          .minuend = p->minuend != NULL ? (const char *)p->minuend->data + x * sample : NULL,
                          .minuend_stride = p->minuend != NULL ? p->minuend->stride : 0,
                          .black = p->black};
    if (s.scratch == NULL)
        return cseg_error_last();
    set_window(&s, p->window, p->max[0]);
    p->kernels->slide(&s, p->max[0]);
    cseg_memory_free(s.scratch);
    return CELLSEG_OK;
}

static cellseg_status slide_group_of_rows(void *data, size_t index) {
    const pass *p = data;
    const size_t sample = cseg_plane_type_size(p->from->type), full_rows = CSEG_MORPH_STRIP_BYTES / sample, y = index * full_rows;
    const size_t rows = p->from->height - y < full_rows ? p->from->height - y : full_rows, width = p->from->width;
    char *lines = cseg_memory_alloc(p->context, width, rows * sample);
    cseg_morph_strip s = {.to = lines,
                          .from = lines,
                          .to_stride = rows * sample,
                          .from_stride = rows * sample,
                          .height = width,
                          .columns = rows,
                          .scratch = lines != NULL ? new_scratch(p, width, rows, sample) : NULL};
    if (s.scratch == NULL) {
        cseg_memory_free(lines);
        return cseg_error_last();
    }
    cseg_transpose_block(lines, s.to_stride, cseg_row_at(p->from, y), p->from->stride, rows, width, sample);
    for (size_t i = 0; i < p->slides; i++) {
        set_window(&s, p->window, p->max[i]);
        p->kernels->slide(&s, p->max[i]);
    }
    cseg_transpose_block(cseg_row_at(p->to, y), p->to->stride, lines, s.to_stride, width, rows, sample);
    cseg_memory_free(s.scratch);
    cseg_memory_free(lines);
    return CELLSEG_OK;
}

static cellseg_status along_columns(const pass *p) {
    const size_t columns = CSEG_MORPH_STRIP_BYTES / cseg_plane_type_size(p->from->type);
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->width + columns - 1) / columns, slide_strip_of_columns, &job);
}

static cellseg_status along_rows(const pass *p) {
    const size_t rows = CSEG_MORPH_STRIP_BYTES / cseg_plane_type_size(p->from->type);
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->height + rows - 1) / rows, slide_group_of_rows, &job);
}

static cellseg_status single(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                             bool max) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && height > 0 && width > 0);
    pass p = {.context = context,
              .kernels = cseg_morph_kernels_select(cellseg_context_cpu_level(context), from->type),
              .to = to,
              .from = from,
              .window = height,
              .max = {max},
              .slides = 1};
    CSEG_TRY(along_columns(&p));
    p.from = to;
    p.window = width;
    return width > 1 ? along_rows(&p) : CELLSEG_OK;
}

/* Column, row and row, column: both row steps share one transposed buffer. `difference`: NULL, or the plane of the top-hat. */
static cellseg_status twice(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                            bool closing, const cseg_plane *difference) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && height > 0 && width > 0);
    pass p = {.context = context,
              .kernels = cseg_morph_kernels_select(cellseg_context_cpu_level(context), from->type),
              .to = to,
              .from = from,
              .window = height,
              .max = {closing},
              .slides = 1};
    CSEG_TRY(along_columns(&p));
    p.from = to;
    p.window = width;
    p.slides = 2;
    p.max[1] = !closing;
    if (width > 1)
        CSEG_TRY(along_rows(&p));
    p.window = height;
    p.slides = 1;
    p.max[0] = !closing;
    if (difference != NULL) {
        p.to = difference;
        p.minuend = from;
        p.black = closing;
    }
    return along_columns(&p);
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
