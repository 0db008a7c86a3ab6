/* SPDX-License-Identifier: BSD-3-Clause */
/* How statistics over a whole image are cut into parts that are merged in order; for the filter room only. */
#ifndef CSEG_FILTER_BANDS_H
#define CSEG_FILTER_BANDS_H

#include "core/core.h"

/* Bands of whole rows: few, so that their partial results stay small, but at least a million samples each. */
typedef struct cseg_bands {
    size_t count, rows;
} cseg_bands;

static inline cseg_bands cseg_bands_of(const cseg_plane *plane) {
    enum { MOST = 32, SAMPLES = 1 << 20 };
    const size_t fewest_rows = (plane->height + MOST - 1) / MOST;
    const size_t rows = SAMPLES / plane->width > fewest_rows ? SAMPLES / plane->width : fewest_rows;
    return (cseg_bands){(plane->height + rows - 1) / rows, rows};
}

static inline size_t cseg_band_end(cseg_bands bands, size_t band, size_t height) {
    return (band + 1) * bands.rows < height ? (band + 1) * bands.rows : height;
}

#endif
