/* SPDX-License-Identifier: BSD-3-Clause */
/* Command line options as a table: parsed, checked and explained from the same lines. */
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

enum { TEXTS_MOST = 256 };

typedef struct text_list {
    int count;
    const char *items[TEXTS_MOST];
} text_list;

typedef struct option {
    const char *name; /* without "--"; NULL ends a table */
    char letter;      /* short form, or 0 */
    option_kind kind;
    void *value;                /* holds the default before parsing; a negative whole number stands for none */
    const char *metavar;        /* name of the value in the help; NULL for flags and choices */
    const char *help;           /* one line */
    const char *const *choices; /* NULL at the end */
} option;

/* A subcommand, as its help shows it. */
typedef struct command {
    const char *name;
    const char *arguments; /* "FILE..." */
    const char *summary;
    const option *const *tables; /* NULL at the end */
} command;

/* The choices "no" and "yes". */
extern const char *const no_yes[];

typedef enum parsed { PARSED_OK, PARSED_HELP, PARSED_WRONG } parsed;

/*
 * Parse argv[1..]: options go to their values, everything else, in order, to `operands` (room for argc entries). `--help` prints
 * the help and gives PARSED_HELP; a fault prints one line and gives PARSED_WRONG.
 */
parsed parse_options(const command *of, int argc, char **argv, const char **operands, int *operand_count);

/* Whether a text is a whole number. */
bool parse_whole(const char *text, int32_t *value);

/* The values of a table's options as they stand, a line each; those without one are left out. */
void put_options(FILE *to, const option *table);

#endif
