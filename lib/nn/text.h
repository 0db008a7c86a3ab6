/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that grows, for writing JSON and binary formats. After a failed allocation everything does nothing, and the end reports
 * it: one check. */
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
void cseg_text_add_number(cseg_text *text, double value);      /* the fewest digits that read back as the same; never a comma */
void cseg_text_add_string(cseg_text *text, const char *value); /* in quotes, escaped as JSON asks */
void cseg_text_add_bytes(cseg_text *text, const void *bytes, size_t count); /* zeros and all: for binary formats */

/* Hand the text over: cseg_memory_free() it. On failure it is released and *out NULL. */
cellseg_status cseg_text_take(char **out, cseg_text *text);

#endif
