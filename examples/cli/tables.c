/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables are written in one pass over the images' own tables, in the list's order: rows of cells are copied as text, and the
 * values of one well are kept for its means and medians. Memory: one well's values.
 */
#include "tables.h"

#include "cli.h"
#include "csv.h"
#include "output.h"
#include "progress.h"
#include "system.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const verdict_names[3] = {"suitable", "doubtful", "nuclear stain"};

/* ---- names ---- */

/* The place of a name, which is added at the end where it is new. */
static size_t place_of(name_set *set, const char *name) {
    size_t i = 0;
    while (i < set->count && strcmp(set->names[i], name) != 0)
        i++;
    if (i == set->count) {
        set->names = check_memory(realloc(set->names, (i + 1) * sizeof *set->names));
        set->names[set->count++] = check_memory(copy_text(name, strlen(name)));
    }
    return i;
}

static void free_names_of(name_set *set) {
    for (size_t i = 0; i < set->count; i++)
        free(set->names[i]);
    free(set->names);
    *set = (name_set){0};
}

/* A mean over cells of a number or a position tells nothing. */
static bool has_mean(const char *name) {
    return strcmp(name, "id") != 0 && strstr(name, "bbox_") == NULL && strstr(name, "centroid_") == NULL &&
           strstr(name, "orientation_") == NULL;
}

static bool is_shown(const char *name) {
    static const char *const beginnings[] = {"area_um2", "area_px2", "nucleus_area_", "intensity_mean_"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* ---- values ---- */

/* Of a column, in the cells of a well: those from `begin` on are the image's. */
typedef struct sample {
    size_t count, most, begin;
    double *values;
} sample;

static void add_value(sample *s, double value) {
    if (s->count == s->most) {
        s->most = s->most == 0 ? 1024 : 2 * s->most;
        s->values = check_memory(realloc(s->values, s->most * sizeof *s->values));
    }
    s->values[s->count++] = value;
}

static double mean_of(const double *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : NAN;
}

static int by_value(const void *a, const void *b) {
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Sorts the values. */
static double median_of(double *values, size_t count) {
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof *values, by_value);
    return count % 2 == 1 ? values[count / 2] : values[count / 2 - 1] / 2 + values[count / 2] / 2;
}

/* ---- classes ---- */

double lower_bound_of_class(size_t i) {
    return ldexp(1 + (double)(i % CLASSES_PER_OCTAVE) / CLASSES_PER_OCTAVE, LEAST_EXPONENT + (int)(i / CLASSES_PER_OCTAVE));
}

static void count_value(shown_column *shown, double value) {
    int exponent;
    if (!(value > 0))
        return;
    const double twice = 2 * frexp(value, &exponent); /* from 1 to 2 */
    const int octave = exponent - 1 - LEAST_EXPONENT;
    if (octave >= 0 && octave < OCTAVES)
        shown->classes[octave * CLASSES_PER_OCTAVE + (int)((twice - 1) * CLASSES_PER_OCTAVE)]++;
}

/* ---- the tables at work ---- */

typedef struct tables {
    const plate_list *list;
    plate_sums *sums;
    name_set figures;   /* of the records' reports */
    sample *samples;    /* of each column of cells */
    size_t *shown_of;   /* of each column; SHOWN_MOST: it is not shown */
    const char **texts; /* of each column, of a row */
    output cells, images, wells;
} tables;

/* Open an image's own table and read its titles. On failure prints an error: NULL. */
static FILE *open_table(csv_reader *r, char path[PATH_SIZE], const plate_list *list, const plate_image *image) {
    if (!join_path(path, list->folder, image->name, ".csv"))
        return NULL;
    FILE *from = open_to_read(path);
    if (from == NULL) {
        print_error("%s: cannot be read: %s; the record beside it says that the image was segmented", path, strerror(errno));
        return NULL;
    }
    begin_csv(r, from);
    if (read_csv_row(r))
        return from;
    print_error("%s: %s; segment the image again", path, r->fault != NULL ? r->fault : "the table is empty");
    free_csv(r);
    (void)fclose(from);
    return NULL;
}

static void close_table(csv_reader *r, FILE *from) {
    free_csv(r);
    (void)fclose(from);
}

/* The names of all columns, in the order in which they come up. */
static bool collect_names(tables *t) {
    for (size_t i = 0; i < t->list->count; i++) {
        const plate_image *image = &t->list->images[i];
        char path[PATH_SIZE];
        csv_reader r;
        if (image->error != NULL)
            continue;
        FILE *from = open_table(&r, path, t->list, image);
        if (from == NULL)
            return false;
        for (size_t c = 0; c < r.count; c++)
            (void)place_of(&t->sums->columns, r.fields[c]);
        close_table(&r, from);
        const cJSON *figure;
        cJSON_ArrayForEach(figure, image->report)(void) place_of(&t->figures, figure->string);
    }
    return true;
}

static void choose_shown(tables *t) {
    plate_sums *s = t->sums;
    t->samples = check_memory(calloc(s->columns.count + 1, sizeof *t->samples));
    t->shown_of = check_memory(calloc(s->columns.count + 1, sizeof *t->shown_of));
    t->texts = check_memory(calloc(s->columns.count + 1, sizeof *t->texts));
    for (size_t c = 0; c < s->columns.count; c++) {
        t->shown_of[c] = SHOWN_MOST;
        if (s->shown_count == SHOWN_MOST || !is_shown(s->columns.names[c]))
            continue;
        t->shown_of[c] = s->shown_count;
        s->shown[s->shown_count++].name = s->columns.names[c];
    }
}

/* ---- titles ---- */

static void put_titles(FILE *to, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fputc(',', to);
        put_csv_field(to, "", names[i]);
    }
}

static void put_mean_titles(FILE *to, const name_set *columns) {
    for (size_t c = 0; c < columns->count; c++) {
        if (!has_mean(columns->names[c]))
            continue;
        fputc(',', to);
        put_csv_field(to, "mean_", columns->names[c]);
        fputc(',', to);
        put_csv_field(to, "median_", columns->names[c]);
    }
    fputc('\n', to);
}

static void put_all_titles(tables *t) {
    const name_set *columns = &t->sums->columns;
    fputs("image", t->cells.file);
    put_titles(t->cells.file, place_names, PLACES);
    put_titles(t->cells.file, (const char *const *)columns->names, columns->count);
    fputc('\n', t->cells.file);
    fputs("image,input", t->images.file);
    put_titles(t->images.file, place_names, PLACES);
    fputs(",status,error,warnings", t->images.file);
    put_titles(t->images.file, (const char *const *)t->figures.names, t->figures.count);
    put_mean_titles(t->images.file, columns);
    fputs("plate,well,row,column,images,failed,cells,nuclei,warnings,suitable,doubtful,nuclear_stain", t->wells.file);
    put_mean_titles(t->wells.file, columns);
}

/* ---- rows ---- */

static void put_places(FILE *to, const plate_image *image, size_t count) {
    for (size_t p = 0; p < count; p++) {
        fputc(',', to);
        put_csv_text(to, image->places[p]);
    }
}

static void take_value(tables *t, size_t column, const char *text) {
    char *end;
    const double value = strtod(text, &end);
    if (end == text || !isfinite(value) || !has_mean(t->sums->columns.names[column]))
        return;
    add_value(&t->samples[column], value);
    if (t->shown_of[column] < SHOWN_MOST)
        count_value(&t->sums->shown[t->shown_of[column]], value);
}

/* A row of an image's own table goes to the table of all cells, its values to the samples. `column_of`: of each field. */
static void take_row(tables *t, const csv_reader *r, const plate_image *image, const size_t *column_of) {
    FILE *to = t->cells.file;
    const size_t columns = t->sums->columns.count;
    memset(t->texts, 0, columns * sizeof *t->texts);
    for (size_t i = 0; i < r->count; i++)
        t->texts[column_of[i]] = r->fields[i];
    put_csv_text(to, image->name);
    put_places(to, image, PLACES);
    for (size_t c = 0; c < columns; c++) {
        const char *text = t->texts[c] != NULL ? t->texts[c] : "";
        fputc(',', to);
        put_csv_field(to, "", text);
        take_value(t, c, text);
    }
    fputc('\n', to);
}

static bool take_rows(tables *t, csv_reader *r, const plate_image *image, const char *path) {
    const size_t count = r->count;
    size_t *column_of = check_memory(malloc((count + 1) * sizeof *column_of));
    for (size_t i = 0; i < count; i++)
        column_of[i] = place_of(&t->sums->columns, r->fields[i]);
    bool fits = true;
    while (fits && read_csv_row(r)) {
        fits = r->count == count;
        if (fits)
            take_row(t, r, image, column_of);
    }
    if (r->fault != NULL)
        print_error("%s: line %zu: %s; segment the image again", path, r->line, r->fault);
    else if (!fits)
        print_error("%s: line %zu has %zu fields, the first line %zu; segment the image again", path, r->line, r->count, count);
    free(column_of);
    return fits && r->fault == NULL;
}

static bool take_cells(tables *t, const plate_image *image) {
    char path[PATH_SIZE];
    csv_reader r;
    FILE *from = open_table(&r, path, t->list, image);
    const bool fine = from != NULL && take_rows(t, &r, image, path);
    if (from != NULL)
        close_table(&r, from);
    return fine;
}

/* Of the image's values, or of all the well's. */
static void put_means(FILE *to, const tables *t, bool of_image) {
    for (size_t c = 0; c < t->sums->columns.count; c++) {
        const sample *s = &t->samples[c];
        const size_t begin = of_image ? s->begin : 0, count = s->count - begin;
        double *values = count > 0 ? s->values + begin : NULL;
        if (!has_mean(t->sums->columns.names[c]))
            continue;
        fputc(',', to);
        put_csv_number(to, mean_of(values, count));
        fputc(',', to);
        put_csv_number(to, median_of(values, count));
    }
    fputc('\n', to);
}

/* The warnings in one field. */
static void put_warnings(FILE *to, const cJSON *warnings) {
    char *all = check_memory(copy_text("", 0));
    const cJSON *item;
    cJSON_ArrayForEach(item, warnings) {
        const char *text = cJSON_IsString(item) ? item->valuestring : "";
        const size_t before = strlen(all);
        all = check_memory(realloc(all, before + strlen(text) + sizeof "; "));
        (void)sprintf(all + before, "%s%s", before > 0 ? "; " : "", text);
    }
    put_csv_text(to, all);
    free(all);
}

static void put_image(tables *t, const plate_image *image) {
    FILE *to = t->images.file;
    put_csv_text(to, image->name);
    fputc(',', to);
    put_csv_text(to, image->input);
    put_places(to, image, PLACES);
    fputs(image->error != NULL ? ",failed," : ",done,", to);
    put_csv_text(to, image->error != NULL ? image->error : "");
    fputc(',', to);
    put_warnings(to, image->warnings);
    for (size_t f = 0; f < t->figures.count; f++) {
        const cJSON *figure = cJSON_GetObjectItemCaseSensitive(image->report, t->figures.names[f]);
        fputc(',', to);
        if (cJSON_IsString(figure))
            put_csv_text(to, figure->valuestring);
        else if (cJSON_IsNumber(figure))
            put_csv_number(to, figure->valuedouble);
    }
    put_means(to, t, true);
}

static uint64_t count_in(const plate_image *image, const char *name) {
    const cJSON *figure = cJSON_GetObjectItemCaseSensitive(image->report, name);
    return cJSON_IsNumber(figure) && figure->valuedouble > 0 && figure->valuedouble < 1e15 ? (uint64_t)figure->valuedouble : 0;
}

static void sum_up(well_sum *w, const plate_image *image) {
    const char *verdict = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(image->report, "marker_verdict"));
    w->failed += image->error != NULL;
    w->warnings += (size_t)cJSON_GetArraySize(image->warnings);
    w->cells += count_in(image, "cells");
    w->nuclei += count_in(image, "nuclei");
    for (size_t v = 0; verdict != NULL && v < 3; v++)
        w->verdicts[v] += strcmp(verdict, verdict_names[v]) == 0;
}

static void put_well(tables *t, well_sum *w) {
    const plate_image *first = &t->list->images[w->first];
    FILE *to = t->wells.file;
    for (size_t c = 0; c < t->sums->columns.count; c++)
        if (t->shown_of[c] < SHOWN_MOST)
            w->medians[t->shown_of[c]] = median_of(t->samples[c].values, t->samples[c].count);
    if (first->places[PLACE_WELL][0] == '\0')
        return;
    put_csv_text(to, first->places[PLACE_PLATE]);
    put_places(to, first, PLACE_FIELD);
    fprintf(to, ",%zu,%zu,%" PRIu64 ",%" PRIu64 ",%zu,%" PRIu64 ",%" PRIu64 ",%" PRIu64, w->count, w->failed, w->cells, w->nuclei,
            w->warnings, w->verdicts[0], w->verdicts[1], w->verdicts[2]);
    put_means(to, t, false);
}

/* ---- all ---- */

static bool take_well(tables *t, size_t first) {
    plate_sums *s = t->sums;
    well_sum *w = &s->wells[s->well_count++];
    *w = (well_sum){.first = first, .count = count_of_well(t->list, first)};
    for (size_t c = 0; c < s->columns.count; c++)
        t->samples[c].count = 0;
    for (size_t i = first; i < first + w->count; i++) {
        const plate_image *image = &t->list->images[i];
        for (size_t c = 0; c < s->columns.count; c++)
            t->samples[c].begin = t->samples[c].count;
        if (was_interrupted() || (image->error == NULL && !take_cells(t, image)))
            return false;
        put_image(t, image);
        sum_up(w, image);
    }
    put_well(t, w);
    return true;
}

static bool take_all(tables *t) {
    put_all_titles(t);
    t->sums->wells = check_memory(calloc(t->list->count, sizeof *t->sums->wells));
    for (size_t i = 0; i < t->list->count; i += t->sums->wells[t->sums->well_count - 1].count)
        if (!take_well(t, i))
            return false;
    return true;
}

/* failures.csv is read, not written, here. */
static const char *const table_names[] = {"cells", "images", "wells", "failures"};

bool is_table_name(const char *stem, const char *image) {
    for (size_t i = 0; i < sizeof table_names / sizeof *table_names; i++)
        if (is_one_name(stem, table_names[i])) {
            print_error("%s: %s.csv is the name of a table of all images; rename the image", image, table_names[i]);
            return true;
        }
    return false;
}

/* The three files are open together, and are put in place when all are complete. */
static bool write_files(tables *t) {
    output *const outputs[] = {&t->cells, &t->images, &t->wells};
    char paths[3][PATH_SIZE];
    size_t open = 0;
    bool fine = true;
    while (fine && open < 3) {
        fine = join_path(paths[open], t->list->folder, table_names[open], ".csv") && open_output(outputs[open], paths[open]);
        open += fine;
    }
    fine = fine && take_all(t);
    for (size_t i = 0; i < open; i++)
        fine = close_output(outputs[i], fine) && fine;
    return fine;
}

bool write_tables(plate_sums *out, const plate_list *list) {
    *out = (plate_sums){0};
    tables t = {.list = list, .sums = out};
    for (size_t i = 0; i < list->count; i++)
        if (is_table_name(list->images[i].name, list->images[i].name))
            return false;
    bool fine = collect_names(&t);
    if (fine) {
        choose_shown(&t);
        fine = write_files(&t);
    }
    for (size_t c = 0; t.samples != NULL && c < out->columns.count; c++)
        free(t.samples[c].values);
    free(t.samples);
    free(t.shown_of);
    free(t.texts);
    free_names_of(&t.figures);
    if (!fine)
        free_sums(out);
    return fine;
}

void free_sums(plate_sums *sums) {
    free_names_of(&sums->columns);
    free(sums->wells);
    *sums = (plate_sums){0};
}
