/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Label maps to another scale. Enlarging by the nearest pixel would give outlines of blocks. Here the four pixels round each
 * place have the weights of bilinear interpolation, and the id with the largest sum wins: the outline of each label is the 0.5
 * level of its own interpolated mask. Cost: one pass over the result.
 */
#include "segment/segment.h"

#include <math.h>
#include <string.h>

typedef struct rescale_job {
    const cseg_plane *to, *from;
} rescale_job;

/* Of a pixel's centre in the other map: the pixel before it, the one after, and the latter's weight. */
typedef struct place {
    size_t before, after;
    double weight;
} place;

static place place_of(size_t i, size_t length, size_t other) {
    const double at = ((double)i + 0.5) * (double)other / (double)length - 0.5;
    const double whole = floor(at);
    if (at <= 0)
        return (place){0, 0, 0};
    const size_t before = (size_t)whole;
    if (before + 1 >= other)
        return (place){other - 1, other - 1, 0};
    return (place){before, before + 1, at - whole};
}

static uint32_t heaviest(const uint32_t ids[4], const double weights[4]) {
    uint32_t best = ids[0];
    double most = -1;
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        for (int j = 0; j < 4; j++)
            sum += ids[j] == ids[i] ? weights[j] : 0;
        if (sum > most) {
            most = sum;
            best = ids[i];
        }
    }
    return best;
}

static cellseg_status copy_row(void *data, size_t y) {
    const rescale_job *job = data;
    memcpy(cseg_row_u32(job->to, y), cseg_row_u32(job->from, y), job->to->width * sizeof(uint32_t));
    return CELLSEG_OK;
}

static cellseg_status rescale_row(void *data, size_t y) {
    const rescale_job *job = data;
    const place v = place_of(y, job->to->height, job->from->height);
    const uint32_t *above = cseg_row_u32(job->from, v.before), *below = cseg_row_u32(job->from, v.after);
    uint32_t *to = cseg_row_u32(job->to, y);
    for (size_t x = 0; x < job->to->width; x++) {
        const place h = place_of(x, job->to->width, job->from->width);
        const uint32_t ids[4] = {above[h.before], above[h.after], below[h.before], below[h.after]};
        if (ids[0] == ids[1] && ids[0] == ids[2] && ids[0] == ids[3]) {
            to[x] = ids[0];
            continue;
        }
        const double weights[4] = {(1 - v.weight) * (1 - h.weight), (1 - v.weight) * h.weight, v.weight * (1 - h.weight),
                                   v.weight * h.weight};
        to[x] = heaviest(ids, weights);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_rescale_labels(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    assert(to->type == CELLSEG_UINT32 && from->type == CELLSEG_UINT32);
    rescale_job job = {to, from};
    const bool same = to->height == from->height && to->width == from->width;
    return cseg_parallel_for(context, to->height, same ? copy_row : rescale_row, &job);
}
