/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources and sinks inside the library (source.c, sink.c). Part of core.h. */
#ifndef CSEG_CORE_SOURCE_H
#define CSEG_CORE_SOURCE_H

#include <cellseg/source.h>

/*
 * A callback of this library's own may return a negative status in place of an errno: the thread's last line is then the fault,
 * and cellseg_source_read(), _sink_write() and _sink_finish() return the status, the line led by the name.
 */

/* cellseg_source_read() for arguments that are known to be right: a rectangle of a channel as a plane that the caller has. */
cellseg_status cseg_source_read_plane(cellseg_source *source, const cseg_plane *to, int32_t channel, size_t top, size_t left);
const char *cseg_source_name(const cellseg_source *source);
/* NULL: the channel has no name. */
const char *cseg_source_channel_name(const cellseg_source *source, int32_t channel);

#endif
