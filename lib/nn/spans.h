/* SPDX-License-Identifier: BSD-3-Clause */
/* Which buffers may share memory: those never in use at the same step. */
#ifndef CSEG_NN_PLAN_H
#define CSEG_NN_PLAN_H

#include "tensor/tensor.h"

/* A buffer in use from step `first` to step `last`, both included; placed at `offset`. */
typedef struct cseg_span {
    size_t floats; /* 0: not placed */
    size_t first, last;
    size_t offset;
} cseg_span;

/* Place every span, largest first, each at the lowest offset free during its steps. The floats needed in all. */
size_t cseg_spans_place(cseg_span *spans, size_t count);

/* Make a tensor of fresh or reused memory one that operations may read: zeros in the frame. Padding channels are never read. */
void cseg_spans_clear_frame(const cseg_tensor *tensor);

#endif
