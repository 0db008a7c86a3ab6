/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flat channel scaled so that neither gain, offset nor bit depth count: two percentiles become 0 and 1. Stretching between
 * percentiles would turn the noise of an empty image into content. The range is therefore never less than a multiple of the
 * noise's standard deviation. Cost: three passes over the channel.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>

/* A length in pixels of another scale; at least 1. */
static size_t scaled_length(size_t length, double scale) {
    const double scaled = floor((double)length * scale + 0.5);
    return scaled < 1 ? 1 : (size_t)scaled;
}

cellseg_status cseg_preprocess_working_size(size_t *working_height, size_t *working_width, size_t height, size_t width,
                                            double pixel_size_um, double working_pixel_size_um) {
    *working_height = *working_width = 0;
    const double scale = pixel_size_um / working_pixel_size_um;
    if (!(scale <= CSEG_MAX_ENLARGED))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "pixels of %g um are more than %d times as large as the working scale's of %g um",
                         pixel_size_um, (int)CSEG_MAX_ENLARGED, working_pixel_size_um);
    if (!((double)height * scale < INT32_MAX && (double)width * scale < INT32_MAX))
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels of %g um are too many at the working scale's %g um", height, width,
                         pixel_size_um, working_pixel_size_um);
    *working_height = scaled_length(height, scale);
    *working_width = scaled_length(width, scale);
    return CELLSEG_OK;
}

/* ---- normalise ---- */

typedef struct normalise_job {
    const cseg_plane *to, *from;
    const cseg_scaling *scaling;
} normalise_job;

/* x^p for x >= 0, without the C library's pow. */
static double power_of(double x, double p) {
    if (p == 1 || x == 0)
        return x;
    return p == 0.5 ? sqrt(x) : cseg_math_exp(p * cseg_math_log(x));
}

static double scaled(const cseg_scaling *s, double pixel) {
    double value = (pixel - s->zero) * s->scale;
    value = value > 0 ? value : 0;
    value = value < s->clip ? value : s->clip;
    return power_of(value, s->power);
}

static cellseg_status normalise_row(void *data, size_t y) {
    const normalise_job *job = data;
    float *to = cseg_row_f32(job->to, y);
    const float *from = cseg_row_f32(job->from, y);
    for (size_t x = 0; x < job->from->width; x++)
        to[x] = (float)scaled(job->scaling, (double)from[x]);
    return CELLSEG_OK;
}

cellseg_status cseg_preprocess_normalise(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                         const cseg_scaling *scaling) {
    normalise_job job = {to, from, scaling};
    return cseg_parallel_for(context, to->height, normalise_row, &job);
}

cellseg_status cseg_preprocess_measure(const cseg_scratch *scratch, cseg_scaling *scaling, const cseg_flat *flat,
                                       const cseg_rule *rule) {
    const double percents[2] = {rule->percentile_low, rule->percentile_high};
    double ends[2];
    CSEG_TRY(cseg_percentiles_find_stored(scratch->context, ends, percents, 2, &flat->store));
    const double noise = rule->noise_range * flat->noise;
    const double range = ends[1] - ends[0] > noise ? ends[1] - ends[0] : noise;
    *scaling = (cseg_scaling){ends[0] + flat->rounding, range > 0 ? 1 / range : 0, rule->clip, rule->power};
    return CELLSEG_OK;
}

typedef struct scale_job {
    const cseg_scratch *scratch;
    const cseg_store *to, *from;
    const cseg_scaling *scaling;
    const cseg_plane *units, *pixels;
} scale_job;

static cellseg_status unit_row(void *data, size_t y) {
    const scale_job *job = data;
    uint16_t *to = cseg_row_at(job->units, y);
    const float *from = cseg_row_f32(job->pixels, y);
    for (size_t x = 0; x < job->units->width; x++)
        to[x] = cseg_unit_of(scaled(job->scaling, (double)from[x]));
    return CELLSEG_OK;
}

static cellseg_status scale_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    scale_job job = *(const scale_job *)data;
    cellseg_context *context = job.scratch->context;
    cseg_part from;
    cseg_plane to = {0};
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&from, job.from, tile));
    job.units = &to;
    job.pixels = &from.plane;
    cellseg_status status = cseg_plane_new(&to, context, CELLSEG_UINT16, tile->height, tile->width);
    if (status == CELLSEG_OK)
        status = cseg_parallel_for(context, tile->height, unit_row, &job);
    if (status == CELLSEG_OK)
        status = cseg_store_put(job.to, tile->top, tile->left, &to);
    cseg_plane_free(&to);
    cseg_part_close(&from);
    return status;
}

cellseg_status cseg_preprocess_scale(const cseg_scratch *scratch, cseg_store *out, double *highest, const cseg_flat *flat,
                                     const cseg_rule *rule) {
    const size_t height = flat->store.height, width = flat->store.width;
    cseg_scaling scaling;
    assert(rule->clip == 1);
    *out = (cseg_store){0};
    CSEG_TRY(cseg_preprocess_measure(scratch, &scaling, flat, rule));
    if (highest != NULL) {
        double lo, hi;
        CSEG_TRY(cseg_histogram_range_stored(scratch->context, &lo, &hi, &flat->store));
        *highest = (double)cseg_unit_value(cseg_unit_of(scaled(&scaling, hi)));
    }
    CSEG_TRY(cseg_store_new(out, scratch, CELLSEG_UINT16, height, width));
    scale_job job = {scratch, out, &flat->store, &scaling, NULL, NULL};
    const cseg_tiles tiles = {.scratch = scratch, .height = height, .width = width, .pixel_bytes = 6};
    const cellseg_status status = cseg_tiles_run(&tiles, scale_tile, &job);
    if (status != CELLSEG_OK)
        cseg_store_free(out);
    return status;
}

cellseg_status cseg_preprocess_run(cellseg_context *context, cseg_plane *out, const cseg_plane *channel, double pixel_size_um,
                                   const cseg_rule *rule) {
    const cseg_scratch scratch = {.context = context, .window_bytes = UINT64_MAX};
    const cseg_store from = cseg_store_of(context, channel);
    size_t height, width;
    cseg_flat flat;
    cseg_scaling scaling;
    *out = (cseg_plane){0};
    CSEG_TRY(cseg_preprocess_working_size(&height, &width, channel->height, channel->width, pixel_size_um, rule->pixel_size_um));
    CSEG_TRY(cseg_flatten_run(&scratch, &flat, &from, "the image", height, width, rule));
    cellseg_status status = cseg_preprocess_measure(&scratch, &scaling, &flat, rule);
    if (status == CELLSEG_OK)
        status = cseg_preprocess_normalise(context, &flat.store.memory, &flat.store.memory, &scaling);
    if (status == CELLSEG_OK)
        *out = flat.store.memory;
    else
        cseg_store_free(&flat.store);
    return status;
}
