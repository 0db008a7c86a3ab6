/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walks through connected parts of label maps with a stack of pixels still to visit. The stack grows with the largest part, not
 * with the image. Cost: each labelled pixel is visited once per walk.
 */
#include "segment/parts.h"

#include <string.h>

typedef struct walk {
    cellseg_context *context;
    const cseg_plane *labels;
    uint8_t *seen;
    size_t *stack;
    size_t depth, room;
} walk;

static cellseg_status walk_new(walk *w, cellseg_context *context, const cseg_plane *labels) {
    enum { ROOM_AT_FIRST = 4096 };
    *w = (walk){.context = context, .labels = labels, .room = ROOM_AT_FIRST};
    w->seen = cseg_calloc(context, labels->height, labels->width);
    if (w->seen == NULL)
        return cseg_last_status();
    w->stack = cseg_alloc(context, w->room, sizeof *w->stack);
    return w->stack != NULL ? CELLSEG_OK : cseg_last_status();
}

static void walk_free(walk *w) {
    cseg_free(w->seen);
    cseg_free(w->stack);
}

static cellseg_status push(walk *w, size_t pixel) {
    if (w->depth == w->room) {
        size_t *larger = cseg_alloc(w->context, 2 * w->room, sizeof *larger);
        if (larger == NULL)
            return cseg_last_status();
        memcpy(larger, w->stack, w->depth * sizeof *larger);
        cseg_free(w->stack);
        w->stack = larger;
        w->room *= 2;
    }
    w->seen[pixel] = 1;
    w->stack[w->depth++] = pixel;
    return CELLSEG_OK;
}

static cellseg_status push_if(walk *w, size_t y, size_t x, uint32_t id) {
    const size_t pixel = y * w->labels->width + x;
    if (w->seen[pixel] != 0 || cseg_row_u32(w->labels, y)[x] != id)
        return CELLSEG_OK;
    return push(w, pixel);
}

/* Visit the part that holds `start`; *size: its pixels. */
static cellseg_status walk_part(walk *w, size_t *size, size_t start) {
    const size_t width = w->labels->width, height = w->labels->height;
    const uint32_t id = cseg_row_u32(w->labels, start / width)[start % width];
    *size = 0;
    CSEG_TRY(push(w, start));
    while (w->depth > 0) {
        const size_t pixel = w->stack[--w->depth], y = pixel / width, x = pixel % width;
        ++*size;
        if (y > 0)
            CSEG_TRY(push_if(w, y - 1, x, id));
        if (x > 0)
            CSEG_TRY(push_if(w, y, x - 1, id));
        if (x + 1 < width)
            CSEG_TRY(push_if(w, y, x + 1, id));
        if (y + 1 < height)
            CSEG_TRY(push_if(w, y + 1, x, id));
    }
    return CELLSEG_OK;
}

static cellseg_status find_largest(walk *w, size_t *starts, size_t *sizes) {
    const size_t width = w->labels->width;
    for (size_t y = 0; y < w->labels->height; y++) {
        const uint32_t *row = cseg_row_u32(w->labels, y);
        CSEG_TRY(cseg_cancelled(w->context));
        for (size_t x = 0; x < width; x++) {
            size_t size;
            if (row[x] == 0 || w->seen[y * width + x] != 0)
                continue;
            CSEG_TRY(walk_part(w, &size, y * width + x));
            if (size > sizes[row[x]]) {
                sizes[row[x]] = size;
                starts[row[x]] = y * width + x;
            }
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_segment_largest_parts(cellseg_context *context, size_t *starts, uint32_t most, const cseg_plane *labels) {
    walk w;
    size_t *sizes = NULL;
    for (size_t id = 0; id <= most; id++)
        starts[id] = CSEG_NO_PART;
    cellseg_status status = walk_new(&w, context, labels);
    if (status == CELLSEG_OK) {
        sizes = cseg_calloc(context, (size_t)most + 1, sizeof *sizes);
        status = sizes != NULL ? find_largest(&w, starts, sizes) : cseg_last_status();
    }
    cseg_free(sizes);
    walk_free(&w);
    return status;
}

static cellseg_status visit_starts(walk *w, const size_t *starts, uint32_t most) {
    const size_t width = w->labels->width;
    for (size_t id = 1; id <= most; id++) {
        const size_t start = starts[id];
        size_t size;
        if (start == CSEG_NO_PART || cseg_row_u32(w->labels, start / width)[start % width] != id)
            continue;
        CSEG_TRY(cseg_cancelled(w->context));
        CSEG_TRY(walk_part(w, &size, start));
    }
    return CELLSEG_OK;
}

static cellseg_status clear_unseen_row(void *data, size_t y) {
    const walk *w = data;
    uint32_t *row = cseg_row_u32(w->labels, y);
    const uint8_t *seen = w->seen + y * w->labels->width;
    for (size_t x = 0; x < w->labels->width; x++)
        row[x] = seen[x] != 0 ? row[x] : 0;
    return CELLSEG_OK;
}

cellseg_status cseg_segment_keep_parts(cellseg_context *context, const cseg_plane *labels, const size_t *starts, uint32_t most) {
    walk w;
    cellseg_status status = walk_new(&w, context, labels);
    if (status == CELLSEG_OK)
        status = visit_starts(&w, starts, most);
    if (status == CELLSEG_OK)
        status = cseg_parallel_for(context, labels->height, clear_unseen_row, &w);
    walk_free(&w);
    return status;
}
