/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CSEG_ACTIVATION_H
#define CSEG_ACTIVATION_H

#include "tensor/tensor.h"

void cseg_sigmoid_in_place(const cseg_kernels *k, const cseg_tensor *t); /* padding channels keep their values */

#endif
