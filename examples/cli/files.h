/* SPDX-License-Identifier: BSD-3-Clause */
/* Files by stem: the file name without its known endings (stem.h), which names the image. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>

enum { PATH_SIZE = 4096 };

typedef struct file {
    char *path, *stem;
    bool is_result; /* of a kind that this program writes, or with the ending of label maps */
} file;

typedef struct file_list {
    size_t count;
    file *files;
} file_list;

/* The files a command line names, in its order; `ending` as in stem_length(). On a stem that is empty or begins with a dot, or
 * two files of one stem, prints an error: false. */
bool files_from_operands(file_list *out, const char *const *operands, int count, const char *ending);

/* A file of a path, which it takes over; `ending` as in stem_length(). */
file name_file(char *path, const char *ending);

/* Whether files may lie in one folder: the errors of files_from_operands(). */
bool are_names_apart(const file *files, size_t count);

/* Stems that differ in case alone are one name: not every file system keeps their results apart. */
bool is_one_name(const char *stem, const char *other);

/*
 * One file of each stem in a folder, sorted by stem; files end in .tif, .tiff or .png. Labels: of several files, the one with
 * `ending`, for instance ".cells". Images: the file that is of no kind that this program writes, and without `labels_ending`,
 * which may be NULL. No match or several matches print an error: false.
 */
bool labels_in_folder(file_list *out, const char *folder, const char *ending);
bool images_in_folder(file_list *out, const char *folder, const char *labels_ending);

void free_files(file_list *list);

/* True when both lists, from the functions above, have the same stems; else prints those without a partner. */
bool same_stems(const file_list *a, const char *folder_a, const file_list *b, const char *folder_b);

bool is_folder(const char *path);
bool exists(const char *path);

const char *base_name(const char *path); /* its last name; empty after a separator */

/* The folder that `path` lies in, "." at least; false if its path is too long. */
bool folder_of(char folder[PATH_SIZE], const char *path);

/* True if a file can be created or replaced there; else prints an error. */
bool can_be_written(const char *path);

/* The same, before long work: also removes the left-over temporaries of its folder. */
bool prepare_output(const char *path);

bool is_same_file(const char *a, const char *b);

/* Make a folder, and those above it. On failure prints an error: false. */
bool make_folder(const char *path);

/* folder/stem + suffix. When that is too long, prints an error: false. */
bool join_path(char path[PATH_SIZE], const char *folder, const char *stem, const char *suffix);

#endif
