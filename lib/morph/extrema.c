/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * h-minima, regional and extended minima, and the maxima, which are the minima of the reversed image (Soille 2003, chapter 6).
 *
 * Reconstruction by erosion of f + h over f fills every minimum of depth h or less. Regional minima come from the
 * reconstruction of the image of next larger keys over the image: the result is above the image exactly where every path down
 * first rises. Extended minima are the regional minima of the h-minima. Cost: one or two reconstructions. Memory: two planes
 * of keys.
 */
#include "morph/bands.h"
#include "morph/keys.h"
#include "morph/morph.h"
#include "morph/reconstruct.h"

typedef struct minima_job {
    const cseg_plane *to, *keys, *limit;
} minima_job;

/* The next larger key of every pixel over the pixel's own; walls have none. */
#define DEFINE_STEP_UP(bits)                                                                                                     \
    static void step_up_row_##bits(int##bits##_t *keys, int##bits##_t *limit, size_t width) {                                    \
        for (size_t x = 0; x < width; x++) {                                                                                     \
            limit[x] = keys[x];                                                                                                  \
            keys[x] = keys[x] == CSEG_KEYS_WALL_##bits ? keys[x] : keys[x] + 1;                                                  \
        }                                                                                                                        \
    }
DEFINE_STEP_UP(32)
DEFINE_STEP_UP(64)

static cellseg_status step_up_band(void *data, size_t band) {
    const minima_job *job = data;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->keys->height); y++)
        if (job->keys->type == CSEG_KEYS_32)
            step_up_row_32(cseg_row_at(job->keys, y), cseg_row_at(job->limit, y), job->keys->width);
        else
            step_up_row_64(cseg_row_at(job->keys, y), cseg_row_at(job->limit, y), job->keys->width);
    return CELLSEG_OK;
}

#define MARK(bits)                                                                                                               \
    for (size_t x = 0; x < width; x++)                                                                                           \
    to[x] = ((const int##bits##_t *)keys)[x] > ((const int##bits##_t *)limit)[x]

static cellseg_status mark_band(void *data, size_t band) {
    const minima_job *job = data;
    const size_t width = job->keys->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->keys->height); y++) {
        const void *keys = cseg_row_at(job->keys, y), *limit = cseg_row_at(job->limit, y);
        uint8_t *to = cseg_row_u8(job->to, y);
        if (job->keys->type == CSEG_KEYS_32)
            MARK(32);
        else
            MARK(64);
    }
    return CELLSEG_OK;
}

/* `keys` becomes the h-minima of the image's keys; `limit` is scratch. */
static cellseg_status fill_minima(cellseg_context *context, const cseg_plane *keys, const cseg_plane *limit,
                                  const cseg_plane *from, cseg_key_rule rule, int32_t connectivity) {
    const double raise = rule.raise;
    rule.raise = 0;
    if (raise > 0)
        CSEG_TRY(cseg_keys_encode(context, limit, from, &rule));
    rule.raise = raise;
    CSEG_TRY(cseg_keys_encode(context, keys, from, &rule)); /* last, since `keys` may be the image's plane */
    if (raise == 0)
        return CELLSEG_OK;
    return cseg_reconstruction_keys(context, keys, limit, connectivity);
}

static cellseg_status h_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, cseg_key_rule rule,
                               int32_t connectivity) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && rule.raise >= 0);
    cseg_plane keys, own = {0}, limit = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_keys_place(&keys, &own, context, to));
    CSEG_TRY_GOTO(done, cseg_plane_new(&limit, context, keys.type, from->height, from->width));
    CSEG_TRY_GOTO(done, fill_minima(context, &keys, &limit, from, rule, connectivity));
    status = cseg_keys_decode(context, to, &keys, rule.reversed);
done:
    cseg_plane_free(&own);
    cseg_plane_free(&limit);
    return status;
}

static cellseg_status extended_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, cseg_key_rule rule,
                                      int32_t connectivity) {
    assert(to->type == CELLSEG_UINT8 && cseg_plane_same_size(to, from) && rule.raise >= 0);
    assert(rule.mask == NULL || (rule.mask->type == CELLSEG_UINT8 && cseg_plane_same_size(rule.mask, from)));
    cseg_plane keys = {0}, limit = {0};
    const size_t bands = cseg_band_count(from->height);
    minima_job job = {to, &keys, &limit};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&keys, context, cseg_keys_type(from->type), from->height, from->width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&limit, context, keys.type, from->height, from->width));
    CSEG_TRY_GOTO(done, fill_minima(context, &keys, &limit, from, rule, connectivity));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, bands, step_up_band, &job));
    CSEG_TRY_GOTO(done, cseg_reconstruction_keys(context, &keys, &limit, connectivity));
    status = cseg_parallel_for(context, bands, mark_band, &job);
done:
    cseg_plane_free(&keys);
    cseg_plane_free(&limit);
    return status;
}

cellseg_status cseg_extrema_h_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                     int32_t connectivity) {
    return h_minima(context, to, from, (cseg_key_rule){.raise = h}, connectivity);
}

cellseg_status cseg_extrema_h_maxima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                     int32_t connectivity) {
    return h_minima(context, to, from, (cseg_key_rule){.raise = h, .reversed = true}, connectivity);
}

cellseg_status cseg_extrema_extended_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                            const cseg_plane *mask, int32_t connectivity) {
    return extended_minima(context, to, from, (cseg_key_rule){.raise = h, .mask = mask}, connectivity);
}

cellseg_status cseg_extrema_extended_maxima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                            const cseg_plane *mask, int32_t connectivity) {
    return extended_minima(context, to, from, (cseg_key_rule){.raise = h, .mask = mask, .reversed = true}, connectivity);
}
