/* SPDX-License-Identifier: BSD-3-Clause */
/* A growing text, for writing JSON and binary formats. After a failed allocation every call does nothing; the last call,
 * cseg_text_take(), reports the failure. */
#ifndef CSEG_NN_TEXT_H
#define CSEG_NN_TEXT_H

#include "core/core.h"

typedef struct cseg_text {
    cellseg_context *context;
    char *bytes; /* NULL: empty */
    size_t length, capacity;
    cellseg_status status;
} cseg_text;

void cseg_text_add(cseg_text *text, const char *format, ...) CSEG_PRINTF(2, 3);
void cseg_text_add_number(cseg_text *text, double value); /* the shortest text that parses to the same number, in any locale */
void cseg_text_add_string(cseg_text *text, const char *value);              /* in quotes, escaped for JSON */
void cseg_text_add_bytes(cseg_text *text, const void *bytes, size_t count); /* any bytes, zeros included */

/* Hand over the text: release with cseg_memory_free(). On failure the text is released and *out is NULL. */
cellseg_status cseg_text_take(char **out, cseg_text *text);

#endif
