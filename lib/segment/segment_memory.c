/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a segmentation, known before any work: the stores, so many bytes per pixel of each scale; the windows that the
 * steps work on, which shrink with the budget; and so many bytes per thread. A budget that holds the least windows and one
 * thread is never too small later, and the result depends neither on windows nor on threads.
 */
#include "segment/channel.h"

#include <math.h>

enum {
    SMALLEST_TILE = 256,     /* edge of the tiles that a budget must have room for */
    WINDOW_PIXEL_BYTES = 64, /* the most that a step takes for a pixel of its window */
    NUCLEUS_BYTES = 128      /* of the tables of a nucleus that is given */
};

typedef struct needs {
    uint64_t stores, window, worker;
} needs;

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/*
 * Bytes at the same time, per pixel of the working scale and of the image. Preprocessing: the image, where it comes from a
 * source, the flat channel and its noise. Steps: the marker, four maps, nuclei and cells, and one plane of floats. Maps at the
 * image's scale. Labels: nuclei, cells and two label maps. tests/segment/test_budget.c tries these constants.
 */
static uint64_t store_bytes(uint64_t working, uint64_t own, bool has_model) {
    const uint64_t max_own = (uint64_t)1 << 57; /* the sums below stay within 64 bits */
    own = own < max_own ? own : max_own;
    const uint64_t preprocess = 8 * working + 12 * own, steps = 22 * working;
    const uint64_t maps = has_model ? 10 * working + 16 * own : 0, labels = 8 * working + 8 * own;
    return larger(larger(preprocess, steps), larger(maps, labels));
}

/* Histograms of percentiles, in bands of a million pixels. */
static uint64_t histogram_bytes(uint64_t pixels) {
    enum { BAND_PX = 1 << 20, MAX_BANDS = 32, BAND_BYTES = 600000, FIXED_BYTES = 2 << 20 };
    const uint64_t bands = pixels / BAND_PX + 1;
    return FIXED_BYTES + BAND_BYTES * (bands < MAX_BANDS ? bands : MAX_BANDS);
}

/* A tile with the halo of the widest filter, the top-hat. */
static uint64_t window_bytes(const cseg_channel *channel, double top_hat_um) {
    const double halo = top_hat_um / channel->working_pixel_size_um;
    const uint64_t edge = SMALLEST_TILE + 2 * (uint64_t)smaller((uint64_t)halo, INT32_MAX);
    return WINDOW_PIXEL_BYTES * smaller(edge, channel->working_height) * smaller(edge, channel->working_width);
}

static needs needs_of(cellseg_context *context, const cseg_channel *channel, const cellseg_model *model,
                      const cseg_settings *settings) {
    enum { LINE_BYTES = 512 }; /* of a row or column that a filter works on */
    const uint64_t working = (uint64_t)channel->working_height * channel->working_width;
    const uint64_t own = (uint64_t)channel->height * channel->width;
    const uint64_t edge =
        larger(larger(channel->height, channel->width), larger(channel->working_height, channel->working_width));
    const uint64_t network = model != NULL ? cseg_predict_worker_bytes(context, model) : 0;
    const double top_hat_um =
        fmax(settings->method.top_hat_um, model != NULL ? cseg_model_rule(model)->top_hat_um : settings->method.top_hat_um);
    return (needs){store_bytes(working, own, model != NULL) + histogram_bytes(larger(working, own)),
                   window_bytes(channel, top_hat_um), larger(network, LINE_BYTES * edge)};
}

/* Where files hold the stores: bands of the image, as it is read and as its statistics are taken. */
static uint64_t band_bytes(const cseg_channel *channel) {
    enum { BAND_BYTES = 16 << 20, LARGEST_SAMPLE = 8 };
    const uint64_t rows = smaller(channel->height, CSEG_SOURCE_ROWS);
    return BAND_BYTES + rows * channel->width * LARGEST_SAMPLE + histogram_bytes(BAND_BYTES);
}

/* Of an image whose stores lie in memory. */
static cellseg_status check_size(const cseg_channel *channel) {
    if ((uint64_t)channel->working_height * channel->working_width <= CSEG_MAX_WORKING_PX)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels of %g um are more than %d pixels of the working scale's %g um",
                     channel->height, channel->width, channel->pixel_size_um, (int)CSEG_MAX_WORKING_PX,
                     channel->working_pixel_size_um);
}

cellseg_status cseg_needs_check(cseg_scratch *scratch, const cseg_channel *channel, const cellseg_model *model,
                                const cseg_settings *settings, uint64_t nuclei) {
    if (scratch->folder == NULL)
        CSEG_TRY(check_size(channel));
    needs n = needs_of(scratch->context, channel, model, settings);
    if (scratch->folder != NULL)
        n.stores = band_bytes(channel);
    const uint64_t left = cseg_budget_left(scratch->context), least = n.stores + n.window + n.worker + nuclei * NUCLEUS_BYTES;
    if (left == UINT64_MAX)
        return CELLSEG_OK;
    if (left < least)
        return cseg_fail(CELLSEG_ERR_LIMIT, "the segmentation needs %llu bytes; the memory budget leaves %llu",
                         (unsigned long long)least, (unsigned long long)left);
    const uint64_t workers = smaller(1 + (left - least) / n.worker, (uint64_t)cellseg_context_threads(scratch->context));
    cseg_parallel_limit(scratch->context, workers);
    scratch->window_bytes = smaller(scratch->window_bytes, n.window + (left - least) - (workers - 1) * n.worker);
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
    CSEG_TRY(check_size(channel));
    const needs n = needs_of(context, channel, model, &settings);
    *bytes = n.stores + n.window + n.worker;
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
