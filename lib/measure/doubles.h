/* SPDX-License-Identifier: BSD-3-Clause */
/* Samples of a channel as doubles; for the measure room only. */
#ifndef CSEG_MEASURE_DOUBLES_H
#define CSEG_MEASURE_DOUBLES_H

#include "core/core.h"

/* Groups read a row in blocks of so many samples, which stay in the first-level cache. */
enum { CSEG_DOUBLES_BLOCK = 64 };

/* to[0..count) = row y of a plane of any type from column `begin` on; exact. */
void cseg_doubles_load(double *to, const cseg_plane *from, size_t y, size_t begin, size_t count);

/* Samples of the block that begins at `begin`, where the row or run ends at `end`. */
static inline size_t cseg_doubles_count(size_t begin, size_t end) {
    return end - begin < CSEG_DOUBLES_BLOCK ? end - begin : CSEG_DOUBLES_BLOCK;
}

#endif
