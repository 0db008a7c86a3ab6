/* SPDX-License-Identifier: BSD-3-Clause */
/* Images: owned or borrowed pixels behind one handle. */
#include "core/image.h"

#include <string.h>

enum { MAX_CHANNELS = 4096, MAX_PIXEL_STRIDE = 1 << 20 };

#define FIRST_RELEASE_SIZE (offsetof(cellseg_image_layout, release_user) + sizeof(void *))

static cellseg_image_layout defaults(void) {
    const cellseg_image_layout layout = {.struct_size = sizeof layout, .channels = 1};
    return layout;
}

cellseg_status cellseg_image_layout_init(cellseg_image_layout *layout, size_t struct_size) {
    const cellseg_image_layout own = defaults();
    return cseg_options_init(layout, struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_image_layout");
}

static cellseg_status check_pixel_size(double pixel_size_um) {
    if (pixel_size_um == 0)
        return CELLSEG_OK;
    return cseg_range_check("pixel_size_um", pixel_size_um, 1e-4, 1e4);
}

static cellseg_status check_strides(const cellseg_image_layout *layout, size_t sample) {
    const size_t pixel = layout->pixel_stride_bytes, row = layout->row_stride_bytes, channel = layout->channel_stride_bytes;
    if (pixel % sample != 0 || row % sample != 0 || channel % sample != 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "strides of %zu, %zu and %zu bytes are not whole samples of %zu", pixel, row,
                         channel, sample);
    if (pixel > MAX_PIXEL_STRIDE)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "a pixel stride of %zu bytes is too large", pixel);
    return CELLSEG_OK;
}

/* Whether the samples of the channels lie at places of their own: each within a pixel, or each in a plane of its own. */
static bool channels_overlap(const cellseg_image_layout *layout, size_t sample, size_t plane) {
    const size_t channel = layout->channel_stride_bytes, others = (size_t)layout->channels - 1;
    if (others == 0)
        return false;
    const bool within_pixel = channel >= sample && channel <= (layout->pixel_stride_bytes - sample) / others;
    return !within_pixel && channel < plane;
}

/* Check the strides and fill in those that are 0. */
static cellseg_status complete_strides(cellseg_image_layout *layout, size_t sample) {
    CSEG_TRY(check_strides(layout, sample));
    if (layout->pixel_stride_bytes == 0)
        layout->pixel_stride_bytes = sample;
    const bool interleaved = layout->pixel_stride_bytes > sample;
    size_t row, plane, all;
    if (!cseg_memory_mul(layout->width, layout->pixel_stride_bytes, &row))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "a pixel stride of %zu bytes is too large", layout->pixel_stride_bytes);
    if (layout->row_stride_bytes == 0)
        layout->row_stride_bytes = row;
    row -= layout->pixel_stride_bytes - sample; /* the last pixel ends with its sample */
    if (layout->row_stride_bytes < row)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "a row stride of %zu bytes does not hold rows of %zu", layout->row_stride_bytes,
                         row);
    if (!cseg_memory_mul(layout->row_stride_bytes, layout->height, &plane) || plane > PTRDIFF_MAX)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%zu rows of %zu bytes are too large", layout->height, layout->row_stride_bytes);
    if (layout->channel_stride_bytes == 0)
        layout->channel_stride_bytes = interleaved ? sample : plane;
    if (!cseg_memory_mul(layout->channel_stride_bytes, (size_t)layout->channels, &all) || all > PTRDIFF_MAX)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%d channels of %zu bytes are too large", (int)layout->channels,
                         layout->channel_stride_bytes);
    if (channels_overlap(layout, sample, plane))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "channels overlap: their stride is %zu bytes", layout->channel_stride_bytes);
    return CELLSEG_OK;
}

/* Check a layout's sizes and fill in the strides that are 0. */
static cellseg_status complete(cellseg_image_layout *layout) {
    const size_t sample = cseg_plane_type_size(layout->pixel_type);
    if (sample == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "pixel type %d is unknown", (int)layout->pixel_type);
    CSEG_TRY(cseg_plane_check_size(layout->height, layout->width));
    CSEG_TRY(cseg_range_check("channels", layout->channels, 1, MAX_CHANNELS));
    CSEG_TRY(check_pixel_size(layout->pixel_size_um));
    return complete_strides(layout, sample);
}

cellseg_status cellseg_image_new(cellseg_image **out, cellseg_context *context, int32_t pixel_type, int32_t channels,
                                 size_t height, size_t width) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cellseg_image_layout layout = defaults();
    layout.pixel_type = pixel_type;
    layout.channels = channels;
    layout.height = height;
    layout.width = width;
    CSEG_TRY(complete(&layout));
    cellseg_image *image = cseg_memory_alloc(context, 1, sizeof *image);
    if (image == NULL)
        return cseg_error_last();
    image->owned = cseg_memory_calloc(context, (size_t)channels, layout.channel_stride_bytes);
    if (image->owned == NULL) {
        cseg_memory_free(image);
        return cseg_error_last();
    }
    layout.pixels = image->owned;
    image->layout = layout;
    image->names = NULL;
    *out = image;
    return CELLSEG_OK;
}

cellseg_status cellseg_image_wrap(cellseg_image **out, cellseg_context *context, const cellseg_image_layout *layout) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (layout == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "layout is NULL");
    cellseg_image_layout own = defaults();
    CSEG_TRY(cseg_options_copy(&own, sizeof own, FIRST_RELEASE_SIZE, layout, "cellseg_image_layout"));
    CSEG_TRY(complete(&own));
    if (own.pixels == NULL || (uintptr_t)own.pixels % cseg_plane_type_size(own.pixel_type) != 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "pixels are NULL or not aligned for their type");
    cellseg_image *image = cseg_memory_alloc(context, 1, sizeof *image);
    if (image == NULL)
        return cseg_error_last();
    image->layout = own;
    image->owned = NULL;
    image->names = NULL;
    *out = image;
    return CELLSEG_OK;
}

void cellseg_image_free(cellseg_image *image) {
    if (image == NULL)
        return;
    if (image->owned == NULL && image->layout.release != NULL)
        image->layout.release(image->layout.release_user, image->layout.pixels);
    for (int32_t c = 0; image->names != NULL && c < image->layout.channels; c++)
        cseg_memory_free(image->names[c]);
    cseg_memory_free(image->names);
    cseg_memory_free(image->owned);
    cseg_memory_free(image);
}

size_t cellseg_image_height(const cellseg_image *image) {
    return image != NULL ? image->layout.height : 0;
}

size_t cellseg_image_width(const cellseg_image *image) {
    return image != NULL ? image->layout.width : 0;
}

int32_t cellseg_image_channels(const cellseg_image *image) {
    return image != NULL ? image->layout.channels : 0;
}

int32_t cellseg_image_pixel_type(const cellseg_image *image) {
    return image != NULL ? image->layout.pixel_type : 0;
}

size_t cellseg_image_pixel_stride_bytes(const cellseg_image *image) {
    return image != NULL ? image->layout.pixel_stride_bytes : 0;
}

size_t cellseg_image_row_stride_bytes(const cellseg_image *image) {
    return image != NULL ? image->layout.row_stride_bytes : 0;
}

const void *cellseg_image_pixels(const cellseg_image *image, int32_t channel) {
    if (image == NULL || channel < 0 || channel >= image->layout.channels)
        return NULL;
    return (const char *)image->layout.pixels + (size_t)channel * image->layout.channel_stride_bytes;
}

void *cellseg_image_pixels_mut(cellseg_image *image, int32_t channel) {
    if (image == NULL || image->owned == NULL || channel < 0 || channel >= image->layout.channels)
        return NULL;
    return (char *)image->owned + (size_t)channel * image->layout.channel_stride_bytes;
}

double cellseg_image_pixel_size_um(const cellseg_image *image) {
    return image != NULL ? image->layout.pixel_size_um : 0;
}

cellseg_status cellseg_image_set_pixel_size_um(cellseg_image *image, double pixel_size_um) {
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image is NULL");
    CSEG_TRY(check_pixel_size(pixel_size_um));
    image->layout.pixel_size_um = pixel_size_um;
    return CELLSEG_OK;
}

/* ---- names of channels ---- */

const char *cellseg_image_channel_name(const cellseg_image *image, int32_t channel) {
    if (image == NULL || image->names == NULL || channel < 0 || channel >= image->layout.channels)
        return NULL;
    return image->names[channel];
}

/* The list of names, all NULL at first. */
static cellseg_status make_names(cellseg_image *image) {
    const size_t channels = (size_t)image->layout.channels;
    image->names = cseg_memory_alloc_beside(image, channels, sizeof *image->names);
    if (image->names == NULL)
        return cseg_error_last();
    for (size_t c = 0; c < channels; c++)
        image->names[c] = NULL;
    return CELLSEG_OK;
}

cellseg_status cellseg_image_set_channel_name(cellseg_image *image, int32_t channel, const char *name) {
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image is NULL");
    CSEG_TRY(cseg_range_check("channel", channel, 0, image->layout.channels - 1));
    const size_t bytes = name != NULL && *name != '\0' ? strlen(name) + 1 : 0;
    if (bytes == 0 && image->names == NULL)
        return CELLSEG_OK;
    if (image->names == NULL)
        CSEG_TRY(make_names(image));
    char *copy = NULL;
    if (bytes > 0) {
        copy = cseg_memory_alloc_beside(image, bytes, 1);
        if (copy == NULL)
            return cseg_error_last();
        memcpy(copy, name, bytes);
    }
    cseg_memory_free(image->names[channel]);
    image->names[channel] = copy;
    return CELLSEG_OK;
}

static char small(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Letters of ASCII alone are compared without their case: the same in every locale. */
static bool same_name(const char *a, const char *b, bool any_case) {
    for (; *a != '\0' && (any_case ? small(*a) == small(*b) : *a == *b); a++, b++)
        continue;
    return *a == *b;
}

/* How many channels have the name, and the first of them. */
static int32_t count_named(int32_t *first, const cellseg_image *image, const char *name, bool any_case) {
    int32_t count = 0;
    for (int32_t c = image->layout.channels - 1; c >= 0; c--) {
        const char *own = cellseg_image_channel_name(image, c);
        if (own == NULL || !same_name(own, name, any_case))
            continue;
        *first = c;
        count++;
    }
    return count;
}

static void list_names(cseg_text *text, const cellseg_image *image) {
    enum { MAX_LISTED = 32 };
    for (int32_t c = 0; c < image->layout.channels && c < MAX_LISTED; c++) {
        const char *name = cellseg_image_channel_name(image, c);
        cseg_text_add(text, "%s%d%s%.60s%s", c > 0 ? ", " : "", (int)c, name != NULL ? " \"" : "", name != NULL ? name : "",
                      name != NULL ? "\"" : "");
    }
    cseg_text_add(text, "%s", image->layout.channels > MAX_LISTED ? " ..." : "");
}

static cellseg_status fail_to_find(const cellseg_image *image, const char *name, int32_t count) {
    cseg_text text = {.status = CELLSEG_OK};
    char *list;
    list_names(&text, image);
    CSEG_TRY(cseg_text_take(&list, &text));
    const cellseg_status status =
        count > 1 ? cseg_fail(CELLSEG_ERR_ARGUMENT, "%d channels are named \"%.60s\"; channels are %s", (int)count, name, list)
                  : cseg_fail(CELLSEG_ERR_ARGUMENT, "no channel is named \"%.60s\"; channels are %s", name, list);
    cseg_memory_free(list);
    return status;
}

cellseg_status cellseg_image_find_channel(int32_t *channel, const cellseg_image *image, const char *name) {
    if (channel == NULL || image == NULL || name == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "channel, image or name is NULL");
    int32_t found = -1, count = count_named(&found, image, name, false);
    if (count == 0)
        count = count_named(&found, image, name, true);
    *channel = count == 1 ? found : -1;
    return count == 1 ? CELLSEG_OK : fail_to_find(image, name, count);
}

cseg_plane cseg_image_plane(const cellseg_image *image, int32_t channel) {
    assert(channel >= 0 && channel < image->layout.channels);
    assert(image->layout.pixel_stride_bytes == cseg_plane_type_size(image->layout.pixel_type));
    /* The one place where const is cast away: a plane is a view both readers and writers use. */
    union {
        const void *in;
        void *out;
    } pixels = {cellseg_image_pixels(image, channel)};
    return (cseg_plane){pixels.out, image->layout.height, image->layout.width, image->layout.row_stride_bytes,
                        image->layout.pixel_type};
}
