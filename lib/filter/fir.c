/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Separable convolution, tile by tile: first along the rows into panels of 32 columns without gaps, then down the columns of each
 * panel into the output. Several filters share a tile, so that a multi-scale maximum touches main memory
 * once. Cost: four times the radius multiply-adds per pixel and filter, twice that with second derivatives.
 */
#include "filter/filter_kernels.h"

#include <string.h>

enum { STRIP_ROWS = 1024, BLOCK_ROWS = 64, GROUP_ROWS = 8 };

static cellseg_status fir_new(cseg_fir *filter, cellseg_context *context, size_t radius, size_t spacing) {
    *filter = (cseg_fir){.radius = radius, .spacing = spacing};
    filter->smooth = cseg_memory_alloc(context, 2 * (radius + 1), sizeof(float));
    return filter->smooth != NULL ? CELLSEG_OK : cseg_error_last();
}

/* exp(-x^2 / (2 sigma^2)) at x = k * spacing over the sum of all samples. */
static double gaussian_weight(const cseg_fir *filter, double sigma, double sum, size_t k) {
    const double x = (double)(k * filter->spacing) / sigma;
    return cseg_math_exp(-0.5 * x * x) / sum;
}

static double gaussian_sum(const cseg_fir *filter, double sigma) {
    double sum = 1;
    for (size_t k = 1; k <= filter->radius; k++)
        sum += 2 * gaussian_weight(filter, sigma, 1, k);
    return sum;
}

cellseg_status cseg_fir_gaussian(cseg_fir *filter, cellseg_context *context, double sigma_px, double cut, size_t spacing) {
    CSEG_TRY(fir_new(filter, context, (size_t)(cut * sigma_px / (double)spacing + 0.5), spacing));
    const double sum = gaussian_sum(filter, sigma_px);
    for (size_t k = 0; k <= filter->radius; k++)
        filter->smooth[k] = (float)gaussian_weight(filter, sigma_px, sum, k);
    return CELLSEG_OK;
}

cellseg_status cseg_fir_log(cseg_fir *filter, cellseg_context *context, double sigma_px, double cut, bool balanced) {
    CSEG_TRY(fir_new(filter, context, (size_t)(cut * sigma_px + 0.5), 1));
    filter->second = filter->smooth + filter->radius + 1;
    const double sum = gaussian_sum(filter, sigma_px);
    double left = 0; /* of a constant */
    for (size_t k = 0; k <= filter->radius; k++) {
        const double weight = gaussian_weight(filter, sigma_px, sum, k), x = (double)k / sigma_px;
        filter->smooth[k] = (float)weight;
        filter->second[k] = (float)((1 - x * x) * weight);
        left += (double)filter->second[k] * (k > 0 ? 2 : 1);
    }
    if (balanced)
        filter->second[0] = (float)((double)filter->second[0] - left);
    return CELLSEG_OK;
}

void cseg_fir_free(cseg_fir *filter) {
    cseg_memory_free(filter->smooth);
    *filter = (cseg_fir){0};
}

typedef struct fir_job {
    cellseg_context *context;
    const cseg_plane *to, *from;
    cseg_periods periods; /* of `from` */
    const cseg_fir *filters;
    size_t count;
    bool both;              /* the filters have second derivatives */
    size_t reach;           /* of the filters: the largest radius times spacing */
    size_t rows;            /* of a block and the margins of its columns */
    size_t columns, strips; /* of a strip; strips across the image */
    const cseg_filter_kernels *kernels;
    cseg_fir_group groups[(CSEG_FIR_MAX_FILTERS + CSEG_FIR_GROUP - 1) / CSEG_FIR_GROUP];
} fir_job;

/* A strip of the image, and the scratch memory to filter the strip block by block. */
typedef struct strip {
    size_t top, bottom, left, width, panels;
    float *row;      /* an input row of the strip or of one panel, with margins */
    float *filtered; /* the filtered rows: for each filter, each of its one or two weights, each panel, `rows` panel rows */
} strip;

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* As wide as the second-level cache holds the filtered rows, and at most WIDEST, which reads main memory fastest. */
static size_t strip_columns(size_t bytes_per_column) {
    enum { CACHE = 640 * 1024, WIDEST = 512 };
    assert(bytes_per_column > 0);
    const size_t columns = CACHE / bytes_per_column / CSEG_FIR_PANEL * CSEG_FIR_PANEL;
    return columns < CSEG_FIR_PANEL ? CSEG_FIR_PANEL : smaller(columns, WIDEST);
}

/* The groups of filters, and their weights in one block, which begins with the first group's weights. */
static cellseg_status groups_open(fir_job *job) {
    float *weights = cseg_memory_calloc(job->context, job->count * 2 * (job->reach + 1), sizeof *weights);
    if (weights == NULL)
        return cseg_error_last();
    for (size_t f = 0; f < job->count; f++) {
        const cseg_fir *filter = &job->filters[f];
        const size_t member = f % CSEG_FIR_GROUP, left = job->count - (f - member);
        cseg_fir_group *group = &job->groups[f / CSEG_FIR_GROUP];
        group->count = smaller(left, CSEG_FIR_GROUP);
        group->radius[member] = filter->radius;
        group->weights = weights + (f - member) * 2 * (job->reach + 1);
        for (size_t k = 0; k <= filter->radius; k++) {
            group->weights[2 * (k * group->count + member)] = filter->smooth[k];
            group->weights[2 * (k * group->count + member) + 1] = filter->second[k];
        }
    }
    return CELLSEG_OK;
}

static cellseg_status strip_open(strip *s, const fir_job *job, size_t index) {
    *s = (strip){.top = index / job->strips * STRIP_ROWS, .left = index % job->strips * job->columns};
    s->bottom = smaller(s->top + STRIP_ROWS, job->from->height);
    s->width = smaller(job->from->width - s->left, job->columns);
    s->panels = (s->width + CSEG_FIR_PANEL - 1) / CSEG_FIR_PANEL;
    const size_t filtered = job->count * (job->both ? 2 : 1) * s->panels * job->rows * CSEG_FIR_PANEL;
    s->filtered = cseg_memory_alloc(job->context, filtered + s->panels * CSEG_FIR_PANEL + 2 * job->reach, sizeof(float));
    if (s->filtered == NULL)
        return cseg_error_last();
    s->row = s->filtered + filtered;
    return CELLSEG_OK;
}

/* The first filtered row of a panel for filter f; with `second`, for its second weights. */
static float *filtered_panel(const strip *s, const fir_job *job, size_t f, size_t panel, bool second) {
    const size_t weights = job->both ? 2 * f + (second ? 1 : 0) : f;
    return s->filtered + (weights * s->panels + panel) * job->rows * CSEG_FIR_PANEL;
}

/*
 * The samples of row y from a panel's first on, readable from `reach` samples before the panel to `reach` after. They lie in the
 * image where all of them are floats inside it, else in a copy. The first panel's call converts integers for all panels.
 */
static const float *panel_input(const strip *s, const fir_job *job, size_t y, size_t panel) {
    const cseg_plane *from = job->from;
    const size_t at = panel * CSEG_FIR_PANEL, left = s->left + at, reach = job->reach;
    if (from->type == CELLSEG_FLOAT32) {
        if (left >= reach && left + CSEG_FIR_PANEL + reach <= from->width)
            return cseg_row_f32(from, y) + left;
        cseg_load_reflected(s->row, from, job->periods.x, y, (ptrdiff_t)left - (ptrdiff_t)reach, CSEG_FIR_PANEL + 2 * reach);
        return s->row + reach;
    }
    if (panel == 0)
        cseg_load_reflected(s->row, from, job->periods.x, y, (ptrdiff_t)left - (ptrdiff_t)reach,
                            s->panels * CSEG_FIR_PANEL + 2 * reach);
    return s->row + reach + at;
}

static void filter_panel_row(const strip *s, const fir_job *job, const float *input, size_t panel, size_t row) {
    float *out = filtered_panel(s, job, 0, panel, false) + row * CSEG_FIR_PANEL;
    const size_t step = s->panels * job->rows * CSEG_FIR_PANEL;
    if (job->both)
        for (size_t f = 0; f < job->count; f += CSEG_FIR_GROUP)
            job->kernels->fir_along_group(out + 2 * f * step, step, input, &job->groups[f / CSEG_FIR_GROUP]);
    else
        job->kernels->fir_along(out, input, job->filters->smooth, job->filters->radius, job->filters->spacing);
}

/* Prefetch a panel's samples: the rows of a strip are too short for the hardware to prefetch. */
static void prefetch_panel(const strip *s, const cseg_plane *from, size_t y, size_t panel) {
    enum { LINE = 64 };
    const size_t sample = cseg_plane_type_size(from->type), bytes = CSEG_FIR_PANEL * sample;
    const char *samples = (const char *)cseg_row_at(from, y) + s->left * sample + panel * bytes;
    for (size_t at = 0; at < bytes; at += LINE)
        __builtin_prefetch(samples + at);
}

/* Filter along the rows [from, to) of a block, counted from `reach` rows above it. */
static void filter_rows(const strip *s, const fir_job *job, size_t top, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        const ptrdiff_t place = (ptrdiff_t)(top + i) - (ptrdiff_t)job->reach;
        const size_t y = cseg_period_reflect(place, job->periods.y), next = cseg_period_reflect(place + 1, job->periods.y);
        for (size_t p = 0; p < s->panels; p++) {
            prefetch_panel(s, job->from, next, p);
            filter_panel_row(s, job, panel_input(s, job, y, p), p, i);
        }
    }
}

static void keep_larger(float *restrict out, const float *restrict values) {
    for (size_t x = 0; x < CSEG_FIR_PANEL; x++)
        out[x] = out[x] > values[x] ? out[x] : values[x];
}

/*
 * Filter down the columns of a panel: GROUP_ROWS rows of out, `stride` floats apart, the largest over all filters. `at`: the
 * filtered row of the first. Few rows at a time, so that the panel stays in the first-level cache for every filter.
 */
static void filter_group(float *out, size_t stride, const strip *s, const fir_job *job, size_t panel, size_t at) {
    for (size_t f = 0; f < job->count; f++) {
        const cseg_fir *filter = &job->filters[f];
        const float *smooth = filtered_panel(s, job, f, panel, false) + at * CSEG_FIR_PANEL;
        const float *second = filtered_panel(s, job, f, panel, true) + at * CSEG_FIR_PANEL;
        for (size_t i = 0; i < GROUP_ROWS; i += 2) {
            float next[2 * CSEG_FIR_PANEL], *to = f == 0 ? out + i * stride : next;
            const size_t to_stride = f == 0 ? stride : CSEG_FIR_PANEL, from = i * CSEG_FIR_PANEL;
            if (job->both)
                job->kernels->fir_across_sum(to, to_stride, smooth + from, second + from, filter->second, filter->smooth,
                                             filter->radius);
            else
                job->kernels->fir_across(to, to_stride, smooth + from, filter->smooth, filter->radius, filter->spacing);
            if (f > 0) {
                keep_larger(out + i * stride, next);
                keep_larger(out + (i + 1) * stride, next + CSEG_FIR_PANEL);
            }
        }
    }
}

/* Output rows [top, end) of a block: straight into the image where a group is complete, else by way of a buffer. */
static void filter_columns(const strip *s, const fir_job *job, size_t top, size_t end) {
    for (size_t y = top; y < end; y += GROUP_ROWS)
        for (size_t p = 0; p < s->panels; p++) {
            const size_t left = s->left + p * CSEG_FIR_PANEL, at = y - top + job->reach;
            const size_t width = smaller(s->left + s->width - left, CSEG_FIR_PANEL), height = smaller(end - y, GROUP_ROWS);
            if (width == CSEG_FIR_PANEL && height == GROUP_ROWS) {
                filter_group(cseg_row_f32(job->to, y) + left, job->to->stride / sizeof(float), s, job, p, at);
                continue;
            }
            float group[GROUP_ROWS * CSEG_FIR_PANEL];
            filter_group(group, CSEG_FIR_PANEL, s, job, p, at);
            for (size_t i = 0; i < height; i++)
                memcpy(cseg_row_f32(job->to, y + i) + left, group + i * CSEG_FIR_PANEL, width * sizeof *group);
        }
}

/* The last rows of one block are the first of the next. */
static void keep_shared_rows(const strip *s, const fir_job *job) {
    const size_t panels = job->count * (job->both ? 2 : 1) * s->panels;
    for (size_t p = 0; p < panels; p++) {
        float *rows = s->filtered + p * job->rows * CSEG_FIR_PANEL;
        memmove(rows, rows + BLOCK_ROWS * CSEG_FIR_PANEL, 2 * job->reach * CSEG_FIR_PANEL * sizeof *rows);
    }
}

static cellseg_status filter_strip(void *data, size_t index) {
    const fir_job *job = data;
    strip s;
    CSEG_TRY(strip_open(&s, job, index));
    cellseg_status status = CELLSEG_OK;
    size_t done = 0; /* rows of the block that are filtered already */
    for (size_t top = s.top; top < s.bottom && status == CELLSEG_OK; top += BLOCK_ROWS) {
        const size_t end = smaller(top + BLOCK_ROWS, s.bottom), whole = (end - top + GROUP_ROWS - 1) / GROUP_ROWS * GROUP_ROWS;
        filter_rows(&s, job, top, done, whole + 2 * job->reach);
        filter_columns(&s, job, top, end);
        keep_shared_rows(&s, job);
        done = 2 * job->reach;
        status = cseg_parallel_poll(job->context);
    }
    cseg_memory_free(s.filtered);
    return status;
}

cellseg_status cseg_fir_apply(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, cseg_periods periods,
                              const cseg_fir *filters, size_t count) {
    assert(to->type == CELLSEG_FLOAT32 && to->height == from->height && to->width == from->width && to->data != from->data);
    assert(count >= 1 && count <= CSEG_FIR_MAX_FILTERS);
    fir_job job = {.context = context, .to = to, .from = from, .periods = periods, .filters = filters, .count = count};
    job.both = filters[0].second != NULL;
    for (size_t f = 0; f < count; f++)
        if (filters[f].radius * filters[f].spacing > job.reach)
            job.reach = filters[f].radius * filters[f].spacing;
    job.rows = BLOCK_ROWS + 2 * job.reach + 1; /* odd, so that panels use different sets of the cache */
    job.columns = strip_columns(count * (job.both ? 2 : 1) * job.rows * sizeof(float));
    job.strips = (from->width + job.columns - 1) / job.columns;
    job.kernels = cseg_filter_kernels_select(cellseg_context_cpu_level(context));
    if (job.both)
        CSEG_TRY(groups_open(&job));
    const cellseg_status status =
        cseg_parallel_for(context, (from->height + STRIP_ROWS - 1) / STRIP_ROWS * job.strips, filter_strip, &job);
    cseg_memory_free(job.groups[0].weights);
    return status;
}
