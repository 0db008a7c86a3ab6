/* SPDX-License-Identifier: BSD-3-Clause */
/* The context of the work, its progress on standard error, and the interrupt key. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <cellseg/cellseg.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * A context of --threads threads and --max-memory, which prints warnings and reports progress: on a terminal as a bar, elsewhere,
 * for several files, as a line every ten seconds. The interrupt key cancels the call that runs in the context; the second press
 * ends the program. NULL after printing an error. One at a time.
 */
cellseg_context *begin_context(void);
void end_context(cellseg_context *context);

/* The exit code of the last failure of begin_context(): wrong usage, or no memory. */
int no_context_code(void);

/* Set the title of the progress; NULL wipes the bar. */
void set_progress_title(const char *name);

/* The work under the next titles is the i-th of `count` files, from 0. */
void set_progress_file(size_t i, size_t count);

void wipe_bar(void);

/* The interrupt key was pressed. */
bool was_interrupted(void);

#endif
