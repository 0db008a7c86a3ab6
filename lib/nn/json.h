/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing untrusted JSON. cJSON allocates with malloc, since its hooks are global to the process. */
#ifndef CSEG_NN_JSON_H
#define CSEG_NN_JSON_H

#include "core/core.h"

#include <cjson/cJSON.h>

/* Parse one object or array of at most 1 MB. CELLSEG_ERR_FORMAT, naming `what`: not JSON, nested deeper than 16, more than
 * 8192 values, an object of more than 1024 keys or of two equal ones. CELLSEG_ERR_MEMORY: malloc returned NULL. Release with
 * cJSON_Delete(). */
cellseg_status cseg_json_parse(cJSON **out, const char *text, size_t bytes, const char *what);

/* *value = the whole number under `key`. CELLSEG_ERR_FORMAT, naming the key, if the number is missing or outside [lo, hi]. */
cellseg_status cseg_json_uint(uint32_t *value, const cJSON *object, const char *key, uint32_t lo, uint32_t hi);
cellseg_status cseg_json_double(double *value, const cJSON *object, const char *key);
/* Borrowed text under `key`. */
cellseg_status cseg_json_string(const char **value, const cJSON *object, const char *key);

/* CELLSEG_ERR_FORMAT, naming the key, if `object` has a key that is not in the NULL-terminated list. */
cellseg_status cseg_json_only(const cJSON *object, const char *const *keys, const char *what);

#endif
