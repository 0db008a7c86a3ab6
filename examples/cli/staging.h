/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that belong together, "<stem>.*", replaced together.
 *
 * They are written into a temporary folder beside their places, under their own names. When all are complete, the folder is
 * renamed to ".cellseg-<stem>.ready": from this moment on the new set counts. Then each file moves to its place. Until the
 * rename the old set is untouched. After it, whoever comes next into the folder finishes what is left: an entry that is still
 * in the ready folder still has to move.
 */
#ifndef CLI_STAGING_H
#define CLI_STAGING_H

#include "files.h"

typedef struct staging {
    const char *folder, *stem; /* borrowed */
    int lock;                  /* descriptor that holds the lock */
    char path[PATH_SIZE];      /* of the temporary folder */
} staging;

/*
 * Before the work: make the folder and those above it, finish the sets there that were interrupted, remove left-over temporaries,
 * and prove that files and folders can be made, and called <stem><suffix>, the longest name, for every input. inputs: NULL for
 * names that are known to be short. On failure prints an error: false.
 */
bool prepare_folder(const char *folder, const file_list *inputs, const char *suffix);

/* A warning for every set of a folder that is not all in place: its files may be of two sets. */
void warn_of_unfinished(const char *folder);

/* Begin a set. On failure prints an error: false. */
bool open_staging(staging *s, const char *folder, const char *stem);

/* The set has no <stem><suffix>: an older one is to go. Gives false with errno. */
bool leave_out(const staging *s, const char *suffix);

/* End the set: put it in place or, if not `fine` or after printing an error, leave everything as it was. */
bool close_staging(staging *s, bool fine);

#endif
