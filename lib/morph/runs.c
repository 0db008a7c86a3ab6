/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connected components by run-length union-find.
 *
 * Each row becomes bits, each group of set bits a run; runs that touch in neighbouring rows are united (union-find with the
 * smaller index as root and path halving: Tarjan 1975; runs: He, Chao, Suzuki 2008). Bands of rows are united side by side, then
 * the seams between bands. Runs are in raster order, so that a component's root is the run with its first pixel, and counting
 * roots in order numbers components in raster order. Cost: one pass over the pixels, then near-linear in runs.
 */
#include "morph/runs.h"
#include "morph/bands.h"
#include "morph/morph_kernels.h"

#include <string.h>

enum { WORDS = 16 }; /* of 64 pixels, loaded together */

typedef struct runs_job {
    cseg_runs *runs;
    const cseg_plane *plane;
    int32_t kind;
    uint32_t reach; /* columns from a run's end to a neighbour in the next row: 1 for 8-connectivity, 0 for 4 */
    const cseg_morph_kernels *kernels; /* of uint8 */
} runs_job;

/* The pixels [first, first + n) of row y as bits: 1 where the pixel belongs to the set; 0 beyond the last pixel. */
static void load_bits(uint64_t bits[WORDS], const runs_job *job, size_t y, size_t first, size_t n) {
    const size_t words = (n + 63) / 64;
    const uint8_t *mask = job->plane->type == CELLSEG_UINT8 ? cseg_row_u8(job->plane, y) + first : NULL;
    uint8_t copy[64 * WORDS];
    if (mask == NULL || n % 64 != 0) {
        memset(copy + n, 0, 64 * words - n);
        if (mask != NULL)
            memcpy(copy, mask, n);
        else
            for (size_t x = 0; x < n; x++)
                copy[x] = cseg_row_u32(job->plane, y)[first + x] != 0;
        mask = copy;
    }
    job->kernels->bits(bits, mask, words);
    if (job->kind != CSEG_RUNS_ZEROS)
        return;
    for (size_t i = 0; i < words; i++)
        bits[i] = ~bits[i];
    if (n % 64 != 0)
        bits[words - 1] &= (1ULL << n % 64) - 1;
}

/* Runs of equal ids: neighbours may touch, which bits cannot represent. */
static size_t scan_labels(const runs_job *job, size_t y, cseg_run *run) {
    const uint32_t *row = cseg_row_u32(job->plane, y);
    const size_t width = job->plane->width;
    size_t count = 0;
    for (size_t x = 0; x < width;) {
        const size_t begin = x;
        while (x < width && row[x] == row[begin])
            x++;
        if (row[begin] == 0)
            continue;
        if (run != NULL)
            run[count] = (cseg_run){(uint32_t)begin, (uint32_t)x};
        count++;
    }
    return count;
}

/* Add the edges of the runs in one word of bits; `run` NULL: only to their number. */
static size_t scan_word(cseg_run *run, size_t edges, uint64_t change, size_t first) {
    for (; change != 0; change &= change - 1, edges++) {
        const uint32_t x = (uint32_t)(first + (size_t)__builtin_ctzll(change));
        if (run != NULL && edges % 2 == 0)
            run[edges / 2].begin = x;
        else if (run != NULL)
            run[edges / 2].end = x;
    }
    return edges;
}

/* The number of a row's runs; and the runs, unless `run` is NULL. */
static size_t scan_row(const runs_job *job, size_t y, cseg_run *run) {
    if (job->kind == CSEG_RUNS_LABELS)
        return scan_labels(job, y, run);
    const size_t width = job->plane->width;
    size_t edges = 0;
    uint64_t before = 0; /* the last pixel's bit */
    for (size_t first = 0; first < width; first += 64 * WORDS) {
        const size_t n = width - first < 64 * WORDS ? width - first : 64 * WORDS;
        uint64_t bits[WORDS];
        load_bits(bits, job, y, first, n);
        for (size_t i = 0; 64 * i < n; i++) {
            edges = scan_word(run, edges, bits[i] ^ (bits[i] << 1 | before), first + 64 * i);
            before = bits[i] >> 63;
        }
    }
    if (edges % 2 != 0 && run != NULL)
        run[edges / 2].end = (uint32_t)width;
    return (edges + 1) / 2;
}

static cellseg_status count_band(void *data, size_t band) {
    const runs_job *job = data;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->plane->height); y++)
        job->runs->row[y + 1] = scan_row(job, y, NULL);
    return CELLSEG_OK;
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

static bool same_label(const runs_job *job, size_t y, uint32_t above, uint32_t own) {
    return job->kind != CSEG_RUNS_LABELS || cseg_row_u32(job->plane, y - 1)[above] == cseg_row_u32(job->plane, y)[own];
}

/* Unite the runs of row y with the runs of row y - 1 that touch them. */
static void join_row(const runs_job *job, size_t y) {
    const cseg_runs *runs = job->runs;
    size_t first = runs->row[y - 1];
    for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
        const cseg_run own = runs->run[i];
        while (first < runs->row[y] && runs->run[first].end + job->reach <= own.begin)
            first++;
        for (size_t above = first; above < runs->row[y] && runs->run[above].begin < own.end + job->reach; above++)
            if (same_label(job, y, runs->run[above].begin, own.begin))
                unite(runs->component, (uint32_t)above, (uint32_t)i);
    }
}

static cellseg_status scan_band(void *data, size_t band) {
    const runs_job *job = data;
    cseg_runs *runs = job->runs;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->plane->height); y++) {
        (void)scan_row(job, y, runs->run + runs->row[y]);
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++)
            runs->component[i] = (uint32_t)i;
        if (y > cseg_band_begin(band))
            join_row(job, y);
    }
    return CELLSEG_OK;
}

/* Roots in order become 0, 1, 2, ...; a parent comes before its children, so that its number is final when they read it. */
static void number_components(cseg_runs *runs) {
    for (size_t i = 0; i < runs->count; i++)
        runs->component[i] = runs->component[i] == i ? runs->components++ : runs->component[runs->component[i]];
}

static cellseg_status find(cseg_runs *runs, cellseg_context *context, runs_job *job) {
    const size_t bands = cseg_band_count(runs->height);
    runs->row = cseg_memory_alloc(context, runs->height + 1, sizeof *runs->row);
    if (runs->row == NULL)
        return cseg_error_last();
    runs->row[0] = 0;
    CSEG_TRY(cseg_parallel_for(context, bands, count_band, job));
    for (size_t y = 0; y < runs->height; y++)
        runs->row[y + 1] += runs->row[y];
    runs->count = runs->row[runs->height];
    if (runs->count > UINT32_MAX - 1)
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu runs of pixels are more than a label id can count", runs->count);
    runs->run = cseg_memory_alloc(context, runs->count, sizeof *runs->run);
    runs->component = runs->run != NULL ? cseg_memory_alloc(context, runs->count, sizeof *runs->component) : NULL;
    if (runs->component == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_parallel_for(context, bands, scan_band, job));
    for (size_t band = 1; band < bands; band++)
        join_row(job, cseg_band_begin(band));
    number_components(runs);
    return CELLSEG_OK;
}

cellseg_status cseg_runs_new(cseg_runs *runs, cellseg_context *context, const cseg_plane *plane, int32_t kind,
                             int32_t connectivity) {
    assert(plane->type == CELLSEG_UINT8 || plane->type == CELLSEG_UINT32);
    *runs = (cseg_runs){.height = plane->height, .width = plane->width};
    runs_job job = {runs, plane, kind, connectivity == 8,
                    cseg_morph_kernels_select(cellseg_context_cpu_level(context), CELLSEG_UINT8)};
    const cellseg_status status = find(runs, context, &job);
    if (status != CELLSEG_OK)
        cseg_runs_free(runs);
    return status;
}

cellseg_status cseg_runs_whole(cseg_runs *runs, cellseg_context *context, size_t height, size_t width) {
    *runs = (cseg_runs){.height = height, .width = width, .count = height, .components = 1};
    runs->row = cseg_memory_alloc(context, height + 1, sizeof *runs->row);
    runs->run = cseg_memory_alloc(context, height, sizeof *runs->run);
    runs->component = cseg_memory_calloc(context, height, sizeof *runs->component);
    if (runs->row == NULL || runs->run == NULL || runs->component == NULL) {
        const cellseg_status status = cseg_error_last();
        cseg_runs_free(runs);
        return status;
    }
    for (size_t y = 0; y < height; y++) {
        runs->row[y] = y;
        runs->run[y] = (cseg_run){0, (uint32_t)width};
    }
    runs->row[height] = height;
    return CELLSEG_OK;
}

void cseg_runs_free(cseg_runs *runs) {
    cseg_memory_free(runs->row);
    cseg_memory_free(runs->run);
    cseg_memory_free(runs->component);
    *runs = (cseg_runs){0};
}
