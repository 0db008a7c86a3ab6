/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nuclei from a map in which they are bright blobs (Al-Kofahi et al. 2018, step 2): multi-scale Laplacian of
 * Gaussian, five Otsu thresholds of the response, distance transform, extended h-minima, watershed.
 *
 * Beyond the paper, off with outline_sensitivity 0 and nucleus_valley 0. A nucleus found at one threshold is outlined at a lower
 * one (hysteresis), since the threshold that separates blobs from texture lies inside the blobs' outlines. And the mask is cut
 * where the finest scale's response is clearly negative: the largest scales bridge neighbours, but between them there is a
 * valley. Where a network also predicts the cells' borders, they count: the mask is cut where a boundary is more likely than not;
 * the distance to the cell's border is averaged with the distance to the mask's, so that nuclei separate where cells do. Off with
 * nucleus_probability_min 0 and nucleus_strength_ratio 0: improbable nuclei are dropped, and those that are weak beside the
 * others of the image. Beyond the paper and always on: the threshold is never lower than RESPONSE_MIN. Cost: the LoG's, mostly.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>

enum { OTSU_LEVELS = 5, OTSU_BINS = 256, CONNECTIVITY = 4 };

/* A disc of contrast c answers with 2 c / e: what is fainter than a tenth of the map's range is no nucleus. Otsu's method finds
 * thresholds in an empty map too. */
#define RESPONSE_MIN 0.08

typedef struct seeds_job {
    const cseg_plane *mask, *response, *finest; /* finest: NULL when valleys do not matter */
    double outline, valley;
    const cseg_plane *labels, *relief;
    const cseg_extra_part *extra; /* NULL: nothing more is known */
    double pixel_size_um;
    const uint8_t *keep;
} seeds_job;

/* ---- the mask ---- */

/* 100 is the lowest threshold, 20 the highest, linear between. */
static double threshold_at(const double thresholds[OTSU_LEVELS], double sensitivity) {
    const double place = (100 - sensitivity) / 20, last = OTSU_LEVELS - 1;
    if (place >= last)
        return thresholds[OTSU_LEVELS - 1];
    const int below = (int)place;
    return thresholds[below] + (thresholds[below + 1] - thresholds[below]) * (place - below);
}

static bool has(const cseg_extra_part *extra, int32_t kind) {
    return extra != NULL && extra->kind == kind;
}

static cellseg_status mask_row(void *data, size_t y) {
    const seeds_job *job = data;
    uint8_t *mask = cseg_row_u8(job->mask, y);
    const float *response = cseg_row_f32(job->response, y);
    for (size_t x = 0; x < job->mask->width; x++)
        mask[x] = response[x] > job->outline;
    const float *finest = job->finest != NULL ? cseg_row_f32(job->finest, y) : NULL;
    for (size_t x = 0; finest != NULL && x < job->mask->width; x++)
        if (finest[x] < -job->valley * job->outline)
            mask[x] = 0;
    const float *boundary = has(job->extra, CELLSEG_EXTRA_BOUNDARY) ? cseg_row_f32(job->extra->map, y) : NULL;
    for (size_t x = 0; boundary != NULL && x < job->mask->width; x++)
        if (boundary[x] > 0.5F)
            mask[x] = 0;
    return CELLSEG_OK;
}

static cellseg_status erase_row(void *data, size_t y) {
    const seeds_job *job = data;
    uint8_t *mask = cseg_row_u8(job->mask, y);
    const uint32_t *labels = cseg_row_u32(job->labels, y);
    for (size_t x = 0; x < job->mask->width; x++)
        mask[x] = mask[x] != 0 && job->keep[labels[x]] != 0;
    return CELLSEG_OK;
}

/* Components of the mask stay only where their response exceeds `found` somewhere. labels: room for a label map. */
static cellseg_status keep_found(cellseg_context *context, const seeds_job *job, double found) {
    uint32_t count;
    CSEG_TRY(cseg_components_label(context, job->labels, &count, job->mask, CONNECTIVITY));
    uint8_t *keep = cseg_memory_calloc(context, (size_t)count + 1, 1);
    if (keep == NULL)
        return cseg_error_last();
    for (size_t y = 0; y < job->mask->height; y++) {
        const uint32_t *labels = cseg_row_u32(job->labels, y);
        const float *response = cseg_row_f32(job->response, y);
        for (size_t x = 0; x < job->mask->width; x++)
            if (labels[x] != 0 && response[x] > found)
                keep[labels[x]] = 1;
    }
    seeds_job erase = {.mask = job->mask, .labels = job->labels, .keep = keep};
    const cellseg_status status = cseg_parallel_for(context, job->mask->height, erase_row, &erase);
    cseg_memory_free(keep);
    return status;
}

static void blob_sigmas(double sigmas_px[CSEG_MAX_SCALES], double pixel_size_um, const cseg_settings *settings) {
    const double span = settings->method.nucleus_radius_max_um - settings->method.nucleus_radius_min_um;
    const int32_t count = settings->method.nucleus_scales;
    for (int32_t i = 0; i < count; i++) {
        const double part = count > 1 ? (double)i / (count - 1) : 0.5;
        sigmas_px[i] = (settings->method.nucleus_radius_min_um + span * part) / pixel_size_um / sqrt(2);
    }
}

/* The binary nuclear mask. labels is overwritten. */
static cellseg_status nuclear_mask(cellseg_context *context, const cseg_plane *mask, const cseg_plane *labels,
                                   const cseg_plane *map, const cseg_extra_part *extra, double pixel_size_um,
                                   const cseg_settings *settings) {
    cseg_plane response = {0}, finest = {0};
    double sigmas[CSEG_MAX_SCALES], thresholds[OTSU_LEVELS];
    const size_t scales = (size_t)settings->method.nucleus_scales;
    blob_sigmas(sigmas, pixel_size_um, settings);
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&response, context, CELLSEG_FLOAT32, map->height, map->width));
    CSEG_TRY_GOTO(done, cseg_laplacian_compute(context, &response, map, sigmas, scales));
    CSEG_TRY_GOTO(done, cseg_otsu_find(context, thresholds, OTSU_LEVELS, OTSU_BINS, &response, NULL));
    if (settings->method.nucleus_valley > 0 && scales > 1) {
        CSEG_TRY_GOTO(done, cseg_plane_new(&finest, context, CELLSEG_FLOAT32, map->height, map->width));
        CSEG_TRY_GOTO(done, cseg_laplacian_compute(context, &finest, map, sigmas, 1));
    }
    const double found = fmax(threshold_at(thresholds, settings->options.sensitivity), RESPONSE_MIN);
    const double outline =
        fmax(threshold_at(thresholds, fmax(settings->options.outline_sensitivity, settings->options.sensitivity)), 0);
    seeds_job job = {
        .mask = mask, .response = &response, .finest = finest.data != NULL ? &finest : NULL, .labels = labels, .extra = extra};
    job.outline = fmin(outline, found);
    job.valley = settings->method.nucleus_valley;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, map->height, mask_row, &job));
    CSEG_TRY_GOTO(done, keep_found(context, &job, found));
    if (settings->options.fill_holes != 0)
        status = cseg_holes_fill(context, mask);
done:
    cseg_plane_free(&finest);
    cseg_plane_free(&response);
    return status;
}

/* ---- from the mask to single nuclei ---- */

/* Pixels to the cell's border, from the network's distance output; beyond max_um all are far enough inside. */
static double cell_distance(double v, double pixel_size_um) {
    const double max_um = 50;
    return fmin(CSEG_DISTANCE_HALF_UM * v / fmax(1 - v, 1e-6), max_um) / pixel_size_um;
}

/* A mask without background has no distance; as one plateau it is one nucleus. */
static cellseg_status negate_row(void *data, size_t y) {
    const seeds_job *job = data;
    float *relief = cseg_row_f32(job->relief, y);
    const float *distance = has(job->extra, CELLSEG_EXTRA_DISTANCE) ? cseg_row_f32(job->extra->map, y) : NULL;
    for (size_t x = 0; x < job->relief->width; x++) {
        const float to_outline = isfinite(relief[x]) ? relief[x] : 0;
        relief[x] = -to_outline;
        if (distance != NULL)
            relief[x] = (float)(-0.5 * ((double)to_outline + cell_distance((double)distance[x], job->pixel_size_um)));
    }
    return CELLSEG_OK;
}

/* Watershed of the inverse distance from its extended minima. */
static cellseg_status part_nuclei(cellseg_context *context, const cseg_plane *labels, uint32_t *count, const cseg_plane *mask,
                                  const cseg_extra_part *extra, double pixel_size_um, double h_px) {
    cseg_plane relief = {0}, minima = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&relief, context, CELLSEG_FLOAT32, mask->height, mask->width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&minima, context, CELLSEG_UINT8, mask->height, mask->width));
    CSEG_TRY_GOTO(done, cseg_distance_transform(context, &relief, mask));
    seeds_job job = {.relief = &relief, .extra = extra, .pixel_size_um = pixel_size_um};
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, mask->height, negate_row, &job));
    CSEG_TRY_GOTO(done, cseg_extrema_extended_minima(context, &minima, &relief, h_px, mask, CONNECTIVITY));
    CSEG_TRY_GOTO(done, cseg_components_label(context, labels, count, &minima, CONNECTIVITY));
    status = cseg_watershed_flood(context, labels, &relief, mask, CONNECTIVITY);
done:
    cseg_plane_free(&minima);
    cseg_plane_free(&relief);
    return status;
}

/* ---- dropping the small and the faint ---- */

typedef struct nucleus_sum {
    uint64_t pixels;
    double map;
} nucleus_sum;

static void sum_nuclei(nucleus_sum *sums, const cseg_plane *labels, const cseg_plane *map) {
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *ids = cseg_row_u32(labels, y);
        const float *values = cseg_row_f32(map, y);
        for (size_t x = 0; x < labels->width; x++) {
            if (ids[x] == 0)
                continue;
            sums[ids[x]].pixels++;
            sums[ids[x]].map += (double)values[x];
        }
    }
}

/* The mean probability times the fourth root of the area. A float, as the quartile is: or one could be weaker than itself. */
static float strength_of(const nucleus_sum *sum) {
    const double pixels = (double)sum->pixels;
    return (float)(sum->map / pixels * sqrt(sqrt(pixels)));
}

/* Weak against absolute limits: nuclei that are small or improbable. How strong those are that stay goes into `strengths`. */
static size_t keep_strong(uint8_t *keep, float *strengths, const nucleus_sum *sums, size_t ids, double area_min_px,
                          double mean_min, cellseg_segment_report *report) {
    size_t strong = 0;
    for (size_t id = 1; id < ids; id++) {
        const double pixels = (double)sums[id].pixels;
        const bool small = pixels < area_min_px, improbable = sums[id].map < mean_min * pixels;
        keep[id] = pixels > 0 && !small && !improbable;
        report->dropped_small += pixels > 0 && small;
        report->dropped_improbable += pixels > 0 && !small && improbable;
        if (keep[id] != 0)
            strengths[strong++] = strength_of(&sums[id]);
    }
    return strong;
}

/*
 * Weak against the others: a network is less sure of all nuclei in a stain that it does not know, but surest of the true ones,
 * and false ones are often small. The upper quartile is a true nucleus's even where every second one is false.
 */
static cellseg_status drop_weaker(cellseg_context *context, uint8_t *keep, const nucleus_sum *sums, size_t ids,
                                  const cseg_plane *strengths, double ratio, cellseg_segment_report *report) {
    const double upper = 75;
    double quartile;
    CSEG_TRY(cseg_percentiles_find(context, &quartile, &upper, 1, strengths));
    for (size_t id = 1; id < ids; id++) {
        const bool weak = keep[id] != 0 && (double)strength_of(&sums[id]) < ratio * quartile;
        keep[id] = keep[id] != 0 && !weak;
        report->dropped_weak += weak;
    }
    return CELLSEG_OK;
}

static cellseg_status drop_weak(cellseg_context *context, const cseg_plane *labels, uint32_t *count, const cseg_plane *map,
                                double area_min_px, const cseg_settings *settings, cellseg_segment_report *report) {
    if (*count == 0)
        return CELLSEG_OK;
    const size_t ids = (size_t)*count + 1;
    uint8_t *keep = NULL;
    nucleus_sum *sums = NULL;
    cseg_plane strengths;
    CSEG_TRY(cseg_plane_new(&strengths, context, CELLSEG_FLOAT32, 1, *count));
    cellseg_status status = CELLSEG_ERR_MEMORY;
    if ((sums = cseg_memory_calloc(context, ids, sizeof *sums)) == NULL || (keep = cseg_memory_calloc(context, ids, 1)) == NULL) {
        status = cseg_error_last();
        goto done;
    }
    sum_nuclei(sums, labels, map);
    strengths.width =
        keep_strong(keep, cseg_row_f32(&strengths, 0), sums, ids, area_min_px, settings->method.nucleus_probability_min, report);
    if (settings->method.nucleus_strength_ratio > 0 && strengths.width >= CSEG_MIN_FOR_QUANTILE)
        CSEG_TRY_GOTO(done, drop_weaker(context, keep, sums, ids, &strengths, settings->method.nucleus_strength_ratio, report));
    status = cseg_relabel_apply(context, labels, keep, NULL, count);
done:
    cseg_memory_free(keep);
    cseg_memory_free(sums);
    cseg_plane_free(&strengths);
    return status;
}

static cellseg_status find(cellseg_context *context, const cseg_plane *nuclei, uint32_t *count, const cseg_plane *map,
                           const cseg_extra_part *extra, double pixel_size_um, const cseg_settings *settings,
                           cellseg_segment_report *report) {
    assert(nuclei->type == CELLSEG_UINT32 && map->type == CELLSEG_FLOAT32);
    *count = 0;
    cseg_plane mask;
    CSEG_TRY(cseg_plane_new(&mask, context, CELLSEG_UINT8, map->height, map->width));
    const double area_min_px = settings->options.nucleus_area_min_um2 / (pixel_size_um * pixel_size_um);
    cellseg_status status;
    CSEG_TRY_GOTO(done, nuclear_mask(context, &mask, nuclei, map, extra, pixel_size_um, settings));
    CSEG_TRY_GOTO(done, part_nuclei(context, nuclei, count, &mask, extra, pixel_size_um, settings->options.h_um / pixel_size_um));
    status = drop_weak(context, nuclei, count, map, area_min_px, settings, report);
done:
    cseg_plane_free(&mask);
    return status;
}

cellseg_status cseg_seeds_find(const cseg_scratch *scratch, const cseg_store *nuclei, uint32_t *count, const cseg_store *map,
                               const cseg_extra *extra, double pixel_size_um, const cseg_settings *settings,
                               cellseg_segment_report *report) {
    const cseg_rect whole = {0, 0, map->height, map->width};
    const bool has_extra = extra != NULL && extra->kind != CELLSEG_EXTRA_NONE;
    cseg_part values, more = {0};
    CSEG_TRY(cseg_part_open_unit(&values, map, &whole));
    cellseg_status status = has_extra ? cseg_part_open_unit(&more, extra->map, &whole) : CELLSEG_OK;
    const cseg_extra_part known = {has_extra ? extra->kind : CELLSEG_EXTRA_NONE, &more.plane};
    if (status == CELLSEG_OK)
        status = find(scratch->context, &nuclei->memory, count, &values.plane, &known, pixel_size_um, settings, report);
    cseg_part_close(&more);
    cseg_part_close(&values);
    return status;
}
