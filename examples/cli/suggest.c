/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edit distance counts insertions, deletions, replacements and exchanges of neighbours (optimal string alignment, three rows
 * of the table; cost: the product of the lengths).
 */
#include "suggest.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MOST = 64 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][WORD_MOST + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], second[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

suggestion begin_suggestion(const char *word, size_t length) {
    return (suggestion){.word = word, .length = length, .distance = smaller(2 + length / 3, length)};
}

void compare_word(suggestion *s, const char *known) {
    const size_t length = strlen(known);
    if (s->length > WORD_MOST || length > WORD_MOST)
        return;
    const size_t distance = edit_distance(s->word, s->length, known, length);
    if (distance < s->distance) {
        s->distance = distance;
        s->nearest = known;
    }
}

void write_suggestion(char *text, size_t size, const suggestion *s, const char *dashes) {
    text[0] = '\0';
    if (s->nearest != NULL)
        (void)snprintf(text, size, " (did you mean %s%s?)", dashes, s->nearest);
}
