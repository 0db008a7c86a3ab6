/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading samples of any type as float32; for the filter room only. */
#ifndef CSEG_FILTER_LOAD_H
#define CSEG_FILTER_LOAD_H

#include "core/core.h"

/*
 * The rows and columns after which a mirrored plane repeats. An even period is twice the size: d c b a | a b c d | d c b a. An
 * odd period belongs to the reduced plane (pyramid.h) of an image of odd size. The last sample's middle is then the axis of
 * reflection: c b a | a b c | b a.
 */
typedef struct cseg_periods {
    size_t y, x;
} cseg_periods;

static inline cseg_periods cseg_period_of(const cseg_plane *plane) {
    return (cseg_periods){2 * plane->height, 2 * plane->width};
}

/* The index in a line of sample i of the mirrored line. */
static inline size_t cseg_period_reflect(ptrdiff_t i, size_t period) {
    assert(period > 0);
    const ptrdiff_t whole = (ptrdiff_t)period, m = (i % whole + whole) % whole;
    return (size_t)(m < (whole + 1) / 2 ? m : whole - 1 - m);
}

/* to[0..count) = row y from column `left` on as float32; columns outside the image are reflected and repeat after `period`. */
void cseg_load_reflected(float *to, const cseg_plane *from, size_t period, size_t y, ptrdiff_t left, size_t count);

#endif
