/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The single-channel method (Al-Kofahi et al. 2018): the marker, evened and scaled, goes through the network; its nucleus map
 * gives the seeds, its maps and the marker the cells.
 */
#include "segment/pipeline.h"
#include "filter/filter.h"

/* Parts of the call's progress. */
#define NETWORK_FROM 0.05
#define NETWORK_TO 0.85

/* What there is between the image and its labels; every plane at the working scale. */
typedef struct scene {
    cellseg_context *context;
    const cellseg_model *model;
    const cellseg_segment_options *options;
    const cseg_rule *rule; /* the model's */
    int32_t extra_kind;    /* of the model's fourth output */
    cseg_extra extra;      /* what of it is used */
    cseg_channel channel;
    cseg_plane marker; /* scaled for the cells step */
    cseg_plane maps[CSEG_MAX_CLASSES];
    cseg_plane nuclei;
    uint32_t count;
} scene;

static void scene_free(scene *s) {
    cseg_plane_free(&s->marker);
    cseg_plane_free(&s->nuclei);
    for (size_t i = 0; i < CSEG_MAX_CLASSES; i++)
        cseg_plane_free(&s->maps[i]);
}

/* The marker scaled for the cells step, and for the network: one resampling and one top-hat where both want the same. */
static cellseg_status prepare(scene *s, cseg_plane *input) {
    const cseg_plane *channel = &s->channel.plane;
    const double pixel = s->channel.pixel_size_um;
    const cseg_rule rule = cseg_segment_marker_rule(s->rule->pixel_size_um, s->options->top_hat_um);
    cseg_flat flat;
    CSEG_TRY(cseg_segment_flatten(s->context, &flat, channel, "the image", pixel, &rule));
    s->marker = flat.plane;
    if (rule.top_hat_um == s->rule->top_hat_um) {
        CSEG_TRY(cseg_plane_new(input, s->context, CELLSEG_FLOAT32, flat.plane.height, flat.plane.width));
        CSEG_TRY(cseg_segment_normalise(s->context, input, &flat, s->rule));
    } else
        CSEG_TRY(cseg_segment_preprocess(s->context, input, channel, pixel, s->rule));
    return cseg_segment_normalise(s->context, &s->marker, &flat, &rule);
}

static cellseg_status predict(scene *s) {
    cseg_plane input = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_segment_step(s->context, "preprocessing", 0, NETWORK_FROM));
    CSEG_TRY_GOTO(done, prepare(s, &input));
    for (uint32_t i = 0; i < s->rule->classes; i++)
        CSEG_TRY_GOTO(done, cseg_plane_new(&s->maps[i], s->context, CELLSEG_FLOAT32, input.height, input.width));
    const cseg_view view = {s->context, s->model, s->options, &input, s->maps, s->extra_kind, NETWORK_FROM, NETWORK_TO};
    status = cseg_segment_predict_zoomed(&view);
done:
    cseg_plane_free(&input);
    return status;
}

static cellseg_status find_seeds(scene *s) {
    CSEG_TRY(cseg_segment_step(s->context, "seeds", NETWORK_TO, 0.93));
    CSEG_TRY(cseg_plane_new(&s->nuclei, s->context, CELLSEG_UINT32, s->marker.height, s->marker.width));
    return cseg_segment_seeds(s->context, &s->nuclei, &s->count, &s->maps[CSEG_MAP_NUCLEUS], &s->extra, s->rule->pixel_size_um,
                              s->options);
}

static cellseg_status find_cells(cellseg_labels **cells, cellseg_labels **nuclei, scene *s) {
    CSEG_TRY(cseg_segment_step(s->context, "cells", 0.93, 1));
    const bool has_boundary_class = s->extra_kind == CELLSEG_EXTRA_BOUNDARY;
    const cseg_cell_inputs inputs = {&s->marker, s->maps,           &s->nuclei, s->count, s->rule->pixel_size_um,
                                     s->extra,   has_boundary_class};
    return cseg_segment_label(cells, nuclei, s->context, &s->channel, &inputs, s->options);
}

/* The maps at the image's own scale. */
static cellseg_status export_maps(cellseg_image **out, const scene *s) {
    const size_t height = s->channel.plane.height, width = s->channel.plane.width;
    CSEG_TRY(cellseg_image_new(out, s->context, CELLSEG_FLOAT32, (int32_t)s->rule->classes, height, width));
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cellseg_image_set_pixel_size_um(*out, s->channel.pixel_size_um));
    for (int32_t i = 0; i < (int32_t)s->rule->classes; i++) {
        const cseg_plane to = cseg_image_plane(*out, i);
        CSEG_TRY_GOTO(failed, cseg_filter_resample(s->context, &to, &s->maps[i]));
    }
    return CELLSEG_OK;
failed:
    cellseg_image_free(*out);
    *out = NULL;
    return status;
}

static cellseg_status segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps, scene *s) {
    cellseg_image *own_maps = NULL;
    CSEG_TRY(predict(s));
    CSEG_TRY(find_seeds(s));
    if (maps != NULL)
        CSEG_TRY(export_maps(&own_maps, s));
    const cellseg_status status = find_cells(cells, nuclei, s);
    if (status != CELLSEG_OK)
        cellseg_image_free(own_maps);
    else if (maps != NULL)
        *maps = own_maps;
    return status;
}

static cellseg_status check_zoom(const scene *s) {
    const cseg_plane *channel = &s->channel.plane;
    size_t height, width;
    CSEG_TRY(cseg_segment_working_size(&height, &width, channel->height, channel->width, s->channel.pixel_size_um,
                                       s->rule->pixel_size_um));
    return cseg_segment_check_zoom(s->context, height, width, s->rule->classes, s->options);
}

cellseg_status cellseg_segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps, cellseg_context *context,
                               const cellseg_model *model, const cellseg_image *image, const cellseg_segment_options *options) {
    if (nuclei != NULL)
        *nuclei = NULL;
    if (maps != NULL)
        *maps = NULL;
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    *cells = NULL;
    cellseg_segment_options own;
    CSEG_TRY(cseg_segment_options_read(&own, options));
    scene s = {.context = context, .model = model, .options = &own};
    CSEG_TRY(cseg_segment_model_extra(&s.extra_kind, model));
    s.rule = cseg_model_rule(model);
    if (own.use_extra_output != 0)
        s.extra = (cseg_extra){s.extra_kind, &s.maps[CSEG_MAP_EXTRA]};
    CSEG_TRY(cseg_segment_check_px(&own, s.rule->pixel_size_um));
    CSEG_TRY(cseg_segment_channel(&s.channel, image, own.channel, own.pixel_size_um, "the image"));
    const uint64_t planes = s.rule->classes + 2; /* the maps, the network's input, the marker */
    CSEG_TRY(cseg_segment_check_scale(context, &s.channel, s.rule->pixel_size_um, planes));
    CSEG_TRY(check_zoom(&s));
    cseg_progress_start(context);
    const cellseg_status status = segment(cells, nuclei, maps, &s);
    scene_free(&s);
    return status;
}
