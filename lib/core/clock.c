/* SPDX-License-Identifier: BSD-3-Clause */
/* Elapsed time, for reports and the pace of progress callbacks. */
#include "core/core.h"

#include <time.h>

double cseg_clock_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
