/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two-channel method (Al-Kofahi et al. 2018, "Ground truth"): seeds and cells as in the single-channel method, with the
 * nuclear stain's own intensities, evened and scaled to [0, 1], in place of the nucleus probability. And its first half alone,
 * for cells that a person outlined: which part of each is nucleus, by the stain or by a model.
 */
#include "segment/channel.h"

/* A stain's scaled intensities are no probabilities: the limits of a probability are left out. */
static void leave_out_network(cseg_settings *settings) {
    settings->method.nucleus_probability_min = 0;
    settings->method.nucleus_strength_ratio = 0;
}

static cellseg_status check_nuclear(cseg_channel *nuclear, const cseg_channel *marker) {
    if (nuclear->height != marker->height || nuclear->width != marker->width)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the marker has %zu x %zu pixels, the nuclear image %zu x %zu", marker->height,
                         marker->width, nuclear->height, nuclear->width);
    const double ratio = nuclear->pixel_size_um / marker->pixel_size_um;
    if (nuclear->pixel_size_um > 0 && marker->pixel_size_um > 0 && !(ratio > 0.99 && ratio < 1.01))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the marker's pixels are %g um, the nuclear image's %g um", marker->pixel_size_um,
                         nuclear->pixel_size_um);
    return CELLSEG_OK;
}

/* Nuclei of a nuclear stain at the working scale: a new store. */
static cellseg_status stained_nuclei(const cseg_scratch *scratch, cseg_store *nuclei, uint32_t *count, cseg_channel *nuclear,
                                     const cseg_settings *settings, cellseg_segment_report *report) {
    const double scale = settings->method.working_pixel_size_um;
    const cseg_rule rule = cseg_channel_nuclear_rule(scale, settings->method.top_hat_um);
    cseg_store stain;
    *nuclei = (cseg_store){0};
    CSEG_TRY(cseg_channel_scale(scratch, &stain, NULL, nuclear, "the nuclear image", &rule));
    cellseg_status status = cseg_store_new(nuclei, scratch, CELLSEG_UINT32, stain.height, stain.width);
    if (status == CELLSEG_OK)
        status = cseg_seeds_find(scratch, nuclei, count, &stain, NULL, scale, settings, report);
    cseg_store_free(&stain);
    if (status != CELLSEG_OK)
        cseg_store_free(nuclei);
    return status;
}

/* ---- cells and nuclei ---- */

/* The pixel size is that of the marker, or else of the nuclear image. */
cellseg_status cseg_twochannel_prepare(cseg_segmentation *s) {
    cseg_channel *m = &s->marker, *n = &s->nuclear;
    CSEG_TRY(check_nuclear(n, m));
    m->pixel_size_um = m->pixel_size_um > 0 ? m->pixel_size_um : n->pixel_size_um;
    CSEG_TRY(cseg_channel_set_scale(m, CSEG_METHOD_DIAMETER_UM, &s->settings));
    CSEG_TRY(cseg_channel_resample_to(m, s->settings.method.working_pixel_size_um, &s->settings));
    n->pixel_size_um = m->pixel_size_um;
    CSEG_TRY(cseg_channel_set_scale(n, CSEG_METHOD_DIAMETER_UM, &s->settings));
    CSEG_TRY(cseg_channel_resample_to(n, s->settings.method.working_pixel_size_um, &s->settings));
    leave_out_network(&s->settings);
    return CELLSEG_OK;
}

static cellseg_status find_nuclei(cseg_segmentation *s) {
    CSEG_TRY(cseg_channel_step(s->scratch.context, "seeds", 0, 0.5));
    CSEG_TRY(stained_nuclei(&s->scratch, &s->nuclei, &s->count, &s->nuclear, &s->settings, &s->report));
    s->report.seconds_nuclei = cseg_report_lap(&s->clock);
    return cseg_report_scale(&s->report, &s->scratch, &s->marker, CSEG_METHOD_DIAMETER_UM, &s->nuclei, s->count, &s->settings);
}

static cellseg_status find_cells(cseg_segmentation *s) {
    const double scale = s->settings.method.working_pixel_size_um;
    const cseg_rule rule = cseg_channel_marker_rule(scale, s->settings.method.top_hat_um);
    const cseg_cell_inputs inputs = {
        .marker = &s->marker_scaled, .nuclei = &s->nuclei, .count = s->count, .pixel_size_um = scale};
    CSEG_TRY(cseg_channel_step(s->scratch.context, "cells", 0.5, 1));
    s->cell_of = cseg_memory_alloc(s->scratch.context, (size_t)s->count + 1, sizeof *s->cell_of);
    if (s->cell_of == NULL)
        return cseg_error_last();
    CSEG_TRY(cseg_channel_scale(&s->scratch, &s->marker_scaled, &s->report.marker_range, &s->marker, "the marker image", &rule));
    CSEG_TRY(cseg_channel_working_cells(&s->scratch, &s->cells, s->cell_of, &inputs, &s->marker, &s->settings));
    s->report.seconds_cells = cseg_report_lap(&s->clock);
    return CELLSEG_OK;
}

cellseg_status cseg_twochannel_run(cseg_segmentation *s) {
    CSEG_TRY(find_nuclei(s));
    CSEG_TRY(find_cells(s));
    cseg_store_free(&s->marker_scaled);
    return CELLSEG_OK;
}

/* Everything but the caller's outputs is checked here, before any work. */
static cellseg_status begin(cseg_segmentation *s, const cellseg_image *marker, const cellseg_image *nuclear,
                            const cellseg_segment_options *options) {
    const cellseg_segment_options *o = &s->settings.options;
    CSEG_TRY(cseg_settings_read(&s->settings, options));
    CSEG_TRY(cseg_channel_open(&s->marker, marker, o->channel, o->pixel_size_um, "the marker image"));
    CSEG_TRY(cseg_channel_open(&s->nuclear, nuclear, o->nuclei_channel, o->pixel_size_um, "the nuclear image"));
    CSEG_TRY(cseg_twochannel_prepare(s));
    return cseg_needs_check(&s->scratch, &s->marker, NULL, &s->settings, 0);
}

cellseg_status cellseg_segment_two_channel(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_segment_report *report,
                                           cellseg_context *context, const cellseg_image *marker, const cellseg_image *nuclear,
                                           const cellseg_segment_options *options) {
    if (cells != NULL)
        *cells = NULL;
    if (nuclei != NULL)
        *nuclei = NULL;
    cseg_segmentation s = {.scratch = cseg_channel_scratch(context)};
    cseg_call call;
    CSEG_TRY(cseg_report_begin(&s.report, report, context));
    if (cells == NULL && nuclei == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells and nuclei are both NULL");
    cseg_call_begin(&call, context);
    (void)cseg_report_lap(&s.clock);
    cellseg_status status = begin(&s, marker, nuclear, options);
    if (status == CELLSEG_OK)
        status = cseg_twochannel_run(&s);
    const cseg_found found = {&s.cells, &s.nuclei, s.count, s.cell_of, NULL};
    if (status == CELLSEG_OK)
        status = cseg_channel_label(cells, nuclei, &s.scratch, &s.marker, &found, &s.settings, &s.report);
    s.report.seconds_finalize = cseg_report_lap(&s.clock);
    cseg_segmentation_release(&s);
    return cseg_call_end(&call, cseg_report_end(&s.report, report, context, status));
}

/* ---- nuclei within known cells ---- */

typedef struct within_job {
    const cseg_plane *nuclei, *cells;
    const uint32_t *owner; /* the cell of each nucleus, 0: none */
} within_job;

/* The cell that holds most of each nucleus, by majority vote in one pass (Boyer and Moore 1981). */
static void find_owners(uint32_t *owner, uint64_t *votes, const cseg_plane *nuclei, const cseg_plane *cells) {
    for (size_t y = 0; y < nuclei->height; y++) {
        const uint32_t *nucleus = cseg_row_u32(nuclei, y), *cell = cseg_row_u32(cells, y);
        for (size_t x = 0; x < nuclei->width; x++) {
            const uint32_t id = nucleus[x];
            if (id == 0 || cell[x] == 0)
                continue;
            if (votes[id] == 0)
                owner[id] = cell[x];
            votes[id] += owner[id] == cell[x] ? 1 : UINT64_MAX;
        }
    }
}

static cellseg_status own_row(void *data, size_t y) {
    const within_job *job = data;
    uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    const uint32_t *cells = cseg_row_u32(job->cells, y);
    for (size_t x = 0; x < job->nuclei->width; x++)
        nuclei[x] = nuclei[x] != 0 && cells[x] == job->owner[nuclei[x]] ? cells[x] : 0;
    return CELLSEG_OK;
}

static cellseg_status give_to_cells(cellseg_context *context, const cseg_plane *nuclei, uint32_t count, const cseg_plane *cells) {
    uint64_t *votes = cseg_memory_calloc(context, (size_t)count + 1, sizeof *votes);
    uint32_t *owner = votes != NULL ? cseg_memory_calloc(context, (size_t)count + 1, sizeof *owner) : NULL;
    cellseg_status status;
    if (owner != NULL) {
        find_owners(owner, votes, nuclei, cells);
        within_job job = {nuclei, cells, owner};
        status = cseg_parallel_for(context, nuclei->height, own_row, &job);
    } else
        status = cseg_error_last();
    cseg_memory_free(owner);
    cseg_memory_free(votes);
    return status;
}

/* New nuclei at the channel's own scale, from those at the working scale with ids 1..count. */
static cellseg_status place_within(cellseg_labels **nuclei, const cseg_scratch *scratch, const cseg_plane *cells,
                                   const cseg_channel *channel, const cseg_store *found, uint32_t count) {
    CSEG_TRY(cseg_channel_labels_at(nuclei, scratch, channel, found));
    const cseg_plane out = cseg_labels_plane(*nuclei);
    const cellseg_status status = give_to_cells(scratch->context, &out, count, cells);
    if (status != CELLSEG_OK) {
        cellseg_labels_free(*nuclei);
        *nuclei = NULL;
    }
    return status;
}

/* Of a nuclear stain. */
static cellseg_status stained_within(cellseg_labels **nuclei, cseg_scratch *scratch, const cseg_plane *cells,
                                     cseg_channel *nuclear, cseg_settings *settings) {
    cellseg_segment_report report = {0};
    cseg_store found;
    uint32_t count;
    CSEG_TRY(cseg_channel_set_scale(nuclear, CSEG_METHOD_DIAMETER_UM, settings));
    CSEG_TRY(cseg_channel_resample_to(nuclear, settings->method.working_pixel_size_um, settings));
    CSEG_TRY(cseg_needs_check(scratch, nuclear, NULL, settings, 0));
    leave_out_network(settings);
    CSEG_TRY(cseg_channel_step(scratch->context, "nuclei", 0, 1));
    CSEG_TRY(stained_nuclei(scratch, &found, &count, nuclear, settings, &report));
    const cellseg_status status = place_within(nuclei, scratch, cells, nuclear, &found, count);
    cseg_store_free(&found);
    return status;
}

/* By a model: steps 1 and 2 of cellseg_segment(). */
static cellseg_status predicted_within(cellseg_labels **nuclei, const cseg_scratch *scratch, const cellseg_model *model,
                                       const cseg_plane *cells, const cseg_channel *marker,
                                       const cellseg_segment_options *options) {
    cseg_store found;
    uint32_t count;
    CSEG_TRY(cseg_singlechannel_nuclei(scratch, &found, &count, model, marker->image, options));
    const cellseg_status status = place_within(nuclei, scratch, cells, marker, &found, count);
    cseg_store_free(&found);
    return status;
}

static cellseg_status nuclei_within(cellseg_labels **nuclei, cellseg_context *context, const cellseg_model *model,
                                    const cellseg_labels *cells, const cellseg_image *image,
                                    const cellseg_segment_options *options) {
    const char *const name = model != NULL ? "the image" : "the nuclear image";
    cseg_scratch scratch = cseg_channel_scratch(context);
    cseg_settings settings;
    cseg_channel c;
    CSEG_TRY(cseg_settings_read(&settings, options));
    const cellseg_segment_options *o = &settings.options;
    CSEG_TRY(cseg_channel_open(&c, image, model != NULL ? o->channel : o->nuclei_channel, o->pixel_size_um, name));
    const cseg_plane plane = cseg_labels_plane(cells);
    if (plane.height != c.height || plane.width != c.width)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the cells have %zu x %zu pixels, %s %zu x %zu", plane.height, plane.width, name,
                         c.height, c.width);
    if (model != NULL)
        return predicted_within(nuclei, &scratch, model, &plane, &c, options);
    return stained_within(nuclei, &scratch, &plane, &c, &settings);
}

cellseg_status cellseg_segment_nuclei_within(cellseg_labels **nuclei, cellseg_context *context, const cellseg_model *model,
                                             const cellseg_labels *cells, const cellseg_image *image,
                                             const cellseg_segment_options *options) {
    if (nuclei == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "nuclei is NULL");
    *nuclei = NULL;
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, nuclei_within(nuclei, context, model, cells, image, options));
}
