/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The median of each cell's smoothed marker. The values of a band are placed cell by cell, behind those that the cell has from
 * earlier bands; a complete cell's median is found by radix selection. A cell is 4-connected: without a pixel in the band's last
 * row it is complete. Cost: two passes over the band, and one to three over the values.
 */
#include "segment/join_medians.h"

#include <string.h>

/* A band at work: the cells in it, by slot from 0. */
typedef struct medians_job {
    cseg_medians *m;
    const cseg_join_band *band;
    size_t count;  /* of slots: the cells in the band and the open ones, in the order of their numbers */
    size_t *ends;  /* of each slot's values; on the way, where the next value goes */
    float *values; /* slot by slot */
    uint8_t *open; /* by slot */
} medians_job;

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

static cellseg_status find_median(void *data, size_t slot) {
    const medians_job *job = data;
    const size_t begin = slot > 0 ? job->ends[slot - 1] : 0, count = job->ends[slot] - begin;
    if (job->open[slot] == 0)
        job->m->of[job->m->objects.ids[slot + 1]] = select_rank(job->values + begin, count, (count - 1) / 2);
    return CELLSEG_OK;
}

/* ---- the values of a band ---- */

static size_t run_end(const uint32_t *row, size_t x, size_t width) {
    const uint32_t id = row[x];
    while (x < width && row[x] == id)
        x++;
    return x;
}

/* The open cells first, then those of the band in raster order. */
static cellseg_status find_slots(const medians_job *job) {
    const cseg_rect rows = {0, 0, job->band->rows, job->band->cells.width};
    const cseg_plane cells = cseg_view_of(&job->band->cells, &rows);
    cseg_objects_clear(&job->m->objects);
    for (size_t i = 0; i < job->m->open_count; i++)
        CSEG_TRY(cseg_objects_add(&job->m->objects, job->m->open[i]));
    CSEG_TRY(cseg_objects_note(&job->m->objects, &cells));
    return cseg_progress_cancelled(job->m->context);
}

static size_t open_begin(const cseg_medians *m, size_t i) {
    return i > 0 ? m->open_ends[i - 1] : 0;
}

static void count_values(const medians_job *job) {
    const cseg_plane *cells = &job->band->cells;
    memset(job->ends, 0, job->count * sizeof *job->ends);
    for (size_t i = 0; i < job->m->open_count; i++)
        job->ends[i] = job->m->open_ends[i] - open_begin(job->m, i);
    for (size_t y = 0; y < job->band->rows; y++) {
        const uint32_t *row = cseg_row_u32(cells, y);
        for (size_t x = 0, end; x < cells->width; x = end) {
            end = run_end(row, x, cells->width);
            if (row[x] != 0)
                job->ends[job->m->objects.numbers[row[x]] - 1] += end - x;
        }
    }
}

/* From counts to where each slot's values begin; the number of all. */
static size_t begin_placing(const medians_job *job) {
    size_t begin = 0;
    for (size_t slot = 0; slot < job->count; slot++) {
        const size_t count = job->ends[slot];
        job->ends[slot] = begin;
        begin += count;
    }
    return begin;
}

static void place_values(const medians_job *job) {
    const cseg_medians *m = job->m;
    const cseg_plane *cells = &job->band->cells;
    for (size_t i = 0; i < m->open_count; i++) {
        const size_t count = m->open_ends[i] - open_begin(m, i);
        memcpy(job->values + job->ends[i], m->open_values + open_begin(m, i), count * sizeof *job->values);
        job->ends[i] += count;
    }
    for (size_t y = 0; y < job->band->rows; y++) {
        const uint32_t *row = cseg_row_u32(cells, y);
        const float *smooth = cseg_row_f32(&job->band->smooth, y);
        for (size_t x = 0, end; x < cells->width; x = end) {
            end = run_end(row, x, cells->width);
            if (row[x] == 0)
                continue;
            size_t *next = &job->ends[m->objects.numbers[row[x]] - 1];
            memcpy(job->values + *next, smooth + x, (end - x) * sizeof *smooth);
            *next += end - x;
        }
    }
}

/* ---- open cells ---- */

static void mark_open(const medians_job *job) {
    const uint32_t *last = cseg_row_u32(&job->band->cells, job->band->rows - 1);
    memset(job->open, 0, job->count);
    for (size_t x = 0; !job->band->is_last && x < job->band->cells.width; x++)
        if (last[x] != 0)
            job->open[job->m->objects.numbers[last[x]] - 1] = 1;
}

static void release_open(cseg_medians *m) {
    cseg_memory_free(m->open);
    cseg_memory_free(m->open_ends);
    cseg_memory_free(m->open_values);
    m->open = NULL;
    m->open_ends = NULL;
    m->open_values = NULL;
    m->open_count = 0;
}

static cellseg_status keep_open(const medians_job *job) {
    cseg_medians *m = job->m;
    size_t cells = 0, values = 0;
    for (size_t slot = 0; slot < job->count; slot++)
        if (job->open[slot] != 0) {
            cells++;
            values += job->ends[slot] - (slot > 0 ? job->ends[slot - 1] : 0);
        }
    release_open(m);
    if ((m->open = cseg_memory_alloc(m->context, cells + 1, sizeof *m->open)) == NULL ||
        (m->open_ends = cseg_memory_alloc(m->context, cells + 1, sizeof *m->open_ends)) == NULL ||
        (m->open_values = cseg_memory_alloc(m->context, values + 1, sizeof *m->open_values)) == NULL)
        return cseg_error_last();
    values = 0;
    for (size_t slot = 0; slot < job->count; slot++) {
        const size_t begin = slot > 0 ? job->ends[slot - 1] : 0, count = job->ends[slot] - begin;
        if (job->open[slot] == 0)
            continue;
        memcpy(m->open_values + values, job->values + begin, count * sizeof *job->values);
        values += count;
        m->open_ends[m->open_count] = values;
        m->open[m->open_count++] = job->m->objects.ids[slot + 1];
    }
    return CELLSEG_OK;
}

/* ---- the door ---- */

static cellseg_status add_band(medians_job *job) {
    cellseg_context *context = job->m->context;
    CSEG_TRY(find_slots(job));
    job->count = job->m->objects.count;
    if ((job->ends = cseg_memory_alloc(context, job->count + 1, sizeof *job->ends)) == NULL ||
        (job->open = cseg_memory_alloc(context, job->count + 1, 1)) == NULL)
        return cseg_error_last();
    count_values(job);
    job->values = cseg_memory_alloc(context, begin_placing(job) + 1, sizeof *job->values);
    if (job->values == NULL)
        return cseg_error_last();
    place_values(job);
    mark_open(job);
    CSEG_TRY(cseg_parallel_for(context, job->count, find_median, job));
    return keep_open(job);
}

cellseg_status cseg_medians_add(cseg_medians *medians, const cseg_join_band *band) {
    medians_job job = {.m = medians, .band = band};
    const cellseg_status status = add_band(&job);
    cseg_memory_free(job.values);
    cseg_memory_free(job.open);
    cseg_memory_free(job.ends);
    return status;
}

cellseg_status cseg_medians_new(cseg_medians *medians, cellseg_context *context, uint32_t max_id) {
    *medians = (cseg_medians){.context = context};
    medians->of = cseg_memory_alloc(context, (size_t)max_id + 1, sizeof *medians->of);
    const cellseg_status status = medians->of != NULL ? cseg_objects_new(&medians->objects, context, max_id) : cseg_error_last();
    if (status != CELLSEG_OK) {
        cseg_medians_free(medians);
        return status;
    }
    for (size_t id = 0; id <= max_id; id++)
        medians->of[id] = -1;
    return CELLSEG_OK;
}

void cseg_medians_free(cseg_medians *medians) {
    release_open(medians);
    cseg_memory_free(medians->of);
    medians->of = NULL;
    cseg_objects_free(&medians->objects);
}
