/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Patches for training: cut out of an image, turned, mirrored and zoomed, then made to look like another microscope's: blurred,
 * its contrast and gamma changed, noise added. The paper turns its patches only; the rest stands in for stains, days and
 * instruments that the images at hand do not show. Patches without cells are camera noise over a gentle gradient, so that blank
 * and dark images give no cells. Cost: about 1 ms per patch, several with gamma.
 */
#include "filter/filter.h"
#include "segment/dataset.h"

#include <math.h>
#include <string.h>

/* What happens to one patch. */
typedef struct changes {
    bool transpose, reverse_y, reverse_x;
    double zoom, gain, gamma, noise, blur_px;
} changes;

/* From 1 / range to range, as often above 1 as below. */
static double random_factor(double range, uint64_t *random) {
    return cseg_exp((2 * cseg_random_uniform(random) - 1) * cseg_log_e(range));
}

/* 0 for half of the patches, up to `most` for the others. */
static double random_amount(double most, uint64_t *random) {
    const double u = 2 * cseg_random_uniform(random) - 1;
    return u > 0 ? u * most : 0;
}

/* About normal with mean 0 and standard deviation 1: the sum of four uniform numbers. */
static double random_normal(uint64_t *random) {
    const uint64_t bits = cseg_random_next(random);
    const uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    return ((double)sum - 2 * 65535.0) * (1.7320508075688772 / 65536);
}

/* Every number is drawn whether it is used or not, so that one option does not change what another does. */
static changes draw_changes(const cellseg_train_options *options, uint64_t *random) {
    const uint64_t bits = cseg_random_next(random);
    const unsigned turns = options->rotate ? (unsigned)(bits & 3) : 0;
    const bool mirrored = options->flip && (bits & 4) != 0;
    changes c = {.transpose = (turns & 1) != 0, .reverse_y = turns >= 2, .reverse_x = (turns == 1 || turns == 2) != mirrored};
    c.zoom = random_factor(options->scale, random);
    c.gain = random_factor(options->contrast, random);
    c.gamma = random_factor(options->gamma, random);
    c.noise = random_amount(options->noise, random);
    c.blur_px = random_amount(options->blur_px, random);
    return c;
}

/* ---- geometry ---- */

/* One row or column of a patch in the image: between which two it lies, and which is nearest. */
typedef struct position {
    uint32_t before, after;
    float weight;    /* of `after` */
    int64_t nearest; /* -1: outside the image */
} position;

/* d c b a | a b c d, as often as needed. */
static uint32_t reflect(int64_t i, size_t length) {
    const int64_t n = (int64_t)length, period = 2 * n;
    const int64_t within = (i % period + period) % period;
    return (uint32_t)(within < n ? within : period - 1 - within);
}

static void place_axis(position *axis, const cseg_rule *rule, int32_t origin, size_t length, double zoom, bool reverse) {
    const double centre = origin + (rule->step_px - 1.0) / 2, patch_centre = (rule->patch_px - 1.0) / 2;
    for (size_t k = 0; k < rule->patch_px; k++) {
        const double at = centre + ((double)k - patch_centre) / zoom;
        const double below = floor(at), nearest = floor(at + 0.5);
        const size_t i = reverse ? rule->patch_px - 1 - k : k;
        axis[i].before = reflect((int64_t)below, length);
        axis[i].after = reflect((int64_t)below + 1, length);
        axis[i].weight = (float)(at - below);
        axis[i].nearest = nearest >= 0 && nearest < (double)length ? (int64_t)nearest : -1;
    }
}

static float interpolate(const cseg_sample *sample, const position *y, const position *x) {
    const uint16_t *above = sample->values + (size_t)y->before * sample->width;
    const uint16_t *below = sample->values + (size_t)y->after * sample->width;
    const float top = (float)above[x->before] + x->weight * ((float)above[x->after] - (float)above[x->before]);
    const float bottom = (float)below[x->before] + x->weight * ((float)below[x->after] - (float)below[x->before]);
    return (top + y->weight * (bottom - top)) * sample->unit;
}

/* A distance, as the targets say it, in an image that is zoomed. */
static uint8_t zoomed(uint8_t distance, double zoom) {
    const double v = distance / 255.0;
    return (uint8_t)(255 * zoom * v / (1 + (zoom - 1) * v) + 0.5);
}

/* Targets are the nearest pixel's; outside the image nothing is known. */
static void cut_targets(const cseg_patches *patch, size_t i, const cseg_sample *sample, int64_t y, int64_t x, double zoom) {
    const bool inside = y >= 0 && x >= 0;
    const size_t at = inside ? (size_t)y * sample->width + (size_t)x : 0;
    patch->classes[i] = inside ? sample->classes[at] : CSEG_CLASS_UNKNOWN;
    if (patch->distance != NULL)
        patch->distance[i] = zoomed(sample->distance[at], zoom);
    if (patch->border != NULL)
        patch->border[i] = sample->border[at];
}

static cellseg_status cut(const cseg_dataset *dataset, const cseg_patches *out, const cseg_place *place, const changes *c) {
    const cseg_sample *sample = &dataset->samples[place->sample];
    const size_t patch = dataset->rule.patch_px;
    position *axes = cseg_alloc(dataset->context, 2 * patch, sizeof *axes);
    if (axes == NULL)
        return cseg_last_status();
    position *const rows = axes, *const columns = axes + patch;
    place_axis(rows, &dataset->rule, place->y, sample->height, c->zoom, c->reverse_y);
    place_axis(columns, &dataset->rule, place->x, sample->width, c->zoom, c->reverse_x);
    for (size_t i = 0; i < patch; i++)
        for (size_t j = 0; j < patch; j++) {
            const position *y = &rows[c->transpose ? j : i], *x = &columns[c->transpose ? i : j];
            out->image[i * patch + j] = interpolate(sample, y, x);
            cut_targets(out, i * patch + j, sample, y->nearest, x->nearest, c->zoom);
        }
    cseg_free(axes);
    return CELLSEG_OK;
}

/* ---- intensity ---- */

static double power_of(double value, double power) {
    return value > 0 ? cseg_exp(power * cseg_log_e(value)) : 0;
}

static cellseg_status blur(const cseg_dataset *dataset, float *image, double sigma_px) {
    const size_t patch = dataset->rule.patch_px;
    const cseg_plane plane = {image, patch, patch, patch * sizeof *image, CELLSEG_FLOAT32};
    return cseg_filter_gaussian(dataset->context, &plane, &plane, sigma_px);
}

static void change_intensity(const cseg_dataset *dataset, float *image, const changes *c, uint64_t *random) {
    const size_t pixels = (size_t)dataset->rule.patch_px * dataset->rule.patch_px;
    const double top = power_of(dataset->rule.clip, dataset->rule.power);
    for (size_t i = 0; i < pixels; i++) {
        double value = image[i];
        if (c->gamma != 1)
            value = power_of(value, c->gamma);
        value *= c->gain;
        if (c->noise > 0)
            value += c->noise * random_normal(random);
        value = value > 0 ? value : 0;
        image[i] = (float)(value < top ? value : top);
    }
}

static cellseg_status draw_cells(const cseg_dataset *dataset, const cseg_patches *out, const cseg_place *place,
                                 const cellseg_train_options *options, uint64_t *random) {
    const changes c = draw_changes(options, random);
    CSEG_TRY(cut(dataset, out, place, &c));
    if (c.blur_px > 0)
        CSEG_TRY(blur(dataset, out->image, c.blur_px));
    change_intensity(dataset, out->image, &c, random);
    return CELLSEG_OK;
}

/*
 * Noise as the rule lets it through: its standard deviation is at most about 1 / noise_range of the range, half of the patches
 * have it smoothed as resampling does, and what top-hat left of the background lies under it, as a plane between four corners.
 */
static cellseg_status draw_empty(const cseg_dataset *dataset, const cseg_patches *out, uint64_t *random) {
    const cseg_rule *rule = &dataset->rule;
    float *image = out->image;
    const size_t patch = rule->patch_px, pixels = patch * patch;
    const double base = 0.2 * cseg_random_uniform(random), noise_most = rule->noise_range > 5 ? 1.5 / rule->noise_range : 0.3;
    const double noise = noise_most * cseg_random_uniform(random), sigma_px = random_amount(1.5, random);
    double corner[4];
    for (size_t i = 0; i < 4; i++)
        corner[i] = base + 0.1 * cseg_random_uniform(random);
    for (size_t i = 0; i < patch; i++)
        for (size_t j = 0; j < patch; j++) {
            const double y = (double)i / (double)patch, x = (double)j / (double)patch;
            const double top = corner[0] + x * (corner[1] - corner[0]), bottom = corner[2] + x * (corner[3] - corner[2]);
            image[i * patch + j] = (float)(top + y * (bottom - top) + noise * random_normal(random));
        }
    if (sigma_px > 0)
        CSEG_TRY(blur(dataset, image, sigma_px));
    for (size_t i = 0; i < pixels; i++)
        image[i] = (float)power_of(image[i] < rule->clip ? image[i] : rule->clip, rule->power);
    memset(out->classes, CSEG_CLASS_BACKGROUND, pixels);
    if (out->distance != NULL)
        memset(out->distance, 0, pixels);
    if (out->border != NULL)
        memset(out->border, 0, pixels);
    return CELLSEG_OK;
}

/* ---- a batch ---- */

typedef struct draw_job {
    const cseg_dataset *dataset;
    const cseg_patches *patches;
    const cseg_place *places;
    size_t place_count, first;
    const cellseg_train_options *options;
    uint64_t epoch;
} draw_job;

static cellseg_status draw_patch(void *data, size_t index) {
    const draw_job *job = data;
    const size_t at = index * job->dataset->rule.patch_px * job->dataset->rule.patch_px, i = job->first + index;
    const cseg_place *place = &job->places[i % job->place_count];
    const cseg_patches *all = job->patches;
    const cseg_patches one = {.image = all->image + at,
                              .classes = all->classes + at,
                              .distance = all->distance != NULL ? all->distance + at : NULL,
                              .border = all->border != NULL ? all->border + at : NULL};
    if (job->options == NULL) {
        const changes none = {.zoom = 1};
        return cut(job->dataset, &one, place, &none);
    }
    uint64_t random = cseg_random_stream(job->options->seed, job->epoch, i);
    if (place->sample == CSEG_NO_SAMPLE)
        return draw_empty(job->dataset, &one, &random);
    return draw_cells(job->dataset, &one, place, job->options, &random);
}

cellseg_status cseg_dataset_draw(const cseg_dataset *dataset, const cseg_patches *patches, const cseg_place *places,
                                 size_t place_count, size_t first, size_t count, const cellseg_train_options *options,
                                 uint64_t epoch) {
    draw_job job = {dataset, patches, places, place_count, first, options, epoch};
    return cseg_parallel_for(dataset->context, count, draw_patch, &job);
}
