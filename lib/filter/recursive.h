/* SPDX-License-Identifier: BSD-3-Clause */
/* The recursive Gaussian; for the filter room only. */
#ifndef CSEG_FILTER_RECURSIVE_H
#define CSEG_FILTER_RECURSIVE_H

#include "core/core.h"

/* As cseg_filter_gaussian(), for sigma of at least 8, at a cost that does not depend on it. `to` may be from's plane. */
cellseg_status cseg_recursive_gaussian(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double sigma_px);

#endif
