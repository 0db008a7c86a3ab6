/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ids to numbers by an open-addressing hash table, so that a map whose largest id is 2^32 - 1 takes no more memory than one
 * whose ids are in sequence. Cost: a search of the table for every change of id along a row.
 */
#include "morph/ids.h"
#include "morph/bands.h"

#include <string.h>

static size_t slot_of(const cseg_ids *ids, uint32_t id) {
    uint64_t hash = id * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
    size_t slot = (size_t)hash & (ids->slots - 1);
    while (ids->slot[slot] != 0 && ids->id[ids->slot[slot]] != id)
        slot = (slot + 1) & (ids->slots - 1);
    return slot;
}

uint32_t cseg_ids_number(const cseg_ids *ids, uint32_t id) {
    return id != 0 ? ids->slot[slot_of(ids, id)] : 0;
}

/* Twice the capacity; the table stays at most half full. */
static cellseg_status grow(cseg_ids *ids, cellseg_context *context) {
    const size_t room = ids->room == 0 ? 1024 : 2 * ids->room;
    uint32_t *id = cseg_memory_alloc(context, room, sizeof *id), *slot = cseg_memory_calloc(context, 2 * room, sizeof *slot);
    if (id == NULL || slot == NULL) {
        const cellseg_status status = cseg_error_last();
        cseg_memory_free(id);
        cseg_memory_free(slot);
        return status;
    }
    id[0] = 0;
    if (ids->room > 0)
        memcpy(id, ids->id, ids->room * sizeof *id);
    cseg_memory_free(ids->id);
    cseg_memory_free(ids->slot);
    *ids = (cseg_ids){id, ids->count, slot, 2 * room, room};
    for (uint32_t number = 1; number <= ids->count; number++)
        ids->slot[slot_of(ids, id[number])] = number;
    return CELLSEG_OK;
}

static cellseg_status collect(cseg_ids *ids, cellseg_context *context, const cseg_plane *labels) {
    CSEG_TRY(grow(ids, context));
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *row = cseg_row_u32(labels, y);
        uint32_t last = 0;
        for (size_t x = 0; x < labels->width; x++) {
            if (row[x] == last || row[x] == 0)
                continue;
            last = row[x];
            size_t slot = slot_of(ids, last);
            if (ids->slot[slot] != 0)
                continue;
            if (ids->count + 1 == ids->room) {
                CSEG_TRY(grow(ids, context));
                slot = slot_of(ids, last);
            }
            ids->slot[slot] = ++ids->count;
            ids->id[ids->count] = last;
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_ids_new(cseg_ids *ids, cellseg_context *context, const cseg_plane *labels) {
    *ids = (cseg_ids){0};
    const cellseg_status status = collect(ids, context, labels);
    if (status != CELLSEG_OK)
        cseg_ids_free(ids);
    return status;
}

void cseg_ids_free(cseg_ids *ids) {
    cseg_memory_free(ids->id);
    cseg_memory_free(ids->slot);
    *ids = (cseg_ids){0};
}

typedef struct map_job {
    const cseg_ids *ids;
    const cseg_plane *to, *from;
    const uint32_t *value;
} map_job;

static cellseg_status map_band(void *data, size_t band) {
    const map_job *job = data;
    uint32_t id = 0, value = job->value[0];
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->from->height); y++) {
        const uint32_t *from = cseg_row_u32(job->from, y);
        uint32_t *to = cseg_row_u32(job->to, y);
        for (size_t x = 0; x < job->from->width; x++) {
            if (from[x] != id) {
                id = from[x];
                value = job->value[cseg_ids_number(job->ids, id)];
            }
            to[x] = value;
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_ids_map(cellseg_context *context, const cseg_ids *ids, const cseg_plane *to, const cseg_plane *from,
                            const uint32_t *value) {
    map_job job = {ids, to, from, value};
    return cseg_parallel_for(context, cseg_band_count(from->height), map_band, &job);
}

cellseg_status cseg_ids_compact(cellseg_context *context, const cseg_plane *labels, uint32_t *count) {
    cseg_ids ids;
    *count = 0;
    CSEG_TRY(cseg_ids_new(&ids, context, labels));
    cellseg_status status = CELLSEG_OK;
    uint32_t *number = cseg_memory_alloc(context, (size_t)ids.count + 1, sizeof *number);
    if (number != NULL) {
        for (uint32_t i = 0; i <= ids.count; i++)
            number[i] = i;
        status = cseg_ids_map(context, &ids, labels, labels, number);
        *count = ids.count;
    } else
        status = cseg_error_last();
    cseg_memory_free(number);
    cseg_ids_free(&ids);
    return status;
}
