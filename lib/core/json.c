/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON with limits, so that a small file cannot cause large allocations, deep recursion or, through many keys, long run times.
 * Values and strings lie in one block, which is allocated before the text is parsed: a value follows the start of the text, a
 * bracket or a comma, and a string takes no more bytes than its text with the quotes.
 */
#include "core/core.h"

#include <math.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 16, MAX_VALUES = 8192, MAX_KEYS = 1024, MAX_DIGITS = 60, VALUES_PER_POLL = 4096 };

typedef struct parser {
    cellseg_context *context;
    const char *what; /* the text's name in messages */
    const char *start, *at, *end;
    cseg_json *values; /* the next free one */
    char *strings;     /* where the next string goes */
    size_t count, most, depth;
    bool large; /* objects may have any number of keys, and a key may come twice */
} parser;

static cellseg_status refuse(const parser *p) {
    return cseg_fail(CELLSEG_ERR_FORMAT, "%s: not valid JSON near byte %zu", p->what, (size_t)(p->at - p->start));
}

/* ---- characters ---- */

static bool is_next(const parser *p, const char *characters) {
    return p->at < p->end && *p->at != '\0' && strchr(characters, *p->at) != NULL;
}

static bool take(parser *p, const char *characters) {
    const bool taken = is_next(p, characters);
    p->at += taken;
    return taken;
}

static void skip_spaces(parser *p) {
    while (take(p, " \t\r\n"))
        continue;
}

static size_t skip_digits(parser *p) {
    const char *from = p->at;
    while (take(p, "0123456789"))
        continue;
    return (size_t)(p->at - from);
}

/* ---- numbers ---- */

static bool skip_number(parser *p) {
    (void)take(p, "-");
    if (!take(p, "0") && skip_digits(p) == 0)
        return false;
    if (take(p, ".") && skip_digits(p) == 0)
        return false;
    if (!take(p, "eE"))
        return true;
    (void)take(p, "+-");
    return skip_digits(p) > 0;
}

static cellseg_status parse_number(parser *p, cseg_json *to) {
    const char *from = p->at;
    if (!skip_number(p))
        return refuse(p);
    if (p->at - from > MAX_DIGITS)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: a number of more than %d characters", p->what, MAX_DIGITS);
    to->type = CSEG_JSON_NUMBER;
    if (!cseg_number_parse(&to->number, from, (size_t)(p->at - from)))
        to->number = *from == '-' ? -INFINITY : INFINITY;
    return CELLSEG_OK;
}

/* ---- strings ---- */

/* Four hexadecimal digits. */
static bool parse_unit(parser *p, uint32_t *unit) {
    static const char hex[] = "0123456789abcdef";
    *unit = 0;
    for (size_t i = 0; i < 4; i++, p->at++) {
        if (!is_next(p, "0123456789abcdefABCDEF"))
            return false;
        const char c = *p->at;
        *unit = *unit * 16 + (uint32_t)(strchr(hex, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) - hex);
    }
    return true;
}

/* Surrogates come in pairs. */
static bool parse_reference(parser *p, uint32_t *character) {
    uint32_t low;
    if (!parse_unit(p, character) || (*character >= 0xdc00 && *character < 0xe000))
        return false;
    if (*character < 0xd800 || *character >= 0xe000)
        return true;
    if (!take(p, "\\") || !take(p, "u") || !parse_unit(p, &low) || low < 0xdc00 || low >= 0xe000)
        return false;
    *character = 0x10000 + ((*character - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* The rest of an escape, behind the backslash. */
static cellseg_status parse_escape(parser *p) {
    static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
    uint32_t character;
    if (is_next(p, names))
        character = (uint32_t)characters[strchr(names, *p->at++) - names];
    else if (!take(p, "u") || !parse_reference(p, &character))
        return refuse(p);
    if (character == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: the character U+0000 in a string", p->what);
    p->strings += cseg_utf8_encode(p->strings, character);
    return CELLSEG_OK;
}

static cellseg_status parse_character(parser *p) {
    uint32_t character;
    if (take(p, "\\"))
        return parse_escape(p);
    const size_t bytes = cseg_utf8_decode(&character, p->at, (size_t)(p->end - p->at));
    if (bytes == 0 || character < 0x20)
        return refuse(p);
    memcpy(p->strings, p->at, bytes);
    p->strings += bytes;
    p->at += bytes;
    return CELLSEG_OK;
}

static cellseg_status parse_string(parser *p, const char **out) {
    *out = p->strings;
    if (!take(p, "\""))
        return refuse(p);
    while (!take(p, "\""))
        CSEG_TRY(parse_character(p));
    *p->strings++ = '\0';
    return CELLSEG_OK;
}

/* ---- values ---- */

/* Objects of a short text are short: a key is compared with all before. */
static cellseg_status check_key(const parser *p, const char *key, const cseg_json *object) {
    if (cseg_json_member(object, key) != NULL)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: the key \"%s\" comes twice", p->what, key);
    if (object->count == MAX_KEYS)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: an object of more than %d keys", p->what, MAX_KEYS);
    return CELLSEG_OK;
}

static cellseg_status parse_key(parser *p, const char **key, const cseg_json *object) {
    skip_spaces(p);
    CSEG_TRY(parse_string(p, key));
    if (!p->large)
        CSEG_TRY(check_key(p, *key, object));
    skip_spaces(p);
    return take(p, ":") ? CELLSEG_OK : refuse(p);
}

static cellseg_status parse_value(parser *p, cseg_json **out);

/* The rest of an array or object, up to the bracket `end`. */
static cellseg_status parse_members(parser *p, cseg_json *to, const char *end) { // NOLINT(misc-no-recursion): see MAX_DEPTH
    cseg_json **next = &to->child;
    if (++p->depth > MAX_DEPTH)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: JSON nested deeper than %d", p->what, MAX_DEPTH);
    skip_spaces(p);
    for (bool more = !is_next(p, end); more; more = take(p, ",")) {
        const char *key = NULL;
        cseg_json *member;
        if (to->type == CSEG_JSON_OBJECT)
            CSEG_TRY(parse_key(p, &key, to));
        CSEG_TRY(parse_value(p, &member));
        member->key = key;
        *next = member;
        next = &member->next;
        to->count++;
    }
    p->depth--;
    return take(p, end) ? CELLSEG_OK : refuse(p);
}

static cellseg_status parse_literal(parser *p, cseg_json *to) {
    static const char *const names[] = {[CSEG_JSON_NULL] = "null", [CSEG_JSON_FALSE] = "false", [CSEG_JSON_TRUE] = "true"};
    for (int32_t type = CSEG_JSON_NULL; type <= CSEG_JSON_TRUE; type++) {
        const size_t length = strlen(names[type]);
        if ((size_t)(p->end - p->at) < length || memcmp(p->at, names[type], length) != 0)
            continue;
        p->at += length;
        to->type = type;
        return CELLSEG_OK;
    }
    return refuse(p);
}

static cellseg_status parse_by_first(parser *p, cseg_json *to) { // NOLINT(misc-no-recursion): see MAX_DEPTH
    if (is_next(p, "{[")) {
        const bool object = *p->at++ == '{';
        to->type = object ? CSEG_JSON_OBJECT : CSEG_JSON_ARRAY;
        return parse_members(p, to, object ? "}" : "]");
    }
    if (is_next(p, "\"")) {
        to->type = CSEG_JSON_STRING;
        return parse_string(p, &to->string);
    }
    return is_next(p, "-0123456789") ? parse_number(p, to) : parse_literal(p, to);
}

/* A value and the spaces around. */
static cellseg_status parse_value(parser *p, cseg_json **out) { // NOLINT(misc-no-recursion): see MAX_DEPTH
    if (p->count == p->most)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: JSON of more than %zu values", p->what, p->most);
    if (++p->count % VALUES_PER_POLL == 0)
        CSEG_TRY(cseg_progress_poll(p->context, (double)(p->at - p->start) / (double)(p->end - p->start)));
    *out = p->values++;
    **out = (cseg_json){.type = CSEG_JSON_NULL};
    skip_spaces(p);
    CSEG_TRY(parse_by_first(p, *out));
    skip_spaces(p);
    return CELLSEG_OK;
}

static size_t most_values(const char *text, size_t bytes) {
    size_t most = 1;
    for (size_t i = 0; i < bytes; i++)
        most += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return most;
}

/* Of at most `most` values. */
static cellseg_status parse(cseg_json **out, cellseg_context *context, const char *text, size_t bytes, size_t most, bool large,
                            const char *what) {
    *out = NULL;
    size_t size;
    if (!cseg_memory_mul(most, sizeof(cseg_json), &size) || size > SIZE_MAX - bytes)
        return cseg_fail(CELLSEG_ERR_MEMORY, "%s: no memory for so many values", what);
    cseg_json *values = cseg_memory_alloc(context, size + bytes, 1), *root;
    if (values == NULL)
        return cseg_error_last();
    parser p = {.context = context,
                .what = what,
                .start = text,
                .at = text,
                .end = text + bytes,
                .values = values,
                .strings = (char *)&values[most],
                .most = most,
                .large = large};
    cellseg_status status = parse_value(&p, &root);
    if (status == CELLSEG_OK && p.at < p.end)
        status = refuse(&p);
    if (status == CELLSEG_OK)
        *out = root;
    else
        cseg_memory_free(values);
    return status;
}

cellseg_status cseg_json_parse(cseg_json **out, cellseg_context *context, const char *text, size_t bytes, const char *what) {
    *out = NULL;
    if (bytes > MAX_BYTES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: %zu bytes of JSON; at most %d are read", what, bytes, MAX_BYTES);
    const size_t most = most_values(text, bytes);
    return parse(out, context, text, bytes, most < MAX_VALUES ? most : MAX_VALUES, false, what);
}

cellseg_status cseg_json_parse_large(cseg_json **out, cellseg_context *context, const char *text, size_t bytes,
                                     const char *what) {
    return parse(out, context, text, bytes, most_values(text, bytes), true, what);
}

/* ---- access ---- */

const cseg_json *cseg_json_member(const cseg_json *object, const char *key) {
    const cseg_json *item = cseg_json_is(object, CSEG_JSON_OBJECT) ? object->child : NULL;
    while (item != NULL && strcmp(item->key, key) != 0)
        item = item->next;
    return item;
}

cellseg_status cseg_json_double(double *value, const cseg_json *object, const char *key) {
    const cseg_json *item = cseg_json_member(object, key);
    if (!cseg_json_is(item, CSEG_JSON_NUMBER))
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"%s\" must be a number", key);
    *value = item->number;
    return CELLSEG_OK;
}

cellseg_status cseg_json_uint(uint32_t *value, const cseg_json *object, const char *key, uint32_t lo, uint32_t hi) {
    double number = 0;
    CSEG_TRY(cseg_json_double(&number, object, key));
    if (!(number >= lo && number <= hi) || number != (double)(uint32_t)number)
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"%s\" must be a whole number in [%u, %u]", key, lo, hi);
    *value = (uint32_t)number;
    return CELLSEG_OK;
}

cellseg_status cseg_json_string(const char **value, const cseg_json *object, const char *key) {
    const cseg_json *item = cseg_json_member(object, key);
    if (!cseg_json_is(item, CSEG_JSON_STRING))
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"%s\" must be a string", key);
    *value = item->string;
    return CELLSEG_OK;
}

cellseg_status cseg_json_only(const cseg_json *object, const char *const *keys, const char *what) {
    if (!cseg_json_is(object, CSEG_JSON_OBJECT))
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: it must be an object", what);
    for (const cseg_json *item = object->child; item != NULL; item = item->next) {
        size_t k = 0;
        while (keys[k] != NULL && strcmp(keys[k], item->key) != 0)
            k++;
        if (keys[k] == NULL)
            return cseg_fail(CELLSEG_ERR_FORMAT, "%s: unknown key \"%s\"", what, item->key);
    }
    return CELLSEG_OK;
}
