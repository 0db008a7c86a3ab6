/* SPDX-License-Identifier: BSD-3-Clause */
/** @file version.h  The version: the one place both builds, the package files and the library read it from. */
#ifndef CELLSEG_VERSION_H
#define CELLSEG_VERSION_H

#include <cellseg/types.h>

#define CELLSEG_VERSION_MAJOR 1
#define CELLSEG_VERSION_MINOR 0
#define CELLSEG_VERSION_PATCH 0

/** The version as one number that rises with every release: 1.2.3 is 1002003. */
#define CELLSEG_VERSION_NUMBER (CELLSEG_VERSION_MAJOR * 1000000 + CELLSEG_VERSION_MINOR * 1000 + CELLSEG_VERSION_PATCH)

/** Whether these headers are of this release or a later one: #if CELLSEG_VERSION_AT_LEAST(1, 2, 0). */
#define CELLSEG_VERSION_AT_LEAST(major, minor, patch) (CELLSEG_VERSION_NUMBER >= (major)*1000000 + (minor)*1000 + (patch))

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version as text, "1.0.0". Threads: any. Never NULL. Since: 1.0 */
CELLSEG_API const char *cellseg_version(void);

/** The library's version as a number, 1000000 for 1.0.0. Differs from CELLSEG_VERSION_NUMBER where the program was built with the
 * headers of another release. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_version_number(void);

#ifdef __cplusplus
}
#endif

#endif
