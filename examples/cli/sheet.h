/* SPDX-License-Identifier: BSD-3-Clause */
/* A sample sheet: a CSV table with a row for each image file, whose columns are named like the parts of a location. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include "naming.h"

/*
 * Call `take`, which takes over the location, with each row's file, as the sheet names it. The sheet needs the column "file";
 * of the others, those named like parts are taken. False after an error line, which names the sheet's line.
 */
bool read_sheet(const char *path, void (*take)(void *user, const char *name, plate_place *where), void *user);

#endif
