/* SPDX-License-Identifier: BSD-3-Clause */
/* How this room splits an image into indices of a parallel loop, independent of the number of threads. */
#ifndef CSEG_MORPH_BANDS_H
#define CSEG_MORPH_BANDS_H

#include "core/core.h"

/* Bands of rows. */
enum { CSEG_BAND_ROWS = 32 };

static inline size_t cseg_band_count(size_t height) {
    return (height + CSEG_BAND_ROWS - 1) / CSEG_BAND_ROWS;
}
static inline size_t cseg_band_begin(size_t band) {
    return band * CSEG_BAND_ROWS;
}
static inline size_t cseg_band_end(size_t band, size_t height) {
    const size_t end = (band + 1) * CSEG_BAND_ROWS;
    return end < height ? end : height;
}

/* Strips of columns: one row of a strip stays in the first-level cache, and few cache lines belong to two strips. */
enum { CSEG_STRIP_COLUMNS = 256 };

static inline size_t cseg_strip_count(size_t width) {
    return (width + CSEG_STRIP_COLUMNS - 1) / CSEG_STRIP_COLUMNS;
}

static inline size_t cseg_strip_columns(size_t index, size_t width) {
    const size_t left = width - index * CSEG_STRIP_COLUMNS;
    return left < CSEG_STRIP_COLUMNS ? left : CSEG_STRIP_COLUMNS;
}

#endif
