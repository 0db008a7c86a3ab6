/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing where libtiff, libpng and zlib, which have allocators of their own, get no memory: CELLSEG_ERR_MEMORY, and no file. */
#include "testing.h"

#include <cellseg/io.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define OTHER_MALLOC 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define OTHER_MALLOC 1
#endif

/* ---- the C library's allocator, for every library of this process; from the armed call on all calls fail ---- */

static long countdown = -1; /* allocations that still succeed; negative: all do */

#ifndef OTHER_MALLOC
extern void *__libc_malloc(size_t size);               // NOLINT(bugprone-reserved-identifier)
extern void *__libc_calloc(size_t count, size_t size); // NOLINT(bugprone-reserved-identifier)
extern void *__libc_realloc(void *block, size_t size); // NOLINT(bugprone-reserved-identifier)

static bool fails(void) {
    if (countdown > 0)
        countdown--;
    else if (countdown == 0)
        return true;
    return false;
}
void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    return fails() ? NULL : __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
    return fails() ? NULL : __libc_realloc(block, size);
}
#endif

/* ---- what is written ---- */

enum { MAX_BYTES = 1 << 16 };

static struct file {
    unsigned char bytes[MAX_BYTES];
    size_t size;
} expected, written;

static int32_t take(void *user, const void *bytes, size_t count) {
    struct file *file = user;
    if (file->size + count > sizeof file->bytes)
        return 27; /* EFBIG */
    memcpy(file->bytes + file->size, bytes, count);
    file->size += count;
    return 0;
}

typedef cellseg_status (*write_fn)(const cellseg_writer *writer);

static cellseg_image *image;
static cellseg_labels *labels;

static cellseg_status write_image(const cellseg_writer *writer) {
    return cellseg_image_write_to(image, NULL, writer, NULL);
}
static cellseg_status write_labels(const cellseg_writer *writer) {
    cellseg_write_options options;
    CSEG_TRY(cellseg_write_options_init(&options, sizeof options));
    options.tile_px = 16;
    options.provenance = "{}";
    return cellseg_labels_write_to(labels, NULL, writer, &options);
}
static cellseg_status write_overlay(const cellseg_writer *writer) {
    return cellseg_overlay_write_to(NULL, writer, image, 0, labels, NULL, NULL);
}

static int make_inputs(void **state) {
    (void)state;
    uint64_t seed = 5;
    assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 2, 40, 50));
    assert_ok(cellseg_image_set_pixel_size_um(image, 0.65));
    assert_ok(cellseg_labels_new(&labels, NULL, 40, 50));
    for (size_t i = 0; i < 40 * 50; i++) {
        ((uint16_t *)cellseg_image_pixels_mut(image, 0))[i] = (uint16_t)test_random(&seed);
        cellseg_labels_data_mut(labels)[i] = (uint32_t)(i % 50 / 10);
    }
    return 0;
}

static int free_inputs(void **state) {
    (void)state;
    cellseg_image_free(image);
    cellseg_labels_free(labels);
    return 0;
}

static void every_allocation_matters(void **state) {
    (void)state;
#ifdef OTHER_MALLOC
    skip();
#endif
    static const write_fn writes[] = {write_image, write_labels, write_overlay};
    cellseg_writer writer;
    assert_ok(cellseg_writer_init(&writer, sizeof writer));
    writer.write = take;
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        expected.size = 0;
        writer.user = &expected;
        assert_ok(writes[i](&writer));
        writer.user = &written;
        long failures = 0;
        for (cellseg_status status = CELLSEG_ERR_MEMORY; status != CELLSEG_OK; failures++) {
            written.size = 0;
            countdown = failures;
            status = writes[i](&writer);
            countdown = -1;
            if (status != CELLSEG_OK && (status != CELLSEG_ERR_MEMORY || written.size > 0))
                fail_msg("writer %zu, allocation %ld: %s: %s", i, failures, cellseg_status_name(status), cellseg_last_error());
        }
        assert_true(failures > 10);
        assert_int_equal(written.size, expected.size);
        assert_memory_equal(written.bytes, expected.bytes, expected.size);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_matters)};
    return cmocka_run_group_tests(tests, make_inputs, free_inputs);
}
