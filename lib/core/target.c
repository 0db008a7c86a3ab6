/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Targets: files that appear complete or not at all. A path's file is written under a temporary name, synchronised and renamed;
 * a writer's file is collected in memory and handed over. A temporary file is locked while its process lives, so that others can
 * tell the left-overs of dead processes.
 */
#include "core/system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Only a regular file may be replaced. *there: whether there is one. */
static cellseg_status check_replaceable(bool *there, cseg_system_entry *entry, const char *path) {
    const int error = path[0] != '\0' ? cseg_system_find(entry, path) : ENOENT;
    *there = error == 0;
    if (error != 0)
        return error == ENOENT && path[0] != '\0' ? CELLSEG_OK : cseg_file_fail("cannot be written", error);
    return cseg_file_check_entry(entry);
}

/* The length of the part of a path that names the folder, with its separator. */
static size_t folder_length(const char *path) {
    size_t length = strlen(path);
    while (length > 0 && !cseg_system_separates(path[length - 1]))
        length--;
    return length;
}

/* Create "<folder of path>/.cellseg-<process>-<n>.tmp". */
static cellseg_status create_temporary(cseg_target *target, cellseg_context *context, const cseg_system_entry *like) {
    const size_t folder = folder_length(target->path), room = folder + 64;
    target->temporary = cseg_memory_alloc(context, room, 1);
    if (target->temporary == NULL)
        return cseg_error_last();
    memcpy(target->temporary, target->path, folder);
    intptr_t handle;
    int error = EEXIST;
    for (unsigned n = 0; n < 1000 && error == EEXIST; n++) {
        (void)snprintf(target->temporary + folder, room - folder, ".cellseg-%lld-%u.tmp", (long long)cseg_system_process(), n);
        error = cseg_system_create(&handle, target->temporary, like);
    }
    if (error == 0) {
        cseg_file_use(&target->file, handle, NULL);
        return CELLSEG_OK;
    }
    cseg_memory_free(target->temporary);
    target->temporary = NULL;
    return cseg_file_fail("cannot be written", error);
}

static cellseg_status open_path(cseg_target *target, cellseg_context *context) {
    bool there;
    cseg_system_entry entry;
    CSEG_TRY(check_replaceable(&there, &entry, target->path));
    return create_temporary(target, context, there ? &entry : NULL);
}

cellseg_status cseg_target_set_path(cseg_target *target, const char *path) {
    *target = (cseg_target){.file = {.handle = CSEG_NO_HANDLE}, .path = path, .name = path};
    return path != NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "path is NULL");
}

cellseg_status cseg_target_set_writer(cseg_target *target, const cellseg_writer *writer) {
    *target = (cseg_target){.file = {.handle = CSEG_NO_HANDLE}};
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
    cseg_file_use(&target->file, CSEG_NO_HANDLE, &target->memory);
    return CELLSEG_OK;
}

/* The lock is held until the file has its own name. After this, closing has nothing to report. */
static cellseg_status put_in_place(cseg_target *target) {
    int error = cseg_system_synchronise(target->file.handle);
    if (error != 0)
        return cseg_file_fail("cannot be written", error);
    error = cseg_system_replace(target->file.handle, target->temporary, target->path);
    if (error != 0)
        return cseg_file_fail("cannot be put in place", error);
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
    if (target->temporary != NULL) {
        cseg_system_discard(target->file.handle, target->temporary);
        target->file.handle = CSEG_NO_HANDLE;
    }
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
