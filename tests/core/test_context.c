/* SPDX-License-Identifier: BSD-3-Clause */
/* Contexts, option structs of other releases, memory and its budget, the last error. */
#include "testing.h"

#include <stdio.h>

static void names_and_version(void **state) {
    (void)state;
    assert_string_equal(cellseg_status_name(CELLSEG_OK), "CELLSEG_OK");
    assert_string_equal(cellseg_status_name(CELLSEG_ERR_INTERNAL), "CELLSEG_ERR_INTERNAL");
    assert_string_equal(cellseg_status_name(CELLSEG_ERR_UNAVAILABLE), "CELLSEG_ERR_UNAVAILABLE");
    assert_string_equal(cellseg_status_name(1), "unknown status");
    assert_string_equal(cellseg_status_name(-10), "unknown status");
    char version[32];
    (void)snprintf(version, sizeof version, "%d.%d.%d", CELLSEG_VERSION_MAJOR, CELLSEG_VERSION_MINOR, CELLSEG_VERSION_PATCH);
    assert_string_equal(cellseg_version(), version);
    assert_int_equal(cellseg_version_number(),
                     CELLSEG_VERSION_MAJOR * 1000000 + CELLSEG_VERSION_MINOR * 1000 + CELLSEG_VERSION_PATCH);
#if !CELLSEG_VERSION_AT_LEAST(1, 0, 0) ||                                                                                        \
    CELLSEG_VERSION_AT_LEAST(CELLSEG_VERSION_MAJOR, CELLSEG_VERSION_MINOR, CELLSEG_VERSION_PATCH + 1)
#error "CELLSEG_VERSION_AT_LEAST"
#endif
    assert_true(CELLSEG_VERSION_AT_LEAST(0, 99, 999) && !CELLSEG_VERSION_AT_LEAST(2, 0, 0));
}

static void an_error_is_one_line(void **state) {
    (void)state;
    assert_int_equal(cseg_fail(CELLSEG_ERR_IO, "a\nb\x1b[%d", 7), CELLSEG_ERR_IO);
    assert_string_equal(cellseg_last_error(), "a b [7");
    assert_int_equal(cseg_error_last(), CELLSEG_ERR_IO);
    (void)cseg_error_fail_in(CELLSEG_ERR_IO, "file.tif");
    assert_string_equal(cellseg_last_error(), "file.tif: a b [7");
}

/* A path of any length gives way in its middle, never the fault behind it, and never half a character. */
static void a_long_path_leaves_the_fault_whole(void **state) {
    (void)state;
    static char path[20001];
    for (size_t length = 100; length < sizeof path; length += length < 4300 || length > 4700 ? 97 : 1) {
        for (size_t i = 0; i < length; i += 2)
            memcpy(path + i, "\xc3\xa4", 2);
        path[length - length % 2] = '\0';
        (void)cseg_fail(CELLSEG_ERR_IO, "cannot be opened: %s", "no such thing");
        assert_status(cseg_error_fail_in(CELLSEG_ERR_IO, path), CELLSEG_ERR_IO);
        const char *line = cellseg_last_error(), *fault = strstr(line, ": cannot be opened: no such thing");
        assert_non_null(fault);
        assert_string_equal(fault, ": cannot be opened: no such thing");
        const bool whole = (size_t)(fault - line) == strlen(path);
        assert_true(whole || (length > 4096 && strstr(line, "\xa4...\xc3") != NULL));
        assert_true(!whole || strncmp(line, path, strlen(path)) == 0);
    }
}

static cellseg_status fail_far_in(void *data, size_t index) {
    (void)index;
    (void)cseg_fail(CELLSEG_ERR_IO, "the fault");
    return cseg_error_fail_in(CELLSEG_ERR_IO, data);
}

static void a_loop_keeps_the_whole_line(void **state) {
    (void)state;
    static char path[4001];
    memset(path, 'p', sizeof path - 1);
    assert_status(cseg_parallel_for(NULL, 7, fail_far_in, path), CELLSEG_ERR_IO);
    assert_int_equal(strlen(cellseg_last_error()), 4000 + strlen(": the fault"));
    assert_string_equal(cellseg_last_error() + 4000, ": the fault");
}

static void bad_options_are_refused(void **state) {
    (void)state;
    cellseg_context_options good, bad;
    assert_status(cellseg_context_options_init(NULL, sizeof good), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_context_options_init(&good, 8), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_context_options_init(&good, sizeof good));
    cellseg_context *context = (cellseg_context *)&good;
    assert_status(cellseg_context_new(NULL, &good), CELLSEG_ERR_ARGUMENT);
    bad = good;
    bad.threads = -1;
    assert_status(cellseg_context_new(&context, &bad), CELLSEG_ERR_ARGUMENT);
    assert_null(context);
    bad.threads = 1025;
    assert_status(cellseg_context_new(&context, &bad), CELLSEG_ERR_ARGUMENT);
    bad = good;
    bad.alloc = failing_alloc;
    assert_status(cellseg_context_new(&context, &bad), CELLSEG_ERR_ARGUMENT);
    bad = good;
    bad.cpu_level = 99;
    assert_status(cellseg_context_new(&context, &bad), CELLSEG_ERR_ARGUMENT);
    bad = good;
    bad.struct_size = 0;
    assert_status(cellseg_context_new(&context, &bad), CELLSEG_ERR_ARGUMENT);
}

static void options_of_a_newer_program_are_read_while_they_ask_nothing_new(void **state) {
    (void)state;
    struct {
        cellseg_context_options known;
        uint64_t later;
    } newer;
    assert_ok(cellseg_context_options_init(&newer.known, sizeof newer));
    assert_int_equal(newer.known.struct_size, sizeof newer);
    assert_int_equal(newer.later, 0);
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &newer.known));
    cellseg_context_free(context);
    newer.later = 1;
    assert_status(cellseg_context_new(&context, &newer.known), CELLSEG_ERR_ARGUMENT);
    char position[40]; /* of the first byte that the library does not know: by the processor's sizes */
    (void)snprintf(position, sizeof position, "byte %zu is set", sizeof newer.known);
    const char *const words[] = {position, "libcellseg 1.", "newer header: set the member to 0, or install"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_non_null(strstr(cellseg_last_error(), words[i]));
}

/* The context's own bytes do not count: any number of threads leaves the same budget, and one byte makes a context. */
static void the_budget_is_for_calls(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 2, 7, 100};
    static const uint64_t budgets[] = {1, 4096, UINT64_MAX - 1};
    for (size_t t = 0; t < 4; t++)
        for (size_t b = 0; b < 3; b++) {
            cellseg_context_options options;
            cellseg_context *context;
            assert_ok(cellseg_context_options_init(&options, sizeof options));
            options.threads = threads[t];
            options.memory_budget_bytes = budgets[b];
            assert_ok(cellseg_context_new(&context, &options));
            assert_true(cseg_budget_left(context) == budgets[b]);
            cseg_memory_peak_start(context);
            assert_true(cseg_memory_peak(context) == 0);
            void *block = cseg_memory_alloc(context, 1, 1);
            assert_int_equal(block != NULL, b > 0);
            assert_int_equal(cseg_memory_peak(context) != 0, b > 0);
            cseg_memory_free(block);
            assert_true(cseg_budget_left(context) == budgets[b]);
            cellseg_context_free(context);
        }
}

static void the_budget_is_kept_and_given_back(void **state) {
    (void)state;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.memory_budget_bytes = 100000;
    options.threads = 1;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    void *a = cseg_memory_alloc(context, 60000, 1);
    assert_non_null(a);
    assert_null(cseg_memory_alloc(context, 60000, 1));
    assert_int_equal(cseg_error_last(), CELLSEG_ERR_LIMIT);
    assert_status(cseg_budget_check(context, 60000, "this"), CELLSEG_ERR_LIMIT);
    assert_ok(cseg_budget_check(context, 1000, "this"));
    cseg_memory_free(a);
    a = cseg_memory_calloc(context, 60000, 1);
    assert_non_null(a);
    assert_int_equal((uintptr_t)a % 64, 0);
    assert_int_equal(((char *)a)[59999], 0);
    cellseg_context_free(context);
    cseg_memory_free(a); /* a block outlives its context */
    assert_null(cseg_memory_alloc(NULL, SIZE_MAX, 2));
    assert_null(cseg_memory_alloc(NULL, SIZE_MAX, 1));
    assert_int_equal(cseg_error_last(), CELLSEG_ERR_MEMORY);
}

static void every_failing_allocation_of_a_context_is_survived(void **state) {
    (void)state;
    for (long n = 0;; n++) {
        failing_allocator allocator;
        atomic_init(&allocator.countdown, n);
        atomic_init(&allocator.live, 0);
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.alloc = failing_alloc;
        options.free = failing_free;
        options.memory_user = &allocator;
        options.threads = 4;
        cellseg_context *context;
        const cellseg_status status = cellseg_context_new(&context, &options);
        cellseg_context_free(context);
        assert_int_equal(atomic_load(&allocator.live), 0);
        if (status == CELLSEG_OK)
            break;
        assert_status(status, CELLSEG_ERR_MEMORY);
        assert_true(n < 10);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_version),
        cmocka_unit_test(an_error_is_one_line),
        cmocka_unit_test(a_long_path_leaves_the_fault_whole),
        cmocka_unit_test(a_loop_keeps_the_whole_line),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(options_of_a_newer_program_are_read_while_they_ask_nothing_new),
        cmocka_unit_test(the_budget_is_for_calls),
        cmocka_unit_test(the_budget_is_kept_and_given_back),
        cmocka_unit_test(every_failing_allocation_of_a_context_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
