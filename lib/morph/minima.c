/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended minima (Soille 2003, chapter 6): reconstruction by erosion of f + h over f suppresses every minimum of depth h or
 * less; what is left that no path can leave downwards are the regional minima. These come from a second reconstruction, of the
 * next larger number over each: it stays above the image exactly on regional minima. Cost: two reconstructions. Memory: two int32
 * planes.
 */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/reconstruct.h"

enum { WALL = INT32_MAX };

typedef struct minima_job {
    const cseg_plane *to, *from, *mask, *keys, *limit;
    float h;
} minima_job;

static int32_t *keys_of(const cseg_plane *plane, size_t y) {
    return (int32_t *)cseg_row(plane, y);
}

static cellseg_status raise_band(void *data, size_t band) {
    const minima_job *job = data;
    for (size_t y = band_begin(band); y < band_end(band, job->from->height); y++) {
        const float *from = cseg_row_f32(job->from, y);
        const uint8_t *mask = job->mask != NULL ? cseg_row_u8(job->mask, y) : NULL;
        int32_t *keys = keys_of(job->keys, y), *limit = keys_of(job->limit, y);
        for (size_t x = 0; x < job->from->width; x++) {
            const bool wall = mask != NULL && mask[x] == 0;
            limit[x] = wall ? (int32_t)WALL : cseg_key_of(from[x]);
            keys[x] = wall ? (int32_t)WALL : cseg_key_of(from[x] + job->h);
        }
    }
    return CELLSEG_OK;
}

static cellseg_status step_up_band(void *data, size_t band) {
    const minima_job *job = data;
    for (size_t y = band_begin(band); y < band_end(band, job->from->height); y++) {
        int32_t *keys = keys_of(job->keys, y), *limit = keys_of(job->limit, y);
        for (size_t x = 0; x < job->from->width; x++) {
            limit[x] = keys[x];
            keys[x] = keys[x] == (int32_t)WALL ? (int32_t)WALL : keys[x] + 1;
        }
    }
    return CELLSEG_OK;
}

static cellseg_status mark_band(void *data, size_t band) {
    const minima_job *job = data;
    for (size_t y = band_begin(band); y < band_end(band, job->from->height); y++) {
        const int32_t *keys = keys_of(job->keys, y), *limit = keys_of(job->limit, y);
        uint8_t *to = cseg_row_u8(job->to, y);
        for (size_t x = 0; x < job->from->width; x++)
            to[x] = keys[x] > limit[x];
    }
    return CELLSEG_OK;
}

cellseg_status cseg_morph_extended_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                          const cseg_plane *mask, int32_t connectivity) {
    assert(to->type == CELLSEG_UINT8 && from->type == CELLSEG_FLOAT32 && same_size(to, from) && h >= 0);
    assert(mask == NULL || (mask->type == CELLSEG_UINT8 && same_size(mask, from)));
    cseg_plane keys = {0}, limit = {0};
    const size_t bands = band_count(from->height);
    minima_job job = {to, from, mask, &keys, &limit, (float)h};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&keys, context, CELLSEG_FLOAT32, from->height, from->width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&limit, context, CELLSEG_FLOAT32, from->height, from->width));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, bands, raise_band, &job));
    if (h > 0)
        CSEG_TRY_GOTO(done, cseg_reconstruct_keys(context, &keys, &limit, connectivity));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, bands, step_up_band, &job));
    CSEG_TRY_GOTO(done, cseg_reconstruct_keys(context, &keys, &limit, connectivity));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, bands, mark_band, &job));
done:
    cseg_plane_free(&keys);
    cseg_plane_free(&limit);
    return status;
}
