/* SPDX-License-Identifier: BSD-3-Clause */
/* The safetensors container: a JSON header, then raw little-endian tensors. Knows nothing of networks. */
#ifndef CSEG_NN_SAFETENSORS_H
#define CSEG_NN_SAFETENSORS_H

#include "nn/json.h"

enum { CSEG_MAX_DIMENSIONS = 4, CSEG_SAFETENSORS_MAX_HEADER = 1 << 20 };

typedef struct cseg_safetensors {
    cJSON *header;
    const cJSON *metadata;
    const uint8_t *data;
    size_t tensors;
} cseg_safetensors;

/*
 * CELLSEG_ERR_FORMAT unless the header and all its tensors are sound: types F32 or F16, shapes that give the sizes, sizes that
 * fill the file from front to end without gaps, in the header's order. `bytes` is borrowed. Release with
 * cseg_safetensors_close().
 */
cellseg_status cseg_safetensors_open(cseg_safetensors *file, const uint8_t *bytes, size_t size);
void cseg_safetensors_close(cseg_safetensors *file);

/* What can be said from the first 9 bytes of a file of `size` bytes, so that nothing else need be read. */
cellseg_status cseg_safetensors_check_start(const uint8_t *start, size_t available, uint64_t size);

/* Name, type and shape of a tensor. */
typedef struct cseg_tensor_entry {
    const char *name;
    bool half;
    size_t dimensions;
    size_t shape[CSEG_MAX_DIMENSIONS];
} cseg_tensor_entry;

size_t cseg_safetensors_entries(const cseg_tensor_entry *entry); /* elements */

/* CELLSEG_ERR_MODEL unless the file has a tensor of this name and shape; F16 only where entry->half allows it. */
cellseg_status cseg_safetensors_check(const cseg_safetensors *file, const cseg_tensor_entry *entry);

/* The numbers of a tensor that has been checked. */
void cseg_safetensors_read(float *out, const cseg_safetensors *file, const char *name);

/* The shape of a tensor with that many dimensions, or CELLSEG_ERR_MODEL. */
cellseg_status cseg_safetensors_shape(size_t *shape, const cseg_safetensors *file, const char *name, size_t dimensions);

/* One string of a file's metadata. */
typedef struct cseg_metadata {
    const char *key, *value;
} cseg_metadata;

/* A whole file in memory: `texts` ended by a NULL key, then `count` tensors with their numbers. *out: cseg_memory_free() it. */
cellseg_status cseg_safetensors_write(uint8_t **out, size_t *size, cellseg_context *context, const cseg_metadata *texts,
                                      const cseg_tensor_entry *entries, const float *const *numbers, size_t count);

#endif
