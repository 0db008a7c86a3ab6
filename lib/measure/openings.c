/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Openings by reconstruction of all sizes at once. The pixels from the brightest to the darkest are joined into a tree, in which
 * a pixel's subtree is the component of brighter pixels that it closes (Berger et al. 2007). Opening k of a pixel is the largest
 * level, along the way to the root, at which the subtree still holds a pixel of erosion k: the smaller of the level and of the
 * subtree's largest erosion k. Two passes over the tree find this for all k, which lie in one cache line.
 *
 * Cost: 16 erosions, a sort of the pixels, and three passes over them in the order of their values, on one thread. Memory: 40
 * bytes per pixel beside the result.
 */
#include "measure/openings.h"

#include <string.h>

enum { BAND_ROWS = 32, POLL = 1 << 16 };

#define NONE UINT32_MAX /* no pixel */

typedef struct openings_job {
    cellseg_context *context;
    const cseg_plane *spectrum, *image;
    cseg_keyed *order; /* value: a pixel; from the brightest on */
    uint32_t *parent;  /* in the tree; the root's is the root */
    uint32_t *root;    /* of the part of the tree that is made so far; NONE: not yet in the tree */
} openings_job;

/* ---- erosions ---- */

static float least(float a, float b) {
    return a < b ? a : b;
}

/* Erode by a cross; above and below may be the row itself. */
static void erode_row(float *restrict to, const float *restrict row, const float *above, const float *below, size_t width) {
    for (size_t x = 0; x < width; x++)
        to[x] = least(row[x], least(above[x], below[x]));
    for (size_t x = 1; x < width; x++)
        to[x] = least(to[x], row[x - 1]);
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

/* ---- the tree ---- */

static float value_at(const openings_job *job, size_t pixel) {
    return cseg_row_f32(job->image, pixel / job->image->width)[pixel % job->image->width];
}

static float *openings_at(const openings_job *job, size_t pixel) {
    return cseg_row_f32(job->spectrum, 0) + pixel * CSEG_OPENINGS; /* rows lie next to each other */
}

static cellseg_status sort_pixels(const openings_job *job, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const float value = value_at(job, i);
        uint32_t bits; /* in the order of the values, as none is negative */
        memcpy(&bits, &value, sizeof bits);
        job->order[i] = (cseg_keyed){UINT32_MAX - bits, i};
    }
    return cseg_sort_keyed(job->context, job->order, count);
}

static uint32_t root_of(uint32_t *root, uint32_t pixel) {
    while (root[pixel] != pixel)
        pixel = root[pixel] = root[root[pixel]];
    return pixel;
}

static void join(const openings_job *job, uint32_t pixel, uint32_t neighbour) {
    if (job->root[neighbour] == NONE)
        return;
    const uint32_t top = root_of(job->root, neighbour);
    job->root[top] = job->parent[top] = pixel;
}

static cellseg_status make_tree(const openings_job *job, size_t count) {
    const size_t width = job->image->width;
    memset(job->root, 0xff, count * sizeof *job->root);
    for (size_t i = 0; i < count; i++) {
        const uint32_t pixel = (uint32_t)job->order[i].value;
        const size_t x = pixel % width;
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(job->context));
        job->root[pixel] = job->parent[pixel] = pixel;
        if (pixel >= width)
            join(job, pixel, pixel - (uint32_t)width);
        if (x > 0)
            join(job, pixel, pixel - 1);
        if (x + 1 < width)
            join(job, pixel, pixel + 1);
        if (pixel + width < count)
            join(job, pixel, pixel + (uint32_t)width);
    }
    return CELLSEG_OK;
}

static void take_larger(float *restrict parent, const float *restrict own) {
    for (size_t k = 0; k < CSEG_OPENINGS; k++)
        parent[k] = own[k] > parent[k] ? own[k] : parent[k];
}

static void lower_to(float *own, float level) {
    for (size_t k = 0; k < CSEG_OPENINGS; k++)
        own[k] = least(own[k], level);
}

/* Up the tree, the largest erosions of every subtree; then down, the openings. */
static cellseg_status pass_tree(const openings_job *job, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const size_t pixel = (size_t)job->order[i].value, parent = job->parent[pixel];
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(job->context));
        if (parent != pixel)
            take_larger(openings_at(job, parent), openings_at(job, pixel));
    }
    for (size_t i = count; i-- > 0;) {
        const size_t pixel = (size_t)job->order[i].value, parent = job->parent[pixel];
        if (i % POLL == 0)
            CSEG_TRY(cseg_progress_cancelled(job->context));
        lower_to(openings_at(job, pixel), value_at(job, pixel));
        if (parent != pixel)
            take_larger(openings_at(job, pixel), openings_at(job, parent));
    }
    return CELLSEG_OK;
}

cellseg_status cseg_openings_find(cellseg_context *context, const cseg_plane *spectrum, const cseg_plane *image) {
    const size_t count = image->height * image->width;
    if (count >= NONE)
        return cseg_fail(CELLSEG_ERR_LIMIT, "granularity reads %zu x %zu pixels, more than 4294967294; a larger step reads fewer",
                         image->height, image->width);
    openings_job job = {.context = context, .spectrum = spectrum, .image = image};
    cellseg_status status = CELLSEG_OK;
    job.order = cseg_memory_alloc(context, count, sizeof *job.order);
    job.parent = job.order != NULL ? cseg_memory_alloc(context, count, sizeof *job.parent) : NULL;
    job.root = job.parent != NULL ? cseg_memory_alloc(context, count, sizeof *job.root) : NULL;
    if (job.root == NULL) {
        status = cseg_error_last();
        goto done;
    }
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, (image->height + BAND_ROWS - 1) / BAND_ROWS, erode, &job));
    CSEG_TRY_GOTO(done, sort_pixels(&job, count));
    CSEG_TRY_GOTO(done, make_tree(&job, count));
    status = pass_tree(&job, count);
done:
    cseg_memory_free(job.root);
    cseg_memory_free(job.parent);
    cseg_memory_free(job.order);
    return status;
}
