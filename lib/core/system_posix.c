/* SPDX-License-Identifier: BSD-3-Clause */
/* The operating system: POSIX, with the locks of BSD, and the processor affinity and large pages of Linux. */
#undef _GNU_SOURCE                                          /* has another strerror_r; projects around this one may define it */
#define _DEFAULT_SOURCE 1 /* for flock, madvise, syscall */ // NOLINT(bugprone-reserved-identifier)
#define _DARWIN_C_SOURCE 1                                  // NOLINT(bugprone-reserved-identifier)

#include "core/system.h"

#if !defined(_WIN32)

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

enum { NEW_FILE = 0666, PERMISSIONS = 0777 };

/* ---- files ---- */

bool cseg_system_separates(char character) {
    return character == '/';
}

static int describe_entry(cseg_system_entry *entry, int failed, const struct stat *status) {
    if (failed != 0)
        return errno;
    *entry = (cseg_system_entry){S_ISREG(status->st_mode), S_ISDIR(status->st_mode), status->st_mode & PERMISSIONS,
                                 (uint64_t)status->st_size};
    return 0;
}

int cseg_system_find(cseg_system_entry *entry, const char *path) {
    struct stat status;
    return describe_entry(entry, stat(path, &status), &status);
}

int cseg_system_examine(cseg_system_entry *entry, intptr_t handle) {
    struct stat status;
    return describe_entry(entry, fstat((int)handle, &status), &status);
}

int cseg_system_open(intptr_t *handle, const char *path) {
    *handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return *handle >= 0 ? 0 : errno;
}

/* Whether the new file is this process's: false where a process that removes left-overs was faster. A file system without
 * locks has no such processes. */
static bool lock(int fd) {
    struct stat status;
    return (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && fstat(fd, &status) == 0 && status.st_nlink > 0;
}

int cseg_system_create(intptr_t *handle, const char *path, const cseg_system_entry *like) {
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)(like != NULL ? like->permissions : NEW_FILE));
    *handle = CSEG_NO_HANDLE;
    if (fd < 0)
        return errno;
    if (!lock(fd)) {
        (void)close(fd);
        return EEXIST;
    }
    if (like != NULL) /* without the process's mask; where modes cannot be set, the file is never more open */
        (void)fchmod(fd, (mode_t)like->permissions);
    *handle = fd;
    return 0;
}

/* The bytes of one system call: macOS refuses more than INT_MAX. */
static size_t piece_of(size_t left) {
    enum { MAX_PIECE = 1 << 30 };
    return left < MAX_PIECE ? left : MAX_PIECE;
}

int cseg_system_read_at(intptr_t handle, void *to, size_t count, uint64_t offset, size_t *got) {
    for (*got = 0; *got < count;) {
        const ssize_t n = pread((int)handle, (char *)to + *got, piece_of(count - *got), (off_t)(offset + *got));
        if (n == 0)
            break;
        if (n > 0)
            *got += (size_t)n;
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

int cseg_system_write_at(intptr_t handle, const void *from, size_t count, uint64_t offset) {
    for (size_t done = 0; done < count;) {
        const ssize_t n = pwrite((int)handle, (const char *)from + done, piece_of(count - done), (off_t)(offset + done));
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

int cseg_system_synchronise(intptr_t handle) {
    return fsync((int)handle) == 0 ? 0 : errno;
}

int cseg_system_replace(intptr_t handle, const char *from, const char *to) {
    (void)handle;
    return rename(from, to) == 0 ? 0 : errno;
}

int cseg_system_hide(intptr_t handle, const char *path) {
    (void)handle;
    return unlink(path) == 0 ? 0 : errno;
}

void cseg_system_close(intptr_t handle) {
    (void)close((int)handle);
}

void cseg_system_discard(intptr_t handle, const char *path) {
    (void)unlink(path);
    cseg_system_close(handle);
}

void cseg_system_describe(char *text, size_t room, int error) {
    if (strerror_r(error, text, room) != 0)
        (void)snprintf(text, room, "error %d", error);
}

/* ---- processes, processors, memory, time ---- */

int64_t cseg_system_process(void) {
    return getpid();
}

#if defined(__linux__)
int32_t cseg_system_processors(void) {
    unsigned long sets[128] = {0}; /* as many bits as Linux can have processors */
    int32_t count = 0;
    if (syscall(SYS_sched_getaffinity, 0, sizeof sets, sets) <= 0)
        return (int32_t)sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        for (unsigned long set = sets[i]; set != 0; set &= set - 1)
            count++;
    return count;
}
#else
int32_t cseg_system_processors(void) {
    return (int32_t)sysconf(_SC_NPROCESSORS_ONLN);
}
#endif

void cseg_system_advise_large_pages(void *block, size_t bytes) {
#if defined(MADV_HUGEPAGE)
    enum { PAGE = 4096, LARGE = 4 << 20 };
    const size_t skipped = (PAGE - (uintptr_t)block % PAGE) % PAGE;
    if (bytes >= LARGE)
        (void)madvise((char *)block + skipped, (bytes - skipped) / PAGE * PAGE, MADV_HUGEPAGE);
#else
    (void)block;
    (void)bytes;
#endif
}

void cseg_environment_begin(cseg_environment *host) {
    (void)fegetenv(&host->standard);
    (void)fesetenv(FE_DFL_ENV);
}

void cseg_environment_end(const cseg_environment *host) {
    (void)fesetenv(&host->standard);
}

double cseg_clock_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
