/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables: named columns of doubles. */
#include "measure/table.h"

cellseg_status cseg_table_new(cellseg_table **out, cellseg_context *context, size_t rows, size_t columns) {
    assert(columns > 0);
    *out = NULL;
    size_t cells;
    if (!cseg_memory_mul(rows, columns, &cells))
        return cseg_fail(CELLSEG_ERR_LIMIT, "a table of %zu rows and %zu columns is too large", rows, columns);
    cellseg_table *table = cseg_memory_calloc(context, 1, sizeof *table);
    if (table == NULL)
        return cseg_error_last();
    table->rows = rows;
    table->columns = columns;
    table->names = cseg_memory_calloc(context, columns, sizeof *table->names);
    table->values = table->names != NULL ? cseg_memory_calloc(context, cells, sizeof *table->values) : NULL;
    if (table->values == NULL) {
        cellseg_table_free(table);
        return cseg_error_last();
    }
    *out = table;
    return CELLSEG_OK;
}

void cellseg_table_free(cellseg_table *table) {
    if (table == NULL)
        return;
    cseg_memory_free(table->names);
    cseg_memory_free(table->values);
    cseg_memory_free(table);
}

size_t cellseg_table_rows(const cellseg_table *table) {
    return table != NULL ? table->rows : 0;
}

size_t cellseg_table_columns(const cellseg_table *table) {
    return table != NULL ? table->columns : 0;
}

const char *cellseg_table_column_name(const cellseg_table *table, size_t column) {
    return table != NULL && column < table->columns ? table->names[column] : NULL;
}

const double *cellseg_table_column(const cellseg_table *table, size_t column) {
    return table != NULL && column < table->columns ? table->values + column * table->rows : NULL;
}
