/* SPDX-License-Identifier: BSD-3-Clause */
/* TIFF files that change or fail while they are read, random damage, and planes of a selection. pread() is this file's own. */
#define _GNU_SOURCE
#include "samples.h"

#include "io/tiff.h"

#include <cellseg/io.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BYTES = 16384, PATH_SIZE = 512 };

/* ---- reads that fail, end early or see another file ---- */

static long reads, failing_read = -1, short_read = -1, changing_read = -1;
static int other_fd = -1; /* what reads see from changing_read on */

ssize_t pread(int fd, void *to, size_t count, off_t offset) {
    const long number = reads++;
    if (number == failing_read) {
        errno = EIO;
        return -1;
    }
    if (number == short_read)
        return 0;
    return syscall(SYS_pread64, changing_read >= 0 && number >= changing_read ? other_fd : fd, to, count, offset);
}

static void reset_reads(void) {
    reads = 0;
    failing_read = short_read = changing_read = -1;
}

static char folder[] = "/tmp/cellseg-test-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    char path[PATH_SIZE];
    for (const char *const *name = (const char *const[]){"a.tif", "b.tif", NULL}; *name != NULL; name++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, *name);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static const char *spill(const char *name, const void *bytes, size_t size) {
    static char paths[2][PATH_SIZE];
    char *path = paths[name[0] == 'b'];
    (void)snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    (void)unlink(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static uint64_t sum_of(const cellseg_image *image) {
    uint64_t sum = cellseg_image_height(image) * 65537 + cellseg_image_width(image);
    for (int32_t c = 0; c < cellseg_image_channels(image); c++) {
        const unsigned char *bytes = cellseg_image_pixels(image, c);
        for (size_t i = 0; i < cellseg_image_height(image) * cellseg_image_row_stride_bytes(image); i++)
            sum = sum * 31 + bytes[i];
    }
    return sum;
}

static void fails_at_every_read(const char *path) {
    cellseg_image *image;
    reset_reads();
    assert_ok(cellseg_image_read(&image, NULL, path, NULL));
    cellseg_image_free(image);
    const long total = reads;
    assert_true(total >= 4);
    for (long k = 0; k < 2 * total; k++) {
        reset_reads();
        *(k < total ? &failing_read : &short_read) = k % total;
        const cellseg_status status = cellseg_image_read(&image, NULL, path, NULL);
        if (k % total != 0 || k < total) /* the first read recognises the kind of file */
            assert_status(status, CELLSEG_ERR_IO);
        assert_null(image);
        assert_non_null(strstr(cellseg_last_error(), path));
    }
    reset_reads();
}

static void every_failed_read_is_an_error(void **state) {
    (void)state;
    for_each_sample(".tif", fails_at_every_read);
}

/* ---- a file that becomes another ---- */

static void put(unsigned char *to, uint32_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

/* One uncompressed strip; the pixels are the same for any size that both files have. */
static size_t make_file(unsigned char bytes[MAX_BYTES], uint32_t height, uint32_t width, uint32_t density) {
    const uint32_t entries[][4] = {{256, 4, 1, width}, {257, 4, 1, height}, {258, 3, 1, 8},
                                   {259, 3, 1, 1},     {262, 3, 1, 1},      {273, 4, 1, 200},
                                   {277, 3, 1, 1},     {278, 4, 1, height}, {279, 4, 1, height * width},
                                   {282, 5, 1, 180},   {283, 5, 1, 180},    {296, 3, 1, 3}};
    memset(bytes, 0, MAX_BYTES);
    memcpy(bytes, "II*\0\10\0\0\0", 8);
    bytes[8] = sizeof entries / sizeof *entries;
    for (size_t e = 0; e < sizeof entries / sizeof *entries; e++) {
        unsigned char *at = bytes + 10 + 12 * e;
        put(at, entries[e][0], 2);
        put(at + 2, entries[e][1], 2);
        put(at + 4, entries[e][2], 4);
        put(at + 8, entries[e][3], 4);
    }
    put(bytes + 180, density, 4);
    put(bytes + 184, 1, 4);
    for (size_t i = 200; i < MAX_BYTES; i++)
        bytes[i] = (unsigned char)(i * 7);
    return MAX_BYTES;
}

static void a_file_that_changes_between_two_reads(void **state) {
    (void)state;
    static unsigned char a[MAX_BYTES], b[MAX_BYTES];
    static const uint32_t sizes[][2] = {{8, 9}, {100, 120}, {30, 40}, {40, 30}, {30, 41}};
    for (size_t from = 0; from < 5; from++)
        for (size_t to = 0; to < 5; to++) {
            const char *path = spill("a.tif", a, make_file(a, sizes[from][0], sizes[from][1], 15384));
            other_fd = open(spill("b.tif", b, make_file(b, sizes[to][0], sizes[to][1], 15384)), O_RDONLY);
            assert_true(other_fd >= 0);
            for (long k = 0; k < 12; k++) {
                cellseg_image *image;
                reset_reads();
                changing_read = k;
                const cellseg_status status = cellseg_image_read(&image, NULL, path, NULL);
                if (status == CELLSEG_OK) {
                    const size_t seen = cellseg_image_width(image) == sizes[from][1] ? from : to;
                    assert_int_equal(cellseg_image_height(image), sizes[seen][0]);
                    assert_int_equal(cellseg_image_width(image), sizes[seen][1]);
                    assert_memory_equal(cellseg_image_pixels(image, 0), a + 200, sizes[seen][0] * sizes[seen][1]);
                    assert_true(cellseg_image_pixel_size_um(image) > 0.649 && cellseg_image_pixel_size_um(image) < 0.651);
                } else {
                    assert_status(status, CELLSEG_ERR_IO);
                    assert_non_null(strstr(cellseg_last_error(), "page 1 changed while it was read"));
                }
                cellseg_image_free(image);
            }
            (void)close(other_fd);
        }
    reset_reads();
}

/* ---- random damage ---- */

static int damaged_but_read;

/* Files whose checksums cover all pixels never give other pixels; their directories may be damaged into other images. */
static void survives_damage(const char *path) {
    static unsigned char bytes[MAX_BYTES], damaged[MAX_BYTES];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    cellseg_image *image;
    assert_ok(cellseg_image_read(&image, NULL, path, NULL));
    const uint64_t whole = sum_of(image);
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    cellseg_image_free(image);
    const bool summed = strstr(path, "deflate") != NULL;
    cellseg_read_options options;
    assert_ok(cellseg_read_options_init(&options, sizeof options));
    options.max_bytes = 1 << 20;
    uint64_t seed = size;
    for (int i = 0; i < 1000; i++) {
        memcpy(damaged, bytes, size);
        const uint64_t r = test_random(&seed);
        size_t end = size;
        if (i % 4 == 0)
            end = (size_t)((r >> 8) % size);
        else
            damaged[(r >> 8) % size] ^= (unsigned char)(1U << (r & 7));
        const cellseg_status status = cellseg_image_read(&image, NULL, spill("a.tif", damaged, end), &options);
        if (status == CELLSEG_OK && summed && i % 4 == 0 && cellseg_image_height(image) == height &&
            cellseg_image_width(image) == width)
            assert_int_equal(sum_of(image), whole);
        if (status != CELLSEG_OK && status != CELLSEG_ERR_FORMAT && status != CELLSEG_ERR_LIMIT)
            fail_msg("%s: %s", cellseg_status_name(status), cellseg_last_error());
        assert_true((image != NULL) == (status == CELLSEG_OK));
        assert_true(status == CELLSEG_OK || strchr(cellseg_last_error(), '\n') == NULL);
        damaged_but_read += status == CELLSEG_OK;
        cellseg_image_free(image);
    }
}

static void random_damage_does_no_harm(void **state) {
    (void)state;
    for_each_sample(".tif", survives_damage);
    assert_true(damaged_but_read > 0);
}

/* ---- planes of a selection ---- */

static cellseg_status read_selection(cellseg_image **out, cellseg_context *context, const char *path,
                                     const cseg_io_selection *selection) {
    const cseg_io_request request = {.max_bytes = 1 << 30, .series = -1, .z = -1, .t = -1};
    cseg_file file;
    cseg_ifd ifd;
    cseg_survey survey = {0};
    *out = NULL;
    assert_ok(cseg_file_set_path(&file, path));
    assert_ok(cseg_file_open(&file));
    cellseg_status status = cseg_ifd_open(&ifd, context, &file);
    if (status == CELLSEG_OK)
        status = cseg_survey_read(&survey, context, &ifd);
    if (status == CELLSEG_OK)
        status = cseg_pixels_read(out, context, &ifd, &survey, selection, &request);
    cseg_survey_free(&survey);
    cseg_ifd_close(&ifd);
    cseg_file_close(&file);
    return status;
}

/* Three pages of two samples by this library's writer would be six pages; the sample file has two of one. */
static void planes_come_in_any_order_and_as_their_maximum(void **state) {
    (void)state;
    static const char path[] = "tests/data/io/pages_deflate.ome.tif";
    cellseg_image *all, *image;
    assert_ok(cellseg_image_read(&all, NULL, path, NULL));
    cseg_io_plane planes[] = {{1, 0}, {0, 0}, {1, 0}, {0, 0}};
    cseg_io_channel channels[] = {{NULL, 0, 1}, {NULL, 1, 1}, {NULL, 2, 2}};
    const cseg_io_selection selection = {channels, 3, planes, 4, 0};
    assert_ok(read_selection(&image, NULL, path, &selection));
    const uint16_t *first = cellseg_image_pixels(all, 0), *second = cellseg_image_pixels(all, 1);
    for (size_t i = 0; i < 20 * 30; i++) {
        assert_int_equal(((const uint16_t *)cellseg_image_pixels(image, 0))[i], second[i]);
        assert_int_equal(((const uint16_t *)cellseg_image_pixels(image, 1))[i], first[i]);
        assert_int_equal(((const uint16_t *)cellseg_image_pixels(image, 2))[i], first[i] > second[i] ? first[i] : second[i]);
    }
    cellseg_image_free(image);
    cellseg_image_free(all);
    planes[0].sample = 1;
    assert_status(read_selection(&image, NULL, path, &selection), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), "page 2 has 1 samples"));
}

/* A hole of the file makes the planes before the last. */
static void planes_behind_the_first_page_also_above_4_gb(void **state) {
    (void)state;
    static unsigned char bytes[MAX_BYTES];
    const size_t plane = 100 * 120, index = (size_t)((UINT64_C(1) << 32) / plane) + 7;
    const char *path = spill("a.tif", bytes, make_file(bytes, 100, 120, 1) - (MAX_BYTES - 200 - plane));
    const int fd = open(path, O_WRONLY);
    unsigned char last[100 * 120];
    for (size_t i = 0; i < plane; i++)
        last[i] = (unsigned char)(i * 13);
    assert_int_equal(pwrite(fd, last, plane, (off_t)(200 + (uint64_t)index * plane)), plane);
    assert_int_equal(close(fd), 0);
    cseg_io_plane planes[] = {{index, 0}, {0, 0}, {1, 0}};
    cseg_io_channel channels[] = {{NULL, 0, 1}, {NULL, 1, 1}, {NULL, 2, 1}};
    const cseg_io_selection selection = {channels, 3, planes, 3, 0};
    cellseg_image *image;
    assert_ok(read_selection(&image, NULL, path, &selection));
    assert_memory_equal(cellseg_image_pixels(image, 0), last, plane);
    assert_memory_equal(cellseg_image_pixels(image, 1), bytes + 200, plane);
    assert_int_equal(((const unsigned char *)cellseg_image_pixels(image, 2))[5], 0);
    cellseg_image_free(image);
    planes[0].page = index + 1;
    assert_status(read_selection(&image, NULL, path, &selection), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), "beyond the file's"));
    planes[0].page = SIZE_MAX;
    assert_status(read_selection(&image, NULL, path, &selection), CELLSEG_ERR_FORMAT);
    (void)unlink(path);
}

static cellseg_status read_with(cellseg_context *context, void *data) {
    cseg_io_plane planes[] = {{1, 0}, {0, 0}};
    cseg_io_channel channels[] = {{NULL, 0, 2}};
    const cseg_io_selection selection = {channels, 1, planes, 2, 0};
    cellseg_image *image;
    const cellseg_status status = read_selection(&image, context, data, &selection);
    cellseg_image_free(image);
    return status;
}

static void selections_survive_failing_allocations(void **state) {
    (void)state;
    char path[] = "tests/data/io/pages_deflate.ome.tif";
    assert_survives_failing_allocations(read_with, path);
}

/* ---- cancel ---- */

typedef struct watch {
    double at; /* fraction to cancel at */
    double seen;
    bool waits; /* past the time between two reports, so that the next piece reports too */
} watch;

static int32_t report(void *user, double fraction, const char *step) {
    const struct timespec pause = {.tv_nsec = 25000000};
    (void)step;
    watch *w = user;
    w->seen = fraction;
    if (w->waits)
        (void)nanosleep(&pause, NULL);
    return fraction >= w->at;
}

static void a_large_strip_reports_and_cancels(void **state) {
    (void)state;
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/a.tif", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    static unsigned char bytes[MAX_BYTES];
    (void)make_file(bytes, 12000, 8000, 1);
    assert_int_equal(fwrite(bytes, 1, 200, file), 200);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, 200 + 12000 * 8000), 0);
    watch w = {.at = 2};
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.progress = report;
    options.progress_user = &w;
    cellseg_context *context;
    cellseg_image *image;
    assert_ok(cellseg_context_new(&context, &options));
    assert_ok(cellseg_image_read(&image, context, path, NULL));
    cellseg_image_free(image);
    assert_true(w.seen == 1);
    w = (watch){.at = 0.05, .waits = true};
    assert_status(cellseg_image_read(&image, context, path, NULL), CELLSEG_ERR_CANCELLED);
    assert_null(image);
    assert_true(w.seen < 0.1);
    cellseg_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_read_is_an_error),
        cmocka_unit_test(a_file_that_changes_between_two_reads),
        cmocka_unit_test(random_damage_does_no_harm),
        cmocka_unit_test(planes_come_in_any_order_and_as_their_maximum),
        cmocka_unit_test(planes_behind_the_first_page_also_above_4_gb),
        cmocka_unit_test(selections_survive_failing_allocations),
        cmocka_unit_test(a_large_strip_reports_and_cancels),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
