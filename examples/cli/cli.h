/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared code of the subcommands: exit codes, lines of results and errors. */
#ifndef CLI_H
#define CLI_H

#include <cellseg/cellseg.h>

#include <stdbool.h>
#include <stddef.h>

#if defined(__MINGW32__) /* whose printf() is the standard's only where its headers choose so */
#include <stdio.h>
#define PRINTED(format_at, arguments_at) __attribute__((format(__MINGW_PRINTF_FORMAT, format_at, arguments_at)))
#else
#define PRINTED(format_at, arguments_at) __attribute__((format(printf, format_at, arguments_at)))
#endif

/* Exit codes. */
enum { CLI_FINE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_SOME_FAILED = 3, CLI_INTERRUPTED = 130 };

/* What the command line asks for. */
extern bool quiet;      /* no progress, warnings and notes */
extern bool verbose;    /* also the library's notes */
extern bool json_lines; /* results, errors and warnings as JSON, an object a line */

/*
 * No line of this program carries control characters or other surprises of names and files to a terminal (clean_text()).
 * Standard output: a line; a part of a line; the end of a line. end_output() reports a write that failed.
 */
void print_result(const char *format, ...) PRINTED(1, 2);
void print_text(const char *format, ...) PRINTED(1, 2);
void end_line(void);
void flush_output(void);

/* At the beginning and the end of the program. The latter prints an error if a write to standard output failed: false. */
void begin_output(void);
bool end_output(void);

/* One line on standard error: "cellseg: " and the text; {"error": text} with --json. Wipes the progress bar first. */
void print_error(const char *format, ...) PRINTED(1, 2);

/* The last of these lines that this thread printed, without the program's name. */
const char *last_error(void);

/* The block; where it is NULL, one line and the program's end. For the few bytes of names. */
void *check_memory(void *block);

/* The same, unless --quiet, with "warning" or "note" in front. */
void print_warning(const char *format, ...) PRINTED(1, 2);
void print_note(const char *format, ...) PRINTED(1, 2);

/* Keep the warnings of this thread from now on, for the record of a result, and forget the older ones; the kept ones, a line
 * each.
 */
void keep_warnings(void);
const char *kept_warnings(void);

/* The library's last error without the path that it may begin with; NULL for CELLSEG_OK. */
const char *fault_in(const char *path, cellseg_status status);

/* Print the library's last error behind `file`. */
void print_library_error(const char *file);

/* The exit code where `failed` of `all` files or fields failed. */
int code_of_failures(size_t failed, size_t all);

#endif
