/* SPDX-License-Identifier: BSD-3-Clause */
/* The stem of a file name, which names the image; the rest is the kind of file. */
#ifndef CLI_STEM_H
#define CLI_STEM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of a name without its known endings, in any case: first of an image or of labels (.tif, .png, .geojson,
 * _seg.npy ...), then .ome, then the kind of a result (.cells, .nuclei, .maps, _cp_masks ...) or `ending`. Each is taken off
 * once, and only while something is left. "drug_1.5uM.cells.tif": 10. ending: NULL, or one more, for instance "_mask". is_result:
 * whether one of the last two was there.
 */
size_t stem_length(const char *name, const char *ending, bool *is_result);

#endif
