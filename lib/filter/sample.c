/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading samples of any type as float32. Exact for uint8 and uint16; uint32 rounds to nearest. */
#include "filter/sample.h"

#include <string.h>

void cseg_load(float *to, const cseg_plane *from, size_t y, size_t left, size_t count) {
    const void *row = cseg_row(from, y);
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

void cseg_load_reflected(float *to, const cseg_plane *from, size_t period, size_t y, ptrdiff_t left, size_t count) {
    const ptrdiff_t width = (ptrdiff_t)from->width, end = left + (ptrdiff_t)count;
    const ptrdiff_t inside_from = left < 0 ? 0 : left < width ? left : width;
    const ptrdiff_t inside_to = end < inside_from ? inside_from : end < width ? end : width;
    if (inside_to > inside_from)
        cseg_load(to + (inside_from - left), from, y, (size_t)inside_from, (size_t)(inside_to - inside_from));
    for (ptrdiff_t x = left; x < end; x++) {
        if (x == inside_from && inside_to > inside_from)
            x = inside_to;
        if (x < end)
            cseg_load(to + (x - left), from, y, cseg_reflect(x, period), 1);
    }
}
