/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/core.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *cellseg_version(void) {
    return TEXT(CELLSEG_VERSION_MAJOR) "." TEXT(CELLSEG_VERSION_MINOR) "." TEXT(CELLSEG_VERSION_PATCH);
}

int32_t cellseg_version_number(void) {
    return CELLSEG_VERSION_NUMBER;
}
