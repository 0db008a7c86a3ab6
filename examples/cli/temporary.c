/* SPDX-License-Identifier: BSD-3-Clause */
#include "temporary.h"

#include "names.h"
#include "system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- making ---- */

int make_temporary(char path[PATH_SIZE], const char *folder, const char *end) {
    for (unsigned n = 0; n < 1000; n++) {
        if (snprintf(path, PATH_SIZE, "%s/.cellseg-%ld-%u%s", folder, process_number(), n, end) >= PATH_SIZE) {
            errno = ENAMETOOLONG;
            return -1;
        }
        const int lock = create_locked(path, strcmp(end, TEMPORARY_FOLDER) == 0);
        if (lock >= 0 || (errno != EEXIST && errno != ENOENT)) /* gone again: taken for left over */
            return lock;
    }
    return -1;
}

/* ---- removing ---- */

static bool is_temporary(const char *name) {
    long process;
    unsigned n;
    int length = 0;
    if (sscanf(name, ".cellseg-%ld-%u%n", &process, &n, &length) != 2)
        return false;
    return strcmp(name + length, TEMPORARY_FILE) == 0 || strcmp(name + length, TEMPORARY_FOLDER) == 0;
}

void remove_folder(const char *path, int lock) {
    name_list names;
    (void)list_names(&names, path, NULL);
    for (size_t i = 0; i < names.count; i++) {
        char inside[PATH_SIZE];
        if (join_path(inside, path, names.names[i], ""))
            (void)remove_entry(inside);
    }
    free_names(&names);
    (void)remove_locked(lock, path);
}

static void sweep_entry(const char *path) {
    const int lock = lock_left_over(path, false);
    if (lock < 0)
        return;
    if (is_folder(path))
        remove_folder(path, lock);
    else
        (void)remove_locked(lock, path);
    unlock(lock);
}

void sweep_folder(const char *folder) {
    name_list names;
    (void)list_names(&names, folder, is_temporary);
    for (size_t i = 0; i < names.count; i++) {
        char path[PATH_SIZE];
        if (join_path(path, folder, names.names[i], ""))
            sweep_entry(path);
    }
    free_names(&names);
}
