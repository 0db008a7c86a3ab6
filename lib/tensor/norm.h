/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CSEG_NORM_H
#define CSEG_NORM_H

#include "tensor/tensor.h"

/* to[c] += sum of t's channel c over all pixels, in double and raster order, rounded once. */
void cseg_norm_add_sums(const cseg_kernels *k, float *to, const cseg_tensor *t);

#endif
