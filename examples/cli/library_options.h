/* SPDX-License-Identifier: BSD-3-Clause */
/* Command line options made from the library's descriptor tables, so that no option of the library is listed here again. */
#ifndef CLI_LIBRARY_OPTIONS_H
#define CLI_LIBRARY_OPTIONS_H

#include "options.h"

#include <cellseg/options.h>

enum { LIBRARY_OPTIONS_MAX = 48, LIBRARY_NAME_SIZE = 48 };

typedef struct library_options {
    option rows[LIBRARY_OPTIONS_MAX + 1]; /* the table; its last row has no name */
    char names[LIBRARY_OPTIONS_MAX][LIBRARY_NAME_SIZE], forms[LIBRARY_OPTIONS_MAX][LIBRARY_NAME_SIZE];
    size_t count;
} library_options;

/*
 * Make an option for each member of `options`, an initialised struct of `table`: "top_hat_um" becomes --top-hat-um. Members named
 * in `skipped`, whose end is NULL, and groups are left out. skipped: NULL, or the names that the command has options of its own
 * for.
 */
void make_library_options(library_options *to, const cellseg_option_table *table, void *options, const char *const *skipped);

#endif
