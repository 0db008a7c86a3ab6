/* SPDX-License-Identifier: BSD-3-Clause */
/* How an image is split for statistics whose partial results are merged in order; for the filter room only. */
#ifndef CSEG_FILTER_SLABS_H
#define CSEG_FILTER_SLABS_H

#include "core/core.h"

/* Slabs of whole rows: at most 32, so that their partial results stay small, of at least a million samples each. */
typedef struct cseg_slabs {
    size_t count, rows;
} cseg_slabs;

static inline cseg_slabs cseg_slabs_of(const cseg_plane *plane) {
    enum { MAX_SLABS = 32, MIN_SAMPLES = 1 << 20 };
    const size_t min_rows = (plane->height + MAX_SLABS - 1) / MAX_SLABS;
    const size_t rows = MIN_SAMPLES / plane->width > min_rows ? MIN_SAMPLES / plane->width : min_rows;
    return (cseg_slabs){(plane->height + rows - 1) / rows, rows};
}

static inline size_t cseg_slabs_end(cseg_slabs slabs, size_t slab, size_t height) {
    return (slab + 1) * slabs.rows < height ? (slab + 1) * slabs.rows : height;
}

#endif
