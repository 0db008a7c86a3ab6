/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors: a function returns a status, and the thread's last line explains the status. Included by the room's door. */
#ifndef CSEG_CORE_ERROR_H
#define CSEG_CORE_ERROR_H

#include <cellseg/types.h>

#if defined(__MINGW32__) /* whose printf() is the standard's only where its headers choose so */
#include <stdio.h>
#define CSEG_PRINTF(f, a) __attribute__((format(__MINGW_PRINTF_FORMAT, f, a)))
#elif defined(__GNUC__)
#define CSEG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define CSEG_PRINTF(f, a)
#endif

/* The line: the system's longest path, and the fault. */
enum { CSEG_ERROR_BYTES = 4096 + 512 };

/*
 * Record one line for cellseg_last_error() and return `status`, so that a fault is one statement: return cseg_fail(...). A
 * macro, so that compilers and analysers know the status.
 */
#define cseg_fail(status, ...) (cseg_error_record((status), __VA_ARGS__), (cellseg_status)(status))
void cseg_error_record(cellseg_status status, const char *format, ...) CSEG_PRINTF(2, 3);

/* The status of this thread's last recorded failure: the return value after an allocation gave NULL. */
cellseg_status cseg_error_recorded(void);
static inline cellseg_status cseg_error_last(void) {
    const cellseg_status status = cseg_error_recorded();
    return status != CELLSEG_OK ? status : CELLSEG_ERR_INTERNAL;
}

/*
 * Put "what: " before the recorded line, where the caller knows a file or layer that the line does not name. If both are too
 * long, `what` is shortened in its middle and the fault stays complete; paths, which may be long, are added this way.
 */
cellseg_status cseg_error_fail_in(cellseg_status status, const char *what);

/* Forward a failure; for functions that own nothing yet. */
#define CSEG_TRY(call)                                                                                                           \
    do {                                                                                                                         \
        cellseg_status cseg_try_status_ = (call);                                                                                \
        if (cseg_try_status_ != CELLSEG_OK)                                                                                      \
            return cseg_try_status_;                                                                                             \
    } while (0)

/* Forward a failure to the function's one cleanup label; needs `cellseg_status status` in scope. */
#define CSEG_TRY_GOTO(label, call)                                                                                               \
    do {                                                                                                                         \
        status = (call);                                                                                                         \
        if (status != CELLSEG_OK)                                                                                                \
            goto label;                                                                                                          \
    } while (0)

#endif
