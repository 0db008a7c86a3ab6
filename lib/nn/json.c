/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON with limits. The text is scanned before cJSON parses it, so that a small file cannot cause large allocations, deep
 * recursion or, through many keys, long run times. The scan follows RFC 8259, and cJSON returns NULL for any fault: one that
 * comes after the scan is a lack of memory.
 */
#include "nn/json.h"

#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 16, MAX_VALUES = 8192, MAX_KEYS = 1024, MAX_DIGITS = 60 };

/* ---- the scan: each function moves past what it is named after, or returns false ---- */

typedef struct scanner {
    const char *at, *end;
    size_t depth, values;
} scanner;

static bool is_next(const scanner *s, const char *characters) {
    return s->at < s->end && *s->at != '\0' && strchr(characters, *s->at) != NULL;
}

static bool take(scanner *s, const char *characters) {
    const bool taken = is_next(s, characters);
    s->at += taken;
    return taken;
}

static void spaces(scanner *s) {
    while (take(s, " \t\r\n"))
        continue;
}

static size_t digits(scanner *s) {
    const char *from = s->at;
    while (take(s, "0123456789"))
        continue;
    return (size_t)(s->at - from);
}

static bool number(scanner *s) {
    const char *from = s->at;
    (void)take(s, "-");
    if (!take(s, "0") && digits(s) == 0)
        return false;
    if (take(s, ".") && digits(s) == 0)
        return false;
    if (take(s, "eE")) {
        (void)take(s, "+-");
        if (digits(s) == 0)
            return false;
    }
    return s->at - from <= MAX_DIGITS; /* cJSON reads 63 */
}

static bool literal(scanner *s, const char *name) {
    const size_t length = strlen(name);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, name, length) != 0)
        return false;
    s->at += length;
    return true;
}

/* Four hexadecimal digits. */
static bool code_unit(scanner *s, unsigned *unit) {
    *unit = 0;
    for (size_t i = 0; i < 4; i++) {
        static const char hex[] = "0123456789abcdef";
        const char c = s->at < s->end ? *s->at++ : '\0';
        const char *digit = c != '\0' ? strchr(hex, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
        if (digit == NULL)
            return false;
        *unit = *unit * 16 + (unsigned)(digit - hex);
    }
    return true;
}

/* What follows a backslash; surrogates come in pairs. */
static bool escape(scanner *s) {
    unsigned unit;
    if (take(s, "\"\\/bfnrt"))
        return true;
    if (!take(s, "u") || !code_unit(s, &unit) || (unit >= 0xdc00 && unit < 0xe000))
        return false;
    if (unit < 0xd800 || unit >= 0xe000)
        return true;
    return take(s, "\\") && take(s, "u") && code_unit(s, &unit) && unit >= 0xdc00 && unit < 0xe000;
}

static bool string(scanner *s) {
    if (!take(s, "\""))
        return false;
    while (s->at < s->end && *s->at != '"' && *s->at != '\0')
        if (*s->at++ == '\\' && !escape(s))
            return false;
    return take(s, "\"");
}

static bool value(scanner *s);

/* The rest of an object or array. */
static bool members(scanner *s, const char *end, bool keyed) { // NOLINT(misc-no-recursion): the depth is bounded
    if (++s->depth > MAX_DEPTH)
        return false;
    spaces(s);
    bool good = true, more = !is_next(s, end);
    while (good && more) {
        spaces(s);
        if (keyed) {
            good = string(s);
            spaces(s);
            good = good && take(s, ":");
        }
        good = good && value(s);
        more = take(s, ",");
    }
    s->depth -= good;
    return good && take(s, end);
}

static bool value(scanner *s) { // NOLINT(misc-no-recursion): the depth is bounded
    bool good;
    if (++s->values > MAX_VALUES)
        return false;
    spaces(s);
    if (take(s, "{"))
        good = members(s, "}", true);
    else if (take(s, "["))
        good = members(s, "]", false);
    else if (is_next(s, "\""))
        good = string(s);
    else
        good = literal(s, "true") || literal(s, "false") || literal(s, "null") || number(s);
    if (good)
        spaces(s);
    return good;
}

static cellseg_status scan(const char *text, size_t bytes, const char *what) {
    scanner s = {text, text + bytes, 0, 0};
    spaces(&s);
    const bool structured = is_next(&s, "{[");
    if (structured && value(&s) && s.at == s.end)
        return CELLSEG_OK;
    if (s.depth > MAX_DEPTH)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: JSON nested deeper than %d", what, MAX_DEPTH);
    if (s.values > MAX_VALUES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: JSON of more than %d values", what, MAX_VALUES);
    return cseg_fail(CELLSEG_ERR_FORMAT, "%s: not valid JSON near byte %zu", what, (size_t)(s.at - text));
}

/* ---- parsing ---- */

/* Recursion is bounded by the scan. */
static cellseg_status check_keys(const cJSON *json, const char *what) {
    if (cJSON_IsObject(json) && cJSON_GetArraySize(json) > MAX_KEYS) /* each is compared with all others */
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: an object of more than %d keys", what, MAX_KEYS);
    for (const cJSON *a = json->child; a != NULL; a = a->next) {
        for (const cJSON *b = a->next; cJSON_IsObject(json) && b != NULL; b = b->next)
            if (strcmp(a->string, b->string) == 0)
                return cseg_fail(CELLSEG_ERR_FORMAT, "%s: the key \"%s\" comes twice", what, a->string);
        CSEG_TRY(check_keys(a, what));
    }
    return CELLSEG_OK;
}

cellseg_status cseg_json_parse(cJSON **out, const char *text, size_t bytes, const char *what) {
    *out = NULL;
    if (bytes > MAX_BYTES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: %zu bytes of JSON; at most %d are read", what, bytes, MAX_BYTES);
    CSEG_TRY(scan(text, bytes, what));
    cJSON *json = cJSON_ParseWithLength(text, bytes);
    if (json == NULL)
        return cseg_fail(CELLSEG_ERR_MEMORY, "%s: no memory for %zu bytes of JSON", what, bytes);
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
