/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of options. Numbers must be whole words in the C locale's form. */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const no_yes[] = {"no", "yes", NULL};

/* ---- printing ---- */

static bool has_value(const option *o) {
    if (o->kind == OPTION_WHOLE)
        return *(const int32_t *)o->value >= 0;
    if (o->kind == OPTION_TEXTS)
        return ((const text_list *)o->value)->count > 0;
    return o->kind == OPTION_TEXT ? *(const char *const *)o->value != NULL : o->kind != OPTION_FLAG;
}

static void put_value(FILE *to, const option *o, int digits) {
    switch (o->kind) {
    case OPTION_FLAG:
        fprintf(to, "%s", no_yes[*(const bool *)o->value]);
        break;
    case OPTION_TEXTS:
        for (int i = 0; i < ((const text_list *)o->value)->count; i++)
            fprintf(to, "%s%s", i > 0 ? " " : "", ((const text_list *)o->value)->items[i]);
        break;
    case OPTION_WHOLE:
        fprintf(to, "%d", *(const int32_t *)o->value);
        break;
    case OPTION_COUNT:
        fprintf(to, "%llu", (unsigned long long)*(const uint64_t *)o->value);
        break;
    case OPTION_NUMBER:
        fprintf(to, "%.*g", digits, *(const double *)o->value);
        break;
    case OPTION_TEXT:
        fprintf(to, "%s", *(const char *const *)o->value);
        break;
    case OPTION_CHOICE:
        fprintf(to, "%s", o->choices[*(const int32_t *)o->value]);
        break;
    }
}

void put_options(FILE *to, const option *table) {
    for (const option *o = table; o->name != NULL; o++)
        if (has_value(o)) {
            fprintf(to, "%s ", o->name);
            put_value(to, o, 17);
            fprintf(to, "\n");
        }
}

void put_default(FILE *to, const char *before, const option *o, const char *after) {
    if (!has_value(o) || o->kind == OPTION_TEXTS)
        return;
    fprintf(to, "%s", before);
    put_value(to, o, 6);
    fprintf(to, "%s", after);
}

/* The choices, `between` between two. */
static void join_choices(char *text, size_t size, const option *o, const char *between) {
    text[0] = '\0';
    for (size_t i = 0; o->choices[i] != NULL; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "%s%s", i > 0 ? between : "", o->choices[i]);
    }
}

void write_form(char text[FORM_SIZE], const option *o) {
    if (o->kind == OPTION_CHOICE)
        join_choices(text, FORM_SIZE, o, "|");
    else
        (void)snprintf(text, FORM_SIZE, "%s", o->form != NULL ? o->form : "");
}

void describe_values(char *text, size_t size, const option *o) {
    char choices[FORM_SIZE] = "";
    const char *words = "a text";
    if (o->kind == OPTION_WHOLE)
        words = "a whole number";
    else if (o->kind == OPTION_COUNT)
        words = "a whole number, not negative";
    else if (o->kind == OPTION_NUMBER)
        words = "a number";
    else if (o->kind == OPTION_TEXTS)
        words = "given at most 256 times";
    else if (o->kind == OPTION_CHOICE) {
        join_choices(choices, sizeof choices, o, ", ");
        words = "one of ";
    }
    (void)snprintf(text, size, "%s%s", words, choices);
}

/* ---- parsing ---- */

static bool parse_number(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

bool parse_whole(const char *text, int32_t *value) {
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    *value = (int32_t)number;
    return end != text && *end == '\0' && errno == 0 && number >= INT32_MIN && number <= INT32_MAX;
}

static bool parse_count(const char *text, uint64_t *value) {
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool parse_choice(const char *text, const char *const *choices, int32_t *value) {
    for (int32_t i = 0; choices[i] != NULL; i++)
        if (strcmp(text, choices[i]) == 0) {
            *value = i;
            return true;
        }
    return false;
}

static bool add_text(const char *text, text_list *list) {
    if (list->count == TEXTS_MOST)
        return false;
    list->items[list->count++] = text;
    return true;
}

bool set_value(const option *o, const char *text) {
    switch (o->kind) {
    case OPTION_WHOLE:
        return parse_whole(text, o->value);
    case OPTION_COUNT:
        return parse_count(text, o->value);
    case OPTION_NUMBER:
        return parse_number(text, o->value);
    case OPTION_CHOICE:
        return parse_choice(text, o->choices, o->value);
    case OPTION_TEXTS:
        return add_text(text, o->value);
    default:
        *(const char **)o->value = text;
        return true;
    }
}
