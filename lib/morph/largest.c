/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The components of labels, pixels of one id that touch by 4-connectivity: the map's runs joined (runs.c). Cost: a
 * pass over the map, then near-linear in runs.
 */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/runs.h"

#include <string.h>

/* A component: the number of its pixels, and its first pixel. */
typedef struct component {
    size_t pixels, start;
} component;

static void collect(component *found, const cseg_runs *runs) {
    memset(found, 0, runs->components * sizeof *found);
    for (size_t y = 0; y < runs->height; y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            component *own = &found[runs->component[i]];
            if (own->pixels == 0)
                own->start = y * runs->width + runs->run[i].begin;
            own->pixels += runs->run[i].end - runs->run[i].begin;
        }
}

cellseg_status cseg_largest_find(cellseg_context *context, size_t *starts, uint32_t max_id, const cseg_plane *labels) {
    cseg_runs runs;
    CSEG_TRY(cseg_runs_new(&runs, context, labels, CSEG_RUNS_LABELS, 4));
    component *found = cseg_memory_alloc(context, (size_t)runs.components + 1, sizeof *found);
    size_t *pixels = found != NULL ? cseg_memory_calloc(context, (size_t)max_id + 1, sizeof *pixels) : NULL;
    const cellseg_status status = pixels != NULL ? CELLSEG_OK : cseg_error_last();
    for (size_t id = 0; id <= max_id; id++)
        starts[id] = CSEG_NO_COMPONENT;
    if (status == CELLSEG_OK)
        collect(found, &runs);
    for (size_t c = 0; status == CELLSEG_OK && c < runs.components; c++) {
        const size_t start = found[c].start;
        const uint32_t id = cseg_row_u32(labels, start / runs.width)[start % runs.width];
        if (found[c].pixels > pixels[id]) {
            pixels[id] = found[c].pixels;
            starts[id] = start;
        }
    }
    cseg_memory_free(pixels);
    cseg_memory_free(found);
    cseg_runs_free(&runs);
    return status;
}

/* ---- keeping one component of each ---- */

typedef struct keep_job {
    const cseg_runs *runs;
    const cseg_plane *labels;
    const uint8_t *keep; /* by component */
} keep_job;

static cellseg_status clear_band(void *data, size_t band) {
    const keep_job *job = data;
    const cseg_runs *runs = job->runs;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, runs->height); y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            const cseg_run run = runs->run[i];
            if (job->keep[runs->component[i]] == 0)
                memset(cseg_row_u32(job->labels, y) + run.begin, 0, (run.end - run.begin) * sizeof(uint32_t));
        }
    return CELLSEG_OK;
}

/* The component of a labelled pixel, by bisection of its row's runs. */
static uint32_t component_at(const cseg_runs *runs, size_t pixel) {
    const size_t y = pixel / runs->width, x = pixel % runs->width;
    size_t low = runs->row[y], high = runs->row[y + 1];
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (runs->run[middle].begin <= x)
            low = middle;
        else
            high = middle;
    }
    return runs->component[low];
}

cellseg_status cseg_largest_keep(cellseg_context *context, const cseg_plane *labels, const size_t *starts, uint32_t max_id) {
    cseg_runs runs;
    CSEG_TRY(cseg_runs_new(&runs, context, labels, CSEG_RUNS_LABELS, 4));
    uint8_t *keep = cseg_memory_calloc(context, (size_t)runs.components + 1, 1);
    cellseg_status status = keep != NULL ? CELLSEG_OK : cseg_error_last();
    for (size_t id = 1; status == CELLSEG_OK && id <= max_id; id++) {
        const size_t start = starts[id];
        if (start != CSEG_NO_COMPONENT && cseg_row_u32(labels, start / runs.width)[start % runs.width] == id)
            keep[component_at(&runs, start)] = 1;
    }
    keep_job job = {&runs, labels, keep};
    if (status == CELLSEG_OK)
        status = cseg_parallel_for(context, cseg_band_count(runs.height), clear_band, &job);
    cseg_memory_free(keep);
    cseg_runs_free(&runs);
    return status;
}
