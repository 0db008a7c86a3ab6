/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exact Euclidean distance transform.
 *
 * First along columns: the distance to the nearest background pixel of the same column. Then along each row the minimum over
 * columns i of (x - i)^2 + g(i)^2 (envelope.c), in integers, so that squared distances are exact (Meijster, Roerdink, Hesselink
 * 2000). A run of foreground pixels needs only the columns from the background pixel before the run to the one after it:
 * no column beyond is nearer. Cost: two passes, and a few operations per foreground pixel.
 *
 * Within labels every run of one label in a row is such a run of foreground, and all other labels are background.
 */
#include "morph/bands.h"
#include "morph/envelope.h"
#include "morph/morph.h"

#include <math.h>
#include <string.h>

enum {
    SHORT = 256,    /* the longest span of near_span() */
    NEAR = 64,      /* the largest distance to a feature in near_span() */
    FAR_ROOT = 150, /* replaces every distance above NEAR: its square plus NEAR's is an int16 */
    FAR = FAR_ROOT * FAR_ROOT
};

typedef struct distance_job {
    cellseg_context *context;
    const cseg_plane *to, *mask; /* between the steps `to` holds column distances, uint32 */
} distance_job;

static void down(const distance_job *job, size_t first, size_t columns) {
    uint32_t far[CSEG_STRIP_COLUMNS];
    memset(far, 0xff, sizeof far);
    for (size_t y = 0; y < job->mask->height; y++) {
        const uint8_t *mask = cseg_row_u8(job->mask, y) + first;
        uint32_t *g = cseg_row_u32(job->to, y) + first;
        for (size_t x = 0; x < columns; x++) {
            const uint32_t next = far[x] == CSEG_NO_FEATURE ? CSEG_NO_FEATURE : far[x] + 1;
            far[x] = mask[x] != 0 ? next : 0;
            g[x] = far[x];
        }
    }
}

static void up(const distance_job *job, size_t first, size_t columns) {
    uint32_t far[CSEG_STRIP_COLUMNS];
    memset(far, 0xff, sizeof far);
    for (size_t y = job->mask->height; y-- > 0;) {
        uint32_t *g = cseg_row_u32(job->to, y) + first;
        for (size_t x = 0; x < columns; x++) {
            const uint32_t next = far[x] == CSEG_NO_FEATURE ? CSEG_NO_FEATURE : far[x] + 1;
            far[x] = g[x] < next ? g[x] : next;
            g[x] = far[x];
        }
    }
}

static cellseg_status along_columns(void *data, size_t index) {
    const distance_job *job = data;
    const size_t first = index * CSEG_STRIP_COLUMNS, columns = cseg_strip_columns(index, job->mask->width);
    down(job, first, columns);
    up(job, first, columns);
    return CELLSEG_OK;
}

static void write_span(float *out, const cseg_parabola *stack, size_t n, cseg_span span) {
    if (n == 0) {
        for (size_t x = span.begin; x < span.end; x++)
            out[x] = INFINITY;
        return;
    }
    for (size_t i = 0, x = span.begin; i < n; i++) {
        const size_t stop = i + 1 < n ? (size_t)stack[i + 1].from : span.end;
        for (; x < stop; x++) {
            const int64_t away = (int64_t)x - stack[i].column;
            out[x] = (float)sqrt((double)(away * away + stack[i].square));
        }
    }
}

/* An upper bound of the distance of any pixel of a span to a feature: its column's, or the background at the span's ends. */
static uint32_t reach_of(const uint32_t *g, cseg_span span) {
    const size_t n = span.end - span.begin;
    const size_t before = g[span.begin] == 0 ? 0 : FAR, after = g[span.end - 1] == 0 ? 0 : FAR;
    uint32_t reach = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t left = (uint32_t)(before + i), right = (uint32_t)(after + n - 1 - i), ends = left < right ? left : right;
        const uint32_t own = g[span.begin + i] < ends ? g[span.begin + i] : ends;
        reach = own > reach ? own : reach;
    }
    return reach;
}

/* best[i] = min(best[i], left[i] + plus, right[i] + plus) */
static inline void lower(int16_t *restrict best, const int16_t *restrict left, const int16_t *restrict right, int16_t plus,
                         size_t n) {
    for (size_t i = 0; i < n; i++) {
        const int16_t nearer = (int16_t)((left[i] < right[i] ? left[i] : right[i]) + plus);
        best[i] = nearer < best[i] ? nearer : best[i];
    }
}

/*
 * A short span with near features, as in cells: the minimum over all columns within reach. In vectors of int16 this is faster
 * than the envelope, and as exact, since squares too large for the minimum are clamped to FAR. False for any other span.
 */
static bool near_span(float *out, const uint32_t *g, cseg_span span) {
    const size_t n = span.end - span.begin;
    const uint32_t reach = n <= SHORT ? reach_of(g, span) : UINT32_MAX;
    if (reach > NEAR)
        return false;
    int16_t padded[NEAR + SHORT + NEAR], best[SHORT], *square = padded + NEAR;
    const size_t whole = (n + 7) / 8 * 8; /* vectors without a remainder */
    for (size_t i = 0; i < NEAR + SHORT + NEAR; i++)
        padded[i] = FAR;
    for (size_t i = 0; i < n; i++) {
        const uint32_t own = g[span.begin + i] < FAR_ROOT ? g[span.begin + i] : FAR_ROOT;
        square[i] = (int16_t)(own * own);
    }
    memcpy(best, square, whole * sizeof *best);
    for (size_t away = 1; away <= reach; away++)
        lower(best, square - away, square + away, (int16_t)(away * away), whole);
    for (size_t i = 0; i < n; i++)
        out[span.begin + i] = sqrtf((float)best[i]);
    return true;
}

/* In place: the background is 0 both as a column distance and as a float, so that only spans are written. */
static void transform_row(const distance_job *job, size_t y, cseg_parabola *stack) {
    const uint32_t *g = cseg_row_u32(job->to, y);
    const size_t width = job->mask->width;
    for (cseg_span s = cseg_envelope_next_span(g, 0, width); s.begin < s.end; s = cseg_envelope_next_span(g, s.end, width)) {
        if (!near_span(cseg_row_f32(job->to, y), g, s))
            write_span(cseg_row_f32(job->to, y), stack, cseg_envelope_lower(stack, g, s), s);
    }
}

static cellseg_status along_rows(void *data, size_t band) {
    const distance_job *job = data;
    cseg_parabola *stack = cseg_memory_alloc(job->context, job->mask->width, sizeof *stack);
    if (stack == NULL)
        return cseg_error_last();
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->mask->height); y++)
        transform_row(job, y, stack);
    cseg_memory_free(stack);
    return CELLSEG_OK;
}

cellseg_status cseg_distance_transform(cellseg_context *context, const cseg_plane *to, const cseg_plane *mask) {
    assert(to->type == CELLSEG_FLOAT32 && mask->type == CELLSEG_UINT8 && cseg_plane_same_size(to, mask));
    distance_job job = {context, to, mask};
    CSEG_TRY(cseg_parallel_for(context, cseg_strip_count(mask->width), along_columns, &job));
    return cseg_parallel_for(context, cseg_band_count(mask->height), along_rows, &job);
}

/* ---- within labels ---- */

typedef struct labels_job {
    cellseg_context *context;
    const cseg_plane *to, *labels; /* between the steps `to` holds column distances, uint32 */
} labels_job;

/* Continue a row of distances to the last change of label within the columns: `ids` and those of the row before. */
static void step_labels(uint32_t *far, const uint32_t *ids, const uint32_t *before, size_t columns) {
    for (size_t x = 0; x < columns; x++) {
        const uint32_t last = ids[x] != before[x] ? 0 : far[x];
        far[x] = last == CSEG_NO_FEATURE ? CSEG_NO_FEATURE : last + 1;
    }
}

static cellseg_status along_label_columns(void *data, size_t index) {
    const labels_job *job = data;
    const size_t first = index * CSEG_STRIP_COLUMNS, columns = cseg_strip_columns(index, job->labels->width);
    uint32_t far[CSEG_STRIP_COLUMNS];
    memset(far, 0xff, sizeof far);
    for (size_t y = 0; y < job->labels->height; y++) {
        step_labels(far, cseg_row_u32(job->labels, y) + first, cseg_row_u32(job->labels, y - (y > 0)) + first, columns);
        memcpy(cseg_row_u32(job->to, y) + first, far, columns * sizeof *far);
    }
    memset(far, 0xff, sizeof far);
    for (size_t y = job->labels->height; y-- > 0;) {
        const size_t below = y + 1 < job->labels->height ? y + 1 : y;
        uint32_t *g = cseg_row_u32(job->to, y) + first;
        step_labels(far, cseg_row_u32(job->labels, y) + first, cseg_row_u32(job->labels, below) + first, columns);
        for (size_t x = 0; x < columns; x++)
            g[x] = far[x] < g[x] ? far[x] : g[x];
    }
    return CELLSEG_OK;
}

/* Room for a run and the pixel on either side. */
typedef struct run_room {
    uint32_t *g;
    float *out;
    cseg_parabola *stack;
} run_room;

/* The run [begin, end) of one label, in place. */
static void transform_run(const cseg_plane *to, size_t y, size_t begin, size_t end, const run_room *room) {
    const size_t before = begin > 0, after = end < to->width, count = end - begin;
    const cseg_span span = {0, before + count + after};
    room->g[0] = room->g[before + count] = 0;
    memcpy(room->g + before, cseg_row_u32(to, y) + begin, count * sizeof *room->g);
    if (!near_span(room->out, room->g, span))
        write_span(room->out, room->stack, cseg_envelope_lower(room->stack, room->g, span), span);
    memcpy(cseg_row_f32(to, y) + begin, room->out + before, count * sizeof *room->out);
}

static void transform_label_row(const labels_job *job, size_t y, const run_room *room) {
    const uint32_t *ids = cseg_row_u32(job->labels, y);
    for (size_t x = 0, begin = 0; x < job->labels->width; begin = x) {
        while (x < job->labels->width && ids[x] == ids[begin])
            x++;
        if (ids[begin] != 0)
            transform_run(job->to, y, begin, x, room);
        else
            memset(cseg_row_f32(job->to, y) + begin, 0, (x - begin) * sizeof(float));
    }
}

static cellseg_status along_label_rows(void *data, size_t band) {
    const labels_job *job = data;
    const size_t width = job->labels->width + 2;
    run_room room = {cseg_memory_alloc(job->context, width, sizeof *room.g), NULL, NULL};
    room.out = room.g != NULL ? cseg_memory_alloc(job->context, width, sizeof *room.out) : NULL;
    room.stack = room.out != NULL ? cseg_memory_alloc(job->context, width, sizeof *room.stack) : NULL;
    const cellseg_status status = room.stack != NULL ? CELLSEG_OK : cseg_error_last();
    for (size_t y = cseg_band_begin(band); status == CELLSEG_OK && y < cseg_band_end(band, job->labels->height); y++)
        transform_label_row(job, y, &room);
    cseg_memory_free(room.stack);
    cseg_memory_free(room.out);
    cseg_memory_free(room.g);
    return status;
}

cellseg_status cseg_distance_within(cellseg_context *context, const cseg_plane *to, const cseg_plane *labels) {
    assert(to->type == CELLSEG_FLOAT32 && labels->type == CELLSEG_UINT32 && cseg_plane_same_size(to, labels));
    labels_job job = {context, to, labels};
    CSEG_TRY(cseg_parallel_for(context, cseg_strip_count(labels->width), along_label_columns, &job));
    return cseg_parallel_for(context, cseg_band_count(labels->height), along_label_rows, &job);
}
