/* SPDX-License-Identifier: BSD-3-Clause */
/* Protocol Buffers: a field is a number with a wire type, then a varint, four or eight bytes, or a length and bytes. */
#include "nn/message.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, VARINT_BYTES = 10 };

bool cseg_message_number(uint64_t *value, cseg_message *array) {
    *value = 0;
    for (uint32_t i = 0; i < VARINT_BYTES && array->at < array->end; i++) {
        const uint8_t byte = *array->at++;
        *value |= (uint64_t)(byte & 0x7fU) << 7 * i;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool read_fixed(uint64_t *value, cseg_message *message, size_t count) {
    if (cseg_message_size(message) < count)
        return false;
    for (size_t i = 0; i < count; i++)
        *value |= (uint64_t)*message->at++ << 8 * i;
    return true;
}

static bool read_bytes(cseg_message *bytes, cseg_message *message) {
    uint64_t length;
    if (!cseg_message_number(&length, message) || length > cseg_message_size(message))
        return false;
    *bytes = (cseg_message){message->at, message->at + length, false};
    message->at += length;
    return true;
}

static bool read_value(cseg_field *field, cseg_message *message, uint32_t wire) {
    switch (wire) {
    case WIRE_VARINT:
        return cseg_message_number(&field->value, message);
    case WIRE_64:
        return read_fixed(&field->value, message, 8);
    case WIRE_32:
        return read_fixed(&field->value, message, 4);
    case WIRE_BYTES:
        return read_bytes(&field->bytes, message);
    default:
        return false;
    }
}

bool cseg_message_next(cseg_field *field, cseg_message *message) {
    uint64_t key;
    *field = (cseg_field){0};
    if (message->broken || message->at == message->end)
        return false;
    if (!cseg_message_number(&key, message) || key >> 3 > UINT32_MAX || !read_value(field, message, (uint32_t)(key & 7))) {
        message->broken = true;
        return false;
    }
    field->number = (uint32_t)(key >> 3);
    return true;
}

bool cseg_message_find(cseg_field *field, cseg_message message, uint32_t number) {
    while (cseg_message_next(field, &message))
        if (field->number == number)
            return true;
    *field = (cseg_field){0};
    return false;
}

bool cseg_message_same(const cseg_message *text, const cseg_message *other) {
    const size_t size = cseg_message_size(text);
    return size == cseg_message_size(other) && (size == 0 || memcmp(text->at, other->at, size) == 0);
}

bool cseg_message_is(const cseg_message *text, const char *word) {
    const size_t size = strlen(word);
    return size == cseg_message_size(text) && (size == 0 || memcmp(text->at, word, size) == 0);
}
