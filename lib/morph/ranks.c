/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ranks of an image's distinct values: 0 for the smallest, and the same for equal pixels. A flood needs only the order of its
 * relief, and ranks fit the 32 bits that its cells have. Cost: a radix sort. Memory: 32 bytes per pixel, of which 4 remain.
 */
#include "morph/bands.h"
#include "morph/morph.h"

typedef struct ranks_job {
    const cseg_plane *from;
    cseg_keyed *items; /* the value's key, and the pixel's index */
} ranks_job;

static cellseg_status key_band(void *data, size_t band) {
    const ranks_job *job = data;
    const size_t width = job->from->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->from->height); y++) {
        const double *row = cseg_row_at(job->from, y);
        for (size_t x = 0; x < width; x++) {
            const uint64_t key = (uint64_t)cseg_order_of_double(row[x] + 0.0) ^ (1ULL << 63); /* -0 becomes 0 */
            job->items[y * width + x] = (cseg_keyed){key, y * width + x};
        }
    }
    return CELLSEG_OK;
}

static cellseg_status number(cellseg_context *context, uint32_t *ranks, const cseg_keyed *items, size_t count) {
    enum { POLL = 1 << 20 };
    uint32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(context));
        next += i > 0 && items[i].key != items[i - 1].key;
        ranks[items[i].value] = next;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_ranks_new(cseg_plane *ranks, cellseg_context *context, const cseg_plane *from) {
    assert(from->type == CELLSEG_FLOAT64);
    const size_t count = from->height * from->width;
    *ranks = (cseg_plane){0};
    ranks_job job = {from, cseg_memory_alloc(context, count, sizeof *job.items)};
    if (job.items == NULL)
        return cseg_error_last();
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, cseg_band_count(from->height), key_band, &job));
    CSEG_TRY_GOTO(done, cseg_sort_keyed(context, job.items, count));
    CSEG_TRY_GOTO(done, cseg_plane_new(ranks, context, CELLSEG_UINT32, from->height, from->width));
    status = number(context, ranks->data, job.items, count);
done:
    cseg_memory_free(job.items);
    return status;
}
