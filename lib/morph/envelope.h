/* SPDX-License-Identifier: BSD-3-Clause */
/* The lower envelope of parabolas along one row: the second step of both distance transforms. Inside the morphology room only. */
#ifndef CSEG_MORPH_ENVELOPE_H
#define CSEG_MORPH_ENVELOPE_H

#include "core/core.h"

#define CSEG_NO_FEATURE UINT32_MAX /* no background pixel in the column */

/* One parabola of the envelope: from column `from` on, the feature of its column is the nearest. */
typedef struct cseg_parabola {
    int64_t square; /* of the distance to the feature within the column */
    int64_t column, from;
} cseg_parabola;

/* Columns [begin, end): a run of foreground and the background pixels at its ends, beyond which no feature is nearer. */
typedef struct cseg_span {
    size_t begin, end;
} cseg_span;

/* The first span that has a foreground pixel (g not 0) at or after column x; empty at the row's end. */
cseg_span cseg_envelope_next_span(const uint32_t *g, size_t x, size_t width);

/*
 * The envelope over a span of g, the distances within columns; of equally near columns the smallest wins. Returns the number of
 * parabolas, 0 when there is no feature; stack holds as many as the span has columns.
 */
size_t cseg_envelope_lower(cseg_parabola *stack, const uint32_t *g, cseg_span span);

#endif
