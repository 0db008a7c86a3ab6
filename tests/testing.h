/* SPDX-License-Identifier: BSD-3-Clause */
/* What every test program needs: cmocka in its order, the library's core, and an allocator that fails on demand. */
#ifndef CSEG_TESTING_H
#define CSEG_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/core.h"

#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include "on_windows.h"
#endif

/* Fails with the library's own message, which says more than a number. */
#define assert_ok(call)                                                                                                          \
    do {                                                                                                                         \
        cellseg_status assert_ok_status_ = (call);                                                                               \
        if (assert_ok_status_ != CELLSEG_OK)                                                                                     \
            fail_msg("%s: %s: %s", #call, cellseg_status_name(assert_ok_status_), cellseg_last_error());                         \
    } while (0)

#define assert_status(call, expected) assert_string_equal(cellseg_status_name(call), cellseg_status_name(expected))

/* The environment variable CSEG_TEST, a pattern with * and ?, chooses tests of a program; tests/one.sh sets it. */
__attribute__((constructor)) static void choose_tests(void) {
    const char *pattern = getenv("CSEG_TEST");
    if (pattern != NULL)
        cmocka_set_test_filter(pattern);
}

/* A small generator of its own (splitmix64), so that tests are the same everywhere. */
static inline uint64_t test_random(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}
static inline double test_uniform(uint64_t *state) {
    return (double)(test_random(state) >> 11) * 0x1p-53;
}

/* ---- files in memory ---- */

static inline cellseg_reader test_reader(const void *bytes, size_t size) {
    cellseg_reader reader;
    assert_ok(cellseg_reader_init_memory(&reader, sizeof reader, bytes, size));
    return reader;
}

/* What a writer took; release `bytes` with free(). */
typedef struct test_sink {
    unsigned char *bytes;
    size_t size;
    int calls;
    int error; /* what each call returns; 0: it takes the bytes */
} test_sink;

static inline int32_t test_take(void *user, const void *bytes, size_t count) {
    test_sink *sink = user;
    sink->calls++;
    if (sink->error != 0)
        return sink->error;
    assert_true(count > 0);
    unsigned char *longer = realloc(sink->bytes, sink->size + count);
    assert_non_null(longer);
    memcpy(longer + sink->size, bytes, count);
    sink->bytes = longer;
    sink->size += count;
    return 0;
}

static inline cellseg_writer test_writer(test_sink *sink) {
    cellseg_writer writer;
    assert_ok(cellseg_writer_init(&writer, sizeof writer));
    writer.user = sink;
    writer.write = test_take;
    return writer;
}

/* ---- the Nth allocation fails ---- */

typedef struct failing_allocator {
    atomic_long countdown; /* allocations that still succeed; negative: all do */
    atomic_long live;      /* blocks not yet released */
} failing_allocator;

static inline void *failing_alloc(void *user, size_t size) {
    failing_allocator *f = user;
    if (atomic_load(&f->countdown) >= 0 && atomic_fetch_sub(&f->countdown, 1) == 0) {
        atomic_store(&f->countdown, 0); /* and every later one */
        return NULL;
    }
    void *block = malloc(size);
    if (block != NULL)
        atomic_fetch_add(&f->live, 1);
    return block;
}
static inline void failing_free(void *user, void *block) {
    failing_allocator *f = user;
    if (block != NULL)
        atomic_fetch_sub(&f->live, 1);
    free(block);
}

static inline cellseg_context *test_context(int32_t threads) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

/*
 * Run `work` with the 1st, 2nd, ... Nth allocation failing until it succeeds: each failure must be CELLSEG_ERR_MEMORY, and
 * nothing may leak. Or, with a step, some of them. `work` makes everything through the context it is given and releases
 * everything, whether it succeeds or fails.
 */
typedef cellseg_status (*allocating_work)(cellseg_context *context, void *data);
#ifdef __has_feature /* of clang */
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
enum { ONE_IN = 8 }; /* calls take too long to try them all; other builds do */
#else
enum { ONE_IN = 1 };
#endif
static inline void assert_survives_some_failing_allocations(allocating_work work, void *data, long step) {
    for (long n = 0;; n += step * ONE_IN) {
        assert_true(n < 100000);
        failing_allocator allocator;
        atomic_init(&allocator.countdown, -1);
        atomic_init(&allocator.live, 0);
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.threads = 2;
        options.alloc = failing_alloc;
        options.free = failing_free;
        options.memory_user = &allocator;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        atomic_store(&allocator.countdown, n);
        const cellseg_status status = work(context, data);
        atomic_store(&allocator.countdown, -1);
        cellseg_context_free(context);
        assert_int_equal(atomic_load(&allocator.live), 0);
        if (status == CELLSEG_OK)
            return;
        assert_status(status, CELLSEG_ERR_MEMORY);
    }
}

static inline void assert_survives_failing_allocations(allocating_work work, void *data) {
    assert_survives_some_failing_allocations(work, data, 1);
}

#endif
