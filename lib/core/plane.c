/* SPDX-License-Identifier: BSD-3-Clause */
/* Planes: allocation, conversion, and the checks every room needs. */
#include "core/core.h"

#include <float.h>
#include <math.h>
#include <string.h>

size_t cseg_plane_type_size(int32_t type) {
    switch (type) {
    case CELLSEG_UINT8:
        return 1;
    case CELLSEG_UINT16:
    case CELLSEG_INT16:
        return 2;
    case CELLSEG_UINT32:
    case CELLSEG_INT32:
    case CELLSEG_FLOAT32:
        return 4;
    case CELLSEG_FLOAT64:
        return 8;
    default:
        return 0;
    }
}

cellseg_status cseg_plane_check_size(size_t height, size_t width) {
    if (height >= 1 && height <= INT32_MAX && width >= 1 && width <= INT32_MAX)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "a size of %zu x %zu pixels is out of range", height, width);
}

bool cseg_plane_same_size(const cseg_plane *a, const cseg_plane *b) {
    return a->height == b->height && a->width == b->width;
}

cellseg_status cseg_plane_new(cseg_plane *plane, cellseg_context *context, int32_t type, size_t height, size_t width) {
    const size_t stride = width * cseg_plane_type_size(type);
    *plane = (cseg_plane){cseg_memory_alloc(context, height, stride), height, width, stride, type};
    return plane->data != NULL ? CELLSEG_OK : cseg_error_last();
}

void cseg_plane_free(cseg_plane *plane) {
    cseg_memory_free(plane->data);
    plane->data = NULL;
}

void cseg_plane_copy(const cseg_plane *to, const cseg_plane *from) {
    assert(to->type == from->type && to->height == from->height && to->width == from->width);
    for (size_t y = 0; y < from->height; y++)
        memcpy(cseg_row_at(to, y), cseg_row_at(from, y), from->width * cseg_plane_type_size(from->type));
}

typedef struct rows_job {
    const cseg_plane *to, *from;
    const char *what;
    size_t top, left; /* of the plane's first pixel in the image */
} rows_job;

#define LOAD(sample)                                                                                                             \
    for (size_t i = 0; i < count; i++)                                                                                           \
    to[i] = (float)((const sample *)row)[left + i]

void cseg_plane_load_f32(float *to, const cseg_plane *from, size_t y, size_t left, size_t count) {
    const void *row = cseg_row_at(from, y);
    switch (from->type) {
    case CELLSEG_UINT8:
        LOAD(uint8_t);
        break;
    case CELLSEG_UINT16:
        LOAD(uint16_t);
        break;
    case CELLSEG_UINT32:
        LOAD(uint32_t);
        break;
    case CELLSEG_INT16:
        LOAD(int16_t);
        break;
    case CELLSEG_INT32:
        LOAD(int32_t);
        break;
    case CELLSEG_FLOAT64:
        LOAD(double);
        break;
    default:
        assert(from->type == CELLSEG_FLOAT32);
        memmove(to, (const float *)row + left, count * sizeof *to);
    }
}

static cellseg_status row_to_f32(void *data, size_t y) {
    const rows_job *job = data;
    cseg_plane_load_f32(cseg_row_f32(job->to, y), job->from, y, 0, job->from->width);
    return CELLSEG_OK;
}

cellseg_status cseg_plane_to_f32(cellseg_context *context, const cseg_plane *to, const cseg_plane *from) {
    assert(to->type == CELLSEG_FLOAT32 && to->height == from->height && to->width == from->width);
    rows_job job = {.to = to, .from = from};
    return cseg_parallel_for(context, from->height, row_to_f32, &job);
}

static cellseg_status row_is_finite(void *data, size_t y) {
    const rows_job *job = data;
    const float *row = cseg_row_f32(job->from, y);
    float zero = 0;
    for (size_t x = 0; x < job->from->width; x++)
        zero += row[x] * 0.0F; /* NaN and infinity make it NaN */
    if (zero == 0)
        return CELLSEG_OK;
    for (size_t x = 0; x < job->from->width; x++)
        if (!isfinite(row[x]))
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: the pixel at row %zu, column %zu is not a finite number", job->what,
                             job->top + y, job->left + x);
    return CELLSEG_OK;
}

/* Finite as float32 too, in which most rooms compute. */
static cellseg_status row_is_finite_f64(void *data, size_t y) {
    const rows_job *job = data;
    const double *row = cseg_row_at(job->from, y);
    for (size_t x = 0; x < job->from->width; x++)
        if (!(fabs(row[x]) <= (double)FLT_MAX))
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: the pixel at row %zu, column %zu is not a finite number%s", job->what,
                             job->top + y, job->left + x, isfinite(row[x]) ? " of float32" : "");
    return CELLSEG_OK;
}

cellseg_status cseg_plane_check_finite_at(cellseg_context *context, const cseg_plane *plane, size_t top, size_t left,
                                          const char *what) {
    if (plane->type != CELLSEG_FLOAT32 && plane->type != CELLSEG_FLOAT64)
        return CELLSEG_OK;
    rows_job job = {NULL, plane, what, top, left};
    return cseg_parallel_for(context, plane->height, plane->type == CELLSEG_FLOAT32 ? row_is_finite : row_is_finite_f64, &job);
}

cellseg_status cseg_plane_check_finite(cellseg_context *context, const cseg_plane *plane, const char *what) {
    return cseg_plane_check_finite_at(context, plane, 0, 0, what);
}
