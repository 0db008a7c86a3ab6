/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE 754 half precision, in integer arithmetic: the same on every processor. */
#ifndef CSEG_NN_FLOAT16_H
#define CSEG_NN_FLOAT16_H

#include <stdint.h>

uint16_t cseg_float16_from_float(float value); /* nearest, ties to even; infinity from 65520 on */
float cseg_float16_to_float(uint16_t half);

#endif
