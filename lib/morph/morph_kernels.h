/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel table of the morphology room: one row per processor level, in each row one struct per pixel type. Every row computes
 * the same extremes, so every row gives the same bytes. For the morphology room only.
 */
#ifndef CSEG_MORPH_KERNELS_H
#define CSEG_MORPH_KERNELS_H

#include "core/core.h"

/* Bytes of a row that fill a strip: a strip's running rows stay in the fastest cache. */
enum { CSEG_MORPH_STRIP_BYTES = 256 };

/* Columns side by side: to[y] becomes the extreme of from[y - before .. y + after], inside [0, height). to may be from. */
typedef struct cseg_morph_strip {
    char *to;
    const char *from;
    size_t to_stride, from_stride; /* bytes */
    size_t height, columns;
    size_t before, after;
    void *scratch;       /* (2 * (before + after + 1) + 2) x columns samples */
    const char *minuend; /* NULL, or the result is subtracted from this image; may be `to` */
    size_t minuend_stride;
    bool black; /* subtract the minuend from the result instead */
} cseg_morph_strip;

/* A tile of an image and what surrounds it: to[y][x] becomes the extreme of from[y - above .. y + below][x - left .. x + right],
 * inside the image. to may be from where above and below are 0 and the tile is as wide as the image. */
typedef struct cseg_morph_tile {
    char *to;
    const char *from;              /* the tile's first sample */
    size_t to_stride, from_stride; /* bytes */
    size_t height, width;
    size_t above, below, left, right;                           /* the window's reach */
    size_t rows_above, rows_below, columns_left, columns_right; /* of the image around the tile, at most the window's reach */
    void *scratch;                                              /* cseg_morph_tile_samples() */
} cseg_morph_tile;

/* Rows of windows, and two lines. */
static inline size_t cseg_morph_tile_samples(const cseg_morph_tile *t) {
    return (t->height + t->above + t->below) * t->width + 2 * (t->width + t->left + t->right);
}

/* max: true for the maximum, false for the minimum. */
typedef struct cseg_morph_kernels {
    /* ---- rect.c ---- */

    void (*slide)(const cseg_morph_strip *strip, bool max);
    void (*around)(const cseg_morph_tile *tile, bool max);

    /* ---- disc.c ---- */

    /* row[0 .. n) = the value that never wins. */
    void (*clear)(void *row, size_t n, bool max);
    /* table[k * length + i] = the extreme of 2^k samples from i on, of the row in a margin of `margin` cleared samples on each
     * side; length is width + 2 * margin. */
    void (*build)(void *table, const void *row, size_t width, size_t margin, size_t levels, bool max);
    /* out[x] = the extreme of [x - reach, x + reach], from a table of `build`. */
    void (*chord)(void *out, const void *table, size_t width, size_t margin, size_t reach, bool max);
    /* to[x] = the extreme of to[x] and chord[x]. */
    void (*merge)(void *to, const void *chord, size_t width, bool max);

    /* ---- runs.c; of uint8 only, else NULL ---- */

    /* Bit x % 64 of bits[x / 64] = (mask[x] != 0), for 64 * words samples. */
    void (*bits)(uint64_t *bits, const uint8_t *mask, size_t words);
} cseg_morph_kernels;

/* Indexed by pixel type. */
typedef cseg_morph_kernels cseg_morph_row[CELLSEG_FLOAT64 + 1];
extern const cseg_morph_row cseg_morph_kernels_c, cseg_morph_kernels_avx2, cseg_morph_kernels_avx512, cseg_morph_kernels_neon;

/* The kernels of a processor level for a pixel type. */
const cseg_morph_kernels *cseg_morph_kernels_select(int32_t cpu_level, int32_t type);

#endif
