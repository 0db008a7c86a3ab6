/* SPDX-License-Identifier: BSD-3-Clause */
/* Text from files, names and models before a person or a terminal gets it. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the UTF-8 character at `text`, and its code; 0 if the bytes there are none, and at the end. */
size_t decode_character(const char *text, uint32_t *code);

/*
 * Make text harmless, in place: white space becomes a space; other control characters (C0, DEL, C1), characters that break a line
 * or turn its direction, and bytes that are no UTF-8 become "?".
 */
void clean_text(char *text);

/* A copy in UTF-8, every other byte written as \xHH; to be freed. NULL without memory. */
char *utf8_copy(const char *text);

/* A copy of a line of JSON in which the characters that clean_text() replaces are escaped as \uHHHH; to be freed. NULL without
 * memory. */
char *escaped_copy(const char *json);

/* A copy of `length` bytes as a string; to be freed. NULL without memory. */
char *copy_text(const char *text, size_t length);

/* The columns that a character takes on a terminal, at most. */
int character_columns(uint32_t code);

#endif
