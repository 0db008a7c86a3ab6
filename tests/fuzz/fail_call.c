/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For LD_PRELOAD: the n-th call of a kind fails, and with FAIL_ALL each one after it. FAIL_CALL: read, write, malloc or rename.
 * FAIL_AT: n, from 1. The number of calls that were made goes to the file that FAIL_COUNT names, at the program's end.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ, WRITE, MALLOC, RENAME, NONE };

static atomic_long calls;
static atomic_int kind = NONE; /* until the program starts: the loader's own calls succeed */
static long at;
static bool all;

__attribute__((constructor)) static void begin(void) {
    static const char *const names[] = {"read", "write", "malloc", "rename"};
    const char *name = getenv("FAIL_CALL"), *number = getenv("FAIL_AT");
    int which = 0;
    while (name != NULL && which < NONE && strcmp(name, names[which]) != 0)
        which++;
    at = number != NULL ? atol(number) : 0;
    all = getenv("FAIL_ALL") != NULL;
    atomic_store(&kind, name != NULL ? which : NONE);
}

/* True where the call at hand fails, with its error. */
static bool fails(int of, int error) {
    if (atomic_load(&kind) != of)
        return false;
    const long call = atomic_fetch_add(&calls, 1) + 1;
    if (call != at && !(all && call > at))
        return false;
    errno = error;
    return true;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("FAIL_COUNT");
    const long made = atomic_load(&calls);
    atomic_store(&kind, NONE);
    const int file = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (file >= 0) {
        (void)!write(file, &made, sizeof made);
        (void)close(file);
    }
}

#define FAIL(of, error, type, name, parameters, ...)                                                                             \
    type name parameters {                                                                                                       \
        type(*next) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                                    \
        return fails(of, error) ? (type)-1 : next(__VA_ARGS__);                                                                  \
    }

FAIL(READ, EIO, ssize_t, read, (int descriptor, void *to, size_t count), descriptor, to, count)
FAIL(READ, EIO, ssize_t, pread, (int descriptor, void *to, size_t count, off_t offset), descriptor, to, count, offset)
FAIL(READ, EIO, ssize_t, pread64, (int descriptor, void *to, size_t count, off64_t offset), descriptor, to, count, offset)
FAIL(WRITE, ENOSPC, ssize_t, write, (int descriptor, const void *from, size_t count), descriptor, from, count)
FAIL(WRITE, ENOSPC, ssize_t, pwrite, (int descriptor, const void *from, size_t count, off_t offset), descriptor, from, count,
     offset)
FAIL(WRITE, ENOSPC, ssize_t, pwrite64, (int descriptor, const void *from, size_t count, off64_t offset), descriptor, from, count,
     offset)
FAIL(WRITE, EIO, int, fsync, (int descriptor), descriptor)
FAIL(RENAME, EIO, int, rename, (const char *from, const char *to), from, to)
FAIL(RENAME, EIO, int, renameat, (int from_folder, const char *from, int to_folder, const char *to), from_folder, from, to_folder,
     to)

/* glibc's own names, which dlsym(), itself a caller of malloc(), does not have to find. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    return fails(MALLOC, ENOMEM) ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    return fails(MALLOC, ENOMEM) ? NULL : __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
    return fails(MALLOC, ENOMEM) ? NULL : __libc_realloc(block, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    return fails(MALLOC, ENOMEM) ? NULL : __libc_memalign(alignment, size);
}
int posix_memalign(void **out, size_t alignment, size_t size) {
    if (fails(MALLOC, ENOMEM))
        return ENOMEM;
    *out = __libc_memalign(alignment, size);
    return *out != NULL ? 0 : ENOMEM;
}
