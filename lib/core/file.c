/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: read at offsets, and written under a temporary name, synchronised and renamed. */
#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

cellseg_status cseg_file_fail(const char *what, int error) {
    char text[128];
    if (strerror_r(error, text, sizeof text) != 0)
        (void)snprintf(text, sizeof text, "error %d", error);
    return cseg_fail(CELLSEG_ERR_IO, "%s: %s", what, text);
}

static cellseg_status check_regular(const struct stat *status) {
    if (S_ISDIR(status->st_mode))
        return cseg_fail(CELLSEG_ERR_IO, "this is a directory");
    if (!S_ISREG(status->st_mode))
        return cseg_fail(CELLSEG_ERR_IO, "this is not a regular file");
    return CELLSEG_OK;
}

/* ---- reading ---- */

cellseg_status cseg_file_open(cseg_file *file, const char *path) {
    *file = (cseg_file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)}; /* does not wait on a pipe */
    if (file->fd < 0) {
        file->error = errno;
        return cseg_file_fail("cannot be opened", file->error);
    }
    struct stat status;
    cellseg_status result = fstat(file->fd, &status) == 0 ? check_regular(&status) : cseg_file_fail("cannot be read", errno);
    if (result != CELLSEG_OK)
        cseg_file_close(file);
    else
        file->size = (uint64_t)status.st_size;
    return result;
}

void cseg_file_close(cseg_file *file) {
    if (file->fd >= 0)
        (void)close(file->fd);
    file->fd = -1;
}

size_t cseg_file_read_at(cseg_file *file, void *to, size_t count, uint64_t offset) {
    size_t done = 0;
    while (done < count && offset + done < file->size) {
        const ssize_t n = pread(file->fd, (char *)to + done, count - done, (off_t)(offset + done));
        if (n == 0)
            break;
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR) {
            file->error = file->error != 0 ? file->error : errno;
            break;
        }
    }
    return done;
}

/* ---- writing ---- */

bool cseg_file_write_at(cseg_file *file, const void *from, size_t count, uint64_t offset) {
    size_t done = 0;
    while (done < count && file->error == 0) {
        const ssize_t n = pwrite(file->fd, (const char *)from + done, count - done, (off_t)(offset + done));
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            file->error = errno;
    }
    if (offset + done > file->size)
        file->size = offset + done;
    return file->error == 0;
}

/* Only a regular file may be replaced. */
static cellseg_status check_replaceable(const char *path) {
    struct stat there;
    if (path[0] != '\0' && stat(path, &there) == 0)
        return check_regular(&there);
    return path[0] != '\0' && errno == ENOENT ? CELLSEG_OK
                                              : cseg_file_fail("cannot be written", path[0] == '\0' ? ENOENT : errno);
}

/* Create "<folder of path>/.cellseg-<process>-<n>.tmp"; O_EXCL accepts only a name that is not in use. */
static cellseg_status create_temporary(cseg_target *target, cellseg_context *context) {
    const char *slash = strrchr(target->path, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - target->path) + 1 : 0;
    const size_t room = folder + 64;
    target->temporary = cseg_memory_alloc(context, room, 1);
    if (target->temporary == NULL)
        return cseg_error_last();
    memcpy(target->temporary, target->path, folder);
    for (unsigned n = 0; n < 1000; n++) {
        (void)snprintf(target->temporary + folder, room - folder, ".cellseg-%ld-%u.tmp", (long)getpid(), n);
        target->file.fd = open(target->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (target->file.fd >= 0)
            return CELLSEG_OK;
        if (errno != EEXIST)
            break;
    }
    return cseg_file_fail("cannot be written", errno);
}

cellseg_status cseg_target_open(cseg_target *target, cellseg_context *context, const char *path) {
    *target = (cseg_target){.file = {.fd = -1}, .path = path};
    cellseg_status status = check_replaceable(path);
    if (status == CELLSEG_OK)
        status = create_temporary(target, context);
    if (status != CELLSEG_OK) {
        cseg_memory_free(target->temporary);
        target->temporary = NULL;
        (void)cseg_error_fail_in(status, path);
    }
    return status;
}

static cellseg_status put_in_place(cseg_target *target) {
    assert(target->temporary != NULL && target->path != NULL);
    if (target->file.error != 0)
        return cseg_file_fail("cannot be written", target->file.error);
    if (fsync(target->file.fd) != 0)
        return cseg_file_fail("cannot be written", errno);
    const int closed = close(target->file.fd);
    target->file.fd = -1;
    if (closed != 0)
        return cseg_file_fail("cannot be written", errno);
    return rename(target->temporary, target->path) == 0 ? CELLSEG_OK : cseg_file_fail("cannot be put in place", errno);
}

static void discard(cseg_target *target) {
    cseg_file_close(&target->file);
    (void)unlink(target->temporary);
}

cellseg_status cseg_target_close(cseg_target *target, cellseg_status status) {
    if (status == CELLSEG_OK)
        status = put_in_place(target);
    if (status != CELLSEG_OK) {
        discard(target);
        status = cseg_error_fail_in(status, target->path);
    }
    cseg_memory_free(target->temporary);
    return status;
}

cellseg_status cseg_target_probe(cellseg_context *context, const char *path) {
    cseg_target target;
    CSEG_TRY(cseg_target_open(&target, context, path));
    discard(&target);
    cseg_memory_free(target.temporary);
    return CELLSEG_OK;
}

cellseg_status cseg_file_replace(const char *path, cellseg_context *context, const void *bytes, size_t size) {
    cseg_target target;
    CSEG_TRY(cseg_target_open(&target, context, path));
    (void)cseg_file_write_at(&target.file, bytes, size, 0); /* closing reports the error */
    return cseg_target_close(&target, CELLSEG_OK);
}
