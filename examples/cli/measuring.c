/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups of measurements are the library's options of "no" and "yes", so that none is listed here again. */
#include "measuring.h"

#include "cli.h"
#include "suggest.h"

#include <assert.h>
#include <string.h>

enum { GROUPS_MAX = 24, LIST_SIZE = 256 };

static cellseg_measure_options values;
static const char *words, *groups[GROUPS_MAX + 1];
static bool with_compartments;
static double ring_px = 5;
static int32_t *chosen[GROUPS_MAX];
static char help[2 * LIST_SIZE + 64];

const option measuring_options[] = {
    {"measure", 0, OPTION_TEXT, &words, "GROUP,...|all", help, NULL},
    {"compartments", 0, OPTION_FLAG, &with_compartments, NULL, "also measure nucleus, cytoplasm and a ring around the nucleus",
     NULL},
    {"ring-px", 0, OPTION_NUMBER, &ring_px, "PX", "width of the ring", NULL},
    OPTIONS_END,
};
library_options measuring_rows;

/* The names of all groups, or of the chosen ones. */
static void list_groups(char text[LIST_SIZE], bool all) {
    text[0] = '\0';
    for (size_t i = 0; groups[i] != NULL; i++) {
        const size_t used = strlen(text);
        if (all || *chosen[i] != 0)
            (void)snprintf(text + used, LIST_SIZE - used, "%s%s", used > 0 ? "," : "", groups[i]);
    }
}

static void find_groups(void) {
    const cellseg_option_table *table = cellseg_measure_options_table();
    size_t count = 0;
    for (size_t i = 0; i < cellseg_option_table_count(table); i++) {
        cellseg_option o;
        if (cellseg_option_table_get(&o, sizeof o, table, i) != CELLSEG_OK || o.choices == NULL ||
            strcmp(o.choices[0], no_yes[0]) != 0)
            continue;
        assert(count < GROUPS_MAX);
        chosen[count] = (int32_t *)(void *)((char *)&values + o.offset);
        groups[count++] = o.name;
    }
}

bool init_measuring(void) {
    if (cellseg_measure_options_init(&values, sizeof values) != CELLSEG_OK) {
        print_error("%s", cellseg_last_error());
        return false;
    }
    char known[LIST_SIZE], standard[LIST_SIZE];
    find_groups();
    list_groups(known, true);
    list_groups(standard, false);
    (void)snprintf(help, sizeof help, "columns to measure: %s [%s]", known, standard);
    make_library_options(&measuring_rows, cellseg_measure_options_table(), &values, groups);
    return true;
}

/* Choose the group that the first `length` bytes name, or all groups. */
static bool choose_group(const char *word, size_t length) {
    const bool all = length == strlen("all") && memcmp(word, "all", length) == 0;
    bool found = all;
    for (size_t i = 0; groups[i] != NULL; i++)
        if (all || (strlen(groups[i]) == length && memcmp(groups[i], word, length) == 0)) {
            *chosen[i] = 1;
            found = true;
        }
    return found;
}

static void refuse_group(const char *command_name, const char *word, size_t length) {
    char known[LIST_SIZE], nearest[LIST_SIZE];
    suggestion near = begin_suggestion(word, length);
    for (size_t i = 0; groups[i] != NULL; i++)
        compare_word(&near, groups[i]);
    write_suggestion(nearest, sizeof nearest, &near, "");
    list_groups(known, true);
    print_error("%s: --measure has no group \"%.*s\"%s; groups are %s; see cellseg %s --help", command_name,
                length < 60 ? (int)length : 60, word, nearest, known, command_name);
}

bool settle_measuring(const char *command_name) {
    if (!(ring_px >= 0)) {
        print_error("%s: --ring-px must not be negative; see cellseg %s --help", command_name, command_name);
        return false;
    }
    for (size_t i = 0; words != NULL && groups[i] != NULL; i++)
        *chosen[i] = 0;
    for (const char *word = words; word != NULL;) {
        const char *end = strchr(word, ',');
        const size_t length = end != NULL ? (size_t)(end - word) : strlen(word);
        if (!choose_group(word, length)) {
            refuse_group(command_name, word, length);
            return false;
        }
        word = end != NULL ? end + 1 : NULL;
    }
    return true;
}

/* ---- measuring ---- */

const cellseg_measure_options *chosen_measuring(void) {
    return &values;
}

bool wants_compartments(void) {
    return with_compartments;
}

double chosen_ring_px(void) {
    return ring_px;
}

enum { COMPARTMENTS = 3, MAPS_MAX = TEXTS_MOST + COMPARTMENTS };
static const char *const compartments[COMPARTMENTS] = {"nucleus", "cytoplasm", "ring"};

cellseg_status measure_chosen(cellseg_table **out, cellseg_context *context, const cellseg_measure_inputs *inputs) {
    cellseg_labels *made[COMPARTMENTS] = {NULL};
    const cellseg_labels *maps[MAPS_MAX];
    const char *names[MAPS_MAX];
    cellseg_measure_inputs all = *inputs;
    all.compartments = maps;
    all.compartment_names = names;
    assert(inputs->compartment_count <= TEXTS_MOST);
    for (size_t i = 0; i < inputs->compartment_count; i++) {
        maps[i] = inputs->compartments[i];
        names[i] = inputs->compartment_names[i];
    }
    cellseg_status status = CELLSEG_OK;
    for (int32_t k = 0; k < COMPARTMENTS && with_compartments && status == CELLSEG_OK; k++) {
        status = cellseg_labels_compartment(&made[k], context, all.cells, all.nuclei, CELLSEG_COMPARTMENT_NUCLEUS + k, ring_px);
        maps[all.compartment_count] = made[k];
        names[all.compartment_count++] = compartments[k];
    }
    if (status == CELLSEG_OK)
        status = cellseg_measure_all(out, context, &all, &values);
    for (int k = 0; k < COMPARTMENTS; k++)
        cellseg_labels_free(made[k]);
    return status;
}
