/* SPDX-License-Identifier: BSD-3-Clause */
/* The descriptions that ImageJ and MetaMorph write. NULL, or any text, is legal. */
#ifndef CSEG_IMAGEJ_H
#define CSEG_IMAGEJ_H

#include "io/axes.h"

/* ---- imagej.c: lines of "key=value" after "ImageJ=version" ---- */

bool cseg_imagej_is(const char *description);

/* Whether the description states a unit: the resolution tags are then pixels per that unit, and their own unit is ignored. */
bool cseg_imagej_has_unit(const char *description);

/* The pixel size by ImageJ's unit and the resolution tags. */
cseg_io_scale cseg_imagej_scale(const cseg_io_calibration *calibration);

/* The planes of a hyperstack, in pages or, behind the only one, in the file. CELLSEG_ERR_FORMAT where the numbers contradict each
 * other or the pages. */
cellseg_status cseg_imagej_lay_out(cseg_axes *axes, cellseg_context *context, const cseg_io_contents *contents);

/* ---- metamorph.c: XML of <prop id="..." value="..."/> ---- */

cellseg_status cseg_metamorph_read(cseg_io_scale *scale, cellseg_context *context, const char *description);

#endif
