/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nearest-feature transform: the nearest background pixel, in the two steps of the distance transform. First along columns the
 * row of the nearest one, the upper of two. Then along rows the envelope (envelope.c), whose lowest column gives the row.
 * Cost: as the distance transform.
 */
#include "morph/bands.h"
#include "morph/envelope.h"
#include "morph/morph.h"

#include <string.h>

typedef struct nearest_job {
    cellseg_context *context;
    const cseg_plane *to, *mask; /* between the steps `to` holds rows */
} nearest_job;

static void down(const nearest_job *job, size_t first, size_t columns) {
    uint32_t last[CSEG_STRIP_COLUMNS];
    memset(last, 0xff, sizeof last);
    for (size_t y = 0; y < job->mask->height; y++) {
        const uint8_t *mask = cseg_row_u8(job->mask, y) + first;
        uint32_t *rows = cseg_row_u32(job->to, y) + first;
        for (size_t x = 0; x < columns; x++) {
            last[x] = mask[x] != 0 ? last[x] : (uint32_t)y;
            rows[x] = last[x];
        }
    }
}

static void up(const nearest_job *job, size_t first, size_t columns) {
    uint32_t next[CSEG_STRIP_COLUMNS];
    memset(next, 0xff, sizeof next);
    for (size_t y = job->mask->height; y-- > 0;) {
        uint32_t *rows = cseg_row_u32(job->to, y) + first;
        const uint32_t own = (uint32_t)y;
        for (size_t x = 0; x < columns; x++) {
            const uint32_t above = rows[x] == CSEG_NO_FEATURE ? CSEG_NO_FEATURE : own - rows[x];
            const uint32_t below = next[x] == CSEG_NO_FEATURE ? CSEG_NO_FEATURE : next[x] - own;
            rows[x] = above <= below ? rows[x] : next[x];
            next[x] = above == 0 ? own : next[x];
        }
    }
}

static cellseg_status along_columns(void *data, size_t index) {
    const nearest_job *job = data;
    const size_t first = index * CSEG_STRIP_COLUMNS, columns = cseg_strip_columns(index, job->mask->width);
    down(job, first, columns);
    up(job, first, columns);
    return CELLSEG_OK;
}

typedef struct row_scratch {
    cseg_parabola *stack;
    uint32_t *g, *rows;
} row_scratch;

static void transform_row(const nearest_job *job, size_t y, const row_scratch *scratch) {
    uint32_t *to = cseg_row_u32(job->to, y);
    const size_t width = job->mask->width;
    for (size_t x = 0; x < width; x++) {
        const uint32_t row = to[x], own = (uint32_t)y;
        scratch->rows[x] = row;
        scratch->g[x] = row == CSEG_NO_FEATURE ? row : row < own ? own - row : row - own;
        to[x] = (uint32_t)(y * width + x);
    }
    for (cseg_span s = cseg_envelope_next_span(scratch->g, 0, width); s.begin < s.end;
         s = cseg_envelope_next_span(scratch->g, s.end, width)) {
        const size_t n = cseg_envelope_lower(scratch->stack, scratch->g, s);
        for (size_t i = 0, x = s.begin; i < n; i++) {
            const size_t stop = i + 1 < n ? (size_t)scratch->stack[i + 1].from : s.end;
            const size_t column = (size_t)scratch->stack[i].column;
            for (; x < stop; x++)
                to[x] = (uint32_t)(scratch->rows[column] * width + column);
        }
    }
}

static cellseg_status along_rows(void *data, size_t band) {
    const nearest_job *job = data;
    const size_t width = job->mask->width;
    row_scratch scratch = {.stack = cseg_memory_alloc(job->context, width, sizeof *scratch.stack),
                           .g = cseg_memory_alloc(job->context, width, sizeof *scratch.g),
                           .rows = cseg_memory_alloc(job->context, width, sizeof *scratch.rows)};
    cellseg_status status = CELLSEG_OK;
    if (scratch.stack == NULL || scratch.g == NULL || scratch.rows == NULL) {
        status = cseg_error_last();
        goto done;
    }
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->mask->height); y++)
        transform_row(job, y, &scratch);
done:
    cseg_memory_free(scratch.stack);
    cseg_memory_free(scratch.g);
    cseg_memory_free(scratch.rows);
    return status;
}

cellseg_status cseg_nearest_check_size(const cseg_plane *mask) {
    if (mask->height <= UINT32_MAX / mask->width)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu are more pixels than a uint32 counts", mask->height, mask->width);
}

cellseg_status cseg_nearest_find(cellseg_context *context, const cseg_plane *to, const cseg_plane *mask) {
    assert(to->type == CELLSEG_UINT32 && mask->type == CELLSEG_UINT8 && cseg_plane_same_size(to, mask));
    assert(mask->height <= UINT32_MAX / mask->width);
    nearest_job job = {context, to, mask};
    CSEG_TRY(cseg_parallel_for(context, cseg_strip_count(mask->width), along_columns, &job));
    return cseg_parallel_for(context, cseg_band_count(mask->height), along_rows, &job);
}
