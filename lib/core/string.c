/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/core.h"

#include <string.h>

cellseg_status cseg_string_copy(char **out, cellseg_context *context, const char *from) {
    *out = NULL;
    if (from == NULL)
        return CELLSEG_OK;
    const size_t bytes = strlen(from) + 1;
    *out = cseg_memory_alloc(context, bytes, 1);
    if (*out == NULL)
        return cseg_error_last();
    memcpy(*out, from, bytes);
    return CELLSEG_OK;
}
