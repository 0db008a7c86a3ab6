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
 * ends the program. NULL after printing an error. One at a time in each job.
 */
cellseg_context *begin_context(void);
void end_context(cellseg_context *context);

/* The exit code of the last failure of begin_context(): wrong usage, or no memory. */
int no_context_code(void);

/* The next contexts are of `jobs` jobs, which share `threads` threads and --max-memory. One job: as the options say. */
void share_contexts(int32_t jobs, int32_t threads);

/* What each of several jobs may use of --max-memory, 0: anything; a share is left for the model and what else all have in common.
 */
uint64_t memory_of_job(int32_t count);

/* The thread that calls works as this job, from 1; threads that do not call are job 0. */
void enter_job(int number);

/* Set the title of the progress; NULL wipes the bar. */
void set_progress_title(const char *name);

/* Of `count` files, i have ended; the work under the next titles is that of further ones. */
void set_progress_file(size_t i, size_t count);

void wipe_bar(void);

/* The interrupt key was pressed. */
bool was_interrupted(void);

#endif
