/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For LD_PRELOAD: stop a program at the n-th call that changes a folder or synchronises a file, before the call is made.
 * STOP_AT: n, from 1. STOP_BY: the signal that the program sends itself; 0: the call fails instead, with "no space left".
 * STOP_PATH: count only calls of rename() to this path.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int calls;

/* True where the call at hand fails. */
static bool stops(const char *renamed_to) {
    const char *at = getenv("STOP_AT"), *by = getenv("STOP_BY"), *path = getenv("STOP_PATH");
    if (path != NULL && (renamed_to == NULL || strcmp(path, renamed_to) != 0))
        return false;
    if (at == NULL || by == NULL || atomic_fetch_add(&calls, 1) + 1 != atoi(at))
        return false;
    if (atoi(by) != 0)
        (void)kill(getpid(), atoi(by));
    errno = ENOSPC;
    return atoi(by) == 0;
}

#define STOP(type, name, parameters, renamed_to, ...)                                                                            \
    type name parameters {                                                                                                       \
        type(*next) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                                    \
        return stops(renamed_to) ? (type)-1 : next(__VA_ARGS__);                                                                 \
    }

STOP(int, rename, (const char *from, const char *to), to, from, to)
STOP(int, renameat, (int from_folder, const char *from, int to_folder, const char *to), NULL, from_folder, from, to_folder, to)
STOP(int, unlink, (const char *path), NULL, path)
STOP(int, unlinkat, (int folder, const char *path, int flags), NULL, folder, path, flags)
STOP(int, remove, (const char *path), NULL, path)
STOP(int, mkdir, (const char *path, mode_t mode), NULL, path, mode)
STOP(int, mkdirat, (int folder, const char *path, mode_t mode), NULL, folder, path, mode)
STOP(int, rmdir, (const char *path), NULL, path)
STOP(int, chmod, (const char *path, mode_t mode), NULL, path, mode)
STOP(int, fsync, (int descriptor), NULL, descriptor)
STOP(int, fclose, (FILE * file), NULL, file)
STOP(ssize_t, pwrite, (int descriptor, const void *bytes, size_t count, off_t offset), NULL, descriptor, bytes, count, offset)
