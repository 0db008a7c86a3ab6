/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filling holes: the 4-connected components of the background (runs.c) that do not touch the image's border; in a label map only
 * holes that touch one label. Holes are 4-connected since objects are 8-connected. With a limit, larger holes stay: whether a
 * pixel is filled then depends on the pixels within the limit alone. Cost: two passes over the image.
 */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/runs.h"

#include <string.h>

#define OPEN UINT32_MAX /* not a hole; in `fill`, 0 is undecided */

typedef struct holes_job {
    const cseg_runs *runs;
    const cseg_plane *plane;
    const uint32_t *fill; /* by component: the value to write, or OPEN */
} holes_job;

static cellseg_status fill_band(void *data, size_t band) {
    const holes_job *job = data;
    const cseg_runs *runs = job->runs;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, runs->height); y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            const uint32_t value = job->fill[runs->component[i]];
            const cseg_run run = runs->run[i];
            if (value == OPEN || value == 0)
                continue;
            if (job->plane->type == CELLSEG_UINT8)
                memset(cseg_row_u8(job->plane, y) + run.begin, (int)value, run.end - run.begin);
            else
                for (size_t x = run.begin; x < run.end; x++)
                    cseg_row_u32(job->plane, y)[x] = value;
        }
    return CELLSEG_OK;
}

static void note_label(uint32_t *fill, uint32_t label) {
    if (label == 0 || *fill == OPEN || *fill == label)
        return;
    *fill = *fill == 0 ? label : OPEN;
}

/* Note the labels above and below a run, and of the pixels at its ends. */
static void note_labels_round(const cseg_plane *labels, size_t y, cseg_run run, uint32_t *fill) {
    const uint32_t *above = cseg_row_u32(labels, y - 1), *below = cseg_row_u32(labels, y + 1), *own = cseg_row_u32(labels, y);
    note_label(fill, own[run.begin - 1]);
    note_label(fill, own[run.end]);
    for (size_t x = run.begin; x < run.end; x++) {
        note_label(fill, above[x]);
        note_label(fill, below[x]);
    }
}

static void decide(const cseg_runs *runs, const cseg_plane *plane, uint32_t *fill) {
    memset(fill, 0, runs->components * sizeof *fill);
    for (size_t y = 0; y < runs->height; y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            const cseg_run run = runs->run[i];
            uint32_t *value = &fill[runs->component[i]];
            if (y == 0 || y + 1 == runs->height || run.begin == 0 || run.end == runs->width)
                *value = OPEN;
            else if (*value == OPEN)
                continue;
            else if (plane->type == CELLSEG_UINT8)
                *value = 1;
            else
                note_labels_round(plane, y, run, value);
        }
}

/* The first and last rows and columns of a component. */
typedef struct extent {
    uint32_t top, left, bottom, right;
} extent;

static void widen(extent *e, size_t y, cseg_run run) {
    const uint32_t row = (uint32_t)y, begin = (uint32_t)run.begin, last = (uint32_t)run.end - 1;
    e->top = row < e->top ? row : e->top;
    e->bottom = row > e->bottom ? row : e->bottom;
    e->left = begin < e->left ? begin : e->left;
    e->right = last > e->right ? last : e->right;
}

/* Components higher or wider than the limit are no holes. */
static cellseg_status leave_large(cellseg_context *context, const cseg_runs *runs, uint32_t *fill, size_t limit) {
    extent *of = cseg_memory_alloc(context, (size_t)runs->components + 1, sizeof *of);
    if (of == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < runs->components; i++)
        of[i] = (extent){UINT32_MAX, UINT32_MAX, 0, 0};
    for (size_t y = 0; y < runs->height; y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++)
            widen(&of[runs->component[i]], y, runs->run[i]);
    for (size_t i = 0; i < runs->components; i++)
        if (of[i].bottom - of[i].top >= limit || of[i].right - of[i].left >= limit)
            fill[i] = OPEN;
    cseg_memory_free(of);
    return CELLSEG_OK;
}

static cellseg_status fill_holes(cellseg_context *context, const cseg_plane *plane, int32_t connectivity, size_t limit) {
    cseg_runs runs;
    CSEG_TRY(cseg_runs_new(&runs, context, plane, CSEG_RUNS_ZEROS, connectivity));
    cellseg_status status = CELLSEG_OK;
    uint32_t *fill = cseg_memory_alloc(context, (size_t)runs.components + 1, sizeof *fill);
    if (fill == NULL) {
        status = cseg_error_last();
        goto done;
    }
    decide(&runs, plane, fill);
    if (limit < CSEG_ANY_HOLE)
        CSEG_TRY_GOTO(done, leave_large(context, &runs, fill, limit));
    holes_job job = {&runs, plane, fill};
    status = cseg_parallel_for(context, cseg_band_count(runs.height), fill_band, &job);
done:
    cseg_memory_free(fill);
    cseg_runs_free(&runs);
    return status;
}

cellseg_status cseg_holes_fill(cellseg_context *context, const cseg_plane *mask, int32_t connectivity, size_t limit) {
    assert(mask->type == CELLSEG_UINT8);
    return fill_holes(context, mask, connectivity, limit);
}

cellseg_status cseg_holes_fill_labels(cellseg_context *context, const cseg_plane *labels, size_t limit) {
    assert(labels->type == CELLSEG_UINT32);
    return fill_holes(context, labels, 4, limit);
}
