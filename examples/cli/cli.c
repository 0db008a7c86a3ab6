/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of results and errors, the progress bar and the interrupt key. */
#include "cli.h"

#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *title;                     /* title of the bar */
static unsigned titles;                       /* number of different ones, one after the other */
static int bar_drawn;                         /* a bar is on the terminal */
static bool verbose;                          /* also print the library's notes */
static int failure_code;                      /* exit code of the last context that could not be made */
static int output_error;                      /* of the first write to standard output that failed */
static char *warnings;                        /* of the image at hand, a line each; NULL: none */
static volatile sig_atomic_t interrupted = 0; /* the interrupt key was pressed */

static void wipe_bar(void) {
    if (bar_drawn)
        fputs("\r\033[K", stderr);
    bar_drawn = 0;
}

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
    va_start(arguments, format);
    put_clean(format, arguments);
    va_end(arguments);
    end_line();
}

void flush_output(void) {
    if (fflush(stdout) != 0 && output_error == 0)
        output_error = errno;
}

void begin_output(void) {
    static char buffer[1 << 16]; /* holds any help, so that a failed write leaves its reason to the last one */
    (void)signal(SIGPIPE, SIG_IGN);
    if (!isatty(STDOUT_FILENO))
        (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0)
            (void)open("/dev/null", O_RDONLY); /* so that no result file takes the number; writing there fails */
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

enum { LINE_SIZE = 16384 }; /* two paths and the library's own line */

static void format_line(char line[LINE_SIZE], const char *format, va_list arguments) {
    (void)vsnprintf(line, LINE_SIZE, format, arguments);
    clean_text(line);
}

static void print_line(const char *kind, const char *line) {
    wipe_bar();
    fprintf(stderr, "cellseg: %s%s\n", kind, line);
}

void print_error(const char *format, ...) {
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    print_line("", line);
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
    print_line("warning: ", line);
}

static void print_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void print_note(const char *format, ...) {
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    print_line("note: ", line);
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

/* ---- the progress bar ---- */

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static double now_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* " 1:02:03 left", estimated from the work since the first report under this title; empty without an estimate. */
static void write_time_left(char text[40], double fraction) {
    static unsigned timed;
    static double began, from;
    text[0] = '\0';
    if (titles != timed || fraction < from) {
        timed = titles;
        began = now_seconds();
        from = fraction;
    }
    const double elapsed = now_seconds() - began;
    if (elapsed < 3 || fraction <= from)
        return;
    const double left = elapsed * (1 - fraction) / (fraction - from);
    const unsigned long seconds = left < 1e7 ? (unsigned long)left : 9999999;
    (void)snprintf(text, 40, " %lu:%02lu:%02lu left", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static int32_t on_progress(void *user, double fraction, const char *step) {
    enum { WIDTH = 30 };
    (void)user;
    if (title != NULL && isatty(STDERR_FILENO)) {
        const int full = (int)(fraction * WIDTH);
        char left[40];
        write_time_left(left, fraction);
        fprintf(stderr, "\r\033[K[%.*s%*s] %3d%%%s %s: %s", full, "##############################", WIDTH - full, "",
                (int)(fraction * 100), left, title, step);
        fflush(stderr);
        bar_drawn = 1;
    }
    return interrupted;
}

void set_verbose(bool on) {
    verbose = on;
}

static void on_log(void *user, int32_t level, const char *message) {
    (void)user;
    const char *of = title != NULL ? title : "", *between = title != NULL ? ": " : "";
    if (level == CELLSEG_LOG_WARNING)
        print_warning("%s%s%s", of, between, message);
    else if (verbose)
        print_note("%s%s%s", of, between, message);
}

cellseg_context *new_context(int32_t threads) {
    cellseg_context_options options;
    cellseg_context *context = NULL;
    cellseg_status status = cellseg_context_options_init(&options, sizeof options);
    options.threads = threads;
    options.progress = on_progress;
    options.log = on_log;
    if (status == CELLSEG_OK)
        status = cellseg_context_new(&context, &options);
    if (status != CELLSEG_OK) {
        print_error("%s", cellseg_last_error());
        failure_code = status == CELLSEG_ERR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
        return NULL;
    }
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}; /* the second interrupt kills */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    return context;
}

int no_context_code(void) {
    return failure_code;
}

void set_progress_title(const char *name) {
    static char last[4096];
    char clean[sizeof last];
    title = name != NULL ? last : NULL;
    if (name == NULL) {
        wipe_bar();
        return;
    }
    (void)snprintf(clean, sizeof clean, "%s", name);
    clean_text(clean);
    titles += strcmp(clean, last) != 0;
    (void)snprintf(last, sizeof last, "%s", clean);
}

bool was_interrupted(void) {
    return interrupted != 0;
}
