/* SPDX-License-Identifier: BSD-3-Clause */
/* Regular expressions with named groups, over file names. */
#ifndef CLI_PATTERN_H
#define CLI_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

enum { PATTERN_GROUPS = 16, PATTERN_NAME_SIZE = 16, PATTERN_FAULT_SIZE = 128 };

/* A part of a text; begin NULL: the group took no part in the match. */
typedef struct span {
    const char *begin;
    size_t length;
} span;

typedef struct pattern pattern;

/*
 * Compile the syntax that Perl and Python share: . [a-z] [^a-z] \d \w \s and their capitals, \ before a sign, ( ) (?: ) (?P<name>
 * )
 * (?<name> ) |, * + ? {m} {m,n} {m,}, each also lazy with ?, ^ and $. Case is ignored. NULL: the text is none, for the reason in
 * `fault`.
 */
pattern *pattern_new(const char *text, char fault[PATTERN_FAULT_SIZE]);
void pattern_free(pattern *p);

/* The named groups, from 0; NULL behind the last. */
const char *pattern_group_name(const pattern *p, int group);

/* The first match in a text, as Perl would choose it. */
bool pattern_find(const pattern *p, const char *text, span groups[PATTERN_GROUPS]);

#endif
