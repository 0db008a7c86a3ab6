/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured: groups of columns that are computed together; for the measure room only. */
#ifndef CSEG_MEASURE_COLUMNS_H
#define CSEG_MEASURE_COLUMNS_H

#include "measure/regions.h"

/* What a label's measurements may look at. */
typedef struct cseg_measure_input {
    cseg_plane cells;
    cseg_plane nuclei;  /* data NULL: not given */
    cseg_plane channel; /* of the image; for groups that need an image */
} cseg_measure_input;

/* The unit a column's name ends in. Values come in pixels; the table turns them to micrometres where the pixel size is known. */
typedef enum cseg_unit {
    CSEG_UNIT_NONE = 0,
    CSEG_UNIT_LENGTH = 1, /* _um, or _px */
    CSEG_UNIT_AREA = 2,   /* _um2, or _px2 */
    CSEG_UNIT_INDEX = 3   /* _px always: a place in the array */
} cseg_unit;

typedef struct cseg_column {
    const char *name; /* without unit */
    cseg_unit unit;
} cseg_column;

/* What a group asks for; it is left out of the table where that is not given. */
typedef enum cseg_needs {
    CSEG_NEEDS_CELLS = 0,
    CSEG_NEEDS_NUCLEI = 1,
    CSEG_NEEDS_CHANNEL = 2 /* the group appears once for each channel of the image */
} cseg_needs;

enum { CSEG_GROUP_COLUMNS = 32 };

typedef struct cseg_column_group {
    cseg_needs needs;
    size_t count; /* columns, at most CSEG_GROUP_COLUMNS */
    const cseg_column *columns;
    void (*measure)(double *values, const cseg_region *region, const cseg_measure_input *input); /* one value per column */
} cseg_column_group;

/* All groups, in the order of the table's columns. */
extern const cseg_column_group cseg_measure_groups[];
extern const size_t cseg_measure_group_count;

#endif
