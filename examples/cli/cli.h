/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared code of the subcommands: exit codes, error lines, and a context with a progress bar. */
#ifndef CLI_H
#define CLI_H

#include <cellseg/cellseg.h>

#include <stdbool.h>

/* Exit codes. */
enum { CLI_FINE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* The subcommands: argv[0] is the subcommand's name. */
int cmd_segment(int argc, char **argv);
int cmd_label(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_crossval(int argc, char **argv);
int cmd_evaluate(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_synth(int argc, char **argv);

/*
 * No line of this program carries control characters or other surprises of names and files to a terminal (clean_text()).
 * Standard output: a line; a part of a line; the end of a line. end_output() reports a write that failed.
 */
void print_result(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void end_line(void);
void flush_output(void);

/* At the beginning and the end of the program. The latter prints an error if a write to standard output failed: false. */
void begin_output(void);
bool end_output(void);

/* One line on standard error: "cellseg: " and the text. Wipes the progress bar first. */
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The block; where it is NULL, one line and the program's end. For the few bytes of names. */
void *check_memory(void *block);

void print_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Keep the warnings from now on, for the record of a result, and forget the older ones; the kept ones, a line each. */
void keep_warnings(void);
const char *kept_warnings(void);

/* The library's last error without the path that it may begin with; NULL for CELLSEG_OK. */
const char *fault_in(const char *path, cellseg_status status);

/* Print the library's last error behind `file`. */
void print_library_error(const char *file);

/*
 * A context of `threads` threads (0: the default number) that draws a progress bar on standard error if that is a terminal,
 * prints warnings, and cancels on the interrupt key. NULL after printing an error.
 */
cellseg_context *new_context(int32_t threads);

/* Print the library's notes on standard error, one line each. */
void set_verbose(bool on);

/* The exit code of the last failure of new_context(): wrong usage, or no memory. */
int no_context_code(void);

/* Set the title of the progress bar; NULL wipes the bar. */
void set_progress_title(const char *name);

/* The interrupt key was pressed. */
bool was_interrupted(void);

#endif
