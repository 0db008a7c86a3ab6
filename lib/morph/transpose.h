/* SPDX-License-Identifier: BSD-3-Clause */
/* The transpose of a block of samples; for the morphology room only. */
#ifndef CSEG_MORPH_TRANSPOSE_H
#define CSEG_MORPH_TRANSPOSE_H

#include "core/core.h"

/* to[x][y] = from[y][x] for height x width samples of 1, 2, 4 or 8 bytes; strides in bytes. The blocks do not overlap. */
void cseg_transpose_block(char *to, size_t to_stride, const char *from, size_t from_stride, size_t height, size_t width,
                          size_t sample);

#endif
