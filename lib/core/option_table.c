/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptor tables: one row for each member of an option struct. Initialising, presets, copying, checking and JSON are loops
 * over the rows, so that a member is written in two places only: its header and its table.
 */
#include "core/core.h"

#include <math.h>
#include <string.h>

/* ---- values ---- */

double cseg_option_value(const void *options, const cellseg_option *o) {
    const char *at = (const char *)options + o->offset;
    double number = 0;
    if (o->type == CELLSEG_OPTION_DOUBLE)
        memcpy(&number, at, sizeof number);
    if (o->type == CELLSEG_OPTION_INT32) {
        int32_t whole;
        memcpy(&whole, at, sizeof whole);
        number = whole;
    }
    if (o->type == CELLSEG_OPTION_UINT64) {
        uint64_t whole;
        memcpy(&whole, at, sizeof whole);
        number = (double)whole;
    }
    return number;
}

static const void *pointer_of(const void *options, const cellseg_option *o) {
    const void *pointer;
    memcpy(&pointer, (const char *)options + o->offset, sizeof pointer);
    return pointer;
}

size_t cseg_option_size(const cellseg_option *o) {
    return o->type == CELLSEG_OPTION_INT32 ? sizeof(int32_t) : o->type >= CELLSEG_OPTION_TEXT ? sizeof(void *) : sizeof(double);
}

void cseg_option_set(void *options, const cellseg_option *o, double value) {
    char *at = (char *)options + o->offset;
    if (o->type == CELLSEG_OPTION_DOUBLE) {
        memcpy(at, &value, sizeof value);
    } else if (o->type == CELLSEG_OPTION_INT32) {
        const int32_t whole = (int32_t)value;
        memcpy(at, &whole, sizeof whole);
    } else if (o->type == CELLSEG_OPTION_UINT64) {
        const uint64_t count = (uint64_t)value;
        memcpy(at, &count, sizeof count);
    }
}

/* ---- initialising and presets ---- */

void cseg_option_fill(void *own, const cellseg_option_table *table, int32_t preset) {
    memset(own, 0, table->struct_size);
    memcpy(own, &table->struct_size, sizeof table->struct_size);
    for (size_t i = 0; i < table->count; i++) {
        const cellseg_option *o = &table->rows[i];
        cseg_option_set(own, o, preset == CELLSEG_PRESET_PAPER ? o->paper : o->standard);
    }
}

static cellseg_status check_preset(int32_t preset) {
    if (preset == CELLSEG_PRESET_DEFAULT || preset == CELLSEG_PRESET_PAPER)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "preset is %d; it must be CELLSEG_PRESET_DEFAULT (0) or CELLSEG_PRESET_PAPER (1)",
                     (int)preset);
}

cellseg_status cseg_option_init(void *options, size_t struct_size, const cellseg_option_table *table, int32_t preset) {
    cseg_option_storage own;
    assert(table->struct_size <= sizeof own);
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", table->name);
    CSEG_TRY(check_preset(preset));
    cseg_option_fill(&own, table, preset);
    return cseg_options_init(options, struct_size, &own, table->struct_size, table->first_release_size, table->name);
}

cellseg_status cseg_option_preset(void *options, const cellseg_option_table *table, int32_t preset) {
    cseg_option_storage own, theirs;
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "options is NULL");
    CSEG_TRY(check_preset(preset));
    cseg_option_fill(&theirs, table, preset);
    CSEG_TRY(cseg_options_copy(&theirs, table->struct_size, table->first_release_size, options, table->name));
    cseg_option_fill(&own, table, preset);
    for (size_t i = 0; i < table->count; i++) {
        const cellseg_option *o = &table->rows[i];
        if ((o->flags & CELLSEG_OPTION_FLAG_KEPT_BY_PRESET) != 0)
            memcpy((char *)&own + o->offset, (const char *)&theirs + o->offset, cseg_option_size(o));
    }
    size_t struct_size;
    memcpy(&struct_size, options, sizeof struct_size);
    return cseg_options_init(options, struct_size, &own, table->struct_size, table->first_release_size, table->name);
}

/* ---- checking ---- */

static cellseg_status check_option(const void *own, const cellseg_option *o) {
    const double value = cseg_option_value(own, o);
    const bool above = (o->flags & CELLSEG_OPTION_FLAG_ABOVE_LOWEST) != 0,
               or_zero = (o->flags & CELLSEG_OPTION_FLAG_OR_ZERO) != 0;
    if (o->type >= CELLSEG_OPTION_TEXT || (or_zero && value == 0))
        return CELLSEG_OK;
    if (!(value >= o->lowest && value <= o->highest) || (above && value == o->lowest))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %g; it must %slie in %c%g, %g]", o->name, value, or_zero ? "be 0 or " : "",
                         above ? '(' : '[', o->lowest, o->highest);
    const bool power = (o->flags & CELLSEG_OPTION_FLAG_POWER_OF_TWO) != 0;
    const uint64_t whole = power ? (uint64_t)value : 1; /* a seed may be too large for the conversion */
    if ((whole & (whole - 1)) != 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %g; it must be a power of two from %g to %g", o->name, value, o->lowest,
                         o->highest);
    return CELLSEG_OK;
}

cellseg_status cseg_option_overlay(void *own, const cellseg_option_table *table, const void *options) {
    CSEG_TRY(cseg_options_copy(own, table->struct_size, table->first_release_size, options, table->name));
    for (size_t i = 0; i < table->count; i++)
        CSEG_TRY(check_option(own, &table->rows[i]));
    return CELLSEG_OK;
}

cellseg_status cseg_option_read(void *own, const cellseg_option_table *table, const void *options, int32_t preset) {
    CSEG_TRY(check_preset(preset));
    cseg_option_fill(own, table, preset);
    return cseg_option_overlay(own, table, options);
}

/* ---- one member ---- */

const cellseg_option *cseg_option_find(const cellseg_option_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    return NULL;
}

/* ---- for callers ---- */

const char *cellseg_option_table_name(const cellseg_option_table *table) {
    return table != NULL ? table->name : "";
}

size_t cellseg_option_table_count(const cellseg_option_table *table) {
    return table != NULL ? table->count : 0;
}

cellseg_status cellseg_option_table_get(cellseg_option *option, size_t struct_size, const cellseg_option_table *table,
                                        size_t index) {
    const size_t first_release_size = offsetof(cellseg_option, highest) + sizeof(double);
    if (table == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "table is NULL");
    if (index >= table->count)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s has no member %zu: it has %zu", table->name, index, table->count);
    return cseg_options_init(option, struct_size, &table->rows[index], sizeof *option, first_release_size, "cellseg_option");
}

/* ---- JSON ---- */

static void add_table(cseg_text *text, const cellseg_option_table *table, const void *own);

static void add_pointer(cseg_text *text, const cellseg_option *o, const void *pointer) {
    if (pointer == NULL)
        cseg_text_add(text, "null");
    else if (o->type == CELLSEG_OPTION_TEXT)
        cseg_text_add_string(text, pointer);
    else
        add_table(text, o->group, pointer);
}

/* Not as a double, which would round a seed beyond 2^53. */
static void add_count(cseg_text *text, const void *at) {
    uint64_t count;
    memcpy(&count, at, sizeof count);
    cseg_text_add(text, "%llu", (unsigned long long)count);
}

static void add_value(cseg_text *text, const cellseg_option *o, const void *own) {
    if (o->type >= CELLSEG_OPTION_TEXT)
        add_pointer(text, o, pointer_of(own, o));
    else if (o->type == CELLSEG_OPTION_UINT64)
        add_count(text, (const char *)own + o->offset);
    else if (o->choices != NULL)
        cseg_text_add_string(text, o->choices[(size_t)cseg_option_value(own, o)]);
    else
        cseg_text_add_number(text, cseg_option_value(own, o));
}

/* options: of any release's size. A value out of range ends the text with that error. */
static void add_table(cseg_text *text, const cellseg_option_table *table, const void *options) {
    cseg_option_storage own;
    if (text->status == CELLSEG_OK)
        text->status = cseg_option_read(&own, table, options, CELLSEG_PRESET_DEFAULT);
    if (text->status != CELLSEG_OK)
        return;
    cseg_text_add(text, "{");
    for (size_t i = 0; i < table->count; i++) {
        cseg_text_add(text, "%s\"%s\": ", i > 0 ? ", " : "", table->rows[i].name);
        add_value(text, &table->rows[i], &own);
    }
    cseg_text_add(text, "}");
}

cellseg_status cellseg_option_table_json(char *text, size_t size, const cellseg_option_table *table, const void *options) {
    if (text == NULL || size == 0 || table == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "text or table is NULL, or size is 0");
    text[0] = '\0';
    cseg_text json = {.context = NULL};
    cseg_call call; /* the printing of numbers depends on the rounding mode */
    cseg_call_begin(&call, NULL);
    add_table(&json, table, options);
    (void)cseg_call_end(&call, CELLSEG_OK);
    char *own;
    CSEG_TRY(cseg_text_take(&own, &json));
    const size_t length = strlen(own);
    if (length < size)
        memcpy(text, own, length + 1);
    cseg_memory_free(own);
    if (length < size)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_LIMIT, "the JSON of %s needs %zu bytes; %zu are given", table->name, length + 1, size);
}
