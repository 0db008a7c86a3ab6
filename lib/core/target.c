/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Targets: files that appear complete or not at all. A path's file is written under a temporary name, synchronised and renamed;
 * a writer's file is collected in memory and handed over. A temporary file is locked (flock) while its process lives, so that
 * others can tell the left-overs of dead processes.
 */
#define _DEFAULT_SOURCE /* for flock */ // NOLINT(bugprone-reserved-identifier)

#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEW_FILE_MODE = 0666, PERMISSIONS = 0777, NO_FILE = PERMISSIONS + 1 };

/* Only a regular file may be replaced. *kept: its permissions; NO_FILE: there is none. */
static cellseg_status check_replaceable(mode_t *kept, const char *path) {
    struct stat there;
    *kept = NO_FILE;
    if (path[0] == '\0')
        return cseg_file_fail("cannot be written", ENOENT);
    if (stat(path, &there) != 0)
        return errno == ENOENT ? CELLSEG_OK : cseg_file_fail("cannot be written", errno);
    *kept = there.st_mode & PERMISSIONS;
    return cseg_file_check_regular(&there);
}

/* Whether the new file is this process's: false where a process that removes left-overs was faster. A file system without
 * locks has no such processes. */
static bool lock(int fd) {
    struct stat status;
    return (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && fstat(fd, &status) == 0 && status.st_nlink > 0;
}

/* Create and lock `name`, which nobody uses. -1 with errno; EEXIST: try another name. */
static int create_locked(const char *name, mode_t mode) {
    const int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 || lock(fd))
        return fd;
    (void)close(fd);
    errno = EEXIST;
    return -1;
}

/* Create "<folder of path>/.cellseg-<process>-<n>.tmp". */
static cellseg_status create_temporary(cseg_target *target, cellseg_context *context, mode_t mode) {
    const char *slash = strrchr(target->path, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - target->path) + 1 : 0;
    const size_t room = folder + 64;
    target->temporary = cseg_memory_alloc(context, room, 1);
    if (target->temporary == NULL)
        return cseg_error_last();
    memcpy(target->temporary, target->path, folder);
    int fd = -1;
    for (unsigned n = 0; n < 1000 && fd < 0; n++) {
        (void)snprintf(target->temporary + folder, room - folder, ".cellseg-%ld-%u.tmp", (long)getpid(), n);
        fd = create_locked(target->temporary, mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd >= 0) {
        cseg_file_use(&target->file, fd, NULL);
        return CELLSEG_OK;
    }
    const int error = errno;
    cseg_memory_free(target->temporary);
    target->temporary = NULL;
    return cseg_file_fail("cannot be written", error);
}

static cellseg_status open_path(cseg_target *target, cellseg_context *context) {
    mode_t kept;
    CSEG_TRY(check_replaceable(&kept, target->path));
    CSEG_TRY(create_temporary(target, context, kept != NO_FILE ? kept : NEW_FILE_MODE));
    if (kept != NO_FILE) /* without the process's mask; where modes cannot be set, the file is never more open */
        (void)fchmod(target->file.fd, kept);
    return CELLSEG_OK;
}

cellseg_status cseg_target_set_path(cseg_target *target, const char *path) {
    *target = (cseg_target){.file = {.fd = -1}, .path = path, .name = path};
    return path != NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "path is NULL");
}

cellseg_status cseg_target_set_writer(cseg_target *target, const cellseg_writer *writer) {
    *target = (cseg_target){.file = {.fd = -1}};
    CSEG_TRY(cseg_endpoint_check_writer(&target->writer, writer));
    target->name = target->writer.name;
    return CELLSEG_OK;
}

cellseg_status cseg_target_open(cseg_target *target, cellseg_context *context) {
    if (target->path != NULL) {
        const cellseg_status status = open_path(target, context);
        return status != CELLSEG_OK ? cseg_error_fail_in(status, target->name) : CELLSEG_OK;
    }
    target->memory = (cseg_text){.context = context};
    cseg_file_use(&target->file, -1, &target->memory);
    return CELLSEG_OK;
}

/* The lock is held until the file has its own name. After fsync(), closing has nothing to report. */
static cellseg_status put_in_place(cseg_target *target) {
    if (fsync(target->file.fd) != 0)
        return cseg_file_fail("cannot be written", errno);
    if (rename(target->temporary, target->path) != 0)
        return cseg_file_fail("cannot be put in place", errno);
    cseg_memory_free(target->temporary);
    target->temporary = NULL;
    return CELLSEG_OK;
}

static cellseg_status hand_over(const cseg_target *target) {
    if (target->memory.length == 0)
        return CELLSEG_OK;
    const int32_t error = target->writer.write(target->writer.user, target->memory.bytes, target->memory.length);
    return error == 0 ? CELLSEG_OK : cseg_file_fail("cannot be written", error > 0 ? error : EIO);
}

static void release(cseg_target *target) {
    if (target->temporary != NULL)
        (void)unlink(target->temporary);
    cseg_memory_free(target->temporary);
    target->temporary = NULL;
    cseg_file_close(&target->file);
    cseg_memory_free(target->memory.bytes);
    target->memory.bytes = NULL;
}

cellseg_status cseg_target_close(cseg_target *target, cellseg_status status) {
    if (status == CELLSEG_OK && target->file.error != 0)
        status = cseg_file_fail("cannot be written", target->file.error);
    if (status == CELLSEG_OK)
        status = target->path != NULL ? put_in_place(target) : hand_over(target);
    if (status != CELLSEG_OK)
        status = cseg_error_fail_in(status, target->name);
    release(target);
    return status;
}

cellseg_status cseg_target_probe(cellseg_context *context, const char *path) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    CSEG_TRY(cseg_target_open(&target, context));
    release(&target);
    return CELLSEG_OK;
}

cellseg_status cseg_target_put(cseg_target *target, cellseg_context *context, const void *bytes, size_t size) {
    CSEG_TRY(cseg_target_open(target, context));
    (void)cseg_file_write_at(&target->file, bytes, size, 0); /* closing reports the error */
    return cseg_target_close(target, CELLSEG_OK);
}
