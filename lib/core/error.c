/* SPDX-License-Identifier: BSD-3-Clause */
/* The last error: one line in a thread-local buffer, recorded where the fault is found. */
#include "core/core.h"

#include <string.h>

static _Thread_local char last_error[CSEG_ERROR_BYTES];
static _Thread_local cellseg_status last_status;

cellseg_status cseg_error_recorded(void) {
    return last_status;
}

void cseg_error_record(cellseg_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)cseg_format_list(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    /* The line may contain file names and file contents: remove line breaks. */
    for (char *c = last_error; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    last_status = status;
}

static bool is_within_character(const char *utf8) {
    return ((unsigned char)*utf8 & 0xc0) == 0x80;
}

cellseg_status cseg_error_fail_in(cellseg_status status, const char *what) {
    enum { MIN_WHAT = 64 }; /* bytes of `what` that are always kept */
    char fault[sizeof last_error];
    memcpy(fault, last_error, sizeof fault);
    const size_t used = strlen(fault) + sizeof ": ", length = strlen(what);
    const size_t room = used + MIN_WHAT < sizeof fault ? sizeof fault - used : MIN_WHAT;
    if (length <= room)
        return cseg_fail(status, "%s: %s", what, fault);
    size_t head = (room - 3) / 2;
    const char *tail = what + length - head;
    while (head > 0 && is_within_character(what + head))
        head--;
    while (is_within_character(tail))
        tail++;
    return cseg_fail(status, "%.*s...%s: %s", (int)head, what, tail, fault);
}

const char *cellseg_last_error(void) {
    return last_error;
}

const char *cellseg_status_name(cellseg_status status) {
    static const char *const names[] = {
        "CELLSEG_OK",        "CELLSEG_ERR_ARGUMENT",  "CELLSEG_ERR_MEMORY", "CELLSEG_ERR_IO",       "CELLSEG_ERR_FORMAT",
        "CELLSEG_ERR_MODEL", "CELLSEG_ERR_CANCELLED", "CELLSEG_ERR_LIMIT",  "CELLSEG_ERR_INTERNAL", "CELLSEG_ERR_UNAVAILABLE",
    };
    if (status > 0 || status < CELLSEG_ERR_UNAVAILABLE)
        return "unknown status";
    return names[-status];
}
