/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables as comma-separated values (RFC 4180). */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A file of rows, read one at a time: memory for one row, which a file cannot make longer than CSV_ROW_MAX_BYTES. */
enum { CSV_ROW_MAX_BYTES = 1 << 20 };

typedef struct csv_reader {
    FILE *file;    /* borrowed */
    char **fields; /* of the row, without quotes */
    size_t count;
    size_t line;       /* of the file, from 1, at which the row begins */
    const char *fault; /* NULL: none */
    size_t next_line, size, most;
    char *text;
} csv_reader;

/* Start reading; after the last row, free_csv(). */
void begin_csv(csv_reader *r, FILE *file);
void free_csv(csv_reader *r);

/* Read the next row that is not empty. False at the end, and with `fault` set, where the text is no table. A byte-order mark,
 * line ends of any system and blank lines are passed over. */
bool read_csv_row(csv_reader *r);

/* The place of a column in the row that was read; the row's count if it is missing. */
size_t find_csv_column(const csv_reader *r, const char *name);

/* A field that put_csv_text() wrote, as it was: without the apostrophe that keeps a spreadsheet from computing the text. */
const char *plain_csv_text(const char *field);

/* A text in quotes, quotes in it doubled; a text that a spreadsheet would compute gets an apostrophe in front. */
void put_csv_text(FILE *to, const char *text);

/* A field, behind the text `before` within the field, as read_csv_row() gave it; quoted only where the text needs quotes. */
void put_csv_field(FILE *to, const char *before, const char *field);

/* A number of 15 digits; nothing for one that is not finite. */
void put_csv_number(FILE *to, double value);

#endif
