/* SPDX-License-Identifier: BSD-3-Clause */
/* The known word that a mistyped one is nearest to. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

typedef struct suggestion {
    const char *word; /* mistyped; the first `length` bytes */
    size_t length;
    const char *nearest; /* NULL: no known word is near */
    size_t distance;     /* of a word that is nearer */
} suggestion;

suggestion begin_suggestion(const char *word, size_t length);
void compare_word(suggestion *s, const char *known);

/* " (did you mean --name?)" with `dashes` before the name; empty where no word is near. */
void write_suggestion(char *text, size_t size, const suggestion *s, const char *dashes);

#endif
