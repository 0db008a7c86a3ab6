/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operating system; for the core room only. All system calls of the library are in two files that define the functions
 * below, system_posix.c and system_windows.c. Paths are UTF-8. A function that can fail returns an errno; 0: success.
 */
#ifndef CSEG_CORE_SYSTEM_H
#define CSEG_CORE_SYSTEM_H

#include "core/core.h"

/* ---- files ---- */

enum { CSEG_NO_HANDLE = -1 };

typedef struct cseg_system_entry {
    bool is_regular, is_folder;
    uint32_t permissions; /* of POSIX; elsewhere 0 */
    uint64_t size;
} cseg_system_entry;

/* Whether a character ends the name of a folder in a path. */
bool cseg_system_separates(char character);

/* What a path leads to, through links; what is open. */
int cseg_system_find(cseg_system_entry *entry, const char *path);
int cseg_system_examine(cseg_system_entry *entry, intptr_t handle);

/* Open what is there, to read; without waiting on a pipe. */
int cseg_system_open(intptr_t *handle, const char *path);

/* Create a file, locked until it is closed, so that others can tell the left-overs of dead processes. `like`: a file whose
 * permissions the new one has, or NULL. EEXIST: another name is needed. */
int cseg_system_create(intptr_t *handle, const char *path, const cseg_system_entry *like);

/* The bytes at an offset; *got < count at the end of the file. */
int cseg_system_read_at(intptr_t handle, void *to, size_t count, uint64_t offset, size_t *got);
int cseg_system_write_at(intptr_t handle, const void *from, size_t count, uint64_t offset);

/* Wait until the bytes are on the disk. */
int cseg_system_synchronise(intptr_t handle);

/* Give the file that is open at `from` the name `to`, which may be another file's: that one goes. */
int cseg_system_replace(intptr_t handle, const char *from, const char *to);

/* The file that is open at `path` goes when it is closed, or its process ends. */
int cseg_system_hide(intptr_t handle, const char *path);

void cseg_system_close(intptr_t handle);
void cseg_system_discard(intptr_t handle, const char *path); /* remove the file that is open at `path`, and close it */

/* The text of an errno, in `room` bytes. */
void cseg_system_describe(char *text, size_t room, int error);

/* ---- processes, processors, memory ---- */

int64_t cseg_system_process(void);    /* the number of this process; another one in the child of a fork() */
int32_t cseg_system_processors(void); /* those that the calling thread may run on */

/* For an image-sized block, faults of 4 KiB pages take longer than most filters. The advice may have no effect. */
void cseg_system_advise_large_pages(void *block, size_t bytes);

#endif
