/* SPDX-License-Identifier: BSD-3-Clause */
/* Options from JSON, member by member through the descriptor tables, as a program with settings files reads them: any value and
 * any struct_size end in options that write the same JSON again, or in an error. */
#include "fuzz.h"

#include "core/core.h"

enum { MAX_STRUCT = 1024, MAX_GROUPS = 8 };

/* A struct and its groups, each in a block of its exact size. */
typedef struct storage {
    void *groups[MAX_GROUPS];
    size_t count;
} storage;

static void *new_struct(storage *s, const cellseg_option_table *table, size_t size, int32_t preset) {
    void *options = calloc(1, size < sizeof(size_t) ? sizeof(size_t) : size);
    MUST(options != NULL && s->count < MAX_GROUPS);
    s->groups[s->count++] = options;
    if (cseg_option_init(options, size, table, preset) != CELLSEG_OK)
        memcpy(options, &size, sizeof size); /* too small, which every call must refuse */
    return options;
}

static size_t choice_of(const cellseg_option *o, const cseg_json *json) {
    size_t i = 0;
    while (o->choices[i] != NULL && strcmp(o->choices[i], json->string) != 0)
        i++;
    return i;
}

static void fill(storage *s, const cellseg_option_table *table, void *options, size_t size, const cseg_json *json);

static void set_member(storage *s, void *options, const cellseg_option *o, const cseg_json *json) {
    char *at = (char *)options + o->offset;
    const double number = json->number, limit = o->type == CELLSEG_OPTION_INT32 ? 0x1p31 : 0x1p64;
    if (cseg_json_is(json, CSEG_JSON_NUMBER) && o->type == CELLSEG_OPTION_DOUBLE)
        cseg_option_set(options, o, number);
    else if (cseg_json_is(json, CSEG_JSON_NUMBER) && o->type < CELLSEG_OPTION_TEXT && number > -limit && number < limit)
        cseg_option_set(options, o, o->type == CELLSEG_OPTION_UINT64 ? fabs(number) : number);
    else if (cseg_json_is(json, CSEG_JSON_STRING) && o->choices != NULL)
        cseg_option_set(options, o, (double)choice_of(o, json));
    else if (cseg_json_is(json, CSEG_JSON_STRING) && o->type == CELLSEG_OPTION_TEXT)
        memcpy(at, &json->string, sizeof json->string);
    else if (cseg_json_is(json, CSEG_JSON_OBJECT) && o->type == CELLSEG_OPTION_GROUP && s->count < MAX_GROUPS) {
        void *group = new_struct(s, o->group, MAX_STRUCT, CELLSEG_PRESET_DEFAULT);
        fill(s, o->group, group, MAX_STRUCT, json);
        memcpy(at, &group, sizeof(void *));
    }
}

static void fill(storage *s, const cellseg_option_table *table, void *options, size_t size, const cseg_json *json) {
    for (size_t i = 0; i < cellseg_option_table_count(table); i++) {
        cellseg_option o;
        MUST(cellseg_option_table_get(&o, sizeof o, table, i) == CELLSEG_OK);
        const cseg_json *member = cseg_json_member(json, o.name);
        if (member != NULL && o.offset + cseg_option_size(&o) <= size)
            set_member(s, options, &o, member);
    }
}

static void release(storage *s) {
    while (s->count > 0)
        free(s->groups[--s->count]);
}

/* 64-bit seeds and limits, which doubles cannot hold. */
static bool beyond_double(const cseg_json *json) {
    for (const cseg_json *member = json->child; member != NULL; member = member->next)
        if (cseg_json_is(member, CSEG_JSON_NUMBER) && fabs(member->number) >= 0x1p53)
            return true;
    return false;
}

/* The options' JSON, read and written again, is the same text. */
static void check_again(const cellseg_option_table *table, const char *text) {
    storage s = {.count = 0};
    char again[8192];
    cseg_json *json;
    MUST(cseg_json_parse(&json, NULL, text, strlen(text), "options") == CELLSEG_OK && cseg_json_is(json, CSEG_JSON_OBJECT));
    void *options = new_struct(&s, table, MAX_STRUCT, CELLSEG_PRESET_DEFAULT);
    fill(&s, table, options, MAX_STRUCT, json);
    MUST(cellseg_option_table_json(again, sizeof again, table, options) == CELLSEG_OK);
    MUST(beyond_double(json) || strcmp(text, again) == 0);
    cseg_memory_free(json);
    release(&s);
}

static void fuzz_run(input *in, cellseg_context *context) {
    (void)context;
    const cellseg_option_table *tables[] = {cellseg_read_options_table(),
                                            cellseg_segment_options_table(),
                                            cellseg_method_table(),
                                            cellseg_train_options_table(),
                                            cellseg_watershed_options_table(),
                                            cellseg_measure_options_table(),
                                            cellseg_rate_schedule_table(),
                                            cellseg_loss_table(),
                                            cellseg_augmentation_table(),
                                            cellseg_train_files_table(),
                                            cellseg_synth_options_table(),
                                            cellseg_synth_cells_table(),
                                            cellseg_synth_staining_table(),
                                            cellseg_synth_optics_table(),
                                            cellseg_synth_camera_table()};
    const cellseg_option_table *table = tables[take_range(in, 0, sizeof tables / sizeof *tables - 1)];
    const size_t size = take(in, 1) < 0xc0 ? MAX_STRUCT : take_range(in, 0, MAX_STRUCT);
    const size_t room = take(in, 1) < 0xc0 ? 8192 : take_range(in, 1, 8192);
    storage s = {.count = 0};
    void *options = new_struct(&s, table, size, (int32_t)take_range(in, 0, 1));
    if (size == MAX_STRUCT)
        take_options(in, table, options);
    cseg_json *json;
    (void)cseg_json_parse(&json, NULL, (const char *)in->bytes, in->size, "options");
    fill(&s, table, options, size, json);
    char *text = malloc(room);
    MUST(text != NULL);
    const cellseg_status status = check_status(in, cellseg_option_table_json(text, room, table, options));
    MUST((text[0] == '\0') == (status != CELLSEG_OK));
    if (status == CELLSEG_OK)
        check_again(table, text);
    if (table == cellseg_segment_options_table() && cellseg_segment_options_check(options) == CELLSEG_OK)
        MUST(status == CELLSEG_OK || status == CELLSEG_ERR_LIMIT); /* which checks less: each option alone */
    add_bytes(in, text, strlen(text));
    free(text);
    cseg_memory_free(json);
    release(&s);
}
