/* SPDX-License-Identifier: BSD-3-Clause */
/** @file version.h  The version: the one place both builds, the package files and the library read it from. */
#ifndef CELLSEG_VERSION_H
#define CELLSEG_VERSION_H

#define CELLSEG_VERSION_MAJOR 1
#define CELLSEG_VERSION_MINOR 0
#define CELLSEG_VERSION_PATCH 0

#endif
