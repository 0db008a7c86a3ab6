/* SPDX-License-Identifier: BSD-3-Clause */
/* Error lines, the progress bar and the interrupt key. */
#include "cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *title;                     /* title of the bar */
static int bar_drawn;                         /* a bar is on the terminal */
static bool verbose;                          /* also print the library's notes */
static int failure_code;                      /* exit code of the last context that could not be made */
static volatile sig_atomic_t interrupted = 0; /* the interrupt key was pressed */

static void wipe_bar(void) {
    if (bar_drawn)
        fputs("\r\033[K", stderr);
    bar_drawn = 0;
}

static void print_line(const char *kind, const char *format, va_list arguments) {
    char line[16384]; /* two paths and the library's own line */
    (void)vsnprintf(line, sizeof line, format, arguments);
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    wipe_bar();
    fprintf(stderr, "cellseg: %s%s\n", kind, line);
}

void print_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line("", format, arguments);
    va_end(arguments);
}

void print_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line("warning: ", format, arguments);
    va_end(arguments);
}

static void print_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void print_note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line("note: ", format, arguments);
    va_end(arguments);
}

void print_library_error(const char *file) {
    const char *message = cellseg_last_error();
    const size_t length = strlen(file);
    if (strncmp(message, file, length) == 0 && message[length] == ':')
        print_error("%s", message);
    else
        print_error("%s: %s", file, message);
}

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
    static const char *timed;
    static double began, from;
    text[0] = '\0';
    if (title != timed || fraction < from) {
        timed = title;
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
    title = name;
    if (name == NULL)
        wipe_bar();
}

bool was_interrupted(void) {
    return interrupted != 0;
}
