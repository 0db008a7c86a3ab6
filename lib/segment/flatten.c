/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A channel as it was recorded, resampled to the working scale, stuck pixels replaced, its illumination evened by a white top-hat
 * with a flat square. Its noise is estimated as in Immerkaer, "Fast noise variance estimation" (CVIU 64, 1996), from the residual
 * of a mask that ignores planes and edges, but by its median, which structure disturbs less than the mean.
 *
 * Tile by tile: a pixel depends on those within the top-hat's square. Cost: about ten passes over the channel.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>

/* Beyond this a sum of a few pixels could overflow a float. */
#define LARGEST_PIXEL 1e30

typedef struct flatten_job {
    const cseg_scratch *scratch;
    const cseg_store *channel;
    const char *what; /* the channel's name */
    cseg_flat *out;
    cseg_store residual; /* of the noise: at the coarser of both scales */
    double range;        /* of the inner 98 % of the channel's pixels */
    bool has_stuck;
    size_t edge; /* of the top-hat; 0: none */
} flatten_job;

/* ---- the channel's figures ---- */

static cseg_tiles tiles_of(const flatten_job *job, const cseg_store *store, size_t pixel_bytes, size_t halo) {
    return (cseg_tiles){
        .scratch = job->scratch, .height = store->height, .width = store->width, .pixel_bytes = pixel_bytes, .halo = halo};
}

static cellseg_status check_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const flatten_job *job = data;
    cseg_part part;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&part, job->channel, tile));
    const cellseg_status status =
        cseg_plane_check_finite_at(job->scratch->context, &part.plane, tile->top, tile->left, job->what);
    cseg_part_close(&part);
    return status;
}

static cellseg_status check_pixels(const flatten_job *job, double *largest) {
    const cseg_tiles tiles = tiles_of(job, job->channel, cseg_plane_type_size(job->channel->type), 0);
    double lo, hi;
    if (job->channel->type == CELLSEG_FLOAT32 || job->channel->type == CELLSEG_FLOAT64)
        CSEG_TRY(cseg_tiles_run(&tiles, check_tile, (void *)job));
    CSEG_TRY(cseg_histogram_range_stored(job->scratch->context, &lo, &hi, job->channel));
    *largest = fmax(fabs(lo), fabs(hi));
    if (*largest > LARGEST_PIXEL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: pixels from %g to %g are out of range", job->what, lo, hi);
    return CELLSEG_OK;
}

/* Rounding grows with the largest pixel, but not with a few that lie far beyond all others: they are rounded by themselves. */
static double rounding_of(double largest, const double ends[2]) {
    const double far_beyond = 16;
    return fmin(largest, far_beyond * fmax(fabs(ends[0]), fabs(ends[1]))) * 0x1p-21;
}

/* A window's edge has fewer neighbours, so that a pixel may be found there that is none: the search is then in vain. */
static cellseg_status find_stuck_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    flatten_job *job = data;
    cseg_part part;
    (void)tile;
    (void)sure;
    if (job->has_stuck)
        return CELLSEG_OK;
    CSEG_TRY(cseg_part_open(&part, job->channel, window));
    const cellseg_status status = cseg_hot_find(job->scratch->context, &job->has_stuck, &part.plane, job->range);
    cseg_part_close(&part);
    return status;
}

static cellseg_status measure_channel(flatten_job *job) {
    static const double percents[2] = {1, 99};
    double ends[2], largest;
    CSEG_TRY(check_pixels(job, &largest));
    CSEG_TRY(cseg_percentiles_find_stored(job->scratch->context, ends, percents, 2, job->channel));
    job->range = ends[1] - ends[0];
    job->out->rounding = rounding_of(largest, ends);
    const cseg_tiles tiles = tiles_of(job, job->channel, cseg_plane_type_size(job->channel->type), 1);
    return cseg_tiles_run(&tiles, find_stuck_tile, job);
}

/* A rectangle of the channel, as float without stuck pixels where there may be one, else as it is. */
static cellseg_status open_channel(cseg_part *part, const flatten_job *job, const cseg_rect *rect, bool as_float) {
    if (!job->has_stuck)
        return as_float ? cseg_part_open_f32(part, job->channel, rect) : cseg_part_open(part, job->channel, rect);
    cseg_part from;
    CSEG_TRY(cseg_part_open_f32(part, job->channel, rect));
    cellseg_status status = cseg_part_open(&from, job->channel, rect);
    if (status == CELLSEG_OK)
        status = cseg_hot_replace(job->scratch->context, &part->plane, &from.plane, job->range);
    cseg_part_close(&from);
    if (status != CELLSEG_OK)
        cseg_part_close(part);
    return status;
}

/* ---- noise ---- */

typedef struct residual_job {
    const cseg_plane *to, *from;
} residual_job;

static size_t clamp(size_t i, int step, size_t length) {
    if (step < 0)
        return i > 0 ? i - 1 : i;
    return i + 1 < length ? i + 1 : i;
}

static cellseg_status residual_row(void *data, size_t y) {
    const residual_job *job = data;
    const cseg_plane *from = job->from;
    float *to = cseg_row_f32(job->to, y);
    const float *above = cseg_row_f32(from, clamp(y, -1, from->height)), *row = cseg_row_f32(from, y);
    const float *below = cseg_row_f32(from, clamp(y, 1, from->height));
    for (size_t x = 0; x < from->width; x++) {
        const size_t l = clamp(x, -1, from->width), r = clamp(x, 1, from->width);
        const float middle = row[l] - 2 * row[x] + row[r];
        const float outer = (above[l] - 2 * above[x] + above[r]) + (below[l] - 2 * below[x] + below[r]);
        to[x] = fabsf(outer - 2 * middle);
    }
    return CELLSEG_OK;
}

/* Write the tile's part of the residual of a window's pixels. */
static cellseg_status put_residual(const flatten_job *job, const cseg_plane *pixels, const cseg_rect *tile,
                                   const cseg_rect *window) {
    cseg_plane residual;
    residual_job rows = {&residual, pixels};
    CSEG_TRY(cseg_plane_new(&residual, job->scratch->context, CELLSEG_FLOAT32, pixels->height, pixels->width));
    cellseg_status status = cseg_parallel_for(job->scratch->context, pixels->height, residual_row, &rows);
    if (status == CELLSEG_OK)
        status = cseg_store_put_core(&job->residual, &residual, window, tile);
    cseg_plane_free(&residual);
    return status;
}

static cellseg_status channel_residual_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const flatten_job *job = data;
    cseg_part part;
    (void)sure;
    CSEG_TRY(open_channel(&part, job, window, true));
    const cellseg_status status = put_residual(job, &part.plane, tile, window);
    cseg_part_close(&part);
    return status;
}

/* Integers are rounded to levels: half a level, evenly distributed, which a nearly constant image hides from the median. */
static double level_noise(int32_t type) {
    return type == CELLSEG_FLOAT32 || type == CELLSEG_FLOAT64 ? 0 : 0.28867513459481287;
}

static cellseg_status measure_noise(const flatten_job *job) {
    const double median_of_normal = 0.6744897501960817, gain_of_mask = 6, half = 50;
    double median;
    CSEG_TRY(cseg_percentiles_find_stored(job->scratch->context, &median, &half, 1, &job->residual));
    job->out->noise = fmax(median / (median_of_normal * gain_of_mask), level_noise(job->channel->type));
    return CELLSEG_OK;
}

/* ---- tiles ---- */

/* Interpolation smooths noise away, so where the image grows the noise is what it was before. */
static bool grows(const flatten_job *job) {
    return job->out->store.height > job->channel->height;
}

/* A window at the working scale: a new plane, illumination not yet evened. */
static cellseg_status resample(cseg_plane *plane, const flatten_job *job, const cseg_rect *window) {
    const cseg_store *to = &job->out->store, *from = job->channel;
    const cseg_rect needed = cseg_resample_needs(window, to->height, to->width, from->height, from->width);
    const cseg_rect rect = cseg_rectangle_grow(&needed, 1, from->height, from->width); /* neighbours of stuck pixels */
    cseg_part part;
    CSEG_TRY(cseg_plane_new(plane, job->scratch->context, CELLSEG_FLOAT32, window->height, window->width));
    cellseg_status status = open_channel(&part, job, &rect, grows(job));
    const cseg_piece out = {*plane, window->top, window->left, to->height, to->width};
    const cseg_piece in = {part.plane, rect.top, rect.left, from->height, from->width};
    if (status == CELLSEG_OK)
        status = cseg_resample_linear_piece(job->scratch->context, &out, &in);
    cseg_part_close(&part);
    if (status != CELLSEG_OK)
        cseg_plane_free(plane);
    return status;
}

static cellseg_status flatten_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const flatten_job *job = data;
    cseg_plane plane;
    (void)sure;
    CSEG_TRY(resample(&plane, job, window));
    cellseg_status status = CELLSEG_OK;
    if (!grows(job))
        status = put_residual(job, &plane, tile, window);
    if (status == CELLSEG_OK && job->edge > 1)
        status = cseg_rect_top_hat(job->scratch->context, &plane, &plane, job->edge, job->edge);
    if (status == CELLSEG_OK)
        status = cseg_store_put_core(&job->out->store, &plane, window, tile);
    cseg_plane_free(&plane);
    return status;
}

static cellseg_status flatten_tiles(flatten_job *job) {
    const cseg_store *to = &job->out->store, *from = job->channel, *noisy = grows(job) ? from : to;
    const size_t sample = cseg_plane_type_size(from->type) + (job->has_stuck ? sizeof(float) : 0);
    const double own = (double)from->height * (double)from->width / ((double)to->height * (double)to->width);
    const cseg_tiles channel = tiles_of(job, from, sample + 2 * sizeof(float), 2);
    const cseg_tiles tiles = tiles_of(job, to, 4 * sizeof(float) + (size_t)ceil(own * (double)(sample + sizeof(float))),
                                      job->edge > 1 ? job->edge : 1);
    CSEG_TRY(cseg_store_new(&job->residual, job->scratch, CELLSEG_FLOAT32, noisy->height, noisy->width));
    if (grows(job))
        CSEG_TRY(cseg_tiles_run(&channel, channel_residual_tile, job));
    CSEG_TRY(cseg_tiles_run(&tiles, flatten_tile, job));
    return measure_noise(job);
}

cellseg_status cseg_flatten_run(const cseg_scratch *scratch, cseg_flat *out, const cseg_store *channel, const char *what,
                                size_t height, size_t width, const cseg_rule *rule) {
    const double edge = fmin(floor(rule->top_hat_um / rule->pixel_size_um + 0.5), INT32_MAX);
    flatten_job job = {.scratch = scratch, .channel = channel, .what = what, .out = out, .edge = (size_t)edge};
    *out = (cseg_flat){0};
    CSEG_TRY(cseg_store_new(&out->store, scratch, CELLSEG_FLOAT32, height, width));
    cellseg_status status = measure_channel(&job);
    if (status == CELLSEG_OK)
        status = flatten_tiles(&job);
    cseg_store_free(&job.residual);
    if (status != CELLSEG_OK)
        cseg_store_free(&out->store);
    return status;
}
