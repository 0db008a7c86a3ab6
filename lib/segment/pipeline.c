/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The single-channel method (Al-Kofahi et al. 2018): the network reads the marker, evened and scaled; its nucleus map gives the
 * seeds, its maps and the marker give the cells. One pass over the image, whatever its size.
 */
#include "segment/pipeline.h"
#include "filter/filter.h"

#include <string.h>

/* Shares of the call's progress. */
#define NETWORK_FROM 0.05
#define NETWORK_TO 0.85
#define SEEDS_TO 0.93
#define CELLS_TO 0.98

/* A call between its image and its labels; every plane at the working scale. */
typedef struct segmentation {
    cellseg_context *context;
    const cellseg_model *model;
    cellseg_segment_options options;
    const cseg_rule *rule; /* the model's */
    cseg_channel channel;
    int32_t extra_kind; /* of the model's fourth output */
    cseg_plane marker;  /* scaled for the cells step */
    cseg_plane maps[CSEG_MAX_CLASSES];
    cseg_plane nuclei, cells;
    uint32_t count;
} segmentation;

static void planes_free(segmentation *s) {
    cseg_plane_free(&s->marker);
    cseg_plane_free(&s->nuclei);
    cseg_plane_free(&s->cells);
    for (size_t i = 0; i < CSEG_MAX_CLASSES; i++)
        cseg_plane_free(&s->maps[i]);
}

/* The marker scaled for the cells step, and for the network: one resampling and one top-hat where both need the same. */
static cellseg_status preprocess(segmentation *s, cseg_plane *input) {
    const cseg_plane *channel = &s->channel.plane;
    const double pixel = s->channel.pixel_size_um;
    const cseg_rule rule = cseg_channel_marker_rule(s->rule->pixel_size_um, s->options.top_hat_um);
    cseg_flat flat;
    CSEG_TRY(cseg_preprocess_flatten(s->context, &flat, channel, "the image", pixel, &rule));
    s->marker = flat.plane;
    if (rule.top_hat_um == s->rule->top_hat_um) {
        CSEG_TRY(cseg_plane_new(input, s->context, CELLSEG_FLOAT32, flat.plane.height, flat.plane.width));
        CSEG_TRY(cseg_preprocess_normalise(s->context, input, &flat, s->rule));
    } else
        CSEG_TRY(cseg_preprocess_run(s->context, input, channel, pixel, s->rule));
    return cseg_preprocess_normalise(s->context, &s->marker, &flat, &rule);
}

static cellseg_status predict(segmentation *s) {
    cseg_plane input = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_channel_step(s->context, "preprocessing", 0, NETWORK_FROM));
    CSEG_TRY_GOTO(done, preprocess(s, &input));
    for (uint32_t i = 0; i < s->rule->classes; i++)
        CSEG_TRY_GOTO(done, cseg_plane_new(&s->maps[i], s->context, CELLSEG_FLOAT32, input.height, input.width));
    CSEG_TRY_GOTO(done, cseg_channel_step(s->context, "network", NETWORK_FROM, NETWORK_TO));
    status = cseg_predict_maps(s->context, s->maps, s->model, &input, s->options.orientations);
done:
    cseg_plane_free(&input);
    return status;
}

/* The fourth map, where the options use it. */
static cseg_extra extra_of(const segmentation *s) {
    const bool used = s->options.use_extra_output != 0;
    return (cseg_extra){used ? s->extra_kind : CELLSEG_EXTRA_NONE, &s->maps[CSEG_MAP_EXTRA]};
}

static cellseg_status find_nuclei(segmentation *s) {
    const cseg_extra extra = extra_of(s);
    CSEG_TRY(cseg_channel_step(s->context, "seeds", NETWORK_TO, SEEDS_TO));
    CSEG_TRY(cseg_plane_new(&s->nuclei, s->context, CELLSEG_UINT32, s->marker.height, s->marker.width));
    return cseg_seeds_find(s->context, &s->nuclei, &s->count, &s->maps[CSEG_MAP_NUCLEUS], &extra, s->rule->pixel_size_um,
                           &s->options);
}

/* *refused: the options reject the cells of this marker. */
static cellseg_status find_cells(bool *refused, segmentation *s) {
    const bool has_boundary_class = s->extra_kind == CELLSEG_EXTRA_BOUNDARY;
    const cseg_cell_inputs inputs = {&s->marker,  s->maps,           &s->nuclei, s->count, s->rule->pixel_size_um,
                                     extra_of(s), has_boundary_class};
    const int32_t test = s->options.marker_test;
    cseg_marker_figures figures;
    CSEG_TRY(cseg_channel_step(s->context, "cells", SEEDS_TO, CELLS_TO));
    CSEG_TRY(cseg_channel_working_cells(s->context, &s->cells, &inputs, &s->options));
    CSEG_TRY(cseg_marker_check(s->context, &figures, &s->cells, &inputs));
    cseg_marker_log(s->context, &figures);
    *refused = (figures.kind == CSEG_FIT_STAIN && test >= CELLSEG_MARKER_REFUSE_STAINS) ||
               (figures.kind == CSEG_FIT_UNSURE && test >= CELLSEG_MARKER_REFUSE);
    return CELLSEG_OK;
}

/* ---- at the image's own scale ---- */

static cellseg_status export_maps(cellseg_image **out, const segmentation *s) {
    const size_t height = s->channel.plane.height, width = s->channel.plane.width;
    CSEG_TRY(cellseg_image_new(out, s->context, CELLSEG_FLOAT32, (int32_t)s->rule->classes, height, width));
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cellseg_image_set_pixel_size_um(*out, s->channel.pixel_size_um));
    for (int32_t i = 0; i < (int32_t)s->rule->classes; i++) {
        const cseg_plane to = cseg_image_plane(*out, i);
        CSEG_TRY_GOTO(failed, cseg_resample_linear(s->context, &to, &s->maps[i]));
    }
    return CELLSEG_OK;
failed:
    cellseg_image_free(*out);
    *out = NULL;
    return status;
}

static cellseg_status segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps, segmentation *s) {
    cellseg_image *own_maps = NULL;
    bool refused;
    CSEG_TRY(predict(s));
    CSEG_TRY(find_nuclei(s));
    CSEG_TRY(find_cells(&refused, s));
    CSEG_TRY(cseg_channel_step(s->context, "cells", CELLS_TO, 1));
    for (size_t y = 0; refused && y < s->cells.height; y++)
        memset(cseg_row_u32(&s->cells, y), 0, s->cells.width * sizeof(uint32_t));
    if (maps != NULL)
        CSEG_TRY(export_maps(&own_maps, s));
    const cseg_found found = {&s->cells, &s->nuclei, &s->marker, refused};
    const cellseg_status status = cseg_channel_label(cells, nuclei, s->context, &s->channel, &found, &s->options);
    if (status != CELLSEG_OK)
        cellseg_image_free(own_maps);
    else if (maps != NULL)
        *maps = own_maps;
    return status;
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
    segmentation s = {.context = context, .model = model};
    CSEG_TRY(cseg_segment_options_read(&s.options, options));
    CSEG_TRY(cseg_channel_model_extra(&s.extra_kind, model));
    s.rule = cseg_model_rule(model);
    const double pixel = s.rule->pixel_size_um;
    CSEG_TRY(cseg_channel_check_px(&s.options, pixel));
    CSEG_TRY(cseg_channel_open(&s.channel, image, s.options.channel, s.options.pixel_size_um, "the image"));
    const uint64_t planes = s.rule->classes + 2; /* the maps, the network's input, the marker */
    CSEG_TRY(cseg_channel_check_scale(context, &s.channel, pixel, planes));
    cseg_progress_start(context);
    const cellseg_status status = segment(cells, nuclei, maps, &s);
    planes_free(&s);
    return status;
}
