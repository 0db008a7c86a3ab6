/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables as comma-separated values, the format of pandas, R and spreadsheets. */
#include "io/io.h"

#include <math.h>
#include <string.h>

enum { BUFFER_SIZE = 1 << 16 };

/* Buffered text. */
typedef struct csv_writer {
    cseg_file *file;
    size_t used;
    uint64_t written;
    char buffer[BUFFER_SIZE];
} csv_writer;

static void flush(csv_writer *writer) {
    (void)cseg_file_write_at(writer->file, writer->buffer, writer->used, writer->written); /* the caller reads file->error */
    writer->written += writer->used;
    writer->used = 0;
}

static void put(csv_writer *writer, const char *text) {
    const size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (writer->used == BUFFER_SIZE)
            flush(writer);
        writer->buffer[writer->used++] = text[i];
    }
}

/* No value (NaN) is no text, which readers take for a missing number. */
static void put_number(csv_writer *writer, double value) {
    char number[CSEG_NUMBER_BYTES];
    cseg_number_print(number, value);
    put(writer, isnan(value) ? "" : number);
}

static cellseg_status write_table(cseg_file *file, cellseg_context *context, const cellseg_table *table) {
    const size_t columns = cellseg_table_columns(table), rows = cellseg_table_rows(table);
    cellseg_status status = CELLSEG_OK;
    csv_writer *writer = cseg_memory_alloc(context, 1, sizeof *writer);
    if (writer == NULL)
        return cseg_error_last();
    writer->file = file;
    writer->used = 0;
    writer->written = 0;
    for (size_t c = 0; c < columns; c++) {
        put(writer, c > 0 ? "," : "");
        put(writer, cellseg_table_column_name(table, c));
    }
    put(writer, "\n");
    for (size_t r = 0; r < rows && status == CELLSEG_OK; r++) {
        for (size_t c = 0; c < columns; c++) {
            put(writer, c > 0 ? "," : "");
            put_number(writer, cellseg_table_column(table, c)[r]);
        }
        put(writer, "\n");
        status = cseg_progress_poll(context, (double)r / (double)rows);
    }
    flush(writer);
    cseg_memory_free(writer);
    if (status != CELLSEG_OK)
        return status;
    return file->error == 0 ? CELLSEG_OK : cseg_file_fail("cannot be written", file->error);
}

static cellseg_status write_csv(const cellseg_table *table, cellseg_context *context, cseg_target *target) {
    CSEG_TRY(cseg_target_open(target, context));
    return cseg_target_close(target, write_table(&target->file, context, table));
}

static cellseg_status write_in_call(const cellseg_table *table, cellseg_context *context, cseg_target *target) {
    if (table == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "table is NULL");
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, write_csv(table, context, target));
}

cellseg_status cellseg_table_write_csv(const cellseg_table *table, cellseg_context *context, const char *path) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_in_call(table, context, &target);
}

cellseg_status cellseg_table_write_csv_to(const cellseg_table *table, cellseg_context *context, const cellseg_writer *writer) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_in_call(table, context, &target);
}
