/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Channels of images to read. Every room works on rows of samples next to each other, which keeps its loops plain and fast. An
 * image that borrows interleaved pixels (RGB of a camera) has none: a channel of it is copied once, here, for the length of an
 * operation. Cost of the copy: one pass; memory: the channel's samples.
 */
#include "core/image.h"

#include <string.h>

typedef struct pack_job {
    const cseg_plane *to;
    const char *from;
    size_t row_stride, pixel_stride;
} pack_job;

/* The size is a constant at each use, so that the copy of a sample is one instruction. */
static inline void pack_samples(char *to, const pack_job *job, size_t y, size_t sample) {
    const char *from = job->from + y * job->row_stride;
    for (size_t x = 0; x < job->to->width; x++)
        memcpy(to + x * sample, from + x * job->pixel_stride, sample);
}

static cellseg_status pack_row(void *data, size_t y) {
    const pack_job *job = data;
    void *to = cseg_row_at(job->to, y);
    switch (cseg_plane_type_size(job->to->type)) {
    case 1:
        pack_samples(to, job, y, 1);
        break;
    case 2:
        pack_samples(to, job, y, 2);
        break;
    case 4:
        pack_samples(to, job, y, 4);
        break;
    default:
        pack_samples(to, job, y, 8);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_input_open(cseg_input *input, cellseg_context *context, const cellseg_image *image, int32_t index) {
    const cellseg_image_layout *layout = &image->layout;
    *input = (cseg_input){0};
    if (index < 0 || index >= layout->channels)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "channel %d of an image of %d", (int)index, (int)layout->channels);
    if (layout->pixel_stride_bytes == cseg_plane_type_size(layout->pixel_type)) {
        input->plane = cseg_image_plane(image, index);
        return CELLSEG_OK;
    }
    CSEG_TRY(cseg_plane_new(&input->plane, context, layout->pixel_type, layout->height, layout->width));
    input->copy = input->plane.data;
    pack_job job = {&input->plane, cellseg_image_pixels(image, index), layout->row_stride_bytes, layout->pixel_stride_bytes};
    const cellseg_status status = cseg_parallel_for(context, layout->height, pack_row, &job);
    if (status != CELLSEG_OK)
        cseg_input_close(input);
    return status;
}

void cseg_input_close(cseg_input *input) {
    cseg_memory_free(input->copy);
    *input = (cseg_input){0};
}
