/* SPDX-License-Identifier: BSD-3-Clause */
/* The ids of a label map, however large and sparse, as numbers 1..count in raster order. Inside the morphology room only. */
#ifndef CSEG_MORPH_IDS_H
#define CSEG_MORPH_IDS_H

#include "core/core.h"

typedef struct cseg_ids {
    uint32_t *id; /* id[number]; id[0] is 0, the background */
    uint32_t count;
    uint32_t *slot; /* hash table of numbers; 0: empty */
    size_t slots;   /* a power of two */
    size_t room;    /* entries that id[] holds */
} cseg_ids;

/* On failure there is nothing to free. */
cellseg_status cseg_ids_new(cseg_ids *ids, cellseg_context *context, const cseg_plane *labels);
void cseg_ids_free(cseg_ids *ids);

/* The number of an id of the map; 0 for any other id. */
uint32_t cseg_ids_number(const cseg_ids *ids, uint32_t id);

/* to = value[number of from's id]; value has count + 1 entries. to may be from's plane. */
cellseg_status cseg_ids_map(cellseg_context *context, const cseg_ids *ids, const cseg_plane *to, const cseg_plane *from,
                            const uint32_t *value);

#endif
