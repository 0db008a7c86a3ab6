/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A label map as runs of pixels by label. Each label is then measured on its own pixels, in raster order, on any thread. Ids may
 * be any 32-bit numbers: no size depends on the largest id. Cost: two passes over the map and a linear sort of the runs, 32
 * bytes per run.
 */
#include "measure/regions.h"

typedef struct runs_job {
    const cseg_plane *labels;
    size_t *row_start; /* per row: first the number of runs, then the index of the first */
    cseg_keyed *runs;
} runs_job;

static cellseg_status count_row(void *data, size_t y) {
    const runs_job *job = data;
    const uint32_t *row = cseg_row_u32(job->labels, y);
    uint32_t count = row[0] != 0;
    for (size_t x = 1; x < job->labels->width; x++)
        count += (uint32_t)((row[x] != row[x - 1]) & (row[x] != 0));
    job->row_start[y] = count;
    return CELLSEG_OK;
}

/* The end of the run that begins at x. Whole blocks are compared first, since runs, those of background above all, are long. */
static size_t run_end(const uint32_t *row, size_t x, size_t width) {
    enum { BLOCK = 16 };
    const uint32_t id = row[x];
    for (; x + BLOCK <= width; x += BLOCK) {
        uint32_t differs = 0;
        for (size_t i = 0; i < BLOCK; i++)
            differs |= row[x + i] ^ id;
        if (differs != 0)
            break;
    }
    while (x < width && row[x] == id)
        x++;
    return x;
}

static cellseg_status collect_row(void *data, size_t y) {
    const runs_job *job = data;
    const uint32_t *row = cseg_row_u32(job->labels, y);
    const size_t width = job->labels->width;
    cseg_keyed *run = job->runs + job->row_start[y];
    for (size_t x = 0; x < width;) {
        const size_t begin = x;
        const uint32_t id = row[x];
        x = run_end(row, x, width);
        if (id != 0)
            *run++ = (cseg_keyed){(uint64_t)id << 32 | y, (uint64_t)begin << 32 | x};
    }
    return CELLSEG_OK;
}

static cellseg_status runs_new(cseg_keyed **out, size_t *count, cellseg_context *context, const cseg_plane *labels) {
    runs_job job = {labels, cseg_memory_alloc(context, labels->height, sizeof *job.row_start), NULL};
    if (job.row_start == NULL)
        return cseg_error_last();
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, labels->height, count_row, &job));
    *count = 0;
    for (size_t y = 0; y < labels->height; y++) {
        const size_t here = job.row_start[y];
        job.row_start[y] = *count;
        *count += here;
    }
    job.runs = cseg_memory_alloc(context, *count + 1, sizeof *job.runs);
    if (job.runs == NULL) {
        status = cseg_error_last();
        goto done;
    }
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, labels->height, collect_row, &job));
    CSEG_TRY_GOTO(done, cseg_sort_keyed(context, job.runs, *count));
    *out = job.runs;
    job.runs = NULL;
done:
    cseg_memory_free(job.runs);
    cseg_memory_free(job.row_start);
    return status;
}

static uint32_t id_of(const cseg_keyed *run) {
    return (uint32_t)(run->key >> 32);
}

cellseg_status cseg_regions_new(cseg_regions *out, cellseg_context *context, const cseg_plane *labels) {
    *out = (cseg_regions){0};
    size_t runs = 0, labels_found = 0;
    CSEG_TRY(runs_new(&out->runs, &runs, context, labels));
    for (size_t i = 0; i < runs; i++)
        labels_found += i == 0 || id_of(&out->runs[i]) != id_of(&out->runs[i - 1]);
    out->region = cseg_memory_alloc(context, labels_found + 1, sizeof *out->region);
    if (out->region == NULL) {
        cseg_regions_free(out);
        return cseg_error_last();
    }
    for (size_t i = 0; i < runs; i++) {
        if (i == 0 || id_of(&out->runs[i]) != id_of(&out->runs[i - 1]))
            out->region[out->count++] = (cseg_region){id_of(&out->runs[i]), 0, &out->runs[i]};
        out->region[out->count - 1].run_count++;
    }
    return CELLSEG_OK;
}

void cseg_regions_free(cseg_regions *regions) {
    cseg_memory_free(regions->region);
    cseg_memory_free(regions->runs);
    *regions = (cseg_regions){0};
}
