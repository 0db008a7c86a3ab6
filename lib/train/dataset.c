/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The images of a training run at the working scale, in 3 to 6 bytes per pixel, and the patches of an epoch. The paper cuts its
 * images on one grid. Here each epoch draws new windows, one in each of as many strata as the grid has windows. The amount of
 * work is the same, every image counts in proportion to its area, and no pixel is always at a patch's edge.
 *
 * Images that can be loaded again are cached up to a bound; the least recently used leave first. Patches of all images in random
 * order would load an image for each patch. So an epoch takes images in random groups of half the bound and shuffles within a
 * group: every image is loaded about once an epoch. Cost: O(patches x groups) per epoch.
 */
#include "train/dataset.h"

#include "train/checkpoint.h"

#include <float.h>
#include <math.h>
#include <string.h>

static cellseg_status find_largest(float *largest, cellseg_context *context, const cseg_plane *image) {
    float max_value = 0;
    for (size_t y = 0; y < image->height; y++) {
        CSEG_TRY(cseg_progress_cancelled(context));
        const float *row = cseg_row_f32(image, y);
        for (size_t x = 0; x < image->width; x++)
            if (row[x] > max_value)
                max_value = row[x];
    }
    *largest = max_value;
    return CELLSEG_OK;
}

static void copy_bytes(uint8_t *to, const cseg_plane *from) {
    for (size_t y = 0; to != NULL && y < from->height; y++)
        memcpy(to + y * from->width, cseg_row_u8(from, y), from->width);
}

static cellseg_status fill_sample(cseg_sample *sample, cellseg_context *context, const cseg_plane *image,
                                  const cseg_targets *targets) {
    const float per_unit = sample->unit > FLT_MIN ? 1 / sample->unit : 0; /* a smaller one has no finite inverse */
    for (size_t y = 0; y < sample->height; y++) {
        CSEG_TRY(cseg_progress_cancelled(context));
        const float *from = cseg_row_f32(image, y);
        uint16_t *to = sample->values + y * sample->width;
        for (size_t x = 0; x < sample->width; x++)
            to[x] = from[x] > 0 ? (uint16_t)floorf(from[x] * per_unit + 0.5F) : 0;
    }
    copy_bytes(sample->classes, &targets->classes);
    copy_bytes(sample->distance, &targets->distance);
    copy_bytes(sample->border, &targets->border);
    copy_bytes(sample->cell, &targets->cell);
    return CELLSEG_OK;
}

void cseg_sample_free(cseg_sample *sample) {
    cseg_memory_free(sample->values);
    cseg_memory_free(sample->classes);
    cseg_memory_free(sample->distance);
    cseg_memory_free(sample->border);
    cseg_memory_free(sample->cell);
    sample->values = NULL;
    sample->classes = sample->distance = sample->border = sample->cell = NULL;
}

static cellseg_status allocate_sample(cseg_sample *sample, cellseg_context *context, const cseg_targets *targets) {
    const size_t pixels = sample->height * sample->width; /* both are at most 2^31 - 1 */
    sample->values = cseg_memory_alloc(context, pixels, sizeof *sample->values);
    if (sample->values == NULL || (sample->classes = cseg_memory_alloc(context, pixels, 1)) == NULL ||
        (targets->distance.data != NULL && (sample->distance = cseg_memory_alloc(context, pixels, 1)) == NULL) ||
        (targets->border.data != NULL && (sample->border = cseg_memory_alloc(context, pixels, 1)) == NULL) ||
        (targets->cell.data != NULL && (sample->cell = cseg_memory_alloc(context, pixels, 1)) == NULL)) {
        cseg_sample_free(sample);
        return cseg_error_last();
    }
    const size_t more =
        (sample->distance != NULL ? 1U : 0U) + (sample->border != NULL ? 1U : 0U) + (sample->cell != NULL ? 1U : 0U);
    sample->bytes = pixels * (sizeof *sample->values + 1 + more);
    return CELLSEG_OK;
}

/* A part of the sample's hash, in pieces that are short beside the time in which a cancel must end the call. */
static cellseg_status hash_bytes(uint64_t *hash, cellseg_context *context, const void *bytes, size_t size) {
    const size_t piece = (size_t)1 << 24;
    for (size_t done = 0; bytes != NULL && done < size; done += piece) {
        CSEG_TRY(cseg_progress_cancelled(context));
        *hash = cseg_hash_bytes(*hash, (const char *)bytes + done, size - done < piece ? size - done : piece);
    }
    return CELLSEG_OK;
}

static cellseg_status hash_sample(cseg_sample *sample, cellseg_context *context) {
    const size_t pixels = sample->height * sample->width;
    uint64_t hash = cseg_hash_bytes(CSEG_HASH_START, &sample->height, sizeof sample->height);
    hash = cseg_hash_bytes(hash, &sample->width, sizeof sample->width);
    hash = cseg_hash_bytes(hash, &sample->unit, sizeof sample->unit);
    CSEG_TRY(hash_bytes(&hash, context, sample->values, pixels * sizeof *sample->values));
    CSEG_TRY(hash_bytes(&hash, context, sample->classes, pixels));
    CSEG_TRY(hash_bytes(&hash, context, sample->distance, pixels));
    CSEG_TRY(hash_bytes(&hash, context, sample->border, pixels));
    CSEG_TRY(hash_bytes(&hash, context, sample->cell, pixels));
    sample->hash = hash;
    return CELLSEG_OK;
}

cellseg_status cseg_sample_make(cseg_sample *sample, cellseg_context *context, const cseg_plane *image,
                                const cseg_targets *targets) {
    assert(image->type == CELLSEG_FLOAT32 && targets->classes.type == CELLSEG_UINT8);
    assert(image->height == targets->classes.height && image->width == targets->classes.width);
    float largest;
    CSEG_TRY(find_largest(&largest, context, image));
    *sample = (cseg_sample){.height = image->height, .width = image->width, .unit = largest / 65535.0F, .weight = 1};
    CSEG_TRY(allocate_sample(sample, context, targets));
    cellseg_status status = fill_sample(sample, context, image, targets);
    if (status == CELLSEG_OK)
        status = hash_sample(sample, context);
    if (status != CELLSEG_OK)
        cseg_sample_free(sample);
    return status;
}

/* ---- in memory or not ---- */

/* Release the least recently used samples that the current batch does not need, until the bound is met. */
static void make_room(cseg_cache *cache, size_t bytes) {
    while (cache->held + bytes > cache->limit) {
        cseg_sample *oldest = NULL;
        for (size_t d = 0; d < 2; d++)
            for (size_t s = 0; cache->sets[d] != NULL && s < cache->sets[d]->count; s++) {
                cseg_sample *sample = &cache->sets[d]->samples[s];
                if (sample->source != NULL && sample->values != NULL && sample->used != cache->clock &&
                    (oldest == NULL || sample->used < oldest->used))
                    oldest = sample;
            }
        if (oldest == NULL)
            return;
        cache->held -= oldest->bytes;
        cseg_sample_free(oldest);
    }
}

static cellseg_status hold(cseg_cache *cache, cseg_sample *sample) {
    sample->used = cache->clock;
    if (sample->values != NULL)
        return CELLSEG_OK;
    make_room(cache, sample->bytes);
    CSEG_TRY(cache->load(cache->owner, sample));
    cache->held += sample->bytes;
    return CELLSEG_OK;
}

cellseg_status cseg_dataset_hold(cseg_dataset *dataset, const cseg_place *places, size_t place_count, size_t first,
                                 size_t count) {
    if (dataset->cache == NULL)
        return CELLSEG_OK;
    dataset->cache->clock++;
    for (int pass = 0; pass < 2; pass++) /* the first pass marks samples in memory, so that none that is needed is released */
        for (size_t i = first; i < first + count; i++) {
            const uint32_t number = places[i % place_count].sample;
            cseg_sample *sample = number != CSEG_NO_SAMPLE ? &dataset->samples[number] : NULL;
            if (sample != NULL && sample->source != NULL && (pass == 1 || sample->values != NULL))
                CSEG_TRY(hold(dataset->cache, sample));
        }
    return CELLSEG_OK;
}

/* ---- the set ---- */

static cellseg_status reserve(cseg_dataset *dataset) {
    if (dataset->count < dataset->capacity)
        return CELLSEG_OK;
    const size_t capacity = dataset->capacity > 0 ? 2 * dataset->capacity : 16;
    cseg_sample *samples = cseg_memory_alloc(dataset->context, capacity, sizeof *samples);
    uint32_t *order = samples != NULL ? cseg_memory_alloc(dataset->context, capacity, sizeof *order) : NULL;
    if (order == NULL) {
        cseg_memory_free(samples);
        return cseg_error_last();
    }
    if (dataset->count > 0)
        memcpy(samples, dataset->samples, dataset->count * sizeof *samples);
    cseg_memory_free(dataset->samples);
    cseg_memory_free(dataset->order);
    dataset->samples = samples;
    dataset->order = order;
    dataset->capacity = capacity;
    return CELLSEG_OK;
}

cellseg_status cseg_dataset_add(cseg_dataset *dataset, cseg_sample *sample) {
    const cellseg_status status = reserve(dataset);
    if (status != CELLSEG_OK) {
        cseg_sample_free(sample);
        return status;
    }
    dataset->hash = cseg_hash_bytes(dataset->hash, &sample->hash, sizeof sample->hash);
    dataset->hash = cseg_hash_bytes(dataset->hash, &sample->weight, sizeof sample->weight);
    dataset->samples[dataset->count++] = *sample;
    if (sample->source == NULL)
        return CELLSEG_OK;
    cseg_cache *cache = dataset->cache;
    dataset->samples[dataset->count - 1].used = ++cache->clock;
    make_room(cache, sample->bytes);
    cache->held += sample->bytes;
    return CELLSEG_OK;
}

void cseg_dataset_free(cseg_dataset *dataset) {
    for (size_t i = 0; i < dataset->count; i++)
        cseg_sample_free(&dataset->samples[i]);
    cseg_memory_free(dataset->samples);
    cseg_memory_free(dataset->order);
    dataset->samples = NULL;
    dataset->order = NULL;
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
 * A window's first pixel along an axis, in stratum `index` of `count`. Windows up to half a window beyond each end are drawn and
 * then moved inside, since fewer windows hold the border's pixels. If the image is shorter than a window, the position is
 * uniform.
 */
static int32_t draw_along(const cseg_dataset *dataset, size_t length, size_t index, size_t count, uint64_t *random) {
    const double step = dataset->rule.step_px, slack = (double)length - step;
    const double lo = slack < 0 ? slack : 0, hi = slack < 0 ? 0 : slack;
    const double at = ((double)index + cseg_stream_uniform(random)) / (double)count;
    const double place = slack <= 0 ? lo + at * (hi - lo + 1) : at * (slack + step + 1) - step / 2;
    const double inside = place < lo ? lo : place;
    const int32_t whole = (int32_t)(inside - lo) + (int32_t)lo; /* lo is a whole number */
    return whole > (int32_t)hi ? (int32_t)hi : whole;
}

static void shuffle(cseg_place *places, size_t count, uint64_t *random) {
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)(cseg_stream_uniform(random) * (double)i);
        const cseg_place place = places[j];
        places[j] = places[i - 1];
        places[i - 1] = place;
    }
}

/* Windows of a sample in an epoch: the number of its grid times its weight. */
static size_t weighted_windows(const cseg_sample *sample, size_t windows) {
    const size_t wanted = (size_t)(sample->weight * (double)windows + 0.5);
    return wanted > 0 ? wanted : 1;
}

static cseg_place draw_window(const cseg_dataset *dataset, uint32_t number, size_t row, size_t column, uint64_t *random) {
    const cseg_sample *sample = &dataset->samples[number];
    const int32_t y = draw_along(dataset, sample->height, row, windows_along(dataset, sample->height), random);
    return (cseg_place){number, y, draw_along(dataset, sample->width, column, windows_along(dataset, sample->width), random)};
}

/* All windows of the grid, as often as the weight's whole part. Of the rest a random subset, each equally likely (Knuth,
 * algorithm S). With places NULL only counts. */
static size_t draw_windows(const cseg_dataset *dataset, cseg_place *places, uint32_t number, uint64_t *random) {
    const cseg_sample *sample = &dataset->samples[number];
    const size_t rows = windows_along(dataset, sample->height), columns = windows_along(dataset, sample->width);
    const size_t windows = rows * columns, wanted = weighted_windows(sample, windows);
    size_t count = 0, left = wanted % windows;
    for (size_t i = 0; places != NULL && i < windows; i++) {
        size_t copies = wanted / windows;
        if (left > 0 && cseg_stream_uniform(random) * (double)(windows - i) < (double)left) {
            copies++;
            left--;
        }
        for (; copies > 0; copies--)
            places[count++] = draw_window(dataset, number, i / columns, i % columns, random);
    }
    return wanted;
}

/* Assign random groups of samples that together take half the bound. Returns the number of groups. */
static uint32_t make_groups(cseg_dataset *dataset, uint64_t *random) {
    size_t all = 0, bytes = 0;
    for (size_t s = 0; s < dataset->count; s++) {
        all += dataset->samples[s].source != NULL ? dataset->samples[s].bytes : 0;
        dataset->order[s] = (uint32_t)s;
        dataset->samples[s].group = 0;
    }
    if (dataset->cache == NULL || all <= dataset->cache->limit)
        return 1;
    for (size_t i = dataset->count; i > 1; i--) {
        const size_t j = (size_t)(cseg_stream_uniform(random) * (double)i);
        const uint32_t number = dataset->order[j];
        dataset->order[j] = dataset->order[i - 1];
        dataset->order[i - 1] = number;
    }
    uint32_t group = 0;
    for (size_t i = 0; i < dataset->count; i++) {
        cseg_sample *sample = &dataset->samples[dataset->order[i]];
        if (bytes > 0 && bytes + sample->bytes > dataset->cache->limit / 2) {
            group++;
            bytes = 0;
        }
        bytes += sample->bytes;
        sample->group = group;
    }
    return group + 1;
}

static uint32_t group_of(const cseg_dataset *dataset, const cseg_place *place) {
    return place->sample == CSEG_NO_SAMPLE ? (uint32_t)place->y : dataset->samples[place->sample].group;
}

/* Shuffled places keep their random order within each group. */
static void sort_by_group(const cseg_dataset *dataset, cseg_place *places, size_t count, uint32_t groups) {
    size_t next = 0;
    for (uint32_t group = 0; group + 1 < groups; group++)
        for (size_t i = next; i < count; i++)
            if (group_of(dataset, &places[i]) == group) {
                const cseg_place place = places[i];
                places[i] = places[next];
                places[next++] = place;
            }
}

size_t cseg_dataset_epoch(cseg_dataset *dataset, cseg_place *places, double empty, uint64_t seed, uint64_t epoch) {
    uint64_t random = cseg_stream_new(seed, epoch, UINT64_MAX);
    size_t with_cells = 0;
    for (size_t s = 0; s < dataset->count; s++)
        with_cells += draw_windows(dataset, places != NULL ? places + with_cells : NULL, (uint32_t)s, &random);
    const size_t count = with_cells + (size_t)((double)with_cells * empty / (1 - empty) + 0.5);
    if (places == NULL)
        return count;
    const uint32_t groups = make_groups(dataset, &random);
    for (size_t i = with_cells; i < count; i++)
        places[i] = (cseg_place){CSEG_NO_SAMPLE, (int32_t)(i % groups), 0};
    shuffle(places, count, &random);
    sort_by_group(dataset, places, count, groups);
    return count;
}
