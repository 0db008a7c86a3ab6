/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The method's steps, for callers who have maps or nuclei of their own: nuclei from maps, cells from maps and nuclei, and both in
 * one call. Whatever comes in was made elsewhere, so every value is checked. Cost: the steps', and a pass over each map and label
 * map.
 */
#include "segment/channel.h"

#include "morph/morph.h"

#include <string.h>

/* A caller's maps, as units, until close_maps(). */
typedef struct map_set {
    cseg_store stores[CSEG_MAX_CLASSES];
    uint32_t count;
    int32_t extra_kind;
} map_set;

/* ---- checks ---- */

static cellseg_status check_extra(int32_t extra_output) {
    return cseg_range_check("extra_output", extra_output, CELLSEG_EXTRA_NONE, CELLSEG_EXTRA_DISTANCE);
}

typedef struct unit_job {
    const cseg_plane *to, *from;
    int32_t channel;
} unit_job;

static cellseg_status unit_row(void *data, size_t y) {
    const unit_job *job = data;
    const float *row = cseg_row_f32(job->from, y);
    uint16_t *to = cseg_row_at(job->to, y);
    for (size_t x = 0; x < job->from->width; x++) {
        if (!(row[x] >= 0 && row[x] <= 1))
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps: channel %d, row %zu, column %zu is %g; a map lies in [0, 1]",
                             (int)job->channel, y, x, (double)row[x]);
        to[x] = cseg_unit_of((double)row[x]);
    }
    return CELLSEG_OK;
}

static cellseg_status open_map(cseg_store *store, const cseg_scratch *scratch, const cellseg_image *maps, int32_t channel) {
    cseg_input input;
    CSEG_TRY(cseg_store_new(store, scratch, CELLSEG_UINT16, cellseg_image_height(maps), cellseg_image_width(maps)));
    CSEG_TRY(cseg_input_open(&input, scratch->context, maps, channel));
    unit_job job = {&store->memory, &input.plane, channel};
    const cellseg_status status = cseg_parallel_for(scratch->context, store->height, unit_row, &job);
    cseg_input_close(&input);
    return status;
}

static cellseg_status open_maps(map_set *set, const cseg_scratch *scratch, const cellseg_image *maps, int32_t min_channels,
                                int32_t extra_kind) {
    *set = (map_set){.extra_kind = extra_kind};
    const int32_t channels = cellseg_image_channels(maps), needed = extra_kind != CELLSEG_EXTRA_NONE ? 4 : min_channels;
    if (cellseg_image_pixel_type(maps) != CELLSEG_FLOAT32)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps: the samples must be float32");
    if (channels < needed)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps: there are %d channels; this step needs %d", (int)channels, (int)needed);
    for (set->count = 0; set->count < (uint32_t)needed; set->count++)
        CSEG_TRY(open_map(&set->stores[set->count], scratch, maps, (int32_t)set->count));
    return CELLSEG_OK;
}

static void close_maps(map_set *set) {
    for (size_t i = 0; i < CSEG_MAX_CLASSES; i++)
        cseg_store_free(&set->stores[i]);
}

static cseg_extra extra_of(const map_set *set, const cseg_settings *settings) {
    const bool used = settings->options.use_extra_output != 0;
    return (cseg_extra){used ? set->extra_kind : CELLSEG_EXTRA_NONE, &set->stores[CSEG_MAP_EXTRA]};
}

/* ---- nuclei from maps ---- */

/* The maps are the channel: their scale is the working scale. */
static cellseg_status maps_channel(cseg_channel *channel, const cellseg_image *maps, const cseg_settings *settings) {
    CSEG_TRY(cseg_channel_open(channel, maps, CSEG_MAP_NUCLEUS, 0, "maps"));
    if (!(channel->pixel_size_um > 0))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps: the pixel size is unknown; set it with cellseg_image_set_pixel_size_um()");
    CSEG_TRY(cseg_channel_set_scale(channel, CSEG_METHOD_DIAMETER_UM, settings));
    return cseg_channel_adopt_size(channel, channel->height, channel->width, channel->pixel_size_um, settings);
}

static cellseg_status find_nuclei(const cseg_store *to, const cseg_scratch *scratch, const map_set *set,
                                  const cseg_channel *channel, const cseg_settings *settings) {
    cellseg_segment_report report = {0};
    uint32_t count;
    const cseg_extra extra = extra_of(set, settings);
    return cseg_seeds_find(scratch, to, &count, &set->stores[CSEG_MAP_NUCLEUS], &extra, channel->working_pixel_size_um, settings,
                           &report);
}

static cellseg_status nuclei_of_maps(cellseg_labels **nuclei, cseg_scratch *scratch, const cellseg_image *maps, map_set *set,
                                     int32_t extra_kind, const cseg_settings *settings) {
    cseg_channel channel;
    CSEG_TRY(maps_channel(&channel, maps, settings));
    CSEG_TRY(cseg_needs_check(scratch, &channel, NULL, settings, 0));
    CSEG_TRY(open_maps(set, scratch, maps, 1, extra_kind));
    CSEG_TRY(cellseg_labels_new(nuclei, scratch->context, channel.height, channel.width));
    const cseg_plane plane = cseg_labels_plane(*nuclei);
    const cseg_store to = cseg_store_of(scratch->context, &plane);
    CSEG_TRY(cellseg_labels_set_pixel_size_um(*nuclei, channel.pixel_size_um));
    return find_nuclei(&to, scratch, set, &channel, settings);
}

cellseg_status cellseg_segment_nuclei(cellseg_labels **nuclei, cellseg_context *context, const cellseg_image *maps,
                                      int32_t extra_output, const cellseg_segment_options *options) {
    if (nuclei == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "nuclei is NULL");
    *nuclei = NULL;
    cseg_settings settings;
    map_set set = {.count = 0};
    cseg_call call;
    CSEG_TRY(check_extra(extra_output));
    CSEG_TRY(cseg_settings_read(&settings, options));
    cseg_call_begin(&call, context);
    cseg_progress_step(context, "seeds", 0, 1);
    cseg_scratch scratch = cseg_channel_scratch(context);
    const cellseg_status status = nuclei_of_maps(nuclei, &scratch, maps, &set, extra_output, &settings);
    if (status != CELLSEG_OK) {
        cellseg_labels_free(*nuclei);
        *nuclei = NULL;
    }
    close_maps(&set);
    return cseg_call_end(&call, status);
}

/* ---- cells from maps and nuclei ---- */

/* A call between the given nuclei and the label maps; stores at the working scale. */
typedef struct growth {
    cseg_scratch scratch;
    cseg_settings settings;
    cseg_channel channel;
    map_set set;
    const double *joining; /* the model's coefficients; NULL: no model */
    double diameter_um;    /* of the nuclei that the method's lengths are stated for */
    cseg_store marker, nuclei, cells;
    uint32_t count;
    uint32_t *cell_of; /* by nucleus */
    float *confidence; /* by cell; NULL where nuclei were given */
    cellseg_segment_report report;
    double clock;
} growth;

/* Maps of the image's proportions: a pixel of theirs is the same number of the image's, to within a pixel, along both axes. */
static cellseg_status adopt_maps_scale(cseg_channel *channel, const cellseg_image *maps, const cseg_settings *settings) {
    const size_t height = cellseg_image_height(maps), width = cellseg_image_width(maps);
    const double down = (double)channel->height / (double)height, across = (double)channel->width / (double)width;
    const double off = (double)height - (double)channel->height / across;
    if (!(off >= -1 && off <= 1))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps of %zu x %zu pixels do not have the proportions of the image's %zu x %zu",
                         height, width, channel->height, channel->width);
    const double stated = cellseg_image_pixel_size_um(maps), derived = channel->pixel_size_um * (down < across ? down : across);
    const double rounding = 1.0 / (double)(height < width ? height : width); /* a scale's size is rounded to whole pixels */
    const bool agree = stated > (1 - rounding) * derived && stated < (1 + rounding) * derived;
    return cseg_channel_adopt_size(channel, height, width, agree ? stated : derived, settings);
}

static cellseg_status set_scale(growth *g, const cellseg_image *maps) {
    CSEG_TRY(cseg_channel_set_scale(&g->channel, g->diameter_um, &g->settings));
    if (maps != NULL)
        return adopt_maps_scale(&g->channel, maps, &g->settings);
    return cseg_channel_resample_to(&g->channel, g->settings.method.working_pixel_size_um, &g->settings);
}

/* The given nuclei at the working scale, with ids 1..count in raster order. */
static cellseg_status adopt_nuclei(growth *g, const cellseg_labels *seeds) {
    const cseg_channel *c = &g->channel;
    const cseg_plane from = cseg_labels_plane(seeds);
    const bool full = from.height == c->height && from.width == c->width;
    const bool working = from.height == c->working_height && from.width == c->working_width;
    if (!full && !working)
        return cseg_fail(CELLSEG_ERR_ARGUMENT,
                         "seeds have %zu x %zu pixels; the image has %zu x %zu, the working scale %zu x %zu", from.height,
                         from.width, c->height, c->width, c->working_height, c->working_width);
    CSEG_TRY(cseg_store_new(&g->nuclei, &g->scratch, CELLSEG_UINT32, c->working_height, c->working_width));
    CSEG_TRY(cseg_rescale_labels(g->scratch.context, &g->nuclei.memory, &from));
    return cseg_ids_compact(g->scratch.context, &g->nuclei.memory, &g->count);
}

static cseg_cell_inputs inputs_of(const growth *g) {
    return (cseg_cell_inputs){&g->marker,
                              g->set.count > 0 ? g->set.stores : NULL,
                              &g->nuclei,
                              g->count,
                              g->channel.working_pixel_size_um,
                              extra_of(&g->set, &g->settings),
                              g->set.extra_kind == CELLSEG_EXTRA_BOUNDARY,
                              g->joining};
}

static cellseg_status grow(growth *g) {
    cseg_channel *c = &g->channel;
    const cseg_rule rule = cseg_channel_marker_rule(c->working_pixel_size_um, g->settings.method.top_hat_um);
    const cseg_cell_inputs inputs = inputs_of(g);
    g->cell_of = cseg_memory_alloc(g->scratch.context, (size_t)g->count + 1, sizeof *g->cell_of);
    if (g->cell_of == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_channel_scale(&g->scratch, &g->marker, &g->report.marker_range, c, "the image", &rule));
    return cseg_channel_working_cells(&g->scratch, &g->cells, g->cell_of, &inputs, c, &g->settings);
}

static cellseg_status open_growth(growth *g, const cellseg_image *image, const cellseg_image *maps, int32_t extra_kind,
                                  uint64_t nuclei) {
    CSEG_TRY(cseg_channel_open(&g->channel, image, g->settings.options.channel, g->settings.options.pixel_size_um, "the image"));
    CSEG_TRY(set_scale(g, maps));
    CSEG_TRY(cseg_needs_check(&g->scratch, &g->channel, NULL, &g->settings, nuclei));
    return maps != NULL ? open_maps(&g->set, &g->scratch, maps, CSEG_MAP_BACKGROUND + 1, extra_kind) : CELLSEG_OK;
}

static void release(growth *g) {
    close_maps(&g->set);
    cseg_store_free(&g->marker);
    cseg_store_free(&g->nuclei);
    cseg_store_free(&g->cells);
    cseg_memory_free(g->cell_of);
    cseg_memory_free(g->confidence);
}

static cellseg_status label(cellseg_labels **cells, cellseg_labels **nuclei, growth *g) {
    const cseg_found found = {&g->cells, &g->nuclei, g->count, g->cell_of, g->confidence};
    return cseg_channel_label(cells, nuclei, &g->scratch, &g->channel, &found, &g->settings, &g->report);
}

/* No more than the pixels of an id, nor than the largest id. */
static uint64_t most_nuclei(const cellseg_labels *seeds) {
    const cseg_plane plane = cseg_labels_plane(seeds);
    uint64_t labelled = 0;
    uint32_t largest = 0;
    for (size_t y = 0; y < plane.height; y++) {
        const uint32_t *row = cseg_row_u32(&plane, y);
        for (size_t x = 0; x < plane.width; x++) {
            labelled += row[x] != 0;
            largest = row[x] > largest ? row[x] : largest;
        }
    }
    return labelled < largest ? labelled : largest;
}

static cellseg_status cells_of_nuclei(cellseg_labels **cells, cellseg_labels **nuclei, growth *g, const cellseg_image *image,
                                      const cellseg_image *maps, int32_t extra_kind, const cellseg_labels *seeds) {
    if (seeds == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "seeds is NULL");
    CSEG_TRY(open_growth(g, image, maps, extra_kind, most_nuclei(seeds)));
    CSEG_TRY(adopt_nuclei(g, seeds));
    CSEG_TRY(grow(g));
    return label(cells, nuclei, g);
}

cellseg_status cellseg_segment_cells(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                     const cellseg_model *model, const cellseg_image *image, const cellseg_image *maps,
                                     int32_t extra_output, const cellseg_labels *seeds, const cellseg_segment_options *options) {
    if (nuclei != NULL)
        *nuclei = NULL;
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    *cells = NULL;
    growth g = {.scratch = cseg_channel_scratch(context), .diameter_um = CSEG_METHOD_DIAMETER_UM};
    g.joining = model != NULL ? cseg_model_rule(model)->joining : NULL;
    cseg_call call;
    CSEG_TRY(check_extra(extra_output));
    CSEG_TRY(cseg_settings_read(&g.settings, options));
    cseg_call_begin(&call, context);
    cseg_progress_step(context, "cells", 0, 1);
    const cellseg_status status = cells_of_nuclei(cells, nuclei, &g, image, maps, extra_output, seeds);
    release(&g);
    return cseg_call_end(&call, status);
}

/* ---- both from maps ---- */

static cellseg_status seed(growth *g) {
    const cseg_extra extra = extra_of(&g->set, &g->settings);
    cseg_channel *c = &g->channel;
    CSEG_TRY(cseg_store_new(&g->nuclei, &g->scratch, CELLSEG_UINT32, c->working_height, c->working_width));
    CSEG_TRY(cseg_seeds_find(&g->scratch, &g->nuclei, &g->count, &g->set.stores[CSEG_MAP_NUCLEUS], &extra,
                             c->working_pixel_size_um, &g->settings, &g->report));
    g->report.seconds_nuclei = cseg_report_lap(&g->clock);
    return cseg_report_scale(&g->report, &g->scratch, c, g->diameter_um, &g->nuclei, g->count, &g->settings);
}

static cellseg_status check_marker(growth *g) {
    const cseg_cell_inputs inputs = inputs_of(g);
    g->confidence = cseg_memory_calloc(g->scratch.context, (size_t)g->count + 1, sizeof *g->confidence);
    if (g->confidence == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_marker_check(&g->scratch, &g->report, g->confidence, &g->cells, g->cell_of, &inputs));
    return cseg_marker_refuse(&g->scratch, &g->report, &g->cells, g->cell_of, g->count, &g->settings);
}

static cellseg_status both_of_maps(cellseg_labels **cells, cellseg_labels **nuclei, growth *g, const cellseg_image *image,
                                   const cellseg_image *maps, int32_t extra_kind) {
    if (maps == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps is NULL");
    CSEG_TRY(open_growth(g, image, maps, extra_kind, 0));
    CSEG_TRY(cseg_channel_step(g->scratch.context, "seeds", 0, 0.4));
    CSEG_TRY(seed(g));
    CSEG_TRY(cseg_channel_step(g->scratch.context, "cells", 0.4, 0.9));
    CSEG_TRY(grow(g));
    CSEG_TRY(check_marker(g));
    g->report.seconds_cells = cseg_report_lap(&g->clock);
    CSEG_TRY(cseg_channel_step(g->scratch.context, "cells", 0.9, 1));
    const cellseg_status status = label(cells, nuclei, g);
    g->report.seconds_finalize = cseg_report_lap(&g->clock);
    return status;
}

/* The scale of the method's lengths, and the evidence for joining cells. */
static void adopt_model(growth *g, const cellseg_model *model) {
    g->diameter_um = CSEG_METHOD_DIAMETER_UM;
    if (model == NULL)
        return;
    g->joining = cseg_model_rule(model)->joining;
    g->diameter_um = cseg_model_rule(model)->nucleus_diameter_um;
    g->report.model_hash = cellseg_model_hash(model);
}

cellseg_status cellseg_segment_from_maps(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_segment_report *report,
                                         cellseg_context *context, const cellseg_model *model, const cellseg_image *image,
                                         const cellseg_image *maps, int32_t extra_output,
                                         const cellseg_segment_options *options) {
    if (nuclei != NULL)
        *nuclei = NULL;
    if (cells != NULL)
        *cells = NULL;
    growth g = {.scratch = cseg_channel_scratch(context)};
    cseg_call call;
    CSEG_TRY(cseg_report_begin(&g.report, report, context));
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    CSEG_TRY(check_extra(extra_output));
    CSEG_TRY(cseg_settings_read(&g.settings, options));
    adopt_model(&g, model);
    cseg_call_begin(&call, context);
    (void)cseg_report_lap(&g.clock);
    const cellseg_status status = both_of_maps(cells, nuclei, &g, image, maps, extra_output);
    release(&g);
    return cseg_call_end(&call, cseg_report_end(&g.report, report, context, status));
}
