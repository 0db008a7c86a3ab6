/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading untrusted Protocol Buffers messages: fields in their order, without memory of their own. */
#ifndef CSEG_NN_MESSAGE_H
#define CSEG_NN_MESSAGE_H

#include "core/core.h"

/* The bytes of a message, a text or an array, that are left to read. */
typedef struct cseg_message {
    const uint8_t *at, *end;
    bool broken; /* the bytes are no message */
} cseg_message;

typedef struct cseg_field {
    uint32_t number;
    uint64_t value;     /* of a number; a float's bits */
    cseg_message bytes; /* of a text, an array or a message; empty for a number */
} cseg_field;

/* The next field. False at the end, and at a fault, which sets `broken`. */
bool cseg_message_next(cseg_field *field, cseg_message *message);

/* The first field of a number. False, and a field of zeros: there is none. */
bool cseg_message_find(cseg_field *field, cseg_message message, uint32_t number);

/* The next number of an array; false at its end. */
bool cseg_message_number(uint64_t *value, cseg_message *array);

bool cseg_message_same(const cseg_message *text, const cseg_message *other);
bool cseg_message_is(const cseg_message *text, const char *word);

static inline size_t cseg_message_size(const cseg_message *bytes) {
    return (size_t)(bytes->end - bytes->at);
}

#endif
