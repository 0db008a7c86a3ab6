/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seeded watershed. The mask's connected components flood side by side (flood.c): pixels of different components never meet, and
 * within a component only the order of entry counts, so that the result is that of one flood over the whole image. A component
 * with one label alone is painted without a flood. Cost: components, then linear in the mask's pixels. Memory: little more than 8
 * bytes per pixel of a flood, and at most 10 in a mask of single pixels.
 */
#include "morph/bands.h"
#include "morph/flood.h"
#include "morph/morph.h"

#include <string.h>

enum { LARGE_PIXELS = 1 << 20 };

typedef struct basins {
    cseg_flood flood;
    const cseg_plane *mask; /* or NULL */
    cseg_runs runs;         /* linked, see flood.h */
} basins;

/* From component numbers to links; in raster order a run's number is read before a later run's link replaces it. */
static cellseg_status link_runs(cseg_runs *runs, cellseg_context *context) {
    uint32_t *last = cseg_memory_alloc(context, (size_t)runs->components + 1, sizeof *last); /* by component: its latest run */
    if (last == NULL)
        return cseg_error_last();
    memset(last, 0xff, ((size_t)runs->components + 1) * sizeof *last);
    for (size_t i = 0; i < runs->count; i++) {
        uint32_t *latest = &last[runs->component[i]];
        const bool first = *latest == UINT32_MAX;
        if (!first)
            runs->component[*latest] = (runs->component[*latest] & REGION_BEGIN) | (uint32_t)i;
        runs->component[i] = first ? REGION_BEGIN | REGION_END : REGION_END;
        *latest = (uint32_t)i;
    }
    cseg_memory_free(last);
    return CELLSEG_OK;
}

/* ---- one component ---- */

static cseg_region region_of(const basins *b, uint32_t first, size_t row) {
    cseg_region region = {&b->runs, first, row, 0};
    for (cseg_step s = cseg_region_begin(&region); s.run != REGION_END; s = cseg_region_next(&region, s))
        region.pixels += b->runs.run[s.run].end - b->runs.run[s.run].begin;
    return region;
}

/* The one label of the region's seeds; 0: no seed; *several: more than one label. */
static uint32_t only_label(const basins *b, const cseg_region *region, bool *several) {
    uint32_t only = 0;
    *several = false;
    for (cseg_step s = cseg_region_begin(region); s.run != REGION_END; s = cseg_region_next(region, s)) {
        const cseg_run run = b->runs.run[s.run];
        const uint32_t *labels = cseg_row_u32(b->flood.labels, s.y);
        for (size_t x = run.begin; x < run.end; x++) {
            if (labels[x] == 0 || labels[x] == only)
                continue;
            *several = only != 0;
            if (*several)
                return 0;
            only = labels[x];
        }
    }
    return only;
}

static void paint(const basins *b, const cseg_region *region, uint32_t label) {
    for (cseg_step s = cseg_region_begin(region); s.run != REGION_END; s = cseg_region_next(region, s)) {
        const cseg_run run = b->runs.run[s.run];
        uint32_t *labels = cseg_row_u32(b->flood.labels, s.y);
        for (size_t x = run.begin; x < run.end; x++)
            labels[x] = label;
    }
}

static cellseg_status flood_component(const basins *b, const cseg_flood *flood, const cseg_region *region) {
    bool several;
    const uint32_t label = only_label(b, region, &several);
    if (!several) {
        if (label != 0)
            paint(b, region, label);
        return CELLSEG_OK;
    }
    uint32_t *scratch = cseg_memory_alloc(flood->context, cseg_flood_scratch(region->pixels), sizeof *scratch);
    if (scratch == NULL)
        return cseg_error_last();
    const cellseg_status status = cseg_flood_region(flood, region, scratch);
    cseg_memory_free(scratch);
    return status;
}

/* The components that begin in a band of rows: the large ones, or the others. */
static cellseg_status flood_from_band(const basins *b, const cseg_flood *flood, size_t band, bool large) {
    const cseg_runs *runs = &b->runs;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, runs->height); y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            if ((runs->component[i] & REGION_BEGIN) == 0)
                continue;
            const cseg_region region = region_of(b, (uint32_t)i, y);
            if ((region.pixels >= LARGE_PIXELS) == large)
                CSEG_TRY(flood_component(b, flood, &region));
        }
    return CELLSEG_OK;
}

static cellseg_status flood_band(void *data, size_t band) {
    const basins *b = data;
    return flood_from_band(b, &b->flood, band, false);
}

/* A large component takes longer than a cancel may wait, so the calling thread floods it and reports progress. */
static cellseg_status flood_large(const basins *b) {
    cseg_flood alone = b->flood;
    alone.alone = true;
    for (size_t band = 0; band < cseg_band_count(b->runs.height); band++)
        CSEG_TRY(flood_from_band(b, &alone, band, true));
    return CELLSEG_OK;
}

/* ---- the whole ---- */

static cellseg_status prepare_band(void *data, size_t band) {
    const basins *b = data;
    const size_t height = b->runs.height, stride = b->flood.stride;
    const size_t begin = cseg_band_begin(band), end = cseg_band_end(band, height);
    const size_t from = begin == 0 ? 0 : (begin + 1) * stride,
                 to = end == height ? (height + 2) * stride + 1 : (end + 1) * stride;
    memset(b->flood.cell + from, 0xff, (to - from) * sizeof *b->flood.cell);
    for (size_t y = begin; y < end && b->mask != NULL; y++) {
        uint32_t *labels = cseg_row_u32(b->flood.labels, y);
        const uint8_t *mask = cseg_row_u8(b->mask, y);
        for (size_t x = 0; x < b->runs.width; x++)
            labels[x] = mask[x] != 0 ? labels[x] : 0;
    }
    return CELLSEG_OK;
}

static cellseg_status flood_all(basins *b) {
    cellseg_context *context = b->flood.context;
    const cseg_plane *labels = b->flood.labels;
    const size_t height = labels->height, width = labels->width;
    if (height + 2 > CELL_LIMIT / (width + 1) - 1)
        return cseg_fail(CELLSEG_ERR_LIMIT, "a watershed of %zu x %zu pixels is too large", height, width);
    if (b->mask != NULL)
        CSEG_TRY(cseg_runs_new(&b->runs, context, b->mask, CSEG_RUNS_FOREGROUND, b->flood.connectivity));
    else
        CSEG_TRY(cseg_runs_whole(&b->runs, context, height, width));
    CSEG_TRY(link_runs(&b->runs, context));
    b->flood.stride = width + 1;
    b->flood.cell = cseg_memory_alloc(context, (height + 2) * b->flood.stride + 1, sizeof *b->flood.cell);
    if (b->flood.cell == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_parallel_for(context, cseg_band_count(height), prepare_band, b));
    CSEG_TRY(flood_large(b));
    return cseg_parallel_for(context, cseg_band_count(height), flood_band, b);
}

static cellseg_status watershed(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                const cseg_plane *mask, int32_t connectivity, bool lines) {
    assert(labels->type == CELLSEG_UINT32 && cseg_plane_same_size(labels, relief));
    assert(mask == NULL || (mask->type == CELLSEG_UINT8 && cseg_plane_same_size(labels, mask)));
    basins b = {.flood = {context, labels, relief, NULL, 0, connectivity, lines, false}, .mask = mask};
    const cellseg_status status = flood_all(&b);
    cseg_memory_free(b.flood.cell);
    cseg_runs_free(&b.runs);
    return status;
}

cellseg_status cseg_watershed_flood(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                    const cseg_plane *mask, int32_t connectivity) {
    return watershed(context, labels, relief, mask, connectivity, false);
}

cellseg_status cseg_watershed_flood_lines(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                          const cseg_plane *mask, int32_t connectivity) {
    return watershed(context, labels, relief, mask, connectivity, true);
}
