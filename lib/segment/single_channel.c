/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The single-channel method (Al-Kofahi et al. 2018): the network reads the marker, evened and scaled; its nucleus map gives the
 * seeds, its maps and the marker give the cells. One pass over the image, whatever its size.
 */
#include "segment/channel.h"

#include "filter/filter.h"

/* Shares of the call's progress. */
#define NETWORK_FROM 0.05
#define NETWORK_TO 0.85
#define SEEDS_TO 0.93
#define CELLS_TO 0.98

/* A call between its image and its labels; every plane at the working scale. */
typedef struct segmentation {
    cellseg_context *context;
    const cellseg_model *model;
    cseg_settings settings;
    const cseg_rule *rule; /* the model's */
    cseg_channel channel;
    int32_t extra_kind; /* of the model's fourth output */
    cseg_plane marker;  /* scaled for the cells step */
    cseg_plane maps[CSEG_MAX_CLASSES];
    cseg_plane nuclei, cells;
    uint32_t count;
    uint32_t *cell_of; /* count + 1 values, by nucleus */
    float *confidence; /* count + 1 values, by cell */
    cellseg_segment_report report;
    double clock;
} segmentation;

/* The label maps at the image's own scale need their room. */
static void free_maps(segmentation *s) {
    for (size_t i = 0; i < CSEG_MAX_CLASSES; i++)
        cseg_plane_free(&s->maps[i]);
}

static void release(segmentation *s) {
    cseg_channel_close(&s->channel);
    cseg_plane_free(&s->marker);
    cseg_plane_free(&s->nuclei);
    cseg_plane_free(&s->cells);
    free_maps(s);
    cseg_memory_free(s->cell_of);
    cseg_memory_free(s->confidence);
}

/* ---- the steps ---- */

/* The marker scaled for the cells step, and for the network: one resampling and one top-hat where both need the same. */
static cellseg_status preprocess(segmentation *s, cseg_plane *input) {
    cseg_channel *c = &s->channel;
    const cseg_rule rule = cseg_channel_marker_rule(s->rule->pixel_size_um, s->settings.method.top_hat_um);
    cseg_flat flat;
    CSEG_TRY(cseg_preprocess_flatten(s->context, &flat, &c->plane, "the image", c->working_height, c->working_width, &rule));
    s->marker = flat.plane;
    if (rule.top_hat_um == s->rule->top_hat_um) {
        CSEG_TRY(cseg_plane_new(input, s->context, CELLSEG_FLOAT32, flat.plane.height, flat.plane.width));
        CSEG_TRY(cseg_preprocess_normalise(s->context, input, &flat, s->rule));
    } else
        CSEG_TRY(cseg_channel_scale(s->context, input, c, "the image", s->rule));
    cseg_channel_close(&s->channel); /* the image is not read again */
    CSEG_TRY(cseg_preprocess_normalise(s->context, &s->marker, &flat, &rule));
    return cseg_report_marker(&s->report, s->context, &s->marker);
}

static cellseg_status predict(segmentation *s) {
    cseg_plane input = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_channel_step(s->context, "preprocessing", 0, NETWORK_FROM));
    CSEG_TRY_GOTO(done, preprocess(s, &input));
    s->report.seconds_preprocess = cseg_report_lap(&s->clock);
    for (uint32_t i = 0; i < s->rule->classes; i++)
        CSEG_TRY_GOTO(done, cseg_plane_new(&s->maps[i], s->context, CELLSEG_FLOAT32, input.height, input.width));
    CSEG_TRY_GOTO(done, cseg_channel_step(s->context, "network", NETWORK_FROM, NETWORK_TO));
    status = cseg_predict_maps(s->context, s->maps, s->model, &input, s->settings.options.orientations);
    s->report.seconds_network = cseg_report_lap(&s->clock);
done:
    cseg_plane_free(&input);
    return status;
}

/* The fourth map, where the options use it. */
static cseg_extra extra_of(const segmentation *s) {
    const bool used = s->settings.options.use_extra_output != 0;
    return (cseg_extra){used ? s->extra_kind : CELLSEG_EXTRA_NONE, &s->maps[CSEG_MAP_EXTRA]};
}

static cellseg_status find_nuclei(segmentation *s) {
    const cseg_extra extra = extra_of(s);
    CSEG_TRY(cseg_channel_step(s->context, "seeds", NETWORK_TO, SEEDS_TO));
    CSEG_TRY(cseg_plane_new(&s->nuclei, s->context, CELLSEG_UINT32, s->marker.height, s->marker.width));
    CSEG_TRY(cseg_seeds_find(s->context, &s->nuclei, &s->count, &s->maps[CSEG_MAP_NUCLEUS], &extra, s->rule->pixel_size_um,
                             &s->settings, &s->report));
    s->report.seconds_nuclei = cseg_report_lap(&s->clock);
    return cseg_report_scale(&s->report, s->context, &s->channel, s->rule->nucleus_diameter_um, &s->nuclei, s->count,
                             &s->settings);
}

static cellseg_status find_cells(segmentation *s) {
    const bool has_boundary_class = s->extra_kind == CELLSEG_EXTRA_BOUNDARY;
    const cseg_cell_inputs inputs = {
        &s->marker, s->maps, &s->nuclei, s->count, s->rule->pixel_size_um, extra_of(s), has_boundary_class, s->rule->joining};
    CSEG_TRY(cseg_channel_step(s->context, "cells", SEEDS_TO, CELLS_TO));
    if ((s->cell_of = cseg_memory_calloc(s->context, (size_t)s->count + 1, sizeof *s->cell_of)) == NULL ||
        (s->confidence = cseg_memory_calloc(s->context, (size_t)s->count + 1, sizeof *s->confidence)) == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_channel_working_cells(s->context, &s->cells, s->cell_of, &inputs, &s->channel, &s->settings));
    CSEG_TRY(cseg_marker_check(s->context, &s->report, s->confidence, &s->cells, s->cell_of, &inputs));
    cseg_marker_refuse(&s->report, &s->cells, s->cell_of, s->count, &s->settings);
    s->report.seconds_cells = cseg_report_lap(&s->clock);
    return CELLSEG_OK;
}

/* ---- maps as images ---- */

/* of: the maps, resampled to height x width. */
static cellseg_status export_maps(cellseg_image **out, const segmentation *s, size_t height, size_t width, double pixel_size_um) {
    CSEG_TRY(cellseg_image_new(out, s->context, CELLSEG_FLOAT32, (int32_t)s->rule->classes, height, width));
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cellseg_image_set_pixel_size_um(*out, pixel_size_um));
    for (int32_t i = 0; i < (int32_t)s->rule->classes; i++) {
        const cseg_plane to = cseg_image_plane(*out, i);
        CSEG_TRY_GOTO(failed, cseg_resample_linear(s->context, &to, &s->maps[i]));
        CSEG_TRY_GOTO(failed, cellseg_image_set_channel_name(*out, i, cseg_model_class_name(s->model, (uint32_t)i)));
    }
    return CELLSEG_OK;
failed:
    cellseg_image_free(*out);
    *out = NULL;
    return status;
}

/* ---- the calls ---- */

/* Everything but the caller's outputs is checked here, before any work. */
static cellseg_status begin(segmentation *s, const cellseg_image *image, const cellseg_segment_options *options) {
    CSEG_TRY(cseg_settings_read(&s->settings, options));
    CSEG_TRY(cseg_predict_extra(&s->extra_kind, s->model));
    s->rule = cseg_model_rule(s->model);
    s->report.model_hash = cellseg_model_hash(s->model);
    CSEG_TRY(cseg_channel_open(&s->channel, image, s->settings.options.channel, s->settings.options.pixel_size_um, "the image"));
    CSEG_TRY(cseg_channel_set_scale(&s->channel, s->rule->nucleus_diameter_um, &s->settings));
    CSEG_TRY(cseg_channel_resample_to(&s->channel, s->rule->pixel_size_um, &s->settings));
    CSEG_TRY(cseg_needs_check(s->context, &s->channel, s->model));
    return cseg_channel_read(&s->channel, s->context);
}

static cellseg_status segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps, segmentation *s) {
    const cseg_channel *c = &s->channel;
    cellseg_image *own_maps = NULL;
    CSEG_TRY(predict(s));
    CSEG_TRY(find_nuclei(s));
    CSEG_TRY(find_cells(s));
    CSEG_TRY(cseg_channel_step(s->context, "cells", CELLS_TO, 1));
    cseg_plane_free(&s->marker);
    if (maps != NULL)
        CSEG_TRY(export_maps(&own_maps, s, c->plane.height, c->plane.width, c->pixel_size_um));
    free_maps(s);
    const cseg_found found = {&s->cells, &s->nuclei, s->count, s->cell_of, s->confidence};
    const cellseg_status status = cseg_channel_label(cells, nuclei, s->context, c, &found, &s->settings, &s->report);
    s->report.seconds_finalize = cseg_report_lap(&s->clock);
    if (status != CELLSEG_OK)
        cellseg_image_free(own_maps);
    else if (maps != NULL)
        *maps = own_maps;
    return status;
}

cellseg_status cellseg_segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps,
                               cellseg_segment_report *report, cellseg_context *context, const cellseg_model *model,
                               const cellseg_image *image, const cellseg_segment_options *options) {
    if (nuclei != NULL)
        *nuclei = NULL;
    if (maps != NULL)
        *maps = NULL;
    if (cells != NULL)
        *cells = NULL;
    segmentation s = {.context = context, .model = model};
    cseg_call call;
    CSEG_TRY(cseg_report_begin(&s.report, report, context));
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    cseg_call_begin(&call, context);
    (void)cseg_report_lap(&s.clock);
    cellseg_status status = begin(&s, image, options);
    if (status == CELLSEG_OK)
        status = segment(cells, nuclei, maps, &s);
    release(&s);
    return cseg_call_end(&call, cseg_report_end(&s.report, report, context, status));
}

cellseg_status cseg_singlechannel_nuclei(cellseg_context *context, cseg_plane *nuclei, uint32_t *count,
                                         const cellseg_model *model, const cellseg_image *image,
                                         const cellseg_segment_options *options) {
    segmentation s = {.context = context, .model = model};
    *nuclei = (cseg_plane){0};
    cellseg_status status = begin(&s, image, options);
    if (status == CELLSEG_OK)
        status = predict(&s);
    if (status == CELLSEG_OK)
        status = find_nuclei(&s);
    if (status == CELLSEG_OK) {
        *nuclei = s.nuclei;
        *count = s.count;
        s.nuclei = (cseg_plane){0};
    }
    release(&s);
    return status;
}

cellseg_status cellseg_segment_maps(cellseg_image **maps, cellseg_context *context, const cellseg_model *model,
                                    const cellseg_image *image, const cellseg_segment_options *options) {
    if (maps == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps is NULL");
    *maps = NULL;
    segmentation s = {.context = context, .model = model};
    cseg_call call;
    cseg_call_begin(&call, context);
    cellseg_status status = begin(&s, image, options);
    if (status == CELLSEG_OK)
        status = predict(&s);
    if (status == CELLSEG_OK)
        status = export_maps(maps, &s, s.channel.working_height, s.channel.working_width, cseg_channel_working_um(&s.channel));
    release(&s);
    return cseg_call_end(&call, status);
}
