/* SPDX-License-Identifier: BSD-3-Clause */
/* Expanding labels: every background pixel takes the id of the nearest labelled pixel (nearest.c). Cost: as the distance
 * transform. */
#include "morph/bands.h"
#include "morph/morph.h"

typedef struct expand_job {
    const cseg_plane *to, *from, *mask;
    double max_square;
} expand_job;

static cellseg_status mask_band(void *data, size_t band) {
    const expand_job *job = data;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->from->height); y++) {
        const uint32_t *from = cseg_row_u32(job->from, y);
        uint8_t *mask = cseg_row_u8(job->mask, y);
        for (size_t x = 0; x < job->from->width; x++)
            mask[x] = from[x] == 0;
    }
    return CELLSEG_OK;
}

/* `to` holds the nearest labelled pixel of each pixel; in a map without labels, no pixel of the map. */
static cellseg_status fetch_band(void *data, size_t band) {
    const expand_job *job = data;
    const size_t width = job->from->width, pixels = job->from->height * width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->from->height); y++) {
        uint32_t *to = cseg_row_u32(job->to, y);
        for (size_t x = 0; x < width; x++) {
            const size_t row = to[x] / width, column = to[x] % width;
            const double dy = (double)row - (double)y, dx = (double)column - (double)x;
            to[x] = to[x] < pixels && dy * dy + dx * dx <= job->max_square ? cseg_row_u32(job->from, row)[column] : 0;
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_expansion_compute(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double distance) {
    assert(to->type == CELLSEG_UINT32 && from->type == CELLSEG_UINT32 && cseg_plane_same_size(to, from) &&
           to->data != from->data);
    cseg_plane mask;
    CSEG_TRY(cseg_plane_new(&mask, context, CELLSEG_UINT8, from->height, from->width));
    expand_job job = {to, from, &mask, distance * distance};
    const size_t bands = cseg_band_count(from->height);
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, bands, mask_band, &job));
    CSEG_TRY_GOTO(done, cseg_nearest_find(context, to, &mask));
    status = cseg_parallel_for(context, bands, fetch_band, &job);
done:
    cseg_plane_free(&mask);
    return status;
}
