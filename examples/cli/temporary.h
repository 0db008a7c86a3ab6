/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Temporary files and folders: ".cellseg-<process>-<n>.tmp" and ".part" in the folder of what they become. Whoever makes one
 * holds a lock on it (system.h) until it is renamed or removed; the system drops the lock of a process that died. So what nobody
 * locks is left over, and goes. The library names and locks its temporary files in the same way.
 */
#ifndef CLI_TEMPORARY_H
#define CLI_TEMPORARY_H

#include "files.h"

#define TEMPORARY_FILE ".tmp"
#define TEMPORARY_FOLDER ".part"

/* Make a file or folder of a new name, `end` being one of the above. The descriptor that holds the lock; -1: see errno. */
int make_temporary(char path[PATH_SIZE], const char *folder, const char *end);

/* Remove the left-over temporaries of a folder. */
void sweep_folder(const char *folder);

/* Remove a locked folder that holds files and empty folders. */
void remove_folder(const char *path, int lock);

#endif
