/* SPDX-License-Identifier: BSD-3-Clause */
/* The metrics room's door: the whole interface is public. */
#ifndef CSEG_METRICS_H
#define CSEG_METRICS_H

#include "core/core.h"

#include <cellseg/metrics.h>

#endif
