/* SPDX-License-Identifier: BSD-3-Clause */
#include "jobs.h"

#include "cli.h"
#include "command.h"
#include "progress.h"
#include "system.h"

typedef struct queue {
    size_t next, ended, count;
    job_fn *work;
    void *user;
} queue;

int32_t count_jobs(int32_t wanted, size_t count, const cellseg_context *context) {
    const int32_t threads = cellseg_context_threads(context);
    int32_t jobs = wanted > 0 ? wanted : threads > 2 ? threads : 1;
    if (jobs > MAX_JOBS)
        jobs = MAX_JOBS;
    return (size_t)jobs < count ? jobs : (int32_t)count;
}

/* What a job may use: its share of --max-memory. Without that, where the number is the program's choice, of half the machine's
 * memory: other programs run, too. */
static uint64_t share_of(int32_t jobs, int32_t wanted) {
    const uint64_t machine = wanted > 0 ? 0 : memory_bytes();
    return memory_mib > 0 ? memory_of_job(jobs) : machine > 0 ? machine / 2 / (uint64_t)jobs : UINT64_MAX;
}

int32_t fit_jobs(int32_t jobs, int32_t wanted, uint64_t bytes) {
    while (jobs > 1 && share_of(jobs, wanted) < bytes)
        jobs--;
    return jobs;
}

/* Take the next item; false: there is none. */
static bool take_item(queue *q, size_t *item) {
    lock_lines();
    *item = q->next;
    const bool fine = q->next < q->count && !was_interrupted();
    q->next += fine;
    unlock_lines();
    return fine;
}

static void end_item(queue *q) {
    lock_lines();
    set_progress_file(++q->ended, q->count);
    unlock_lines();
}

static void work_in(queue *q, cellseg_context *context) {
    size_t item;
    while (take_item(q, &item)) {
        q->work(q->user, item, context);
        end_item(q);
    }
}

static void work_alone(void *user, int number) {
    enter_job(number + 1);
    cellseg_context *context = begin_context();
    if (context != NULL)
        work_in(user, context);
    end_context(context);
    keep_warnings();
}

void run_jobs(int32_t jobs, size_t count, cellseg_context *context, job_fn *work, void *user) {
    queue q = {.count = count, .work = work, .user = user};
    set_progress_file(0, count);
    share_contexts(jobs, cellseg_context_threads(context));
    if (jobs > 1)
        run_side_by_side(jobs, work_alone, &q);
    else
        work_in(&q, context);
    share_contexts(1, 0);
}
