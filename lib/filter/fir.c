/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Separable convolution, tile by tile: rows first, into panels of 32 columns that lie in the cache without gaps, then down the
 * columns of each panel straight into the output. Several filters share a tile, so that a multi-scale maximum touches main memory
 * once. Cost: four times the radius multiply-adds per pixel and filter, twice that with second derivatives.
 */
#include "filter/fir.h"

#include "filter/sample.h"

enum { TILE_ROWS = 512, TILE_COLUMNS = 4 * CSEG_FIR_PANEL };

cellseg_status cseg_fir_gaussian(cseg_fir *filter, cellseg_context *context, double sigma_px, bool derivative) {
    const size_t radius = (size_t)(4 * sigma_px + 0.5);
    const double variance = sigma_px * sigma_px;
    *filter = (cseg_fir){.radius = radius};
    filter->smooth = cseg_alloc(context, 2 * (radius + 1), sizeof(float));
    if (filter->smooth == NULL)
        return cseg_last_status();
    double sum = 1;
    for (size_t k = 1; k <= radius; k++)
        sum += 2 * cseg_exp(-0.5 * (double)(k * k) / variance);
    if (derivative)
        filter->second = filter->smooth + radius + 1;
    for (size_t k = 0; k <= radius; k++) {
        const double x2 = (double)(k * k);
        const double weight = cseg_exp(-0.5 * x2 / variance) / sum;
        filter->smooth[k] = (float)weight;
        if (derivative)
            filter->second[k] = (float)((1 - x2 / variance) * weight);
    }
    return CELLSEG_OK;
}

void cseg_fir_free(cseg_fir *filter) {
    cseg_free(filter->smooth);
    *filter = (cseg_fir){0};
}

typedef struct fir_job {
    cellseg_context *context;
    const cseg_plane *to, *from;
    const cseg_fir *filters;
    size_t count, largest_radius, tiles_across;
    const cseg_fir_kernels *kernels;
} fir_job;

/* One tile's place and its scratch memory. */
typedef struct tile {
    size_t top, left, height, width, panels;
    float *row;   /* one input row with its margins */
    float *a, *b; /* filtered rows: panels x (height + 2 * radius) x CSEG_FIR_PANEL */
} tile;

static cellseg_status tile_open(tile *t, const fir_job *job, size_t index) {
    *t = (tile){.top = index / job->tiles_across * TILE_ROWS, .left = index % job->tiles_across * TILE_COLUMNS};
    t->height = job->from->height - t->top < TILE_ROWS ? job->from->height - t->top : TILE_ROWS;
    t->width = job->from->width - t->left < TILE_COLUMNS ? job->from->width - t->left : TILE_COLUMNS;
    t->panels = (t->width + CSEG_FIR_PANEL - 1) / CSEG_FIR_PANEL;
    const bool both = job->filters[0].second != NULL;
    const size_t rows = t->height + 2 * job->largest_radius;
    const size_t panel_floats = rows * t->panels * CSEG_FIR_PANEL;
    const size_t row_floats = t->panels * CSEG_FIR_PANEL + 2 * job->largest_radius;
    t->a = cseg_alloc(job->context, row_floats + (both ? 2 : 1) * panel_floats, sizeof(float));
    if (t->a == NULL)
        return cseg_last_status();
    t->b = t->a + (both ? panel_floats : 0);
    t->row = t->b + panel_floats;
    return CELLSEG_OK;
}

/* Filter along every row the columns will need. */
static void filter_rows(const tile *t, const fir_job *job, const cseg_fir *filter) {
    const size_t radius = filter->radius, rows = t->height + 2 * radius;
    for (size_t i = 0; i < rows; i++) {
        const size_t y = cseg_reflect((ptrdiff_t)(t->top + i) - (ptrdiff_t)radius, job->from->height);
        cseg_load_reflected(t->row, job->from, y, (ptrdiff_t)t->left - (ptrdiff_t)radius,
                            t->panels * CSEG_FIR_PANEL + 2 * radius);
        for (size_t p = 0; p < t->panels; p++) {
            const float *centre = t->row + radius + p * CSEG_FIR_PANEL;
            const size_t at = (p * rows + i) * CSEG_FIR_PANEL;
            if (filter->second != NULL)
                job->kernels->along_both(t->a + at, t->b + at, centre, filter->smooth, filter->second, radius);
            else
                job->kernels->along(t->a + at, centre, filter->smooth, radius);
        }
    }
}

static void put(float *to, const float *values, size_t count, bool maximum) {
    for (size_t i = 0; i < count; i++)
        to[i] = maximum && to[i] > values[i] ? to[i] : values[i];
}

static void filter_columns(const tile *t, const fir_job *job, const cseg_fir *filter, bool maximum) {
    const size_t radius = filter->radius, rows = t->height + 2 * radius;
    for (size_t p = 0; p < t->panels; p++) {
        const size_t left = p * CSEG_FIR_PANEL;
        const size_t count = t->width - left < CSEG_FIR_PANEL ? t->width - left : CSEG_FIR_PANEL;
        for (size_t i = 0; i < t->height; i++) {
            const size_t at = (p * rows + i + radius) * CSEG_FIR_PANEL;
            float values[CSEG_FIR_PANEL];
            if (filter->second != NULL)
                job->kernels->across_both(values, t->a + at, t->b + at, filter->second, filter->smooth, radius);
            else
                job->kernels->across(values, t->a + at, filter->smooth, radius);
            put(cseg_row_f32(job->to, t->top + i) + t->left + left, values, count, maximum);
        }
    }
}

static cellseg_status filter_tile(void *data, size_t index) {
    const fir_job *job = data;
    tile t;
    CSEG_TRY(tile_open(&t, job, index));
    for (size_t f = 0; f < job->count; f++) {
        filter_rows(&t, job, &job->filters[f]);
        filter_columns(&t, job, &job->filters[f], f > 0);
    }
    cseg_free(t.a);
    return CELLSEG_OK;
}

cellseg_status cseg_fir_apply(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const cseg_fir *filters,
                              size_t count) {
    assert(to->type == CELLSEG_FLOAT32 && to->height == from->height && to->width == from->width && to->data != from->data);
    fir_job job = {.context = context,
                   .to = to,
                   .from = from,
                   .filters = filters,
                   .count = count,
                   .tiles_across = (from->width + TILE_COLUMNS - 1) / TILE_COLUMNS,
                   .kernels = cseg_fir_kernels_for(context)};
    for (size_t f = 0; f < count; f++)
        if (filters[f].radius > job.largest_radius)
            job.largest_radius = filters[f].radius;
    const size_t tiles_down = (from->height + TILE_ROWS - 1) / TILE_ROWS;
    return cseg_parallel_for(context, tiles_down * job.tiles_across, filter_tile, &job);
}
