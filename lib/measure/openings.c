/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Openings by reconstruction of all sizes at once. A pixel's openings lie next to each other, and one step raises all of them: to
 * those of two neighbours, but not above the image. Sweeps forwards and backwards repeat such steps (Vincent 1993), in tiles that
 * stay in the second-level cache. A tile's row is swept again when the row itself or one next to it has changed; a tile has
 * another turn when one next to it has changed. Tiles take turns as the colours of a chessboard, so that those that run side by
 * side read nothing that another writes. Raising ends at one result, in whatever order.
 *
 * Cost: 16 erosions; a step is some 20 vector operations, and natural images need about ten steps per pixel, noise up to a
 * hundred. Memory: that of two bands of rows per thread.
 */
#include "measure/openings.h"

#include <string.h>

enum { BAND_ROWS = 32, TILE = 128 };

typedef struct openings_job {
    cellseg_context *context;
    const cseg_plane *spectrum, *image;
    size_t columns;         /* of tiles */
    size_t turn;            /* from 0; the tiles of a colour have the turns of one parity */
    unsigned char *changed; /* by row of the image and column of tiles: 1 if the tile's last turn changed the row there */
} openings_job;

/* ---- erosions ---- */

static float least(float a, float b) {
    return a < b ? a : b;
}

/* Erode by a cross; above and below may be the row itself. */
static void erode_row(float *restrict to, const float *row, const float *above, const float *below, size_t width) {
    to[0] = least(row[0], least(above[0], below[0]));
    for (size_t x = 1; x < width; x++)
        to[x] = least(least(row[x], row[x - 1]), least(above[x], below[x]));
    for (size_t x = 0; x + 1 < width; x++)
        to[x] = least(to[x], row[x + 1]);
}

/* All erosions of a band of rows, from the rows around that they depend on. rooms: two, of the band and these rows. */
static void erode_band(const openings_job *job, size_t begin, size_t end, float *rooms[2]) {
    const size_t width = job->image->width, height = job->image->height;
    const size_t first = begin > CSEG_OPENINGS ? begin - CSEG_OPENINGS : 0;
    const size_t last = end + CSEG_OPENINGS < height ? end + CSEG_OPENINGS : height;
    for (size_t y = first; y < last; y++)
        memcpy(rooms[0] + (y - first) * width, cseg_row_f32(job->image, y), width * sizeof(float));
    for (size_t k = 0; k < CSEG_OPENINGS; k++) {
        const float *from = rooms[k % 2];
        float *to = rooms[(k + 1) % 2];
        for (size_t y = 0; y < last - first; y++) /* rows next to missing ones are wrong, which reaches the band after 16 steps */
            erode_row(to + y * width, from + y * width, from + (y - (y > 0)) * width, from + (y + (y + 1 < last - first)) * width,
                      width);
        for (size_t y = begin; y < end; y++)
            for (size_t x = 0; x < width; x++)
                cseg_row_f32(job->spectrum, y)[x * CSEG_OPENINGS + k] = to[(y - first) * width + x];
    }
}

static cellseg_status erode(void *data, size_t band) {
    const openings_job *job = data;
    const size_t begin = band * BAND_ROWS, rows = BAND_ROWS + 2 * CSEG_OPENINGS, size = rows * job->image->width;
    const size_t end = begin + BAND_ROWS < job->image->height ? begin + BAND_ROWS : job->image->height;
    float *room = cseg_memory_alloc(job->context, 2 * size, sizeof *room);
    if (room == NULL)
        return cseg_error_last();
    erode_band(job, begin, end, (float *[2]){room, room + size});
    cseg_memory_free(room);
    return CELLSEG_OK;
}

/* ---- reconstruction ---- */

/* Raise a pixel's openings to those of neighbours, at most to `level`; aside: the last pixel's, then this one's. */
static void raise_pixel(float *restrict own, const float *restrict before, float *restrict aside, float level,
                        float *restrict rise) {
    for (size_t k = 0; k < CSEG_OPENINGS; k++) {
        const float higher = own[k] > before[k] ? own[k] : before[k];
        const float raised = least(aside[k] > higher ? aside[k] : higher, level);
        rise[k] += raised - own[k];
        own[k] = aside[k] = raised;
    }
}

typedef struct tile {
    size_t column, top, bottom, left, right;
    bool due[2][TILE]; /* rows to sweep, from the top; [1]: forwards, from the pixels above and to the left */
} tile;

/* Sweep a row of a tile; true if a pixel changed. */
static bool sweep_row(const openings_job *job, const tile *t, size_t y, bool forward) {
    static const float none[CSEG_OPENINGS] = {0}; /* no value is below 0 */
    const size_t width = job->image->width, edge = forward ? 0 : job->image->height - 1;
    const float *level = cseg_row_f32(job->image, y);
    float *row = cseg_row_f32(job->spectrum, y), aside[CSEG_OPENINGS] = {0}, rise[CSEG_OPENINGS] = {0}, total = 0;
    const float *before = y == edge ? none : cseg_row_f32(job->spectrum, forward ? y - 1 : y + 1);
    const size_t step = y == edge ? 0 : CSEG_OPENINGS;
    if (forward ? t->left > 0 : t->right < width)
        memcpy(aside, row + (forward ? t->left - 1 : t->right) * CSEG_OPENINGS, sizeof aside);
    for (size_t i = 0; i < t->right - t->left; i++) {
        const size_t x = forward ? t->left + i : t->right - 1 - i;
        raise_pixel(row + x * CSEG_OPENINGS, before + x * step, aside, level[x], rise);
    }
    for (size_t k = 0; k < CSEG_OPENINGS; k++)
        total += rise[k];
    return total > 0;
}

/* Sweep the rows that are due. A row that changed makes those due that read it, and itself in the other direction. */
static bool sweep(const openings_job *job, tile *t, bool forward) {
    const size_t rows = t->bottom - t->top;
    bool any = false;
    for (size_t k = 0; k < rows; k++) {
        const size_t i = forward ? k : rows - 1 - k;
        if (!t->due[forward][i])
            continue;
        t->due[forward][i] = false;
        if (!sweep_row(job, t, t->top + i, forward))
            continue;
        any = t->due[!forward][i] = true;
        job->changed[(t->top + i) * job->columns + t->column] = 1;
        if (i + 1 < rows)
            t->due[true][i + 1] = true;
        if (i > 0)
            t->due[false][i - 1] = true;
    }
    return any;
}

/* The rows next to others that changed in the last turn; in the first turns all. False: none. */
static bool find_due(const openings_job *job, tile *t) {
    const size_t height = job->image->height, last = t->bottom - t->top - 1;
    bool any = false;
    for (size_t i = 0; i <= last; i++) {
        const unsigned char *changed = job->changed + (t->top + i) * job->columns + t->column;
        const bool first_turn = job->turn < 2, above = i == 0 && t->top > 0, below = i == last && t->bottom < height;
        t->due[true][i] = first_turn || (t->left > 0 && changed[-1]) || (above && changed[-(ptrdiff_t)job->columns]);
        t->due[false][i] = first_turn || (t->right < job->image->width && changed[1]) || (below && changed[job->columns]);
        any = any || t->due[true][i] || t->due[false][i];
    }
    return any;
}

static size_t end_of(size_t index, size_t length) {
    return (index + 1) * TILE < length ? (index + 1) * TILE : length;
}

static cellseg_status settle(void *data, size_t index) {
    const openings_job *job = data;
    const size_t row = index / job->columns, column = index % job->columns;
    if ((row + column) % 2 != job->turn % 2)
        return CELLSEG_OK;
    tile t = {column, row * TILE, end_of(row, job->image->height), column * TILE, end_of(column, job->image->width), {{0}}};
    bool due = find_due(job, &t);
    for (size_t y = t.top; y < t.bottom; y++)
        job->changed[y * job->columns + column] = 0;
    while (due) {
        CSEG_TRY(cseg_parallel_poll(job->context));
        due = sweep(job, &t, true);
        due = sweep(job, &t, false) || due;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_openings_find(cellseg_context *context, const cseg_plane *spectrum, const cseg_plane *image) {
    openings_job job = {.context = context, .spectrum = spectrum, .image = image, .columns = (image->width + TILE - 1) / TILE};
    job.changed = cseg_memory_alloc(context, image->height * job.columns, 1);
    if (job.changed == NULL)
        return cseg_error_last();
    cellseg_status status = cseg_parallel_for(context, (image->height + BAND_ROWS - 1) / BAND_ROWS, erode, &job);
    for (bool any = true; status == CELLSEG_OK && (any || job.turn < 2); job.turn++) {
        status = cseg_parallel_for(context, job.columns * ((image->height + TILE - 1) / TILE), settle, &job);
        any = memchr(job.changed, 1, image->height * job.columns) != NULL;
    }
    cseg_memory_free(job.changed);
    return status;
}
