/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cells that are one: where a nucleus was found twice, or a cell has two nuclei, the watershed cuts the cell, and the network's
 * maps are high along the cut. For two cells with at least MIN_PAIRS pairs of adjacent pixels
 *
 *     z = constant + a D + b M + c P + d q + e r
 *
 * D and M are means over the pairs, of the distance output and of the smoothed marker, M over the median of the dimmer cell's
 * smoothed marker; P is the mean of the smaller nucleus probability of each pair; q is the smaller of the two nuclei's mean
 * probabilities; r is the smaller nucleus's area over the larger one's. The model has the coefficients. Cells with z above the
 * threshold are one, and with them all that are joined to either (union-find, the smallest id stays). A decision depends on two
 * cells alone, so that neither the image's size nor other cells change it. Cost: a Gaussian and a few passes.
 *
 * Memory: at most 20 bytes per pixel, of whatever cells: pairs are sorted by their cells, and no table of borders is kept.
 */
#include "filter/filter.h"
#include "segment/segment.h"

#include <string.h>

enum { MIN_PAIRS = 6 };

/* Two adjacent pixels of two cells: twice the first one, y * width + x, plus 1 where the second is below, not to the right. */
typedef uint32_t pair;

typedef struct nucleus_sum {
    uint64_t pixels;
    double probability;
} nucleus_sum;

typedef struct join_job {
    cellseg_context *context;
    const cseg_plane *cells;
    const cseg_cell_window *inputs;
    double threshold;
    cseg_plane smooth;    /* the marker */
    nucleus_sum *nuclei;  /* by id, as the following two */
    float *medians;       /* of the cell's smoothed marker */
    uint32_t *starts;     /* where the items of an id begin, count + 3 of them */
    float *values;        /* the smoothed marker, cell by cell */
    size_t *row_pairs;    /* where the pairs of a row begin, height + 1 of them */
    pair *pairs, *sorted; /* of all rows */
    uint32_t *cell_of;
} join_job;

/* Items are counted at starts[id + 2], which this makes their beginnings at starts[id + 1]. Placing each item there, and the next
 * one behind it, leaves the beginnings at starts[id]. */
static void begin_placing(const join_job *job) {
    for (size_t id = 1; id <= (size_t)job->inputs->count + 2; id++)
        job->starts[id] += job->starts[id - 1];
}

static void begin_counting(const join_job *job) {
    memset(job->starts, 0, ((size_t)job->inputs->count + 3) * sizeof *job->starts);
}

/* ---- the brightness of cells ---- */

static uint32_t key_of(float value) {
    return (uint32_t)cseg_order_of_float(value) ^ 0x80000000U;
}

/* The value of a rank, from 0: digit by digit, the values of other digits go (radix selection). values is overwritten. */
static float select_rank(float *values, size_t count, size_t rank) {
    enum { BITS = 11, SLOTS = 1 << BITS, ROUNDS = 3 };
    static const int shifts[ROUNDS] = {32 - BITS, 32 - 2 * BITS, 0};
    for (int round = 0; round < ROUNDS; round++) {
        const int shift = shifts[round];
        uint32_t counts[SLOTS] = {0};
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            counts[(key_of(values[i]) >> shift) % SLOTS]++;
        uint32_t digit = 0;
        for (; rank >= counts[digit]; digit++)
            rank -= counts[digit];
        for (size_t i = 0; i < count; i++) {
            const float value = values[i];
            values[kept] = value;
            kept += (key_of(value) >> shift) % SLOTS == digit;
        }
        count = kept;
    }
    return values[0];
}

/* Of an even number, the lower of the two in the middle. */
static cellseg_status find_median(void *data, size_t index) {
    const join_job *job = data;
    const size_t id = index + 1, begin = job->starts[id], count = job->starts[id + 1] - begin;
    job->medians[id] = count > 0 ? select_rank(job->values + begin, count, (count - 1) / 2) : 0;
    return CELLSEG_OK;
}

static size_t run_end(const uint32_t *row, size_t x, size_t width) {
    const uint32_t id = row[x];
    while (x < width && row[x] == id)
        x++;
    return x;
}

/* Count the pixels of each id, or place their values, but for the background's. */
static cellseg_status visit_values(const join_job *job, bool place) {
    const size_t width = job->cells->width, step = place ? 1 : 2;
    for (size_t y = 0; y < job->cells->height; y++) {
        const uint32_t *row = cseg_row_u32(job->cells, y);
        const float *smooth = cseg_row_f32(&job->smooth, y);
        for (size_t x = 0, end; x < width; x = end) {
            uint32_t *start = &job->starts[row[x] + step];
            end = run_end(row, x, width);
            if (place && row[x] != 0)
                memcpy(job->values + *start, smooth + x, (end - x) * sizeof *smooth);
            *start += (uint32_t)(end - x);
        }
        CSEG_TRY(cseg_progress_cancelled(job->context));
    }
    return CELLSEG_OK;
}

static cellseg_status find_medians(join_job *job) {
    job->values = cseg_memory_alloc(job->context, job->cells->height * job->cells->width, sizeof *job->values);
    if (job->values == NULL)
        return cseg_error_last();
    begin_counting(job);
    CSEG_TRY(visit_values(job, false));
    begin_placing(job);
    CSEG_TRY(visit_values(job, true));
    CSEG_TRY(cseg_parallel_for(job->context, job->inputs->count, find_median, job));
    cseg_memory_free(job->values);
    job->values = NULL;
    return CELLSEG_OK;
}

/* ---- nuclei ---- */

static cellseg_status sum_nuclei(const join_job *job) {
    const size_t width = job->cells->width;
    for (size_t y = 0; y < job->cells->height; y++) {
        const uint32_t *row = cseg_row_u32(job->inputs->nuclei, y);
        const float *probability = cseg_row_f32(&job->inputs->maps[CSEG_MAP_NUCLEUS], y);
        for (size_t x = 0, end; x < width; x = end) {
            nucleus_sum *sum = &job->nuclei[row[x]];
            end = run_end(row, x, width);
            sum->pixels += end - x;
            for (size_t i = x; row[x] != 0 && i < end; i++)
                sum->probability += (double)probability[i];
        }
        CSEG_TRY(cseg_progress_cancelled(job->context));
    }
    return CELLSEG_OK;
}

/* ---- pairs of pixels ---- */

/* 1 for two cells. */
static uint32_t differ(uint32_t a, uint32_t b) {
    return (uint32_t)(a != b) & (uint32_t)(a != 0) & (uint32_t)(b != 0);
}

static const uint32_t *row_below(const join_job *job, size_t y) {
    return cseg_row_u32(job->cells, y + 1 < job->cells->height ? y + 1 : y);
}

/* The pairs whose first pixel lies in a row. */
static cellseg_status count_row(void *data, size_t y) {
    const join_job *job = data;
    const uint32_t *row = cseg_row_u32(job->cells, y), *below = row_below(job, y);
    const size_t width = job->cells->width;
    uint32_t count = differ(row[width - 1], below[width - 1]);
    for (size_t x = 0; x + 1 < width; x++)
        count += differ(row[x], row[x + 1]) + differ(row[x], below[x]);
    job->row_pairs[y + 1] = count;
    return CELLSEG_OK;
}

static cellseg_status list_row(void *data, size_t y) {
    const join_job *job = data;
    const uint32_t *row = cseg_row_u32(job->cells, y), *below = row_below(job, y);
    const size_t width = job->cells->width;
    pair *out = job->pairs + job->row_pairs[y];
    for (size_t x = 0; x < width; x++) {
        const pair first = (pair)(2 * (y * width + x));
        const uint32_t right = row[x + 1 < width ? x + 1 : x];
        if (row[x] == right && row[x] == below[x])
            continue;
        if (differ(row[x], right) != 0)
            *out++ = first;
        if (differ(row[x], below[x]) != 0)
            *out++ = first + 1;
    }
    return CELLSEG_OK;
}

static cellseg_status list_pairs(join_job *job) {
    const size_t height = job->cells->height;
    job->row_pairs[0] = 0;
    CSEG_TRY(cseg_parallel_for(job->context, height, count_row, job));
    for (size_t y = 0; y < height; y++)
        job->row_pairs[y + 1] += job->row_pairs[y];
    const size_t count = job->row_pairs[height];
    if ((job->pairs = cseg_memory_alloc(job->context, count + 1, sizeof *job->pairs)) == NULL ||
        (job->sorted = cseg_memory_alloc(job->context, count + 1, sizeof *job->sorted)) == NULL)
        return cseg_error_last();
    return cseg_parallel_for(job->context, height, list_row, job);
}

/* A pair's two pixels, by row and column, and their cells in order. */
typedef struct ends {
    size_t y[2], x[2];
    uint32_t smaller, larger;
} ends;

static ends ends_of(const join_job *job, pair p) {
    const size_t pixel = p / 2, width = job->cells->width, y = pixel / width, x = pixel % width;
    const size_t down = p % 2, right = 1 - down;
    const uint32_t a = cseg_row_u32(job->cells, y)[x], b = cseg_row_u32(job->cells, y + down)[x + right];
    return (ends){{y, y + down}, {x, x + right}, a < b ? a : b, a < b ? b : a};
}

/* Stable, by one of the two cells. */
static cellseg_status sort_pairs(const join_job *job, pair *to, const pair *from, bool by_larger) {
    enum { POLL = 1 << 18 };
    const size_t count = job->row_pairs[job->cells->height];
    begin_counting(job);
    for (size_t i = 0; i < count; i++) {
        const ends e = ends_of(job, from[i]);
        job->starts[(by_larger ? e.larger : e.smaller) + 2]++;
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(job->context));
    }
    begin_placing(job);
    for (size_t i = 0; i < count; i++) {
        const ends e = ends_of(job, from[i]);
        to[job->starts[(by_larger ? e.larger : e.smaller) + 1]++] = from[i];
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(job->context));
    }
    return CELLSEG_OK;
}

/* ---- borders ---- */

/* Sums over the pairs of two cells. */
typedef struct border {
    uint32_t smaller, larger;
    size_t pairs;
    double distance, marker, nucleus;
} border;

static void add_pair(border *sum, const join_job *job, const ends *e) {
    double distance[2], marker[2], nucleus[2];
    for (int i = 0; i < 2; i++) {
        distance[i] = (double)cseg_row_f32(job->inputs->extra.map, e->y[i])[e->x[i]];
        marker[i] = (double)cseg_row_f32(&job->smooth, e->y[i])[e->x[i]];
        nucleus[i] = (double)cseg_row_f32(&job->inputs->maps[CSEG_MAP_NUCLEUS], e->y[i])[e->x[i]];
    }
    sum->pairs++;
    sum->distance += (distance[0] + distance[1]) / 2;
    sum->marker += (marker[0] + marker[1]) / 2;
    sum->nucleus += nucleus[0] < nucleus[1] ? nucleus[0] : nucleus[1];
}

static double smaller_of(double a, double b) {
    return a < b ? a : b;
}

static double mean_probability(const nucleus_sum *sum) {
    return sum->probability / (double)sum->pixels;
}

/* A cell without any marker has no brightness to compare with. */
static double evidence(const join_job *job, const border *b) {
    const nucleus_sum *n = &job->nuclei[b->smaller], *m = &job->nuclei[b->larger];
    const double median = smaller_of((double)job->medians[b->smaller], (double)job->medians[b->larger]);
    const double pairs = (double)b->pairs, n_px = (double)n->pixels, m_px = (double)m->pixels;
    const double terms[CSEG_JOIN_TERMS] = {
        [CSEG_JOIN_CONSTANT] = 1,
        [CSEG_JOIN_DISTANCE] = b->distance / pairs,
        [CSEG_JOIN_MARKER] = median > 0 ? b->marker / pairs / median : 0,
        [CSEG_JOIN_NUCLEUS] = b->nucleus / pairs,
        [CSEG_JOIN_CONFIDENCE] = smaller_of(mean_probability(n), mean_probability(m)),
        [CSEG_JOIN_AREA_RATIO] = n_px < m_px ? n_px / m_px : m_px / n_px,
    };
    double z = 0;
    for (size_t i = 0; i < CSEG_JOIN_TERMS; i++)
        z += job->inputs->joining[i] * terms[i];
    return z;
}

static uint32_t root_of(uint32_t *parent, uint32_t id) {
    while (parent[id] != id)
        id = parent[id] = parent[parent[id]];
    return id;
}

static void decide(const join_job *job, const border *b) {
    if (b->pairs < MIN_PAIRS || !(evidence(job, b) > job->threshold))
        return;
    const uint32_t one = root_of(job->cell_of, b->smaller), other = root_of(job->cell_of, b->larger);
    job->cell_of[one < other ? other : one] = one < other ? one : other;
}

static cellseg_status decide_borders(const join_job *job) {
    const size_t count = job->row_pairs[job->cells->height];
    border sum = {0};
    for (size_t i = 0; i < count; i++) {
        const ends e = ends_of(job, job->pairs[i]);
        if (e.smaller != sum.smaller || e.larger != sum.larger) {
            decide(job, &sum);
            sum = (border){.smaller = e.smaller, .larger = e.larger};
            CSEG_TRY(cseg_progress_cancelled(job->context));
        }
        add_pair(&sum, job, &e);
    }
    decide(job, &sum);
    return CELLSEG_OK;
}

/* ---- all together ---- */

static cellseg_status rename_row(void *data, size_t y) {
    const join_job *job = data;
    uint32_t *cells = cseg_row_u32(job->cells, y);
    for (size_t x = 0; x < job->cells->width; x++)
        cells[x] = job->cell_of[cells[x]];
    return CELLSEG_OK;
}

static cellseg_status prepare(join_job *job, const cseg_settings *settings) {
    const size_t height = job->cells->height, width = job->cells->width, ids = (size_t)job->inputs->count + 1;
    if (height > UINT32_MAX / 2 / width)
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels are too many to join cells", height, width);
    if ((job->nuclei = cseg_memory_calloc(job->context, ids, sizeof *job->nuclei)) == NULL ||
        (job->medians = cseg_memory_alloc(job->context, ids, sizeof *job->medians)) == NULL ||
        (job->starts = cseg_memory_alloc(job->context, ids + 2, sizeof *job->starts)) == NULL ||
        (job->row_pairs = cseg_memory_alloc(job->context, height + 1, sizeof *job->row_pairs)) == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_plane_new(&job->smooth, job->context, CELLSEG_FLOAT32, height, width));
    return cseg_gaussian_smooth(job->context, &job->smooth, job->inputs->marker,
                                settings->method.cell_sigma_um / job->inputs->pixel_size_um);
}

static cellseg_status join(join_job *job, const cseg_settings *settings) {
    CSEG_TRY(prepare(job, settings));
    CSEG_TRY(find_medians(job));
    CSEG_TRY(sum_nuclei(job));
    CSEG_TRY(list_pairs(job));
    CSEG_TRY(sort_pairs(job, job->sorted, job->pairs, true));
    CSEG_TRY(sort_pairs(job, job->pairs, job->sorted, false));
    CSEG_TRY(decide_borders(job));
    for (size_t id = 1; id <= job->inputs->count; id++)
        job->cell_of[id] = job->cell_of[job->cell_of[id]]; /* a root is smaller, and done */
    return cseg_parallel_for(job->context, job->cells->height, rename_row, job);
}

static bool has_coefficients(const cseg_cell_window *inputs) {
    for (size_t i = 0; inputs->joining != NULL && i < CSEG_JOIN_TERMS; i++)
        if (inputs->joining[i] != 0)
            return true;
    return false;
}

static cellseg_status join_cells(cellseg_context *context, const cseg_plane *cells, uint32_t *cell_of,
                                 const cseg_cell_window *inputs, const cseg_settings *settings) {
    for (size_t id = 0; id <= inputs->count; id++)
        cell_of[id] = (uint32_t)id;
    if (settings->options.join == 0 || inputs->extra.kind != CELLSEG_EXTRA_DISTANCE || !has_coefficients(inputs))
        return CELLSEG_OK;
    join_job job = {context, cells, inputs, settings->options.join, .cell_of = cell_of};
    const cellseg_status status = join(&job, settings);
    cseg_memory_free(job.sorted);
    cseg_memory_free(job.pairs);
    cseg_memory_free(job.values);
    cseg_memory_free(job.row_pairs);
    cseg_memory_free(job.starts);
    cseg_memory_free(job.medians);
    cseg_memory_free(job.nuclei);
    cseg_plane_free(&job.smooth);
    return status;
}

cellseg_status cseg_join_cells(const cseg_scratch *scratch, const cseg_store *cells, uint32_t *cell_of,
                               const cseg_cell_inputs *inputs, const cseg_settings *settings) {
    const cseg_rect whole = {0, 0, cells->height, cells->width};
    cseg_cell_window window;
    CSEG_TRY(cseg_cellwindow_open(&window, inputs, &whole));
    const cellseg_status status = join_cells(scratch->context, &cells->memory, cell_of, &window, settings);
    cseg_cellwindow_close(&window);
    return status;
}
