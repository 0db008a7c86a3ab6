/* SPDX-License-Identifier: BSD-3-Clause */
/* The names in a folder, in order of their bytes. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct name_list {
    size_t count;
    char **names;
} name_list;

/* Those of a folder that are `wanted`; NULL: all but "." and "..". False with errno, and no names. */
bool list_names(name_list *out, const char *folder, bool (*wanted)(const char *name));

void free_names(name_list *list);

#endif
