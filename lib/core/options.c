/* SPDX-License-Identifier: BSD-3-Clause */
/* Size-first option structs: how an old program and a new library, or the reverse, read each other's. */
#include "core/core.h"

#include <string.h>

static size_t struct_size_of(const void *options) {
    size_t size;
    memcpy(&size, options, sizeof size);
    return size;
}

cellseg_status cseg_options_copy(void *own, size_t own_size, size_t first_release_size, const void *theirs, const char *name) {
    if (theirs == NULL)
        return CELLSEG_OK;
    const size_t size = struct_size_of(theirs);
    if (size < first_release_size || size > 65536)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: struct_size is %zu; call its init function first", name, size);
    const unsigned char *bytes = theirs;
    for (size_t i = own_size; i < size; i++)
        if (bytes[i] != 0)
            return cseg_fail(CELLSEG_ERR_ARGUMENT,
                             "%s: byte %zu is set, a member that libcellseg %s lacks; the program was built against a newer "
                             "header: set the member to 0, or install the libcellseg of that header or a later one",
                             name, i, cellseg_version());
    memcpy(own, theirs, size < own_size ? size : own_size);
    memcpy(own, &own_size, sizeof own_size);
    return CELLSEG_OK;
}

cellseg_status cseg_options_init(void *theirs, size_t their_size, const void *defaults, size_t own_size,
                                 size_t first_release_size, const char *name) {
    if (theirs == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", name);
    if (their_size < first_release_size || their_size > 65536)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: struct_size is %zu", name, their_size);
    memset(theirs, 0, their_size);
    memcpy(theirs, defaults, their_size < own_size ? their_size : own_size);
    memcpy(theirs, &their_size, sizeof their_size);
    return CELLSEG_OK;
}

cellseg_status cseg_range_check(const char *name, double value, double lo, double hi) {
    if (value >= lo && value <= hi)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %g; it must lie in [%g, %g]", name, value, lo, hi);
}
