/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Erosion, dilation, opening, closing and top-hat with a flat rectangle.
 *
 * A rectangle separates into a column and a row. Along each, the van Herk / Gil-Werman recurrence (van Herk 1992; Gil and Werman
 * 1993) cuts the line into blocks of the window's length; any window is the suffix of one block and the prefix of the next,
 * so that the cost is three comparisons per sample whatever the size. Columns lie side by side in vectors; rows are transposed
 * into a small buffer first, where the recurrence runs along columns again. An opening erodes and dilates its rows in one visit
 * of that buffer. Cost: about four passes over the image. Memory: two windows of a strip of columns per thread.
 */
#include "morph/bands.h"
#include "morph/morph.h"

#include <math.h>
#include <string.h>

enum { STRIP_BYTES = 128, GROUP_BYTES = 64 };

/* Columns side by side: to[y] becomes the extreme of from[y - before .. y + after], inside [0, height). to may be from. */
typedef struct strip {
    char *to;
    const char *from;
    size_t to_stride, from_stride; /* bytes */
    size_t height, columns;
    size_t before, after;
    void *scratch; /* 2 windows + 1 rows of `columns` samples */
} strip;

#define SAMPLE uint8_t
#define LANES 16
#define LOWEST 0
#define HIGHEST UINT8_MAX
#define NAME(x) x##_u8
#include "morph/rect_type.h"

#define SAMPLE uint16_t
#define LANES 8
#define LOWEST 0
#define HIGHEST UINT16_MAX
#define NAME(x) x##_u16
#include "morph/rect_type.h"

#define SAMPLE float
#define LANES 4
#define LOWEST (-INFINITY)
#define HIGHEST INFINITY
#define NAME(x) x##_f32
#include "morph/rect_type.h"

typedef struct sample_ops {
    void (*slide)(const strip *s, bool most);
    void (*transpose)(char *to, size_t to_stride, const char *from, size_t from_stride, size_t height, size_t width);
    void (*subtract)(char *to, const char *from, const char *opened, size_t columns);
} sample_ops;

static const sample_ops *ops_of(int32_t type) {
    static const sample_ops u8 = {slide_u8, transpose_u8, subtract_u8}, u16 = {slide_u16, transpose_u16, subtract_u16},
                            f32 = {slide_f32, transpose_f32, subtract_f32};
    return type == CELLSEG_UINT8 ? &u8 : type == CELLSEG_UINT16 ? &u16 : &f32;
}

/* One pass over the image. For dilation the window is the erosion's mirrored, which makes the two adjoint at even sizes too. */
typedef struct pass {
    cellseg_context *context;
    const sample_ops *ops;
    const cseg_plane *to, *from;
    size_t window;
    bool most[2]; /* one or two slides, one after the other */
    size_t slides;
    const cseg_plane *minuend; /* NULL, or subtract the result from this, into `difference` */
    const cseg_plane *difference;
    bool black; /* subtract the other way round */
} pass;

static size_t limited(size_t reach, size_t length) {
    return reach < length ? reach : length - 1;
}

static void set_window(strip *s, size_t window, bool most) {
    const size_t before = window / 2, after = window - 1 - window / 2;
    s->before = limited(most ? after : before, s->height);
    s->after = limited(most ? before : after, s->height);
}

static void *new_scratch(const pass *p, size_t length, size_t columns, size_t sample) {
    const size_t reach = 2 * limited(p->window, length) + 1; /* not less than either window */
    const size_t window = p->window < reach ? p->window : reach;
    return cseg_alloc(p->context, 2 * window + 1, columns * sample);
}

static void subtract_strip(const pass *p, size_t x, size_t columns) {
    const size_t offset = x * cseg_type_size(p->to->type);
    for (size_t y = 0; y < p->to->height; y++) {
        char *out = (char *)cseg_row(p->difference, y) + offset;
        const char *from = (const char *)cseg_row(p->minuend, y) + offset, *result = (const char *)cseg_row(p->to, y) + offset;
        p->ops->subtract(out, p->black ? result : from, p->black ? from : result, columns);
    }
}

static cellseg_status slide_strip_of_columns(void *data, size_t index) {
    const pass *p = data;
    const size_t sample = cseg_type_size(p->from->type), most_columns = STRIP_BYTES / sample, x = index * most_columns;
    const size_t columns = p->from->width - x < most_columns ? p->from->width - x : most_columns;
    strip s = {.to = (char *)p->to->data + x * sample,
               .from = (const char *)p->from->data + x * sample,
               .to_stride = p->to->stride,
               .from_stride = p->from->stride,
               .height = p->from->height,
               .columns = columns,
               .scratch = new_scratch(p, p->from->height, columns, sample)};
    if (s.scratch == NULL)
        return cseg_last_status();
    for (size_t i = 0; i < p->slides; i++) {
        set_window(&s, p->window, p->most[i]);
        p->ops->slide(&s, p->most[i]);
        s.from = s.to;
        s.from_stride = s.to_stride;
    }
    cseg_free(s.scratch);
    if (p->minuend != NULL)
        subtract_strip(p, x, columns);
    return CELLSEG_OK;
}

static cellseg_status slide_group_of_rows(void *data, size_t index) {
    const pass *p = data;
    const size_t sample = cseg_type_size(p->from->type), most_rows = GROUP_BYTES / sample, y = index * most_rows;
    const size_t rows = p->from->height - y < most_rows ? p->from->height - y : most_rows, width = p->from->width;
    char *lines = cseg_alloc(p->context, width, rows * sample);
    strip s = {.to = lines,
               .from = lines,
               .to_stride = rows * sample,
               .from_stride = rows * sample,
               .height = width,
               .columns = rows,
               .scratch = lines != NULL ? new_scratch(p, width, rows, sample) : NULL};
    if (s.scratch == NULL) {
        cseg_free(lines);
        return cseg_last_status();
    }
    p->ops->transpose(lines, s.to_stride, cseg_row(p->from, y), p->from->stride, rows, width);
    for (size_t i = 0; i < p->slides; i++) {
        set_window(&s, p->window, p->most[i]);
        p->ops->slide(&s, p->most[i]);
    }
    p->ops->transpose(cseg_row(p->to, y), p->to->stride, lines, s.to_stride, width, rows);
    cseg_free(s.scratch);
    cseg_free(lines);
    return CELLSEG_OK;
}

static cellseg_status along_columns(const pass *p) {
    const size_t columns = STRIP_BYTES / cseg_type_size(p->from->type);
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->width + columns - 1) / columns, slide_strip_of_columns, &job);
}

static cellseg_status along_rows(const pass *p) {
    const size_t rows = GROUP_BYTES / cseg_type_size(p->from->type);
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->height + rows - 1) / rows, slide_group_of_rows, &job);
}

static cellseg_status single(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                             bool most) {
    assert(to->type == from->type && same_size(to, from) && height > 0 && width > 0);
    pass p = {
        .context = context, .ops = ops_of(from->type), .to = to, .from = from, .window = height, .most = {most}, .slides = 1};
    CSEG_TRY(along_columns(&p));
    p.from = to;
    p.window = width;
    return width > 1 ? along_rows(&p) : CELLSEG_OK;
}

/* Column, row and row, column: both row steps share one visit. `difference` NULL, or the top-hat. */
static cellseg_status twice(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                            bool closing, const cseg_plane *difference) {
    assert(to->type == from->type && same_size(to, from) && height > 0 && width > 0);
    pass p = {
        .context = context, .ops = ops_of(from->type), .to = to, .from = from, .window = height, .most = {closing}, .slides = 1};
    CSEG_TRY(along_columns(&p));
    p.from = to;
    p.window = width;
    p.slides = 2;
    p.most[1] = !closing;
    if (width > 1)
        CSEG_TRY(along_rows(&p));
    p.window = height;
    p.slides = 1;
    p.most[0] = !closing;
    if (difference != NULL) {
        p.minuend = from;
        p.difference = difference;
        p.black = closing;
    }
    return along_columns(&p);
}

static cellseg_status top_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                              bool black) {
    cseg_plane smooth;
    CSEG_TRY(cseg_plane_new(&smooth, context, from->type, from->height, from->width));
    const cellseg_status status = twice(context, &smooth, from, height, width, black, to);
    cseg_plane_free(&smooth);
    return status;
}

cellseg_status cseg_morph_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                size_t width) {
    return single(context, to, from, height, width, false);
}

cellseg_status cseg_morph_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                 size_t width) {
    return single(context, to, from, height, width, true);
}

cellseg_status cseg_morph_open(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                               size_t width) {
    return twice(context, to, from, height, width, false, NULL);
}

cellseg_status cseg_morph_close(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                size_t width) {
    return twice(context, to, from, height, width, true, NULL);
}

cellseg_status cseg_morph_top_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                  size_t width) {
    return top_hat(context, to, from, height, width, false);
}

cellseg_status cseg_morph_bottom_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                     size_t width) {
    return top_hat(context, to, from, height, width, true);
}
