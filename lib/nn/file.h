/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files: read into memory, and replaced so that a reader sees the old or the new one and never half of it. */
#ifndef CSEG_NN_FILE_H
#define CSEG_NN_FILE_H

#include "core/core.h"

/* Looks at a file's first bytes and its size, to refuse it before memory is taken for the rest. */
typedef cellseg_status (*cseg_start_check)(const uint8_t *start, size_t available, uint64_t size);

/* *out: cseg_free() it. CELLSEG_ERR_IO and what the system says, or what `check` returns. */
cellseg_status cseg_file_read(uint8_t **out, size_t *size, cellseg_context *context, const char *path, cseg_start_check check);

/* Written under a temporary name in the same folder, flushed to the disk, renamed. CELLSEG_ERR_IO: `path` is as it was. */
cellseg_status cseg_file_replace(const char *path, cellseg_context *context, const void *bytes, size_t size);

#endif
