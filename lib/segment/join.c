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
 * cells alone, so that neither the image's size nor other cells change it.
 *
 * Band by band of whole rows, which may have any height: sums are added in raster order of the pairs' first pixels. From band to
 * band stay the borders of which a cell is not complete. Cost: a Gaussian and a few passes.
 */
#include "segment/join_medians.h"

#include "filter/filter.h"

#include <string.h>

enum { MIN_PAIRS = 6 };

typedef struct nucleus_sum {
    uint64_t pixels;
    double probability;
} nucleus_sum;

/* Sums over the pairs of two cells, whose ids are the halves of the key, the smaller one first. */
typedef struct border {
    uint64_t key;
    size_t pairs;
    double distance, marker, nucleus;
} border;

typedef struct join_call {
    cellseg_context *context;
    const cseg_store *cells;
    const cseg_cell_inputs *inputs;
    double threshold, sigma_px;
    nucleus_sum *nuclei; /* by id */
    cseg_medians medians;
    uint32_t *cell_of;
    border *open; /* by key, of those that are not decided */
    size_t open_count;
} join_call;

static uint32_t smaller_id(const border *b) {
    return (uint32_t)(b->key >> 32);
}

static uint32_t larger_id(const border *b) {
    return (uint32_t)b->key;
}

/* ---- nuclei ---- */

static void sum_nuclei(const join_call *call, const cseg_join_band *band) {
    for (size_t y = 0; y < band->rows; y++) {
        const uint32_t *row = cseg_row_u32(&band->nuclei, y);
        const float *probability = cseg_row_f32(&band->probability, y);
        for (size_t x = 0; x < band->nuclei.width; x++)
            if (row[x] != 0) {
                call->nuclei[row[x]].pixels++;
                call->nuclei[row[x]].probability += (double)probability[x];
            }
    }
}

/* ---- pairs of pixels: the key of their border; twice the first pixel, plus 1 where the second is below, not to the right ----
 */

typedef struct pairs_job {
    const cseg_join_band *band;
    size_t *row_pairs; /* where the pairs of a row begin, rows + 1 of them */
    cseg_keyed *pairs;
} pairs_job;

/* 1 for two cells. */
static uint32_t differ(uint32_t a, uint32_t b) {
    return (uint32_t)(a != b) & (uint32_t)(a != 0) & (uint32_t)(b != 0);
}

static const uint32_t *row_below(const cseg_join_band *band, size_t y) {
    return cseg_row_u32(&band->cells, y + 1 < band->cells.height ? y + 1 : y);
}

/* The pairs whose first pixel lies in a row. */
static cellseg_status count_row(void *data, size_t y) {
    const pairs_job *job = data;
    const uint32_t *row = cseg_row_u32(&job->band->cells, y), *below = row_below(job->band, y);
    const size_t width = job->band->cells.width;
    uint32_t count = differ(row[width - 1], below[width - 1]);
    for (size_t x = 0; x + 1 < width; x++)
        count += differ(row[x], row[x + 1]) + differ(row[x], below[x]);
    job->row_pairs[y + 1] = count;
    return CELLSEG_OK;
}

static cseg_keyed pair_of(uint32_t a, uint32_t b, uint64_t place) {
    return (cseg_keyed){a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a, place};
}

static cellseg_status list_row(void *data, size_t y) {
    const pairs_job *job = data;
    const uint32_t *row = cseg_row_u32(&job->band->cells, y), *below = row_below(job->band, y);
    const size_t width = job->band->cells.width;
    cseg_keyed *out = job->pairs + job->row_pairs[y];
    for (size_t x = 0; x < width; x++) {
        const uint64_t place = 2 * ((uint64_t)y * width + x);
        const uint32_t right = row[x + 1 < width ? x + 1 : x];
        if (row[x] == right && row[x] == below[x])
            continue;
        if (differ(row[x], right) != 0)
            *out++ = pair_of(row[x], right, place);
        if (differ(row[x], below[x]) != 0)
            *out++ = pair_of(row[x], below[x], place + 1);
    }
    return CELLSEG_OK;
}

/* The band's pairs, by border, and in raster order within one. */
static cellseg_status list_pairs(pairs_job *job, cellseg_context *context) {
    const size_t rows = job->band->rows;
    if ((job->row_pairs = cseg_memory_alloc(context, rows + 1, sizeof *job->row_pairs)) == NULL)
        return cseg_error_last();
    job->row_pairs[0] = 0;
    CSEG_TRY(cseg_parallel_for(context, rows, count_row, job));
    for (size_t y = 0; y < rows; y++)
        job->row_pairs[y + 1] += job->row_pairs[y];
    if ((job->pairs = cseg_memory_alloc(context, job->row_pairs[rows] + 1, sizeof *job->pairs)) == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_parallel_for(context, rows, list_row, job));
    return cseg_sort_keyed(context, job->pairs, job->row_pairs[rows]);
}

/* ---- borders ---- */

static double sum_at(const cseg_plane *plane, const size_t y[2], const size_t x[2]) {
    return (double)cseg_row_f32(plane, y[0])[x[0]] + (double)cseg_row_f32(plane, y[1])[x[1]];
}

static void add_pair(border *sum, const cseg_join_band *band, uint64_t place) {
    const size_t width = band->cells.width, pixel = (size_t)(place / 2), down = (size_t)(place % 2);
    const size_t y[2] = {pixel / width, pixel / width + down}, x[2] = {pixel % width, pixel % width + 1 - down};
    const double a = (double)cseg_row_f32(&band->probability, y[0])[x[0]],
                 b = (double)cseg_row_f32(&band->probability, y[1])[x[1]];
    sum->pairs++;
    sum->distance += sum_at(&band->distance, y, x) / 2;
    sum->marker += sum_at(&band->smooth, y, x) / 2;
    sum->nucleus += a < b ? a : b;
}

static double smaller_of(double a, double b) {
    return a < b ? a : b;
}

static double mean_probability(const nucleus_sum *sum) {
    return sum->probability / (double)sum->pixels;
}

/* A cell without any marker has no brightness to compare with. */
static double evidence(const join_call *call, const border *b) {
    const nucleus_sum *n = &call->nuclei[smaller_id(b)], *m = &call->nuclei[larger_id(b)];
    const double median = smaller_of((double)call->medians.of[smaller_id(b)], (double)call->medians.of[larger_id(b)]);
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
        z += call->inputs->joining[i] * terms[i];
    return z;
}

static uint32_t root_of(uint32_t *parent, uint32_t id) {
    while (parent[id] != id)
        id = parent[id] = parent[parent[id]];
    return id;
}

static void decide(const join_call *call, const border *b) {
    if (b->pairs < MIN_PAIRS || !(evidence(call, b) > call->threshold))
        return;
    const uint32_t one = root_of(call->cell_of, smaller_id(b)), other = root_of(call->cell_of, larger_id(b));
    call->cell_of[one < other ? other : one] = one < other ? one : other;
}

static size_t count_borders(const cseg_keyed *pairs, size_t count) {
    size_t borders = 0;
    for (size_t i = 0; i < count; i++)
        borders += i == 0 || pairs[i].key != pairs[i - 1].key;
    return borders;
}

/* Add the pairs to their borders; decide those of two complete cells, and keep the others in `kept`. */
static cellseg_status merge(join_call *call, border *kept, const cseg_join_band *band, const cseg_keyed *pairs, size_t count) {
    size_t i = 0, old = 0, stay = 0;
    while (i < count || old < call->open_count) {
        const bool is_new = old == call->open_count || (i < count && pairs[i].key < call->open[old].key);
        border b = is_new ? (border){.key = pairs[i].key} : call->open[old];
        old += !is_new;
        for (; i < count && pairs[i].key == b.key; i++)
            add_pair(&b, band, pairs[i].value);
        if (cseg_medians_complete(&call->medians, smaller_id(&b)) && cseg_medians_complete(&call->medians, larger_id(&b)))
            decide(call, &b);
        else
            kept[stay++] = b;
        CSEG_TRY(cseg_progress_cancelled(call->context));
    }
    call->open_count = stay;
    return CELLSEG_OK;
}

static cellseg_status add_borders(join_call *call, const cseg_join_band *band) {
    pairs_job job = {.band = band};
    cellseg_status status = list_pairs(&job, call->context);
    const size_t count = status == CELLSEG_OK ? job.row_pairs[band->rows] : 0;
    border *kept = NULL;
    if (status == CELLSEG_OK &&
        (kept = cseg_memory_alloc(call->context, call->open_count + count_borders(job.pairs, count) + 1, sizeof *kept)) == NULL)
        status = cseg_error_last();
    if (status == CELLSEG_OK)
        status = merge(call, kept, band, job.pairs, count);
    if (status == CELLSEG_OK) {
        cseg_memory_free(call->open);
        call->open = kept;
    } else
        cseg_memory_free(kept);
    cseg_memory_free(job.pairs);
    cseg_memory_free(job.row_pairs);
    return status;
}

/* ---- bands ---- */

static cellseg_status add_band(join_call *call, const cseg_join_band *band) {
    CSEG_TRY(cseg_medians_add(&call->medians, band));
    sum_nuclei(call, band);
    return add_borders(call, band);
}

static cellseg_status join_band(void *data, const cseg_rect *rows, const cseg_rect *window, bool *sure) {
    join_call *call = data;
    const size_t height = call->cells->height;
    const cseg_rect own = {rows->top, 0, rows->height + (cseg_rectangle_bottom(rows) < height), rows->width};
    const cseg_rect inside = {own.top - window->top, 0, own.height, own.width};
    cseg_cell_window w;
    cseg_part cells = {0};
    cseg_plane smooth = {0};
    cellseg_status status;
    (void)sure;
    CSEG_TRY(cseg_cellwindow_open(&w, call->inputs, window));
    CSEG_TRY_GOTO(done, cseg_part_open(&cells, call->cells, &own));
    CSEG_TRY_GOTO(done, cseg_plane_new(&smooth, call->context, CELLSEG_FLOAT32, window->height, window->width));
    CSEG_TRY_GOTO(done, cseg_gaussian_smooth(call->context, &smooth, w.marker, call->sigma_px));
    const cseg_join_band band = {.cells = cells.plane,
                                 .nuclei = cseg_view_of(w.nuclei, &inside),
                                 .smooth = cseg_view_of(&smooth, &inside),
                                 .distance = cseg_view_of(w.extra.map, &inside),
                                 .probability = cseg_view_of(&w.maps[CSEG_MAP_NUCLEUS], &inside),
                                 .rows = rows->height,
                                 .is_last = cseg_rectangle_bottom(rows) == height};
    status = add_band(call, &band);
done:
    cseg_plane_free(&smooth);
    cseg_part_close(&cells);
    cseg_cellwindow_close(&w);
    return status;
}

/* ---- all together ---- */

static cellseg_status join(join_call *call, const cseg_scratch *scratch) {
    const uint32_t count = call->inputs->count;
    const cseg_tiles bands = {.scratch = scratch,
                              .height = call->cells->height,
                              .width = call->cells->width,
                              .pixel_bytes = 40,
                              .halo = cseg_gaussian_halo(call->sigma_px) + 1,
                              .whole_rows = true};
    CSEG_TRY(cseg_medians_new(&call->medians, call->context, count));
    if ((call->nuclei = cseg_memory_calloc(call->context, (size_t)count + 1, sizeof *call->nuclei)) == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_tiles_run(&bands, join_band, call));
    for (size_t id = 1; id <= count; id++)
        call->cell_of[id] = call->cell_of[call->cell_of[id]]; /* a root is smaller, and done */
    return cseg_idmap_apply(scratch, call->cells, call->cell_of);
}

static bool has_coefficients(const cseg_cell_inputs *inputs) {
    for (size_t i = 0; inputs->joining != NULL && i < CSEG_JOIN_TERMS; i++)
        if (inputs->joining[i] != 0)
            return true;
    return false;
}

cellseg_status cseg_join_cells(const cseg_scratch *scratch, const cseg_store *cells, uint32_t *cell_of,
                               const cseg_cell_inputs *inputs, const cseg_settings *settings) {
    for (size_t id = 0; id <= inputs->count; id++)
        cell_of[id] = (uint32_t)id;
    if (settings->options.join == 0 || inputs->extra.kind != CELLSEG_EXTRA_DISTANCE || !has_coefficients(inputs))
        return CELLSEG_OK;
    join_call call = {.context = scratch->context,
                      .cells = cells,
                      .inputs = inputs,
                      .threshold = settings->options.join,
                      .sigma_px = settings->method.cell_sigma_um / inputs->pixel_size_um,
                      .cell_of = cell_of};
    const cellseg_status status = join(&call, scratch);
    cseg_memory_free(call.open);
    cseg_memory_free(call.nuclei);
    cseg_medians_free(&call.medians);
    return status;
}
