/* SPDX-License-Identifier: BSD-3-Clause */
/* A text file that is written under a temporary name and takes its place when it is whole. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "files.h"

#include <stdio.h>

typedef struct output {
    FILE *file;
    const char *path; /* borrowed */
    char temporary[PATH_SIZE];
} output;

/* On failure prints an error: false. */
bool open_output(output *o, const char *path);

/* Ends the writing. When `fine` and no write failed the file is put in place; else it is removed, and the first is returned as
 * it was, the second after printing an error. */
bool close_output(output *o, bool fine);

#endif
