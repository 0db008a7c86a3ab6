/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg evaluate --report: one HTML page that needs nothing else. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "files.h"
#include "scores.h"

/*
 * Write the page: tables and charts of each list, and pictures of the first list's worst and best objects, cut from their images'
 * `channel`, where there are any. On failure prints an error, leaves `path` as it was: false.
 */
bool write_report(const char *path, cellseg_context *context, const score_list *const *lists, size_t count, const measures *how,
                  int32_t channel);

/* ---- sections of the page ---- */

/* Charts, as SVG. */
void put_roc_chart(FILE *to, const score_list *const *lists, size_t count);
void put_iou_chart(FILE *to, const score_list *list);
void put_histogram(FILE *to, const score_list *list);

/* The worst and best objects; `scratch`: a path for temporary pictures. */
bool put_pictures(FILE *to, const char *scratch, cellseg_context *context, const score_list *list, int32_t channel);

#endif
