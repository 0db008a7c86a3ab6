/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a context; for the core room only. */
#ifndef CSEG_CORE_CONTEXT_H
#define CSEG_CORE_CONTEXT_H

#include "core/core.h"

#include <pthread.h>

/* Where blocks come from. Shared by a context and every block it handed out, so that blocks may outlive the context. */
typedef struct cseg_heap {
    cellseg_alloc_fn alloc;
    cellseg_free_fn free;
    void *user;
    uint64_t budget; /* 0: none */
    uint64_t own;    /* bytes of the context itself, which the budget leaves out: they depend on the number of threads */
    atomic_size_t references;
    atomic_uint_least64_t used, peak;
} cseg_heap;

cseg_heap *cseg_heap_new(const cellseg_context_options *options);
void cseg_heap_release(cseg_heap *heap);
void cseg_heap_set_budget(cseg_heap *heap, uint64_t bytes); /* beside what is in use now; 0: none */

/* Helpers for loops, started by the first loop of a process that runs on them. */
typedef struct cseg_pool cseg_pool;
cellseg_status cseg_pool_new(cseg_pool **out, cseg_heap *heap, int32_t threads);
void cseg_pool_free(cseg_pool *pool);

struct cellseg_context {
    cellseg_context_options options;
    int32_t threads;
    int32_t cpu_level;
    cseg_heap *heap;
    cseg_pool *pool; /* NULL: one thread, or the embedder's parallel_for */

    /* The running call's progress; touched by the calling thread only, but for `cancelled`. */
    int32_t depth;                   /* public calls that run, one inside the other */
    cseg_progress_span window, step; /* the innermost call's part of the whole; the running step's part of the whole */
    double reported;
    double last_report;          /* cseg_clock_seconds() */
    uint64_t workers;            /* 0: all threads work on a loop; else at most so many */
    struct loop *loop;           /* the outermost parallel loop that runs */
    atomic_bool cancelled;       /* by the callback, for the running call */
    atomic_int cancel_requested; /* 1 by cellseg_context_cancel(), until a call returned CELLSEG_ERR_CANCELLED */
};

/* The first step, which covers the whole; a cancel by an earlier call's callback is forgotten. */
void cseg_progress_start(cellseg_context *context);

/* The last report of a call that succeeded: 1. */
void cseg_progress_finish(cellseg_context *context);

void *cseg_heap_alloc(cseg_heap *heap, size_t bytes);

/* How many threads can run at once: the processors of the calling thread's affinity, or fewer by a quota of its cgroups. */
int32_t cseg_cpu_count(void);

/* The processors that the CPU quotas of this process's cgroups allow, rounded up; INT32_MAX: no quota. `root`: the folder that
 * holds proc and sys, "" for the system's own. */
int32_t cseg_cgroup_cpus(const char *root);

#endif
