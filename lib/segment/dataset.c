/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The images of a training run, kept at the working scale in 3 bytes per pixel, and where the patches of an epoch lie. The paper
 * cuts its images on one grid; here each epoch draws its windows anew, one in each of as many strata as the grid has windows: the
 * same amount of work, every image in proportion to its area, and no pixel always at a patch's edge. Cost: O(patches) per epoch.
 */
#include "segment/dataset.h"

#include "segment/checkpoint.h"

#include <float.h>
#include <math.h>
#include <string.h>

static float largest(const cseg_plane *image) {
    float most = 0;
    for (size_t y = 0; y < image->height; y++) {
        const float *row = cseg_row_f32(image, y);
        for (size_t x = 0; x < image->width; x++)
            if (row[x] > most)
                most = row[x];
    }
    return most;
}

static void copy_bytes(uint8_t *to, const cseg_plane *from) {
    for (size_t y = 0; to != NULL && y < from->height; y++)
        memcpy(to + y * from->width, cseg_row_u8(from, y), from->width);
}

static void fill_sample(cseg_sample *sample, const cseg_plane *image, const cseg_targets *targets) {
    const float per_unit = sample->unit > FLT_MIN ? 1 / sample->unit : 0; /* a smaller one has no finite inverse */
    for (size_t y = 0; y < sample->height; y++) {
        const float *from = cseg_row_f32(image, y);
        uint16_t *to = sample->values + y * sample->width;
        for (size_t x = 0; x < sample->width; x++)
            to[x] = from[x] > 0 ? (uint16_t)floorf(from[x] * per_unit + 0.5F) : 0;
    }
    copy_bytes(sample->classes, &targets->classes);
    copy_bytes(sample->distance, &targets->distance);
    copy_bytes(sample->border, &targets->border);
}

static void free_sample(cseg_sample *sample) {
    cseg_free(sample->values);
    cseg_free(sample->classes);
    cseg_free(sample->distance);
    cseg_free(sample->border);
}

static cellseg_status allocate_sample(cseg_sample *sample, cellseg_context *context, const cseg_targets *targets) {
    const size_t pixels = sample->height * sample->width; /* both are at most 2^31 - 1 */
    sample->values = cseg_alloc(context, pixels, sizeof *sample->values);
    if (sample->values == NULL || (sample->classes = cseg_alloc(context, pixels, 1)) == NULL ||
        (targets->distance.data != NULL && (sample->distance = cseg_alloc(context, pixels, 1)) == NULL) ||
        (targets->border.data != NULL && (sample->border = cseg_alloc(context, pixels, 1)) == NULL)) {
        free_sample(sample);
        return cseg_last_status();
    }
    return CELLSEG_OK;
}

static cellseg_status reserve(cseg_dataset *dataset) {
    if (dataset->count < dataset->capacity)
        return CELLSEG_OK;
    const size_t capacity = dataset->capacity > 0 ? 2 * dataset->capacity : 16;
    cseg_sample *samples = cseg_alloc(dataset->context, capacity, sizeof *samples);
    if (samples == NULL)
        return cseg_last_status();
    if (dataset->count > 0)
        memcpy(samples, dataset->samples, dataset->count * sizeof *samples);
    cseg_free(dataset->samples);
    dataset->samples = samples;
    dataset->capacity = capacity;
    return CELLSEG_OK;
}

static uint64_t hash_sample(uint64_t hash, const cseg_sample *sample) {
    const size_t pixels = sample->height * sample->width;
    hash = cseg_hash(hash, &sample->height, sizeof sample->height);
    hash = cseg_hash(hash, &sample->width, sizeof sample->width);
    hash = cseg_hash(hash, &sample->unit, sizeof sample->unit);
    hash = cseg_hash(hash, sample->values, pixels * sizeof *sample->values);
    hash = cseg_hash(hash, sample->classes, pixels);
    hash = cseg_hash(hash, sample->distance, sample->distance != NULL ? pixels : 0);
    return cseg_hash(hash, sample->border, sample->border != NULL ? pixels : 0);
}

cellseg_status cseg_dataset_add(cseg_dataset *dataset, const cseg_plane *image, const cseg_targets *targets) {
    assert(image->type == CELLSEG_FLOAT32 && targets->classes.type == CELLSEG_UINT8);
    assert(image->height == targets->classes.height && image->width == targets->classes.width);
    CSEG_TRY(reserve(dataset));
    cseg_sample sample = {.height = image->height, .width = image->width, .unit = largest(image) / 65535.0F};
    CSEG_TRY(allocate_sample(&sample, dataset->context, targets));
    fill_sample(&sample, image, targets);
    dataset->hash = hash_sample(dataset->hash, &sample);
    dataset->samples[dataset->count++] = sample;
    return CELLSEG_OK;
}

void cseg_dataset_free(cseg_dataset *dataset) {
    for (size_t i = 0; i < dataset->count; i++)
        free_sample(&dataset->samples[i]);
    cseg_free(dataset->samples);
    dataset->samples = NULL;
    dataset->count = dataset->capacity = 0;
}

static size_t windows_along(const cseg_dataset *dataset, size_t length) {
    return (length + dataset->rule.step_px - 1) / dataset->rule.step_px;
}

size_t cseg_dataset_grid(const cseg_dataset *dataset, cseg_place *places) {
    const size_t step = dataset->rule.step_px;
    size_t count = 0;
    for (size_t s = 0; s < dataset->count; s++) {
        const cseg_sample *sample = &dataset->samples[s];
        const size_t rows = windows_along(dataset, sample->height), columns = windows_along(dataset, sample->width);
        for (size_t i = 0; places != NULL && i < rows * columns; i++)
            places[count + i] = (cseg_place){(uint32_t)s, (int32_t)(i / columns * step), (int32_t)(i % columns * step)};
        count += rows * columns;
    }
    return count;
}

/*
 * A window's first pixel along an axis, in stratum `index` of `count`. Half a window beyond each end is drawn too and then moved
 * inside, since pixels at the border lie in fewer windows. An image shorter than a window lies anywhere in it.
 */
static int32_t draw_along(const cseg_dataset *dataset, size_t length, size_t index, size_t count, uint64_t *random) {
    const double step = dataset->rule.step_px, slack = (double)length - step;
    const double lo = slack < 0 ? slack : 0, hi = slack < 0 ? 0 : slack;
    const double at = ((double)index + cseg_random_uniform(random)) / (double)count;
    const double place = slack <= 0 ? lo + at * (hi - lo + 1) : at * (slack + step + 1) - step / 2;
    const double inside = place < lo ? lo : place;
    const int32_t whole = (int32_t)(inside - lo) + (int32_t)lo; /* lo is whole */
    return whole > (int32_t)hi ? (int32_t)hi : whole;
}

static void shuffle(cseg_place *places, size_t count, uint64_t *random) {
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)(cseg_random_uniform(random) * (double)i);
        const cseg_place place = places[j];
        places[j] = places[i - 1];
        places[i - 1] = place;
    }
}

size_t cseg_dataset_epoch(const cseg_dataset *dataset, cseg_place *places, double empty, uint64_t seed, uint64_t epoch) {
    const size_t with_cells = cseg_dataset_grid(dataset, places);
    const size_t count = with_cells + (size_t)((double)with_cells * empty / (1 - empty) + 0.5);
    if (places == NULL)
        return count;
    uint64_t random = cseg_random_stream(seed, epoch, UINT64_MAX);
    const int32_t step = (int32_t)dataset->rule.step_px;
    for (size_t i = 0; i < with_cells; i++) {
        cseg_place *place = &places[i];
        const cseg_sample *sample = &dataset->samples[place->sample];
        const size_t row = (size_t)(place->y / step), column = (size_t)(place->x / step);
        place->y = draw_along(dataset, sample->height, row, windows_along(dataset, sample->height), &random);
        place->x = draw_along(dataset, sample->width, column, windows_along(dataset, sample->width), &random);
    }
    for (size_t i = with_cells; i < count; i++)
        places[i] = (cseg_place){CSEG_NO_SAMPLE, 0, 0};
    shuffle(places, count, &random);
    return count;
}
