/* SPDX-License-Identifier: BSD-3-Clause */
#include "csv.h"

#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

void begin_csv(csv_reader *r, FILE *file) {
    *r = (csv_reader){.file = file, .next_line = 1};
    const int marks[] = {0xef, 0xbb, 0xbf};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const int c = fgetc(file);
        if (c == marks[i])
            continue;
        if (i > 0)
            r->fault = "a byte-order mark that is not UTF-8";
        else if (c != EOF)
            (void)ungetc(c, file);
        return;
    }
}

void free_csv(csv_reader *r) {
    free(r->text);
    free(r->fields);
    *r = (csv_reader){0};
}

static bool add_character(csv_reader *r, size_t *length, char c) {
    if (*length >= CSV_ROW_MAX_BYTES) {
        r->fault = "a row has more than a million bytes";
        return false;
    }
    if (*length == r->size) {
        r->size = r->size == 0 ? 512 : 2 * r->size;
        r->text = check_memory(realloc(r->text, r->size));
    }
    r->text[(*length)++] = c;
    return true;
}

/* The rest of a field in quotes, behind the first; gives what follows the last quote. */
static int read_quoted(csv_reader *r, size_t *length) {
    for (int c; (c = fgetc(r->file)) != EOF;) {
        if (c == '"' && (c = fgetc(r->file)) != '"')
            return c;
        r->next_line += c == '\n';
        if (c == '\0')
            r->fault = "a zero byte";
        if (r->fault != NULL || !add_character(r, length, (char)c))
            return EOF;
    }
    r->fault = "a quotation mark is not closed";
    return EOF;
}

/* A field and its end; gives the character behind. */
static int read_field(csv_reader *r, size_t *length) {
    int c = fgetc(r->file);
    if (c == '"')
        c = read_quoted(r, length);
    while (r->fault == NULL && c != EOF && c != ',' && c != '\n') {
        if (c == '\0')
            r->fault = "a zero byte";
        else if (c != '\r' && !add_character(r, length, (char)c))
            break;
        c = fgetc(r->file);
    }
    if (r->fault == NULL)
        (void)add_character(r, length, '\0');
    return c;
}

/* The row's fields lie one behind the other in its text. */
static void point_at_fields(csv_reader *r) {
    if (r->count > r->most) {
        r->most = r->count;
        r->fields = check_memory(realloc(r->fields, r->most * sizeof *r->fields));
    }
    char *next = r->text;
    for (size_t i = 0; i < r->count; i++, next += strlen(next) + 1)
        r->fields[i] = next;
}

bool read_csv_row(csv_reader *r) {
    for (int c = 0; c != EOF && r->fault == NULL;) {
        size_t length = 0;
        r->line = r->next_line;
        r->count = 0;
        do {
            c = read_field(r, &length);
            r->count++;
        } while (c == ',' && r->fault == NULL);
        r->next_line += c == '\n';
        if (r->fault == NULL && ferror(r->file))
            r->fault = "the file cannot be read";
        if (r->fault == NULL && length > 1) {
            point_at_fields(r);
            return true;
        }
    }
    return false;
}

size_t find_csv_column(const csv_reader *r, const char *name) {
    size_t i = 0;
    while (i < r->count && strcmp(r->fields[i], name) != 0)
        i++;
    return i;
}

const char *plain_csv_text(const char *field) {
    return field[0] == '\'' ? field + 1 : field;
}

/* ---- writing ---- */

static void put_quoted(FILE *to, const char *before, const char *text) {
    fprintf(to, "\"%s", before);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

void put_csv_text(FILE *to, const char *text) {
    put_quoted(to, text[0] != '\0' && strchr("=+-@\t\r\n'", text[0]) != NULL ? "'" : "", text);
}

void put_csv_field(FILE *to, const char *before, const char *field) {
    if (strpbrk(field, ",\"\n") != NULL)
        put_quoted(to, before, field);
    else
        fprintf(to, "%s%s", before, field);
}

void put_csv_number(FILE *to, double value) {
    if (isfinite(value))
        fprintf(to, "%.15g", value);
}
