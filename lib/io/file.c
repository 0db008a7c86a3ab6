/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: read at offsets, and written under a temporary name, synchronised and renamed. */
#include "io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

cellseg_status cseg_io_fail(const char *what, int error) {
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

cellseg_status cseg_io_open(cseg_io_file *file, const char *path) {
    *file = (cseg_io_file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)}; /* does not wait on a pipe */
    if (file->fd < 0)
        return cseg_io_fail("cannot be opened", errno);
    struct stat status;
    cellseg_status result = fstat(file->fd, &status) == 0 ? check_regular(&status) : cseg_io_fail("cannot be read", errno);
    if (result != CELLSEG_OK)
        cseg_io_close(file);
    else
        file->size = (uint64_t)status.st_size;
    return result;
}

void cseg_io_close(cseg_io_file *file) {
    if (file->fd >= 0)
        (void)close(file->fd);
    file->fd = -1;
}

size_t cseg_io_read_at(cseg_io_file *file, void *to, size_t count, uint64_t offset) {
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

bool cseg_io_write_at(cseg_io_file *file, const void *from, size_t count, uint64_t offset) {
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

/* Create "<folder of path>/.cellseg-<process>-<n>.tmp". */
static cellseg_status create_temporary(cseg_io_target *target, cellseg_context *context) {
    const char *slash = strrchr(target->path, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - target->path) + 1 : 0;
    const size_t room = folder + 64;
    target->temporary = cseg_alloc(context, room, 1);
    if (target->temporary == NULL)
        return cseg_last_status();
    memcpy(target->temporary, target->path, folder);
    for (unsigned n = 0; n < 1000; n++) {
        (void)snprintf(target->temporary + folder, room - folder, ".cellseg-%ld-%u.tmp", (long)getpid(), n);
        target->file.fd = open(target->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (target->file.fd >= 0)
            return CELLSEG_OK;
        if (errno != EEXIST)
            break;
    }
    return cseg_io_fail("cannot be written", errno);
}

cellseg_status cseg_io_target_open(cseg_io_target *target, cellseg_context *context, const char *path) {
    *target = (cseg_io_target){.file = {.fd = -1}, .path = path};
    struct stat there;
    cellseg_status status = stat(path, &there) == 0 ? check_regular(&there) : CELLSEG_OK;
    if (status == CELLSEG_OK)
        status = create_temporary(target, context);
    if (status != CELLSEG_OK) {
        cseg_free(target->temporary);
        target->temporary = NULL;
        return cseg_fail_in(status, path);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_io_target_close(cseg_io_target *target, cellseg_status status) {
    const bool synchronised = status != CELLSEG_OK || fsync(target->file.fd) == 0;
    if (!synchronised)
        status = cseg_io_fail("cannot be written", errno);
    const bool closed = close(target->file.fd) == 0;
    if (status == CELLSEG_OK && !closed)
        status = cseg_io_fail("cannot be written", errno);
    if (status == CELLSEG_OK && rename(target->temporary, target->path) != 0)
        status = cseg_io_fail("cannot be put in place", errno);
    if (status != CELLSEG_OK) {
        (void)unlink(target->temporary);
        status = cseg_fail_in(status, target->path);
    }
    cseg_free(target->temporary);
    return status;
}
