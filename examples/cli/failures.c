/* SPDX-License-Identifier: BSD-3-Clause */
#include "failures.h"

#include "cli.h"
#include "csv.h"
#include "output.h"
#include "system.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char first_column[] = "image";

void add_failure(failure_list *list, const field *f, const char *error) {
    list->items = check_memory(realloc(list->items, (list->count + 1) * sizeof *list->items));
    list->items[list->count++] = (failure){f, check_memory(copy_text(error, strlen(error)))};
}

void free_failures(failure_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].error);
    free(list->items);
    *list = (failure_list){0};
}

/* The image is named as in the tables of all images: folder and stem of its results. */
static void put_failure(FILE *to, const failure *of) {
    const field *f = of->field;
    char name[PATH_SIZE];
    (void)snprintf(name, sizeof name, "%s%s%s", f->folder, f->folder[0] != '\0' ? "/" : "", f->marker.stem);
    put_csv_text(to, name);
    for (int i = 0; i < PARTS; i++) {
        fputc(',', to);
        if (f->where.parts[i] != NULL)
            put_csv_text(to, f->where.parts[i]);
    }
    fputc(',', to);
    put_csv_text(to, f->marker.path);
    fputc(',', to);
    put_csv_text(to, of->error);
    fputc('\n', to);
}

static void write_table(const failure_list *list, const char *path) {
    output o;
    if (!open_output(&o, path))
        return;
    fputs(first_column, o.file);
    for (int i = 0; i < PARTS; i++)
        fprintf(o.file, ",%s", part_names[i]);
    fputs(",file,error\n", o.file);
    for (size_t i = 0; i < list->count; i++)
        put_failure(o.file, &list->items[i]);
    (void)close_output(&o, true);
}

/* Another program's table stays. */
static void remove_table(const char *path) {
    csv_reader rows;
    FILE *from = open_to_read(path);
    if (from == NULL)
        return;
    begin_csv(&rows, from);
    const bool is_own = read_csv_row(&rows) && rows.count == PARTS + 3 && strcmp(rows.fields[0], first_column) == 0 &&
                        strcmp(rows.fields[PARTS + 2], "error") == 0;
    free_csv(&rows);
    (void)fclose(from);
    if (is_own)
        (void)remove_entry(path);
}

void report_failures(const failure_list *list, const char *folder, size_t all) {
    char path[PATH_SIZE];
    if (!join_path(path, folder, "failures.csv", ""))
        return;
    if (list->count == 0) {
        remove_table(path);
        return;
    }
    write_table(list, path);
    print_note("%zu of %zu failed, listed in %s:", list->count, all, path);
    for (size_t i = 0; i < list->count; i++)
        print_note("%s", list->items[i].error);
}
