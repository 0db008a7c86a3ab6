/* SPDX-License-Identifier: BSD-3-Clause */
/** @file version.h  The version: the one place both builds, the package files and the library read it from. */
#ifndef CELLSEG_VERSION_H
#define CELLSEG_VERSION_H

#include <cellseg/types.h>

#define CELLSEG_VERSION_MAJOR 1
#define CELLSEG_VERSION_MINOR 0
#define CELLSEG_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version as text, "1.0.0". Threads: any. Never NULL. Since: 1.0 */
CELLSEG_API const char *cellseg_version(void);

#ifdef __cplusplus
}
#endif

#endif
