/* SPDX-License-Identifier: BSD-3-Clause */
/* report.html of a run over many images: one HTML page that needs nothing else. */
#ifndef CLI_REPORT_PLATE_H
#define CLI_REPORT_PLATE_H

#include "tables.h"

#include <cellseg/cellseg.h>

#include <stdio.h>

/* What a run took. */
typedef struct run_times {
    double seconds;
    size_t computed, skipped; /* images; the latter had results already */
} run_times;

/* Write the page. On failure prints an error, leaves `path` as it was: false. */
bool write_plate_report(const char *path, cellseg_context *context, const plate_list *list, const plate_sums *sums,
                        const run_times *times);

/* ---- sections of the page ---- */

/* Heat maps of the wells, a row of maps for each plate. */
void put_plate_maps(FILE *to, const plate_list *list, const plate_sums *sums);

/* How many cells have which value. */
void put_size_histogram(FILE *to, const shown_column *column);

/* One small picture with outlines for each well; `scratch`: a path for temporary pictures. */
bool put_thumbnails(FILE *to, const char *scratch, cellseg_context *context, const plate_list *list, const plate_sums *sums);

#endif
