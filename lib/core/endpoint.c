/* SPDX-License-Identifier: BSD-3-Clause */
/* What a caller reads from and writes to: the defaults of readers and writers, and a reader of memory. */
#include "core/core.h"

#include <string.h>

#define READER_FIRST_SIZE (offsetof(cellseg_reader, read) + sizeof(cellseg_read_fn))
#define WRITER_FIRST_SIZE (offsetof(cellseg_writer, write) + sizeof(cellseg_write_fn))

cellseg_status cellseg_reader_init(cellseg_reader *reader, size_t struct_size) {
    static const cellseg_reader defaults = {.struct_size = sizeof defaults};
    return cseg_options_init(reader, struct_size, &defaults, sizeof defaults, READER_FIRST_SIZE, "cellseg_reader");
}

static int32_t copy_from_memory(void *user, void *to, size_t count, uint64_t offset) {
    memcpy(to, (const char *)user + offset, count);
    return 0;
}

cellseg_status cellseg_reader_init_memory(cellseg_reader *reader, size_t struct_size, const void *bytes, size_t size) {
    if (bytes == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "bytes is NULL");
    CSEG_TRY(cellseg_reader_init(reader, struct_size));
    reader->user = (void *)bytes; /* only read */
    reader->size_bytes = size;
    reader->read = copy_from_memory;
    return CELLSEG_OK;
}

cellseg_status cellseg_writer_init(cellseg_writer *writer, size_t struct_size) {
    static const cellseg_writer defaults = {.struct_size = sizeof defaults};
    return cseg_options_init(writer, struct_size, &defaults, sizeof defaults, WRITER_FIRST_SIZE, "cellseg_writer");
}

cellseg_status cseg_endpoint_check_reader(cellseg_reader *own, const cellseg_reader *reader) {
    if (reader == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "reader is NULL");
    *own = (cellseg_reader){.struct_size = sizeof *own};
    CSEG_TRY(cseg_options_copy(own, sizeof *own, READER_FIRST_SIZE, reader, "cellseg_reader"));
    if (own->read == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the reader has no function to read");
    if (own->size_bytes > INT64_MAX)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "size_bytes is %llu; 2^63 - 1 are the most", (unsigned long long)own->size_bytes);
    own->name = own->name != NULL ? own->name : "the input";
    return CELLSEG_OK;
}

cellseg_status cseg_endpoint_check_writer(cellseg_writer *own, const cellseg_writer *writer) {
    if (writer == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "writer is NULL");
    *own = (cellseg_writer){.struct_size = sizeof *own};
    CSEG_TRY(cseg_options_copy(own, sizeof *own, WRITER_FIRST_SIZE, writer, "cellseg_writer"));
    if (own->write == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the writer has no function to write");
    own->name = own->name != NULL ? own->name : "the output";
    return CELLSEG_OK;
}
