/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many items of work, some of them side by side. A thread that works within an item waits for the others at the end of each of
 * the method's steps, so that items side by side finish earlier, if there are enough of them. docs/plates.md has a model of that.
 */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include <cellseg/cellseg.h>

enum { MAX_JOBS = 256 };

/* Do an item; the warnings and the last error that were printed meanwhile are its own. */
typedef void job_fn(void *user, size_t item, cellseg_context *context);

/* As many items side by side as pay: `wanted`, or, if that is 0, one for each thread of the context where there are more than
 * two. Not more than `count`. */
int32_t count_jobs(int32_t wanted, size_t count, const cellseg_context *context);

/* As many of these jobs as have room, where one needs `bytes`; 0: not known. Room is --max-memory; without that, and where
 * `wanted` is 0, half of the machine's memory. */
int32_t fit_jobs(int32_t jobs, int32_t wanted, uint64_t bytes);

/* Do items 0 to count - 1, unless the interrupt key is pressed. One job works in the context; several have contexts of their own,
 * which share --threads and --max-memory. */
void run_jobs(int32_t jobs, size_t count, cellseg_context *context, job_fn *work, void *user);

#endif
