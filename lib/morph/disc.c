/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Erosion and dilation with a flat disc, exact: the disc is one horizontal chord per row. An input row's extremes over windows of
 * 1, 2, 4, ... samples give the extreme under any chord as that of two windows (Urbach and Wilkinson 2008); each chord's row is
 * then merged into the two output rows it lies in. Cost: 2 * radius + 1 comparisons per pixel, in vectors. Memory: a few rows per
 * thread.
 */
#include "morph/bands.h"
#include "morph/morph.h"

#include <math.h>
#include <string.h>

enum { DISC_ROWS = 64 };

#define SAMPLE uint8_t
#define LOWEST 0
#define HIGHEST UINT8_MAX
#define NAME(x) x##_u8
#include "morph/disc_type.h"

#define SAMPLE uint16_t
#define LOWEST 0
#define HIGHEST UINT16_MAX
#define NAME(x) x##_u16
#include "morph/disc_type.h"

#define SAMPLE float
#define LOWEST (-INFINITY)
#define HIGHEST INFINITY
#define NAME(x) x##_f32
#include "morph/disc_type.h"

typedef struct sample_ops {
    void (*clear)(void *row, size_t n, bool most);
    void (*build)(void *table, const void *row, size_t width, size_t margin, size_t levels, bool most);
    void (*chord)(void *out, const void *table, size_t width, size_t margin, size_t reach, bool most);
    void (*merge)(void *to, const void *chord, size_t width, bool most);
} sample_ops;

static const sample_ops *ops_of(int32_t type) {
    static const sample_ops u8 = {clear_u8, build_u8, chord_u8, merge_u8}, u16 = {clear_u16, build_u16, chord_u16, merge_u16},
                            f32 = {clear_f32, build_f32, chord_f32, merge_f32};
    return type == CELLSEG_UINT8 ? &u8 : type == CELLSEG_UINT16 ? &u16 : &f32;
}

typedef struct disc_job {
    cellseg_context *context;
    const sample_ops *ops;
    const cseg_plane *to, *from;
    const size_t *reach; /* by |dy|: half the chord's length */
    size_t radius, levels;
    bool most;
} disc_job;

/* Merge input row `y` into the output rows of [begin, end) that its chords reach. */
static void spread_row(const disc_job *job, size_t y, size_t begin, size_t end, const void *table, void *chord) {
    const size_t width = job->from->width;
    size_t made = SIZE_MAX; /* the reach `chord` is for */
    for (size_t dy = 0; dy <= job->radius; dy++) {
        const bool above = y >= dy && y - dy >= begin && y - dy<end, below = dy> 0 && y + dy >= begin && y + dy < end;
        if (!above && !below)
            continue;
        if (job->reach[dy] != made)
            job->ops->chord(chord, table, width, job->radius, job->reach[dy], job->most);
        made = job->reach[dy];
        if (above)
            job->ops->merge(cseg_row_at(job->to, y - dy), chord, width, job->most);
        if (below)
            job->ops->merge(cseg_row_at(job->to, y + dy), chord, width, job->most);
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
        job->ops->clear(cseg_row_at(job->to, y), width, job->most);
    for (size_t y = first; y < last; y++) {
        CSEG_TRY_GOTO(done, cseg_progress_cancelled(job->context));
        job->ops->build(table, cseg_row_at(job->from, y), width, job->radius, job->levels, job->most);
        spread_row(job, y, begin, end, table, chord);
    }
done:
    cseg_memory_free(table);
    cseg_memory_free(chord);
    return status;
}

static cellseg_status disc(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius, bool most) {
    assert(to->type == from->type && cseg_plane_same_size(to, from) && to->data != from->data);
    size_t *reach = cseg_memory_alloc(context, radius + 1, sizeof *reach);
    if (reach == NULL)
        return cseg_error_last();
    for (size_t dy = 0, dx = radius; dy <= radius; dy++) {
        while (dy * dy + dx * dx > radius * radius)
            dx--;
        reach[dy] = dx;
    }
    disc_job job = {context, ops_of(from->type), to, from, reach, radius, 1, most};
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
