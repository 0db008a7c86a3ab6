/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inputs of a table. Channels of all images have one numbering. In names of columns a channel is "channel_<number>" or, if
 * the caller asks for names, the channel's own name: with "_" for what is no letter or digit, so that names of columns stay
 * words. A name that is absent, long, taken or mistakable for a number gives way to the number. Cost: quadratic in the channels.
 */
#include "measure/sources.h"

#include "measure/measure_options.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME_BYTES = 40, MAX_COMPARTMENT_BYTES = 31, MAX_INPUTS = 1 << 16 };

#define FIRST_RELEASE_SIZE (offsetof(cellseg_measure_inputs, channel_count) + sizeof(size_t))

static cellseg_measure_inputs defaults(void) {
    const cellseg_measure_inputs inputs = {.struct_size = sizeof inputs};
    return inputs;
}

cellseg_status cellseg_measure_inputs_init(cellseg_measure_inputs *inputs, size_t struct_size) {
    const cellseg_measure_inputs own = defaults();
    return cseg_options_init(inputs, struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_measure_inputs");
}

/* ---- checks ---- */

static bool is_word_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

static bool is_compartment_name(const char *name) {
    size_t length = 0;
    while (name != NULL && length <= MAX_COMPARTMENT_BYTES && is_word_byte(name[length]))
        length++;
    return length > 0 && length <= MAX_COMPARTMENT_BYTES && name[length] == '\0';
}

static cellseg_status check_size(const cellseg_labels *cells, size_t height, size_t width, const char *name) {
    const size_t own_height = cellseg_labels_height(cells), own_width = cellseg_labels_width(cells);
    if (own_height == height && own_width == width)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells have %zu x %zu pixels, %s %zu x %zu", own_height, own_width, name, height,
                     width);
}

static cellseg_status check_images(cseg_sources *sources) {
    const cellseg_measure_inputs *in = &sources->in;
    for (size_t i = 0; i < in->image_count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "image %zu", i);
        const cellseg_image *image = in->images[i];
        if (image == NULL)
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", name);
        CSEG_TRY(check_size(in->cells, cellseg_image_height(image), cellseg_image_width(image), name));
        sources->channels += (size_t)cellseg_image_channels(image);
    }
    return CELLSEG_OK;
}

/* The chosen channels take the place of all: each is there, and none twice. */
static cellseg_status check_channels(cseg_sources *sources) {
    const int32_t *channels = sources->in.channels;
    const size_t all = sources->channels;
    if (channels == NULL)
        return CELLSEG_OK;
    for (size_t i = 0; i < sources->in.channel_count; i++) {
        if (channels[i] < 0 || (size_t)channels[i] >= all)
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "channel %d is to be measured, and the images have %zu channels, from 0",
                             (int)channels[i], all);
        for (size_t k = 0; k < i; k++)
            if (channels[k] == channels[i])
                return cseg_fail(CELLSEG_ERR_ARGUMENT, "channel %d is to be measured twice", (int)channels[i]);
    }
    sources->channels = sources->in.channel_count;
    return CELLSEG_OK;
}

static cellseg_status check_compartments(const cellseg_measure_inputs *in) {
    for (size_t i = 0; i < in->compartment_count; i++) {
        const char *name = in->compartment_names[i];
        if (!is_compartment_name(name))
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "the name of compartment %zu must be 1 to %d letters, digits and underscores",
                             i, MAX_COMPARTMENT_BYTES);
        for (size_t k = 0; k < i; k++)
            if (strcmp(in->compartment_names[k], name) == 0)
                return cseg_fail(CELLSEG_ERR_ARGUMENT, "two compartments are named %s", name);
        if (in->compartments[i] == NULL)
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "compartment %s is NULL", name);
        CSEG_TRY(
            check_size(in->cells, cellseg_labels_height(in->compartments[i]), cellseg_labels_width(in->compartments[i]), name));
    }
    return CELLSEG_OK;
}

cellseg_status cseg_sources_read(cseg_sources *out, const cellseg_measure_inputs *inputs,
                                 const cellseg_measure_options *options) {
    *out = (cseg_sources){.in = defaults()};
    cellseg_measure_inputs *in = &out->in;
    if (inputs == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "inputs is NULL");
    CSEG_TRY(cseg_options_copy(in, sizeof *in, FIRST_RELEASE_SIZE, inputs, "cellseg_measure_inputs"));
    if (in->cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    if (in->image_count > MAX_INPUTS || in->compartment_count > MAX_INPUTS)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "more than %d images or compartments", MAX_INPUTS);
    if ((in->images == NULL && in->image_count > 0) ||
        ((in->compartments == NULL || in->compartment_names == NULL) && in->compartment_count > 0))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "images, compartments or compartment_names is NULL, and its count is not 0");
    CSEG_TRY(cseg_range_check("channel_names", (double)in->channel_names, 0, 1));
    if (in->nuclei != NULL)
        CSEG_TRY(check_size(in->cells, cellseg_labels_height(in->nuclei), cellseg_labels_width(in->nuclei), "nuclei"));
    CSEG_TRY(check_images(out));
    CSEG_TRY(check_channels(out));
    CSEG_TRY(check_compartments(in));
    return cseg_measure_options_read(&out->options, options);
}

/* ---- channels ---- */

/* The number of a measured channel among those of all images. */
static size_t number_of(const cseg_sources *sources, size_t index) {
    return sources->in.channels != NULL ? (size_t)sources->in.channels[index] : index;
}

const cellseg_image *cseg_sources_channel(int32_t *channel, const cseg_sources *sources, size_t index) {
    const cellseg_image *const *image = sources->in.images;
    index = number_of(sources, index);
    while (index >= (size_t)cellseg_image_channels(*image))
        index -= (size_t)cellseg_image_channels(*image++);
    *channel = (int32_t)index;
    return *image;
}

/* The name as a word; empty where a number is better. */
static void clean_name(char label[CSEG_CHANNEL_LABEL_SIZE], const char *name) {
    size_t length = name != NULL ? strlen(name) : 0;
    if (length > MAX_NAME_BYTES || (name != NULL && !cseg_utf8_is_text(name, length)))
        length = 0;
    for (size_t i = 0; i < length; i++)
        label[i] = is_word_byte(name[i]) || ((unsigned char)name[i] & 0x80) != 0 ? name[i] : '_';
    label[length] = '\0';
    if (strncmp(label, "channel_", strlen("channel_")) == 0)
        label[0] = '\0';
}

static bool is_taken(const cseg_sources *sources, size_t index) {
    bool taken = false;
    for (size_t i = 0; i < index && !taken; i++)
        taken = strcmp(sources->labels[i], sources->labels[index]) == 0;
    return taken;
}

cellseg_status cseg_sources_label(cseg_sources *sources, cellseg_context *context) {
    sources->labels = cseg_memory_calloc(context, sources->channels + 1, sizeof *sources->labels);
    if (sources->labels == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < sources->channels; i++) {
        char *label = sources->labels[i];
        int32_t channel;
        const cellseg_image *image = cseg_sources_channel(&channel, sources, i);
        if (sources->in.channel_names != 0)
            clean_name(label, cellseg_image_channel_name(image, channel));
        if (label[0] == '\0' || is_taken(sources, i))
            (void)snprintf(label, CSEG_CHANNEL_LABEL_SIZE, "channel_%zu", number_of(sources, i));
    }
    return CELLSEG_OK;
}

void cseg_sources_clear(cseg_sources *sources) {
    cseg_memory_free(sources->labels);
    sources->labels = NULL;
}
