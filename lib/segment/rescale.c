/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Label maps to another scale. Enlarging by the nearest pixel would give outlines of blocks. Here the four pixels round each
 * place have the weights of bilinear interpolation, and the id with the largest sum wins: the outline of each label is the 0.5
 * level of its own interpolated mask. Cost: one pass over the result.
 */
#include "filter/filter.h"
#include "segment/segment.h"

#include <math.h>
#include <string.h>

typedef struct rescale_job {
    const cseg_piece *to, *from;
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
    const cseg_piece *to = job->to, *from = job->from;
    memcpy(cseg_row_u32(&to->plane, y), cseg_row_u32(&from->plane, to->top - from->top + y) + (to->left - from->left),
           to->plane.width * sizeof(uint32_t));
    return CELLSEG_OK;
}

static cellseg_status rescale_row(void *data, size_t y) {
    const rescale_job *job = data;
    const cseg_piece *t = job->to, *f = job->from;
    const place v = place_of(t->top + y, t->height, f->height);
    const uint32_t *above = cseg_row_u32(&f->plane, v.before - f->top), *below = cseg_row_u32(&f->plane, v.after - f->top);
    uint32_t *to = cseg_row_u32(&t->plane, y);
    for (size_t x = 0; x < t->plane.width; x++) {
        const place h = place_of(t->left + x, t->width, f->width);
        const size_t before = h.before - f->left, after = h.after - f->left;
        const uint32_t ids[4] = {above[before], above[after], below[before], below[after]};
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

cellseg_status cseg_rescale_piece(cellseg_context *context, const cseg_piece *to, const cseg_piece *from) {
    assert(to->plane.type == CELLSEG_UINT32 && from->plane.type == CELLSEG_UINT32);
    rescale_job job = {to, from};
    const bool same = to->height == from->height && to->width == from->width;
    return cseg_parallel_for(context, to->plane.height, same ? copy_row : rescale_row, &job);
}

cellseg_status cseg_rescale_labels(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    const cseg_piece out = cseg_piece_of(to), in = cseg_piece_of(from);
    return cseg_rescale_piece(context, &out, &in);
}

cellseg_status cseg_rescale_open(cseg_plane *out, const cseg_store *from, const cseg_rect *rect, size_t height, size_t width) {
    const cseg_rect needed = cseg_resample_needs(rect, height, width, from->height, from->width);
    cseg_part part;
    *out = (cseg_plane){0};
    CSEG_TRY(cseg_part_open(&part, from, &needed));
    cellseg_status status = cseg_plane_new(out, from->context, CELLSEG_UINT32, rect->height, rect->width);
    const cseg_piece to = {*out, rect->top, rect->left, height, width};
    const cseg_piece in = {part.plane, needed.top, needed.left, from->height, from->width};
    if (status == CELLSEG_OK)
        status = cseg_rescale_piece(from->context, &to, &in);
    cseg_part_close(&part);
    if (status != CELLSEG_OK)
        cseg_plane_free(out);
    return status;
}
