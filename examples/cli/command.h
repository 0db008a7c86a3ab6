/* SPDX-License-Identifier: BSD-3-Clause */
/* Subcommands, described once: parsing, help, manual page and completions of shells follow from the description. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "options.h"

/* Options under one title; NULL: under the title of the group before. A group without rows ends a list. */
typedef struct option_group {
    const char *title;
    const option *rows;
} option_group;

/* A line of two columns: an example or a file, and its meaning. A line without the first ends a list. */
typedef struct note {
    const char *text, *meaning;
} note;

/* The words of a command line, and those of them that are no options. */
typedef struct words {
    int argc;
    char **argv; /* argv[0] is the subcommand */
    const char **operands;
    int count; /* of the operands */
} words;

typedef struct command {
    const char *name;
    const char *headline;  /* in the list of subcommands */
    const char *arguments; /* in the usage line: "-o FOLDER FILE..." */
    const char *operand;   /* form of an operand; NULL: none is taken */
    const char *summary;   /* paragraphs */
    const option_group *groups;
    const note *files, *examples; /* NULL: none; an example is without "cellseg" */

    /* Before parsing: make tables, and set the values of a preset. On failure prints an error: false. NULL: nothing to do. */
    bool (*begin)(int32_t preset);
    const int32_t *preset; /* the preset that an option sets; NULL: none does */

    /* Do the work; gives the exit code. */
    int (*run)(const words *line);
} command;

extern const command segment_command, label_command, measure_command, train_command, crossval_command, evaluate_command,
    synth_command, convert_command, merge_command, export_command, info_command, completion_command, manual_command;

/* All of them; NULL ends the list. */
extern const command *const commands[];

/* Every command's options --quiet and --help; the options --verbose, --json and --threads of some. */
extern const option general_options[], verbose_options[], json_options[], thread_options[];
extern int32_t thread_count; /* that --threads sets */
extern uint64_t memory_mib;  /* --max-memory */

/* The exit codes and their meanings. */
extern const note exit_codes[];

/* The command of a name; NULL after an error line. */
const command *find_command(const char *name);

/* The i-th option of a command; NULL behind the last. */
const option *option_at(const command *of, size_t i);

typedef enum parsed { PARSED_OK, PARSED_HELP, PARSED_WRONG } parsed;

/*
 * Parse argv[1..]: options go to their values, everything else, in order, to the operands. `--help` prints the help and gives
 * PARSED_HELP; a fault prints one line and gives PARSED_WRONG.
 */
parsed parse_words(const command *of, words *line);

/* Call the command's begin(), if there is one. */
bool begin_command(const command *of, int32_t preset);

/* Parse and run; gives the exit code. */
int run_command(const command *of, int argc, char **argv);

/* Print a fault of the command line, with a hint at the help; gives the exit code of wrong usage. */
int print_usage_fault(const command *of, const char *fault);

/* The help of a command; of the program. */
void print_help(const command *of);
void print_overview(FILE *to);

/* One line of usage for a command, without its end. */
void put_usage(FILE *to, const command *of);

#endif
