/* SPDX-License-Identifier: BSD-3-Clause */
/* For the measure room only. */
#ifndef CSEG_MEASURE_OPTIONS_H
#define CSEG_MEASURE_OPTIONS_H

#include "measure/measure.h"

/* Copy the caller's options over the defaults and check them. */
cellseg_status cseg_measure_options_read(cellseg_measure_options *own, const cellseg_measure_options *options);

#endif
