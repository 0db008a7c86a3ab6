/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading samples of any type as float32. Exact for uint8 and uint16; uint32 rounds to nearest. */
#include "filter/load.h"

#include <string.h>

void cseg_load_row(float *to, const cseg_plane *from, size_t y, size_t left, size_t count) {
    const void *row = cseg_row_at(from, y);
    switch (from->type) {
    case CELLSEG_UINT8:
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((const uint8_t *)row)[left + i];
        break;
    case CELLSEG_UINT16:
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((const uint16_t *)row)[left + i];
        break;
    case CELLSEG_UINT32:
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((const uint32_t *)row)[left + i];
        break;
    default:
        memcpy(to, (const float *)row + left, count * sizeof *to);
    }
}

static void reverse(float *samples, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        const float first = samples[i];
        samples[i] = samples[count - 1 - i];
        samples[count - 1 - i] = first;
    }
}

/* A mirrored line runs forwards and backwards in turn: one such stretch after the other. */
void cseg_load_reflected(float *to, const cseg_plane *from, size_t period, size_t y, ptrdiff_t left, size_t count) {
    const size_t turn = (period + 1) / 2;
    const ptrdiff_t whole = (ptrdiff_t)period;
    size_t place = (size_t)((left % whole + whole) % whole);
    for (size_t done = 0; done < count;) {
        const bool backwards = place >= turn;
        const size_t stop = backwards ? period : turn, here = stop - place < count - done ? stop - place : count - done;
        cseg_load_row(to + done, from, y, backwards ? period - place - here : place, here);
        if (backwards)
            reverse(to + done, here);
        done += here;
        place = stop < period ? stop : 0;
    }
}
