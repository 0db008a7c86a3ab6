/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pixels of a camera that are stuck: bright or dark beyond all that an image's optics can draw. One of them sets no scale, but
 * interpolation, smoothing and top-hat spread it, to as far as the top-hat's window where it is dark.
 *
 * A pixel is stuck where it exceeds all its eight neighbours but one by more than twice the range of the image's inner 98 %, or
 * falls short of them by as much; it becomes their median. The one neighbour is a second stuck pixel. What optics drew has no
 * such edges: of 308 images of 20 microscopes two have a pixel like that. Cost: a pass over the image.
 */
#include "segment/segment.h"

#include <math.h>

enum { PIECE = 512, NEIGHBOURS = 8 };

static const double stuck_ranges = 2;

typedef struct hot_job {
    const cseg_plane *channel, *to; /* to: NULL in the search */
    double beyond;                  /* a difference that optics do not draw */
    atomic_bool found;
} hot_job;

/* The pixels around (y, x) that lie in the image, ascending. */
static size_t sorted_neighbours(float around[NEIGHBOURS], const cseg_plane *channel, size_t y, size_t x) {
    const size_t left = x > 0 ? x - 1 : 0, right = x + 1 < channel->width ? x + 2 : x + 1;
    size_t count = 0;
    for (size_t row = y > 0 ? y - 1 : 0; row <= y + 1 && row < channel->height; row++) {
        float values[3];
        cseg_plane_load_f32(values, channel, row, left, right - left);
        for (size_t column = left; column < right; column++) {
            if (row == y && column == x)
                continue;
            size_t k = count++;
            for (; k > 0 && around[k - 1] > values[column - left]; k--)
                around[k] = around[k - 1];
            around[k] = values[column - left];
        }
    }
    return count;
}

/* *value: the pixel's, or that which a stuck one gets. Pixels with fewer than three neighbours are never stuck. */
static bool is_stuck(float *value, const hot_job *job, size_t y, size_t x) {
    float around[NEIGHBOURS];
    const size_t count = sorted_neighbours(around, job->channel, y, x);
    if (count < 3)
        return false;
    const double own = (double)*value;
    if (!(own - (double)around[count - 2] > job->beyond || (double)around[1] - own > job->beyond))
        return false;
    *value = around[count / 2];
    return true;
}

/* values[-1] and values[count] are neighbours. Two of a row rule most pixels out: a stuck one lies beyond one of them. At an edge
 * of the image the second is infinite, which rules out nothing. */
static void search_piece(hot_job *job, size_t y, size_t left, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const float before = values[(ptrdiff_t)i - 1], after = values[i + 1];
        const float lower = before < after ? before : after, upper = before < after ? after : before;
        float value = values[i];
        if (!((double)value - (double)lower > job->beyond || (double)upper - (double)value > job->beyond) ||
            !is_stuck(&value, job, y, left + i))
            continue;
        atomic_store_explicit(&job->found, true, memory_order_relaxed);
        if (job->to == NULL)
            return;
        cseg_row_f32(job->to, y)[left + i] = value;
    }
}

static cellseg_status search_row(void *data, size_t y) {
    hot_job *job = data;
    const size_t width = job->channel->width;
    for (size_t left = 0; left < width; left += PIECE) {
        float values[PIECE + 2];
        const size_t count = width - left < PIECE ? width - left : PIECE;
        const size_t first = left > 0 ? left - 1 : 0, end = left + count < width ? left + count + 1 : width;
        float *piece = values + 1;
        cseg_plane_load_f32(piece - (left - first), job->channel, y, first, end - first);
        if (left == 0)
            values[0] = INFINITY;
        if (left + count == width)
            piece[count] = INFINITY;
        search_piece(job, y, left, piece, count);
    }
    return CELLSEG_OK;
}

static cellseg_status search(cellseg_context *context, hot_job *job) {
    atomic_init(&job->found, false);
    return cseg_parallel_for(context, job->channel->height, search_row, job);
}

cellseg_status cseg_hot_find(cellseg_context *context, bool *found, const cseg_plane *channel, double range) {
    hot_job job = {.channel = channel, .beyond = stuck_ranges * range};
    *found = false;
    if (!(range > 0))
        return CELLSEG_OK;
    const cellseg_status status = search(context, &job);
    *found = atomic_load(&job.found);
    return status;
}

cellseg_status cseg_hot_replace(cellseg_context *context, const cseg_plane *to, const cseg_plane *channel, double range) {
    hot_job job = {.channel = channel, .to = to, .beyond = stuck_ranges * range};
    return search(context, &job);
}
