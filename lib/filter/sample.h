/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading samples of any type as float32; for the filter room only. */
#ifndef CSEG_FILTER_SAMPLE_H
#define CSEG_FILTER_SAMPLE_H

#include "core/core.h"

/* Index i of a line of n samples that is mirrored at both ends without end: d c b a | a b c d | d c b a. */
static inline size_t cseg_reflect(ptrdiff_t i, size_t n) {
    assert(n > 0);
    const ptrdiff_t period = 2 * (ptrdiff_t)n;
    const ptrdiff_t m = (i % period + period) % period;
    return (size_t)(m < (ptrdiff_t)n ? m : period - 1 - m);
}

/* to[0..count) = row y from column `left`, all inside the image. */
void cseg_load(float *to, const cseg_plane *from, size_t y, size_t left, size_t count);

/* The same where columns outside the image are reflected. */
void cseg_load_reflected(float *to, const cseg_plane *from, size_t y, ptrdiff_t left, size_t count);

#endif
