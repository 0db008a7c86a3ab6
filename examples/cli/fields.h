/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of view, from files, folders and sample sheets. A field has a file for all its channels, or one for each; it is named
 * after its marker's file, so that label maps and images pair by name. Folders lie below the output folder as they do below the
 * folder that was given.
 */
#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H

#include "files.h"
#include "names.h"
#include "naming.h"
#include "reading.h"

typedef struct channel_file {
    char *path, *name; /* name: NULL for a file whose channels keep the names that they have in the file */
} channel_file;

typedef struct field {
    file marker;       /* its path is the marker file's; it names the results */
    char *folder;      /* of the results, below the output folder; "": that itself */
    plate_place where; /* of the marker */
    size_t order;      /* among the files that were found */
    size_t count;      /* of the files, in order of channel */
    channel_file *files;
} field;

typedef struct field_list {
    size_t count;
    field *fields;
    name_list channels; /* every name that files state for a channel, in order; the names are borrowed */
} field_list;

/* Where fields come from besides operands. */
typedef struct field_source {
    const char *pattern, *sheet; /* of the user; NULL: none */
    const char *output_folder;   /* not looked into */
} field_source;

/*
 * The fields of operands: a file is a field; of a folder, and those below it, every image is taken that is no result of this
 * program. Files that differ in channel alone are one field. With a sheet, its files, which are relative to its folder. False
 * after an error line: nothing was found, two files are the same channel of a field.
 */
bool find_fields(field_list *out, const char *const *operands, int count, const field_source *from);
void free_fields(field_list *list);

/* The name of a channel of any field that a word means; NULL: none. */
const char *find_channel_name(const field_list *list, const char *word);

/*
 * Choose a channel that files' names state, if a word is given: a number counts the names of all fields, so that it means the
 * same channel in each. False after an error line that lists the names.
 */
bool choose_channel(channel_word *channel, const field_list *list, const char *from);

/* The same for the marker; of several channels the first one, with a warning, where none is given. */
bool choose_marker(channel_word *channel, const field_list *list);

/* Name each field after the file of a channel, or its first file; NULL: the latter. Two of one name in a folder: false. */
bool name_fields(field_list *list, const char *marker);

/* Read all files of a field as one image, whose channels have the names of the files. Prints an error: false. */
bool read_field(cellseg_image **image, cellseg_context *context, const field *f);

#endif
