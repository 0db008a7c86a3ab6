/* SPDX-License-Identifier: BSD-3-Clause */
/* Small images and label maps out of an input: any type, size and stride. */
#ifndef CSEG_FUZZ_OBJECTS_H
#define CSEG_FUZZ_OBJECTS_H

#include "fuzz.h"

static inline void release_pixels(void *user, const void *pixels) {
    (void)pixels;
    free(user);
}

/* Samples of a type from one byte each, mostly small whole numbers, so that plateaus and equal ids are frequent. */
static inline void put_sample(input *in, unsigned char *at, int32_t type) {
    const uint64_t byte = take(in, 1);
    const double number = byte < 0xf0 ? (double)(byte % 16) : take_double(in);
    const float single = (float)number;
    const uint64_t whole = byte < 0xf0 ? byte % 16 : take(in, 4);
    if (type == CELLSEG_FLOAT64)
        memcpy(at, &number, sizeof number);
    else if (type == CELLSEG_FLOAT32)
        memcpy(at, &single, sizeof single);
    else
        memcpy(at, &whole, cseg_plane_type_size(type)); /* little-endian */
}

/* The borrowed pixels lie in a block of their exact size, whose end the address sanitizer watches. */
static inline cellseg_image_layout take_layout(input *in, size_t height, size_t width, int32_t type, int32_t channels,
                                               bool padded) {
    const size_t sample = cseg_plane_type_size(type), step = padded ? (size_t)channels + take_range(in, 0, 1) : 1;
    const size_t row = width * step + (padded ? take_range(in, 0, 2) : 0), planes = step > 1 ? 1 : (size_t)channels;
    const size_t count = planes * height * row;
    unsigned char *pixels = malloc(count * sample);
    MUST(pixels != NULL);
    for (size_t i = 0; i < count; i++)
        put_sample(in, pixels + i * sample, type);
    cellseg_image_layout layout;
    MUST(cellseg_image_layout_init(&layout, sizeof layout) == CELLSEG_OK);
    layout.pixels = pixels;
    layout.height = height;
    layout.width = width;
    layout.channels = channels;
    layout.pixel_type = type;
    layout.pixel_stride_bytes = step * sample;
    layout.row_stride_bytes = row * sample;
    layout.release = release_pixels;
    layout.release_user = pixels;
    return layout;
}

static inline cellseg_image *new_image(input *in, cellseg_context *context, size_t height, size_t width, double pixel_size_um) {
    const int32_t types[] = {CELLSEG_UINT8, CELLSEG_UINT16,  CELLSEG_UINT32, CELLSEG_INT16,
                             CELLSEG_INT32, CELLSEG_FLOAT32, CELLSEG_FLOAT64};
    const int32_t type = types[take_range(in, 0, 6)], channels = (int32_t)take_range(in, 1, 3);
    cellseg_image_layout layout = take_layout(in, height, width, type, channels, take(in, 1) % 2 == 1);
    layout.pixel_size_um = pixel_size_um;
    cellseg_image *image;
    MUST(cellseg_image_wrap(&image, context, &layout) == CELLSEG_OK);
    return image;
}

static inline cellseg_labels *new_labels(input *in, cellseg_context *context, size_t height, size_t width, double pixel_size_um) {
    cellseg_image_layout layout = take_layout(in, height, width, CELLSEG_UINT32, 1, false);
    layout.pixel_size_um = pixel_size_um;
    cellseg_labels *labels;
    MUST(cellseg_labels_wrap(&labels, context, &layout) == CELLSEG_OK);
    return labels;
}

#endif
