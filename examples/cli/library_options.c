/* SPDX-License-Identifier: BSD-3-Clause */
/* Command line options made from the library's descriptor tables. */
#include "library_options.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

static bool is_skipped(const char *name, const char *const *skipped) {
    for (size_t i = 0; skipped != NULL && skipped[i] != NULL; i++)
        if (strcmp(name, skipped[i]) == 0)
            return true;
    return false;
}

static option_kind kind_of(const cellseg_option *o) {
    switch (o->type) {
    case CELLSEG_OPTION_INT32:
        return o->choices != NULL ? OPTION_CHOICE : OPTION_WHOLE;
    case CELLSEG_OPTION_UINT64:
        return OPTION_COUNT;
    case CELLSEG_OPTION_TEXT:
        return OPTION_TEXT;
    default:
        return OPTION_NUMBER;
    }
}

/* "N" for a whole number, "UM2" for um2, "X" for a number without unit. */
static void name_value(char form[LIBRARY_NAME_SIZE], const cellseg_option *o) {
    const char *word = o->unit[0] != '\0' && strchr(o->unit, '/') == NULL ? o->unit
                       : o->type == CELLSEG_OPTION_DOUBLE                 ? "X"
                                                                          : "N";
    (void)snprintf(form, LIBRARY_NAME_SIZE, "%s", o->type == CELLSEG_OPTION_TEXT ? "TEXT" : word);
    for (char *c = form; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
}

static void add_row(library_options *to, const cellseg_option *o, void *options) {
    const size_t i = to->count++;
    (void)snprintf(to->names[i], LIBRARY_NAME_SIZE, "%s", o->name);
    for (char *c = to->names[i]; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    name_value(to->forms[i], o);
    to->rows[i] = (option){.name = to->names[i],
                           .kind = kind_of(o),
                           .value = (char *)options + o->offset,
                           .form = o->choices != NULL ? NULL : to->forms[i],
                           .help = o->sentence,
                           .choices = o->choices};
}

void make_library_options(library_options *to, const cellseg_option_table *table, void *options, const char *const *skipped) {
    *to = (library_options){.count = 0};
    for (size_t i = 0; i < cellseg_option_table_count(table); i++) {
        cellseg_option o;
        if (cellseg_option_table_get(&o, sizeof o, table, i) != CELLSEG_OK || o.type == CELLSEG_OPTION_GROUP ||
            is_skipped(o.name, skipped))
            continue;
        assert(to->count < LIBRARY_OPTIONS_MAX);
        add_row(to, &o, options);
    }
}
