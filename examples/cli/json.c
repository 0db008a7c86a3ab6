/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"

#include "cli.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

/* The object on a line, harmless to a terminal; NULL without memory. Deletes the object. */
static char *write_line(cJSON *object) {
    char *plain = object != NULL ? cJSON_PrintUnformatted(object) : NULL;
    char *line = plain != NULL ? escaped_copy(plain) : NULL;
    cJSON_free(plain);
    cJSON_Delete(object);
    return line;
}

void print_json(cJSON *object) {
    char *line = write_line(object);
    if (line != NULL)
        print_result("%s", line);
    else
        print_error("no memory for a line of results");
    free(line);
}

void put_message(FILE *to, const char *kind, const char *text) {
    cJSON *object = cJSON_CreateObject();
    if (object != NULL)
        (void)cJSON_AddStringToObject(object, kind, text);
    char *line = write_line(object);
    fprintf(to, "%s\n", line != NULL ? line : text);
    free(line);
}

bool add_name(cJSON *to, const char *key, const char *name) {
    char *text = utf8_copy(name);
    const bool fine = text != NULL && cJSON_AddStringToObject(to, key, text) != NULL;
    free(text);
    return fine;
}

bool add_figure(cJSON *to, const char *key, double value) {
    return (isfinite(value) ? cJSON_AddNumberToObject(to, key, value) : cJSON_AddNullToObject(to, key)) != NULL;
}
