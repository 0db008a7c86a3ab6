/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which nuclei stay: small, improbable and weak ones go. Off with nucleus_area_min_um2, nucleus_probability_min and
 * nucleus_strength_ratio 0. Cost: two passes over the nuclei.
 */
#include "filter/filter.h"
#include "segment/segment.h"

#include <math.h>

typedef struct nucleus_sum {
    uint64_t pixels;
    double map;
} nucleus_sum;

typedef struct choose_job {
    const cseg_store *nuclei, *map;
    const uint32_t *ids; /* of the numbers in the store */
    nucleus_sum *sums;
    const cseg_plane *plane;
} choose_job;

static cellseg_status sum_band(void *data, const cseg_rect *band, const cseg_rect *window, bool *sure) {
    const choose_job *job = data;
    cseg_part labels, map;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&labels, job->nuclei, band));
    const cellseg_status status = cseg_part_open(&map, job->map, band);
    for (size_t y = 0; status == CELLSEG_OK && y < band->height; y++) {
        const uint32_t *numbers = cseg_row_u32(&labels.plane, y);
        const uint16_t *values = cseg_row_at(&map.plane, y);
        for (size_t x = 0; x < band->width; x++) {
            if (numbers[x] == 0)
                continue;
            nucleus_sum *sum = &job->sums[job->ids[numbers[x]]];
            sum->pixels++;
            sum->map += (double)cseg_unit_value(values[x]);
        }
    }
    cseg_part_close(&map);
    cseg_part_close(&labels);
    return status;
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

/* keep: by id, 1 for those that stay. */
static cellseg_status choose(cellseg_context *context, uint8_t *keep, const nucleus_sum *sums, size_t ids, double area_min_px,
                             const cseg_settings *settings, cellseg_segment_report *report) {
    cseg_plane strengths;
    CSEG_TRY(cseg_plane_new(&strengths, context, CELLSEG_FLOAT32, 1, ids));
    cellseg_status status = CELLSEG_OK;
    strengths.width =
        keep_strong(keep, cseg_row_f32(&strengths, 0), sums, ids, area_min_px, settings->method.nucleus_probability_min, report);
    if (settings->method.nucleus_strength_ratio > 0 && strengths.width >= CSEG_MIN_FOR_QUANTILE)
        status = drop_weaker(context, keep, sums, ids, &strengths, settings->method.nucleus_strength_ratio, report);
    cseg_plane_free(&strengths);
    return status;
}

static cellseg_status rename_row(void *data, size_t y) {
    const choose_job *job = data;
    uint32_t *row = cseg_row_u32(job->plane, y);
    for (size_t x = 0; x < job->plane->width; x++)
        row[x] = job->ids[row[x]];
    return CELLSEG_OK;
}

static cellseg_status rename_band(void *data, const cseg_rect *band, const cseg_rect *window, bool *sure) {
    choose_job job = *(const choose_job *)data;
    cseg_part labels;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&labels, job.nuclei, band));
    job.plane = &labels.plane;
    cellseg_status status = cseg_parallel_for(job.nuclei->context, band->height, rename_row, &job);
    if (status == CELLSEG_OK)
        status = cseg_store_put(job.nuclei, band->top, band->left, &labels.plane);
    cseg_part_close(&labels);
    return status;
}

cellseg_status cseg_idmap_apply(const cseg_scratch *scratch, const cseg_store *labels, const uint32_t *ids) {
    choose_job job = {.nuclei = labels, .ids = ids};
    const cseg_tiles bands = {
        .scratch = scratch, .height = labels->height, .width = labels->width, .pixel_bytes = 4, .whole_rows = true};
    return cseg_tiles_run(&bands, rename_band, &job);
}

/* ids, in place: new ones 1, 2, ... of those that stay, in the same order. */
static void renumber(uint32_t *ids, size_t numbers, const uint8_t *keep, uint32_t *renumbered, uint32_t *count) {
    const uint32_t before = *count;
    *count = 0;
    for (uint32_t id = 1; id <= before; id++)
        renumbered[id] = keep[id] != 0 ? ++*count : 0;
    for (size_t i = 1; i <= numbers; i++)
        ids[i] = renumbered[ids[i]];
}

cellseg_status cseg_nucleus_choose(const cseg_scratch *scratch, const cseg_store *nuclei, uint32_t *ids, size_t numbers,
                                   uint32_t *count, const cseg_store *map, double pixel_size_um, const cseg_settings *settings,
                                   cellseg_segment_report *report) {
    cellseg_context *context = scratch->context;
    const double area_min_px = settings->options.nucleus_area_min_um2 / (pixel_size_um * pixel_size_um);
    const size_t all = (size_t)*count + 1;
    nucleus_sum *sums = cseg_memory_calloc(context, all, sizeof *sums);
    uint8_t *keep = sums != NULL ? cseg_memory_calloc(context, all, 1) : NULL;
    uint32_t *renumbered = keep != NULL ? cseg_memory_calloc(context, all, sizeof *renumbered) : NULL;
    choose_job job = {.nuclei = nuclei, .map = map, .ids = ids, .sums = sums};
    const cseg_tiles bands = {
        .scratch = scratch, .height = nuclei->height, .width = nuclei->width, .pixel_bytes = 6, .whole_rows = true};
    cellseg_status status = renumbered != NULL ? CELLSEG_OK : cseg_error_last();
    if (status == CELLSEG_OK)
        status = cseg_tiles_run(&bands, sum_band, &job);
    if (status == CELLSEG_OK)
        status = choose(context, keep, sums, all, area_min_px, settings, report);
    if (status == CELLSEG_OK) {
        renumber(ids, numbers, keep, renumbered, count);
        status = cseg_idmap_apply(scratch, nuclei, ids);
    }
    cseg_memory_free(renumbered);
    cseg_memory_free(keep);
    cseg_memory_free(sums);
    return status;
}
