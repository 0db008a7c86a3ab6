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

/* ---- the steps ---- */

/* The maps, of the channel as the model's own rule scales it. */
static cellseg_status predict_from(cseg_segmentation *s, const cseg_flat *flat) {
    cseg_scaling scaling;
    CSEG_TRY(cseg_preprocess_measure(&s->scratch, &scaling, flat, s->rule));
    for (uint32_t i = 0; i < s->rule->classes; i++)
        CSEG_TRY(cseg_store_new(&s->maps[i], &s->scratch, CELLSEG_UINT16, flat->store.height, flat->store.width));
    CSEG_TRY(cseg_channel_step(s->scratch.context, "network", NETWORK_FROM, NETWORK_TO));
    CSEG_TRY(cseg_predict_maps(&s->scratch, s->maps, s->model, &flat->store, &scaling, s->settings.options.orientations));
    s->report.seconds_network = cseg_report_lap(&s->clock);
    return CELLSEG_OK;
}

/* The marker for the cells step, and the maps: from one flat channel where both need the same. */
static cellseg_status predict(cseg_segmentation *s) {
    const cseg_rule rule = cseg_channel_marker_rule(s->rule->pixel_size_um, s->settings.method.top_hat_um);
    const bool shared = rule.top_hat_um == s->rule->top_hat_um;
    cseg_flat flat;
    CSEG_TRY(cseg_channel_step(s->scratch.context, "preprocessing", 0, NETWORK_FROM));
    CSEG_TRY(cseg_channel_flatten(&s->scratch, &flat, &s->marker, "the image", &rule));
    cellseg_status status = cseg_preprocess_scale(&s->scratch, &s->marker_scaled, &s->report.marker_range, &flat, &rule);
    if (status == CELLSEG_OK && !shared) {
        cseg_store_free(&flat.store);
        status = cseg_channel_flatten(&s->scratch, &flat, &s->marker, "the image", s->rule);
    }
    s->report.seconds_preprocess = cseg_report_lap(&s->clock);
    if (status == CELLSEG_OK)
        status = predict_from(s, &flat);
    cseg_store_free(&flat.store);
    return status;
}

/* The fourth map, where the options use it. */
static cseg_extra extra_of(const cseg_segmentation *s) {
    const bool used = s->settings.options.use_extra_output != 0;
    return (cseg_extra){used ? s->extra_kind : CELLSEG_EXTRA_NONE, &s->maps[CSEG_MAP_EXTRA]};
}

static cellseg_status find_nuclei(cseg_segmentation *s) {
    const cseg_extra extra = extra_of(s);
    CSEG_TRY(cseg_channel_step(s->scratch.context, "seeds", NETWORK_TO, SEEDS_TO));
    CSEG_TRY(cseg_store_new(&s->nuclei, &s->scratch, CELLSEG_UINT32, s->marker_scaled.height, s->marker_scaled.width));
    CSEG_TRY(cseg_seeds_find(&s->scratch, &s->nuclei, &s->count, &s->maps[CSEG_MAP_NUCLEUS], &extra, s->rule->pixel_size_um,
                             &s->settings, &s->report));
    s->report.seconds_nuclei = cseg_report_lap(&s->clock);
    return cseg_report_scale(&s->report, &s->scratch, &s->marker, s->rule->nucleus_diameter_um, &s->nuclei, s->count,
                             &s->settings);
}

static cellseg_status find_cells(cseg_segmentation *s) {
    const bool has_boundary_class = s->extra_kind == CELLSEG_EXTRA_BOUNDARY;
    const cseg_cell_inputs inputs = {&s->marker_scaled,      s->maps,     &s->nuclei,         s->count,
                                     s->rule->pixel_size_um, extra_of(s), has_boundary_class, s->rule->joining};
    CSEG_TRY(cseg_channel_step(s->scratch.context, "cells", SEEDS_TO, CELLS_TO));
    if ((s->cell_of = cseg_memory_calloc(s->scratch.context, (size_t)s->count + 1, sizeof *s->cell_of)) == NULL ||
        (s->confidence = cseg_memory_calloc(s->scratch.context, (size_t)s->count + 1, sizeof *s->confidence)) == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_channel_working_cells(&s->scratch, &s->cells, s->cell_of, &inputs, &s->marker, &s->settings));
    CSEG_TRY(cseg_marker_check(&s->scratch, &s->report, s->confidence, &s->cells, s->cell_of, &inputs));
    CSEG_TRY(cseg_marker_refuse(&s->scratch, &s->report, &s->cells, s->cell_of, s->count, &s->settings));
    s->report.seconds_cells = cseg_report_lap(&s->clock);
    return CELLSEG_OK;
}

/* ---- maps as images ---- */

static cellseg_status export_map(const cseg_segmentation *s, const cseg_plane *to, uint32_t index) {
    const cseg_rect whole = {0, 0, s->maps[index].height, s->maps[index].width};
    cseg_part map;
    CSEG_TRY(cseg_part_open_unit(&map, &s->maps[index], &whole));
    const cellseg_status status = cseg_resample_linear(s->scratch.context, to, &map.plane);
    cseg_part_close(&map);
    return status;
}

/* The maps, resampled to height x width. */
static cellseg_status export_maps(cellseg_image **out, const cseg_segmentation *s, size_t height, size_t width,
                                  double pixel_size_um) {
    CSEG_TRY(cellseg_image_new(out, s->scratch.context, CELLSEG_FLOAT32, (int32_t)s->rule->classes, height, width));
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cellseg_image_set_pixel_size_um(*out, pixel_size_um));
    for (int32_t i = 0; i < (int32_t)s->rule->classes; i++) {
        const cseg_plane to = cseg_image_plane(*out, i);
        CSEG_TRY_GOTO(failed, export_map(s, &to, (uint32_t)i));
        CSEG_TRY_GOTO(failed, cellseg_image_set_channel_name(*out, i, cseg_model_class_name(s->model, (uint32_t)i)));
    }
    return CELLSEG_OK;
failed:
    cellseg_image_free(*out);
    *out = NULL;
    return status;
}

/* ---- the calls ---- */

cellseg_status cseg_singlechannel_prepare(cseg_segmentation *s) {
    s->rule = cseg_model_rule(s->model);
    s->report.model_hash = cellseg_model_hash(s->model);
    CSEG_TRY(cseg_predict_extra(&s->extra_kind, s->model));
    CSEG_TRY(cseg_channel_set_scale(&s->marker, s->rule->nucleus_diameter_um, &s->settings));
    return cseg_channel_resample_to(&s->marker, s->rule->pixel_size_um, &s->settings);
}

cellseg_status cseg_singlechannel_run(cseg_segmentation *s) {
    CSEG_TRY(predict(s));
    CSEG_TRY(find_nuclei(s));
    CSEG_TRY(find_cells(s));
    CSEG_TRY(cseg_channel_step(s->scratch.context, "cells", CELLS_TO, 1));
    cseg_store_free(&s->marker_scaled);
    return CELLSEG_OK;
}

/* Everything but the caller's outputs is checked here, before any work. */
static cellseg_status begin(cseg_segmentation *s, const cellseg_image *image, const cellseg_segment_options *options) {
    int32_t extra_kind;
    CSEG_TRY(cseg_settings_read(&s->settings, options));
    CSEG_TRY(cseg_predict_extra(&extra_kind, s->model));
    CSEG_TRY(cseg_channel_open(&s->marker, image, s->settings.options.channel, s->settings.options.pixel_size_um, "the image"));
    CSEG_TRY(cseg_singlechannel_prepare(s));
    return cseg_needs_check(&s->scratch, &s->marker, s->model, &s->settings, 0);
}

static cellseg_status segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps, cseg_segmentation *s) {
    const cseg_channel *c = &s->marker;
    cellseg_image *own_maps = NULL;
    CSEG_TRY(cseg_singlechannel_run(s));
    if (maps != NULL)
        CSEG_TRY(export_maps(&own_maps, s, c->height, c->width, c->pixel_size_um));
    cseg_segmentation_free_maps(s);
    const cseg_found found = {&s->cells, &s->nuclei, s->count, s->cell_of, s->confidence};
    const cellseg_status status = cseg_channel_label(cells, nuclei, &s->scratch, c, &found, &s->settings, &s->report);
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
    cseg_segmentation s = {.scratch = cseg_channel_scratch(context), .model = model};
    cseg_call call;
    CSEG_TRY(cseg_report_begin(&s.report, report, context));
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    cseg_call_begin(&call, context);
    (void)cseg_report_lap(&s.clock);
    cellseg_status status = begin(&s, image, options);
    if (status == CELLSEG_OK)
        status = segment(cells, nuclei, maps, &s);
    cseg_segmentation_release(&s);
    return cseg_call_end(&call, cseg_report_end(&s.report, report, context, status));
}

cellseg_status cseg_singlechannel_nuclei(const cseg_scratch *scratch, cseg_store *nuclei, uint32_t *count,
                                         const cellseg_model *model, const cellseg_image *image,
                                         const cellseg_segment_options *options) {
    cseg_segmentation s = {.scratch = *scratch, .model = model};
    *nuclei = (cseg_store){0};
    cellseg_status status = begin(&s, image, options);
    if (status == CELLSEG_OK)
        status = predict(&s);
    if (status == CELLSEG_OK)
        status = find_nuclei(&s);
    if (status == CELLSEG_OK) {
        *nuclei = s.nuclei;
        *count = s.count;
        s.nuclei = (cseg_store){0};
    }
    cseg_segmentation_release(&s);
    return status;
}

cellseg_status cellseg_segment_maps(cellseg_image **maps, cellseg_context *context, const cellseg_model *model,
                                    const cellseg_image *image, const cellseg_segment_options *options) {
    if (maps == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "maps is NULL");
    *maps = NULL;
    cseg_segmentation s = {.scratch = cseg_channel_scratch(context), .model = model};
    cseg_call call;
    cseg_call_begin(&call, context);
    cellseg_status status = begin(&s, image, options);
    if (status == CELLSEG_OK)
        status = predict(&s);
    if (status == CELLSEG_OK)
        status = export_maps(maps, &s, s.marker.working_height, s.marker.working_width, cseg_channel_working_um(&s.marker));
    cseg_segmentation_release(&s);
    return cseg_call_end(&call, status);
}
