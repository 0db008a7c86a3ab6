/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8, and what of it reaches a terminal. */
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t decode_character(const char *text, uint32_t *code) {
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t lowest[] = {0, 1, 0x80, 0x800, 0x10000}; /* of each length; a longer form is not UTF-8 */
    const size_t length = s[0] == 0 ? 0 : s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    *code = length < 2 ? s[0] : s[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (s[i] & 0x3f);
    }
    return *code < lowest[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff) ? 0 : length;
}

static bool is_harmless(uint32_t code) {
    static const uint32_t refused[][2] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},  {0x200e, 0x200f},
                                          {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (code >= refused[i][0] && code <= refused[i][1])
            return false;
    return true;
}

void clean_text(char *text) {
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        uint32_t code;
        const size_t length = decode_character(from, &code);
        if (length > 0 && is_harmless(code)) {
            memmove(to, from, length);
            to += length;
        } else
            *to++ = *from >= '\t' && *from <= '\r' ? ' ' : '?';
        from += length > 0 ? length : 1;
    }
    *to = '\0';
}

char *utf8_copy(const char *text) {
    char *copy = malloc(4 * strlen(text) + 1), *to = copy;
    while (copy != NULL && *text != '\0') {
        uint32_t code;
        const size_t length = decode_character(text, &code);
        if (length > 0)
            memcpy(to, text, length);
        else
            (void)snprintf(to, 5, "\\x%02X", (unsigned)(unsigned char)*text);
        to += length > 0 ? length : 4;
        text += length > 0 ? length : 1;
    }
    if (copy != NULL)
        *to = '\0';
    return copy;
}

char *escaped_copy(const char *json) {
    char *copy = malloc(6 * strlen(json) + 1), *to = copy;
    while (copy != NULL && *json != '\0') {
        uint32_t code;
        const size_t length = decode_character(json, &code);
        if (length > 0 && !is_harmless(code))
            to += sprintf(to, "\\u%04x", (unsigned)code);
        else {
            memcpy(to, json, length > 0 ? length : 1);
            to += length > 0 ? length : 1;
        }
        json += length > 0 ? length : 1;
    }
    if (copy != NULL)
        *to = '\0';
    return copy;
}

int character_columns(uint32_t code) {
    return code < 0x1100 ? 1 : 2;
}

char *copy_text(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}
