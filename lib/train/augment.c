/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Patches for training: cut out of an image by warp.c, then changed by photometric.c as another stain or microscope would change
 * them. The paper only rotates its patches. The other changes stand in for stains, days and instruments that the training images
 * do not include. Patches without cells are camera noise over a gentle gradient, so that blank and dark images yield no cells.
 * Cost: about 2 ms per patch.
 */
#include "train/photometric.h"
#include "train/warp.h"

#include <math.h>
#include <string.h>

/* ---- geometry ---- */

/* d c b a | a b c d, repeatedly. */
static uint32_t reflect(int64_t i, size_t length) {
    const int64_t n = (int64_t)length, period = 2 * n;
    if (i >= 0 && i < n)
        return (uint32_t)i;
    const int64_t within = (i % period + period) % period;
    return (uint32_t)(within < n ? within : period - 1 - within);
}

static float interpolate(const cseg_sample *sample, double y, double x) {
    const double floor_y = floor(y), floor_x = floor(x);
    const int64_t row = (int64_t)floor_y, column = (int64_t)floor_x;
    const uint16_t *above = sample->values + (size_t)reflect(row, sample->height) * sample->width;
    const uint16_t *below = sample->values + (size_t)reflect(row + 1, sample->height) * sample->width;
    const uint32_t before = reflect(column, sample->width), after = reflect(column + 1, sample->width);
    const float along = (float)(x - floor_x), across = (float)(y - floor_y);
    const float top = (float)above[before] + along * ((float)above[after] - (float)above[before]);
    const float bottom = (float)below[before] + along * ((float)below[after] - (float)below[before]);
    return (top + across * (bottom - top)) * sample->unit;
}

/* Scale the byte of a distance target by the image's magnification. */
static uint8_t zoomed(uint8_t distance, double zoom) {
    const double v = distance / 255.0;
    return (uint8_t)(255 * zoom * v / (1 + (zoom - 1) * v) + 0.5);
}

/* Targets are those of the nearest pixel. Outside the image the class is unknown, but cells are reflected like intensities. */
static void cut_targets(const cseg_patches *patch, size_t i, const cseg_sample *sample, double y, double x, double zoom) {
    const double row = floor(y + 0.5), column = floor(x + 0.5);
    const bool inside = row >= 0 && column >= 0 && row < (double)sample->height && column < (double)sample->width;
    const size_t at = inside ? (size_t)row * sample->width + (size_t)column : 0;
    patch->classes[i] = inside ? sample->classes[at] : CSEG_CLASS_UNKNOWN;
    if (patch->distance != NULL)
        patch->distance[i] = zoomed(sample->distance[at], zoom);
    if (patch->border != NULL)
        patch->border[i] = sample->border[at];
    if (patch->cell != NULL)
        patch->cell[i] =
            sample->cell[reflect((int64_t)row, sample->height) * sample->width + reflect((int64_t)column, sample->width)];
}

static void cut(const cseg_dataset *dataset, const cseg_patches *out, const cseg_place *place, const cseg_warp *warp) {
    const cseg_sample *sample = &dataset->samples[place->sample];
    const size_t patch = dataset->rule.patch_px;
    const double half = (dataset->rule.step_px - 1.0) / 2, centre_y = place->y + half, centre_x = place->x + half;
    for (size_t i = 0; i < patch; i++)
        for (size_t j = 0; j < patch; j++) {
            double y, x;
            cseg_warp_at(warp, patch, i, j, &y, &x);
            out->image[i * patch + j] = interpolate(sample, centre_y + y, centre_x + x);
            cut_targets(out, i * patch + j, sample, centre_y + y, centre_x + x, warp->zoom);
        }
}

/* ---- a patch ---- */

static cellseg_status draw_cells(const cseg_dataset *dataset, const cseg_patches *out, const cseg_place *place,
                                 const cellseg_augmentation *options, uint64_t *random) {
    cseg_warp warp;
    cseg_photometric changes;
    cseg_warp_draw(&warp, options, dataset->rule.patch_px, random);
    cseg_photometric_draw(&changes, options, random);
    cseg_patches patch = *out;
    if (options->cell_contrast > 1) {
        patch.cell = cseg_memory_alloc(dataset->context, (size_t)dataset->rule.patch_px * dataset->rule.patch_px, 1);
        if (patch.cell == NULL)
            return cseg_error_last();
    }
    cut(dataset, &patch, place, &warp);
    const cellseg_status status = cseg_photometric_apply(&changes, dataset->context, &dataset->rule, &patch, random);
    cseg_memory_free(patch.cell);
    return status;
}

static cellseg_status draw_empty(const cseg_dataset *dataset, const cseg_patches *out, uint64_t *random) {
    const size_t pixels = (size_t)dataset->rule.patch_px * dataset->rule.patch_px;
    memset(out->classes, CSEG_CLASS_BACKGROUND, pixels);
    if (out->distance != NULL)
        memset(out->distance, 0, pixels);
    if (out->border != NULL)
        memset(out->border, 0, pixels);
    return cseg_photometric_empty(dataset->context, &dataset->rule, out->image, random);
}

/* ---- a batch ---- */

typedef struct draw_job {
    const cseg_dataset *dataset;
    const cseg_patches *patches;
    const cseg_place *places;
    size_t place_count, first;
    const cellseg_augmentation *options;
    uint64_t seed, epoch;
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
        const cseg_warp none = cseg_warp_none();
        cut(job->dataset, &one, place, &none);
        return CELLSEG_OK;
    }
    uint64_t random = cseg_stream_new(job->seed, job->epoch, i);
    if (place->sample == CSEG_NO_SAMPLE)
        return draw_empty(job->dataset, &one, &random);
    return draw_cells(job->dataset, &one, place, job->options, &random);
}

cellseg_status cseg_augment_draw(cseg_dataset *dataset, const cseg_patches *patches, const cseg_place *places, size_t place_count,
                                 size_t first, size_t count, const cellseg_augmentation *options, uint64_t seed, uint64_t epoch) {
    CSEG_TRY(cseg_dataset_hold(dataset, places, place_count, first, count));
    draw_job job = {dataset, patches, places, place_count, first, options, seed, epoch};
    return cseg_parallel_for(dataset->context, count, draw_patch, &job);
}
