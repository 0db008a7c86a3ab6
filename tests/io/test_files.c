/* SPDX-License-Identifier: BSD-3-Clause */
/* Damaged files, failing allocations, bad arguments, budgets and threads. The files of tests/data/io are other software's. */
#include "samples.h"

#include <cellseg/io.h>

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BYTES = 8192, PATH_SIZE = 512 };

/* ---- a folder of our own ---- */

static char folder[] = "/tmp/cellseg-test-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static const char *in_folder(char path[PATH_SIZE], const char *name) {
    (void)snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

/* How many files lie there; with `empty` they are removed. */
static int files_in_folder(bool empty) {
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char path[PATH_SIZE];
            count++;
            if (empty)
                assert_int_equal(unlink(in_folder(path, entry->d_name)), 0);
        }
    closedir(dir);
    return count;
}

static int remove_folder(void **state) {
    (void)state;
    (void)files_in_folder(true);
    return rmdir(folder);
}

static void spill(const char *path, const unsigned char *bytes, size_t size) {
    (void)unlink(path); /* some file systems synchronise a file that replaces its own content, which takes its time */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t slurp(const char *path, unsigned char *bytes, size_t most) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, most, file);
    assert_true(size > 0 && size < most);
    assert_int_equal(fclose(file), 0);
    return size;
}

/* ---- the sample files ---- */

static void reads_and_is_released(const char *path) {
    cellseg_image *image;
    assert_ok(cellseg_image_read(&image, NULL, path, NULL));
    assert_int_equal(cellseg_image_width(image), 30);
    cellseg_image_free(image);
}

static void every_sample_reads(void **state) {
    (void)state;
    for_each_sample(".", reads_and_is_released);
}

/* ---- damage ---- */

/* Whatever the bytes are: an image, or an error and nothing. NULL after an error. */
static cellseg_image *read_damaged(const unsigned char *bytes, size_t size) {
    char path[PATH_SIZE];
    spill(in_folder(path, "damaged"), bytes, size);
    cellseg_read_options options;
    assert_ok(cellseg_read_options_init(&options, sizeof options));
    options.max_bytes = 1 << 20;
    cellseg_image *image = (cellseg_image *)&options;
    const cellseg_status status = cellseg_image_read(&image, NULL, path, &options);
    if (status != CELLSEG_OK) {
        assert_null(image);
        assert_true(status == CELLSEG_ERR_FORMAT || status == CELLSEG_ERR_LIMIT);
        assert_non_null(strstr(cellseg_last_error(), path));
    }
    return image;
}

static uint64_t sum_of_pixels(const cellseg_image *image) {
    uint64_t sum = 0;
    for (int32_t c = 0; c < cellseg_image_channels(image); c++) {
        const unsigned char *bytes = cellseg_image_pixels(image, c);
        for (size_t i = 0; i < cellseg_image_height(image) * cellseg_image_row_stride_bytes(image); i++)
            sum = sum * 31 + bytes[i];
    }
    return sum;
}

/* A file that ends early is refused, unless all pixels came before the end and only text is lost. */
static void refuses_every_truncation(const char *path) {
    unsigned char bytes[MAX_BYTES];
    const size_t size = slurp(path, bytes, sizeof bytes);
    cellseg_image *whole = read_damaged(bytes, size);
    size_t refused = 0;
    for (size_t n = 0; n < size; n += 5) {
        cellseg_image *image = read_damaged(bytes, n);
        if (image != NULL && sum_of_pixels(image) != sum_of_pixels(whole))
            fail_msg("%s cut to %zu of %zu bytes was read as another image", path, n, size);
        refused += image == NULL ? 5 : 0;
        cellseg_image_free(image);
    }
    assert_true(refused >= size / 4);
    cellseg_image_free(whole);
}

static void truncated_files_are_refused(void **state) {
    (void)state;
    for_each_sample(".", refuses_every_truncation);
}

static uint64_t sum_of_mutants;

static void survives_changed_bytes(const char *path) {
    unsigned char bytes[MAX_BYTES], damaged[MAX_BYTES];
    const size_t size = slurp(path, bytes, sizeof bytes);
    uint64_t seed = size;
    for (int mutant = 0; mutant < 300; mutant++) {
        memcpy(damaged, bytes, size);
        for (uint64_t changes = 1 + test_random(&seed) % 4; changes > 0; changes--) {
            const uint64_t r = test_random(&seed);
            const size_t at = (size_t)((r >> 8) % ((r & 1) != 0 || size < 256 ? size : 256)); /* headers more often */
            damaged[at] = (unsigned char)((r & 2) != 0 ? r >> 56 : damaged[at] ^ (1U << (r >> 61)));
        }
        cellseg_image *image = read_damaged(damaged, size);
        sum_of_mutants += sum_of_pixels(image);
        cellseg_image_free(image);
        char name[PATH_SIZE];
        cellseg_labels *labels;
        if (cellseg_labels_read(&labels, NULL, in_folder(name, "damaged")) == CELLSEG_OK)
            sum_of_mutants += cellseg_labels_max_id(labels);
        cellseg_labels_free(labels);
    }
}

static void changed_bytes_do_no_harm(void **state) {
    (void)state;
    for_each_sample(".", survives_changed_bytes);
    assert_true(sum_of_mutants != 0); /* some are read: a changed pixel is no fault of the file */
}

/* A TIFF header with one page of `width` x `height` pixels and next to no data. */
static void tiny_files_that_claim_much(void **state) {
    (void)state;
    static const unsigned compressions[] = {1, 5, 8, 32773, 32946, 34925, 50000};
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        for (unsigned strips = 0; strips < 2; strips++) {
            const uint32_t side = 0x7fffffff;
            const uint32_t entries[][4] = {
                {256, 4, 1, side}, {257, 4, 1, side}, {258, 3, 1, 16}, {259, 3, 1, compressions[i]},
                {262, 3, 1, 1},    {273, 4, 1, 8},    {277, 3, 1, 1},  {278, 4, 1, strips != 0 ? side : 1},
                {279, 4, 1, 100}};
            unsigned char bytes[256] = {'I', 'I', 42, 0, 8, 0, 0, 0, sizeof entries / sizeof *entries, 0};
            for (size_t e = 0; e < sizeof entries / sizeof *entries; e++) {
                const uint16_t tag_and_type[2] = {(uint16_t)entries[e][0], (uint16_t)entries[e][1]};
                memcpy(bytes + 10 + 12 * e, tag_and_type, 4);
                memcpy(bytes + 14 + 12 * e, &entries[e][2], 8);
            }
            assert_null(read_damaged(bytes, sizeof bytes));
        }
}

/* ---- readers ---- */

typedef struct source {
    const unsigned char *bytes;
    size_t size;
    long calls, failing; /* the call that fails, from 1; 0: none */
} source;

/* Also a fault of the library: a byte beyond the end is asked for, or a read follows a failure. */
static int32_t read_source(void *user, void *to, size_t count, uint64_t offset) {
    source *s = user;
    s->calls++;
    assert_true(count > 0 && offset < s->size && count <= s->size - offset);
    assert_true(s->failing == 0 || s->calls <= s->failing);
    if (s->calls == s->failing)
        return EIO;
    memcpy(to, s->bytes + offset, count);
    return 0;
}

static cellseg_reader reader_of(source *s) {
    cellseg_reader reader;
    assert_ok(cellseg_reader_init(&reader, sizeof reader));
    reader.name = "archive/file";
    reader.user = s;
    reader.size_bytes = s->size;
    reader.read = read_source;
    return reader;
}

static void assert_failed_read(cellseg_status status) {
    assert_status(status, CELLSEG_ERR_IO);
    assert_int_equal(strncmp(cellseg_last_error(), "archive/file: ", 14), 0);
    assert_non_null(strstr(cellseg_last_error(), strerror(EIO)));
}

/* Whichever read fails, the image is not read; without a failure it is the one of the path. */
static void survives_failing_reads(const char *path) {
    unsigned char bytes[MAX_BYTES];
    source s = {.bytes = bytes, .size = slurp(path, bytes, sizeof bytes)};
    const cellseg_reader reader = reader_of(&s);
    cellseg_image *image, *expected;
    cellseg_labels *labels;
    assert_ok(cellseg_image_read_from(&image, NULL, &reader, NULL));
    assert_ok(cellseg_image_read(&expected, NULL, path, NULL));
    assert_true(sum_of_pixels(image) == sum_of_pixels(expected));
    assert_true(cellseg_image_pixel_size_um(image) == cellseg_image_pixel_size_um(expected));
    cellseg_image_free(image);
    cellseg_image_free(expected);
    const long reads = s.calls;
    for (s.failing = 1; s.failing <= reads; s.failing++) {
        s.calls = 0;
        assert_failed_read(cellseg_image_read_from(&image, NULL, &reader, NULL));
        assert_null(image);
        s.calls = 0;
        assert_failed_read(cellseg_labels_read_from(&labels, NULL, &reader));
        assert_null(labels);
    }
}

static void every_failed_read_is_an_io_error(void **state) {
    (void)state;
    for_each_sample(".", survives_failing_reads);
}

/* ---- failing allocations: nothing leaks, nothing half-written stays ---- */

static cellseg_status read_with(cellseg_context *context, void *path) {
    cellseg_image *image;
    const cellseg_status status = cellseg_image_read(&image, context, path, NULL);
    cellseg_image_free(image);
    return status;
}

static cellseg_status read_labels_with(cellseg_context *context, void *path) {
    cellseg_labels *labels;
    const cellseg_status status = cellseg_labels_read(&labels, context, path);
    cellseg_labels_free(labels);
    return status;
}

static void survives_reading(const char *path) {
    char copy[PATH_SIZE];
    (void)snprintf(copy, sizeof copy, "%s", path);
    assert_survives_failing_allocations(read_with, copy);
    if (read_labels_with(NULL, copy) == CELLSEG_OK) /* one channel of whole numbers */
        assert_survives_failing_allocations(read_labels_with, copy);
}

static void reading_survives_failing_allocations(void **state) {
    (void)state;
    for_each_sample(".", survives_reading);
}

typedef struct things {
    cellseg_image *image;
    cellseg_labels *labels, *large;
    cellseg_table *table;
} things;

static things make_things(void) {
    things t;
    uint64_t seed = 3;
    assert_ok(cellseg_image_new(&t.image, NULL, CELLSEG_UINT16, 2, 40, 50));
    assert_ok(cellseg_labels_new(&t.labels, NULL, 40, 50));
    assert_ok(cellseg_labels_new(&t.large, NULL, 40, 50));
    for (size_t i = 0; i < 40 * 50; i++) {
        ((uint16_t *)cellseg_image_pixels_mut(t.image, 0))[i] = (uint16_t)test_random(&seed);
        cellseg_labels_data_mut(t.labels)[i] = (uint32_t)(i % 50 / 10 + 1);
    }
    cellseg_labels_data_mut(t.large)[7] = 70000;
    assert_ok(cellseg_measure(&t.table, NULL, t.labels, NULL, t.image, NULL));
    return t;
}

static void free_things(things *t) {
    cellseg_image_free(t->image);
    cellseg_labels_free(t->labels);
    cellseg_labels_free(t->large);
    cellseg_table_free(t->table);
}

static cellseg_status write_one(cellseg_context *context, const things *t, int which, const char *path) {
    switch (which) {
    case 0:
        return cellseg_image_write(t->image, context, path, NULL);
    case 1:
        return cellseg_labels_write(t->labels, context, path, NULL);
    case 2:
        return cellseg_labels_write(t->large, context, path, NULL);
    case 3:
        return cellseg_overlay_write(context, path, t->image, 0, t->labels, t->large, NULL);
    default:
        return cellseg_table_write_csv(t->table, context, path);
    }
}

static cellseg_status write_one_to(cellseg_context *context, const things *t, int which, const cellseg_writer *writer) {
    switch (which) {
    case 0:
        return cellseg_image_write_to(t->image, context, writer, NULL);
    case 1:
        return cellseg_labels_write_to(t->labels, context, writer, NULL);
    case 2:
        return cellseg_labels_write_to(t->large, context, writer, NULL);
    case 3:
        return cellseg_overlay_write_to(context, writer, t->image, 0, t->labels, t->large, NULL);
    default:
        return cellseg_table_write_csv_to(t->table, context, writer);
    }
}

typedef struct write_job {
    const things *t;
    int which;
} write_job;

static cellseg_status write_with(cellseg_context *context, void *data) {
    const write_job *job = data;
    char path[PATH_SIZE];
    const cellseg_status status = write_one(context, job->t, job->which, in_folder(path, "written"));
    assert_int_equal(files_in_folder(true), status == CELLSEG_OK ? 1 : 0);
    return status;
}

static cellseg_status write_to_memory(cellseg_context *context, void *data) {
    const write_job *job = data;
    test_sink sink = {0};
    const cellseg_writer writer = test_writer(&sink);
    const cellseg_status status = write_one_to(context, job->t, job->which, &writer);
    assert_true((sink.calls > 0) == (status == CELLSEG_OK));
    free(sink.bytes);
    return status;
}

static void writing_survives_failing_allocations(void **state) {
    (void)state;
    (void)files_in_folder(true);
    things t = make_things();
    for (int which = 0; which < 5; which++) {
        write_job job = {&t, which};
        assert_survives_failing_allocations(write_with, &job);
        assert_survives_failing_allocations(write_to_memory, &job);
    }
    free_things(&t);
}

static void writers_get_the_bytes_of_files(void **state) {
    (void)state;
    static unsigned char bytes[1 << 16];
    things t = make_things();
    for (int which = 0; which < 5; which++) {
        char path[PATH_SIZE];
        assert_ok(write_one(NULL, &t, which, in_folder(path, "written")));
        const size_t size = slurp(path, bytes, sizeof bytes);
        test_sink sink = {0}, closed = {.error = 32}; /* EPIPE */
        const cellseg_writer writer = test_writer(&sink), broken = test_writer(&closed);
        assert_ok(write_one_to(NULL, &t, which, &writer));
        assert_int_equal(sink.size, size);
        assert_memory_equal(sink.bytes, bytes, size);
        free(sink.bytes);
        assert_status(write_one_to(NULL, &t, which, &broken), CELLSEG_ERR_IO);
        assert_string_equal(cellseg_last_error(), "the output: cannot be written: Broken pipe");
        assert_int_equal(closed.calls, 1);
    }
    free_things(&t);
}

/* Whatever the budget, the writer gets the whole file or nothing. */
static void writers_keep_the_budget(void **state) {
    (void)state;
    things t = make_things();
    for (int which = 0; which < 5; which++) {
        write_job job = {&t, which};
        size_t refused = 0;
        cellseg_status status = CELLSEG_ERR_LIMIT;
        for (uint64_t budget = 500; status != CELLSEG_OK; budget += budget / 3) {
            cellseg_context_options options;
            assert_ok(cellseg_context_options_init(&options, sizeof options));
            options.memory_budget_bytes = budget;
            options.threads = 1;
            cellseg_context *context;
            assert_ok(cellseg_context_new(&context, &options));
            status = write_to_memory(context, &job);
            assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_LIMIT);
            refused += status != CELLSEG_OK;
            cellseg_context_free(context);
        }
        assert_true(refused > 0);
    }
    free_things(&t);
}

/* ---- arguments, budgets, threads ---- */

static void readers_refuse_bad_arguments(void **state) {
    (void)state;
    cellseg_image *image = (cellseg_image *)&state;
    cellseg_labels *labels = (cellseg_labels *)&state;
    cellseg_read_options options;
    assert_status(cellseg_read_options_init(NULL, sizeof options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_read_options_init(&options, 3), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_read(NULL, NULL, "x", NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_read(&image, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_null(image);
    assert_status(cellseg_labels_read(NULL, NULL, "x"), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_read(&labels, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_null(labels);
    assert_ok(cellseg_read_options_init(&options, sizeof options));
    assert_true(options.pixel_size_um == 0 && options.max_bytes == 0);
    options.pixel_size_um = -1;
    assert_status(cellseg_image_read(&image, NULL, "x", &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_read(&image, NULL, "", NULL), CELLSEG_ERR_IO);
    const cellseg_reader empty = test_reader("", 0);
    cellseg_reader nothing;
    assert_ok(cellseg_reader_init(&nothing, sizeof nothing));
    assert_status(cellseg_image_read_from(NULL, NULL, &empty, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_read_from(&image, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_read_from(&image, NULL, &nothing, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_read_from(&image, NULL, &empty, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_read_from(&image, NULL, &empty, NULL), CELLSEG_ERR_FORMAT);
    assert_string_equal(cellseg_last_error(), "the input: the file is empty");
    assert_status(cellseg_labels_read_from(NULL, NULL, &empty), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_read_from(&labels, NULL, &nothing), CELLSEG_ERR_ARGUMENT);
}

static void writers_refuse_bad_arguments(void **state) {
    (void)state;
    (void)files_in_folder(true);
    char path[PATH_SIZE];
    in_folder(path, "never");
    things t = make_things();
    cellseg_writer no_function;
    assert_ok(cellseg_writer_init(&no_function, sizeof no_function));
    assert_status(cellseg_image_write(NULL, NULL, path, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_write(NULL, NULL, path, NULL), CELLSEG_ERR_ARGUMENT);
    cellseg_write_options options;
    assert_status(cellseg_write_options_init(NULL, sizeof options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_write_options_init(&options, 3), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_write_options_init(&options, sizeof options));
    options.bits = 8;
    assert_status(cellseg_labels_write(t.labels, NULL, path, &options), CELLSEG_ERR_ARGUMENT);
    options.bits = 16;
    assert_status(cellseg_labels_write(t.large, NULL, path, &options), CELLSEG_ERR_ARGUMENT);
    options.bits = 0;
    options.tile_px = 48;
    assert_status(cellseg_image_write(t.image, NULL, path, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_overlay_write(NULL, path, NULL, 0, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_overlay_write(NULL, path, t.image, -1, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_overlay_write(NULL, path, t.image, 2, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_table_write_csv(NULL, NULL, path), CELLSEG_ERR_ARGUMENT);
    for (int which = 0; which < 5; which++) {
        assert_status(write_one(NULL, &t, which, NULL), CELLSEG_ERR_ARGUMENT);
        assert_status(write_one_to(NULL, &t, which, NULL), CELLSEG_ERR_ARGUMENT);
        assert_status(write_one_to(NULL, &t, which, &no_function), CELLSEG_ERR_ARGUMENT);
        assert_status(write_one(NULL, &t, which, ""), CELLSEG_ERR_IO);
    }
    assert_int_equal(files_in_folder(false), 0);
    free_things(&t);
}

static void a_budget_is_kept(void **state) {
    (void)state;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.memory_budget_bytes = 4000; /* the image alone takes 2400 */
    options.threads = 1;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cellseg_image *image;
    assert_status(cellseg_image_read(&image, context, "tests/data/io/pages_deflate.ome.tif", NULL), CELLSEG_ERR_LIMIT);
    assert_status(cellseg_image_read(&image, context, "tests/data/io/rgb.png", NULL), CELLSEG_ERR_LIMIT);
    cellseg_context_free(context);
}

static void the_same_bytes_for_any_number_of_threads(void **state) {
    (void)state;
    static unsigned char bytes[3][1 << 16];
    static const int32_t threads[] = {1, 2, 7};
    things t = make_things();
    for (int which = 0; which < 5; which++) {
        size_t size[3];
        for (int i = 0; i < 3; i++) {
            char path[PATH_SIZE];
            cellseg_context *context = test_context(threads[i]);
            assert_ok(write_one(context, &t, which, in_folder(path, "written")));
            cellseg_context_free(context);
            size[i] = slurp(path, bytes[i], sizeof bytes[i]);
            assert_int_equal(size[i], size[0]);
            assert_memory_equal(bytes[i], bytes[0], size[0]);
        }
    }
    free_things(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_reads),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(tiny_files_that_claim_much),
        cmocka_unit_test(every_failed_read_is_an_io_error),
        cmocka_unit_test(reading_survives_failing_allocations),
        cmocka_unit_test(writing_survives_failing_allocations),
        cmocka_unit_test(writers_get_the_bytes_of_files),
        cmocka_unit_test(writers_keep_the_budget),
        cmocka_unit_test(readers_refuse_bad_arguments),
        cmocka_unit_test(writers_refuse_bad_arguments),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(the_same_bytes_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
