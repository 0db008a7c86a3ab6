/* SPDX-License-Identifier: BSD-3-Clause */
/* How this room splits an image into indices of a parallel loop: bands of rows, the same ones whatever the thread count. */
#ifndef CSEG_MORPH_BANDS_H
#define CSEG_MORPH_BANDS_H

#include "core/core.h"

enum { BAND_ROWS = 32 };

static inline size_t band_count(size_t height) {
    return (height + BAND_ROWS - 1) / BAND_ROWS;
}
static inline size_t band_begin(size_t band) {
    return band * BAND_ROWS;
}
static inline size_t band_end(size_t band, size_t height) {
    const size_t end = (band + 1) * BAND_ROWS;
    return end < height ? end : height;
}

static inline bool same_size(const cseg_plane *a, const cseg_plane *b) {
    return a->height == b->height && a->width == b->width;
}

/* And strips of columns: a row's part of one stays in the fastest cache, and few cache lines lie in two of them. */
enum { STRIP_COLUMNS = 256 };

static inline size_t strip_count(size_t width) {
    return (width + STRIP_COLUMNS - 1) / STRIP_COLUMNS;
}

static inline size_t strip_columns(size_t index, size_t width) {
    const size_t left = width - index * STRIP_COLUMNS;
    return left < STRIP_COLUMNS ? left : STRIP_COLUMNS;
}

#endif
