/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: what is written is whole and alone in its folder, and nothing but a regular file is ever replaced or read. */
#include "testing.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 128 };

typedef struct fixture {
    char folder[64], path[PATH_SIZE];
} fixture;

static int setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/cellseg-file-XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return -1;
    (void)snprintf(f->path, sizeof f->path, "%s/a", f->folder);
    *state = f;
    return 0;
}

/* That the folder can be removed shows that no temporary file stayed in it. */
static int teardown(void **state) {
    fixture *f = *state;
    (void)unlink(f->path);
    const int left = rmdir(f->folder);
    free(f);
    return left;
}

static void assert_content(const char *path, const char *expected) {
    char text[64];
    cseg_file file;
    assert_ok(cseg_file_open(&file, path));
    assert_int_equal(file.size, strlen(expected));
    assert_int_equal(cseg_file_read_at(&file, text, sizeof text, 0), strlen(expected));
    assert_memory_equal(text, expected, strlen(expected));
    assert_int_equal(file.error, 0);
    cseg_file_close(&file);
    cseg_file_close(&file);
}

static void test_replaces_a_file(void **state) {
    const fixture *f = *state;
    assert_ok(cseg_file_replace(f->path, NULL, "first", 5));
    assert_content(f->path, "first");
    assert_ok(cseg_file_replace(f->path, NULL, "2nd", 3));
    assert_content(f->path, "2nd");
}

static void test_an_abandoned_target_leaves_the_old_file(void **state) {
    const fixture *f = *state;
    cseg_target target;
    assert_ok(cseg_file_replace(f->path, NULL, "old", 3));
    assert_ok(cseg_target_open(&target, NULL, f->path));
    assert_true(cseg_file_write_at(&target.file, "new", 3, 0));
    assert_status(cseg_target_close(&target, cseg_fail(CELLSEG_ERR_FORMAT, "no")), CELLSEG_ERR_FORMAT);
    assert_content(f->path, "old");
    assert_ok(cseg_target_open(&target, NULL, f->path));
    target.file.error = 28; /* as a write that failed leaves it */
    assert_status(cseg_target_close(&target, CELLSEG_OK), CELLSEG_ERR_IO);
    assert_content(f->path, "old");
}

/* Names of temporary files that others, or a killed process, left are passed over. */
static void test_other_temporary_files_stay(void **state) {
    const fixture *f = *state;
    char taken[PATH_SIZE];
    (void)snprintf(taken, sizeof taken, "%s/.cellseg-%ld-0.tmp", f->folder, (long)getpid());
    assert_int_equal(symlink(f->path, taken), 0);
    assert_ok(cseg_file_replace(f->path, NULL, "new", 3));
    assert_content(f->path, "new");
    struct stat status;
    assert_true(lstat(taken, &status) == 0 && S_ISLNK(status.st_mode));
    assert_int_equal(unlink(taken), 0);
}

static void assert_refused(const char *path, const char *message) {
    assert_status(cseg_target_probe(NULL, path), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), message));
    assert_int_equal(strncmp(cellseg_last_error(), path, strlen(path)), 0);
    assert_status(cseg_file_replace(path, NULL, "x", 1), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), message));
}

static void test_only_regular_files_are_replaced(void **state) {
    const fixture *f = *state;
    struct stat status;
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_refused(f->path, "not a regular file");
    assert_true(stat(f->path, &status) == 0 && S_ISFIFO(status.st_mode));
    cseg_file file;
    assert_status(cseg_file_open(&file, f->path), CELLSEG_ERR_IO); /* and does not wait for a writer */
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(symlink("/dev/null", f->path), 0);
    assert_refused(f->path, "not a regular file");
    assert_true(stat(f->path, &status) == 0 && S_ISCHR(status.st_mode));
    assert_refused(f->folder, "a directory");
    assert_refused("/nowhere/at/all", "No such file or directory");
    assert_refused("", "No such file or directory");
    char below[PATH_SIZE], name[300];
    (void)snprintf(below, sizeof below, "%s/below/", f->folder);
    assert_refused(below, "No such file or directory");
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_refused(name, "too long");
}

static void test_a_probe_changes_nothing(void **state) {
    const fixture *f = *state;
    assert_ok(cseg_target_probe(NULL, f->path));
    assert_int_equal(access(f->path, F_OK), -1);
    assert_ok(cseg_file_replace(f->path, NULL, "old", 3));
    assert_ok(cseg_target_probe(NULL, f->path));
    assert_content(f->path, "old");
}

static cellseg_status replace(cellseg_context *context, void *data) {
    const fixture *f = data;
    CSEG_TRY(cseg_target_probe(context, f->path));
    return cseg_file_replace(f->path, context, "new", 3);
}

static void test_failing_allocations(void **state) {
    fixture *f = *state;
    assert_survives_failing_allocations(replace, f);
    assert_content(f->path, "new");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_replaces_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_abandoned_target_leaves_the_old_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_temporary_files_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_regular_files_are_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_probe_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_allocations, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
