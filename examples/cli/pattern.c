/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pattern becomes instructions, which a search with backtracking runs. A pair of instruction and position that has failed once
 * fails again, so each is visited once: the cost is at most the product of both lengths, whatever the pattern.
 * Source: Cox 2009, "Regular expression matching: the virtual machine approach".
 */
#include "pattern.h"

#include "cli.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 2000, MAX_SETS = 256, MAX_REPEATS = 99, MAX_DEPTH = 32, UNBOUNDED = -1 };

typedef enum step_kind { STEP_SET, STEP_SPLIT, STEP_JUMP, STEP_SAVE, STEP_BEGIN, STEP_END, STEP_MATCH } step_kind;

/* SPLIT goes on at `first`, then at `second`; JUMP at `first`: both count from the step itself, so that steps may be copied.
 * SET takes a byte of set `first`; SAVE keeps the position under `first`. */
typedef struct step {
    step_kind kind;
    int first, second;
} step;

struct pattern {
    step steps[MAX_STEPS];
    uint8_t sets[MAX_SETS][32]; /* a bit for each byte */
    char names[PATTERN_GROUPS][PATTERN_NAME_SIZE];
    int step_count, set_count, group_count;
};

typedef struct compilation {
    pattern *p;
    const char *begin, *at;
    const char *fault; /* NULL: none yet */
    int depth;
} compilation;

/* ---- steps ---- */

static void refuse(compilation *c, const char *fault) {
    if (c->fault == NULL)
        c->fault = fault;
}

static void add_step(compilation *c, step_kind kind, int first, int second) {
    if (c->p->step_count == MAX_STEPS)
        refuse(c, "the pattern is too long");
    else
        c->p->steps[c->p->step_count++] = (step){kind, first, second};
}

static void add_copy(compilation *c, const step *block, int length) {
    for (int i = 0; i < length; i++)
        add_step(c, block[i].kind, block[i].first, block[i].second);
}

static void add_split(compilation *c, int past, bool lazy) {
    add_step(c, STEP_SPLIT, lazy ? past : 1, lazy ? 1 : past);
}

/* ---- sets of bytes ---- */

static bool has(const uint8_t *set, unsigned char byte) {
    return (set[byte / 8] >> (byte % 8) & 1) != 0;
}

static void add_byte(uint8_t *set, unsigned char byte) {
    const unsigned char cases[] = {(unsigned char)tolower(byte), (unsigned char)toupper(byte)};
    for (int i = 0; i < 2; i++)
        set[cases[i] / 8] |= (uint8_t)(1U << (cases[i] % 8));
}

static void invert(uint8_t *set) {
    for (int i = 0; i < 32; i++)
        set[i] = (uint8_t)~set[i];
}

static uint8_t *add_set(compilation *c) {
    const int i = c->p->set_count;
    if (i == MAX_SETS) {
        refuse(c, "the pattern has too many sets of characters");
        return c->p->sets[0];
    }
    c->p->set_count++;
    add_step(c, STEP_SET, i, 0);
    return c->p->sets[i];
}

static bool is_in_class(char name, unsigned char byte) {
    switch (name) {
    case 'd':
        return isdigit(byte) != 0;
    case 'w':
        return isalnum(byte) != 0 || byte == '_';
    default:
        return isspace(byte) != 0;
    }
}

/* The escaped character at c->at: a class, or a sign that stands for itself. */
static void add_escaped(compilation *c, uint8_t *set) {
    const char name = *c->at;
    const bool is_class = name != '\0' && strchr("dwsDWS", name) != NULL;
    c->at += name != '\0';
    if (is_class)
        for (int byte = 1; byte < 256; byte++)
            if (is_in_class((char)tolower((unsigned char)name), (unsigned char)byte) == (islower((unsigned char)name) != 0))
                set[byte / 8] |= (uint8_t)(1U << (byte % 8));
    if (!is_class && (name == '\0' || isalnum((unsigned char)name)))
        refuse(c, "\\ is known before d, w, s, D, W, S and signs");
    else if (!is_class)
        add_byte(set, (unsigned char)name);
}

/* A character or range within brackets. */
static void add_range(compilation *c, uint8_t *set) {
    if (*c->at == '\\') {
        c->at++;
        add_escaped(c, set);
        return;
    }
    const unsigned char first = (unsigned char)*c->at++;
    unsigned char last = first;
    if (c->at[0] == '-' && c->at[1] != ']' && c->at[1] != '\0') {
        last = (unsigned char)c->at[1];
        c->at += 2;
    }
    if (last < first)
        refuse(c, "a range in [ ] runs backwards");
    for (int byte = first; byte <= last; byte++)
        add_byte(set, (unsigned char)byte);
}

static void compile_brackets(compilation *c) {
    uint8_t *set = add_set(c);
    const bool inverted = *c->at == '^';
    c->at += inverted;
    do {
        if (*c->at == '\0') {
            refuse(c, "[ has no ]");
            return;
        }
        add_range(c, set);
    } while (*c->at != ']' && c->fault == NULL);
    c->at++;
    if (inverted)
        invert(set);
}

/* ---- groups ---- */

static void compile_choices(compilation *c);

/* The number of the group whose name begins at c->at; -1 after a fault. */
static int add_group(compilation *c) {
    const size_t length = strcspn(c->at, ">");
    if (c->at[length] == '\0' || length == 0 || length >= PATTERN_NAME_SIZE)
        refuse(c, "a group's name has 1 to 15 letters between < and >");
    else if (c->p->group_count == PATTERN_GROUPS)
        refuse(c, "at most 16 groups may have names");
    if (c->fault != NULL)
        return -1;
    memcpy(c->p->names[c->p->group_count], c->at, length);
    c->at += length + 1;
    return c->p->group_count++;
}

static void compile_group(compilation *c) {
    int group = -1;
    if (strncmp(c->at, "?:", 2) == 0)
        c->at += 2;
    else if (strncmp(c->at, "?P<", 3) == 0 || (strncmp(c->at, "?<", 2) == 0 && c->at[2] != '=' && c->at[2] != '!')) {
        c->at += c->at[1] == 'P' ? 3 : 2;
        group = add_group(c);
    } else if (*c->at == '?')
        refuse(c, "of the groups that begin with (? only (?: and (?P<name> are known");
    if (++c->depth > MAX_DEPTH)
        refuse(c, "groups are nested too deeply");
    if (c->fault != NULL)
        return;
    if (group >= 0)
        add_step(c, STEP_SAVE, 2 * group, 0);
    compile_choices(c);
    if (group >= 0)
        add_step(c, STEP_SAVE, 2 * group + 1, 0);
    c->depth--;
    if (*c->at != ')')
        refuse(c, "( has no )");
    else
        c->at++;
}

/* ---- repetition and sequence ---- */

static void compile_atom(compilation *c) {
    const char sign = *c->at++;
    if (sign == '(')
        compile_group(c);
    else if (sign == '[')
        compile_brackets(c);
    else if (sign == '^' || sign == '$')
        add_step(c, sign == '^' ? STEP_BEGIN : STEP_END, 0, 0);
    else if (sign == '.')
        invert(add_set(c));
    else if (sign == '\\')
        add_escaped(c, add_set(c));
    else if (strchr("*+?{", sign) != NULL)
        refuse(c, "nothing is before a sign of repetition");
    else
        add_byte(add_set(c), (unsigned char)sign);
}

static int parse_count(compilation *c, int otherwise) {
    if (!isdigit((unsigned char)*c->at))
        return otherwise;
    char *end;
    const long count = strtol(c->at, &end, 10);
    if (count > MAX_REPEATS)
        refuse(c, "a number of repetitions is above 99");
    c->at = end;
    return (int)count;
}

/* The sign of repetition at c->at; false: there is none. */
static bool parse_repeat(compilation *c, int *least, int *most) {
    const char sign = *c->at;
    if (sign == '\0' || strchr("*+?{", sign) == NULL)
        return false;
    c->at++;
    *least = sign == '+';
    *most = sign == '?' ? 1 : UNBOUNDED;
    if (sign != '{')
        return true;
    *least = parse_count(c, 0);
    *most = *least;
    if (*c->at == ',') {
        c->at++;
        *most = parse_count(c, UNBOUNDED);
    }
    if (*c->at != '}' || (*most != UNBOUNDED && *most < *least))
        refuse(c, "{ } must hold m, {m,n} or {m,}, with m at most n");
    else
        c->at++;
    return c->fault == NULL;
}

/* Repeat the steps from `begin` on. */
static void repeat(compilation *c, int begin, int least, int most, bool lazy) {
    const int length = c->p->step_count - begin;
    step *block = check_memory(malloc(((size_t)length + 1) * sizeof *block));
    memcpy(block, c->p->steps + begin, (size_t)length * sizeof *block);
    c->p->step_count = begin;
    for (int i = 0; i < least; i++)
        add_copy(c, block, length);
    for (int i = least; i < most; i++) {
        add_split(c, length + 1, lazy);
        add_copy(c, block, length);
    }
    if (most == UNBOUNDED) {
        add_split(c, length + 2, lazy);
        add_copy(c, block, length);
        add_step(c, STEP_JUMP, -(length + 1), 0);
    }
    free(block);
}

static void compile_sequence(compilation *c) {
    while (c->fault == NULL && *c->at != '\0' && *c->at != '|' && *c->at != ')') {
        const int begin = c->p->step_count;
        int least, most;
        compile_atom(c);
        if (c->fault != NULL || !parse_repeat(c, &least, &most))
            continue;
        const bool lazy = *c->at == '?';
        c->at += lazy;
        repeat(c, begin, least, most, lazy);
    }
}

/* "a|b": a split to a, which jumps over b, and to b. */
static void compile_choices(compilation *c) {
    const int begin = c->p->step_count;
    compile_sequence(c);
    if (c->fault != NULL || *c->at != '|')
        return;
    c->at++;
    const int length = c->p->step_count - begin;
    add_step(c, STEP_JUMP, 0, 0); /* makes room for the split in front */
    if (c->fault != NULL)
        return;
    memmove(c->p->steps + begin + 1, c->p->steps + begin, (size_t)length * sizeof *c->p->steps);
    c->p->steps[begin] = (step){STEP_SPLIT, 1, length + 2};
    const int jump = c->p->step_count;
    add_step(c, STEP_JUMP, 0, 0);
    compile_choices(c);
    if (c->fault == NULL)
        c->p->steps[jump].first = c->p->step_count - jump;
}

pattern *pattern_new(const char *text, char fault[PATTERN_FAULT_SIZE]) {
    compilation c = {.p = check_memory(calloc(1, sizeof *c.p)), .begin = text, .at = text};
    compile_choices(&c);
    if (*c.at == ')')
        refuse(&c, ") has no (");
    add_step(&c, STEP_MATCH, 0, 0);
    if (c.fault == NULL)
        return c.p;
    (void)snprintf(fault, PATTERN_FAULT_SIZE, "%s, at character %zu", c.fault, (size_t)(c.at - c.begin));
    free(c.p);
    return NULL;
}

void pattern_free(pattern *p) {
    free(p);
}

const char *pattern_group_name(const pattern *p, int group) {
    return group < p->group_count ? p->names[group] : NULL;
}

/* ---- matching ---- */

typedef struct search {
    const pattern *p;
    const char *text;
    size_t length;
    uint8_t *failed; /* a bit for each step and position that was visited */
    const char *kept[2 * PATTERN_GROUPS];
} search;

static bool visit(search *s, int at, size_t position) {
    const size_t i = (size_t)at * (s->length + 1) + position;
    const bool fresh = (s->failed[i / 8] >> (i % 8) & 1) == 0;
    s->failed[i / 8] |= (uint8_t)(1U << (i % 8));
    return fresh;
}

static bool match(search *s, int at, size_t position) {
    for (; visit(s, at, position); at++) {
        const step *now = &s->p->steps[at];
        if (now->kind == STEP_MATCH)
            return true;
        if ((now->kind == STEP_BEGIN && position > 0) || (now->kind == STEP_END && position < s->length))
            return false;
        if (now->kind == STEP_SET) {
            if (position == s->length || !has(s->p->sets[now->first], (unsigned char)s->text[position]))
                return false;
            position++;
        } else if (now->kind == STEP_JUMP)
            at += now->first - 1;
        else if (now->kind == STEP_SPLIT) {
            if (match(s, at + now->first, position))
                return true;
            at += now->second - 1;
        } else if (now->kind == STEP_SAVE) {
            const char *before = s->kept[now->first];
            s->kept[now->first] = s->text + position;
            if (match(s, at + 1, position))
                return true;
            s->kept[now->first] = before;
            return false;
        }
    }
    return false;
}

bool pattern_find(const pattern *p, const char *text, span groups[PATTERN_GROUPS]) {
    search s = {.p = p, .text = text, .length = strlen(text)};
    s.failed = check_memory(calloc((size_t)p->step_count * (s.length + 1) / 8 + 1, 1));
    bool found = false;
    for (size_t from = 0; !found && from <= s.length; from++)
        found = match(&s, 0, from);
    for (int i = 0; i < PATTERN_GROUPS; i++)
        groups[i] = found && s.kept[2 * i + 1] != NULL ? (span){s.kept[2 * i], (size_t)(s.kept[2 * i + 1] - s.kept[2 * i])}
                                                       : (span){NULL, 0};
    free(s.failed);
    return found;
}
