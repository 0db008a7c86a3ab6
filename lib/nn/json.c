/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON with limits. The text is scanned before cJSON parses it, so that a small file cannot cause large allocations, deep
 * recursion or, through many keys, long run times.
 */
#include "nn/json.h"

#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 16, MAX_VALUES = 8192 };

static cellseg_status scan(const char *text, size_t bytes, const char *what) {
    size_t depth = 0, values = 1;
    bool inside_string = false;
    for (size_t i = 0; i < bytes; i++) {
        const char c = text[i];
        if (c == '\0')
            return cseg_fail(CELLSEG_ERR_FORMAT, "%s: a zero byte in JSON text", what);
        if (inside_string && c == '\\')
            i++;
        else if (c == '"')
            inside_string = !inside_string;
        if (inside_string)
            continue;
        values += c == ',' || c == '{' || c == '[';
        depth += c == '{' || c == '[';
        if (depth > MAX_DEPTH)
            return cseg_fail(CELLSEG_ERR_FORMAT, "%s: JSON nested deeper than %d", what, MAX_DEPTH);
        if (values > MAX_VALUES)
            return cseg_fail(CELLSEG_ERR_FORMAT, "%s: JSON of more than %d values", what, MAX_VALUES);
        if ((c == '}' || c == ']') && depth-- == 0)
            break; /* cJSON reports the position */
    }
    return CELLSEG_OK;
}

/* Recursion is bounded by the scan. */
static cellseg_status check_keys(const cJSON *json, const char *what) {
    for (const cJSON *a = json->child; a != NULL; a = a->next) {
        for (const cJSON *b = a->next; cJSON_IsObject(json) && b != NULL; b = b->next)
            if (strcmp(a->string, b->string) == 0)
                return cseg_fail(CELLSEG_ERR_FORMAT, "%s: the key \"%s\" comes twice", what, a->string);
        CSEG_TRY(check_keys(a, what));
    }
    return CELLSEG_OK;
}

static bool only_spaces(const char *from, const char *end) {
    while (from < end && (*from == ' ' || *from == '\n' || *from == '\r' || *from == '\t'))
        from++;
    return from == end;
}

cellseg_status cseg_json_parse(cJSON **out, const char *text, size_t bytes, const char *what) {
    *out = NULL;
    if (bytes > MAX_BYTES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: %zu bytes of JSON; at most %d are read", what, bytes, MAX_BYTES);
    CSEG_TRY(scan(text, bytes, what));
    const char *end = text;
    cJSON *json = cJSON_ParseWithLengthOpts(text, bytes, &end, 0);
    if (json == NULL || !(cJSON_IsObject(json) || cJSON_IsArray(json)) || !only_spaces(end, text + bytes)) {
        cJSON_Delete(json);
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: not valid JSON near byte %zu", what, (size_t)(end - text));
    }
    const cellseg_status status = check_keys(json, what);
    if (status != CELLSEG_OK) {
        cJSON_Delete(json);
        return status;
    }
    *out = json;
    return CELLSEG_OK;
}

cellseg_status cseg_json_double(double *value, const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item))
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"%s\" must be a number", key);
    *value = item->valuedouble;
    return CELLSEG_OK;
}

cellseg_status cseg_json_uint(uint32_t *value, const cJSON *object, const char *key, uint32_t lo, uint32_t hi) {
    double number = 0;
    CSEG_TRY(cseg_json_double(&number, object, key));
    if (!(number >= lo && number <= hi) || number != (double)(uint32_t)number)
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"%s\" must be a whole number in [%u, %u]", key, lo, hi);
    *value = (uint32_t)number;
    return CELLSEG_OK;
}

cellseg_status cseg_json_string(const char **value, const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsString(item))
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"%s\" must be a string", key);
    *value = item->valuestring;
    return CELLSEG_OK;
}

cellseg_status cseg_json_only(const cJSON *object, const char *const *keys, const char *what) {
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        size_t k = 0;
        while (keys[k] != NULL && strcmp(keys[k], item->string) != 0)
            k++;
        if (keys[k] == NULL)
            return cseg_fail(CELLSEG_ERR_FORMAT, "%s: unknown key \"%s\"", what, item->string);
    }
    return CELLSEG_OK;
}
