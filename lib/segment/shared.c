/* SPDX-License-Identifier: BSD-3-Clause */
/* What the public calls of segmentation share: checks of their arguments, rules, and the way back to the image's own scale. */
#include "filter/filter.h"
#include "segment/pipeline.h"

#include <string.h>

cellseg_status cseg_channel_model_extra(int32_t *extra, const cellseg_model *model) {
    static const char *const names[] = {
        [CSEG_MAP_NUCLEUS] = "nucleus", [CSEG_MAP_CYTOPLASM] = "cytoplasm", [CSEG_MAP_BACKGROUND] = "background"};
    *extra = CELLSEG_EXTRA_NONE;
    if (model == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "model is NULL");
    const uint32_t classes = cseg_model_rule(model)->classes;
    if (classes <= CSEG_MAP_BACKGROUND || classes > CSEG_MAX_CLASSES)
        return cseg_fail(CELLSEG_ERR_MODEL, "the model has %u classes; segmentation needs nucleus, cytoplasm and background",
                         (unsigned)classes);
    for (uint32_t i = 0; i <= CSEG_MAP_BACKGROUND; i++)
        if (strcmp(cseg_model_class_name(model, i), names[i]) != 0)
            return cseg_fail(CELLSEG_ERR_MODEL, "class %u of the model is \"%s\"; segmentation needs \"%s\" there", (unsigned)i,
                             cseg_model_class_name(model, i), names[i]);
    if (classes != CSEG_MAP_EXTRA + 1)
        return CELLSEG_OK;
    if (strcmp(cseg_model_class_name(model, CSEG_MAP_EXTRA), "boundary") == 0)
        *extra = CELLSEG_EXTRA_BOUNDARY;
    else if (strcmp(cseg_model_class_name(model, CSEG_MAP_EXTRA), "distance") == 0)
        *extra = CELLSEG_EXTRA_DISTANCE;
    return CELLSEG_OK;
}

cellseg_status cseg_channel_open(cseg_channel *out, const cellseg_image *image, int32_t channel, double pixel_size_um,
                                 const char *what) {
    if (image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", what);
    if (channel < 0 || channel >= cellseg_image_channels(image))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s has no channel %d: it has %d", what, (int)channel,
                         (int)cellseg_image_channels(image));
    out->plane = cseg_image_plane(image, channel);
    out->pixel_size_um = pixel_size_um > 0 ? pixel_size_um : cellseg_image_pixel_size_um(image);
    return CELLSEG_OK;
}

cellseg_status cseg_channel_check_scale(cellseg_context *context, cseg_channel *channel, double working_pixel_size_um,
                                        uint64_t planes) {
    const double coarse = 2;
    const double pixel = channel->pixel_size_um;
    if (!(pixel > 0))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the pixel size is unknown; give it in the options");
    CSEG_TRY(cseg_preprocess_working_size(&channel->working_height, &channel->working_width, channel->plane.height,
                                          channel->plane.width, pixel, working_pixel_size_um));
    const uint64_t area = (uint64_t)channel->working_height * channel->working_width;
    CSEG_TRY(cseg_budget_check(context, planes * sizeof(float) * area, "the image at the working scale"));
    if (pixel > coarse * working_pixel_size_um)
        cseg_log_write(context, CELLSEG_LOG_WARNING,
                       "pixels of %g um are enlarged to the working scale's %g um: outlines are coarse", pixel,
                       working_pixel_size_um);
    return CELLSEG_OK;
}

cellseg_status cseg_channel_check_px(const cellseg_segment_options *options, double working_pixel_size_um) {
    const double most_px = 300;
    CSEG_TRY(cseg_range_check("nucleus_radius_max_um in working pixels", options->nucleus_radius_max_um / working_pixel_size_um,
                              0, most_px));
    CSEG_TRY(cseg_range_check("cell_sigma_um in working pixels", options->cell_sigma_um / working_pixel_size_um, 0, most_px));
    return cseg_range_check("smooth_um in working pixels", options->smooth_um / working_pixel_size_um, 0, most_px);
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

cellseg_status cseg_channel_working_cells(cellseg_context *context, cseg_plane *cells, const cseg_cell_inputs *inputs,
                                          const cellseg_segment_options *options) {
    CSEG_TRY(cseg_plane_new(cells, context, CELLSEG_UINT32, inputs->marker->height, inputs->marker->width));
    cellseg_status status = cseg_cells_find(context, cells, inputs, options);
    if (status == CELLSEG_OK && options->smooth_um != 0)
        status = cseg_smooth_cells(context, cells, inputs->nuclei, inputs->count, options->smooth_um / inputs->pixel_size_um);
    if (status != CELLSEG_OK)
        cseg_plane_free(cells);
    return status;
}

/* No cell may be right or a mistake. A marker whose noise alone spans its range stays far below 1 when it is scaled. */
static cellseg_status warn_of_nothing(cellseg_context *context, const cseg_plane *marker) {
    double lo, hi;
    CSEG_TRY(cseg_histogram_range(context, &lo, &hi, marker));
    cseg_log_write(context, CELLSEG_LOG_WARNING, "no cell was found%s",
                   hi < 0.5 ? ": the image is nearly constant, or noise" : "");
    return CELLSEG_OK;
}

/* Hands a map over to the caller, or releases it where it is not wanted. */
static void give(cellseg_labels **out, cellseg_labels *labels) {
    if (out != NULL)
        *out = labels;
    else
        cellseg_labels_free(labels);
}

cellseg_status cseg_channel_label(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                  const cseg_channel *channel, const cseg_found *found, const cellseg_segment_options *options) {
    cellseg_labels *own_cells = NULL, *own_nuclei = NULL;
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cseg_channel_labels_at(&own_cells, context, channel, found->cells));
    cseg_plane_free(found->cells);
    CSEG_TRY_GOTO(failed, cseg_channel_labels_at(&own_nuclei, context, channel, found->nuclei));
    const cseg_plane cell_plane = cseg_labels_plane(own_cells), nucleus_plane = cseg_labels_plane(own_nuclei);
    CSEG_TRY_GOTO(failed, cseg_finalize_labels(context, &cell_plane, &nucleus_plane, channel->pixel_size_um, options));
    if (cellseg_labels_max_id(own_cells) == 0 && !found->refused)
        CSEG_TRY_GOTO(failed, warn_of_nothing(context, found->marker));
    give(cells, own_cells);
    give(nuclei, own_nuclei);
    return CELLSEG_OK;
failed:
    cseg_plane_free(found->cells);
    cellseg_labels_free(own_cells);
    cellseg_labels_free(own_nuclei);
    return status;
}
