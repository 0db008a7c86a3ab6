/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounding boxes of labels, and the objects of a window. Cost: a pass over the window. */
#include "segment/segment.h"

static void widen(cseg_rect *box, size_t y, size_t begin, size_t end) {
    if (box->height == 0)
        *box = (cseg_rect){y, begin, 1, end - begin};
    const size_t left = begin < box->left ? begin : box->left, right = cseg_rectangle_right(box);
    box->width = (end > right ? end : right) - left;
    box->left = left;
    box->height = y + 1 - box->top;
}

void cseg_box_find_all(cseg_rect *boxes, const cseg_plane *labels) {
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *row = cseg_row_u32(labels, y);
        for (size_t x = 0, end; x < labels->width; x = end) {
            for (end = x + 1; end < labels->width && row[end] == row[x];)
                end++;
            if (row[x] != 0)
                widen(&boxes[row[x]], y, x, end);
        }
    }
}

bool cseg_box_meets(const cseg_rect *a, const cseg_rect *b) {
    return a->height > 0 && b->height > 0 && a->top < cseg_rectangle_bottom(b) && b->top < cseg_rectangle_bottom(a) &&
           a->left < cseg_rectangle_right(b) && b->left < cseg_rectangle_right(a);
}

cseg_sides cseg_sides_of(const cseg_rect *window, size_t height, size_t width) {
    return (cseg_sides){window->top > 0, window->left > 0, cseg_rectangle_bottom(window) < height,
                        cseg_rectangle_right(window) < width};
}

bool cseg_sides_touched(const cseg_sides *sides, const cseg_rect *box, const cseg_rect *window) {
    return (sides->top && box->top == 0) || (sides->left && box->left == 0) ||
           (sides->bottom && cseg_rectangle_bottom(box) == window->height) ||
           (sides->right && cseg_rectangle_right(box) == window->width);
}

/* ---- objects ---- */

cellseg_status cseg_objects_new(cseg_objects *objects, cellseg_context *context, uint32_t max_id) {
    *objects = (cseg_objects){.context = context};
    objects->numbers = cseg_memory_calloc(context, (size_t)max_id + 1, sizeof *objects->numbers);
    return objects->numbers != NULL ? CELLSEG_OK : cseg_error_last();
}

void cseg_objects_free(cseg_objects *objects) {
    cseg_memory_free(objects->numbers);
    cseg_memory_free(objects->ids);
    *objects = (cseg_objects){0};
}

void cseg_objects_clear(cseg_objects *objects) {
    for (uint32_t n = 1; n <= objects->count; n++)
        objects->numbers[objects->ids[n]] = 0;
    objects->count = 0;
}

cellseg_status cseg_objects_add(cseg_objects *objects, uint32_t id) {
    if (id == 0 || objects->numbers[id] != 0)
        return CELLSEG_OK;
    if ((size_t)objects->count + 1 >= objects->room) {
        const size_t room = objects->room == 0 ? 1024 : 2 * objects->room;
        uint32_t *ids = cseg_memory_alloc(objects->context, room, sizeof *ids);
        if (ids == NULL)
            return cseg_error_last();
        if (objects->ids != NULL)
            memcpy(ids, objects->ids, ((size_t)objects->count + 1) * sizeof *ids);
        cseg_memory_free(objects->ids);
        objects->ids = ids;
        objects->room = room;
    }
    objects->ids[++objects->count] = id;
    objects->numbers[id] = objects->count;
    return CELLSEG_OK;
}

cellseg_status cseg_objects_note(cseg_objects *objects, const cseg_plane *labels) {
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *row = cseg_row_u32(labels, y);
        for (size_t x = 0; x < labels->width; x++)
            if (row[x] != 0 && (x == 0 || row[x] != row[x - 1]))
                CSEG_TRY(cseg_objects_add(objects, row[x]));
    }
    return CELLSEG_OK;
}

cellseg_status cseg_objects_number(cseg_objects *objects) {
    cseg_keyed *items = cseg_memory_alloc(objects->context, (size_t)objects->count + 1, sizeof *items);
    if (items == NULL)
        return cseg_error_last();
    for (uint32_t n = 1; n <= objects->count; n++)
        items[n - 1] = (cseg_keyed){objects->ids[n], 0};
    const cellseg_status status = cseg_sort_keyed(objects->context, items, objects->count);
    for (uint32_t n = 1; status == CELLSEG_OK && n <= objects->count; n++) {
        objects->ids[n] = (uint32_t)items[n - 1].key;
        objects->numbers[objects->ids[n]] = n;
    }
    cseg_memory_free(items);
    return status;
}
