/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a channel as it was recorded to what the later steps see: resampled to the working scale, white top-hat with a flat
 * square, then a scaling that does not depend on gain, offset or bit depth: two percentiles become 0 and 1.
 *
 * Stretching between percentiles would turn the noise of an empty image into content. The range is therefore never less than a
 * multiple of the noise's standard deviation, which is estimated as in Immerkaer, "Fast noise variance estimation" (CVIU 64,
 * 1996), from the residual of a mask that ignores planes and edges, but by its median, which structure disturbs less than the
 * mean. Cost: about ten passes over the image.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>

/* Beyond this a sum of a few pixels could overflow a float. */
#define LARGEST_PIXEL 1e30

/* A length in pixels of another scale; at least 1. */
static size_t scaled_length(size_t length, double scale) {
    const double scaled = floor((double)length * scale + 0.5);
    return scaled < 1 ? 1 : (size_t)scaled;
}

/* Whether an image, scaled so, has at most CSEG_MAX_WORKING_PX pixels. */
static bool fits(size_t height, size_t width, double scale) {
    if (!((double)height * scale < INT32_MAX && (double)width * scale < INT32_MAX))
        return false;
    return (uint64_t)scaled_length(height, scale) * scaled_length(width, scale) <= CSEG_MAX_WORKING_PX;
}

cellseg_status cseg_preprocess_working_size(size_t *working_height, size_t *working_width, size_t height, size_t width,
                                            double pixel_size_um, double working_pixel_size_um) {
    *working_height = *working_width = 0;
    const double scale = pixel_size_um / working_pixel_size_um;
    if (!(scale <= CSEG_MAX_ENLARGED))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "pixels of %g um are more than %d times as large as the working scale's of %g um",
                         pixel_size_um, (int)CSEG_MAX_ENLARGED, working_pixel_size_um);
    if (!fits(height, width, scale))
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels of %g um are more than %d pixels of the working scale's %g um",
                         height, width, pixel_size_um, (int)CSEG_MAX_WORKING_PX, working_pixel_size_um);
    *working_height = scaled_length(height, scale);
    *working_width = scaled_length(width, scale);
    return CELLSEG_OK;
}

static cellseg_status check_pixels(cellseg_context *context, double *largest, const cseg_plane *channel, const char *what) {
    double lo, hi;
    CSEG_TRY(cseg_plane_check_finite(context, channel, what));
    CSEG_TRY(cseg_histogram_range(context, &lo, &hi, channel));
    *largest = fmax(fabs(lo), fabs(hi));
    if (*largest > LARGEST_PIXEL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: pixels from %g to %g are out of range", what, lo, hi);
    return CELLSEG_OK;
}

/* The inner 98 % of a channel's pixels, as robust ends of its intensities. */
typedef struct inner_range {
    double lo, hi;
} inner_range;

static cellseg_status find_inner_range(cellseg_context *context, inner_range *inner, const cseg_plane *channel) {
    static const double percents[2] = {1, 99};
    double ends[2];
    CSEG_TRY(cseg_percentiles_find(context, ends, percents, 2, channel));
    *inner = (inner_range){ends[0], ends[1]};
    return CELLSEG_OK;
}

/* Rounding grows with the largest pixel, but not with a few that lie far beyond all others: they are rounded by themselves. */
static double rounding_of(double largest, const inner_range *inner) {
    const double far_beyond = 16;
    return fmin(largest, far_beyond * fmax(fabs(inner->lo), fabs(inner->hi))) * 0x1p-21;
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

static cellseg_status estimate_noise(cellseg_context *context, double *noise, const cseg_plane *plane) {
    const double median_of_normal = 0.6744897501960817, gain_of_mask = 6;
    cseg_plane residual;
    CSEG_TRY(cseg_plane_new(&residual, context, CELLSEG_FLOAT32, plane->height, plane->width));
    residual_job job = {&residual, plane};
    const double half = 50;
    double median = 0;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, plane->height, residual_row, &job));
    CSEG_TRY_GOTO(done, cseg_percentiles_find(context, &median, &half, 1, &residual));
    *noise = median / (median_of_normal * gain_of_mask);
done:
    cseg_plane_free(&residual);
    return status;
}

/* Integers are rounded to levels: half a level, evenly distributed, which a nearly constant image hides from the median. */
static double level_noise(int32_t type) {
    return type == CELLSEG_FLOAT32 || type == CELLSEG_FLOAT64 ? 0 : 0.28867513459481287;
}

/* ---- flatten ---- */

/* Interpolation smooths noise away, so where the image grows the noise is what it was before. */
static bool grows(const cseg_flat *out, const cseg_plane *channel) {
    return out->store.memory.height > channel->height;
}

static cellseg_status resample(cellseg_context *context, cseg_flat *out, const cseg_plane *channel) {
    if (grows(out, channel))
        CSEG_TRY(estimate_noise(context, &out->noise, channel));
    CSEG_TRY(cseg_resample_linear(context, &out->store.memory, channel));
    return grows(out, channel) ? CELLSEG_OK : estimate_noise(context, &out->noise, &out->store.memory);
}

/* The same from a copy as float32, without stuck pixels. */
static cellseg_status resample_copy(cellseg_context *context, cseg_flat *out, const cseg_plane *channel, double range,
                                    bool has_stuck) {
    cseg_plane own;
    CSEG_TRY(cseg_plane_new(&own, context, CELLSEG_FLOAT32, channel->height, channel->width));
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_to_f32(context, &own, channel));
    if (has_stuck)
        CSEG_TRY_GOTO(done, cseg_hot_replace(context, &own, channel, range));
    status = resample(context, out, &own);
done:
    cseg_plane_free(&own);
    return status;
}

/* To the working scale, illumination not yet evened. */
static cellseg_status rescale(cellseg_context *context, cseg_flat *out, const cseg_plane *channel, const char *what) {
    double largest;
    inner_range inner;
    bool has_stuck;
    CSEG_TRY(check_pixels(context, &largest, channel, what));
    CSEG_TRY(find_inner_range(context, &inner, channel));
    CSEG_TRY(cseg_hot_find(context, &has_stuck, channel, inner.hi - inner.lo));
    out->rounding = rounding_of(largest, &inner);
    if (has_stuck || grows(out, channel))
        CSEG_TRY(resample_copy(context, out, channel, inner.hi - inner.lo, has_stuck));
    else
        CSEG_TRY(resample(context, out, channel));
    out->noise = fmax(out->noise, level_noise(channel->type));
    return CELLSEG_OK;
}

cellseg_status cseg_preprocess_flatten(const cseg_scratch *scratch, cseg_flat *out, const cseg_store *channel, const char *what,
                                       size_t height, size_t width, const cseg_rule *rule) {
    *out = (cseg_flat){0};
    CSEG_TRY(cseg_store_new(&out->store, scratch, CELLSEG_FLOAT32, height, width));
    cellseg_status status;
    CSEG_TRY_GOTO(failed, rescale(scratch->context, out, &channel->memory, what));
    const double edge = fmin(floor(rule->top_hat_um / rule->pixel_size_um + 0.5), INT32_MAX);
    if (edge > 1)
        CSEG_TRY_GOTO(failed,
                      cseg_rect_top_hat(scratch->context, &out->store.memory, &out->store.memory, (size_t)edge, (size_t)edge));
    return CELLSEG_OK;
failed:
    cseg_store_free(&out->store);
    return status;
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
    CSEG_TRY(cseg_percentiles_find(scratch->context, ends, percents, 2, &flat->store.memory));
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
        CSEG_TRY(cseg_histogram_range(scratch->context, &lo, &hi, &flat->store.memory));
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
    CSEG_TRY(cseg_preprocess_flatten(&scratch, &flat, &from, "the image", height, width, rule));
    cellseg_status status = cseg_preprocess_measure(&scratch, &scaling, &flat, rule);
    if (status == CELLSEG_OK)
        status = cseg_preprocess_normalise(context, &flat.store.memory, &flat.store.memory, &scaling);
    if (status == CELLSEG_OK)
        *out = flat.store.memory;
    else
        cseg_store_free(&flat.store);
    return status;
}
