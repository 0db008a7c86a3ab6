/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The properties of label maps: connected cells, ids in sequence, nuclei inside their cells. Runs of equal ids are joined to
 * components as in runs.c, but in a plane of their first pixels, where the components are sorted by id: any map, even one of as
 * many ids as pixels, takes 4 bytes per pixel. Cost: a few passes; n log n in the components of a map whose ids are not in raster
 * order.
 */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/runs.h"

#include <stdio.h>

/* The caller's line, and the names of the objects. */
typedef struct report {
    char *line;
    size_t size;
    const char *object; /* "cell", "nucleus" */
    const char *objects;
    bool is_one_component; /* each object must be */
} report;

/* A component is named by its first pixel, counted in raster order. */
typedef struct check_job {
    const cseg_plane *labels;
    uint32_t *parent; /* by a run's first pixel: an earlier one of its component, or itself; elsewhere undefined */
} check_job;

static uint32_t id_at(const cseg_plane *labels, uint32_t pixel) {
    return cseg_row_u32(labels, pixel / labels->width)[pixel % labels->width];
}

static uint32_t root_of(uint32_t *parent, uint32_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void unite(uint32_t *parent, uint32_t a, uint32_t b) {
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* The run that begins at x, or after the background there; empty at the row's end. */
static cseg_run next_run(const uint32_t *row, size_t x, size_t width) {
    while (x < width && row[x] == 0)
        x++;
    size_t end = x;
    while (end < width && row[end] == row[x])
        end++;
    return (cseg_run){(uint32_t)x, (uint32_t)end};
}

/* Unite row y's runs with those of row y - 1 that have their id and touch them, diagonally too. */
static void join_row(const check_job *job, size_t y) {
    const size_t width = job->labels->width;
    const uint32_t *row = cseg_row_u32(job->labels, y), *before = cseg_row_u32(job->labels, y - 1);
    cseg_run above = next_run(before, 0, width);
    for (cseg_run own = next_run(row, 0, width); own.begin < own.end; own = next_run(row, own.end, width)) {
        while (above.begin < above.end && above.end < own.begin)
            above = next_run(before, above.end, width);
        for (cseg_run a = above; a.begin < a.end && a.begin <= own.end; a = next_run(before, a.end, width))
            if (before[a.begin] == row[own.begin])
                unite(job->parent, (uint32_t)((y - 1) * width + a.begin), (uint32_t)(y * width + own.begin));
    }
}

static cellseg_status join_band(void *data, size_t band) {
    const check_job *job = data;
    const size_t width = job->labels->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->labels->height); y++) {
        const uint32_t *row = cseg_row_u32(job->labels, y);
        for (cseg_run run = next_run(row, 0, width); run.begin < run.end; run = next_run(row, run.end, width))
            job->parent[y * width + run.begin] = (uint32_t)(y * width + run.begin);
        if (y > cseg_band_begin(band))
            join_row(job, y);
    }
    return CELLSEG_OK;
}

/* Move the components' first pixels to the front of parent[], in order, over entries that have been read. */
static size_t gather_components(const check_job *job) {
    const size_t width = job->labels->width;
    size_t count = 0;
    for (size_t y = 0; y < job->labels->height; y++) {
        const uint32_t *row = cseg_row_u32(job->labels, y);
        for (cseg_run run = next_run(row, 0, width); run.begin < run.end; run = next_run(row, run.end, width)) {
            const uint32_t pixel = (uint32_t)(y * width + run.begin);
            if (job->parent[pixel] == pixel)
                job->parent[count++] = pixel;
        }
    }
    return count;
}

/* ---- components by id ---- */

static bool comes_before(const cseg_plane *labels, uint32_t a, uint32_t b) {
    const uint32_t id_a = id_at(labels, a), id_b = id_at(labels, b);
    return id_a != id_b ? id_a < id_b : a < b;
}

static void sift(const cseg_plane *labels, uint32_t *firsts, size_t at, size_t count) {
    const uint32_t moving = firsts[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && comes_before(labels, firsts[child], firsts[child + 1]))
            child++;
        if (!comes_before(labels, moving, firsts[child]))
            break;
        firsts[at] = firsts[child];
    }
    firsts[at] = moving;
}

/* By id, those of one id in raster order: a heap sort, in place, unless they are in order as in a map that was relabelled. */
static void sort_components(const cseg_plane *labels, uint32_t *firsts, size_t count) {
    size_t sorted = 1;
    while (sorted < count && comes_before(labels, firsts[sorted - 1], firsts[sorted]))
        sorted++;
    if (sorted >= count)
        return;
    for (size_t i = count / 2; i-- > 0;)
        sift(labels, firsts, i, count);
    for (size_t end = count - 1; end > 0; end--) {
        const uint32_t largest = firsts[0];
        firsts[0] = firsts[end];
        firsts[end] = largest;
        sift(labels, firsts, 0, end);
    }
}

/* Every id is one component: of all second components the first one is the violation. */
static void check_components(const report *out, const cseg_plane *labels, const uint32_t *firsts, size_t count) {
    const size_t width = labels->width;
    uint32_t first = 0, second = UINT32_MAX;
    for (size_t i = 1; i < count; i++) {
        const bool begins = i < 2 || id_at(labels, firsts[i - 2]) != id_at(labels, firsts[i - 1]);
        if (begins && id_at(labels, firsts[i - 1]) == id_at(labels, firsts[i]) && firsts[i] < second) {
            first = firsts[i - 1];
            second = firsts[i];
        }
    }
    if (second != UINT32_MAX)
        (void)snprintf(out->line, out->size, "%s %lu has two components, at row %zu, column %zu and at row %zu, column %zu",
                       out->object, (unsigned long)id_at(labels, first), first / width, first % width, second / width,
                       second % width);
}

/* The first component of each id, at the front of firsts[]. */
static size_t keep_ids(const cseg_plane *labels, uint32_t *firsts, size_t count) {
    size_t ids = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || id_at(labels, firsts[i]) != id_at(labels, firsts[ids - 1]))
            firsts[ids++] = firsts[i];
    return ids;
}

static void check_sequence(const report *out, const cseg_plane *labels, const uint32_t *firsts, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (id_at(labels, firsts[i]) != i + 1) {
            (void)snprintf(out->line, out->size, "there are %zu %s, but none has id %zu", count, out->objects, i + 1);
            return;
        }
}

/* count: of the ids. */
static cellseg_status check_map(const report *out, cellseg_context *context, const cseg_plane *labels, size_t *count) {
    if (labels->height > UINT32_MAX / labels->width)
        return cseg_fail(CELLSEG_ERR_LIMIT, "a label map of %zu x %zu pixels is too large to check", labels->height,
                         labels->width);
    check_job job = {labels, cseg_memory_alloc(context, labels->height * labels->width, sizeof *job.parent)};
    if (job.parent == NULL)
        return cseg_error_last();
    const size_t bands = cseg_band_count(labels->height);
    const cellseg_status status = cseg_parallel_for(context, bands, join_band, &job);
    if (status == CELLSEG_OK) {
        for (size_t band = 1; band < bands; band++)
            join_row(&job, cseg_band_begin(band));
        *count = gather_components(&job);
        sort_components(labels, job.parent, *count);
        if (out->is_one_component)
            check_components(out, labels, job.parent, *count);
        *count = keep_ids(labels, job.parent, *count);
        if (out->line[0] == '\0')
            check_sequence(out, labels, job.parent, *count);
    }
    cseg_memory_free(job.parent);
    return status;
}

static void check_inside(const report *out, const cseg_plane *cells, const cseg_plane *nuclei) {
    for (size_t y = 0; y < cells->height; y++)
        for (size_t x = 0; x < cells->width; x++) {
            const uint32_t nucleus = cseg_row_u32(nuclei, y)[x], cell = cseg_row_u32(cells, y)[x];
            if (nucleus == 0 || nucleus == cell)
                continue;
            (void)snprintf(out->line, out->size,
                           "nucleus %lu is not inside its cell at row %zu, column %zu: there the cell is %lu",
                           (unsigned long)nucleus, y, x, (unsigned long)cell);
            return;
        }
}

cellseg_status cseg_check_labels(char *violation, size_t size, cellseg_context *context, const cseg_plane *cells,
                                 const cseg_plane *nuclei) {
    assert(cells->type == CELLSEG_UINT32 && size > 0);
    const report cell = {violation, size, "cell", "cells", true}, nucleus = {violation, size, "nucleus", "nuclei", false};
    size_t cell_count = 0, nucleus_count = 0;
    violation[0] = '\0';
    CSEG_TRY(check_map(&cell, context, cells, &cell_count));
    if (nuclei == NULL || violation[0] != '\0')
        return CELLSEG_OK;
    CSEG_TRY(check_map(&nucleus, context, nuclei, &nucleus_count));
    if (violation[0] == '\0')
        check_inside(&nucleus, cells, nuclei);
    if (violation[0] == '\0' && nucleus_count < cell_count)
        (void)snprintf(violation, size, "cell %zu has no nucleus", nucleus_count + 1);
    return CELLSEG_OK;
}
