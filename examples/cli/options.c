/* SPDX-License-Identifier: BSD-3-Clause */
/* Options: "--name VALUE", "--name=VALUE", "-o VALUE"; "--" ends them. Numbers must be whole words in the C locale's form. */
#include "options.h"

#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const no_yes[] = {"no", "yes", NULL};

/* ---- help ---- */

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

static void print_default(const option *o) {
    if (!has_value(o) || o->kind == OPTION_TEXTS)
        return;
    printf(" [");
    put_value(stdout, o, 6);
    printf("]");
}

static void print_option(const option *o) {
    char left[128];
    int used = snprintf(left, sizeof left, "  %c%c%s --%s", o->letter != 0 ? '-' : ' ', o->letter != 0 ? o->letter : ' ',
                        o->letter != 0 ? "," : " ", o->name);
    if (o->metavar != NULL)
        used += snprintf(left + used, sizeof left - (size_t)used, " %s", o->metavar);
    for (size_t i = 0; o->kind == OPTION_CHOICE && o->choices[i] != NULL; i++)
        used += snprintf(left + used, sizeof left - (size_t)used, "%c%s", i == 0 ? ' ' : '|', o->choices[i]);
    printf("%-38s%s%s", left, used >= 38 ? "\n                                      " : "", o->help);
    print_default(o);
    printf("\n");
}

static void print_help(const command *of) {
    printf("usage: cellseg %s [option]... %s\n\n%s\n\n", of->name, of->arguments, of->summary);
    for (size_t t = 0; of->tables[t] != NULL; t++)
        for (const option *o = of->tables[t]; o->name != NULL; o++)
            print_option(o);
    printf("      --help                          print this text\n");
}

/* ---- values ---- */

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

static const char *kind_name(const option *o) {
    switch (o->kind) {
    case OPTION_WHOLE:
        return "a whole number";
    case OPTION_COUNT:
        return "a whole number, not negative";
    case OPTION_NUMBER:
        return "a number";
    case OPTION_TEXTS:
        return "given at most 256 times";
    default:
        return "one of the choices in the help";
    }
}

static bool set_value(const option *o, const char *text) {
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

/* ---- words ---- */

/* The option that a word such as "--name", "--name=VALUE" or "-o" names, or NULL. */
static const option *find(const command *of, const char *word) {
    const size_t length = strcspn(word, "=");
    for (size_t t = 0; of->tables[t] != NULL; t++)
        for (const option *o = of->tables[t]; o->name != NULL; o++) {
            if (word[1] == '-' && strlen(o->name) == length - 2 && strncmp(word + 2, o->name, length - 2) == 0)
                return o;
            if (word[1] != '-' && o->letter != 0 && word[1] == o->letter && word[2] == '\0')
                return o;
        }
    return NULL;
}

static parsed wrong(const command *of, const char *word, const char *fault) {
    print_error("%s: %s%s; see cellseg %s --help", of->name, word, fault, of->name);
    return PARSED_WRONG;
}

/* The option at argv[*i], and its value, which may be the next word. */
static parsed parse_one(const command *of, int argc, char **argv, int *i) {
    const char *word = argv[*i];
    const option *o = find(of, word);
    if (o == NULL)
        return wrong(of, word, " is not an option");
    const char *value = strchr(word, '=');
    if (o->kind == OPTION_FLAG) {
        *(bool *)o->value = true;
        return value == NULL ? PARSED_OK : wrong(of, word, " takes no value");
    }
    if (value != NULL)
        value++;
    else if (*i + 1 < argc)
        value = argv[++*i];
    else
        return wrong(of, word, " needs a value");
    if (set_value(o, value))
        return PARSED_OK;
    char fault[160];
    (void)snprintf(fault, sizeof fault, " must be %s, not \"%.60s\"", kind_name(o), value);
    return wrong(of, o->name, fault);
}

parsed parse_options(const command *of, int argc, char **argv, const char **operands, int *operand_count) {
    *operand_count = 0;
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--help") == 0) {
            print_help(of);
            return PARSED_HELP;
        }
        if (!options_end && strcmp(argv[i], "--") == 0)
            options_end = true;
        else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0') {
            const parsed result = parse_one(of, argc, argv, &i);
            if (result != PARSED_OK)
                return result;
        } else
            operands[(*operand_count)++] = argv[i];
    }
    return PARSED_OK;
}
