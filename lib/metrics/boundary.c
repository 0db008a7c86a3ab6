/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The boundary F-score of Csurka et al. 2013: the fraction of one map's boundary pixels within a tolerance of the other's, both
 * ways, and the harmonic mean. Distances are from the exact Euclidean distance transform, so that the tolerance is a disc and
 * not a chain of dilations. Cost: two distance transforms; one byte a pixel for each boundary, four for one distance map.
 */
#include "metrics/metrics.h"

#include "metrics/overlap.h"
#include "morph/morph.h"

#define FIRST_RELEASE_SIZE (offsetof(cellseg_boundary, target_pixels) + sizeof(uint64_t))

/* The boundary pixels of one map, and how many lie near the other's. */
typedef struct count {
    uint64_t pixels, near;
} count;

typedef struct band_job {
    const cseg_plane *mask, *distance; /* mask: 1 on the boundary; distance: to the other map's boundary */
    float tolerance;
    count *rows;
} band_job;

static cellseg_status count_row(void *data, size_t y) {
    const band_job *job = data;
    const uint8_t *mask = cseg_row_u8(job->mask, y);
    const float *distance = cseg_row_f32(job->distance, y);
    count here = {0};
    for (size_t x = 0; x < job->mask->width; x++) {
        here.pixels += mask[x];
        here.near += mask[x] & (distance[x] <= job->tolerance);
    }
    job->rows[y] = here;
    return CELLSEG_OK;
}

static cellseg_status invert_row(void *data, size_t y) {
    const cseg_plane *mask = data;
    uint8_t *row = cseg_row_u8(mask, y);
    for (size_t x = 0; x < mask->width; x++)
        row[x] ^= 1;
    return CELLSEG_OK;
}

/* Count the boundary pixels near those of `other`, which is not changed. */
static cellseg_status count_near(count *out, cellseg_context *context, const cseg_plane *boundary, cseg_plane *other,
                                 double tolerance_px) {
    cseg_plane distance = {0};
    band_job job = {boundary, &distance, (float)tolerance_px, cseg_memory_alloc(context, boundary->height, sizeof *job.rows)};
    if (job.rows == NULL)
        return cseg_error_last();
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&distance, context, CELLSEG_FLOAT32, boundary->height, boundary->width));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, other->height, invert_row, other));
    CSEG_TRY_GOTO(done, cseg_distance_transform(context, &distance, other));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, other->height, invert_row, other));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, boundary->height, count_row, &job));
    *out = (count){0};
    for (size_t y = 0; y < boundary->height; y++) {
        out->pixels += job.rows[y].pixels;
        out->near += job.rows[y].near;
    }
done:
    cseg_plane_free(&distance);
    cseg_memory_free(job.rows);
    return status;
}

static cellseg_status compare(count *reference, count *target, cellseg_context *context, const cellseg_labels *reference_map,
                              const cellseg_labels *target_map, double tolerance_px) {
    const cseg_plane labels[2] = {cseg_labels_plane(reference_map), cseg_labels_plane(target_map)};
    cseg_plane outline[2] = {{0}, {0}};
    cellseg_status status;
    for (int i = 0; i < 2; i++) {
        CSEG_TRY_GOTO(done, cseg_plane_new(&outline[i], context, CELLSEG_UINT8, labels[i].height, labels[i].width));
        CSEG_TRY_GOTO(done, cseg_boundaries_mark(context, &outline[i], &labels[i]));
    }
    cseg_progress_step(context, "boundaries", 0.1, 0.55);
    CSEG_TRY_GOTO(done, count_near(reference, context, &outline[0], &outline[1], tolerance_px));
    cseg_progress_step(context, "boundaries", 0.55, 1);
    CSEG_TRY_GOTO(done, count_near(target, context, &outline[1], &outline[0], tolerance_px));
done:
    cseg_plane_free(&outline[0]);
    cseg_plane_free(&outline[1]);
    return status;
}

static double fraction_near(const count *c) {
    return c->pixels > 0 ? (double)c->near / (double)c->pixels : 0;
}

static void score(cellseg_boundary *own, const count *reference, const count *target) {
    own->reference_pixels = reference->pixels;
    own->target_pixels = target->pixels;
    if (reference->pixels + target->pixels == 0) {
        own->precision = own->recall = own->f1 = 1;
        return;
    }
    own->precision = fraction_near(target);
    own->recall = fraction_near(reference);
    const double sum = own->precision + own->recall;
    own->f1 = sum > 0 ? 2 * own->precision * own->recall / sum : 0;
}

static cellseg_status compute(cellseg_boundary *own, cellseg_context *context, const cellseg_labels *reference,
                              const cellseg_labels *target, double tolerance_px) {
    cseg_progress_step(context, "boundaries", 0, 0.1);
    count of_reference, of_target;
    CSEG_TRY(compare(&of_reference, &of_target, context, reference, target, tolerance_px));
    score(own, &of_reference, &of_target);
    return CELLSEG_OK;
}

cellseg_status cellseg_boundary_compute(cellseg_boundary *out, cellseg_context *context, const cellseg_labels *reference,
                                        const cellseg_labels *target, double tolerance_px) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    cellseg_boundary own = {.struct_size = sizeof own};
    const size_t their_size = out->struct_size;
    CSEG_TRY(cseg_options_init(out, their_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_boundary"));
    CSEG_TRY(cseg_overlap_check_maps(reference, target));
    CSEG_TRY(cseg_range_check("tolerance_px", tolerance_px, 0, INT32_MAX));
    cseg_call call;
    cseg_call_begin(&call, context);
    CSEG_TRY(cseg_call_end(&call, compute(&own, context, reference, target, tolerance_px)));
    return cseg_options_init(out, their_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_boundary");
}
