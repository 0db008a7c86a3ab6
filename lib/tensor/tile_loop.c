/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All sums of products of the network as tiles of one kernel. A convolution reads its input in place: the three loops of a tile's
 * chain are the kernel's rows, its columns and the channels, so that only the weights are rearranged, once.
 * Cost: one fused multiply-add per product.
 */
#include "tensor/tile_loop.h"

static size_t quotient_up(size_t total, size_t step) {
    return (total + step - 1) / step;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* A loop that ends where the next step of the outer loop begins is merged with the outer loop. */
static void merge_loops(cseg_tile *t) {
    for (size_t i = 2; i > 0; i--)
        if (t->a_step[i - 1] == t->count[2] * t->a_step[2] && t->b_step[i - 1] == t->count[2] * t->b_step[2]) {
            t->count[2] *= t->count[i - 1];
            t->count[i - 1] = 1;
        } else {
            return;
        }
}

/* Prefetch the row below these pixels while the kernel works on them. */
static void fetch_below(const cseg_loop *w, const float *in, size_t pixels) {
    enum { LINE = 16 };
    for (size_t i = 0; i < pixels * w->in.pixel; i += LINE)
        __builtin_prefetch(in + w->in.row + i, 0, 2);
}

/* One row of pixels, in tiles of nearly equal width, so that the last one is not small. */
static void run_row(const cseg_kernels *k, cseg_tile tile, const cseg_loop *w, float *out, const float *in) {
    const size_t tiles = quotient_up(w->width, k->rows);
    for (size_t i = 0; i < tiles; i++) {
        const size_t x = i * w->width / tiles;
        tile.rows = (i + 1) * w->width / tiles - x;
        tile.a = in + x * w->in.pixel;
        tile.c = out + x * w->out.pixel;
        if (w->accumulate)
            tile.start = tile.c;
        if (w->fetch)
            fetch_below(w, tile.a, tile.rows);
        k->tile(&tile);
    }
}

void cseg_loop_run(const cseg_kernels *k, const cseg_loop *w) {
    cseg_tile tile = w->tile;
    merge_loops(&tile);
    tile.a_row = w->in.pixel;
    tile.c_row = w->out.pixel;
    if (w->accumulate)
        tile.start_row = tile.c_row;
    for (size_t i = 0; i < w->images; i++)
        for (size_t channel = 0; channel < w->channels; channel += k->columns) {
            tile.columns = smaller(k->columns, w->channels - channel);
            tile.b = w->packed + channel / k->columns * w->panel_floats;
            if (w->tile.start != NULL)
                tile.start = w->tile.start + channel;
            for (size_t y = 0; y < w->height; y++)
                run_row(k, tile, w, w->out.data + i * w->out.image + y * w->out.row + channel,
                        w->in.data + i * w->in.image + y * w->in.row);
        }
}

size_t cseg_panels_floats(const cseg_kernels *k, const cseg_panels *p) {
    return quotient_up(p->channels, k->columns) * k->columns * p->depth * p->taps;
}

void cseg_panels_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p) {
    for (size_t first = 0; first < p->channels; first += k->columns)
        for (size_t tap = 0; tap < p->taps; tap++)
            for (size_t d = 0; d < p->depth; d++)
                for (size_t c = first; c < first + k->columns; c++)
                    *packed++ =
                        c >= p->channels
                            ? 0.0F
                            : weights[(ptrdiff_t)tap * p->tap_step + (ptrdiff_t)(d * p->depth_step + c * p->channel_step)];
}

/* The tiles of one tap over a band of pixels. */
static void outer_tap(const cseg_kernels *k, cseg_tile tile, const cseg_outer *o, float *c) {
    const float *a = tile.a, *b = tile.b;
    const size_t tiles = quotient_up(o->rows, k->rows);
    for (size_t i = 0; i < tiles; i++) {
        const size_t row = i * o->rows / tiles;
        tile.rows = (i + 1) * o->rows / tiles - row;
        tile.a = a + row * o->row_step;
        for (size_t column = 0; column < o->columns; column += k->columns) {
            tile.columns = smaller(k->columns, o->columns - column);
            tile.b = b + column;
            tile.c = c + row * o->columns + column;
            tile.start = tile.c;
            k->tile(&tile);
        }
    }
}

/* Bands of rows stay in the cache for all taps and tiles; the chains continue from band to band. */
enum { BAND_FLOATS = 65536 };

void cseg_loop_run_outer(const cseg_kernels *k, const cseg_outer *o) {
    const size_t row_floats = o->width * (o->rows + o->columns);
    const size_t band = row_floats < BAND_FLOATS ? BAND_FLOATS / row_floats : 1;
    for (size_t i = 0; i < o->images; i++)
        for (size_t y = 0; y < o->height; y += band) {
            cseg_tile tile = {.a_row = o->row_step, .c_row = o->columns, .start_row = o->columns};
            tile.count[0] = 1;
            tile.count[1] = smaller(band, o->height - y);
            tile.count[2] = o->width;
            tile.a_step[1] = o->a.row;
            tile.a_step[2] = o->a.pixel;
            tile.b_step[1] = o->b.row;
            tile.b_step[2] = o->b.pixel;
            for (size_t ty = 0; ty < o->taps_y; ty++)
                for (size_t tx = 0; tx < o->taps_x; tx++) {
                    tile.a = o->a.data + i * o->a.image + y * o->a.row + ty * o->a_tap_y + tx * o->a_tap_x;
                    tile.b = o->b.data + i * o->b.image + y * o->b.row + ty * o->b_tap_y + tx * o->b_tap_x;
                    outer_tap(k, tile, o, o->c + (ty * o->taps_x + tx) * o->rows * o->columns);
                }
        }
}
