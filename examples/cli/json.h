/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of JSON on standard output and standard error (docs/results.md, "For programs"). */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stdio.h>

/* Print an object on a line of standard output, and delete it. NULL, and a failure, print an error about memory. */
void print_json(cJSON *object);

/* {"KIND": "TEXT"} on a line; the plain text without memory. */
void put_message(FILE *to, const char *kind, const char *text);

/* A name as text in UTF-8, other bytes as \xHH; false without memory. */
bool add_name(cJSON *to, const char *key, const char *name);

/* A number, or null where there is none. */
bool add_figure(cJSON *to, const char *key, double value);

#endif
