/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seeded watershed. The mask's connected components flood side by side (flood.c): pixels of different components never meet, and
 * within one only the order of entry counts, so that the result is that of one flood over the whole image. A component
 * with one label alone takes it without a flood. Cost: components, then linear in the mask's pixels. Memory: little more than 8
 * bytes per pixel, and 44 per component of noise.
 */
#include "morph/bands.h"
#include "morph/flood.h"
#include "morph/morph.h"

#include <string.h>

enum { BATCH_PIXELS = 1 << 14, LARGE_PIXELS = 1 << 20 };

typedef struct basins {
    cseg_flood flood;
    const cseg_plane *mask; /* or NULL */
    cseg_runs runs;
    size_t *first;   /* by component: where its runs begin in order[] */
    size_t *pixels;  /* by component */
    uint32_t *order; /* runs by component */
    uint32_t *rows;  /* their rows */
    size_t *batch;   /* component at which each batch begins */
    size_t batches;
} basins;

/* ---- runs by component ---- */

static void count_runs(basins *b) {
    const cseg_runs *runs = &b->runs;
    memset(b->first, 0, (runs->components + 1) * sizeof *b->first);
    memset(b->pixels, 0, (runs->components + 1) * sizeof *b->pixels);
    for (size_t i = 0; i < runs->count; i++) {
        b->first[runs->component[i] + 1]++;
        b->pixels[runs->component[i]] += runs->run[i].end - runs->run[i].begin;
    }
    for (size_t c = 0; c < runs->components; c++)
        b->first[c + 1] += b->first[c];
}

/* Afterwards first[c] is where component c's runs end, that is, where those of c + 1 begin. */
static void order_runs(basins *b) {
    const cseg_runs *runs = &b->runs;
    for (size_t y = 0; y < runs->height; y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            const size_t place = b->first[runs->component[i]]++;
            b->order[place] = (uint32_t)i;
            b->rows[place] = (uint32_t)y;
        }
    memmove(b->first + 1, b->first, runs->components * sizeof *b->first);
    b->first[0] = 0;
}

/* A batch is one index of the parallel loop: components of about BATCH_PIXELS pixels in all, or one large one. */
static void make_batches(basins *b) {
    size_t pixels = BATCH_PIXELS;
    for (size_t c = 0; c < b->runs.components; c++) {
        if (pixels >= BATCH_PIXELS || b->pixels[c] >= LARGE_PIXELS) {
            b->batch[b->batches++] = c;
            pixels = 0;
        }
        pixels += b->pixels[c];
    }
    b->batch[b->batches] = b->runs.components;
}

static cellseg_status sort_runs(basins *b) {
    cellseg_context *context = b->flood.context;
    const size_t components = (size_t)b->runs.components + 1;
    b->first = cseg_alloc(context, components, sizeof *b->first);
    b->pixels = cseg_alloc(context, components, sizeof *b->pixels);
    b->batch = cseg_alloc(context, components, sizeof *b->batch);
    b->order = cseg_alloc(context, b->runs.count, sizeof *b->order);
    b->rows = cseg_alloc(context, b->runs.count, sizeof *b->rows);
    if (b->first == NULL || b->pixels == NULL || b->batch == NULL || b->order == NULL || b->rows == NULL)
        return cseg_last_status();
    count_runs(b);
    order_runs(b);
    make_batches(b);
    return CELLSEG_OK;
}

/* ---- one component ---- */

static cseg_region region_of(const basins *b, size_t component) {
    const size_t first = b->first[component];
    return (cseg_region){&b->runs, b->order + first, b->rows + first, b->first[component + 1] - first, b->pixels[component]};
}

/* The label all of the region's seeds share; 0: no seed; *several: more than one label. */
static uint32_t only_label(const basins *b, const cseg_region *region, bool *several) {
    uint32_t only = 0;
    *several = false;
    for (size_t i = 0; i < region->count; i++) {
        const cseg_run run = b->runs.run[region->order[i]];
        const uint32_t *labels = cseg_row_u32(b->flood.labels, region->rows[i]);
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
    for (size_t i = 0; i < region->count; i++) {
        const cseg_run run = b->runs.run[region->order[i]];
        uint32_t *labels = cseg_row_u32(b->flood.labels, region->rows[i]);
        for (size_t x = run.begin; x < run.end; x++)
            labels[x] = label;
    }
}

static cellseg_status flood_component(const basins *b, const cseg_flood *flood, size_t component) {
    const cseg_region region = region_of(b, component);
    bool several;
    const uint32_t label = only_label(b, &region, &several);
    if (!several) {
        if (label != 0)
            paint(b, &region, label);
        return CELLSEG_OK;
    }
    uint32_t *scratch = cseg_alloc(flood->context, cseg_flood_scratch(region.pixels), sizeof *scratch);
    if (scratch == NULL)
        return cseg_last_status();
    const cellseg_status status = cseg_flood_region(flood, &region, scratch);
    cseg_free(scratch);
    return status;
}

static bool is_large(const basins *b, size_t batch) {
    return b->pixels[b->batch[batch]] >= LARGE_PIXELS;
}

static cellseg_status flood_batch(void *data, size_t batch) {
    const basins *b = data;
    if (is_large(b, batch))
        return CELLSEG_OK; /* done before, alone */
    for (size_t c = b->batch[batch]; c < b->batch[batch + 1]; c++)
        CSEG_TRY(flood_component(b, &b->flood, c));
    return CELLSEG_OK;
}

/* Large components take longer than a cancel may wait, so they run on the calling thread, which reports progress. */
static cellseg_status flood_large(const basins *b) {
    cseg_flood alone = b->flood;
    alone.alone = true;
    for (size_t batch = 0; batch < b->batches; batch++)
        for (size_t c = b->batch[batch]; is_large(b, batch) && c < b->batch[batch + 1]; c++)
            CSEG_TRY(flood_component(b, &alone, c));
    return CELLSEG_OK;
}

/* ---- the whole ---- */

static cellseg_status prepare_band(void *data, size_t band) {
    const basins *b = data;
    const size_t height = b->runs.height, stride = b->flood.stride;
    const size_t begin = band_begin(band), end = band_end(band, height);
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
    CSEG_TRY(sort_runs(b));
    b->flood.stride = width + 1;
    b->flood.cell = cseg_alloc(context, (height + 2) * b->flood.stride + 1, sizeof *b->flood.cell);
    if (b->flood.cell == NULL)
        return cseg_last_status();
    CSEG_TRY(cseg_parallel_for(context, band_count(height), prepare_band, b));
    CSEG_TRY(flood_large(b));
    return cseg_parallel_for(context, b->batches, flood_batch, b);
}

static cellseg_status watershed(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                const cseg_plane *mask, int32_t connectivity, bool lines) {
    assert(labels->type == CELLSEG_UINT32 && same_size(labels, relief));
    assert(mask == NULL || (mask->type == CELLSEG_UINT8 && same_size(labels, mask)));
    basins b = {.flood = {context, labels, relief, NULL, 0, connectivity, lines, false}, .mask = mask};
    const cellseg_status status = flood_all(&b);
    cseg_free(b.flood.cell);
    cseg_free(b.first);
    cseg_free(b.pixels);
    cseg_free(b.batch);
    cseg_free(b.order);
    cseg_free(b.rows);
    cseg_runs_free(&b.runs);
    return status;
}

cellseg_status cseg_morph_watershed(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                    const cseg_plane *mask, int32_t connectivity) {
    return watershed(context, labels, relief, mask, connectivity, false);
}

cellseg_status cseg_morph_watershed_lines(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                          const cseg_plane *mask, int32_t connectivity) {
    return watershed(context, labels, relief, mask, connectivity, true);
}
