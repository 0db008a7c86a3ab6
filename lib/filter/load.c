/* SPDX-License-Identifier: BSD-3-Clause */
/* Samples of any type as float32, beyond the border too. */
#include "filter/load.h"

static void reverse(float *samples, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        const float first = samples[i];
        samples[i] = samples[count - 1 - i];
        samples[count - 1 - i] = first;
    }
}

/* A mirrored line runs forwards and backwards in turn: load one run after the other. */
void cseg_load_reflected(float *to, const cseg_plane *from, size_t period, size_t y, ptrdiff_t left, size_t count) {
    const size_t turn = (period + 1) / 2;
    const ptrdiff_t whole = (ptrdiff_t)period;
    size_t place = (size_t)((left % whole + whole) % whole);
    for (size_t done = 0; done < count;) {
        const bool backwards = place >= turn;
        const size_t stop = backwards ? period : turn, here = stop - place < count - done ? stop - place : count - done;
        cseg_plane_load_f32(to + done, from, y, backwards ? period - place - here : place, here);
        if (backwards)
            reverse(to + done, here);
        done += here;
        place = stop < period ? stop : 0;
    }
}
