/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8 as RFC 3629 defines it: no longer forms than needed, no surrogates, nothing beyond U+10FFFF. */
#include "core/core.h"

#include <string.h>

/* The bytes of a character by its first byte; 0: no character begins so. */
static size_t length_by(unsigned char first) {
    if (first < 0x80)
        return 1;
    return first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t cseg_utf8_decode(uint32_t *character, const char *text, size_t available) {
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *from = (const unsigned char *)text;
    const size_t length = available > 0 ? length_by(from[0]) : 0;
    if (length == 0 || length > available)
        return 0;
    uint32_t value = length == 1 ? from[0] : from[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((from[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (from[i] & 0x3fU);
    }
    if (value < lowest[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *character = value;
    return length;
}

size_t cseg_utf8_encode(char *to, uint32_t character) {
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    const size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; character >>= 6)
        to[i] = (char)(0x80U | (character & 0x3fU));
    to[0] = (char)((0xf00U >> length & 0xffU) | character);
    return length;
}

bool cseg_utf8_is_text(const char *text, size_t length) {
    uint32_t character;
    for (size_t at = 0, bytes; at < length; at += bytes)
        if ((bytes = cseg_utf8_decode(&character, text + at, length - at)) == 0)
            return false;
    return true;
}
