/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the public calls of segmentation: checks of their arguments, rules, and the way back to the image's own scale. */
#include "segment/channel.h"

#include "filter/filter.h"

#include <string.h>

cellseg_status cseg_channel_open(cseg_channel *out, const cellseg_image *image, int32_t channel, double pixel_size_um,
                                 const char *what) {
    *out = (cseg_channel){.scale = 1};
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", what);
    if (channel < 0 || channel >= cellseg_image_channels(image))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s has no channel %d: it has %d", what, (int)channel,
                         (int)cellseg_image_channels(image));
    out->image = image;
    out->index = channel;
    out->plane.height = cellseg_image_height(image);
    out->plane.width = cellseg_image_width(image);
    out->pixel_size_um = pixel_size_um > 0 ? pixel_size_um : cellseg_image_pixel_size_um(image);
    return CELLSEG_OK;
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
    const size_t height = channel->plane.height, width = channel->plane.width;
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
    return cseg_preprocess_working_size(&channel->working_height, &channel->working_width, channel->plane.height,
                                        channel->plane.width, channel->pixel_size_um / channel->scale, working_pixel_size_um);
}

cellseg_status cseg_channel_adopt_size(cseg_channel *channel, size_t height, size_t width, double pixel_size_um,
                                       const cseg_settings *settings) {
    channel->working_pixel_size_um = pixel_size_um / channel->scale;
    channel->working_height = height;
    channel->working_width = width;
    CSEG_TRY(check_room(channel, settings));
    return cseg_settings_check_px(settings, channel->working_pixel_size_um);
}

cellseg_status cseg_channel_read(cseg_channel *channel, cellseg_context *context) {
    cseg_channel_close(channel);
    CSEG_TRY(cseg_input_open(&channel->input, context, channel->image, channel->index));
    channel->plane = channel->input.plane;
    return CELLSEG_OK;
}

void cseg_channel_close(cseg_channel *channel) {
    cseg_input_close(&channel->input);
}

double cseg_channel_working_um(const cseg_channel *channel) {
    return channel->working_pixel_size_um * channel->scale;
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

cellseg_status cseg_channel_scale(cellseg_context *context, cseg_plane *out, cseg_channel *channel, const char *what,
                                  const cseg_rule *rule) {
    *out = (cseg_plane){0};
    CSEG_TRY(cseg_channel_read(channel, context));
    const cellseg_status status =
        cseg_preprocess_scale(context, out, &channel->plane, what, channel->working_height, channel->working_width, rule);
    cseg_channel_close(channel);
    return status;
}

cellseg_status cseg_channel_labels_at(cellseg_labels **out, cellseg_context *context, const cseg_channel *channel,
                                      const cseg_plane *labels) {
    CSEG_TRY(cellseg_labels_new(out, context, channel->plane.height, channel->plane.width));
    const cseg_plane to = cseg_labels_plane(*out);
    cellseg_status status = cellseg_labels_set_pixel_size_um(*out, channel->pixel_size_um);
    if (status == CELLSEG_OK)
        status = cseg_rescale_labels(context, &to, labels);
    if (status != CELLSEG_OK) {
        cellseg_labels_free(*out);
        *out = NULL;
    }
    return status;
}

cellseg_status cseg_channel_working_cells(cellseg_context *context, cseg_plane *cells, uint32_t *cell_of,
                                          const cseg_cell_inputs *inputs, const cseg_channel *channel,
                                          const cseg_settings *settings) {
    const double smooth_px = settings->options.smooth_um / cseg_channel_working_um(channel);
    CSEG_TRY(cseg_plane_new(cells, context, CELLSEG_UINT32, inputs->marker->height, inputs->marker->width));
    cellseg_status status = cseg_cells_find(context, cells, inputs, settings);
    if (status == CELLSEG_OK)
        status = cseg_join_cells(context, cells, cell_of, inputs, settings);
    if (status == CELLSEG_OK && smooth_px != 0)
        status = cseg_smooth_cells(context, cells, inputs->nuclei, cell_of, inputs->count, smooth_px);
    if (status != CELLSEG_OK)
        cseg_plane_free(cells);
    return status;
}

/* Hands a map over to the caller, or releases it where it is not wanted. */
static void give(cellseg_labels **out, cellseg_labels *labels) {
    if (out != NULL)
        *out = labels;
    else
        cellseg_labels_free(labels);
}

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

cellseg_status cseg_channel_label(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                  const cseg_channel *channel, const cseg_found *found, const cseg_settings *settings,
                                  cellseg_segment_report *report) {
    cellseg_labels *own_cells = NULL, *own_nuclei = NULL;
    uint32_t *renumbered = cseg_memory_calloc(context, (size_t)found->count + 1, sizeof *renumbered);
    cellseg_status status = renumbered != NULL ? CELLSEG_OK : cseg_error_last();
    CSEG_TRY_GOTO(failed, status);
    CSEG_TRY_GOTO(failed, cseg_channel_labels_at(&own_cells, context, channel, found->cells));
    cseg_plane_free(found->cells);
    CSEG_TRY_GOTO(failed, cseg_channel_labels_at(&own_nuclei, context, channel, found->nuclei));
    const cseg_plane cell_plane = cseg_labels_plane(own_cells), nucleus_plane = cseg_labels_plane(own_nuclei);
    CSEG_TRY_GOTO(failed, cseg_finalize_labels(context, &cell_plane, &nucleus_plane, found->cell_of, found->count, renumbered,
                                               channel->pixel_size_um, settings, report));
    CSEG_TRY_GOTO(failed, renumber_confidence(report, context, found, renumbered));
    cseg_memory_free(renumbered);
    give(cells, own_cells);
    give(nuclei, own_nuclei);
    return CELLSEG_OK;
failed:
    cseg_memory_free(renumbered);
    cseg_plane_free(found->cells);
    cellseg_labels_free(own_cells);
    cellseg_labels_free(own_nuclei);
    return status;
}
