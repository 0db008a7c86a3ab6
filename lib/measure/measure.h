/* SPDX-License-Identifier: BSD-3-Clause */
/* The measure room's door: the whole interface is public. */
#ifndef CSEG_MEASURE_H
#define CSEG_MEASURE_H

#include "core/core.h"

#include <cellseg/measure.h>

#endif
