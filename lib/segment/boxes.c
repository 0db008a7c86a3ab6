/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounding boxes of labels, and the parts of a window that its artificial sides make uncertain. Cost: a pass over the window. */
#include "segment/segment.h"

static void widen(cseg_rect *box, size_t y, size_t begin, size_t end) {
    if (box->height == 0)
        *box = (cseg_rect){y, begin, 1, end - begin};
    const size_t left = begin < box->left ? begin : box->left, right = cseg_rect_right(box);
    box->width = (end > right ? end : right) - left;
    box->left = left;
    box->height = y + 1 - box->top;
}

void cseg_boxes_find(cseg_rect *boxes, const cseg_plane *labels) {
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

bool cseg_rect_meets(const cseg_rect *a, const cseg_rect *b) {
    return a->height > 0 && b->height > 0 && a->top < cseg_rect_bottom(b) && b->top < cseg_rect_bottom(a) &&
           a->left < cseg_rect_right(b) && b->left < cseg_rect_right(a);
}

cseg_sides cseg_sides_of(const cseg_rect *window, size_t height, size_t width) {
    return (cseg_sides){window->top > 0, window->left > 0, cseg_rect_bottom(window) < height, cseg_rect_right(window) < width};
}

bool cseg_sides_touched(const cseg_sides *sides, const cseg_rect *box, const cseg_rect *window) {
    return (sides->top && box->top == 0) || (sides->left && box->left == 0) ||
           (sides->bottom && cseg_rect_bottom(box) == window->height) || (sides->right && cseg_rect_right(box) == window->width);
}
