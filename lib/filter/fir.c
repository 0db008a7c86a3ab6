/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Separable convolution, tile by tile: rows first, into panels of 32 columns that lie in the cache without gaps, then down the
 * columns of each panel straight into the output. Several filters share a tile, so that a multi-scale maximum touches main memory
 * once. Cost: four times the radius multiply-adds per pixel and filter, twice that with second derivatives.
 */
#include "filter/fir.h"

#include "filter/sample.h"

#include <string.h>

enum { STRIP_ROWS = 1024, BLOCK_ROWS = 64, GROUP_ROWS = 8 };

cellseg_status cseg_fir_gaussian(cseg_fir *filter, cellseg_context *context, double sigma_px, double cut, bool derivative) {
    const size_t radius = (size_t)(cut * sigma_px + 0.5);
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
    size_t count;
    bool both;              /* the filters have second derivatives */
    size_t radius;          /* the largest */
    size_t rows;            /* of a block with the margins its columns need */
    size_t columns, strips; /* of a strip; strips across the image */
    const cseg_fir_kernels *kernels;
} fir_job;

/* A part of the image, and the scratch memory to filter it block by block. */
typedef struct strip {
    size_t top, bottom, left, width, panels;
    float *row;      /* one input row with its margins */
    float *pairs;    /* (radius + 1) rows of CSEG_FIR_PANEL */
    float *filtered; /* what the rows became: for each filter, each of its one or two weights, each panel, `rows` panel rows */
} strip;

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* As wide as the filtered rows stay in the second-level cache, and as main memory likes to be read. */
static size_t strip_columns(size_t bytes_per_column) {
    enum { CACHE = 640 * 1024, WIDEST = 512 };
    const size_t columns = CACHE / bytes_per_column / CSEG_FIR_PANEL * CSEG_FIR_PANEL;
    return columns < CSEG_FIR_PANEL ? CSEG_FIR_PANEL : smaller(columns, WIDEST);
}

static cellseg_status strip_open(strip *s, const fir_job *job, size_t index) {
    *s = (strip){.top = index / job->strips * STRIP_ROWS, .left = index % job->strips * job->columns};
    s->bottom = smaller(s->top + STRIP_ROWS, job->from->height);
    s->width = smaller(job->from->width - s->left, job->columns);
    s->panels = (s->width + CSEG_FIR_PANEL - 1) / CSEG_FIR_PANEL;
    const size_t pairs = (job->radius + 1) * CSEG_FIR_PANEL;
    const size_t filtered = job->count * (job->both ? 2 : 1) * s->panels * job->rows * CSEG_FIR_PANEL;
    s->pairs = cseg_alloc(job->context, pairs + filtered + s->panels * CSEG_FIR_PANEL + 2 * job->radius, sizeof(float));
    if (s->pairs == NULL)
        return cseg_last_status();
    s->filtered = s->pairs + pairs;
    s->row = s->filtered + filtered;
    return CELLSEG_OK;
}

/* Where filter f's rows of a panel begin; `second` those of its second weights. */
static float *filtered_panel(const strip *s, const fir_job *job, size_t f, size_t panel, bool second) {
    const size_t weights = job->both ? 2 * f + (second ? 1 : 0) : f;
    return s->filtered + (weights * s->panels + panel) * job->rows * CSEG_FIR_PANEL;
}

/* Row y of the input from `radius` left of the strip on: where it lies in the image if it can be used as it is, else a copy. */
static const float *input_row(const strip *s, const fir_job *job, ptrdiff_t y) {
    const cseg_plane *from = job->from;
    const size_t inside = cseg_reflect(y, from->height), count = s->panels * CSEG_FIR_PANEL + 2 * job->radius;
    if (from->type == CELLSEG_FLOAT32 && s->left >= job->radius && s->left - job->radius + count <= from->width)
        return cseg_row_f32(from, inside) + s->left - job->radius;
    cseg_load_reflected(s->row, from, inside, (ptrdiff_t)s->left - (ptrdiff_t)job->radius, count);
    return s->row;
}

/* Filter along the input rows [from, to) of a block, counted from `radius` rows above it. */
static void filter_rows(const strip *s, const fir_job *job, size_t top, size_t from, size_t to) {
    const cseg_fir_kernels *kernels = job->kernels;
    for (size_t i = from; i < to; i++) {
        const float *row = input_row(s, job, (ptrdiff_t)(top + i) - (ptrdiff_t)job->radius) + job->radius;
        for (size_t p = 0; p < s->panels; p++) {
            if (job->both)
                kernels->pairs(s->pairs, row + p * CSEG_FIR_PANEL, job->radius);
            for (size_t f = 0; f < job->count; f++) {
                const cseg_fir *filter = &job->filters[f];
                float *smooth = filtered_panel(s, job, f, p, false) + i * CSEG_FIR_PANEL;
                float *second = filtered_panel(s, job, f, p, true) + i * CSEG_FIR_PANEL;
                if (job->both)
                    kernels->weigh_both(smooth, second, s->pairs, filter->smooth, filter->second, filter->radius);
                else
                    kernels->along(smooth, row + p * CSEG_FIR_PANEL, filter->smooth, filter->radius);
            }
        }
    }
}

static void raise_to(float *restrict out, const float *restrict values, size_t count) {
    for (size_t i = 0; i < count; i++)
        out[i] = out[i] > values[i] ? out[i] : values[i];
}

/* Filter down the columns of a panel: GROUP_ROWS rows of out, the largest over all filters. `at`: the first one's filtered row.
 */
static void filter_group(float *out, const strip *s, const fir_job *job, size_t panel, size_t at) {
    float more[GROUP_ROWS * CSEG_FIR_PANEL];
    for (size_t f = 0; f < job->count; f++) {
        const cseg_fir *filter = &job->filters[f];
        const float *smooth = filtered_panel(s, job, f, panel, false) + at * CSEG_FIR_PANEL;
        const float *second = filtered_panel(s, job, f, panel, true) + at * CSEG_FIR_PANEL;
        float *to = f == 0 ? out : more;
        for (size_t i = 0; i < GROUP_ROWS * CSEG_FIR_PANEL; i += 2 * CSEG_FIR_PANEL)
            if (job->both)
                job->kernels->across_both(to + i, smooth + i, second + i, filter->second, filter->smooth, filter->radius);
            else
                job->kernels->across(to + i, smooth + i, filter->smooth, filter->radius);
        if (f > 0)
            raise_to(out, more, GROUP_ROWS * CSEG_FIR_PANEL);
    }
}

/* Output rows [top, end) of a block. */
static void filter_columns(const strip *s, const fir_job *job, size_t top, size_t end) {
    for (size_t y = top; y < end; y += GROUP_ROWS)
        for (size_t p = 0; p < s->panels; p++) {
            float group[GROUP_ROWS * CSEG_FIR_PANEL];
            filter_group(group, s, job, p, y - top + job->radius);
            const size_t left = s->left + p * CSEG_FIR_PANEL, count = smaller(s->left + s->width - left, CSEG_FIR_PANEL);
            for (size_t i = 0; i < GROUP_ROWS && y + i < end; i++)
                memcpy(cseg_row_f32(job->to, y + i) + left, group + i * CSEG_FIR_PANEL, count * sizeof *group);
        }
}

/* The last rows of one block are the first of the next. */
static void keep_shared_rows(const strip *s, const fir_job *job) {
    const size_t panels = job->count * (job->both ? 2 : 1) * s->panels;
    for (size_t p = 0; p < panels; p++) {
        float *rows = s->filtered + p * job->rows * CSEG_FIR_PANEL;
        memmove(rows, rows + BLOCK_ROWS * CSEG_FIR_PANEL, 2 * job->radius * CSEG_FIR_PANEL * sizeof *rows);
    }
}

static cellseg_status filter_strip(void *data, size_t index) {
    const fir_job *job = data;
    strip s;
    CSEG_TRY(strip_open(&s, job, index));
    size_t known = 0; /* rows of the block that are filtered already */
    for (size_t top = s.top; top < s.bottom; top += BLOCK_ROWS) {
        const size_t end = smaller(top + BLOCK_ROWS, s.bottom), whole = (end - top + GROUP_ROWS - 1) / GROUP_ROWS * GROUP_ROWS;
        filter_rows(&s, job, top, known, whole + 2 * job->radius);
        filter_columns(&s, job, top, end);
        keep_shared_rows(&s, job);
        known = 2 * job->radius;
    }
    cseg_free(s.pairs);
    return CELLSEG_OK;
}

cellseg_status cseg_fir_apply(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const cseg_fir *filters,
                              size_t count) {
    assert(to->type == CELLSEG_FLOAT32 && to->height == from->height && to->width == from->width && to->data != from->data);
    assert(count >= 1 && count <= CSEG_FIR_MOST);
    fir_job job = {.context = context, .to = to, .from = from, .filters = filters, .count = count};
    job.both = filters[0].second != NULL;
    for (size_t f = 0; f < count; f++)
        if (filters[f].radius > job.radius)
            job.radius = filters[f].radius;
    job.rows = BLOCK_ROWS + 2 * job.radius;
    job.columns = strip_columns(count * (job.both ? 2 : 1) * job.rows * sizeof(float));
    job.strips = (from->width + job.columns - 1) / job.columns;
    job.kernels = cseg_fir_kernels_for(context);
    return cseg_parallel_for(context, (from->height + STRIP_ROWS - 1) / STRIP_ROWS * job.strips, filter_strip, &job);
}
