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

enum { AHEAD = 8, STRIP_BYTES = 256 };

/* Columns side by side: to[y] becomes the extreme of from[y - before .. y + after], inside [0, height). to may be from. */
typedef struct strip {
    char *to;
    const char *from;
    size_t to_stride, from_stride; /* bytes */
    size_t height, columns;
    size_t before, after;
    void *scratch;       /* 2 windows + 2 rows of `columns` samples */
    const char *minuend; /* NULL, or the result is subtracted from this; may be `to` */
    size_t minuend_stride;
    bool black; /* the other way round */
} strip;

/* Columns are read a row at a time, which hardware does not foresee. */
static inline void prefetch(const char *row, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch(row + i);
}

/* Samples of two vectors of 16 bytes in a new order: the one operation here that the two compilers spell differently. */
#if defined(__clang__)
#define SHUFFLE(index, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(index, a, b, ...) __builtin_shuffle(a, b, (index __attribute__((vector_size(16)))){__VA_ARGS__})
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
#else
#define AVX2
#endif

#define SAMPLE uint8_t
#define LANES 16
#define INDEX int8_t
#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define LOWEST 0
#define HIGHEST UINT8_MAX
#define NAME(x) x##_u8
#include "morph/rect_type.h"

#define SAMPLE uint16_t
#define LANES 8
#define INDEX int16_t
#define LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#define LOWEST 0
#define HIGHEST UINT16_MAX
#define NAME(x) x##_u16
#include "morph/rect_type.h"

#define SAMPLE float
#define LANES 4
#define INDEX int32_t
#define LOW_HALVES 0, 4, 1, 5
#define HIGH_HALVES 2, 6, 3, 7
#define LOWEST (-INFINITY)
#define HIGHEST INFINITY
#define NAME(x) x##_f32
#include "morph/rect_type.h"

typedef struct sample_ops {
    void (*slide)(const strip *s, bool most);
    void (*transpose)(char *to, size_t to_stride, const char *from, size_t from_stride, size_t height, size_t width);
} sample_ops;

static const sample_ops *ops_of(const cellseg_context *context, int32_t type) {
    static const sample_ops portable[] = {{slide_u8, transpose_u8}, {slide_u16, transpose_u16}, {slide_f32, transpose_f32}},
                            avx2[] = {
                                {slide_avx2_u8, transpose_u8}, {slide_avx2_u16, transpose_u16}, {slide_avx2_f32, transpose_f32}};
    const int32_t level = cellseg_context_cpu_level(context);
    const sample_ops *row = level == CELLSEG_CPU_AVX2 || level == CELLSEG_CPU_AVX512 ? avx2 : portable;
    return &row[type == CELLSEG_UINT8 ? 0 : type == CELLSEG_UINT16 ? 1 : 2];
}

/* One pass over the image. For dilation the window is the erosion's mirrored, which makes the two adjoint at even sizes too. */
typedef struct pass {
    cellseg_context *context;
    const sample_ops *ops;
    const cseg_plane *to, *from;
    size_t window;
    bool most[2]; /* along rows one slide, or two one after the other */
    size_t slides;
    const cseg_plane *minuend; /* see strip */
    bool black;
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
    return cseg_memory_alloc(p->context, 2 * window + 2, columns * sample);
}

static cellseg_status slide_strip_of_columns(void *data, size_t index) {
    const pass *p = data;
    const size_t sample = cseg_plane_type_size(p->from->type), most_columns = STRIP_BYTES / sample, x = index * most_columns;
    const size_t columns = p->from->width - x < most_columns ? p->from->width - x : most_columns;
    strip s = {.to = (char *)p->to->data + x * sample,
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
    set_window(&s, p->window, p->most[0]);
    p->ops->slide(&s, p->most[0]);
    cseg_memory_free(s.scratch);
    return CELLSEG_OK;
}

static cellseg_status slide_group_of_rows(void *data, size_t index) {
    const pass *p = data;
    const size_t sample = cseg_plane_type_size(p->from->type), most_rows = STRIP_BYTES / sample, y = index * most_rows;
    const size_t rows = p->from->height - y < most_rows ? p->from->height - y : most_rows, width = p->from->width;
    char *lines = cseg_memory_alloc(p->context, width, rows * sample);
    strip s = {.to = lines,
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
    p->ops->transpose(lines, s.to_stride, cseg_row_at(p->from, y), p->from->stride, rows, width);
    for (size_t i = 0; i < p->slides; i++) {
        set_window(&s, p->window, p->most[i]);
        p->ops->slide(&s, p->most[i]);
    }
    p->ops->transpose(cseg_row_at(p->to, y), p->to->stride, lines, s.to_stride, width, rows);
    cseg_memory_free(s.scratch);
    cseg_memory_free(lines);
    return CELLSEG_OK;
}

static cellseg_status along_columns(const pass *p) {
    const size_t columns = STRIP_BYTES / cseg_plane_type_size(p->from->type);
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->width + columns - 1) / columns, slide_strip_of_columns, &job);
}

static cellseg_status along_rows(const pass *p) {
    const size_t rows = STRIP_BYTES / cseg_plane_type_size(p->from->type);
    pass job = *p;
    return cseg_parallel_for(p->context, (p->from->height + rows - 1) / rows, slide_group_of_rows, &job);
}

static cellseg_status single(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                             bool most) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && height > 0 && width > 0);
    pass p = {.context = context,
              .ops = ops_of(context, from->type),
              .to = to,
              .from = from,
              .window = height,
              .most = {most},
              .slides = 1};
    CSEG_TRY(along_columns(&p));
    p.from = to;
    p.window = width;
    return width > 1 ? along_rows(&p) : CELLSEG_OK;
}

/* Column, row and row, column: both row steps share one visit. `difference` NULL, or the top-hat. */
static cellseg_status twice(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height, size_t width,
                            bool closing, const cseg_plane *difference) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && height > 0 && width > 0);
    pass p = {.context = context,
              .ops = ops_of(context, from->type),
              .to = to,
              .from = from,
              .window = height,
              .most = {closing},
              .slides = 1};
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
        p.to = difference;
        p.minuend = from;
        p.black = closing;
    }
    return along_columns(&p);
}

/* In place the opening needs a plane of its own. */
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
