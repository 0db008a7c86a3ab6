/* SPDX-License-Identifier: BSD-3-Clause */
/* The JSON that tifffile writes into a description: {"shape": [5, 600, 800], "axes": "ZYX"}. */
#ifndef CSEG_SHAPED_H
#define CSEG_SHAPED_H

#include "io/axes.h"

/* Whether the description is tifffile's and orders planes: by axes, or behind a single page. NULL, or any text, is legal. */
bool cseg_shaped_is(const char *description);

/* CELLSEG_ERR_FORMAT where shape, axes and pages contradict each other. */
cellseg_status cseg_shaped_lay_out(cseg_axes *axes, cellseg_context *context, const cseg_io_contents *contents);

#endif
