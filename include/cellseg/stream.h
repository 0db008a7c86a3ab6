/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file stream.h  Files that lie in memory, in an archive or behind a network: read and written through callbacks.
 *
 * Functions whose names end in _from read through a cellseg_reader, functions whose names end in _to write through a
 * cellseg_writer. They do what their namesakes with a path do: same bytes, same errors, with the reader's or writer's name in
 * place of the path. The library calls the callbacks on the calling thread only, before the call returns. A callback must not
 * throw or longjmp.
 */
#ifndef CELLSEG_STREAM_H
#define CELLSEG_STREAM_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Copy the `count` bytes from `offset` on. The library asks for at least one byte, and for none beyond size_bytes.
 * @return 0 after all bytes are copied; else an errno value, which the message explains. No read follows a failure.
 */
typedef int32_t (*cellseg_read_fn)(void *user, void *to, size_t count, uint64_t offset);

/** Where a file's bytes come from. Initialise with cellseg_reader_init(). */
typedef struct cellseg_reader {
    size_t struct_size;   /**< sizeof of this struct where the caller was compiled */
    const char *name;     /**< of the file, in messages, UTF-8; NULL, the default: "the input" */
    void *user;           /**< handed to `read` */
    uint64_t size_bytes;  /**< of the file, at most 2^63 - 1 */
    cellseg_read_fn read; /**< required */
} cellseg_reader;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  reader is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_reader_init(cellseg_reader *reader, size_t struct_size);

/**
 * Describe a file of `size` bytes in memory. The bytes are borrowed: they stay valid and unchanged while the reader is used.
 * @return CELLSEG_ERR_ARGUMENT  a NULL, or struct_size too small. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_reader_init_memory(cellseg_reader *reader, size_t struct_size, const void *bytes, size_t size);

/**
 * Take the next `count` bytes of the file, at least one.
 * @return 0 after all bytes are taken; else an errno value, which the message explains. No write follows a failure.
 */
typedef int32_t (*cellseg_write_fn)(void *user, const void *bytes, size_t count);

/**
 * Where a file's bytes go, from the first to the last. Initialise with cellseg_writer_init().
 *
 * The library hands over bytes only after the complete file is in memory. After an error other than one of the callback's own,
 * and after a cancel, the callback was not called. The file's memory counts against the context's budget: up to three times the
 * file's size while the file grows.
 */
typedef struct cellseg_writer {
    size_t struct_size;     /**< sizeof of this struct where the caller was compiled */
    const char *name;       /**< of the file, in messages, UTF-8; NULL, the default: "the output" */
    void *user;             /**< handed to `write` */
    cellseg_write_fn write; /**< required */
} cellseg_writer;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  writer is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_writer_init(cellseg_writer *writer, size_t struct_size);

#ifdef __cplusplus
}
#endif
#endif
