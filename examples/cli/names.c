/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

#include "cli.h"
#include "system.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

typedef struct collection {
    name_list *list;
    bool (*wanted)(const char *name);
} collection;

static void collect(void *user, const char *name) {
    const collection *c = user;
    name_list *list = c->list;
    if (c->wanted != NULL && !c->wanted(name))
        return;
    list->names = check_memory(realloc(list->names, (list->count + 1) * sizeof *list->names));
    list->names[list->count++] = check_memory(copy_text(name, strlen(name)));
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool list_names(name_list *out, const char *folder, bool (*wanted)(const char *name)) {
    *out = (name_list){0};
    collection all = {out, wanted};
    if (!each_name(folder, collect, &all)) {
        free_names(out);
        return false;
    }
    if (out->count > 0)
        qsort(out->names, out->count, sizeof *out->names, by_bytes);
    return true;
}

void free_names(name_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (name_list){0};
}
