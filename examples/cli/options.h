/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of the command line, a row each: parsed, checked and explained from the same row. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Type of an option's value, and type of the object at `value`. */
typedef enum option_kind {
    OPTION_FLAG,   /* no value; bool */
    OPTION_WHOLE,  /* whole number; int32_t */
    OPTION_COUNT,  /* whole number, not negative; uint64_t */
    OPTION_NUMBER, /* number; double */
    OPTION_TEXT,   /* const char *, into argv */
    OPTION_TEXTS,  /* may come again and again; text_list, into argv */
    OPTION_CHOICE  /* one of `choices`, whose place, from 0, goes to an int32_t */
} option_kind;

enum { TEXTS_MOST = 256, FORM_SIZE = 128 };

typedef struct text_list {
    int count;
    const char *items[TEXTS_MOST];
} text_list;

/*
 * The form of a value or operand, in help, manual and completions: alternatives between "|". FILE and FOLDER are paths, other
 * words with a capital stand for a value, and words without one are typed as they are: "FILE|default".
 */
typedef struct option {
    const char *name; /* without "--"; NULL ends a table */
    char letter;      /* short form, or 0 */
    option_kind kind;
    void *value;                /* holds the default before parsing; a negative whole number stands for none */
    const char *form;           /* of the value; NULL for flags and choices */
    const char *help;           /* one line */
    const char *const *choices; /* NULL at the end */
} option;

#define OPTIONS_END                                                                                                              \
    { NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL }

/* The choices "no" and "yes". */
extern const char *const no_yes[];

/* Set the option's value; false where the text is none. */
bool set_value(const option *o, const char *text);

/* The values that an option takes, in words: "a whole number", "one of warn, refuse". */
void describe_values(char *text, size_t size, const option *o);

/* The form of the value; empty for a flag. */
void write_form(char text[FORM_SIZE], const option *o);

/* Whether a text is a whole number. */
bool parse_whole(const char *text, int32_t *value);

/* The value before parsing, between two texts; nothing where the option has none. */
void put_default(FILE *to, const char *before, const option *o, const char *after);

/* The values of a table's options as they stand, a line each; those without one are left out. */
void put_options(FILE *to, const option *table);

#endif
