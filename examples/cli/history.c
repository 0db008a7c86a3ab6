/* SPDX-License-Identifier: BSD-3-Clause */
/* The log and the curve of a training. Both are written whole after every epoch, so that a training that goes on after it was
 * stopped leaves one line per epoch; but where it was killed between the checkpoint and the log, or the log could not be written,
 * that epoch's line is missing. */
#include "history.h"

#include "cli.h"
#include "output.h"
#include "system.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 400, LEFT = 64, RIGHT = 16, TOP = 32, BOTTOM = 48 };

bool add_to_history(history *h, const cellseg_epoch *epoch) {
    while (h->count > 0 && h->epochs[h->count - 1].epoch >= epoch->epoch)
        h->count--;
    if (h->count == h->capacity) {
        const int capacity = h->capacity > 0 ? 2 * h->capacity : 64;
        cellseg_epoch *epochs = realloc(h->epochs, (size_t)capacity * sizeof *epochs);
        if (epochs == NULL) {
            print_error("no memory for the history of %d epochs", capacity);
            return false;
        }
        h->epochs = epochs;
        h->capacity = capacity;
    }
    h->epochs[h->count++] = *epoch;
    return true;
}

void free_history(history *h) {
    free(h->epochs);
    *h = (history){0, 0, NULL};
}

/* ---- the log ---- */

static void print_number(FILE *to, const char *name, double value) {
    if (isfinite(value))
        fprintf(to, ",\"%s\":%.17g", name, value);
    else
        fprintf(to, ",\"%s\":null", name);
}

static void print_log(FILE *to, const history *h) {
    for (int i = 0; i < h->count; i++) {
        const cellseg_epoch *e = &h->epochs[i];
        fprintf(to, "{\"epoch\":%d,\"epochs\":%d", (int)e->epoch, (int)e->epochs);
        print_number(to, "train_loss", e->train_loss);
        print_number(to, "validation_loss", e->validation_loss);
        print_number(to, "learning_rate", e->learning_rate);
        print_number(to, "seconds", e->seconds);
        fprintf(to, ",\"best\":%s,\"stopping\":%s}\n", e->best != 0 ? "true" : "false", e->stopping != 0 ? "true" : "false");
    }
}

/* The number behind "name": in a line; NaN for null. False where there is none. */
static bool find_number(const char *line, const char *name, double *value) {
    char key[48];
    (void)snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(line, key);
    if (at == NULL)
        return false;
    at += strlen(key);
    if (strncmp(at, "null", 4) == 0) {
        *value = NAN;
        return true;
    }
    char *end;
    *value = strtod(at, &end);
    return end != at;
}

static bool parse_line(cellseg_epoch *e, const char *line) {
    double epoch, epochs;
    *e = (cellseg_epoch){.struct_size = sizeof *e};
    if (!find_number(line, "epoch", &epoch) || !find_number(line, "epochs", &epochs) ||
        !find_number(line, "train_loss", &e->train_loss) || !find_number(line, "validation_loss", &e->validation_loss) ||
        !find_number(line, "learning_rate", &e->learning_rate) || !find_number(line, "seconds", &e->seconds))
        return false;
    if (!(epoch >= 1 && epoch <= 1e6 && epochs >= 1 && epochs <= 1e6))
        return false;
    e->epoch = (int32_t)epoch;
    e->epochs = (int32_t)epochs;
    e->best = strstr(line, "\"best\":true") != NULL;
    e->stopping = strstr(line, "\"stopping\":true") != NULL;
    return true;
}

bool read_history(history *h, const char *path) {
    FILE *from = open_to_read(path);
    if (from == NULL)
        return true;
    char line[1024];
    cellseg_epoch epoch;
    bool fine = true;
    while (fine && fgets(line, sizeof line, from) != NULL && parse_line(&epoch, line))
        fine = add_to_history(h, &epoch);
    (void)fclose(from);
    return fine;
}

/* ---- the curve ---- */

typedef struct axes {
    double first, last, most; /* epochs; loss, from 0 */
} axes;

static double place_x(const axes *a, double epoch) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - a->first) / (a->last - a->first);
}

static double place_y(const axes *a, double loss) {
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * loss / a->most;
}

/* 1, 2 or 5 times a power of ten, so that about five fit. */
static double tick_step(double range) {
    const double power = pow(10, floor(log10(range / 5)));
    const double part = range / 5 / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static axes find_axes(const history *h) {
    axes a = {h->epochs[0].epoch, fmax(h->epochs[h->count - 1].epoch, h->epochs[0].epoch + 1.0), 1e-9};
    for (int i = 0; i < h->count; i++)
        a.most = fmax(a.most, fmax(h->epochs[i].train_loss, h->epochs[i].validation_loss)); /* fmax passes NaN over */
    a.most *= 1.05;
    return a;
}

static void print_axes(FILE *to, const axes *a) {
    const double across = fmax(1, tick_step(a->last - a->first)), up = tick_step(a->most);
    for (int i = 0; i * up <= a->most; i++) {
        const double loss = i * up;
        fprintf(to,
                "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                LEFT, WIDTH - RIGHT, place_y(a, loss), place_y(a, loss), LEFT - 8, place_y(a, loss) + 4, loss);
    }
    for (int i = (int)ceil(a->first / across); i * across <= a->last; i++)
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", place_x(a, i * across), HEIGHT - BOTTOM + 18,
                i * across);
    fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>\n", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10);
}

static void print_line(FILE *to, const history *h, const axes *a, bool validation) {
    fprintf(to, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", validation ? "#d62728" : "#1f77b4");
    for (int i = 0; i < h->count; i++) {
        const double loss = validation ? h->epochs[i].validation_loss : h->epochs[i].train_loss;
        if (isfinite(loss))
            fprintf(to, "%.1f,%.1f ", place_x(a, h->epochs[i].epoch), place_y(a, loss));
    }
    fprintf(to, "\"/>\n");
}

static void print_curve(FILE *to, const history *h) {
    const axes a = find_axes(h);
    int best = 0;
    for (int i = 0; i < h->count; i++)
        if (h->epochs[i].best != 0)
            best = i;
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            WIDTH, HEIGHT);
    print_axes(to, &a);
    print_line(to, h, &a, false);
    print_line(to, h, &a, true);
    const double loss = isfinite(h->epochs[best].validation_loss) ? h->epochs[best].validation_loss : h->epochs[best].train_loss;
    fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", place_x(&a, h->epochs[best].epoch), place_y(&a, loss));
    fprintf(to,
            "<text x=\"%d\" y=\"20\"><tspan fill=\"#1f77b4\">training loss</tspan> <tspan fill=\"#d62728\">validation "
            "loss</tspan> best: epoch %d, %.4f</text>\n</svg>\n",
            LEFT, (int)h->epochs[best].epoch, loss);
}

/* ---- files ---- */

static bool replace_file(const char *path, const history *h, void (*print)(FILE *, const history *)) {
    output to;
    if (!open_output(&to, path))
        return false;
    print(to.file, h);
    return close_output(&to, true);
}

bool write_log(const history *h, const char *path) {
    return replace_file(path, h, print_log);
}

bool write_curve(const history *h, const char *path) {
    return replace_file(path, h, print_curve);
}
