/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a segmentation, known before any work: so many bytes per pixel of each scale, and so many per thread. A budget
 * that holds one thread's need is never too small later, and the result does not depend on the threads that it lets work.
 */
#include "segment/channel.h"

typedef struct needs {
    uint64_t shared, worker;
} needs;

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/*
 * Bytes at the same time, per pixel of the working scale and of the image: preprocessing holds the channel, a copy as float and
 * its noise; the steps hold marker, maps, nuclei, and the watershed's queues, or, where nuclei may be given, an id for each
 * pixel; then maps and labels go to the image's scale. The constants hold for every content that was tried:
 * tests/segment/test_budget.c.
 */
static uint64_t plane_bytes(uint64_t working, uint64_t own, bool has_model) {
    const uint64_t max_own = (uint64_t)1 << 57; /* the sums below stay within 64 bits */
    own = own < max_own ? own : max_own;
    const uint64_t preprocess = 20 * working + 20 * own, steps = (has_model ? 48 : 64) * working, maps = 24 * working + 16 * own;
    const uint64_t labels = 8 * working + 40 * own;
    return larger(larger(preprocess, steps), larger(maps, labels));
}

/* Histograms of percentiles, in bands of a million pixels. */
static uint64_t histogram_bytes(uint64_t pixels) {
    enum { BAND_PX = 1 << 20, MAX_BANDS = 32, BAND_BYTES = 600000, FIXED_BYTES = 2 << 20 };
    const uint64_t bands = pixels / BAND_PX + 1;
    return FIXED_BYTES + BAND_BYTES * (bands < MAX_BANDS ? bands : MAX_BANDS);
}

static needs needs_of(cellseg_context *context, const cseg_channel *channel, const cellseg_model *model) {
    enum { LINE_BYTES = 512 }; /* of a row or column that a filter works on */
    const uint64_t working = (uint64_t)channel->working_height * channel->working_width;
    const uint64_t own = (uint64_t)channel->height * channel->width;
    const uint64_t edge =
        larger(larger(channel->height, channel->width), larger(channel->working_height, channel->working_width));
    const uint64_t network = model != NULL ? cseg_predict_worker_bytes(context, model) : 0;
    return (needs){plane_bytes(working, own, model != NULL) + histogram_bytes(larger(working, own)),
                   larger(network, LINE_BYTES * edge)};
}

cellseg_status cseg_needs_check(cellseg_context *context, const cseg_channel *channel, const cellseg_model *model) {
    const needs n = needs_of(context, channel, model);
    const uint64_t left = cseg_budget_left(context);
    if (left == UINT64_MAX)
        return CELLSEG_OK;
    if (left < n.shared + n.worker)
        return cseg_fail(CELLSEG_ERR_LIMIT, "the segmentation needs %llu bytes; the memory budget leaves %llu",
                         (unsigned long long)(n.shared + n.worker), (unsigned long long)left);
    cseg_parallel_limit(context, (left - n.shared) / n.worker);
    return CELLSEG_OK;
}

static cellseg_status memory_of(uint64_t *bytes, cellseg_context *context, const cellseg_model *model, cseg_channel *channel,
                                const cellseg_segment_options *options) {
    cseg_settings settings;
    int32_t extra_kind;
    CSEG_TRY(cseg_settings_read(&settings, options));
    if (settings.options.pixel_size_um > 0)
        channel->pixel_size_um = settings.options.pixel_size_um;
    else
        CSEG_TRY(cseg_range_check("pixel_size_um", channel->pixel_size_um, 1e-4, 1e4));
    const cseg_rule *rule = model != NULL ? cseg_model_rule(model) : NULL;
    if (model != NULL)
        CSEG_TRY(cseg_predict_extra(&extra_kind, model));
    CSEG_TRY(cseg_channel_set_scale(channel, rule != NULL ? rule->nucleus_diameter_um : CSEG_METHOD_DIAMETER_UM, &settings));
    CSEG_TRY(
        cseg_channel_resample_to(channel, rule != NULL ? rule->pixel_size_um : settings.method.working_pixel_size_um, &settings));
    const needs n = needs_of(context, channel, model);
    *bytes = n.shared + n.worker;
    return CELLSEG_OK;
}

cellseg_status cellseg_segment_memory(uint64_t *bytes, cellseg_context *context, const cellseg_model *model, size_t height,
                                      size_t width, double pixel_size_um, const cellseg_segment_options *options) {
    cseg_channel channel = {.height = height, .width = width, .pixel_size_um = pixel_size_um, .scale = 1};
    if (bytes == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "bytes is NULL");
    *bytes = 0;
    CSEG_TRY(cseg_plane_check_size(height, width));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, memory_of(bytes, context, model, &channel, options));
}
