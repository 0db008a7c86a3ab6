/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The single-channel method (Al-Kofahi et al. 2018): the marker, evened and scaled, goes through the network; its nucleus map
 * gives the seeds, its maps and the marker the cells. Where the network is unsure of the nuclei, all of that is done once more,
 * with maps of the zooms that the nuclei ask for: that is worth the time for stains that it does not know.
 */
#include "segment/pipeline.h"
#include "filter/filter.h"

#include <string.h>

/* Parts of a look's progress. */
#define NETWORK_FROM 0.05
#define NETWORK_TO 0.85
#define SEEDS_TO 0.93

/* Of nuclei less sure than this a second look is taken (docs/defaults.md), unless the image is so large that the time would
 * surprise: of this many pixels of the model's scale it takes 10 to 20 seconds on two cores. */
#define SURE_ENOUGH 0.80
enum { SECOND_LOOK_MOST_PX = 1 << 21 };

/* The mean of several zooms is a little less sure than one of them; by more than this only where they contradict each other. */
#define MUCH_LESS_SURE 0.05

/* Parts of the call's progress; the first look's where there may be a second, which takes longer. */
#define FIRST_LOOK_TO 0.2
#define LOOKS_TO 0.98

/* What a look at the channel gives; every plane at the working scale. */
typedef struct sight {
    cseg_plane marker; /* scaled for the cells step */
    cseg_plane maps[CSEG_MAX_CLASSES];
    cseg_plane nuclei, cells;
    uint32_t count;
    cseg_fit fit;
} sight;

static void sight_free(sight *seen) {
    cseg_plane_free(&seen->marker);
    cseg_plane_free(&seen->nuclei);
    cseg_plane_free(&seen->cells);
    for (size_t i = 0; i < CSEG_MAX_CLASSES; i++)
        cseg_plane_free(&seen->maps[i]);
}

/* What there is between the image and its labels. */
typedef struct scene {
    cellseg_context *context;
    const cellseg_model *model;
    cellseg_segment_options options; /* of this look */
    bool may_look_again;             /* the options leave it to the library */
    const cseg_rule *rule;           /* the model's */
    cseg_channel channel;
    double from, to;    /* a look's part of the call's progress */
    int32_t extra_kind; /* of the model's fourth output */
    sight seen;
} scene;

/* The marker scaled for the cells step, and for the network: one resampling and one top-hat where both want the same. */
static cellseg_status prepare(scene *s, cseg_plane *input) {
    const cseg_plane *channel = &s->channel.plane;
    const double pixel = s->channel.pixel_size_um;
    const cseg_rule rule = cseg_segment_marker_rule(s->rule->pixel_size_um, s->options.top_hat_um);
    cseg_flat flat;
    CSEG_TRY(cseg_segment_flatten(s->context, &flat, channel, "the image", pixel, &rule));
    s->seen.marker = flat.plane;
    if (rule.top_hat_um == s->rule->top_hat_um) {
        CSEG_TRY(cseg_plane_new(input, s->context, CELLSEG_FLOAT32, flat.plane.height, flat.plane.width));
        CSEG_TRY(cseg_segment_normalise(s->context, input, &flat, s->rule));
    } else
        CSEG_TRY(cseg_segment_preprocess(s->context, input, channel, pixel, s->rule));
    return cseg_segment_normalise(s->context, &s->seen.marker, &flat, &rule);
}

static cellseg_status check_zoom(const scene *s, uint64_t besides, const cellseg_segment_options *options) {
    return cseg_segment_check_zoom(s->context, s->channel.working_height, s->channel.working_width, s->rule->classes, besides,
                                   options);
}

/* Where the call is when a part of this look is done. */
static double progress_at(const scene *s, double part) {
    return s->from + (s->to - s->from) * part;
}

static cellseg_status predict(scene *s) {
    cseg_plane input = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_segment_step(s->context, "preprocessing", progress_at(s, 0), progress_at(s, NETWORK_FROM)));
    CSEG_TRY_GOTO(done, prepare(s, &input));
    for (uint32_t i = 0; i < s->rule->classes; i++)
        CSEG_TRY_GOTO(done, cseg_plane_new(&s->seen.maps[i], s->context, CELLSEG_FLOAT32, input.height, input.width));
    const cseg_view view = {s->context,
                            s->model,
                            &s->options,
                            &input,
                            s->seen.maps,
                            s->extra_kind,
                            progress_at(s, NETWORK_FROM),
                            progress_at(s, NETWORK_TO)};
    status = cseg_segment_predict_zoomed(&view);
done:
    cseg_plane_free(&input);
    return status;
}

/* What of the fourth map is used. */
static cseg_extra extra_of(const scene *s) {
    const bool used = s->options.use_extra_output != 0;
    return (cseg_extra){used ? s->extra_kind : CELLSEG_EXTRA_NONE, &s->seen.maps[CSEG_MAP_EXTRA]};
}

static cellseg_status find_seeds(scene *s) {
    const cseg_extra extra = extra_of(s);
    CSEG_TRY(cseg_segment_step(s->context, "seeds", progress_at(s, NETWORK_TO), progress_at(s, SEEDS_TO)));
    CSEG_TRY(cseg_plane_new(&s->seen.nuclei, s->context, CELLSEG_UINT32, s->seen.marker.height, s->seen.marker.width));
    return cseg_segment_seeds(s->context, &s->seen.nuclei, &s->seen.count, &s->seen.maps[CSEG_MAP_NUCLEUS], &extra,
                              s->rule->pixel_size_um, &s->options);
}

static cseg_cell_inputs cell_inputs(const scene *s) {
    const bool has_boundary_class = s->extra_kind == CELLSEG_EXTRA_BOUNDARY;
    return (cseg_cell_inputs){&s->seen.marker,        s->seen.maps, &s->seen.nuclei,   s->seen.count,
                              s->rule->pixel_size_um, extra_of(s),  has_boundary_class};
}

/* Cells and nuclei of the channel, and how well the marker fits them. */
static cellseg_status look(scene *s) {
    CSEG_TRY(predict(s));
    CSEG_TRY(find_seeds(s));
    CSEG_TRY(cseg_segment_step(s->context, "cells", progress_at(s, SEEDS_TO), s->to));
    const cseg_cell_inputs inputs = cell_inputs(s);
    CSEG_TRY(cseg_segment_working_cells(s->context, &s->seen.cells, &inputs, &s->options));
    return cseg_segment_fit(s->context, &s->seen.fit, &s->seen.cells, &inputs);
}

/* ---- a second look ---- */

static bool is_small(const scene *s) {
    return (uint64_t)s->channel.working_height * s->channel.working_width <= SECOND_LOOK_MOST_PX;
}

static void plan_looks(scene *s) {
    cellseg_segment_options *o = &s->options;
    s->may_look_again = o->zooms == 0 && o->zoom == 1;
    s->to = s->may_look_again && is_small(s) ? FIRST_LOOK_TO : LOOKS_TO;
    if (o->zooms == 0)
        o->zooms = 1;
}

static cellseg_segment_options second_look_options(const scene *s) {
    cellseg_segment_options options = s->options;
    options.zoom = 0;
    options.zooms = 3;
    return options;
}

/* Whether time and memory allow a second look. Says so, or why not. */
static bool can_look_again(const scene *s) {
    const cellseg_segment_options options = second_look_options(s);
    const uint64_t first = cseg_segment_predict_bytes(s->context, s->model);
    const bool small = is_small(s), fits = small && check_zoom(s, first, &options) == CELLSEG_OK;
    cseg_log(s->context, CELLSEG_LOG_INFO, "unsure nuclei (%.3f)%s", s->seen.fit.sureness,
             fits    ? ": a second look"
             : small ? ", and no room for a second look"
                     : ", and too large an image for a second look");
    return fits;
}

/* The second counts, unless its nuclei are so much less sure that its zooms must contradict each other, or, sureness 0, too few
 * to measure. */
static void choose(scene *s, sight *first) {
    const cseg_fit *fit = &s->seen.fit;
    const bool second = fit->sureness >= first->fit.sureness - MUCH_LESS_SURE;
    cseg_log(s->context, CELLSEG_LOG_INFO, "the %s look counts: the second has %u nuclei, sureness %.3f",
             second ? "second" : "first", (unsigned)s->seen.count, fit->sureness);
    if (second)
        return;
    const sight other = s->seen;
    s->seen = *first;
    *first = other;
}

static cellseg_status look_again(scene *s) {
    sight first = s->seen;
    s->seen = (sight){.count = 0};
    s->options = second_look_options(s);
    s->from = s->to;
    s->to = LOOKS_TO;
    const cellseg_status status = look(s);
    if (status == CELLSEG_OK)
        choose(s, &first);
    sight_free(&first);
    return status;
}

/* Judges the marker by the first look; *refused: the options want no cells of it. */
static cellseg_status find_cells(bool *refused, scene *s) {
    const int32_t test = s->options.marker_test;
    const cseg_fit *fit = &s->seen.fit;
    CSEG_TRY(look(s));
    cseg_segment_tell_fit(s->context, fit);
    *refused = (fit->kind == CSEG_FIT_STAIN && test >= CELLSEG_MARKER_REFUSE_STAINS) ||
               (fit->kind == CSEG_FIT_UNSURE && test >= CELLSEG_MARKER_REFUSE);
    const bool unsure = fit->cells >= CSEG_QUANTILE_OF_LEAST && fit->sureness < SURE_ENOUGH;
    const bool wanted = s->may_look_again && unsure && fit->kind != CSEG_FIT_STAIN && !*refused;
    return wanted && can_look_again(s) ? look_again(s) : CELLSEG_OK;
}

/* ---- at the image's own scale ---- */

static cellseg_status export_maps(cellseg_image **out, const scene *s) {
    const size_t height = s->channel.plane.height, width = s->channel.plane.width;
    CSEG_TRY(cellseg_image_new(out, s->context, CELLSEG_FLOAT32, (int32_t)s->rule->classes, height, width));
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cellseg_image_set_pixel_size_um(*out, s->channel.pixel_size_um));
    for (int32_t i = 0; i < (int32_t)s->rule->classes; i++) {
        const cseg_plane to = cseg_image_plane(*out, i);
        CSEG_TRY_GOTO(failed, cseg_filter_resample(s->context, &to, &s->seen.maps[i]));
    }
    return CELLSEG_OK;
failed:
    cellseg_image_free(*out);
    *out = NULL;
    return status;
}

static cellseg_status segment(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_image **maps, scene *s) {
    cellseg_image *own_maps = NULL;
    bool refused;
    CSEG_TRY(find_cells(&refused, s));
    CSEG_TRY(cseg_segment_step(s->context, "cells", s->to, 1));
    for (size_t y = 0; refused && y < s->seen.cells.height; y++)
        memset(cseg_row_u32(&s->seen.cells, y), 0, s->seen.cells.width * sizeof(uint32_t));
    if (maps != NULL)
        CSEG_TRY(export_maps(&own_maps, s));
    const cseg_found found = {&s->seen.cells, &s->seen.nuclei, &s->seen.marker, refused};
    const cellseg_status status = cseg_segment_label(cells, nuclei, s->context, &s->channel, &found, &s->options);
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
    scene s = {.context = context, .model = model};
    CSEG_TRY(cseg_segment_options_read(&s.options, options));
    CSEG_TRY(cseg_segment_model_extra(&s.extra_kind, model));
    s.rule = cseg_model_rule(model);
    const double pixel = s.rule->pixel_size_um;
    CSEG_TRY(cseg_segment_check_px(&s.options, pixel));
    CSEG_TRY(cseg_segment_channel(&s.channel, image, s.options.channel, s.options.pixel_size_um, "the image"));
    const uint64_t planes = s.rule->classes + 2; /* the maps, the network's input, the marker */
    CSEG_TRY(cseg_segment_check_scale(context, &s.channel, pixel, planes));
    plan_looks(&s);
    CSEG_TRY(check_zoom(&s, 0, &s.options));
    cseg_progress_start(context);
    const cellseg_status status = segment(cells, nuclei, maps, &s);
    sight_free(&s.seen);
    return status;
}
