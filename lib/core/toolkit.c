/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame of every public function of the toolkit (filter.h, morph.h): `out` is NULL until the end, inputs are checked and of
 * one size, a result carries the first input's pixel size, and the end hands the result over or releases it. Cost: one pass over
 * each float input, for numbers that are not finite; interleaved pixels and masks of other types than uint8 are copied.
 */
#include "core/core.h"

void cseg_toolkit_begin(cseg_toolkit *t, cellseg_context *context, const char *step) {
    *t = (cseg_toolkit){.context = context, .step = step};
    cseg_call_begin(&t->call, context);
}

cellseg_status cseg_toolkit_begin_image(cseg_toolkit *t, cellseg_context *context, const char *step, cellseg_image **out) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cseg_toolkit_begin(t, context, step);
    t->image = out;
    return CELLSEG_OK;
}

cellseg_status cseg_toolkit_begin_labels(cseg_toolkit *t, cellseg_context *context, const char *step, cellseg_labels **out) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cseg_toolkit_begin(t, context, step);
    t->labels = out;
    return CELLSEG_OK;
}

/* The first input sets the size of all and the pixel size of the result. */
static cellseg_status admit(cseg_toolkit *t, const cseg_plane *plane, double pixel_size_um, const char *name) {
    if (t->name == NULL) {
        t->name = name;
        t->height = plane->height;
        t->width = plane->width;
        t->pixel_size_um = pixel_size_um;
    }
    if (plane->height == t->height && plane->width == t->width)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %zu x %zu and %s %zu x %zu pixels; they must be of one size", t->name,
                     t->height, t->width, name, plane->height, plane->width);
}

cellseg_status cseg_toolkit_read(cseg_toolkit *t, cseg_plane *plane, const cellseg_image *image, int32_t channel,
                                 const char *name) {
    *plane = (cseg_plane){0};
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", name);
    assert(t->input_count < CSEG_TOOLKIT_MAX_INPUTS);
    cseg_input *opened = &t->inputs[t->input_count];
    const cellseg_status status = cseg_input_open(opened, t->context, image, channel);
    if (status != CELLSEG_OK)
        return status == CELLSEG_ERR_ARGUMENT ? cseg_error_fail_in(status, name) : status;
    t->input_count++;
    *plane = opened->plane;
    CSEG_TRY(admit(t, plane, cellseg_image_pixel_size_um(image), name));
    cseg_progress_step(t->context, "check", 0, 0.1);
    CSEG_TRY(cseg_plane_check_finite(t->context, plane, name));
    cseg_progress_step(t->context, t->step, 0.1, 1);
    return CELLSEG_OK;
}

/* ---- masks ---- */

typedef struct mask_job {
    const cseg_plane *to, *from;
} mask_job;

#define MARK_FOREGROUND(type)                                                                                                    \
    for (size_t x = 0; x < width; x++)                                                                                           \
    to[x] = ((const type *)from)[x] != 0

static cellseg_status mark_row(void *data, size_t y) {
    const mask_job *job = data;
    const size_t width = job->to->width;
    const void *from = cseg_row_at(job->from, y);
    uint8_t *to = cseg_row_u8(job->to, y);
    switch (job->from->type) {
    case CELLSEG_UINT16:
    case CELLSEG_INT16:
        MARK_FOREGROUND(uint16_t);
        break;
    case CELLSEG_UINT32:
    case CELLSEG_INT32:
        MARK_FOREGROUND(uint32_t);
        break;
    case CELLSEG_FLOAT32:
        MARK_FOREGROUND(float);
        break;
    default:
        assert(job->from->type == CELLSEG_FLOAT64);
        MARK_FOREGROUND(double);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_toolkit_read_mask(cseg_toolkit *t, cseg_plane *plane, const cellseg_image *mask, int32_t channel,
                                      const char *name) {
    cseg_plane from;
    CSEG_TRY(cseg_toolkit_read(t, &from, mask, channel, name));
    if (from.type == CELLSEG_UINT8) {
        *plane = from;
        return CELLSEG_OK;
    }
    assert(t->mask.data == NULL);
    CSEG_TRY(cseg_plane_new(&t->mask, t->context, CELLSEG_UINT8, from.height, from.width));
    *plane = t->mask;
    mask_job job = {plane, &from};
    return cseg_parallel_for(t->context, from.height, mark_row, &job);
}

cellseg_status cseg_toolkit_read_labels(cseg_toolkit *t, cseg_plane *plane, const cellseg_labels *labels, const char *name) {
    *plane = (cseg_plane){0};
    if (labels == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", name);
    *plane = cseg_labels_plane(labels);
    return admit(t, plane, cellseg_labels_pixel_size_um(labels), name);
}

/* ---- the result ---- */

cellseg_status cseg_toolkit_make(cseg_toolkit *t, cseg_plane *plane, int32_t type, size_t height, size_t width) {
    *plane = (cseg_plane){0};
    if (t->labels != NULL) {
        CSEG_TRY(cellseg_labels_new(t->labels, t->context, height, width));
        *plane = cseg_labels_plane(*t->labels);
        return cellseg_labels_set_pixel_size_um(*t->labels, t->pixel_size_um);
    }
    CSEG_TRY(cellseg_image_new(t->image, t->context, type, 1, height, width));
    *plane = cseg_image_plane(*t->image, 0);
    return cellseg_image_set_pixel_size_um(*t->image, t->pixel_size_um);
}

cellseg_status cseg_toolkit_end(cseg_toolkit *t, cellseg_status status) {
    for (size_t i = 0; i < t->input_count; i++)
        cseg_input_close(&t->inputs[i]);
    cseg_plane_free(&t->mask);
    if (status != CELLSEG_OK && t->image != NULL) {
        cellseg_image_free(*t->image);
        *t->image = NULL;
    }
    if (status != CELLSEG_OK && t->labels != NULL) {
        cellseg_labels_free(*t->labels);
        *t->labels = NULL;
    }
    return cseg_call_end(&t->call, status);
}
