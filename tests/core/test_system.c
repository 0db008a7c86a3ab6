/* SPDX-License-Identifier: BSD-3-Clause */
/* The system's files, on every system: any name of up to 255 characters, replaced as a whole, with readers in any state. */
#include "testing.h"

#include "core/system.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

static char folder[] = "/tmp/cellseg-system-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

/* That the folder can be removed shows that nothing stayed in it. */
static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static const char *in_folder(char path[PATH_SIZE], const char *name) {
    (void)snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

static intptr_t created(const char *path, const char *text) {
    intptr_t handle;
    assert_int_equal(cseg_system_create(&handle, path, NULL), 0);
    assert_int_equal(cseg_system_write_at(handle, text, strlen(text), 0), 0);
    assert_int_equal(cseg_system_synchronise(handle), 0);
    return handle;
}

static intptr_t opened(const char *path) {
    intptr_t handle;
    assert_int_equal(cseg_system_open(&handle, path), 0);
    return handle;
}

static void assert_content(intptr_t handle, const char *expected) {
    char text[64];
    size_t got;
    cseg_system_entry entry;
    assert_int_equal(cseg_system_read_at(handle, text, sizeof text, 0, &got), 0);
    assert_int_equal(got, strlen(expected));
    assert_memory_equal(text, expected, got);
    assert_int_equal(cseg_system_examine(&entry, handle), 0);
    assert_true(entry.is_regular && !entry.is_folder && entry.size == got);
}

/* A file goes from its first name to one that another file has. */
static void replace_below(const char *name) {
    char from[PATH_SIZE], to[PATH_SIZE];
    cseg_system_entry entry;
    cseg_system_close(created(in_folder(to, name), "old"));
    const intptr_t fresh = created(in_folder(from, "fresh.tmp"), "the new one");
    assert_int_equal(cseg_system_replace(fresh, from, to), 0);
    assert_int_equal(cseg_system_find(&entry, from), ENOENT);
    assert_true(cseg_system_find(&entry, to) == 0 && entry.is_regular && entry.size == 11);
    const intptr_t reader = opened(to);
    assert_content(reader, "the new one");
    cseg_system_close(reader);
    cseg_system_discard(fresh, to);
    assert_int_equal(cseg_system_find(&entry, to), ENOENT);
}

static void a_file_is_replaced(void **state) {
    (void)state;
    replace_below("plain.tif");
}

/* The reader keeps what it has. Windows before 10 1607, and wine, refuse the replacement: the old file stays. */
static void a_file_is_replaced_under_its_reader(void **state) {
    (void)state;
#if defined(_WIN32)
    const int may_refuse = EACCES;
#else
    const int may_refuse = 0;
#endif
    char from[PATH_SIZE], to[PATH_SIZE];
    cseg_system_close(created(in_folder(to, "read.tif"), "old"));
    const intptr_t reader = opened(to), fresh = created(in_folder(from, "fresh.tmp"), "the new one");
    const int error = cseg_system_replace(fresh, from, to);
    assert_true(error == 0 || error == may_refuse);
    assert_content(reader, "old");
    cseg_system_close(reader);
    const intptr_t now = opened(to);
    assert_content(now, error == 0 ? "the new one" : "old");
    cseg_system_close(now);
    if (error != 0)
        assert_int_equal(cseg_system_replace(fresh, from, to), 0);
    cseg_system_discard(fresh, to);
}

static void names_are_utf8(void **state) {
    (void)state;
    replace_below("caf\xc3\xa9 \xe7\xb4\xb0\xe8\x83\x9e \xf0\x9f\x94\xac.tif");
}

/* The path is longer than 260 characters. */
static void names_may_be_long(void **state) {
    (void)state;
    char name[251];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    replace_below(name);
}

static void bytes_lie_at_their_offsets(void **state) {
    (void)state;
    char path[PATH_SIZE], text[8];
    size_t got;
    const intptr_t handle = created(in_folder(path, "a"), "0123");
    assert_int_equal(cseg_system_write_at(handle, "67", 2, 6), 0);
    assert_int_equal(cseg_system_write_at(handle, "x", 1, 1), 0);
    assert_int_equal(cseg_system_read_at(handle, text, 8, 1, &got), 0);
    assert_int_equal(got, 7);
    assert_memory_equal(text,
                        "x23\0\0"
                        "67",
                        7);
    assert_int_equal(cseg_system_read_at(handle, text, 8, 8, &got), 0);
    assert_int_equal(got, 0);
    cseg_system_discard(handle, path);
}

static void faults_are_those_of_errno(void **state) {
    (void)state;
    char path[PATH_SIZE], below[PATH_SIZE], text[128];
    intptr_t handle, second;
    cseg_system_entry entry;
    assert_int_equal(cseg_system_open(&handle, in_folder(path, "missing")), ENOENT);
    assert_int_equal(handle, CSEG_NO_HANDLE);
    assert_int_equal(cseg_system_create(&handle, in_folder(below, "missing/below"), NULL), ENOENT);
    handle = created(path, "");
    assert_int_equal(cseg_system_create(&second, path, NULL), EEXIST);
    cseg_system_discard(handle, path);
    handle = opened(folder);
    assert_true(cseg_system_examine(&entry, handle) == 0 && entry.is_folder && !entry.is_regular);
    cseg_system_close(handle);
    cseg_system_describe(text, sizeof text, ENOENT);
    assert_string_equal(text, "No such file or directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced),
        cmocka_unit_test(a_file_is_replaced_under_its_reader),
        cmocka_unit_test(names_are_utf8),
        cmocka_unit_test(names_may_be_long),
        cmocka_unit_test(bytes_lie_at_their_offsets),
        cmocka_unit_test(faults_are_those_of_errno),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
