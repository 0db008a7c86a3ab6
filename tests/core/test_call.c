/* SPDX-License-Identifier: BSD-3-Clause */
/* The frame of a public call: floating-point environment, progress, nested calls, cancel from any thread. */
#include "environment.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

/* ---- the environment ---- */

static void a_call_has_the_default_environment_and_restores_the_host_s(void **state) {
    (void)state;
    cellseg_context *context = test_context(2);
    cellseg_context *const contexts[] = {NULL, context};
    for (int e = 0; e < ENVIRONMENTS; e++)
        for (size_t c = 0; c < 2; c++) {
            cseg_call outer, inner;
            set_environment(e);
            assert_true(environment_holds(e));
            cseg_call_begin(&outer, contexts[c]);
            assert_true(environment_holds(ENVIRONMENT_DEFAULT));
            cseg_call_begin(&inner, contexts[c]);
            assert_status(cseg_call_end(&inner, CELLSEG_ERR_IO), CELLSEG_ERR_IO);
            assert_true(environment_holds(ENVIRONMENT_DEFAULT));
            (void)feraiseexcept(FE_OVERFLOW | FE_INEXACT);
            assert_ok(cseg_call_end(&outer, CELLSEG_OK));
            assert_true(environment_holds(e));
            assert_int_equal(fetestexcept(STANDARD_EXCEPTIONS), 0);
        }
    set_environment(ENVIRONMENT_DEFAULT);
    cellseg_context_free(context);
}

static void flags_of_the_host_stay_raised(void **state) {
    (void)state;
    cseg_call call;
    set_environment(ENVIRONMENT_DEFAULT);
    assert_int_equal(feraiseexcept(FE_DIVBYZERO), 0);
    cseg_call_begin(&call, NULL);
    assert_int_equal(fetestexcept(STANDARD_EXCEPTIONS), 0);
    (void)cseg_call_end(&call, CELLSEG_OK);
    assert_int_equal(fetestexcept(STANDARD_EXCEPTIONS), FE_DIVBYZERO);
    set_environment(ENVIRONMENT_DEFAULT);
}

static cellseg_status expect_default(void *data, size_t index) {
    (void)data;
    if (!environment_holds(ENVIRONMENT_DEFAULT))
        return cseg_fail(CELLSEG_ERR_INTERNAL, "index %zu", index);
    const struct timespec pause = {0, 100 * 1000}; /* for other threads to take an index too */
    (void)nanosleep(&pause, NULL);
    return CELLSEG_OK;
}

/* The embedder's loop on a thread of its own, which has an environment of its own. */
typedef struct hook {
    size_t count;
    cellseg_task_fn task;
    void *data;
    int environment;
} hook;

static void *run_hook(void *argument) {
    hook *h = argument;
    set_environment(h->environment);
    for (size_t i = 0; i < h->count; i++) {
        h->task(h->data, i);
        assert_true(environment_holds(h->environment));
    }
    return NULL;
}

static int32_t on_a_thread(void *user, size_t count, cellseg_task_fn task, void *data) {
    hook h = {count, task, data, *(int *)user};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_hook, &h), 0);
    return pthread_join(thread, NULL);
}

static cellseg_status run_loop(cellseg_context *context) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, cseg_parallel_for(context, 50, expect_default, NULL));
}

static void every_thread_of_a_call_has_the_default_environment(void **state) {
    (void)state;
    for (int e = 0; e < ENVIRONMENTS; e++) {
        cellseg_context_options options;
        cellseg_context *pool, *hooked;
        set_environment(e);
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.threads = 7;
        assert_ok(cellseg_context_new(&pool, &options));
        options.parallel_for = on_a_thread;
        options.parallel_user = &e;
        assert_ok(cellseg_context_new(&hooked, &options));
        cellseg_context *const contexts[] = {NULL, pool, hooked};
        for (size_t c = 0; c < 3; c++) {
            assert_ok(run_loop(contexts[c]));
            assert_true(environment_holds(e));
        }
        cellseg_context_free(pool);
        cellseg_context_free(hooked);
    }
    set_environment(ENVIRONMENT_DEFAULT);
}

/* ---- progress ---- */

typedef struct watcher {
    double fractions[16];
    const char *steps[16];
    size_t count;
    int32_t answer;
} watcher;

static int32_t note(void *user, double fraction, const char *step) {
    watcher *w = user;
    assert_true(w->count < 16);
    w->fractions[w->count] = fraction;
    w->steps[w->count++] = step;
    return w->answer;
}

static cellseg_context *watched(watcher *w) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.progress = note;
    options.progress_user = w;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

static void assert_reports(const watcher *w, size_t count, const double *fractions, const char *const *steps) {
    assert_int_equal(w->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(w->fractions[i] == fractions[i]);
        assert_string_equal(w->steps[i], steps[i]);
    }
}

/* A call of two halves: reports at the middle of each. */
static cellseg_status two_halves(cellseg_context *context) {
    cseg_call call;
    cseg_call_begin(&call, context);
    cseg_progress_step(context, "first", 0, 0.5);
    cellseg_status status = cseg_progress_report(context, 0.5);
    cseg_progress_step(context, "second", 0.5, 1);
    if (status == CELLSEG_OK)
        status = cseg_progress_report(context, 0.5);
    return cseg_call_end(&call, status);
}

static void a_call_ends_with_one(void **state) {
    (void)state;
    watcher w = {.count = 0};
    cellseg_context *context = watched(&w);
    for (int repeat = 0; repeat < 2; repeat++) {
        w.count = 0;
        assert_ok(two_halves(context));
        assert_reports(&w, 3, (const double[]){0.25, 0.75, 1}, (const char *const[]){"first", "second", "done"});
    }
    cellseg_context_free(context);
}

static void a_call_within_a_call_covers_its_step(void **state) {
    (void)state;
    watcher w = {.count = 0};
    cellseg_context *context = watched(&w);
    cseg_call call;
    cseg_call_begin(&call, context);
    cseg_progress_step(context, "inner", 0.5, 0.75);
    assert_ok(two_halves(context));
    assert_ok(cseg_progress_report(context, 0.5)); /* the step is the outer call's again, and progress does not fall */
    cseg_progress_step(context, "last", 0.75, 1);
    assert_ok(cseg_progress_report(context, 0.5));
    assert_ok(cseg_call_end(&call, CELLSEG_OK));
    assert_reports(&w, 5, (const double[]){0.5625, 0.6875, 0.6875, 0.875, 1},
                   (const char *const[]){"first", "second", "inner", "last", "done"});
    cellseg_context_free(context);
}

static void a_failed_call_does_not_end_with_one(void **state) {
    (void)state;
    watcher w = {.count = 0};
    cellseg_context *context = watched(&w);
    cseg_call call;
    cseg_call_begin(&call, context);
    assert_status(cseg_call_end(&call, cseg_fail(CELLSEG_ERR_IO, "a fault")), CELLSEG_ERR_IO);
    assert_int_equal(w.count, 0);
    w.answer = 1;
    assert_status(two_halves(context), CELLSEG_ERR_CANCELLED);
    assert_string_equal(cellseg_last_error(), "cancelled by the progress callback");
    assert_reports(&w, 1, (const double[]){0.25}, (const char *const[]){"first"});
    cellseg_context_free(context);
}

static void the_answer_to_the_last_report_is_ignored(void **state) {
    (void)state;
    watcher w = {.answer = 1};
    cellseg_context *context = watched(&w);
    cseg_call call;
    for (int repeat = 0; repeat < 2; repeat++) { /* and nothing is left for the next call */
        (void)cseg_fail(CELLSEG_ERR_IO, "an earlier fault");
        w.count = 0;
        cseg_call_begin(&call, context);
        assert_ok(cseg_call_end(&call, CELLSEG_OK));
        assert_reports(&w, 1, (const double[]){1}, (const char *const[]){"done"});
        assert_string_equal(cellseg_last_error(), "an earlier fault");
    }
    cellseg_context_free(context);
}

/* ---- cancel ---- */

static cellseg_status sleep_a_little(void *data, size_t index) {
    (void)index;
    const struct timespec pause = {0, 2 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    atomic_fetch_add((atomic_int *)data, 1);
    return CELLSEG_OK;
}

static cellseg_status run_long(cellseg_context *context, atomic_int *slept) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, cseg_parallel_for(context, 100000, sleep_a_little, slept));
}

typedef struct canceller {
    cellseg_context *context;
    atomic_int *slept;
    double cancelled_at;
} canceller;

static void *cancel_soon(void *argument) {
    canceller *c = argument;
    while (atomic_load(c->slept) < 10) {
        const struct timespec pause = {0, 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
    c->cancelled_at = cseg_clock_seconds();
    cellseg_context_cancel(c->context);
    return NULL;
}

static int32_t in_order(void *user, size_t count, cellseg_task_fn task, void *data) {
    (void)user;
    for (size_t i = 0; i < count; i++)
        task(data, i);
    return 0;
}

static void another_thread_cancels_within_a_tenth_of_a_second(void **state) {
    (void)state;
    static const struct {
        int32_t threads;
        cellseg_parallel_for_fn parallel_for;
        bool progress;
    } cases[] = {{1, NULL, false}, {2, NULL, false}, {7, NULL, false}, {1, in_order, false}, {2, NULL, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static atomic_int slept;
        watcher w = {.count = 0};
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.threads = cases[i].threads;
        options.parallel_for = cases[i].parallel_for;
        options.progress = cases[i].progress ? note : NULL;
        options.progress_user = &w;
        canceller c = {.slept = &slept};
        assert_ok(cellseg_context_new(&c.context, &options));
        atomic_store(&slept, 0);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &c), 0);
        assert_status(run_long(c.context, &slept), CELLSEG_ERR_CANCELLED);
        const double ended_at = cseg_clock_seconds();
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(ended_at - c.cancelled_at < 0.1);
        assert_string_equal(cellseg_last_error(), "cancelled by cellseg_context_cancel()");
        cellseg_context_free(c.context);
    }
}

static cellseg_status poll_once(cellseg_context *context) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, cseg_progress_poll(context, 0));
}

static void a_request_stands_until_a_call_answers_it(void **state) {
    (void)state;
    cellseg_context *context = test_context(1);
    cseg_call call;
    cellseg_context_cancel(context);
    cellseg_context_cancel(context); /* twice is one request */
    cseg_call_begin(&call, context);
    assert_ok(cseg_call_end(&call, CELLSEG_OK)); /* a call that does not poll completes, and leaves the request */
    assert_status(poll_once(context), CELLSEG_ERR_CANCELLED);
    assert_ok(poll_once(context));
    cellseg_context_cancel(context);
    cellseg_context_cancel_clear(context);
    assert_ok(poll_once(context));
    cellseg_context_cancel(context);
    cseg_call_begin(&call, context);
    assert_status(poll_once(context), CELLSEG_ERR_CANCELLED); /* a nested call forwards it and does not answer */
    assert_status(cseg_progress_cancelled(context), CELLSEG_ERR_CANCELLED);
    assert_status(cseg_call_end(&call, CELLSEG_ERR_CANCELLED), CELLSEG_ERR_CANCELLED);
    assert_ok(poll_once(context));
    cellseg_context_free(context);
    cellseg_context_cancel(NULL);
    cellseg_context_cancel_clear(NULL);
}

static cellseg_context *to_cancel;

static void on_signal(int number) {
    (void)number;
    cellseg_context_cancel(to_cancel);
}

static void a_signal_handler_may_cancel(void **state) {
    (void)state;
    to_cancel = test_context(1);
    void (*before)(int) = signal(SIGTERM, on_signal);
    assert_true(before != SIG_ERR);
    assert_int_equal(raise(SIGTERM), 0);
    assert_status(poll_once(to_cancel), CELLSEG_ERR_CANCELLED);
    assert_true(signal(SIGTERM, before) != SIG_ERR);
    cellseg_context_free(to_cancel);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_has_the_default_environment_and_restores_the_host_s),
        cmocka_unit_test(flags_of_the_host_stay_raised),
        cmocka_unit_test(every_thread_of_a_call_has_the_default_environment),
        cmocka_unit_test(a_call_ends_with_one),
        cmocka_unit_test(a_call_within_a_call_covers_its_step),
        cmocka_unit_test(a_failed_call_does_not_end_with_one),
        cmocka_unit_test(the_answer_to_the_last_report_is_ignored),
        cmocka_unit_test(another_thread_cancels_within_a_tenth_of_a_second),
        cmocka_unit_test(a_request_stands_until_a_call_answers_it),
        cmocka_unit_test(a_signal_handler_may_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
