/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of a run that failed: listed at its end, and in a table. */
#ifndef CLI_FAILURES_H
#define CLI_FAILURES_H

#include "fields.h"

typedef struct failure {
    const field *field; /* borrowed */
    char *error;
} failure;

typedef struct failure_list {
    size_t count;
    failure *items;
} failure_list;

void add_failure(failure_list *list, const field *f, const char *error);
void free_failures(failure_list *list);

/* Print a note for each, and write them to folder/failures.csv; without one, remove the table that an earlier run wrote. */
void report_failures(const failure_list *list, const char *folder, size_t all);

#endif
