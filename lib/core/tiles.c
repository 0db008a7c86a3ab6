/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steps tile by tile. Tiles cover the plane; a tile's window adds a halo, within which the step finds all that the tile's result
 * depends on. Where a step cannot be sure of that, as when an object reaches to the window's edge, the halo doubles until the
 * step is sure: at the latest in a window that is the whole plane. So results do not depend on the tiles. Cost: the halos'
 * pixels are computed more than once, (1 + 2 halo / tile)^2 times in all.
 */
#include "core/context.h"

enum { SMALLEST_TILE = 64 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t square_root(uint64_t n) {
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 31; bit > 0; bit /= 2)
        if ((root + bit) * (root + bit) <= n)
            root += bit;
    return (size_t)root;
}

/* The edge of a tile whose window has that edge. A window as long as the plane has no halo. */
static size_t without_halo(size_t window, size_t halo, size_t length) {
    if (window >= length)
        return length;
    return window > 2 * halo + SMALLEST_TILE ? window - 2 * halo : SMALLEST_TILE;
}

/* Equal tiles, as few as tiles of `edge` would be, and multiples where these are asked for. */
static size_t even_edge(size_t length, size_t edge, size_t multiple) {
    const size_t count = (length + edge - 1) / edge, even = (length + count - 1) / count;
    return multiple > 1 ? (even + multiple - 1) / multiple * multiple : even;
}

/* A tile's height and width. */
typedef struct edges {
    size_t height, width;
} edges;

/* Pixels of a window: what is planned, or half of what tables have left of the budget. */
static uint64_t window_pixels(const cseg_tiles *t) {
    const uint64_t left = cseg_budget_left(t->scratch->context) / 2, planned = t->scratch->window_bytes;
    return (planned < left ? planned : left) / t->pixel_bytes;
}

static edges edges_of(const cseg_tiles *t) {
    const uint64_t pixels = window_pixels(t);
    const size_t given = t->scratch->tile_px, edge = given > 0 ? given : without_halo(square_root(pixels), t->halo, t->width);
    if (given == 0 && pixels >= (uint64_t)t->height * t->width)
        return (edges){t->height, t->width};
    const size_t width = t->whole_rows ? t->width : even_edge(t->width, smaller(edge, t->width), t->multiple);
    const size_t window = smaller(t->width, width + 2 * t->halo);
    const size_t height = given > 0 ? given : without_halo((size_t)(pixels / window), t->halo, t->height);
    return (edges){even_edge(t->height, smaller(larger(height, 1), t->height), t->multiple), width};
}

static cellseg_status run_tile(const cseg_tiles *t, const cseg_rect *tile, cseg_tile_fn compute, void *data) {
    for (size_t halo = t->halo;; halo = larger(2 * halo, SMALLEST_TILE)) {
        const cseg_rect window = cseg_rectangle_grow(tile, halo, t->height, t->width);
        bool sure = true;
        CSEG_TRY(compute(data, tile, &window, &sure));
        if (sure || (window.height == t->height && window.width == t->width))
            return CELLSEG_OK;
    }
}

/* A tile's part of the step that is running. */
static void step_to(cellseg_context *context, const cseg_progress_span *step, size_t index, size_t count) {
    const double length = (step->to - step->from) / (double)count;
    context->step =
        (cseg_progress_span){step->name, step->from + (double)index * length, step->from + (double)(index + 1) * length};
}

cellseg_status cseg_tiles_run(const cseg_tiles *t, cseg_tile_fn compute, void *data) {
    cellseg_context *context = t->scratch->context;
    const edges e = edges_of(t);
    const size_t across = (t->width + e.width - 1) / e.width, count = (t->height + e.height - 1) / e.height * across;
    const cseg_progress_span step = context != NULL ? context->step : (cseg_progress_span){0};
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; status == CELLSEG_OK && i < count; i++) {
        const size_t top = i / across * e.height, left = i % across * e.width;
        const cseg_rect tile = {top, left, smaller(e.height, t->height - top), smaller(e.width, t->width - left)};
        if (context != NULL)
            step_to(context, &step, i, count);
        status = run_tile(t, &tile, compute, data);
    }
    if (context != NULL)
        context->step = step;
    return status;
}
