/* SPDX-License-Identifier: BSD-3-Clause */
/* Connected parts of label maps: pixels of one id that touch, by 4-connectivity. For the segment room's tidying. */
#ifndef CSEG_SEGMENT_PARTS_H
#define CSEG_SEGMENT_PARTS_H

#include "core/core.h"

#define CSEG_NO_PART SIZE_MAX

/* For every id up to `most`, where its largest part begins (pixel index y * width + x, of equal parts the first in raster order),
 * or CSEG_NO_PART. starts has most + 1 entries. */
cellseg_status cseg_segment_largest_parts(cellseg_context *context, size_t *starts, uint32_t most, const cseg_plane *labels);

/* Clear, in place, every pixel that is not in the part of its id that begins at starts[id]. A start of another id counts as none.
 */
cellseg_status cseg_segment_keep_parts(cellseg_context *context, const cseg_plane *labels, const size_t *starts, uint32_t most);

#endif
