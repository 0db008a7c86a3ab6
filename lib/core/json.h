/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing untrusted JSON, as RFC 8259 defines it. Part of core.h. */
#ifndef CSEG_CORE_JSON_H
#define CSEG_CORE_JSON_H

#include <cellseg/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CSEG_JSON_NULL,
    CSEG_JSON_FALSE,
    CSEG_JSON_TRUE,
    CSEG_JSON_NUMBER,
    CSEG_JSON_STRING,
    CSEG_JSON_ARRAY,
    CSEG_JSON_OBJECT,
};

/* A value of a parsed text. */
typedef struct cseg_json {
    int32_t type;
    size_t count;                   /* of members or elements */
    double number;                  /* infinite beyond a double */
    const char *string;             /* UTF-8 without U+0000 */
    const char *key;                /* of a member; NULL: no member */
    struct cseg_json *child, *next; /* the first of the members or elements; the next one beside this value */
} cseg_json;

/*
 * Parse one value of at most 1 MB. CELLSEG_ERR_FORMAT, naming `what`: not JSON, nested deeper than 16, more than 8192 values, an
 * object of more than 1024 keys or of two equal ones, a number of more than 60 characters, the character U+0000.
 * CELLSEG_ERR_MEMORY. All values and strings lie in *out: release it with cseg_memory_free().
 */
cellseg_status cseg_json_parse(cseg_json **out, cellseg_context *context, const char *text, size_t bytes, const char *what);

/* The same of any size and any number of values and keys; of equal keys the first counts. 64 bytes of memory a value, beside the
 * text's. CELLSEG_ERR_CANCELLED too. */
cellseg_status cseg_json_parse_large(cseg_json **out, cellseg_context *context, const char *text, size_t bytes, const char *what);

/* The value under `key`; NULL: `object` has no such key, or is no object. */
const cseg_json *cseg_json_member(const cseg_json *object, const char *key);

/* Whether the value is there and of this type. */
static inline bool cseg_json_is(const cseg_json *value, int32_t type) {
    return value != NULL && value->type == type;
}

/* *value = the whole number under `key`. CELLSEG_ERR_FORMAT, naming the key, if the number is missing or outside [lo, hi]. */
cellseg_status cseg_json_uint(uint32_t *value, const cseg_json *object, const char *key, uint32_t lo, uint32_t hi);
cellseg_status cseg_json_double(double *value, const cseg_json *object, const char *key);
/* Borrowed text under `key`. */
cellseg_status cseg_json_string(const char **value, const cseg_json *object, const char *key);

/* CELLSEG_ERR_FORMAT, naming `what`, if `object` is none or has a key that is not in the NULL-terminated list. */
cellseg_status cseg_json_only(const cseg_json *object, const char *const *keys, const char *what);

#endif
