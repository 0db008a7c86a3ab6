/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exact Euclidean distance transform.
 *
 * First along columns: the distance to the nearest background pixel of the same column. Then along each row the minimum over
 * columns i of (x - i)^2 + g(i)^2, which is the lower envelope of parabolas (Meijster, Roerdink, Hesselink 2000; Felzenszwalb,
 * Huttenlocher 2012), taken in integers, so that squared distances are exact. A run of foreground pixels needs only the columns
 * from the background pixel before it to the one after it, since no column beyond can be nearer. Cost: two passes, and a
 * few operations per foreground pixel.
 */
#include "morph/bands.h"
#include "morph/morph.h"

#include <math.h>
#include <string.h>

enum { STRIP_COLUMNS = 64 };
#define NONE UINT32_MAX /* no background pixel in the column */

typedef struct distance_job {
    cellseg_context *context;
    const cseg_plane *to, *mask; /* between the steps `to` holds column distances, uint32 */
} distance_job;

static void down(const distance_job *job, size_t first, size_t columns) {
    uint32_t far[STRIP_COLUMNS];
    memset(far, 0xff, sizeof far);
    for (size_t y = 0; y < job->mask->height; y++) {
        const uint8_t *mask = cseg_row_u8(job->mask, y) + first;
        uint32_t *g = cseg_row_u32(job->to, y) + first;
        for (size_t x = 0; x < columns; x++) {
            const uint32_t next = far[x] == NONE ? NONE : far[x] + 1;
            far[x] = mask[x] != 0 ? next : 0;
            g[x] = far[x];
        }
    }
}

static void up(const distance_job *job, size_t first, size_t columns) {
    uint32_t far[STRIP_COLUMNS];
    memset(far, 0xff, sizeof far);
    for (size_t y = job->mask->height; y-- > 0;) {
        uint32_t *g = cseg_row_u32(job->to, y) + first;
        for (size_t x = 0; x < columns; x++) {
            const uint32_t next = far[x] == NONE ? NONE : far[x] + 1;
            far[x] = g[x] < next ? g[x] : next;
            g[x] = far[x];
        }
    }
}

static cellseg_status along_columns(void *data, size_t index) {
    const distance_job *job = data;
    const size_t first = index * STRIP_COLUMNS, left = job->mask->width - first;
    const size_t columns = left < STRIP_COLUMNS ? left : STRIP_COLUMNS;
    down(job, first, columns);
    up(job, first, columns);
    return CELLSEG_OK;
}

/* One parabola of the lower envelope: nearest from column `from` on. */
typedef struct parabola {
    int64_t square; /* g^2 */
    int64_t column, from;
} parabola;

/* The first column where `later` is strictly nearer than `earlier`: floor of the crossing, plus one. */
static int64_t overtakes(const parabola *earlier, const parabola *later) {
    const int64_t twice = 2 * (later->column - earlier->column);
    const int64_t over = later->square - earlier->square + later->column * later->column - earlier->column * earlier->column;
    const int64_t quotient = over / twice;
    return (over % twice < 0 ? quotient - 1 : quotient) + 1;
}

static size_t envelope(parabola *stack, const uint32_t *g, size_t begin, size_t end) {
    size_t n = 0;
    for (size_t x = begin; x < end; x++) {
        if (g[x] == NONE)
            continue;
        parabola p = {(int64_t)g[x] * g[x], (int64_t)x, (int64_t)begin};
        while (n > 0) {
            p.from = overtakes(&stack[n - 1], &p);
            if (p.from > stack[n - 1].from)
                break;
            n--;
        }
        if (n == 0)
            p.from = (int64_t)begin;
        if (p.from < (int64_t)end)
            stack[n++] = p;
    }
    return n;
}

/* Row run [begin, end) of the envelope's columns, written to out. */
static void write_run(float *out, const parabola *stack, size_t n, size_t begin, size_t end) {
    if (n == 0) {
        for (size_t x = begin; x < end; x++)
            out[x] = INFINITY;
        return;
    }
    for (size_t i = 0, x = begin; i < n; i++) {
        const size_t stop = i + 1 < n ? (size_t)stack[i + 1].from : end;
        for (; x < stop; x++) {
            const int64_t away = (int64_t)x - stack[i].column;
            out[x] = (float)sqrt((double)(away * away + stack[i].square));
        }
    }
}

static void transform_row(const distance_job *job, size_t y, parabola *stack) {
    const uint32_t *g = cseg_row_u32(job->to, y);
    float *out = cseg_row_f32(job->to, y);
    const size_t width = job->mask->width;
    for (size_t x = 0; x < width;) {
        if (g[x] == 0) {
            out[x++] = 0;
            continue;
        }
        size_t end = x;
        while (end < width && g[end] != 0)
            end++;
        const size_t last = end < width ? end + 1 : end; /* with the background pixels on both sides */
        const size_t first = x > 0 ? x - 1 : x;
        const size_t n = envelope(stack, g, first, last);
        write_run(out, stack, n, first, last);
        x = end;
    }
}

static cellseg_status along_rows(void *data, size_t band) {
    const distance_job *job = data;
    parabola *stack = cseg_alloc(job->context, job->mask->width, sizeof *stack);
    if (stack == NULL)
        return cseg_last_status();
    for (size_t y = band_begin(band); y < band_end(band, job->mask->height); y++)
        transform_row(job, y, stack);
    cseg_free(stack);
    return CELLSEG_OK;
}

cellseg_status cseg_morph_distance(cellseg_context *context, const cseg_plane *to, const cseg_plane *mask) {
    assert(to->type == CELLSEG_FLOAT32 && mask->type == CELLSEG_UINT8 && same_size(to, mask));
    distance_job job = {context, to, mask};
    CSEG_TRY(cseg_parallel_for(context, (mask->width + STRIP_COLUMNS - 1) / STRIP_COLUMNS, along_columns, &job));
    return cseg_parallel_for(context, band_count(mask->height), along_rows, &job);
}
