/* SPDX-License-Identifier: BSD-3-Clause */
/* Boundaries of label maps: each pixel is compared with its neighbours. Cost: one pass. */
#include "morph/bands.h"
#include "morph/morph.h"

typedef struct boundary_job {
    const cseg_plane *to, *labels;
    int32_t kind, connectivity;
} boundary_job;

/* A pixel and its neighbours by rows; pixels at the border are repeated outside. */
typedef struct around {
    const uint32_t *above, *own, *below;
    size_t left, x, right;
} around;

static bool differs4(const around *a) {
    const uint32_t own = a->own[a->x];
    return a->above[a->x] != own || a->below[a->x] != own || a->own[a->left] != own || a->own[a->right] != own;
}

static bool differs8(const around *a) {
    const uint32_t own = a->own[a->x];
    return differs4(a) || a->above[a->left] != own || a->above[a->right] != own || a->below[a->left] != own ||
           a->below[a->right] != own;
}

static bool other_object(uint32_t own, uint32_t neighbour) {
    return neighbour != 0 && neighbour != own;
}

/* Whether another object touches this one, also at a corner. */
static bool meets(const around *a) {
    const uint32_t *const rows[] = {a->above, a->own, a->below};
    bool any = false;
    for (size_t i = 0; i < 3; i++)
        any = any || other_object(a->own[a->x], rows[i][a->left]) || other_object(a->own[a->x], rows[i][a->x]) ||
              other_object(a->own[a->x], rows[i][a->right]);
    return any;
}

static bool is_boundary(const boundary_job *job, const around *a) {
    if (job->connectivity == 8 ? !differs8(a) : !differs4(a))
        return false;
    if (job->kind == CELLSEG_BOUNDARY_INNER)
        return a->own[a->x] != 0;
    return job->kind == CELLSEG_BOUNDARY_THICK || a->own[a->x] == 0 || meets(a);
}

static cellseg_status boundaries_of_band(void *data, size_t band) {
    const boundary_job *job = data;
    const size_t height = job->labels->height, width = job->labels->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, height); y++) {
        uint8_t *to = cseg_row_u8(job->to, y);
        around a = {.above = cseg_row_u32(job->labels, y > 0 ? y - 1 : y),
                    .own = cseg_row_u32(job->labels, y),
                    .below = cseg_row_u32(job->labels, y + 1 < height ? y + 1 : y)};
        for (a.x = 0; a.x < width; a.x++) {
            a.left = a.x > 0 ? a.x - 1 : a.x;
            a.right = a.x + 1 < width ? a.x + 1 : a.x;
            to[a.x] = is_boundary(job, &a);
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_boundaries_find(cellseg_context *context, const cseg_plane *to, const cseg_plane *labels, int32_t kind,
                                    int32_t connectivity) {
    assert(labels->type == CELLSEG_UINT32 && to->type == CELLSEG_UINT8 && cseg_plane_same_size(to, labels));
    boundary_job job = {to, labels, kind, connectivity};
    return cseg_parallel_for(context, cseg_band_count(labels->height), boundaries_of_band, &job);
}

cellseg_status cseg_boundaries_mark(cellseg_context *context, const cseg_plane *to, const cseg_plane *labels) {
    return cseg_boundaries_find(context, to, labels, CELLSEG_BOUNDARY_INNER, 4);
}
