/* SPDX-License-Identifier: BSD-3-Clause */
/* The largest id of a label map, and new ids 1, 2, ... for the ids that stay. Cost: one or two passes over the map. */
#include "morph/bands.h"
#include "morph/morph.h"

#include <string.h>

typedef struct labels_job {
    const cseg_plane *labels;
    const uint32_t *new_id;
    uint32_t *largest; /* by band: the largest id */
} labels_job;

static cellseg_status find_largest(void *data, size_t band) {
    const labels_job *job = data;
    uint32_t max_id = 0;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->labels->height); y++) {
        const uint32_t *row = cseg_row_u32(job->labels, y);
        for (size_t x = 0; x < job->labels->width; x++)
            max_id = row[x] > max_id ? row[x] : max_id;
    }
    job->largest[band] = max_id;
    return CELLSEG_OK;
}

cellseg_status cseg_relabel_max_id(cellseg_context *context, uint32_t *max_id, const cseg_plane *labels) {
    assert(labels->type == CELLSEG_UINT32);
    *max_id = 0;
    const size_t bands = cseg_band_count(labels->height);
    labels_job job = {.labels = labels, .largest = cseg_memory_alloc(context, bands, sizeof *job.largest)};
    if (job.largest == NULL)
        return cseg_error_last();
    const cellseg_status status = cseg_parallel_for(context, bands, find_largest, &job);
    for (size_t band = 0; band < bands && status == CELLSEG_OK; band++)
        *max_id = job.largest[band] > *max_id ? job.largest[band] : *max_id;
    cseg_memory_free(job.largest);
    return status;
}

/* New ids in raster order of first pixels. Serial: the loop only reads, and most pixels have the id of the pixel before. */
static uint32_t number_in_raster_order(const cseg_plane *labels, const uint8_t *keep, uint32_t *new_id) {
    uint32_t count = 0;
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *row = cseg_row_u32(labels, y);
        uint32_t last = 0;
        for (size_t x = 0; x < labels->width; x++) {
            if (row[x] == last || row[x] == 0)
                continue;
            last = row[x];
            if (new_id[last] == 0 && (keep == NULL || keep[last] != 0))
                new_id[last] = ++count;
        }
    }
    return count;
}

static cellseg_status renumber_band(void *data, size_t band) {
    const labels_job *job = data;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->labels->height); y++) {
        uint32_t *row = cseg_row_u32(job->labels, y);
        for (size_t x = 0; x < job->labels->width; x++)
            row[x] = job->new_id[row[x]];
    }
    return CELLSEG_OK;
}

cellseg_status cseg_relabel_apply(cellseg_context *context, const cseg_plane *labels, const uint8_t *keep, uint32_t *renumbered,
                                  uint32_t *count) {
    assert(labels->type == CELLSEG_UINT32);
    uint32_t max_id;
    CSEG_TRY(cseg_relabel_max_id(context, &max_id, labels));
    uint32_t *own = NULL;
    if (renumbered == NULL) {
        own = cseg_memory_alloc(context, (size_t)max_id + 1, sizeof *own);
        if (own == NULL)
            return cseg_error_last();
        renumbered = own;
    }
    memset(renumbered, 0, ((size_t)max_id + 1) * sizeof *renumbered);
    *count = number_in_raster_order(labels, keep, renumbered);
    labels_job job = {.labels = labels, .new_id = renumbered};
    const cellseg_status status = cseg_parallel_for(context, cseg_band_count(labels->height), renumber_band, &job);
    cseg_memory_free(own);
    return status;
}
