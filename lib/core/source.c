/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources: images that are read by rectangles, of which an image in memory is one. */
#include "core/core.h"

#include <errno.h>
#include <string.h>

#define FIRST_RELEASE_SIZE (offsetof(cellseg_source_callbacks, release) + sizeof(cellseg_done_fn))
enum { MAX_CHANNELS = 65535 };

struct cellseg_source {
    cellseg_source_callbacks callbacks; /* its name is owned */
};

cellseg_status cellseg_source_callbacks_init(cellseg_source_callbacks *callbacks, size_t struct_size) {
    static const cellseg_source_callbacks defaults = {.struct_size = sizeof defaults, .channels = 1};
    return cseg_options_init(callbacks, struct_size, &defaults, sizeof defaults, FIRST_RELEASE_SIZE, "cellseg_source_callbacks");
}

static cellseg_status check(const cellseg_source_callbacks *c) {
    if (c->read == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the source has no function to read");
    if (cseg_plane_type_size(c->pixel_type) == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "pixel type %d is unknown", (int)c->pixel_type);
    CSEG_TRY(cseg_plane_check_size(c->height, c->width));
    CSEG_TRY(cseg_range_check("channels", c->channels, 1, MAX_CHANNELS));
    return c->pixel_size_um == 0 ? CELLSEG_OK : cseg_range_check("pixel_size_um", c->pixel_size_um, 1e-4, 1e4);
}

cellseg_status cellseg_source_new(cellseg_source **out, cellseg_context *context, const cellseg_source_callbacks *callbacks) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (callbacks == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "callbacks is NULL");
    cellseg_source_callbacks own = {.struct_size = sizeof own};
    CSEG_TRY(cseg_options_copy(&own, sizeof own, FIRST_RELEASE_SIZE, callbacks, "cellseg_source_callbacks"));
    CSEG_TRY(check(&own));
    char *name;
    CSEG_TRY(cseg_string_copy(&name, context, own.name != NULL ? own.name : "the image"));
    cellseg_source *source = cseg_memory_alloc(context, 1, sizeof *source);
    if (source == NULL) {
        cseg_memory_free(name);
        return cseg_error_last();
    }
    own.name = name;
    source->callbacks = own;
    *out = source;
    return CELLSEG_OK;
}

void cellseg_source_free(cellseg_source *source) {
    if (source == NULL)
        return;
    if (source->callbacks.release != NULL)
        source->callbacks.release(source->callbacks.user);
    cseg_memory_free((void *)source->callbacks.name);
    cseg_memory_free(source);
}

/* ---- an image in memory ---- */

/* The image's layout is read through its getters, since an image may be any caller's. */
static int32_t read_image(void *user, void *to, size_t stride_bytes, int32_t channel, size_t top, size_t left, size_t height,
                          size_t width) {
    const cellseg_image *image = user;
    const size_t sample = cseg_plane_type_size(cellseg_image_pixel_type(image)), row = cellseg_image_row_stride_bytes(image);
    const size_t pixel = cellseg_image_pixel_stride_bytes(image);
    const char *from = (const char *)cellseg_image_pixels(image, channel) + top * row + left * pixel;
    for (size_t y = 0; y < height; y++) {
        char *line = (char *)to + y * stride_bytes;
        if (pixel == sample)
            memcpy(line, from + y * row, width * sample);
        else
            for (size_t x = 0; x < width; x++)
                memcpy(line + x * sample, from + y * row + x * pixel, sample);
    }
    return 0;
}

cellseg_status cellseg_source_from_image(cellseg_source **out, cellseg_context *context, const cellseg_image *image) {
    if (out != NULL)
        *out = NULL;
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image is NULL");
    const cellseg_source_callbacks callbacks = {.struct_size = sizeof callbacks,
                                                .user = (void *)image, /* only read */
                                                .height = cellseg_image_height(image),
                                                .width = cellseg_image_width(image),
                                                .channels = cellseg_image_channels(image),
                                                .pixel_type = cellseg_image_pixel_type(image),
                                                .pixel_size_um = cellseg_image_pixel_size_um(image),
                                                .read = read_image};
    return cellseg_source_new(out, context, &callbacks);
}

/* ---- figures ---- */

size_t cellseg_source_height(const cellseg_source *source) {
    return source != NULL ? source->callbacks.height : 0;
}

size_t cellseg_source_width(const cellseg_source *source) {
    return source != NULL ? source->callbacks.width : 0;
}

int32_t cellseg_source_channels(const cellseg_source *source) {
    return source != NULL ? source->callbacks.channels : 0;
}

int32_t cellseg_source_pixel_type(const cellseg_source *source) {
    return source != NULL ? source->callbacks.pixel_type : 0;
}

double cellseg_source_pixel_size_um(const cellseg_source *source) {
    return source != NULL ? source->callbacks.pixel_size_um : 0;
}

/* ---- reading ---- */

static cellseg_status fail_at(const cellseg_source *source, int32_t error, int32_t channel, const cseg_rect *r) {
    char place[160];
    (void)cseg_format_print(place, sizeof place, "channel %d, rows %zu to %zu, columns %zu to %zu", (int)channel, r->top,
                            cseg_rectangle_bottom(r) - 1, r->left, cseg_rectangle_right(r) - 1);
    const cellseg_status status = cseg_file_fail(place, error > 0 ? error : EIO);
    return cseg_error_fail_in(status, source->callbacks.name);
}

cellseg_status cseg_source_read_plane(cellseg_source *source, const cseg_plane *to, int32_t channel, size_t top, size_t left) {
    const cseg_rect rect = {top, left, to->height, to->width};
    const cellseg_source_callbacks *c = &source->callbacks;
    assert(to->type == c->pixel_type && cseg_rectangle_bottom(&rect) <= c->height && cseg_rectangle_right(&rect) <= c->width);
    const int32_t error = c->read(c->user, to->data, to->stride, channel, top, left, to->height, to->width);
    return error == 0 ? CELLSEG_OK : fail_at(source, error, channel, &rect);
}

static cellseg_status check_request(const cellseg_source *source, const void *to, size_t stride_bytes, int32_t channel,
                                    const cseg_rect *r) {
    if (source == NULL || to == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", source == NULL ? "source" : "to");
    const cellseg_source_callbacks *c = &source->callbacks;
    if (channel < 0 || channel >= c->channels)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s has no channel %d: it has %d", c->name, (int)channel, (int)c->channels);
    if (r->height == 0 || r->width == 0 || r->top >= c->height || r->left >= c->width || r->height > c->height - r->top ||
        r->width > c->width - r->left)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: %zu x %zu pixels at row %zu, column %zu do not lie in its %zu x %zu", c->name,
                         r->height, r->width, r->top, r->left, c->height, c->width);
    if (stride_bytes < r->width * cseg_plane_type_size(c->pixel_type))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "stride_bytes is %zu, less than a row's", stride_bytes);
    return CELLSEG_OK;
}

cellseg_status cellseg_source_read(cellseg_source *source, cellseg_context *context, void *to, size_t stride_bytes,
                                   int32_t channel, size_t top, size_t left, size_t height, size_t width) {
    const cseg_rect rect = {top, left, height, width};
    CSEG_TRY(check_request(source, to, stride_bytes, channel, &rect));
    const cseg_plane plane = {to, height, width, stride_bytes, source->callbacks.pixel_type};
    cseg_call call;
    cseg_call_begin(&call, context);
    cellseg_status status = cseg_progress_report(context, 0);
    if (status == CELLSEG_OK)
        status = cseg_source_read_plane(source, &plane, channel, top, left);
    return cseg_call_end(&call, status);
}
