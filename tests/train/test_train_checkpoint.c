/* SPDX-License-Identifier: BSD-3-Clause */
/* Checkpoint files: what is written comes back; every damaged file is refused; a failed write leaves the old file. */
#include "testing.h"

#include "train/checkpoint.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 21, BYTES = 88 + 2 * COUNT * 4 + 8 };

typedef struct fixture {
    char folder[64], path[80];
    float last[COUNT], best[COUNT];
    cseg_checkpoint checkpoint;
} fixture;

static void fill(fixture *f) {
    for (size_t i = 0; i < COUNT; i++) {
        f->last[i] = (float)i * 0.5F;
        f->best[i] = -(float)i;
    }
    f->checkpoint.fingerprint = 0x123456789abcdef0;
    f->checkpoint.count = COUNT;
    f->checkpoint.last = (cseg_snapshot){7, 700, 0.25, 0.5, f->last};
    f->checkpoint.best = (cseg_snapshot){5, 500, 0.3, 0.4, f->best};
}

static int setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/cellseg-checkpoint-XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return -1;
    (void)snprintf(f->path, sizeof f->path, "%s/a", f->folder);
    fill(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    (void)unlink(f->path);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

/* What a reader finds; last.epoch stays 0 when there is no file. */
static cellseg_status read_back(const fixture *f, fixture *found) {
    memset(found, 0, sizeof *found);
    found->checkpoint.fingerprint = f->checkpoint.fingerprint;
    found->checkpoint.count = COUNT;
    found->checkpoint.last.state = found->last;
    found->checkpoint.best.state = found->best;
    return cseg_checkpoint_read(&found->checkpoint, f->path);
}

static void assert_same(const fixture *f) {
    fixture found;
    assert_ok(read_back(f, &found));
    assert_memory_equal(found.last, f->last, sizeof found.last);
    assert_memory_equal(found.best, f->best, sizeof found.best);
    assert_int_equal(found.checkpoint.last.epoch, 7);
    assert_int_equal(found.checkpoint.best.epoch, 5);
    assert_int_equal(found.checkpoint.last.step, 700);
    assert_int_equal(found.checkpoint.best.step, 500);
    assert_true(found.checkpoint.last.train_loss == 0.25 && found.checkpoint.last.validation_loss == 0.5);
    assert_true(found.checkpoint.best.train_loss == 0.3 && found.checkpoint.best.validation_loss == 0.4);
}

static void test_comes_back(void **state) {
    fixture *f = *state, found;
    assert_ok(read_back(f, &found));
    assert_int_equal(found.checkpoint.last.epoch, 0);
    assert_ok(cseg_checkpoint_write(&f->checkpoint, NULL, f->path));
    assert_same(f);
    assert_ok(cseg_checkpoint_write(&f->checkpoint, NULL, f->path));
    assert_same(f);
}

static void put(const char *path, const unsigned char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void get(const char *path, unsigned char *bytes, size_t size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, size, file), size);
    assert_int_equal(fgetc(file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void test_every_damaged_byte_and_length(void **state) {
    fixture *f = *state, found;
    unsigned char bytes[BYTES + 1] = {0};
    assert_ok(cseg_checkpoint_write(&f->checkpoint, NULL, f->path));
    get(f->path, bytes, BYTES);
    for (size_t size = 0; size <= BYTES + 1; size++) {
        put(f->path, bytes, size);
        assert_status(read_back(f, &found), size == BYTES ? CELLSEG_OK : CELLSEG_ERR_FORMAT);
    }
    for (size_t i = 0; i < BYTES; i++) {
        bytes[i] ^= 0x10;
        put(f->path, bytes, BYTES);
        const bool names_another = i >= 8 && i < 24; /* the fingerprint and the count */
        assert_status(read_back(f, &found), names_another ? CELLSEG_ERR_ARGUMENT : CELLSEG_ERR_FORMAT);
        assert_non_null(strstr(cellseg_last_error(), f->path));
        bytes[i] ^= 0x10;
    }
}

static void test_failed_write_leaves_the_old_file(void **state) {
    fixture *f = *state;
    assert_ok(cseg_checkpoint_write(&f->checkpoint, NULL, f->path));
    struct rlimit all, few;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    few = all;
    few.rlim_cur = BYTES / 2; /* as if the disk were full */
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    const cellseg_status status = cseg_checkpoint_write(&f->checkpoint, NULL, f->path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_status(status, CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), f->path));
    assert_same(f);
    assert_status(cseg_checkpoint_write(&f->checkpoint, NULL, f->folder), CELLSEG_ERR_IO); /* a folder is in the way */
    assert_status(cseg_checkpoint_write(&f->checkpoint, NULL, "/dev/full/a"), CELLSEG_ERR_IO);
    assert_same(f);
}

/* <path>.tmp may be somebody's: it once was the temporary file. */
static void test_files_beside_it_stay(void **state) {
    fixture *f = *state;
    char beside[96];
    unsigned char text[4];
    (void)snprintf(beside, sizeof beside, "%s.tmp", f->path);
    put(beside, (const unsigned char *)"mine", 4);
    assert_ok(cseg_checkpoint_write(&f->checkpoint, NULL, f->path));
    assert_same(f);
    get(beside, text, 4);
    assert_memory_equal(text, "mine", 4);
    assert_int_equal(unlink(beside), 0);
}

static void test_only_regular_files(void **state) {
    fixture *f = *state, found;
    struct stat about;
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_status(cseg_checkpoint_write(&f->checkpoint, NULL, f->path), CELLSEG_ERR_IO);
    assert_true(stat(f->path, &about) == 0 && S_ISFIFO(about.st_mode));
    assert_status(read_back(f, &found), CELLSEG_ERR_IO); /* and does not wait for a writer */
    assert_non_null(strstr(cellseg_last_error(), "not a regular file"));
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_status(read_back(f, &found), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), "this is a directory"));
    assert_int_equal(rmdir(f->path), 0);
}

static void test_unreadable_file(void **state) {
    fixture *f = *state, found;
    const fixture elsewhere = *f;
    (void)snprintf(f->path, sizeof f->path, "%s/a/b", f->folder);
    assert_ok(cseg_checkpoint_write(&elsewhere.checkpoint, NULL, elsewhere.path));
    assert_status(read_back(f, &found), CELLSEG_ERR_IO); /* not a folder */
    *f = elsewhere;
}

static cellseg_status write_once(cellseg_context *context, void *data) {
    const fixture *f = data;
    return cseg_checkpoint_write(&f->checkpoint, context, f->path);
}

static void test_failing_allocations(void **state) {
    fixture *f = *state;
    assert_survives_failing_allocations(write_once, f);
    assert_same(f);
}

/* Published FNV-1a vectors (Fowler, Noll, Vo). */
static void test_hash(void **state) {
    (void)state;
    assert_true(cseg_hash_bytes(CSEG_HASH_START, "", 0) == 0xcbf29ce484222325U);
    assert_true(cseg_hash_bytes(CSEG_HASH_START, "a", 1) == 0xaf63dc4c8601ec8cU);
    assert_true(cseg_hash_bytes(CSEG_HASH_START, "foobar", 6) == 0x85944171f73967e8U);
    assert_true(cseg_hash_bytes(cseg_hash_bytes(CSEG_HASH_START, "foo", 3), "bar", 3) == 0x85944171f73967e8U);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_damaged_byte_and_length, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_write_leaves_the_old_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_beside_it_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_regular_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_allocations, setup, teardown),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
