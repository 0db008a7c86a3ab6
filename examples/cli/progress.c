/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include "cli.h"
#include "command.h"
#include "jobs.h"
#include "system.h"
#include "text.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { BAR_WIDTH = 20, LINE_SIZE = 8192, USUAL_COLUMNS = 79, SILENCE_SECONDS = 10 };

static struct {
    size_t file, files; /* ended, and all */
    int32_t jobs;       /* that share threads and memory */
    int32_t threads;    /* of all of them */
    double began, from; /* time and fraction of the first report of this work; began 0: no report */
    double told;        /* time of the last line */
} work = {.files = 1, .jobs = 1};

/* Job 0 is the main thread. */
static struct {
    const char *title; /* NULL: none */
    double fraction;
    cellseg_context *volatile context; /* to cancel */
} jobs[MAX_JOBS + 1];
static _Thread_local int current_job;
static bool bar_drawn;
static int failure_code;                      /* exit code of the last context that could not be made */
static volatile sig_atomic_t interrupted = 0; /* the interrupt key was pressed */

/* ---- the bar ---- */

void wipe_bar(void) {
    if (bar_drawn)
        fputs("\r\033[K", stderr);
    bar_drawn = false;
}

static size_t usable_columns(void) {
    const size_t columns = terminal_columns();
    return columns > 0 ? columns - 1 : USUAL_COLUMNS;
}

/* " 1:02:03 left", estimated from the work since the first report; empty without an estimate. */
static void write_time_left(char text[40], double fraction) {
    text[0] = '\0';
    if (work.began == 0 || fraction < work.from) {
        work.began = work.told = now_seconds();
        work.from = fraction;
    }
    const double elapsed = now_seconds() - work.began;
    if (elapsed < 3 || fraction <= work.from)
        return;
    const double left = elapsed * (1 - fraction) / (fraction - work.from);
    const unsigned long seconds = left < 1e7 ? (unsigned long)left : 9999999;
    (void)snprintf(text, 40, " %lu:%02lu:%02lu left", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/* The bytes of the character at `text`, and its columns. */
static size_t measure_character(const char *text, size_t *columns) {
    uint32_t code;
    const size_t length = decode_character(text, &code);
    *columns = (size_t)character_columns(code);
    return length > 0 ? length : 1;
}

/* The end of a text that `columns` columns hold. */
static const char *fitting_end(const char *text, size_t columns) {
    size_t used = 0, width;
    for (const char *c = text; *c != '\0'; used += width)
        c += measure_character(c, &width);
    for (; used > columns; used -= width)
        text += measure_character(text, &width);
    return text;
}

static void write_files(char text[64]) {
    text[0] = '\0';
    if (work.files > 1)
        (void)snprintf(text, 64, " %zu of %zu files", work.file < work.files ? work.file + 1 : work.files, work.files);
}

/* One line, shorter than the terminal, so that no line wraps: the name loses its beginning first, then the bar its end. */
static void draw_bar(double fraction, const char *left, const char *step) {
    static const char marks[] = "####################";
    const int full = (int)(fraction * BAR_WIDTH);
    const size_t columns = usable_columns();
    char head[160], tail[LINE_SIZE], files[64];
    write_files(files);
    (void)snprintf(head, sizeof head, "[%.*s%*s] %3d%%%s%s ", full, marks, BAR_WIDTH - full, "", (int)(fraction * 100), files,
                   left);
    (void)snprintf(tail, sizeof tail, "%s: %s", jobs[current_job].title, step);
    const size_t used = strlen(head) < columns ? strlen(head) : columns;
    fprintf(stderr, "\r\033[K%.*s%s", (int)used, head, fitting_end(tail, columns - used));
    fflush(stderr);
    bar_drawn = true;
}

static void print_progress(double fraction, const char *left) {
    const double now = now_seconds();
    char files[64];
    if (work.files < 2 || now - work.told < SILENCE_SECONDS)
        return;
    work.told = now;
    write_files(files);
    print_note("%d%%%s%s", (int)(fraction * 100), files, left);
}

/* The files that ended, and the fractions of those at hand. */
static double fraction_of_all(void) {
    double done = (double)work.file;
    for (int i = 0; i <= MAX_JOBS; i++)
        done += jobs[i].title != NULL ? jobs[i].fraction : 0;
    return done < (double)work.files ? done / (double)work.files : 1;
}

static void report(double fraction, const char *step) {
    jobs[current_job].fraction = fraction;
    const double of_all = fraction_of_all();
    char left[40];
    write_time_left(left, of_all);
    if (is_terminal(stderr))
        draw_bar(of_all, left, step);
    else
        print_progress(of_all, left);
}

static int32_t on_progress(void *user, double fraction, const char *step) {
    (void)user;
    lock_lines();
    if (jobs[current_job].title != NULL && !quiet)
        report(fraction, step);
    unlock_lines();
    return interrupted;
}

static void set_title(char last[], size_t size, const char *name) {
    char clean[4096];
    (void)snprintf(clean, sizeof clean, "%s", name);
    clean_text(clean);
    if (work.files == 1 && strcmp(clean, last) != 0)
        work.began = 0;
    (void)snprintf(last, size, "%s", clean);
}

void set_progress_title(const char *name) {
    static _Thread_local char last[4096];
    lock_lines();
    jobs[current_job].fraction = 0;
    jobs[current_job].title = name != NULL ? last : NULL;
    if (name != NULL)
        set_title(last, sizeof last, name);
    else
        wipe_bar();
    unlock_lines();
}

void set_progress_file(size_t i, size_t count) {
    work.file = i;
    work.files = count;
}

void share_contexts(int32_t count, int32_t threads) {
    work.jobs = count;
    work.threads = threads;
}

void enter_job(int number) {
    current_job = number;
}

/* ---- the interrupt key ---- */

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
    for (int i = 0; i <= MAX_JOBS; i++)
        cellseg_context_cancel(jobs[i].context);
}

bool was_interrupted(void) {
    return interrupted != 0;
}

/* ---- the context ---- */

static void on_log(void *user, int32_t level, const char *message) {
    (void)user;
    const char *title = jobs[current_job].title, *of = title != NULL ? title : "", *between = title != NULL ? ": " : "";
    if (level == CELLSEG_LOG_WARNING)
        print_warning("%s%s%s", of, between, message);
    else if (verbose)
        print_note("%s%s%s", of, between, message);
}

uint64_t memory_of_job(int32_t count) {
    const uint64_t all = memory_mib < UINT64_MAX >> 20 ? memory_mib << 20 : UINT64_MAX;
    return count == 1 ? all : all / ((uint64_t)count + 1);
}

static void set_shares(cellseg_context_options *options) {
    const int32_t threads = work.threads / work.jobs;
    options->threads = work.jobs == 1 ? thread_count : threads > 1 ? threads : 1;
    options->memory_budget_bytes = memory_of_job(work.jobs);
}

cellseg_context *begin_context(void) {
    cellseg_context_options options;
    cellseg_context *context = NULL;
    cellseg_status status = cellseg_context_options_init(&options, sizeof options);
    set_shares(&options);
    options.progress = on_progress;
    options.log = on_log;
    if (status == CELLSEG_OK)
        status = cellseg_context_new(&context, &options);
    if (status != CELLSEG_OK) {
        print_error("%s", cellseg_last_error());
        failure_code = status == CELLSEG_ERR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
        return NULL;
    }
    jobs[current_job].context = context;
    catch_interrupt(on_interrupt);
    return context;
}

void end_context(cellseg_context *context) {
    jobs[current_job].context = NULL;
    cellseg_context_free(context);
}

int no_context_code(void) {
    return failure_code;
}
