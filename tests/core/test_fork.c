/* SPDX-License-Identifier: BSD-3-Clause */
/* fork(): the child frees and uses the contexts of its parent, whose threads it does not have. And a process that may start few.
 */
#include "testing.h"

#include <cellseg/filter.h>

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIDE = 200, NO_LIMIT = 77 };

/* 0, or what went wrong in a process, which takes at most 20 seconds. */
static int child_result(pid_t child) {
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static pid_t fork_with_alarm(void) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        (void)alarm(20);
    return child;
}

/* The bytes of a smoothed picture, whose filter runs in loops. */
static bool smooth(cellseg_context *context, float *pixels) {
    cellseg_image *image = NULL, *smoothed = NULL;
    bool good = cellseg_image_new(&image, context, CELLSEG_UINT8, 1, SIDE, SIDE) == CELLSEG_OK;
    for (size_t y = 0; good && y < SIDE; y++) {
        uint8_t *row = (uint8_t *)cellseg_image_pixels(image, 0) + y * cellseg_image_row_stride_bytes(image);
        for (size_t x = 0; x < SIDE; x++)
            row[x] = (uint8_t)(x * y);
    }
    good = good && cellseg_image_gaussian(&smoothed, context, image, 0, 3) == CELLSEG_OK;
    for (size_t y = 0; good && y < SIDE; y++) {
        const char *row = (const char *)cellseg_image_pixels(smoothed, 0) + y * cellseg_image_row_stride_bytes(smoothed);
        memcpy(pixels + y * SIDE, row, SIDE * sizeof *pixels);
    }
    cellseg_image_free(smoothed);
    cellseg_image_free(image);
    return good;
}

static float expected[SIDE * SIDE];

static void a_child_frees_its_parent_s_context(void **state) {
    (void)state;
    for (int32_t threads = 1; threads <= 7; threads += 3)
        for (int used = 0; used < 2; used++) {
            cellseg_context *context = test_context(threads);
            assert_true(!used || smooth(context, expected));
            const pid_t child = fork_with_alarm();
            if (child == 0) {
                cellseg_context_free(context);
                _exit(0);
            }
            assert_int_equal(child_result(child), 0);
            assert_true(smooth(context, expected)); /* the parent's is as it was */
            cellseg_context_free(context);
        }
}

/* The thread sanitizer ends a child that starts threads. */
#ifndef __SANITIZE_THREAD__
static float found[SIDE * SIDE];

/* 0 where the context works and is released. */
static int use_and_free(cellseg_context *context) {
    memset(found, 0, sizeof found);
    const bool same = smooth(context, found) && smooth(context, found) && memcmp(found, expected, sizeof found) == 0;
    cellseg_context_free(context);
    return same ? 0 : 2;
}

static void a_child_and_its_child_use_their_parent_s_context(void **state) {
    (void)state;
    for (int32_t threads = 1; threads <= 7; threads += 3)
        for (int used = 0; used < 2; used++) {
            cellseg_context *context = test_context(threads);
            assert_true(smooth(NULL, expected) && (!used || smooth(context, expected)));
            const pid_t child = fork_with_alarm();
            if (child == 0) {
                const pid_t grandchild = smooth(context, found) ? fork_with_alarm() : -1;
                if (grandchild == 0)
                    _exit(use_and_free(context));
                const int below = grandchild > 0 ? child_result(grandchild) : 3;
                _exit(below != 0 ? below : use_and_free(context));
            }
            assert_int_equal(child_result(child), 0);
            assert_int_equal(use_and_free(context), 0);
        }
}

typedef struct forker {
    int reports_until_fork;
    pid_t child;
} forker;

/* The child goes on as the parent does. */
static int32_t fork_in_time(void *user, double fraction, const char *step) {
    forker *f = user;
    (void)fraction;
    (void)step;
    if (f->reports_until_fork-- == 0)
        f->child = fork_with_alarm();
    return 0;
}

static cellseg_status sleep_a_little(void *data, size_t index) {
    (void)data;
    (void)index;
    const struct timespec pause = {0, 5 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    return CELLSEG_OK;
}

/* 0 where the call has the right end in the process that runs this. */
static int check_end(cellseg_context *context, cellseg_status status, bool lost) {
    const bool told = status == CELLSEG_ERR_INTERNAL && strstr(cellseg_last_error(), "forked") != NULL;
    return (lost ? told : status == CELLSEG_OK) ? use_and_free(context) : 4;
}

/* Before a loop, or where one thread works, the child completes the call too. Within a loop it has lost what the helpers had
 * begun, and the call fails at once. */
static void a_call_within_which_a_callback_forks_completes_in_the_parent(void **state) {
    (void)state;
    assert_true(smooth(NULL, expected));
    for (int32_t threads = 1; threads <= 7; threads += 3)
        for (int within = 0; within < 2; within++) {
            forker f = {within, -1};
            cellseg_context_options options;
            assert_ok(cellseg_context_options_init(&options, sizeof options));
            options.threads = threads;
            options.progress = fork_in_time;
            options.progress_user = &f;
            cellseg_context *context;
            assert_ok(cellseg_context_new(&context, &options));
            const cellseg_status status = cseg_parallel_for(context, 200, sleep_a_little, NULL);
            if (f.child == 0)
                _exit(check_end(context, status, within == 1 && threads > 1));
            assert_int_equal(child_result(f.child), 0);
            assert_int_equal(check_end(context, status, false), 0);
        }
}

#ifndef __SANITIZE_ADDRESS__
/* Some stacks of 8 MB fit; an allocation of this size shows that the limit holds. The address sanitizer needs more. */
static void a_loop_works_with_the_threads_that_could_start(void **state) {
    (void)state;
    assert_true(smooth(NULL, expected));
    cellseg_context *context = test_context(200);
    const pid_t child = fork_with_alarm();
    if (child == 0) {
        const struct rlimit limit = {(rlim_t)100 << 20, (rlim_t)100 << 20};
        if (setrlimit(RLIMIT_AS, &limit) != 0 || malloc((size_t)150 << 20) != NULL)
            _exit(NO_LIMIT);
        _exit(use_and_free(context));
    }
    const int result = child_result(child);
    assert_true(result == 0 || result == NO_LIMIT);
    cellseg_context_free(context);
}
#endif
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_frees_its_parent_s_context),
#ifndef __SANITIZE_THREAD__
        cmocka_unit_test(a_child_and_its_child_use_their_parent_s_context),
        cmocka_unit_test(a_call_within_which_a_callback_forks_completes_in_the_parent),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(a_loop_works_with_the_threads_that_could_start),
#endif
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
