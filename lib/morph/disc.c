/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Erosion and dilation with a flat disc, exact: the disc is one horizontal chord per row. A table holds an input row's extremes
 * over windows of 1, 2, 4, ... samples; the extreme under any chord is that of two windows (Urbach and Wilkinson 2008). Each
 * chord's row is then merged into the two output rows that contain the chord. Cost: 2 * radius + 1 comparisons per pixel, in
 * vectors. Memory: a few rows per thread.
 */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/morph_kernels.h"

enum { DISC_ROWS = 64 };

typedef struct disc_job {
    cellseg_context *context;
    const cseg_morph_kernels *kernels;
    const cseg_plane *to, *from;
    const size_t *reach; /* by |dy|: columns from the chord's middle to its end */
    size_t radius, levels;
    bool max;
} disc_job;

/* Merge input row `y` into the output rows of [begin, end) that its chords reach. */
static void spread_row(const disc_job *job, size_t y, size_t begin, size_t end, const void *table, void *chord) {
    const size_t width = job->from->width;
    size_t made = SIZE_MAX; /* the reach of `chord` */
    for (size_t dy = 0; dy <= job->radius; dy++) {
        const bool above = y >= dy && y - dy >= begin && y - dy<end, below = dy> 0 && y + dy >= begin && y + dy < end;
        if (!above && !below)
            continue;
        if (job->reach[dy] != made)
            job->kernels->chord(chord, table, width, job->radius, job->reach[dy], job->max);
        made = job->reach[dy];
        if (above)
            job->kernels->merge(cseg_row_at(job->to, y - dy), chord, width, job->max);
        if (below)
            job->kernels->merge(cseg_row_at(job->to, y + dy), chord, width, job->max);
    }
}

static cellseg_status disc_band(void *data, size_t index) {
    const disc_job *job = data;
    const size_t height = job->from->height, width = job->from->width, sample = cseg_plane_type_size(job->from->type);
    const size_t begin = index * DISC_ROWS, end = begin + DISC_ROWS < height ? begin + DISC_ROWS : height;
    const size_t first = begin > job->radius ? begin - job->radius : 0;
    const size_t last = end + job->radius < height ? end + job->radius : height;
    void *table = cseg_memory_alloc(job->context, job->levels, (width + 2 * job->radius) * sample);
    void *chord = cseg_memory_alloc(job->context, width, sample);
    cellseg_status status = CELLSEG_OK;
    if (table == NULL || chord == NULL) {
        status = cseg_error_last();
        goto done;
    }
    for (size_t y = begin; y < end; y++)
        job->kernels->clear(cseg_row_at(job->to, y), width, job->max);
    for (size_t y = first; y < last; y++) {
        CSEG_TRY_GOTO(done, cseg_progress_cancelled(job->context));
        job->kernels->build(table, cseg_row_at(job->from, y), width, job->radius, job->levels, job->max);
        spread_row(job, y, begin, end, table, chord);
    }
done:
    cseg_memory_free(table);
    cseg_memory_free(chord);
    return status;
}

static cellseg_status disc(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius, bool max) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && to->data != from->data);
    size_t *reach = cseg_memory_alloc(context, radius + 1, sizeof *reach);
    if (reach == NULL)
        return cseg_error_last();
    for (size_t dy = 0, dx = radius; dy <= radius; dy++) {
        while (dy * dy + dx * dx > radius * radius)
            dx--;
        reach[dy] = dx;
    }
    disc_job job = {
        context, cseg_morph_kernels_select(cellseg_context_cpu_level(context), from->type), to, from, reach, radius, 1, max};
    while ((size_t)1 << job.levels <= 2 * radius + 1)
        job.levels++;
    const cellseg_status status = cseg_parallel_for(context, (from->height + DISC_ROWS - 1) / DISC_ROWS, disc_band, &job);
    cseg_memory_free(reach);
    return status;
}

cellseg_status cseg_disc_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius) {
    return disc(context, to, from, radius, false);
}

cellseg_status cseg_disc_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius) {
    return disc(context, to, from, radius, true);
}
