/* SPDX-License-Identifier: BSD-3-Clause */
/* Where an image lies on a plate, as its file's name states: by the patterns of instruments, or one of the user's. */
#ifndef CLI_NAMING_H
#define CLI_NAMING_H

#include "pattern.h"

#include <stdbool.h>

enum { PART_PLATE, PART_WELL, PART_ROW, PART_COLUMN, PART_FIELD, PART_CHANNEL, PART_Z, PART_T, PARTS };

/* The parts' names: groups of a pattern, columns of a sheet, keys of a record. NULL at the end. */
extern const char *const part_names[];

/* The parts as texts; NULL: not stated. */
typedef struct plate_place {
    char *parts[PARTS];
    bool spans_folders; /* the channel is the name of a folder, so that the field has files in several */
} plate_place;

/* The part of a name; PARTS after an error line that begins with `where`. */
int find_part(const char *name, const char *where);

/* Set a part from a text, unless that is empty or the part is set; or whatever the part was. */
void set_part(plate_place *to, int part, const char *text, size_t length);
void replace_part(plate_place *to, int part, const char *text);

/*
 * Give the parts one form: row and column from the well and back ("B", "3", "B03"; a row may be a number), whole numbers without
 * leading zeros. The channel stays as it is. False: the well is none; then all parts but plate and channel are as they were.
 */
bool settle_place(plate_place *l);

/* The user's pattern, whose groups are named like parts; NULL after an error line. */
pattern *pattern_of_user(const char *text);

/* What a path says, within the folder that was given, with "/" between names. p: NULL for the patterns of instruments, of which
 * the first that fits counts. False: no pattern fits. */
bool locate(plate_place *l, const pattern *p, const char *path);

/* Compile the instruments' patterns, before locate(); and free them. */
void begin_instruments(void);
void end_instruments(void);

void free_place(plate_place *l);

/* Whether a name of a channel is meant by a word: the same text, or the same letters and number: C2 and C02. Case is ignored. */
bool is_channel(const char *name, const char *word);

/* Numbers within names by value: C2 before C10. */
int compare_names(const char *a, const char *b);

#endif
