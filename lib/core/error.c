/* SPDX-License-Identifier: BSD-3-Clause */
/* The last error: one line in a thread-local buffer, written where the fault is found. */
#include "core/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char last_error[512];
static _Thread_local cellseg_status last_status;

cellseg_status cseg_last_status(void) {
    return last_status;
}

cellseg_status cseg_fail(cellseg_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    /* File names and file contents reach this line: keep it one line. */
    for (char *c = last_error; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    last_status = status;
    return status;
}

cellseg_status cseg_fail_in(cellseg_status status, const char *what) {
    char inner[sizeof last_error];
    memcpy(inner, last_error, sizeof inner);
    return cseg_fail(status, "%s: %s", what, inner);
}

const char *cellseg_last_error(void) {
    return last_error;
}

const char *cellseg_status_name(cellseg_status status) {
    static const char *const names[] = {
        "CELLSEG_OK",        "CELLSEG_ERR_ARGUMENT",  "CELLSEG_ERR_MEMORY", "CELLSEG_ERR_IO",       "CELLSEG_ERR_FORMAT",
        "CELLSEG_ERR_MODEL", "CELLSEG_ERR_CANCELLED", "CELLSEG_ERR_LIMIT",  "CELLSEG_ERR_INTERNAL",
    };
    if (status > 0 || status < CELLSEG_ERR_INTERNAL)
        return "unknown status";
    return names[-status];
}
