/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the public calls of segmentation: checks of their arguments, rules, and the way back to the image's own scale. */
#include "segment/channel.h"

#include "filter/filter.h"

#include <string.h>

static cellseg_status check_index(int32_t channel, int32_t channels, const char *what) {
    if (channel >= 0 && channel < channels)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s has no channel %d: it has %d", what, (int)channel, (int)channels);
}

cellseg_status cseg_channel_open(cseg_channel *out, const cellseg_image *image, int32_t channel, double pixel_size_um,
                                 const char *what) {
    *out = (cseg_channel){.image = image, .index = channel, .scale = 1};
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", what);
    out->height = cellseg_image_height(image);
    out->width = cellseg_image_width(image);
    out->pixel_size_um = pixel_size_um > 0 ? pixel_size_um : cellseg_image_pixel_size_um(image);
    return check_index(channel, cellseg_image_channels(image), what);
}

cellseg_status cseg_channel_open_source(cseg_channel *out, cellseg_source *source, int32_t channel, double pixel_size_um,
                                        const char *what) {
    *out = (cseg_channel){.source = source, .index = channel, .scale = 1};
    if (source == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", what);
    out->height = cellseg_source_height(source);
    out->width = cellseg_source_width(source);
    out->pixel_size_um = pixel_size_um > 0 ? pixel_size_um : cellseg_source_pixel_size_um(source);
    return check_index(channel, cellseg_source_channels(source), what);
}

cellseg_status cseg_channel_set_scale(cseg_channel *channel, double diameter_um, const cseg_settings *settings) {
    const double wanted = settings->options.nucleus_diameter_um;
    if (!(channel->pixel_size_um > 0))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the pixel size is unknown; give it in the options");
    if (wanted > 0 && !(diameter_um > 0))
        return cseg_fail(CELLSEG_ERR_ARGUMENT,
                         "nucleus_diameter_um is %g, and the model does not state the diameter of its nuclei", wanted);
    channel->scale = wanted > 0 ? wanted / diameter_um : 1;
    return CELLSEG_OK;
}

/* Such an image would give no cells without an error: the image or its pixel size is wrong. */
static cellseg_status check_room(const cseg_channel *channel, const cseg_settings *settings) {
    const size_t height = channel->height, width = channel->width;
    const double edge_um = (double)(height < width ? height : width) * channel->pixel_size_um;
    const double nucleus_um = 2 * settings->method.nucleus_radius_min_um * channel->scale;
    if (edge_um >= nucleus_um)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%zu x %zu pixels of %g um cannot hold a nucleus of %g um across", height, width,
                     channel->pixel_size_um, nucleus_um);
}

cellseg_status cseg_channel_resample_to(cseg_channel *channel, double working_pixel_size_um, const cseg_settings *settings) {
    CSEG_TRY(check_room(channel, settings));
    CSEG_TRY(cseg_settings_check_px(settings, working_pixel_size_um));
    channel->working_pixel_size_um = working_pixel_size_um;
    return cseg_preprocess_working_size(&channel->working_height, &channel->working_width, channel->height, channel->width,
                                        channel->pixel_size_um / channel->scale, working_pixel_size_um);
}

cellseg_status cseg_channel_adopt_size(cseg_channel *channel, size_t height, size_t width, double pixel_size_um,
                                       const cseg_settings *settings) {
    channel->working_pixel_size_um = pixel_size_um / channel->scale;
    channel->working_height = height;
    channel->working_width = width;
    CSEG_TRY(check_room(channel, settings));
    return cseg_settings_check_px(settings, channel->working_pixel_size_um);
}

typedef struct fill_job {
    const cseg_channel *channel;
    const cseg_scratch *scratch;
} fill_job;

static cellseg_status fill_rows(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const fill_job *job = data;
    const cseg_store *pixels = &job->channel->pixels;
    cseg_part rows;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_progress_report(job->scratch->context, 0));
    CSEG_TRY(cseg_part_make(&rows, pixels, tile));
    cellseg_status status = cseg_source_read_plane(job->channel->source, &rows.plane, job->channel->index, tile->top, tile->left);
    if (status == CELLSEG_OK)
        status = cseg_store_put(pixels, tile->top, tile->left, &rows.plane);
    cseg_part_close(&rows);
    return status;
}

/* A source is read once, from top to bottom. */
static cellseg_status read_source(cseg_channel *channel, const cseg_scratch *scratch) {
    const int32_t type = cellseg_source_pixel_type(channel->source);
    CSEG_TRY(cseg_store_new(&channel->pixels, scratch, type, channel->height, channel->width));
    cseg_scratch pieces = *scratch;
    pieces.tile_px = CSEG_SOURCE_ROWS;
    const cseg_tiles tiles = {.scratch = &pieces,
                              .height = channel->height,
                              .width = channel->width,
                              .pixel_bytes = cseg_plane_type_size(type),
                              .whole_rows = true};
    fill_job job = {channel, scratch};
    return cseg_tiles_run(&tiles, fill_rows, &job);
}

cellseg_status cseg_channel_read(cseg_channel *channel, const cseg_scratch *scratch) {
    cseg_channel_close(channel);
    if (channel->image == NULL)
        return read_source(channel, scratch);
    CSEG_TRY(cseg_input_open(&channel->input, scratch->context, channel->image, channel->index));
    channel->pixels = cseg_store_of(scratch->context, &channel->input.plane);
    return CELLSEG_OK;
}

void cseg_channel_close(cseg_channel *channel) {
    cseg_store_free(&channel->pixels);
    cseg_input_close(&channel->input);
}

void cseg_segmentation_free_maps(cseg_segmentation *s) {
    for (size_t i = 0; i < CSEG_MAX_CLASSES; i++)
        cseg_store_free(&s->maps[i]);
}

void cseg_segmentation_release(cseg_segmentation *s) {
    cseg_channel_close(&s->marker);
    cseg_channel_close(&s->nuclear);
    cseg_store_free(&s->marker_scaled);
    cseg_store_free(&s->nuclei);
    cseg_store_free(&s->cells);
    cseg_segmentation_free_maps(s);
    cseg_memory_free(s->cell_of);
    cseg_memory_free(s->confidence);
    s->cell_of = NULL;
    s->confidence = NULL;
}

double cseg_channel_working_um(const cseg_channel *channel) {
    return channel->working_pixel_size_um * channel->scale;
}

/* Windows of 2048 x 2048 pixels with their halos; larger ones gain nothing. */
cseg_scratch cseg_channel_scratch(cellseg_context *context) {
    return (cseg_scratch){.context = context, .window_bytes = (uint64_t)256 << 20};
}

cellseg_status cseg_channel_step(cellseg_context *context, const char *name, double from, double to) {
    cseg_progress_step(context, name, from, to);
    return cseg_progress_report(context, 0);
}

/* A cell's brightness varies more than its outline's should: the brightest 0.2 % saturate, and 30 standard deviations of noise
 * are the least that may span the whole range. */
cseg_rule cseg_channel_marker_rule(double working_pixel_size_um, double top_hat_um) {
    return (cseg_rule){.pixel_size_um = working_pixel_size_um,
                       .top_hat_um = top_hat_um,
                       .percentile_low = 1,
                       .percentile_high = 99.8,
                       .noise_range = 30,
                       .clip = 1,
                       .power = 1};
}

/* The square root brings dim nuclei nearer to bright ones. */
cseg_rule cseg_channel_nuclear_rule(double working_pixel_size_um, double top_hat_um) {
    cseg_rule rule = cseg_channel_marker_rule(working_pixel_size_um, top_hat_um);
    rule.power = 0.5;
    return rule;
}

cellseg_status cseg_channel_flatten(const cseg_scratch *scratch, cseg_flat *flat, cseg_channel *channel, const char *what,
                                    const cseg_rule *rule) {
    *flat = (cseg_flat){0};
    CSEG_TRY(cseg_channel_read(channel, scratch));
    const cellseg_status status =
        cseg_flatten_run(scratch, flat, &channel->pixels, what, channel->working_height, channel->working_width, rule);
    cseg_channel_close(channel);
    return status;
}

cellseg_status cseg_channel_scale(const cseg_scratch *scratch, cseg_store *out, double *highest, cseg_channel *channel,
                                  const char *what, const cseg_rule *rule) {
    cseg_flat flat;
    *out = (cseg_store){0};
    CSEG_TRY(cseg_channel_flatten(scratch, &flat, channel, what, rule));
    const cellseg_status status = cseg_preprocess_scale(scratch, out, highest, &flat, rule);
    cseg_store_free(&flat.store);
    return status;
}

cellseg_status cseg_channel_labels_at(cellseg_labels **out, const cseg_scratch *scratch, const cseg_channel *channel,
                                      const cseg_store *labels) {
    CSEG_TRY(cellseg_labels_new(out, scratch->context, channel->height, channel->width));
    const cseg_plane to = cseg_labels_plane(*out);
    cellseg_status status = cellseg_labels_set_pixel_size_um(*out, channel->pixel_size_um);
    if (status == CELLSEG_OK)
        status = cseg_rescale_labels(scratch->context, &to, &labels->memory);
    if (status != CELLSEG_OK) {
        cellseg_labels_free(*out);
        *out = NULL;
    }
    return status;
}

cellseg_status cseg_channel_working_cells(const cseg_scratch *scratch, cseg_store *cells, uint32_t *cell_of,
                                          const cseg_cell_inputs *inputs, const cseg_channel *channel,
                                          const cseg_settings *settings) {
    const double smooth_px = settings->options.smooth_um / cseg_channel_working_um(channel);
    CSEG_TRY(cseg_store_new(cells, scratch, CELLSEG_UINT32, inputs->marker->height, inputs->marker->width));
    cellseg_status status = cseg_cells_find(scratch, cells, inputs, settings);
    if (status == CELLSEG_OK)
        status = cseg_join_cells(scratch, cells, cell_of, inputs, settings);
    if (status == CELLSEG_OK && smooth_px != 0)
        status = cseg_smooth_cells(scratch, cells, inputs->nuclei, cell_of, inputs->count, smooth_px);
    if (status != CELLSEG_OK)
        cseg_store_free(cells);
    return status;
}

/* ---- label maps at the image's own scale ---- */

/* The confidences by the ids that the cells have now. */
static cellseg_status renumber_confidence(cellseg_segment_report *report, cellseg_context *context, const cseg_found *found,
                                          const uint32_t *renumbered) {
    if (found->confidence == NULL)
        return CELLSEG_OK;
    report->confidence = cseg_memory_calloc(context, (size_t)report->cells + 1, sizeof *report->confidence);
    if (report->confidence == NULL)
        return cseg_error_last();
    for (size_t id = 1; id <= found->count; id++)
        report->confidence[renumbered[id]] = found->confidence[id];
    report->confidence[0] = 0;
    return CELLSEG_OK;
}

cellseg_status cseg_channel_finalize(const cseg_scratch *scratch, const cseg_store *labels, const cseg_channel *channel,
                                     const cseg_found *found, const cseg_settings *settings, cellseg_segment_report *report) {
    uint32_t *renumbered = cseg_memory_calloc(scratch->context, (size_t)found->count + 1, sizeof *renumbered);
    if (renumbered == NULL)
        return cseg_error_last();
    const double own_px = (double)channel->height / (double)channel->working_height / channel->working_pixel_size_um;
    const double hole_px = CSEG_HOLE_RADII * settings->method.nucleus_radius_max_um * own_px;
    cellseg_status status = cseg_finalize_labels(scratch, labels, found->cells, found->nuclei, found->cell_of, found->count,
                                                 renumbered, hole_px, channel->pixel_size_um, settings, report);
    if (status == CELLSEG_OK)
        status = renumber_confidence(report, scratch->context, found, renumbered);
    cseg_memory_free(renumbered);
    cseg_store_free(found->cells);
    cseg_store_free(found->nuclei);
    return status;
}

typedef struct unpack_job {
    const cseg_plane *cells, *nuclei, *packed;
} unpack_job;

static cellseg_status unpack_row(void *data, size_t y) {
    const unpack_job *job = data;
    const uint32_t *packed = cseg_row_u32(job->packed, y);
    uint32_t *cells = cseg_row_u32(job->cells, y);
    uint32_t *nuclei = job->nuclei != NULL ? cseg_row_u32(job->nuclei, y) : NULL;
    for (size_t x = 0; nuclei != NULL && x < job->packed->width; x++)
        nuclei[x] = (packed[x] & 1) != 0 ? packed[x] / 2 : 0;
    for (size_t x = 0; x < job->packed->width; x++)
        cells[x] = packed[x] / 2;
    return CELLSEG_OK;
}

cellseg_status cseg_channel_unpack(cellseg_context *context, const cseg_plane *cells, const cseg_plane *nuclei,
                                   const cseg_plane *packed) {
    unpack_job job = {cells, nuclei, packed};
    return cseg_parallel_for(context, packed->height, unpack_row, &job);
}

static cellseg_status labels_new(cellseg_labels **out, cellseg_context *context, const cseg_channel *channel) {
    CSEG_TRY(cellseg_labels_new(out, context, channel->height, channel->width));
    return cellseg_labels_set_pixel_size_um(*out, channel->pixel_size_um);
}

/* Hands a map over to the caller, or releases it where it is not wanted. */
static void give(cellseg_labels **out, cellseg_labels *labels) {
    if (out != NULL)
        *out = labels;
    else
        cellseg_labels_free(labels);
}

/* The packed labels are made in the map of the cells, which then keeps the ids alone. */
cellseg_status cseg_channel_label(cellseg_labels **cells, cellseg_labels **nuclei, const cseg_scratch *scratch,
                                  const cseg_channel *channel, const cseg_found *found, const cseg_settings *settings,
                                  cellseg_segment_report *report) {
    cellseg_labels *own_cells = NULL, *own_nuclei = NULL;
    cellseg_status status;
    CSEG_TRY_GOTO(failed, labels_new(&own_cells, scratch->context, channel));
    const cseg_plane cell_plane = cseg_labels_plane(own_cells);
    const cseg_store packed = cseg_store_of(scratch->context, &cell_plane);
    CSEG_TRY_GOTO(failed, cseg_channel_finalize(scratch, &packed, channel, found, settings, report));
    if (nuclei != NULL)
        CSEG_TRY_GOTO(failed, labels_new(&own_nuclei, scratch->context, channel));
    const cseg_plane nucleus_plane = nuclei != NULL ? cseg_labels_plane(own_nuclei) : (cseg_plane){0};
    CSEG_TRY_GOTO(failed,
                  cseg_channel_unpack(scratch->context, &cell_plane, nuclei != NULL ? &nucleus_plane : NULL, &cell_plane));
    give(cells, own_cells);
    if (nuclei != NULL)
        *nuclei = own_nuclei;
    return CELLSEG_OK;
failed:
    cellseg_labels_free(own_cells);
    cellseg_labels_free(own_nuclei);
    return status;
}
