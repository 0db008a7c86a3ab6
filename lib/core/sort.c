/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Radix sort of 64-bit keys that carry a value: stable, and the same result everywhere. Eight passes, without those whose byte
 * is the same in every key. Costs one copy of the items. (The C library's qsort is not stable and may allocate without the
 * context's hooks.)
 */
#include "core/core.h"

#include <string.h>

enum { BYTES = 8, BUCKETS = 256, POLL = 1 << 20 };

static size_t bucket(uint64_t key, int byte) {
    return (size_t)(key >> (8 * byte)) & (BUCKETS - 1);
}

/* Move every item behind those of lower byte; counts becomes positions. */
static cellseg_status scatter(cellseg_context *context, cseg_keyed *to, const cseg_keyed *from, size_t count, int byte,
                              size_t counts[BUCKETS]) {
    size_t place = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        const size_t here = counts[b];
        counts[b] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++) {
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(context));
        to[counts[bucket(from[i].key, byte)]++] = from[i];
    }
    return CELLSEG_OK;
}

static cellseg_status count_bytes(cellseg_context *context, size_t counts[BYTES][BUCKETS], const cseg_keyed *items,
                                  size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(context));
        for (int byte = 0; byte < BYTES; byte++)
            counts[byte][bucket(items[i].key, byte)]++;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_sort_keyed(cellseg_context *context, cseg_keyed *items, size_t count) {
    if (count < 2)
        return CELLSEG_OK;
    cseg_keyed *scratch = cseg_memory_alloc(context, count, sizeof *scratch);
    if (scratch == NULL)
        return cseg_error_last();
    size_t counts[BYTES][BUCKETS] = {{0}};
    cseg_keyed *from = items, *to = scratch;
    cellseg_status status;
    CSEG_TRY_GOTO(done, count_bytes(context, counts, items, count));
    for (int byte = 0; byte < BYTES; byte++) {
        if (counts[byte][bucket(items[0].key, byte)] == count)
            continue;
        CSEG_TRY_GOTO(done, scatter(context, to, from, count, byte, counts[byte]));
        cseg_keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
done:
    cseg_memory_free(scratch);
    return status;
}
