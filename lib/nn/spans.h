/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffers that are never in use at the same step share memory. */
#ifndef CSEG_NN_SPANS_H
#define CSEG_NN_SPANS_H

#include "tensor/tensor.h"

/* A buffer in use from step `first` to step `last`, both included; placed at `offset`. */
typedef struct cseg_span {
    size_t floats; /* 0: not placed */
    size_t first, last;
    size_t offset;
} cseg_span;

/* Place every span, largest first, each at the lowest offset free during its steps. Returns the floats of all spans together. */
size_t cseg_spans_place(cseg_span *spans, size_t count);

/* Clear the frame of a tensor in new or reused memory, so that operations may read it. Padding channels are never read. */
void cseg_spans_clear_frame(const cseg_tensor *tensor);

#endif
