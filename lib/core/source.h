/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources inside the library (source.c). Part of core.h. */
#ifndef CSEG_CORE_SOURCE_H
#define CSEG_CORE_SOURCE_H

#include <cellseg/source.h>

/* cellseg_source_read() into a plane of the source's type, for a rectangle and a channel that are there. */
cellseg_status cseg_source_read_plane(cellseg_source *source, const cseg_plane *to, int32_t channel, size_t top, size_t left);

#endif
