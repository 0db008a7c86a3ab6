/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources and sinks inside the library (source.c, sink.c). Part of core.h. */
#ifndef CSEG_CORE_SOURCE_H
#define CSEG_CORE_SOURCE_H

#include <cellseg/source.h>

/*
 * The library's own sources and sinks: their callbacks may return a negative status in place of an errno. The thread's last line
 * is then the fault, which the caller gets led by the name.
 */
cellseg_status cseg_source_new(cellseg_source **out, cellseg_context *context, const cellseg_source_callbacks *callbacks);
cellseg_status cseg_sink_new(cellseg_sink **out, cellseg_context *context, const cellseg_sink_callbacks *callbacks);

/* cellseg_source_read() into a plane of the source's type, for a rectangle and a channel that are there. */
cellseg_status cseg_source_read_plane(cellseg_source *source, const cseg_plane *to, int32_t channel, size_t top, size_t left);

/* The user of a source's callbacks. */
void *cseg_source_user(const cellseg_source *source);

#endif
