/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "For each index", on a small pool. Indices are handed out by one atomic counter; which thread takes which never matters, since
 * each index writes its own output. The calling thread works too, and reports progress before the loop and between its indices.
 */
#include "core/context.h"
#include "core/system.h"

#include <string.h>

static _Thread_local bool inside_a_task;

typedef struct loop loop;

/* Up to `threads - 1` sleepers, woken by a generation number. */
struct cseg_pool {
    int64_t process; /* whose threads the helpers are; 0: not started. The child of a fork() has none of its parent's threads */
    pthread_mutex_t mutex;
    pthread_cond_t wake, idle;
    loop *work;
    uint64_t generation;
    int32_t running; /* helpers inside the current loop */
    bool quit;
    int32_t wanted, count; /* helpers; those that could be started */
    pthread_t threads[];
};

struct loop {
    cellseg_context *context;
    cseg_task_fn task;
    void *data;
    size_t count;
    atomic_llong seats; /* helpers of the pool that may still join */
    pthread_t caller;
    cseg_pool *pool;       /* whose helpers work on it; NULL: none */
    atomic_size_t next;    /* first index nobody has taken */
    atomic_size_t done;    /* indices run or skipped */
    atomic_bool stop;      /* a task failed: later indices need not run */
    pthread_mutex_t mutex; /* guards the three below */
    cellseg_status status;
    size_t failed_index;
    char message[CSEG_ERROR_BYTES];
};

static bool belongs_here(const cseg_pool *pool) {
    return pool->process == cseg_system_process();
}

static void keep_failure(loop *l, size_t index, cellseg_status status) {
    atomic_store(&l->stop, true);
    (void)pthread_mutex_lock(&l->mutex);
    if (l->status == CELLSEG_OK || index < l->failed_index) {
        l->status = status;
        l->failed_index = index;
        (void)strncpy(l->message, cellseg_last_error(), sizeof l->message - 1);
    }
    (void)pthread_mutex_unlock(&l->mutex);
}

static void report(loop *l) {
    cellseg_context *context = l->context;
    if (context == NULL || context->options.progress == NULL || !pthread_equal(pthread_self(), l->caller))
        return;
    (void)cseg_progress_poll(context, (double)atomic_load(&l->done) / (double)l->count);
    if (l->pool != NULL && !belongs_here(l->pool)) /* the callback forked, and this is the child */
        atomic_store(&l->stop, true);
}

cellseg_status cseg_parallel_poll(cellseg_context *context) {
    if (context != NULL && context->loop != NULL)
        report(context->loop);
    return cseg_progress_cancelled(context);
}

/* An embedder's runner may call tasks late or twice over; `index` outside the loop or after a stop is simply not run. */
static void run_index(void *data, size_t index) {
    loop *l = data;
    if (index >= l->count)
        return;
    const bool nested = inside_a_task;
    inside_a_task = true;
    if (!atomic_load_explicit(&l->stop, memory_order_relaxed)) {
        cellseg_status status = cseg_progress_cancelled(l->context);
        if (status == CELLSEG_OK)
            status = l->task(l->data, index);
        if (status != CELLSEG_OK)
            keep_failure(l, index, status);
    }
    inside_a_task = nested;
    atomic_fetch_add(&l->done, 1);
    if (!nested)
        report(l);
}

static void run_share(loop *l) {
    for (size_t i = atomic_fetch_add(&l->next, 1); i < l->count; i = atomic_fetch_add(&l->next, 1))
        run_index(l, i);
}

/* On a thread of the embedder, which gets its own floating-point environment back. The calling thread has the default one. */
static void run_hooked_index(void *data, size_t index) {
    const loop *l = data;
    if (pthread_equal(pthread_self(), l->caller) || atomic_load_explicit(&l->stop, memory_order_relaxed)) {
        run_index(data, index);
        return;
    }
    cseg_environment host;
    cseg_environment_begin(&host);
    run_index(data, index);
    cseg_environment_end(&host);
}

/* The same where fewer threads may work than the embedder has: each index of its loop is one worker's share of ours. */
static void run_hooked_share(void *data, size_t index) {
    cseg_environment host;
    (void)index;
    cseg_environment_begin(&host);
    run_share(data);
    cseg_environment_end(&host);
}

/* ---- the pool ---- */

static void *helper(void *argument) {
    cseg_pool *pool = argument;
    uint64_t served = 0;
    cseg_environment maker;
    cseg_environment_begin(&maker); /* a thread starts with its maker's */
    (void)pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->quit && pool->generation == served)
            (void)pthread_cond_wait(&pool->wake, &pool->mutex);
        if (pool->quit)
            break;
        served = pool->generation;
        loop *work = pool->work;
        if (work == NULL)
            continue;
        pool->running++;
        (void)pthread_mutex_unlock(&pool->mutex);
        if (atomic_fetch_sub(&work->seats, 1) > 0)
            run_share(work);
        (void)pthread_mutex_lock(&pool->mutex);
        if (--pool->running == 0)
            (void)pthread_cond_signal(&pool->idle);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

cellseg_status cseg_pool_new(cseg_pool **out, cseg_heap *heap, int32_t threads) {
    const size_t helpers = (size_t)threads - 1;
    cseg_pool *pool = cseg_heap_alloc(heap, sizeof *pool + helpers * sizeof pool->threads[0]);
    if (pool == NULL)
        return cseg_error_last();
    memset(pool, 0, sizeof *pool);
    pool->wanted = (int32_t)helpers;
    *out = pool;
    return CELLSEG_OK;
}

/* In the process that runs a loop. A thread that cannot start is no fault, the others do its share. */
static void start_helpers(cseg_pool *pool) {
    pool->process = cseg_system_process();
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    (void)pthread_cond_init(&pool->idle, NULL);
    pool->work = NULL;
    pool->running = 0;
    pool->count = 0;
    while (pool->count < pool->wanted && pthread_create(&pool->threads[pool->count], NULL, helper, pool) == 0)
        pool->count++;
}

static void stop_helpers(cseg_pool *pool) {
    (void)pthread_mutex_lock(&pool->mutex);
    pool->quit = true;
    (void)pthread_cond_broadcast(&pool->wake);
    (void)pthread_mutex_unlock(&pool->mutex);
    for (int32_t i = 0; i < pool->count; i++)
        (void)pthread_join(pool->threads[i], NULL);
    (void)pthread_cond_destroy(&pool->wake);
    (void)pthread_cond_destroy(&pool->idle);
    (void)pthread_mutex_destroy(&pool->mutex);
}

/* The locks of a parent process may be held by threads that the child lacks: the child touches neither. */
void cseg_pool_free(cseg_pool *pool) {
    if (pool != NULL && belongs_here(pool))
        stop_helpers(pool);
    cseg_memory_free(pool);
}

static cellseg_status run_on_pool(cseg_pool *pool, loop *l) {
    if (!belongs_here(pool))
        start_helpers(pool);
    l->pool = pool;
    (void)pthread_mutex_lock(&pool->mutex);
    pool->work = l;
    pool->generation++;
    (void)pthread_cond_broadcast(&pool->wake);
    (void)pthread_mutex_unlock(&pool->mutex);
    run_share(l);
    if (!belongs_here(pool))
        return cseg_fail(CELLSEG_ERR_INTERNAL,
                         "the process was forked while the call ran; only the parent can complete the call");
    (void)pthread_mutex_lock(&pool->mutex);
    pool->work = NULL; /* a helper that wakes late finds nothing */
    while (pool->running > 0)
        (void)pthread_cond_wait(&pool->idle, &pool->mutex);
    (void)pthread_mutex_unlock(&pool->mutex);
    return CELLSEG_OK;
}

/* Without a context: threads for this loop alone. */
static void *run_share_thread(void *data) {
    run_share(data);
    return NULL;
}

static void run_on_new_threads(loop *l) {
    enum { MAX_HELPERS = 64 };
    pthread_t threads[MAX_HELPERS];
    size_t wanted = (size_t)cseg_cpu_count() - 1, started = 0;
    if (wanted > MAX_HELPERS)
        wanted = MAX_HELPERS;
    if (wanted > l->count - 1)
        wanted = l->count - 1;
    while (started < wanted && pthread_create(&threads[started], NULL, run_share_thread, l) == 0)
        started++;
    run_share(l);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
}

static cellseg_status run_on_hook(loop *l, uint64_t workers) {
    const cellseg_context_options *o = &l->context->options;
    const bool limited = workers < l->count;
    const int32_t refused =
        o->parallel_for(o->parallel_user, limited ? (size_t)workers : l->count, limited ? run_hooked_share : run_hooked_index, l);
    if (refused != 0 || atomic_load(&l->done) < l->count)
        return cseg_fail(CELLSEG_ERR_INTERNAL, "the context's parallel_for did not run every index");
    return CELLSEG_OK;
}

static cellseg_status run(loop *l) {
    cellseg_context *context = l->context;
    const uint64_t workers = context != NULL && context->workers > 0 ? context->workers : INT32_MAX;
    atomic_init(&l->seats, (long long)workers - 1);
    if (inside_a_task || l->count == 1 || (context != NULL && context->pool == NULL && context->options.parallel_for == NULL))
        run_share(l);
    else if (context == NULL)
        run_on_new_threads(l);
    else if (context->options.parallel_for != NULL)
        return run_on_hook(l, workers);
    else
        return run_on_pool(context->pool, l);
    return CELLSEG_OK;
}

void cseg_parallel_limit(cellseg_context *context, uint64_t workers) {
    if (context != NULL)
        context->workers = workers < INT32_MAX ? workers : INT32_MAX;
}

cellseg_status cseg_parallel_for(cellseg_context *context, size_t count, cseg_task_fn task, void *data) {
    if (count == 0)
        return CELLSEG_OK;
    loop l = {.context = context, .task = task, .data = data, .count = count, .caller = pthread_self()};
    (void)pthread_mutex_init(&l.mutex, NULL);
    const bool outermost = !inside_a_task && context != NULL;
    if (outermost) {
        context->loop = &l;
        report(&l); /* the pool may leave the caller no index to report after */
    }
    cellseg_status status = run(&l);
    if (outermost)
        context->loop = NULL;
    if (l.status != CELLSEG_OK)
        status = cseg_fail(l.status, "%s", l.message);
    (void)pthread_mutex_destroy(&l.mutex);
    return status;
}
