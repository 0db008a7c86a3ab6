/* SPDX-License-Identifier: BSD-3-Clause */
/* cells.csv, images.csv and wells.csv: the results of many images as tables, and their sums for a report. */
#ifndef CLI_TABLES_H
#define CLI_TABLES_H

#include "plate_list.h"

#include <stdint.h>

/* Values above 0 by size: 8 classes from each power of two to the next. Others are not counted. */
enum { CLASSES_PER_OCTAVE = 8, LEAST_EXPONENT = -40, OCTAVES = 100, SIZE_CLASSES = OCTAVES * CLASSES_PER_OCTAVE };
double lower_bound_of_class(size_t i);

/* Columns of cells that a report shows. */
enum { SHOWN_MOST = 8 };

typedef struct shown_column {
    const char *name;
    size_t classes[SIZE_CLASSES]; /* numbers of cells */
} shown_column;

typedef struct well_sum {
    size_t first, count; /* images of the list */
    size_t failed, warnings;
    uint64_t cells, nuclei;
    uint64_t verdicts[3];       /* numbers of images by what the marker check found, in the order of verdict_names */
    double medians[SHOWN_MOST]; /* NaN: no value */
} well_sum;
extern const char *const verdict_names[3];

/* Names, each once. */
typedef struct name_set {
    size_t count;
    char **names;
} name_set;

typedef struct plate_sums {
    name_set columns; /* of the tables of cells */
    size_t shown_count, well_count;
    shown_column shown[SHOWN_MOST];
    well_sum *wells; /* a well, or one image whose well is unknown, each */
} plate_sums;

/* True, after printing an error, if results of this stem would have the name of a table of many images. */
bool is_table_name(const char *stem, const char *image);

/* Write the three tables into the list's folder, and sum up. On failure prints an error, leaves the tables as they were: false.
 */
bool write_tables(plate_sums *out, const plate_list *list);
void free_sums(plate_sums *sums);

#endif
