/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The minimum over columns i of (x - i)^2 + g(i)^2 is the lower envelope of parabolas (Meijster, Roerdink, Hesselink 2000;
 * Felzenszwalb, Huttenlocher 2012), taken in integers, so that it is exact. Cost: linear, one division per column.
 */
#include "morph/envelope.h"

cseg_span cseg_envelope_next_span(const uint32_t *g, size_t x, size_t width) {
    while (x + 4 <= width && (g[x] | g[x + 1] | g[x + 2] | g[x + 3]) == 0)
        x += 4;
    while (x < width && g[x] == 0)
        x++;
    size_t end = x;
    while (end < width && g[end] != 0)
        end++;
    return (cseg_span){x > 0 && x < end ? x - 1 : x, end < width ? end + 1 : end};
}

/* The first column where `later` is strictly nearer than `earlier`: floor of the crossing, plus one. */
static int64_t overtakes(const cseg_parabola *earlier, const cseg_parabola *later) {
    const int64_t twice = 2 * (later->column - earlier->column);
    const int64_t over = later->square - earlier->square + later->column * later->column - earlier->column * earlier->column;
    const int64_t quotient = over / twice;
    return (over % twice < 0 ? quotient - 1 : quotient) + 1;
}

size_t cseg_envelope_lower(cseg_parabola *stack, const uint32_t *g, cseg_span span) {
    size_t n = 0;
    for (size_t x = span.begin; x < span.end; x++) {
        if (g[x] == CSEG_NO_FEATURE)
            continue;
        cseg_parabola p = {(int64_t)g[x] * g[x], (int64_t)x, (int64_t)span.begin};
        while (n > 0) {
            p.from = overtakes(&stack[n - 1], &p);
            if (p.from > stack[n - 1].from)
                break;
            n--;
        }
        if (n == 0)
            p.from = (int64_t)span.begin;
        if (p.from < (int64_t)span.end)
            stack[n++] = p;
    }
    return n;
}
