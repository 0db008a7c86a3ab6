/* SPDX-License-Identifier: BSD-3-Clause */
/* Samples of every pixel type as doubles, which hold all of them exactly. Cost: one pass, in vectors where processors can. */
#include "measure/doubles.h"

#include <string.h>

#define CONVERT(type)                                                                                                            \
    for (size_t i = 0; i < count; i++)                                                                                           \
        to[i] = (double)((const type *)row)[begin + i];                                                                          \
    break

void cseg_doubles_load(double *to, const cseg_plane *from, size_t y, size_t begin, size_t count) {
    const void *row = cseg_row_at(from, y);
    switch (from->type) {
    case CELLSEG_UINT8:
        CONVERT(uint8_t);
    case CELLSEG_UINT16:
        CONVERT(uint16_t);
    case CELLSEG_UINT32:
        CONVERT(uint32_t);
    case CELLSEG_INT16:
        CONVERT(int16_t);
    case CELLSEG_INT32:
        CONVERT(int32_t);
    case CELLSEG_FLOAT64:
        memcpy(to, (const double *)row + begin, count * sizeof *to);
        break;
    default:
        CONVERT(float);
    }
}
