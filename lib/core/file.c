/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: bytes read at offsets through a reader, of which a path is one, and written at offsets to a handle or memory. */
#include "core/system.h"

#include <errno.h>
#include <string.h>

cellseg_status cseg_file_fail(const char *what, int error) {
    if (error < 0)
        return cseg_error_fail_in(error, what);
    char text[128];
    cseg_system_describe(text, sizeof text, error);
    return cseg_fail(CELLSEG_ERR_IO, "%s: %s", what, text);
}

cellseg_status cseg_file_check_entry(const cseg_system_entry *entry) {
    if (entry->is_folder)
        return cseg_fail(CELLSEG_ERR_IO, "this is a directory");
    return entry->is_regular ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_IO, "this is not a regular file");
}

/* ---- reading ---- */

/* The reader of a file of this library: a path's, or a target's. */
static int32_t read_own(void *user, void *to, size_t count, uint64_t offset) {
    const cseg_file *file = user;
    size_t got = count;
    int error = 0;
    if (file->memory != NULL)
        memcpy(to, file->memory->bytes + offset, count);
    else
        error = cseg_system_read_at(file->handle, to, count, offset, &got);
    return error == 0 && got < count ? ENODATA : error; /* the file became shorter */
}

void cseg_file_use(cseg_file *file, intptr_t handle, cseg_text *memory) {
    file->handle = handle;
    file->memory = memory;
    file->reader.user = file;
    file->reader.read = read_own;
}

cellseg_status cseg_file_set_path(cseg_file *file, const char *path) {
    *file = (cseg_file){.handle = CSEG_NO_HANDLE, .path = path, .reader = {.name = path}};
    return path != NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "path is NULL");
}

cellseg_status cseg_file_set_reader(cseg_file *file, const cellseg_reader *reader) {
    *file = (cseg_file){.handle = CSEG_NO_HANDLE};
    CSEG_TRY(cseg_endpoint_check_reader(&file->reader, reader));
    file->size = file->reader.size_bytes;
    return CELLSEG_OK;
}

static cellseg_status check_opened(cseg_file *file) {
    cseg_system_entry entry;
    const int error = cseg_system_examine(&entry, file->handle);
    if (error != 0)
        return cseg_file_fail("cannot be read", error);
    file->size = entry.size;
    return cseg_file_check_entry(&entry);
}

cellseg_status cseg_file_open(cseg_file *file) {
    if (file->path == NULL)
        return CELLSEG_OK; /* a reader is open */
    intptr_t handle;
    file->error = cseg_system_open(&handle, file->path);
    cseg_file_use(file, handle, NULL);
    if (file->error != 0)
        return cseg_file_fail("cannot be opened", file->error);
    const cellseg_status status = check_opened(file);
    if (status != CELLSEG_OK)
        cseg_file_close(file);
    return status;
}

void cseg_file_close(cseg_file *file) {
    if (file->handle != CSEG_NO_HANDLE)
        cseg_system_close(file->handle);
    file->handle = CSEG_NO_HANDLE;
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
        file->error = file->memory != NULL ? write_memory(file->memory, from, count, offset)
                                           : cseg_system_write_at(file->handle, from, count, offset);
    if (file->error == 0 && offset + count > file->size)
        file->size = offset + count;
    return file->error == 0;
}
