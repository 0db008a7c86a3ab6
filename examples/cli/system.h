/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operating system. All that differs between systems is in two files that define the functions below, system_posix.c and
 * system_windows.c. Paths and names are UTF-8. A function that fails gives false, NULL or -1, with errno.
 */
#ifndef CLI_SYSTEM_H
#define CLI_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- files and folders ---- */

enum { ENTRY_FILE, ENTRY_FOLDER, ENTRY_LINK, ENTRY_OTHER };

typedef struct entry {
    int kind;
    uint64_t device, number; /* the same for two paths of one file */
    int64_t size, changed;   /* bytes; seconds since 1970 */
} entry;

/* What a path leads to, through symbolic links; what is there, which may be a link. */
bool find_entry(entry *found, const char *path);
bool find_link(entry *found, const char *path);

bool is_separator(char character); /* between the names of a path */
bool can_create_in(const char *folder);
char *absolute_path(const char *path); /* without links; to be freed */

bool create_folder(const char *path);
FILE *create_file(const char *path);  /* where nothing is */
FILE *open_to_read(const char *path); /* does not wait on a pipe */
bool remove_entry(const char *path);  /* a file, or an empty folder */
bool move_entry(const char *from, const char *to);

/* Give a fresh file the mode of the regular file whose place it takes, if there is one and the system has modes. */
void keep_mode(const char *fresh, const char *place);

/* Call `take` with each name in a folder but "." and "..", in any order. */
bool each_name(const char *folder, void (*take)(void *user, const char *name), void *user);

/* The bytes are on the disk; the changes of a folder are, where the file system can do so. */
bool synchronise_file(FILE *file);
void synchronise_folder(const char *folder);

/* ---- locks: descriptors, which the system closes where a process dies ---- */

/* Create and lock a file or folder. EEXIST, ENOENT: another process has the name, or took the entry for left over. */
int create_locked(const char *path, bool is_folder);

/*
 * Lock an entry that this user owns and nobody locks; with `wait`, as soon as nobody does. The descriptor that holds the lock;
 * -1 with errno: ENOENT (gone), EWOULDBLOCK (in use), EINTR, EPERM (another user's), ENOTSUP (the file system has no locks), or
 * what opening gave.
 */
int lock_left_over(const char *path, bool wait);

/* Rename, or remove, the entry that a descriptor locks; -1: one without a lock. An existing folder is not replaced, unless it
 * is empty: EEXIST or ENOTEMPTY. */
bool move_locked(int lock, const char *from, const char *to);
bool remove_locked(int lock, const char *path);

bool synchronise_locked(int lock); /* true also where the file system has no such thing */
FILE *open_locked(int lock);       /* a locked file, to write; closing it ends the lock */
void unlock(int lock);

/* ---- threads ---- */

/* Call work(user, i) for each i in [0, count), each in a thread of its own, and return when all have returned. Where the system
 * gives too few threads, some are left out, but never all. */
void run_side_by_side(int count, void (*work)(void *user, int i), void *user);

/* One thread at a time, which may lock again: for lines of output, and what is shared. begin_process() makes the lock. */
void lock_lines(void);
void unlock_lines(void);

/* ---- process and terminal ---- */

long process_number(void);
double now_seconds(void);    /* since some fixed moment; never falls */
uint64_t memory_bytes(void); /* that the machine has; 0: unknown */

/* The arguments as UTF-8, and standard streams that take bytes as they are. A closed stream is opened, to nothing. */
char **begin_process(int *count, char **arguments);
bool is_terminal(FILE *stream);             /* which takes the escape sequences of a terminal */
size_t terminal_columns(void);              /* of standard error; 0: unknown */
void catch_interrupt(void (*handler)(int)); /* the second interrupt ends the process */

#endif
