/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: bytes read at offsets through a reader, of which a path is one, and written at offsets to a descriptor or memory. */
#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

cellseg_status cseg_file_fail(const char *what, int error) {
    if (error < 0)
        return cseg_error_fail_in(error, what);
    char text[128];
    if (strerror_r(error, text, sizeof text) != 0)
        (void)snprintf(text, sizeof text, "error %d", error);
    return cseg_fail(CELLSEG_ERR_IO, "%s: %s", what, text);
}

cellseg_status cseg_file_check_regular(const struct stat *status) {
    if (S_ISDIR(status->st_mode))
        return cseg_fail(CELLSEG_ERR_IO, "this is a directory");
    if (!S_ISREG(status->st_mode))
        return cseg_fail(CELLSEG_ERR_IO, "this is not a regular file");
    return CELLSEG_OK;
}

/* ---- reading ---- */

static int32_t read_descriptor(const cseg_file *file, char *to, size_t count, uint64_t offset) {
    for (size_t done = 0; done < count;) {
        const ssize_t n = pread(file->fd, to + done, count - done, (off_t)(offset + done));
        if (n == 0)
            return ENODATA; /* the file became shorter */
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

/* The reader of a file of this library: a path's, or a target's. */
static int32_t read_own(void *user, void *to, size_t count, uint64_t offset) {
    const cseg_file *file = user;
    if (file->memory == NULL)
        return read_descriptor(file, to, count, offset);
    memcpy(to, file->memory->bytes + offset, count);
    return 0;
}

void cseg_file_use(cseg_file *file, int fd, cseg_text *memory) {
    file->fd = fd;
    file->memory = memory;
    file->reader.user = file;
    file->reader.read = read_own;
}

cellseg_status cseg_file_set_path(cseg_file *file, const char *path) {
    *file = (cseg_file){.fd = -1, .path = path, .reader = {.name = path}};
    return path != NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "path is NULL");
}

cellseg_status cseg_file_set_reader(cseg_file *file, const cellseg_reader *reader) {
    *file = (cseg_file){.fd = -1};
    CSEG_TRY(cseg_endpoint_check_reader(&file->reader, reader));
    file->size = file->reader.size_bytes;
    return CELLSEG_OK;
}

cellseg_status cseg_file_open(cseg_file *file) {
    if (file->path == NULL)
        return CELLSEG_OK;                                                          /* a reader is open */
    cseg_file_use(file, open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), NULL); /* does not wait on a pipe */
    if (file->fd < 0) {
        file->error = errno;
        return cseg_file_fail("cannot be opened", file->error);
    }
    struct stat status;
    cellseg_status result =
        fstat(file->fd, &status) == 0 ? cseg_file_check_regular(&status) : cseg_file_fail("cannot be read", errno);
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

/* A callback's failure as an error of a file; negative numbers are this library's own. */
static int error_of(int32_t returned) {
    return returned >= 0 ? returned : EIO;
}

size_t cseg_file_read_at(cseg_file *file, void *to, size_t count, uint64_t offset) {
    if (file->error != 0 || count == 0 || offset >= file->size)
        return 0;
    const size_t wanted = count < file->size - offset ? count : (size_t)(file->size - offset);
    file->error = error_of(file->reader.read(file->reader.user, to, wanted, offset));
    return file->error == 0 ? wanted : 0;
}

/* ---- writing ---- */

static int write_descriptor(const cseg_file *file, const char *from, size_t count, uint64_t offset) {
    for (size_t done = 0; done < count;) {
        const ssize_t n = pwrite(file->fd, from + done, count - done, (off_t)(offset + done));
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

static int write_memory(cseg_text *memory, const char *from, size_t count, uint64_t offset) {
    while (memory->length < offset && memory->status == CELLSEG_OK)
        cseg_text_add_bytes(memory, "", 1); /* zeros, as in a file */
    if (memory->status == CELLSEG_OK) {
        const size_t left = memory->length - (size_t)offset;
        const size_t replaced = count < left ? count : left;
        if (replaced > 0)
            memcpy(memory->bytes + offset, from, replaced);
        cseg_text_add_bytes(memory, from + replaced, count - replaced);
    }
    return memory->status;
}

bool cseg_file_write_at(cseg_file *file, const void *from, size_t count, uint64_t offset) {
    if (file->error == 0 && count > 0)
        file->error =
            file->memory != NULL ? write_memory(file->memory, from, count, offset) : write_descriptor(file, from, count, offset);
    if (file->error == 0 && offset + count > file->size)
        file->size = offset + count;
    return file->error == 0;
}
