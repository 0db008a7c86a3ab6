/* SPDX-License-Identifier: BSD-3-Clause */
#include "sheet.h"

#include "cli.h"
#include "csv.h"
#include "system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_COLUMNS = 64, NO_PART = PARTS, FILE_PART = PARTS + 1 };

typedef struct sheet {
    const char *path;
    csv_reader rows;
    size_t columns;
    int parts[MAX_COLUMNS]; /* what each column holds */
} sheet;

static bool refuse(const sheet *s, const char *fault) {
    print_error("%s: line %zu: %s", s->path, s->rows.line, fault);
    return false;
}

static bool refuse_columns(const sheet *s) {
    char text[256] = "";
    for (size_t i = 0; i < s->columns; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "", s->rows.fields[i]);
    }
    print_error("%s: line 1: no column is called file, of %s; a sheet has the column file, and those it needs of plate, well, "
                "row, column, field, channel, z, t",
                s->path, text[0] != '\0' ? text : "none");
    return false;
}

static bool take_header(sheet *s) {
    bool has_file = false;
    s->columns = read_csv_row(&s->rows) ? s->rows.count : 0;
    if (s->rows.fault != NULL || s->columns > MAX_COLUMNS)
        return refuse(s, s->rows.fault != NULL ? s->rows.fault : "more than 64 columns");
    for (size_t i = 0; i < s->columns; i++) {
        s->parts[i] = strcasecmp(s->rows.fields[i], "file") == 0 ? FILE_PART : part_of(s->rows.fields[i]);
        has_file = has_file || s->parts[i] == FILE_PART;
    }
    return has_file || refuse_columns(s);
}

static bool take_row(const sheet *s, void (*take)(void *, const char *, plate_place *), void *user) {
    plate_place where = {0};
    const char *name = "";
    if (s->rows.count != s->columns)
        return refuse(s, "the line has more or fewer values than the first line has names");
    for (size_t i = 0; i < s->columns; i++) {
        const char *value = plain_csv_text(s->rows.fields[i]);
        if (s->parts[i] == FILE_PART)
            name = value;
        else if (s->parts[i] != NO_PART)
            set_part(&where, s->parts[i], value, strlen(value));
    }
    const char *fault = name[0] == '\0' ? "no file is named" : NULL;
    if (fault == NULL && !settle_place(&where))
        fault = "the well is none; a row of one or two letters and a column of digits are expected, as in B03";
    if (fault == NULL)
        take(user, name, &where);
    free_place(&where);
    return fault == NULL || refuse(s, fault);
}

bool read_sheet(const char *path, void (*take)(void *user, const char *name, plate_place *where), void *user) {
    sheet s = {.path = path};
    FILE *from = open_to_read(path);
    if (from == NULL) {
        print_error("%s: cannot be read: %s", path, strerror(errno));
        return false;
    }
    begin_csv(&s.rows, from);
    bool fine = take_header(&s);
    while (fine && read_csv_row(&s.rows))
        fine = take_row(&s, take, user);
    if (fine && s.rows.fault != NULL)
        fine = refuse(&s, s.rows.fault);
    free_csv(&s.rows);
    (void)fclose(from);
    return fine;
}
