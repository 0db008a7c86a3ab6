/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of results and errors. */
#include "cli.h"

#include "json.h"
#include "progress.h"
#include "system.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool quiet, verbose, json_lines;
static int output_error;             /* of the first write to standard output that failed */
static _Thread_local char *warnings; /* of the image at hand, a line each; NULL: none */

enum { LINE_SIZE = 16384 }; /* two paths and the library's own line */
static _Thread_local char newest_error[LINE_SIZE];

/* ---- standard output ---- */

static void put(const char *text) {
    if (fputs(text, stdout) < 0 && output_error == 0)
        output_error = errno;
}

static void put_clean(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length >= 0 ? malloc((size_t)length + 1) : NULL;
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)length + 1, format, arguments);
        clean_text(text);
        put(text);
    } else if (output_error == 0)
        output_error = errno;
    free(text);
}

void print_text(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_clean(format, arguments);
    va_end(arguments);
}

void end_line(void) {
    put("\n");
}

void print_result(const char *format, ...) {
    va_list arguments;
    lock_lines();
    va_start(arguments, format);
    put_clean(format, arguments);
    va_end(arguments);
    end_line();
    unlock_lines();
}

void flush_output(void) {
    lock_lines();
    if (fflush(stdout) != 0 && output_error == 0)
        output_error = errno;
    unlock_lines();
}

void begin_output(void) {
    static char buffer[1 << 16]; /* holds any help, so that a failed write leaves its reason to the last one */
    if (!is_terminal(stdout))
        (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

bool end_output(void) {
    const bool failed = ferror(stdout) != 0;
    errno = 0;
    if ((fclose(stdout) != 0 || failed) && output_error == 0)
        output_error = errno != 0 ? errno : EIO;
    if (output_error != 0)
        print_error("standard output: %s", strerror(output_error));
    return output_error == 0;
}

/* ---- standard error ---- */

static void format_line(char line[LINE_SIZE], const char *format, va_list arguments) {
    (void)vsnprintf(line, LINE_SIZE, format, arguments);
    clean_text(line);
}

/* "cellseg: warning: LINE", or the same as JSON; an error has no kind in front. */
static void print_line(const char *kind, const char *line) {
    const bool is_error = strcmp(kind, "error") == 0;
    lock_lines();
    wipe_bar();
    if (json_lines)
        put_message(stderr, kind, line);
    else
        fprintf(stderr, "cellseg: %s%s%s\n", is_error ? "" : kind, is_error ? "" : ": ", line);
    unlock_lines();
}

void print_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    format_line(newest_error, format, arguments);
    va_end(arguments);
    print_line("error", newest_error);
}

const char *last_error(void) {
    return newest_error;
}

void *check_memory(void *block) {
    if (block == NULL) {
        print_error("no memory");
        exit(CLI_FAILED);
    }
    return block;
}

void keep_warnings(void) {
    free(warnings);
    warnings = NULL;
}

const char *kept_warnings(void) {
    return warnings != NULL ? warnings : "";
}

static void keep_warning(const char *line) {
    const size_t used = strlen(kept_warnings()), size = strlen(line) + 2;
    char *longer = realloc(warnings, used + size);
    if (longer == NULL)
        return;
    warnings = longer;
    (void)snprintf(warnings + used, size, "%s\n", line);
}

void print_warning(const char *format, ...) {
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    keep_warning(line);
    if (!quiet)
        print_line("warning", line);
}

void print_note(const char *format, ...) {
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    if (!quiet)
        print_line("note", line);
}

/* The library's line has spaces for the control characters of a path. */
const char *fault_in(const char *path, cellseg_status status) {
    const char *message = cellseg_last_error();
    size_t i = 0;
    if (status == CELLSEG_OK)
        return NULL;
    while (path[i] != '\0' && (message[i] == path[i] || (message[i] == ' ' && iscntrl((unsigned char)path[i]))))
        i++;
    return path[i] == '\0' && strncmp(message + i, ": ", 2) == 0 ? message + i + 2 : message;
}

void print_library_error(const char *file) {
    print_error("%s: %s", file, fault_in(file, CELLSEG_ERR_INTERNAL));
}

int code_of_failures(size_t failed, size_t all) {
    return failed == 0 ? CLI_FINE : failed < all ? CLI_SOME_FAILED : CLI_FAILED;
}
