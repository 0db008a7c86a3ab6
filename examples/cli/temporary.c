/* SPDX-License-Identifier: BSD-3-Clause */
#include "temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- locks ---- */

/* The path still names what the descriptor has open. */
static bool is_entry(const char *path, int descriptor) {
    struct stat named, opened;
    return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_dev == opened.st_dev &&
           named.st_ino == opened.st_ino;
}

/* Another process may have taken a new entry for left over before it was locked; then it is gone. A file system without locks
 * leaves it unlocked. */
static bool hold(const char *path, int descriptor) {
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
    }
    return is_entry(path, descriptor);
}

/* As errno has it, EWOULDBLOCK for an entry that is in use and ENOTSUP for a file system without locks. */
static int lock_error(int descriptor, const char *path, bool wait) {
    struct stat opened;
    if (flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK || errno == EINTR ? errno : ENOTSUP;
    if (!is_entry(path, descriptor))
        return ENOENT;
    return fstat(descriptor, &opened) == 0 && opened.st_uid == geteuid() ? 0 : EPERM;
}

int lock_left_over(const char *path, bool wait) {
    const int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    const int error = lock_error(descriptor, path, wait);
    if (error == 0)
        return descriptor;
    (void)close(descriptor);
    errno = error;
    return -1;
}

/* ---- making ---- */

static int make_one(const char *path, const char *end) {
    if (strcmp(end, TEMPORARY_FILE) == 0)
        return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return mkdir(path, 0777) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
}

int make_temporary(char path[PATH_SIZE], const char *folder, const char *end) {
    for (unsigned n = 0; n < 1000; n++) {
        if (snprintf(path, PATH_SIZE, "%s/.cellseg-%ld-%u%s", folder, (long)getpid(), n, end) >= PATH_SIZE) {
            errno = ENAMETOOLONG;
            return -1;
        }
        const int descriptor = make_one(path, end);
        if (descriptor >= 0 && hold(path, descriptor))
            return descriptor;
        if (descriptor >= 0)
            (void)close(descriptor);
        else if (errno != EEXIST && errno != ENOENT) /* gone again: taken for left over */
            return -1;
    }
    return -1;
}

/* ---- removing ---- */

static int is_temporary(const struct dirent *entry) {
    long process;
    unsigned n;
    int length = 0;
    const char *name = entry->d_name;
    if (sscanf(name, ".cellseg-%ld-%u%n", &process, &n, &length) != 2)
        return 0;
    return strcmp(name + length, TEMPORARY_FILE) == 0 || strcmp(name + length, TEMPORARY_FOLDER) == 0;
}

static int is_not_dots(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

void remove_folder(const char *path) {
    struct dirent **entries;
    const int count = scandir(path, &entries, is_not_dots, NULL);
    for (int i = 0; i < count; i++) {
        char inside[PATH_SIZE];
        if (join_path(inside, path, entries[i]->d_name, ""))
            (void)remove(inside);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    (void)rmdir(path);
}

static void sweep_entry(const char *path) {
    const int lock = lock_left_over(path, false);
    if (lock < 0)
        return;
    if (is_folder(path))
        remove_folder(path);
    else
        (void)unlink(path);
    (void)close(lock);
}

void sweep_folder(const char *folder) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_temporary, NULL);
    for (int i = 0; i < count; i++) {
        char path[PATH_SIZE];
        if (join_path(path, folder, entries[i]->d_name, ""))
            sweep_entry(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void keep_mode(const char *fresh, const char *place) {
    struct stat there;
    if (lstat(place, &there) == 0 && S_ISREG(there.st_mode))
        (void)chmod(fresh, there.st_mode & 0777);
}
