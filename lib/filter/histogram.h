/* SPDX-License-Identifier: BSD-3-Clause */
/* Range and histogram within a mask; for the filter room only. */
#ifndef CSEG_FILTER_HISTOGRAM_H
#define CSEG_FILTER_HISTOGRAM_H

#include "core/core.h"

/* `bins` bins of equal width from lo to hi, lo < hi; the last one includes hi. */
typedef struct cseg_binning {
    double lo, hi, scale; /* scale = bins / (hi - lo) */
    size_t bins;
} cseg_binning;

static inline cseg_binning cseg_binning_of(double lo, double hi, size_t bins) {
    return (cseg_binning){lo, hi, (double)bins / (hi - lo), bins};
}

/* The bin of a value in [lo, hi]. Never falls as the value rises. */
static inline size_t cseg_binning_index(const cseg_binning *b, double value) {
    const size_t bin = (size_t)((value - b->lo) * b->scale);
    return bin < b->bins ? bin : b->bins - 1;
}

/* Smallest and largest sample where mask (NULL: everywhere) is not 0; lo > hi when there is none. */
cellseg_status cseg_histogram_range_masked(cellseg_context *context, double *lo, double *hi, const cseg_plane *from,
                                           const cseg_plane *mask);

/* Count the samples of each bin where mask is not 0; samples outside [lo, hi] are not counted. */
cellseg_status cseg_histogram_count_masked(cellseg_context *context, uint64_t *counts, const cseg_binning *binning,
                                           const cseg_plane *from, const cseg_plane *mask);

/* The same of a store. */
cellseg_status cseg_histogram_count_stored(cellseg_context *context, uint64_t *counts, const cseg_binning *binning,
                                           const cseg_store *from);

#endif
