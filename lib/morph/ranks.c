/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ranks of an image's distinct values: 0 for the smallest, and the same for equal pixels. A flood needs only the order of its
 * relief, and ranks fit the 32 bits that its cells have. Cost: a radix sort. Memory: 32 bytes per pixel, of which 4 remain.
 */
#include "morph/morph.h"

static void rank(const cseg_plane *ranks, const cseg_keyed *items, size_t count) {
    uint32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        next += i > 0 && items[i].key != items[i - 1].key;
        ((uint32_t *)ranks->data)[items[i].value] = next;
    }
}

cellseg_status cseg_ranks_new(cseg_plane *ranks, cellseg_context *context, const cseg_plane *from) {
    assert(from->type == CELLSEG_FLOAT64);
    const size_t count = from->height * from->width;
    *ranks = (cseg_plane){0};
    cseg_keyed *items = cseg_memory_alloc(context, count, sizeof *items);
    if (items == NULL)
        return cseg_error_last();
    for (size_t y = 0, i = 0; y < from->height; y++)
        for (size_t x = 0; x < from->width; x++, i++) {
            const double value = ((const double *)cseg_row_at(from, y))[x] + 0.0; /* -0 becomes 0 */
            items[i] = (cseg_keyed){(uint64_t)cseg_order_of_double(value) ^ (1ULL << 63), i};
        }
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_sort_keyed(context, items, count));
    CSEG_TRY_GOTO(done, cseg_plane_new(ranks, context, CELLSEG_UINT32, from->height, from->width));
    rank(ranks, items, count);
done:
    cseg_memory_free(items);
    return status;
}
