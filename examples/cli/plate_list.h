/* SPDX-License-Identifier: BSD-3-Clause */
/* The results of many images below one folder, in the order of their plates, wells and fields. */
#ifndef CLI_PLATE_LIST_H
#define CLI_PLATE_LIST_H

#include "files.h"

#include <cjson/cJSON.h>

/* Texts that tell images apart, and their columns in every table. */
enum { PLACE_PLATE, PLACE_WELL, PLACE_ROW, PLACE_COLUMN, PLACE_FIELD, PLACE_Z, PLACE_T, PLACES };
extern const char *const place_names[PLACES];

typedef struct plate_image {
    char *name;           /* of its results below the folder, without endings: "folder/stem" */
    char *places[PLACES]; /* empty: unknown */
    char *input;          /* as the command line gave it; empty: unknown */
    char *error;          /* why there are no results; NULL: there are */
    cJSON *report;        /* figures of the record, an object; NULL: none */
    cJSON *warnings;      /* of the record, an array; NULL: none */
    unsigned row, column; /* of the well, from 1; 0: unknown */
} plate_image;

typedef struct plate_list {
    const char *folder; /* borrowed */
    size_t count;
    plate_image *images;
    cJSON *method;  /* version, model, reading and options of the first record; NULL without one */
    size_t deviant; /* images that another version, model or other options gave */
} plate_list;

/*
 * Find the records below a folder, and the images that its failures.csv lists (columns "image" and "error"), which have no
 * results even if older ones are there. Entries whose names begin with a dot are passed over. On failure,
 * and where there is nothing, prints an error: false.
 */
bool list_plate(plate_list *out, const char *folder);
void free_plate(plate_list *list);

/* How many of the images from `first` on are of the same well; 1 where the well is unknown. */
size_t count_of_well(const plate_list *list, size_t first);

/* Row and column of a well from its name, "B03" or "AA12"; false: the name is of another form. */
bool parse_well(const char *name, unsigned *row, unsigned *column);

#endif
