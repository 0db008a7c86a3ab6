/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of activations: images, rows, pixels, channels, with a frame of zeros and whole vectors of channels. */
#include "tensor/tensor.h"

#include <string.h>

enum { VECTOR = 16 }; /* channels of a pixel are padded to this */

static size_t pixel_stride(size_t channels) {
    return (channels + VECTOR - 1) / VECTOR * VECTOR;
}

size_t cseg_tensor_floats(size_t images, size_t height, size_t width, size_t channels, size_t frame) {
    const size_t limit = SIZE_MAX / 8;
    if (height > limit || width > limit || channels > limit || frame > limit)
        return 0;
    size_t floats;
    if (!cseg_memory_mul(height + 2 * frame, width + 2 * frame, &floats) ||
        !cseg_memory_mul(floats, pixel_stride(channels), &floats) || !cseg_memory_mul(floats, images, &floats) ||
        floats > SIZE_MAX / sizeof(float))
        return 0;
    return floats;
}

cseg_tensor cseg_tensor_place(float *memory, size_t images, size_t height, size_t width, size_t channels, size_t frame) {
    cseg_tensor t = {.images = images, .height = height, .width = width, .channels = channels, .frame = frame};
    t.pixel = pixel_stride(channels);
    t.row = (width + 2 * frame) * t.pixel;
    t.image = (height + 2 * frame) * t.row;
    t.data = memory + frame * (t.row + t.pixel);
    return t;
}

void cseg_tensor_clear(const cseg_tensor *t) {
    memset(t->data - t->frame * (t->row + t->pixel), 0, t->images * t->image * sizeof(float));
}

cseg_tensor cseg_tensor_image(const cseg_tensor *t, size_t index) {
    assert(index < t->images);
    cseg_tensor view = *t;
    view.data += index * t->image;
    view.images = 1;
    return view;
}

cseg_tensor cseg_tensor_channels(const cseg_tensor *t, size_t first, size_t channels) {
    assert(first + channels <= t->channels);
    cseg_tensor view = *t;
    view.data += first;
    view.channels = channels;
    return view;
}

void cseg_tensor_copy(const cseg_tensor *out, const cseg_tensor *in) {
    assert(out->images == in->images && out->height == in->height && out->width == in->width && out->channels == in->channels);
    for (size_t i = 0; i < in->images; i++)
        for (size_t y = 0; y < in->height; y++) {
            float *to = out->data + i * out->image + y * out->row;
            const float *from = in->data + i * in->image + y * in->row;
            for (size_t x = 0; x < in->width; x++)
                memcpy(to + x * out->pixel, from + x * in->pixel, in->channels * sizeof(float));
        }
}
