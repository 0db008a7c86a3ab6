/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a segmentation, known before any work: so many bytes per pixel of each scale, and so many per thread. A budget
 * that holds one thread's need is never too small later, and the result does not depend on the threads that it lets work.
 */
#include "segment/channel.h"

/* Measured: see needs_of. */
enum { WORKING_BYTES = 76, OWN_BYTES = 40, ROW_BYTES = 4096, FIXED_BYTES = 4 << 20 };

typedef struct needs {
    uint64_t shared, worker;
} needs;

static needs needs_of(cellseg_context *context, const cseg_channel *channel, const cellseg_model *model) {
    const uint64_t working = (uint64_t)channel->working_height * channel->working_width;
    const uint64_t own = (uint64_t)channel->plane.height * channel->plane.width;
    const uint64_t width = channel->plane.width > channel->working_width ? channel->plane.width : channel->working_width;
    needs n = {WORKING_BYTES * working + OWN_BYTES * own + FIXED_BYTES, ROW_BYTES * width};
    if (model != NULL && n.worker < cseg_predict_worker_bytes(context, model))
        n.worker = cseg_predict_worker_bytes(context, model);
    return n;
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
    cseg_channel channel = {.plane = {.height = height, .width = width}, .pixel_size_um = pixel_size_um, .scale = 1};
    if (bytes == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "bytes is NULL");
    *bytes = 0;
    CSEG_TRY(cseg_plane_check_size(height, width));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, memory_of(bytes, context, model, &channel, options));
}
