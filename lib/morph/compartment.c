/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compartments of cells. A cell's nucleus is where both maps have the cell's id; the cytoplasm is the rest of the cell. The ring
 * is the cytoplasm near the nucleus: the nuclei are expanded (expand.c), and what stays in the cell of the same id counts. Cost:
 * one pass; for the ring, the distance transform and two passes.
 */
#include "morph/bands.h"
#include "morph/morph.h"

typedef struct compartment_job {
    const cseg_plane *to, *cells, *nuclei;
    const cseg_plane *limit; /* of the ring: the expanded nuclei */
    int32_t compartment;
} compartment_job;

static cellseg_status select_band(void *data, size_t band) {
    const compartment_job *job = data;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->to->height); y++) {
        const uint32_t *cells = cseg_row_u32(job->cells, y), *nuclei = cseg_row_u32(job->nuclei, y);
        const uint32_t *limit = cseg_row_u32(job->limit, y);
        uint32_t *to = cseg_row_u32(job->to, y);
        const bool inside = job->compartment == CELLSEG_COMPARTMENT_NUCLEUS;
        for (size_t x = 0; x < job->to->width; x++)
            to[x] = (cells[x] == nuclei[x]) == inside && cells[x] == limit[x] ? cells[x] : 0;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_compartment_select(cellseg_context *context, const cseg_plane *to, const cseg_plane *cells,
                                       const cseg_plane *nuclei, int32_t compartment, double ring_px) {
    compartment_job job = {to, cells, nuclei, cells, compartment};
    const size_t bands = cseg_band_count(to->height);
    if (compartment != CELLSEG_COMPARTMENT_RING)
        return cseg_parallel_for(context, bands, select_band, &job);
    cseg_plane expanded;
    CSEG_TRY(cseg_plane_new(&expanded, context, CELLSEG_UINT32, to->height, to->width));
    job.compartment = CELLSEG_COMPARTMENT_NUCLEUS;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, bands, select_band, &job));
    CSEG_TRY_GOTO(done, cseg_expansion_compute(context, &expanded, to, ring_px));
    job.compartment = compartment;
    job.limit = &expanded;
    status = cseg_parallel_for(context, bands, select_band, &job);
done:
    cseg_plane_free(&expanded);
    return status;
}
