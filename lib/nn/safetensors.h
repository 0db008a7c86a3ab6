/* SPDX-License-Identifier: BSD-3-Clause */
/* The safetensors container: a JSON header, then raw little-endian tensors. Independent of networks. */
#ifndef CSEG_NN_SAFETENSORS_H
#define CSEG_NN_SAFETENSORS_H

#include "core/core.h"

enum { CSEG_MAX_DIMENSIONS = 4, CSEG_SAFETENSORS_MAX_HEADER = 1 << 20 };

typedef struct cseg_safetensors {
    cseg_json *header;
    const cseg_json *metadata;
    const uint8_t *data;
    size_t tensors;
} cseg_safetensors;

/*
 * CELLSEG_ERR_FORMAT unless the header and all its tensors are valid: types F32 or F16, shapes that match the sizes, tensors
 * that fill the file without gaps in the header's order. `bytes` is borrowed. Release with cseg_safetensors_close().
 */
cellseg_status cseg_safetensors_open(cseg_safetensors *file, cellseg_context *context, const uint8_t *bytes, size_t size);
void cseg_safetensors_close(cseg_safetensors *file);

/* Check the first 9 bytes of a file of `size` bytes, before the rest is read. */
cellseg_status cseg_safetensors_check_start(const uint8_t *start, size_t available, uint64_t size);

/* Name, type and shape of a tensor. */
typedef struct cseg_tensor_entry {
    const char *name;
    bool half;
    size_t dimensions;
    size_t shape[CSEG_MAX_DIMENSIONS];
} cseg_tensor_entry;

size_t cseg_safetensors_entries(const cseg_tensor_entry *entry); /* elements */

/* CELLSEG_ERR_MODEL unless the file has a tensor of this name and shape; F16 only if entry->half. */
cellseg_status cseg_safetensors_check(const cseg_safetensors *file, const cseg_tensor_entry *entry);

/* Copy the numbers of a checked tensor. */
void cseg_safetensors_read(float *out, const cseg_safetensors *file, const char *name);

/* The shape of a tensor of that many dimensions; CELLSEG_ERR_MODEL for another tensor. */
cellseg_status cseg_safetensors_shape(size_t *shape, const cseg_safetensors *file, const char *name, size_t dimensions);

/* An entry of a file's metadata. */
typedef struct cseg_metadata {
    const char *key, *value;
} cseg_metadata;

/* A whole file in memory: `texts` up to a NULL key, then `count` tensors with their numbers. Release *out with
 * cseg_memory_free(). */
cellseg_status cseg_safetensors_write(uint8_t **out, size_t *size, cellseg_context *context, const cseg_metadata *texts,
                                      const cseg_tensor_entry *entries, const float *const *numbers, size_t count);

#endif
