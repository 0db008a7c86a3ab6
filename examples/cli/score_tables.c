/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of scores on standard output, as CSV and as JSON. */
#include "csv.h"
#include "json.h"
#include "scores.h"

#include <math.h>
#include <string.h>

/* ---- on standard output ---- */

/* Wide enough for its title and its values. */
static int column_width(const column *c) {
    const int title = (int)strlen(c->title);
    return title > 6 ? title : 6;
}

static void print_value(const column *c, const score *s) {
    const double value = column_value(c, s);
    if (isnan(value))
        print_text(" %*s", column_width(c), "");
    else
        print_text(" %*.*f", column_width(c), c->kind == COLUMN_RATE ? 4 : 0, value);
}

void print_titles(const char *first, int width, const column *columns) {
    print_text("%-*s", width, first);
    for (const column *c = columns; c->name != NULL; c++)
        print_text(" %*s", column_width(c), c->title);
    end_line();
}

void print_score(const char *name, int width, const column *columns, const score *s) {
    print_text("%-*s", width, name);
    for (const column *c = columns; c->name != NULL; c++)
        print_value(c, s);
    end_line();
}

void print_rates(const char *name, int width, const column *columns, const score *s) {
    print_text("%-*s", width, name);
    for (const column *c = columns; c->name != NULL; c++) {
        if (c->kind == COLUMN_RATE)
            print_value(c, s);
        else
            print_text(" %*s", column_width(c), "");
    }
    end_line();
}

void print_means(int width, const column *columns, const score_list *list) {
    const score mean = mean_score(list), all = pooled_score(list);
    print_rates("mean of images", width, columns, &mean);
    char name[64];
    (void)snprintf(name, sizeof name, "all %s", list->kind);
    print_score(name, width, columns, &all);
}

/* ---- CSV ---- */

void write_csv_titles(FILE *file) {
    fprintf(file, "kind,image");
    for (size_t t = 0; t < SCORE_TABLES; t++)
        for (const column *c = score_columns[t]; c->name != NULL; c++)
            fprintf(file, ",%s", c->name);
    fprintf(file, "\n");
}

void write_csv(FILE *file, const score_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        put_csv_text(file, list->kind);
        fputc(',', file);
        put_csv_text(file, list->scores[i].files.stem);
        for (size_t t = 0; t < SCORE_TABLES; t++)
            for (const column *c = score_columns[t]; c->name != NULL; c++) {
                fputc(',', file);
                put_csv_number(file, column_value(c, &list->scores[i]));
            }
        fprintf(file, "\n");
    }
}

/* ---- JSON ---- */

/* `key`: "image" or "summary". */
static void print_json_score(const char *kind, const char *key, const char *name, const score *s, bool with_counts) {
    cJSON *line = cJSON_CreateObject();
    bool fine = line != NULL && add_name(line, "kind", kind) && add_name(line, key, name);
    for (size_t t = 0; t < SCORE_TABLES; t++)
        for (const column *c = score_columns[t]; fine && c->name != NULL; c++)
            if (with_counts || c->kind == COLUMN_RATE)
                fine = add_figure(line, c->name, column_value(c, s));
    if (!fine) {
        cJSON_Delete(line);
        line = NULL;
    }
    print_json(line);
}

void print_json_scores(const score_list *list) {
    for (size_t i = 0; i < list->count; i++)
        print_json_score(list->kind, "image", list->scores[i].files.stem, &list->scores[i], true);
    if (list->count == 0)
        return;
    const score mean = mean_score(list), all = pooled_score(list);
    print_json_score(list->kind, "summary", "mean", &mean, false);
    print_json_score(list->kind, "summary", "all", &all, true);
}
