/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of a command line: "--name VALUE", "--name=VALUE", "--na" where no other option begins so, "-o VALUE", "-oVALUE",
 * "-qo VALUE"; "--" ends the options.
 */
#include "cli.h"
#include "command.h"
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

enum { HINT_SIZE = 128, FAULT_SIZE = 512 };

static bool want_help;
int32_t thread_count;
uint64_t memory_mib;

const option general_options[] = {
    {"quiet", 'q', OPTION_FLAG, &quiet, NULL, "print errors alone: no progress, no warnings", NULL},
    {"help", 'h', OPTION_FLAG, &want_help, NULL, "print this text", NULL},
    OPTIONS_END,
};
const option verbose_options[] = {
    {"verbose", 'v', OPTION_FLAG, &verbose, NULL, "also print the library's notes, such as the figures of the marker check",
     NULL},
    OPTIONS_END,
};
const option json_options[] = {
    {"json", 0, OPTION_FLAG, &json_lines, NULL, "print results, errors and warnings as JSON, an object a line", NULL},
    OPTIONS_END,
};
const option thread_options[] = {
    {"threads", 0, OPTION_WHOLE, &thread_count, "N", "number of threads; 0: one per core that the process may use", NULL},
    {"max-memory", 0, OPTION_COUNT, &memory_mib, "MIB", "memory that the work may use, checked before it begins; 0: no limit",
     NULL},
    OPTIONS_END,
};

const option *option_at(const command *of, size_t i) {
    for (const option_group *g = of->groups; g->rows != NULL; g++)
        for (const option *o = g->rows; o->name != NULL; o++)
            if (i-- == 0)
                return o;
    return NULL;
}

/* ---- finding ---- */

int print_usage_fault(const command *of, const char *fault) {
    print_error("%s: %s; see cellseg %s --help", of->name, fault, of->name);
    return CLI_USAGE;
}

static parsed wrong(const command *of, const char *word, const char *fault) {
    print_error("%s: %s%s; see cellseg %s --help", of->name, word, fault, of->name);
    return PARSED_WRONG;
}

static parsed wrong_option(const command *of, const char *word, size_t length) {
    suggestion near = begin_suggestion(word + 2, length);
    const option *o;
    char hint[HINT_SIZE], fault[FAULT_SIZE];
    for (size_t i = 0; (o = option_at(of, i)) != NULL; i++)
        compare_word(&near, o->name);
    write_suggestion(hint, sizeof hint, &near, "--");
    (void)snprintf(fault, sizeof fault, " is not an option%s", hint);
    return wrong(of, word, fault);
}

static parsed wrong_abbreviation(const command *of, const char *word, size_t length) {
    char fault[FAULT_SIZE] = " is the beginning of several options: ";
    const option *o;
    const char *between = "";
    for (size_t i = 0; (o = option_at(of, i)) != NULL; i++)
        if (strncmp(o->name, word + 2, length) == 0) {
            const size_t used = strlen(fault);
            (void)snprintf(fault + used, sizeof fault - used, "%s--%s", between, o->name);
            between = ", ";
        }
    return wrong(of, word, fault);
}

/* The option of a name of `length` letters, or the only one that begins so; NULL if there is none. Sets the number of those that
 * begin so. */
static const option *find_option(const command *of, const char *name, size_t length, size_t *count) {
    const option *o, *found = NULL;
    *count = 0;
    for (size_t i = 0; (o = option_at(of, i)) != NULL; i++)
        if (strncmp(o->name, name, length) == 0) {
            if (o->name[length] == '\0')
                return o;
            found = o;
            ++*count;
        }
    return *count == 1 ? found : NULL;
}

static const option *find_letter(const command *of, char letter) {
    const option *o;
    size_t i = 0;
    while ((o = option_at(of, i)) != NULL && o->letter != letter)
        i++;
    return o;
}

/* ---- parsing ---- */

static parsed wrong_value(const command *of, const option *o, const char *value) {
    suggestion near = begin_suggestion(value, strlen(value));
    char values[FORM_SIZE + 8], hint[HINT_SIZE], fault[FAULT_SIZE];
    for (size_t i = 0; o->kind == OPTION_CHOICE && o->choices[i] != NULL; i++)
        compare_word(&near, o->choices[i]);
    describe_values(values, sizeof values, o);
    write_suggestion(hint, sizeof hint, &near, "");
    (void)snprintf(fault, sizeof fault, " must be %s, not \"%.60s\"%s", values, value, hint);
    return wrong(of, o->name, fault);
}

/* Set an option from `value`, or, where that is NULL, from the word after the i-th. */
static parsed take_value(const command *of, const option *o, const char *value, const words *line, int *i) {
    if (value == NULL && *i + 1 == line->argc)
        return wrong(of, line->argv[*i], " needs a value");
    if (value == NULL)
        value = line->argv[++*i];
    return set_value(o, value) ? PARSED_OK : wrong_value(of, o, value);
}

static parsed parse_long(const command *of, const words *line, int *i) {
    const char *word = line->argv[*i], *value = strchr(word, '=');
    const size_t length = strcspn(word + 2, "=");
    size_t count;
    const option *o = find_option(of, word + 2, length, &count);
    if (o == NULL)
        return count > 0 && length > 0 ? wrong_abbreviation(of, word, length) : wrong_option(of, word, length);
    if (o->kind != OPTION_FLAG)
        return take_value(of, o, value != NULL ? value + 1 : NULL, line, i);
    *(bool *)o->value = true;
    return value == NULL ? PARSED_OK : wrong(of, word, " takes no value");
}

static parsed parse_letters(const command *of, const words *line, int *i) {
    const char *word = line->argv[*i];
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const option *o = find_letter(of, *letter);
        if (o == NULL)
            return wrong(of, word, " is not an option");
        if (o->kind != OPTION_FLAG)
            return take_value(of, o, letter[1] != '\0' ? letter + 1 : NULL, line, i);
        *(bool *)o->value = true;
    }
    return PARSED_OK;
}

parsed parse_words(const command *of, words *line) {
    bool options_end = false;
    parsed result = PARSED_OK;
    line->count = 0;
    for (int i = 1; i < line->argc && result == PARSED_OK && !want_help; i++) {
        const char *word = line->argv[i];
        if (options_end || word[0] != '-' || word[1] == '\0')
            line->operands[line->count++] = word;
        else if (strcmp(word, "--") == 0)
            options_end = true;
        else
            result = word[1] == '-' ? parse_long(of, line, &i) : parse_letters(of, line, &i);
    }
    if (result != PARSED_OK || !want_help)
        return result;
    print_help(of);
    return PARSED_HELP;
}

/* ---- running ---- */

const command *find_command(const char *name) {
    suggestion near = begin_suggestion(name, strlen(name));
    char hint[HINT_SIZE];
    for (const command *const *c = commands; *c != NULL; c++) {
        if (strcmp((*c)->name, name) == 0)
            return *c;
        compare_word(&near, (*c)->name);
    }
    write_suggestion(hint, sizeof hint, &near, "");
    print_error("\"%s\" is not a subcommand%s; see cellseg --help", name, hint);
    return NULL;
}

bool begin_command(const command *of, int32_t preset) {
    return of->begin == NULL || of->begin(preset);
}

/* Begun and parsed again where a preset is named, so that single options win over the preset wherever they stand. */
static int parse_and_run(const command *of, words *line) {
    if (!begin_command(of, CELLSEG_PRESET_DEFAULT))
        return CLI_FAILED;
    parsed result = parse_words(of, line);
    if (result == PARSED_OK && of->preset != NULL && *of->preset != CELLSEG_PRESET_DEFAULT) {
        if (!begin_command(of, *of->preset))
            return CLI_FAILED;
        result = parse_words(of, line);
    }
    if (result == PARSED_OK && of->operand == NULL && line->count > 0)
        return print_usage_fault(of, "only options are expected");
    return result == PARSED_OK ? of->run(line) : result == PARSED_HELP ? CLI_FINE : CLI_USAGE;
}

int run_command(const command *of, int argc, char **argv) {
    words line = {argc, argv, check_memory(malloc((size_t)argc * sizeof *line.operands)), 0};
    const int code = parse_and_run(of, &line);
    free(line.operands);
    return code;
}
