/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a table; for the measure room only. */
#ifndef CSEG_MEASURE_TABLE_H
#define CSEG_MEASURE_TABLE_H

#include "core/core.h"

#include <cellseg/measure.h>

enum { CSEG_COLUMN_NAME_SIZE = 160 };

struct cellseg_table {
    size_t rows, columns;
    char (*names)[CSEG_COLUMN_NAME_SIZE];
    double *values; /* one column after the other */
};

/* A table of zeros without names. NULL after an error. */
cellseg_status cseg_table_new(cellseg_table **out, cellseg_context *context, size_t rows, size_t columns);

#endif
