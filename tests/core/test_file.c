/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: what is written is whole and alone in its folder, and nothing but a regular file is ever replaced or read. */
#define _DEFAULT_SOURCE /* for flock */ // NOLINT(bugprone-reserved-identifier)

#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static cellseg_status replace_with(const char *path, cellseg_context *context, const void *bytes, size_t size) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return cseg_target_put(&target, context, bytes, size);
}

static void assert_content(const char *path, const char *expected) {
    char text[64];
    cseg_file file;
    assert_ok(cseg_file_set_path(&file, path));
    assert_ok(cseg_file_open(&file));
    assert_int_equal(file.size, strlen(expected));
    assert_int_equal(cseg_file_read_at(&file, text, sizeof text, 0), strlen(expected));
    assert_memory_equal(text, expected, strlen(expected));
    assert_int_equal(file.error, 0);
    cseg_file_close(&file);
    cseg_file_close(&file);
}

static void test_replaces_a_file(void **state) {
    const fixture *f = *state;
    assert_ok(replace_with(f->path, NULL, "first", 5));
    assert_content(f->path, "first");
    assert_ok(replace_with(f->path, NULL, "2nd", 3));
    assert_content(f->path, "2nd");
}

static void test_an_abandoned_target_leaves_the_old_file(void **state) {
    const fixture *f = *state;
    cseg_target target;
    assert_ok(replace_with(f->path, NULL, "old", 3));
    assert_ok(cseg_target_set_path(&target, f->path));
    assert_ok(cseg_target_open(&target, NULL));
    assert_true(cseg_file_write_at(&target.file, "new", 3, 0));
    assert_status(cseg_target_close(&target, cseg_fail(CELLSEG_ERR_FORMAT, "no")), CELLSEG_ERR_FORMAT);
    assert_content(f->path, "old");
    assert_ok(cseg_target_set_path(&target, f->path));
    assert_ok(cseg_target_open(&target, NULL));
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
    assert_ok(replace_with(f->path, NULL, "new", 3));
    assert_content(f->path, "new");
    struct stat status;
    assert_true(lstat(taken, &status) == 0 && S_ISLNK(status.st_mode));
    assert_int_equal(unlink(taken), 0);
}

static void assert_refused(const char *path, const char *message) {
    assert_status(cseg_target_probe(NULL, path), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), message));
    assert_int_equal(strncmp(cellseg_last_error(), path, strlen(path)), 0);
    assert_status(replace_with(path, NULL, "x", 1), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), message));
}

static void test_only_regular_files_are_replaced(void **state) {
    const fixture *f = *state;
    struct stat status;
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_refused(f->path, "not a regular file");
    assert_true(stat(f->path, &status) == 0 && S_ISFIFO(status.st_mode));
    cseg_file file;
    assert_ok(cseg_file_set_path(&file, f->path));
    assert_status(cseg_file_open(&file), CELLSEG_ERR_IO); /* and does not wait for a writer */
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
    assert_ok(replace_with(f->path, NULL, "old", 3));
    assert_ok(cseg_target_probe(NULL, f->path));
    assert_content(f->path, "old");
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

/* A new file has the permissions that the process's mask leaves; a replaced one keeps its own, whatever the mask. */
static void test_permissions_are_kept(void **state) {
    const fixture *f = *state;
    const mode_t mask = umask(027);
    assert_ok(replace_with(f->path, NULL, "old", 3));
    assert_int_equal(mode_of(f->path), 0640);
    static const mode_t modes[] = {0600, 0666, 0755, 0400, 0444};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(f->path, modes[i]), 0);
        assert_ok(replace_with(f->path, NULL, "new", 3));
        assert_int_equal(mode_of(f->path), modes[i]);
    }
    (void)umask(mask);
}

/* The name gets the new file; what else had the old content keeps it. */
static void test_links(void **state) {
    const fixture *f = *state;
    char other[PATH_SIZE];
    (void)snprintf(other, sizeof other, "%s/other", f->folder);
    assert_ok(replace_with(other, NULL, "old", 3));
    assert_int_equal(symlink(other, f->path), 0);
    assert_ok(replace_with(f->path, NULL, "new", 3));
    assert_content(f->path, "new");
    assert_content(other, "old");
    struct stat status;
    assert_true(lstat(f->path, &status) == 0 && S_ISREG(status.st_mode));
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(link(other, f->path), 0);
    assert_ok(replace_with(f->path, NULL, "new", 3));
    assert_content(f->path, "new");
    assert_content(other, "old");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(symlink(other, f->path), 0); /* to nothing */
    assert_ok(replace_with(f->path, NULL, "new", 3));
    assert_content(f->path, "new");
    assert_int_equal(access(other, F_OK), -1);
}

/* Whether a process that removes left-overs would take the file for one. */
static bool is_left_over(const char *path) {
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    const bool free_to_lock = flock(fd, LOCK_EX | LOCK_NB) == 0;
    (void)close(fd);
    return free_to_lock;
}

static void test_a_temporary_file_is_locked_while_it_lives(void **state) {
    const fixture *f = *state;
    cseg_target target;
    assert_ok(cseg_target_set_path(&target, f->path));
    assert_ok(cseg_target_open(&target, NULL));
    assert_true(cseg_file_write_at(&target.file, "new", 3, 0));
    assert_false(is_left_over(target.temporary));
    assert_ok(cseg_target_close(&target, CELLSEG_OK));
    assert_true(is_left_over(f->path)); /* the lock went with the process's descriptor */
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        cseg_target killed;
        _exit(cseg_target_set_path(&killed, f->path) == CELLSEG_OK && cseg_target_open(&killed, NULL) == CELLSEG_OK ? 0 : 1);
    }
    int ended;
    assert_true(waitpid(child, &ended, 0) == child && WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    char left[PATH_SIZE];
    (void)snprintf(left, sizeof left, "%s/.cellseg-%ld-0.tmp", f->folder, (long)child);
    assert_true(is_left_over(left));
    assert_int_equal(unlink(left), 0);
    assert_content(f->path, "new");
}

/* The name may by now be another file's: the one that was locked has been renamed. */
static bool is_named(int fd, const char *path) {
    struct stat locked, named;
    return fstat(fd, &locked) == 0 && lstat(path, &named) == 0 && locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* Remove what nobody has locked, again and again. */
static void remove_left_overs(const char *folder) {
    (void)alarm(20); /* ends it also where the test does not */
    for (;;) {
        DIR *dir = opendir(folder);
        for (struct dirent *entry = dir != NULL ? readdir(dir) : NULL; entry != NULL; entry = readdir(dir)) {
            char path[PATH_SIZE + sizeof entry->d_name];
            (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            const int fd = strstr(entry->d_name, ".cellseg-") != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
            if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_named(fd, path))
                (void)unlink(path);
            if (fd >= 0)
                (void)close(fd);
        }
        (void)closedir(dir);
    }
}

/* A file that is created is unlocked for a moment; whoever takes it then does not stop the writer. */
static void test_a_sweeper_takes_no_living_file(void **state) {
    const fixture *f = *state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        remove_left_overs(f->folder);
    for (int i = 0; i < 300; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", i);
        assert_ok(replace_with(f->path, NULL, text, strlen(text)));
        assert_content(f->path, text);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* ---- readers and writers ---- */

typedef struct source {
    const char *bytes;
    int calls, failing; /* the call that fails, from 1; 0: none */
    int32_t error;
} source;

static int32_t read_source(void *user, void *to, size_t count, uint64_t offset) {
    source *s = user;
    s->calls++;
    if (s->calls == s->failing)
        return s->error;
    memcpy(to, s->bytes + offset, count);
    return 0;
}

/* The callback is never asked beyond the end, and after a failure not at all. */
static void test_readers(void **state) {
    (void)state;
    source s = {.bytes = "0123456789", .failing = 2, .error = 5};
    cellseg_reader reader;
    assert_ok(cellseg_reader_init(&reader, sizeof reader));
    reader.user = &s;
    reader.size_bytes = 10;
    reader.read = read_source;
    cseg_file file;
    char text[32] = "";
    assert_ok(cseg_file_set_reader(&file, &reader));
    assert_ok(cseg_file_open(&file));
    assert_string_equal(file.reader.name, "the input");
    assert_int_equal(cseg_file_read_at(&file, text, sizeof text, 7), 3);
    assert_memory_equal(text, "789", 3);
    assert_int_equal(cseg_file_read_at(&file, text, 1, 10), 0);
    assert_int_equal(cseg_file_read_at(&file, text, 1, UINT64_MAX), 0);
    assert_int_equal(cseg_file_read_at(&file, text, 0, 0), 0);
    assert_int_equal(s.calls, 1);
    assert_int_equal(cseg_file_read_at(&file, text, 2, 0), 0);
    assert_int_equal(file.error, 5);
    assert_int_equal(cseg_file_read_at(&file, text, 2, 0), 0);
    assert_int_equal(s.calls, 2);
    cseg_file_close(&file);
    s = (source){.bytes = "0123456789", .failing = 1, .error = CELLSEG_ERR_MEMORY}; /* no errno */
    assert_ok(cseg_file_set_reader(&file, &reader));
    assert_int_equal(cseg_file_read_at(&file, text, 2, 0), 0);
    assert_status(cseg_file_fail("cannot be read", file.error), CELLSEG_ERR_IO);
}

static void test_bad_readers_and_writers(void **state) {
    (void)state;
    cellseg_reader reader;
    cellseg_writer writer;
    cseg_file file;
    cseg_target target;
    assert_status(cellseg_reader_init(NULL, sizeof reader), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_reader_init(&reader, sizeof reader - 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_reader_init_memory(&reader, sizeof reader, NULL, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_reader_init_memory(NULL, sizeof reader, "", 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_writer_init(NULL, sizeof writer), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_writer_init(&writer, 3), CELLSEG_ERR_ARGUMENT);
    assert_status(cseg_file_set_reader(&file, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cseg_target_set_writer(&target, NULL), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_reader_init(&reader, sizeof reader));
    assert_status(cseg_file_set_reader(&file, &reader), CELLSEG_ERR_ARGUMENT);
    reader.read = read_source;
    reader.size_bytes = (uint64_t)1 << 63;
    assert_status(cseg_file_set_reader(&file, &reader), CELLSEG_ERR_ARGUMENT);
    reader.size_bytes--;
    assert_ok(cseg_file_set_reader(&file, &reader));
    reader.struct_size = 3;
    assert_status(cseg_file_set_reader(&file, &reader), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_writer_init(&writer, sizeof writer));
    assert_status(cseg_target_set_writer(&target, &writer), CELLSEG_ERR_ARGUMENT);
}

/* Written out of order, with a gap, read back in between; the writer gets the whole, once, or nothing. */
static void test_a_target_in_memory(void **state) {
    (void)state;
    for (int failed = 0; failed < 2; failed++) {
        test_sink sink = {0};
        const cellseg_writer writer = test_writer(&sink);
        cseg_target target;
        char text[4];
        assert_ok(cseg_target_set_writer(&target, &writer));
        assert_ok(cseg_target_open(&target, NULL));
        assert_true(cseg_file_write_at(&target.file, "789", 3, 7));
        assert_int_equal(target.file.size, 10);
        assert_true(cseg_file_write_at(&target.file, "0123", 4, 0));
        assert_int_equal(cseg_file_read_at(&target.file, text, 4, 6), 4);
        assert_memory_equal(text,
                            "\0"
                            "789",
                            4);
        assert_true(cseg_file_write_at(&target.file, "9abc", 4, 9));
        assert_int_equal(sink.calls, 0);
        if (failed != 0) {
            assert_status(cseg_target_close(&target, cseg_fail(CELLSEG_ERR_FORMAT, "no")), CELLSEG_ERR_FORMAT);
            assert_string_equal(cellseg_last_error(), "the output: no");
            assert_int_equal(sink.calls, 0);
        } else {
            assert_ok(cseg_target_close(&target, CELLSEG_OK));
            assert_int_equal(sink.size, 13);
            assert_memory_equal(sink.bytes,
                                "0123\0\0\0"
                                "789abc",
                                13);
        }
        free(sink.bytes);
    }
}

static void test_a_writer_that_fails(void **state) {
    (void)state;
    static const int errors[] = {28, -1};
    for (int i = 0; i < 2; i++) {
        test_sink sink = {.error = errors[i]};
        cellseg_writer writer = test_writer(&sink);
        writer.name = "the archive";
        cseg_target target;
        assert_ok(cseg_target_set_writer(&target, &writer));
        assert_status(cseg_target_put(&target, NULL, "text", 4), CELLSEG_ERR_IO);
        assert_int_equal(strncmp(cellseg_last_error(), "the archive: cannot be written: ", 32), 0);
        assert_int_equal(sink.calls, 1);
    }
}

static cellseg_status put_in_memory(cellseg_context *context, void *data) {
    (void)data;
    test_sink sink = {0};
    const cellseg_writer writer = test_writer(&sink);
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, &writer));
    CSEG_TRY(cseg_target_open(&target, context));
    for (uint64_t at = 0; at < 5000; at += 5)
        (void)cseg_file_write_at(&target.file, "12345", 5, at);
    const cellseg_status status = cseg_target_close(&target, CELLSEG_OK);
    assert_int_equal(sink.size, status == CELLSEG_OK ? 5000 : 0);
    free(sink.bytes);
    return status;
}

static void test_memory_of_a_target(void **state) {
    (void)state;
    assert_survives_failing_allocations(put_in_memory, NULL);
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.memory_budget_bytes = 4000;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    assert_status(put_in_memory(context, NULL), CELLSEG_ERR_LIMIT);
    cellseg_context_free(context);
}

static cellseg_status replace(cellseg_context *context, void *data) {
    const fixture *f = data;
    CSEG_TRY(cseg_target_probe(context, f->path));
    return replace_with(f->path, context, "new", 3);
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
        cmocka_unit_test_setup_teardown(test_permissions_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_temporary_file_is_locked_while_it_lives, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_sweeper_takes_no_living_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_allocations, setup, teardown),
        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_bad_readers_and_writers),
        cmocka_unit_test(test_a_target_in_memory),
        cmocka_unit_test(test_a_writer_that_fails),
        cmocka_unit_test(test_memory_of_a_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
