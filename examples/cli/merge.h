/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables and the report of all results below a folder. */
#ifndef CLI_MERGE_H
#define CLI_MERGE_H

#include "report_plate.h"

/* Write cells.csv, images.csv, wells.csv and report.html into the folder. `times`: NULL where they are unknown. On failure prints
 * an error: false. */
bool merge_results(const char *folder, cellseg_context *context, const run_times *times);

#endif
