/* SPDX-License-Identifier: BSD-3-Clause */
/* The parallel loop: every index once, failures of the lowest index, nesting, cancel, the embedder's own loop. */
#include "testing.h"

#include "core/context.h"

#include <pthread.h>
#include <time.h>

enum { COUNT = 1000 };

typedef struct marks {
    atomic_int runs[COUNT];
    size_t fail_from;
    cellseg_context *context;
} marks;

static cellseg_status mark(void *data, size_t index) {
    marks *m = data;
    atomic_fetch_add(&m->runs[index], 1);
    if (index >= m->fail_from)
        return cseg_fail(CELLSEG_ERR_FORMAT, "index %zu", index);
    return CELLSEG_OK;
}

static void clear(marks *m, cellseg_context *context) {
    for (size_t i = 0; i < COUNT; i++)
        atomic_init(&m->runs[i], 0);
    m->fail_from = COUNT;
    m->context = context;
}

static void assert_each_once(marks *m) {
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(atomic_load(&m->runs[i]), 1);
}

static void runs_every_index_once(void **state) {
    (void)state;
    static marks m;
    static const int32_t threads[] = {1, 2, 7, 64};
    for (size_t t = 0; t < 4; t++) {
        cellseg_context *context = test_context(threads[t]);
        assert_int_equal(cellseg_context_threads(context), threads[t]);
        for (int repeat = 0; repeat < 200; repeat++) {
            clear(&m, context);
            assert_ok(cseg_parallel_for(context, COUNT, mark, &m));
            assert_each_once(&m);
        }
        cellseg_context_free(context);
    }
    clear(&m, NULL);
    assert_ok(cseg_parallel_for(NULL, COUNT, mark, &m));
    assert_each_once(&m);
    assert_ok(cseg_parallel_for(NULL, 0, mark, &m));
}

static void forwards_a_failure_with_its_message(void **state) {
    (void)state;
    static marks m;
    cellseg_context *context = test_context(7);
    clear(&m, context);
    m.fail_from = COUNT - 1;
    assert_status(cseg_parallel_for(context, COUNT, mark, &m), CELLSEG_ERR_FORMAT);
    assert_string_equal(cellseg_last_error(), "index 999");
    clear(&m, context);
    m.fail_from = 0;
    assert_status(cseg_parallel_for(context, COUNT, mark, &m), CELLSEG_ERR_FORMAT);
    assert_int_equal(atomic_load(&m.runs[COUNT - 1]), 0);
    cellseg_context_free(context);
}

static cellseg_status nest(void *data, size_t index) {
    (void)index;
    marks *m = data;
    return cseg_parallel_for(m->context, COUNT, mark, m);
}

static void nested_loops_run_on_their_task_s_thread(void **state) {
    (void)state;
    static marks m;
    cellseg_context *context = test_context(7);
    clear(&m, context);
    assert_ok(cseg_parallel_for(context, 20, nest, &m));
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(atomic_load(&m.runs[i]), 20);
    cellseg_context_free(context);
}

static int32_t backwards(void *user, size_t count, cellseg_task_fn task, void *data) {
    (*(int *)user)++;
    for (size_t i = count; i-- > 0;)
        task(data, i);
    return 0;
}

static int32_t lazy(void *user, size_t count, cellseg_task_fn task, void *data) {
    (void)user;
    for (size_t i = 0; i + 1 < count; i++)
        task(data, i);
    return 0;
}

static void the_embedder_s_loop_is_used_and_checked(void **state) {
    (void)state;
    static marks m;
    int calls = 0;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.parallel_for = backwards;
    options.parallel_user = &calls;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    clear(&m, context);
    assert_ok(cseg_parallel_for(context, COUNT, mark, &m));
    assert_each_once(&m);
    assert_int_equal(calls, 1);
    cellseg_context_free(context);

    options.parallel_for = lazy;
    assert_ok(cellseg_context_new(&context, &options));
    clear(&m, context);
    assert_status(cseg_parallel_for(context, COUNT, mark, &m), CELLSEG_ERR_INTERNAL);
    cellseg_context_free(context);
}

typedef struct watcher {
    pthread_t caller;
    double last;
    int calls, stop_at;
} watcher;

static int32_t watch(void *user, double fraction, const char *step) {
    watcher *w = user;
    assert_true(pthread_equal(w->caller, pthread_self()));
    assert_true(fraction >= w->last && fraction <= 1);
    assert_string_equal(step, "work");
    w->last = fraction;
    w->calls++;
    return w->calls >= w->stop_at;
}

/* About to begin the step "work" of a call. parallel_for: NULL for the context's own pool. */
static cellseg_context *watched_context(watcher *w, int32_t threads, cellseg_parallel_for_fn parallel_for) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.parallel_for = parallel_for;
    options.progress = watch;
    options.progress_user = w;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cseg_progress_start(context);
    cseg_progress_step(context, "work", 0, 1);
    return context;
}

static cellseg_status sleep_a_little(void *data, size_t index) {
    (void)index;
    const struct timespec pause = {0, 5 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    atomic_fetch_add((atomic_int *)data, 1);
    return CELLSEG_OK;
}

static void progress_rises_on_the_caller_and_can_cancel(void **state) {
    (void)state;
    static atomic_int slept;
    watcher w = {pthread_self(), 0, 0, 1000};
    cellseg_context *context = watched_context(&w, 3, NULL);
    cseg_progress_step(context, "work", 0, 0.5);
    assert_ok(cseg_parallel_for(context, 60, sleep_a_little, &slept));
    cseg_progress_step(context, "work", 0.5, 1);
    assert_ok(cseg_parallel_for(context, 60, sleep_a_little, &slept));
    assert_true(w.calls >= 4 && w.last > 0.5);

    w = (watcher){pthread_self(), 0, 0, 2};
    cseg_progress_start(context);
    cseg_progress_step(context, "work", 0, 1);
    atomic_store(&slept, 0);
    assert_status(cseg_parallel_for(context, 2000, sleep_a_little, &slept), CELLSEG_ERR_CANCELLED);
    assert_true(atomic_load(&slept) < 1000);
    assert_int_equal(w.calls, 2);
    cellseg_context_free(context);
}

static cellseg_status poll_until_cancelled(void *data, size_t index) {
    atomic_int slept;
    atomic_init(&slept, 0);
    for (int part = 0; part < 1000; part++) {
        assert_ok(sleep_a_little(&slept, index));
        cseg_parallel_poll(data);
        CSEG_TRY(cseg_progress_cancelled(data));
    }
    return CELLSEG_OK;
}

static void a_long_index_reports_between_its_parts(void **state) {
    (void)state;
    for (int32_t threads = 1; threads <= 2; threads++) {
        watcher w = {pthread_self(), 0, 0, 3};
        cellseg_context *context = watched_context(&w, threads, NULL);
        assert_status(cseg_parallel_for(context, (size_t)threads * 2, poll_until_cancelled, context), CELLSEG_ERR_CANCELLED);
        assert_int_equal(w.calls, 3);
        cseg_parallel_poll(context); /* no loop runs */
        assert_int_equal(w.calls, 3);
        cellseg_context_free(context);
    }
}

typedef struct whole_loop {
    size_t count;
    cellseg_task_fn task;
    void *data;
} whole_loop;

static void *run_whole_loop(void *argument) {
    whole_loop *l = argument;
    for (size_t i = 0; i < l->count; i++)
        l->task(l->data, i);
    return NULL;
}

static int32_t elsewhere(void *user, size_t count, cellseg_task_fn task, void *data) {
    (void)user;
    whole_loop l = {count, task, data};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_whole_loop, &l), 0);
    return pthread_join(thread, NULL);
}

/* Other threads may take every index, as the pool's do when the caller is slow to be scheduled. */
static void a_caller_without_an_index_reports_once_a_call(void **state) {
    (void)state;
    static marks m;
    watcher w = {pthread_self(), 0, 0, 1000};
    cellseg_context *context = watched_context(&w, 0, elsewhere);
    clear(&m, context);
    for (int call = 1; call <= 3; call++) {
        cseg_progress_start(context);
        cseg_progress_step(context, "work", 0, 1);
        assert_ok(cseg_parallel_for(context, COUNT, mark, &m));
        assert_int_equal(w.calls, call);
    }
    w.stop_at = 0;
    clear(&m, context);
    cseg_progress_start(context);
    cseg_progress_step(context, "work", 0, 1);
    assert_status(cseg_parallel_for(context, COUNT, mark, &m), CELLSEG_ERR_CANCELLED);
    assert_int_equal(atomic_load(&m.runs[0]), 0);
    cellseg_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_every_index_once),
        cmocka_unit_test(forwards_a_failure_with_its_message),
        cmocka_unit_test(nested_loops_run_on_their_task_s_thread),
        cmocka_unit_test(the_embedder_s_loop_is_used_and_checked),
        cmocka_unit_test(progress_rises_on_the_caller_and_can_cancel),
        cmocka_unit_test(a_long_index_reports_between_its_parts),
        cmocka_unit_test(a_caller_without_an_index_reports_once_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
