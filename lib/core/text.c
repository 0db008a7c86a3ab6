/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/core.h"

#include <string.h>

/* Space for `more` bytes and the closing zero. */
static bool make_room(cseg_text *text, size_t more) {
    if (text->status != CELLSEG_OK)
        return false;
    if (text->length + more < text->capacity)
        return true;
    const size_t needed = text->length + more, capacity = needed < SIZE_MAX / 4 ? 2 * needed + 64 : SIZE_MAX; /* is refused */
    char *bytes = cseg_memory_alloc(text->context, capacity, 1);
    if (bytes == NULL) {
        text->status = cseg_error_last();
        return false;
    }
    if (text->length > 0)
        memcpy(bytes, text->bytes, text->length);
    cseg_memory_free(text->bytes);
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void cseg_text_add(cseg_text *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const size_t needed = cseg_format_list(NULL, 0, format, arguments);
    va_end(arguments);
    if (make_room(text, needed))
        text->length += cseg_format_list(text->bytes + text->length, needed + 1, format, again);
    va_end(again);
}

void cseg_text_add_bytes(cseg_text *text, const void *bytes, size_t count) {
    if (count == 0 || !make_room(text, count))
        return;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
}

void cseg_text_add_number(cseg_text *text, double value) {
    char digits[CSEG_NUMBER_BYTES];
    cseg_number_print(digits, value);
    cseg_text_add(text, "%s", digits);
}

void cseg_text_add_string(cseg_text *text, const char *value) {
    cseg_text_add(text, "\"");
    for (const char *c = value; *c != '\0';) {
        const size_t plain = strcspn(c, "\"\\\001\002\003\004\005\006\007\b\t\n\013\f\r\016\017\020\021\022\023\024\025\026\027"
                                        "\030\031\032\033\034\035\036\037");
        cseg_text_add(text, "%.*s", (int)plain, c);
        c += plain;
        if (*c == '\0')
            break;
        if (*c == '"' || *c == '\\')
            cseg_text_add(text, "\\%c", *c);
        else
            cseg_text_add(text, "\\u%04x", (unsigned)(unsigned char)*c);
        c++;
    }
    cseg_text_add(text, "\"");
}

cellseg_status cseg_text_take(char **out, cseg_text *text) {
    cseg_text_add(text, "%s", ""); /* an empty text is one zero byte */
    *out = NULL;
    if (text->status != CELLSEG_OK)
        cseg_memory_free(text->bytes);
    else
        *out = text->bytes;
    text->bytes = NULL;
    return text->status;
}
