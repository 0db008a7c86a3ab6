/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { START_BYTES = 64 };

static const uint64_t most_bytes = (uint64_t)1 << 31;

static cellseg_status fail_io(const char *path, const char *verb, int error) {
    char reason[128];
    if (strerror_r(error, reason, sizeof reason) != 0)
        (void)snprintf(reason, sizeof reason, "error %d", error);
    return cseg_fail(CELLSEG_ERR_IO, "%s: cannot %s: %s", path, verb, reason);
}

/* As much of `size` bytes as there is. */
static bool read_all(int file, uint8_t *to, size_t size, size_t *got) {
    for (*got = 0; *got < size;) {
        const ssize_t n = read(file, to + *got, size - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return true;
}

static cellseg_status read_open(uint8_t **out, size_t *size, cellseg_context *context, int file, const char *path,
                                cseg_start_check check) {
    struct stat about;
    uint8_t start[START_BYTES];
    size_t got;
    if (fstat(file, &about) != 0)
        return fail_io(path, "read", errno);
    if (!S_ISREG(about.st_mode))
        return cseg_fail(CELLSEG_ERR_IO, "%s: not a regular file", path);
    if (!read_all(file, start, sizeof start, &got) || lseek(file, 0, SEEK_SET) != 0)
        return fail_io(path, "read", errno);
    CSEG_TRY(check(start, got, (uint64_t)about.st_size));
    if ((uint64_t)about.st_size > most_bytes)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: a file of more than 2 GB", path);
    *size = (size_t)about.st_size;
    CSEG_TRY(cseg_budget_check(context, *size, path));
    *out = cseg_alloc(context, *size, 1);
    if (*out == NULL)
        return cseg_last_status();
    const bool good = read_all(file, *out, *size, &got);
    if (good && got == *size)
        return CELLSEG_OK;
    const int error = errno;
    cseg_free(*out);
    *out = NULL;
    return good ? cseg_fail(CELLSEG_ERR_IO, "%s: it changed while it was read", path) : fail_io(path, "read", error);
}

cellseg_status cseg_file_read(uint8_t **out, size_t *size, cellseg_context *context, const char *path, cseg_start_check check) {
    *out = NULL;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would block here: it is refused just below */
    if (file < 0)
        return fail_io(path, "open", errno);
    const cellseg_status status = read_open(out, size, context, file, path, check);
    (void)close(file);
    return status;
}

/* ---- writing ---- */

static int create_beside(char *name, size_t bytes, const char *path) {
    int file = -1;
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        (void)snprintf(name, bytes, "%s.tmp%ld-%u", path, (long)getpid(), attempt);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST)
            break;
    }
    return file;
}

static bool write_all(int file, const uint8_t *from, size_t size) {
    while (size > 0) {
        const ssize_t n = write(file, from, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        from += n;
        size -= (size_t)n;
    }
    return fsync(file) == 0;
}

cellseg_status cseg_file_replace(const char *path, cellseg_context *context, const void *bytes, size_t size) {
    const size_t name_bytes = strlen(path) + 48;
    char *name = cseg_alloc(context, name_bytes, 1);
    if (name == NULL)
        return cseg_last_status();
    cellseg_status status = CELLSEG_OK;
    const int file = create_beside(name, name_bytes, path);
    if (file < 0) {
        status = fail_io(path, "create", errno);
    } else {
        bool good = write_all(file, bytes, size);
        int error = errno;
        if (close(file) != 0 && good) {
            good = false;
            error = errno;
        }
        if (good && rename(name, path) != 0) {
            good = false;
            error = errno;
        }
        if (!good) {
            (void)unlink(name);
            status = fail_io(path, "write", error);
        }
    }
    cseg_free(name);
    return status;
}
