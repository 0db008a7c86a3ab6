/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network at other zooms. It reads a stain best where its nuclei look as large as most of those that it was trained with; in
 * one that it knows it copes with other sizes, in one that it does not know it finds nuclei of the size that it expects: large
 * ones in pieces, small ones several as one. So the image is shown to it enlarged or reduced, and its maps brought back; maps of
 * several zooms, averaged, err less than any of them.
 *
 * The zoom is found by the nuclei themselves, as Cellpose's is by a model of its own (Stringer et al. 2021): their median
 * diameter in maps averaged over a wide range of zooms says how far they are from the usual one. Such maps still lean towards
 * the usual size, so the step goes a little further than the diameter says, and is taken twice.
 * Cost: the network's for every zoom, times its square; the seeds step's for every estimate.
 */
#include "filter/filter.h"
#include "segment/pipeline.h"

#include <math.h>
#include <string.h>

/* Measured on stains that were left out of training (docs/defaults.md). */
#define USUAL_DIAMETER_UM 15.0
#define STEP_EXPONENT 1.25
#define ESTIMATE_FACTOR 1.4
#define AVERAGE_FACTOR 1.2
#define LEAST_ZOOM 0.5
#define MOST_ZOOM 2.0

enum { ESTIMATES = 2, ZOOMS = 3, LEAST_NUCLEI = 5 };

static size_t zoomed(size_t length, double zoom) {
    const double pixels = floor((double)length * zoom + 0.5);
    return pixels < 1 ? 1 : (size_t)pixels;
}

/* ---- maps at a zoom ---- */

static cellseg_status check_size(const cseg_view *v, size_t height, size_t width, double zoom) {
    if (height > INT32_MAX || width > INT32_MAX || (double)height * (double)width > CSEG_MOST_WORKING_PX)
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels, at a zoom of %g, are more than %d", v->input->height,
                         v->input->width, zoom, (int)CSEG_MOST_WORKING_PX);
    const uint64_t planes = (uint64_t)cseg_model_rule(v->model)->classes + 1;
    return cseg_budget_check(v->context, planes * sizeof(float) * height * width, "the image at its zoom");
}

typedef struct add_job {
    const cseg_plane *to, *from;
    float share, zoom; /* zoom: of a map of distances; else 1 */
} add_job;

/* A distance d is d / (d + half) in its map, and zoom times as long where the network saw it. */
static cellseg_status add_row(void *data, size_t y) {
    const add_job *job = data;
    float *to = cseg_row_f32(job->to, y);
    const float *from = cseg_row_f32(job->from, y);
    for (size_t x = 0; x < job->to->width; x++)
        to[x] += job->share * (from[x] / (from[x] + job->zoom * (1 - from[x])));
    return CELLSEG_OK;
}

static cellseg_status add_back(const cseg_view *v, const cseg_plane *zoomed_maps, double zoom, float share) {
    cseg_plane back;
    CSEG_TRY(cseg_plane_new(&back, v->context, CELLSEG_FLOAT32, v->input->height, v->input->width));
    cellseg_status status = CELLSEG_OK;
    for (uint32_t i = 0; i < cseg_model_rule(v->model)->classes; i++) {
        const bool distance = i == CSEG_MAP_EXTRA && v->extra_kind == CELLSEG_EXTRA_DISTANCE;
        add_job job = {&v->maps[i], &back, share, distance ? (float)zoom : 1};
        CSEG_TRY_GOTO(done, cseg_filter_resample(v->context, &back, &zoomed_maps[i]));
        CSEG_TRY_GOTO(done, cseg_parallel_for(v->context, back.height, add_row, &job));
    }
done:
    cseg_plane_free(&back);
    return status;
}

/* Add `share` of the maps at a zoom to the maps. */
static cellseg_status add_zoom(cseg_view *v, double zoom, int32_t orientations, float share) {
    const size_t height = zoomed(v->input->height, zoom), width = zoomed(v->input->width, zoom);
    const uint32_t classes = cseg_model_rule(v->model)->classes;
    cseg_plane input = {0}, maps[CSEG_MAX_CLASSES] = {{0}};
    const double share_of_time = (v->to - v->from) / v->passes;
    CSEG_TRY(check_size(v, height, width, zoom));
    CSEG_TRY(
        cseg_segment_step(v->context, "network", v->from + v->done * share_of_time, v->from + (v->done + 1) * share_of_time));
    v->done++;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&input, v->context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY_GOTO(done, cseg_filter_resample(v->context, &input, v->input));
    for (uint32_t i = 0; i < classes; i++)
        CSEG_TRY_GOTO(done, cseg_plane_new(&maps[i], v->context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY_GOTO(done, cseg_segment_predict(v->context, maps, v->model, &input, orientations));
    cseg_plane_free(&input);
    status = add_back(v, maps, zoom, share);
done:
    for (uint32_t i = 0; i < classes; i++)
        cseg_plane_free(&maps[i]);
    cseg_plane_free(&input);
    return status;
}

/* The mean of the maps at zooms a factor apart, the given one in their middle. */
static cellseg_status average_zooms(cseg_view *v, double middle, double factor, int32_t zooms, int32_t orientations) {
    double zoom = zooms == ZOOMS ? middle / factor : middle;
    for (uint32_t i = 0; i < cseg_model_rule(v->model)->classes; i++)
        for (size_t y = 0; y < v->maps[i].height; y++)
            memset(cseg_row_f32(&v->maps[i], y), 0, v->maps[i].width * sizeof(float));
    for (int32_t i = 0; i < zooms; i++, zoom *= factor)
        CSEG_TRY(add_zoom(v, zoom, orientations, 1 / (float)zooms));
    return CELLSEG_OK;
}

/* ---- the zoom that the nuclei ask for ---- */

/* Of the areas of ids 1..count, in pixels. */
static cellseg_status median_area(cellseg_context *context, double *area, const cseg_plane *labels, uint32_t count) {
    const double half = 50;
    cseg_plane areas;
    CSEG_TRY(cseg_plane_new(&areas, context, CELLSEG_FLOAT32, 1, count));
    float *pixels = cseg_row_f32(&areas, 0);
    memset(pixels, 0, count * sizeof *pixels);
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *ids = cseg_row_u32(labels, y);
        for (size_t x = 0; x < labels->width; x++)
            if (ids[x] != 0)
                pixels[ids[x] - 1]++;
    }
    const cellseg_status status = cseg_filter_percentiles(context, area, &half, 1, &areas);
    cseg_plane_free(&areas);
    return status;
}

/* *diameter: the median of the nuclei that the maps show; 0 where they are too few. */
static cellseg_status measure_nuclei(const cseg_view *v, double *diameter_um) {
    const double pi = 3.14159265358979323846, pixel_size_um = cseg_model_rule(v->model)->pixel_size_um;
    cseg_plane nuclei;
    uint32_t count;
    double area = 0;
    const cseg_extra extra = {v->options->use_extra_output != 0 ? v->extra_kind : CELLSEG_EXTRA_NONE, &v->maps[CSEG_MAP_EXTRA]};
    *diameter_um = 0;
    CSEG_TRY(cseg_plane_new(&nuclei, v->context, CELLSEG_UINT32, v->input->height, v->input->width));
    cellseg_status status =
        cseg_segment_seeds(v->context, &nuclei, &count, &v->maps[CSEG_MAP_NUCLEUS], &extra, pixel_size_um, v->options);
    if (status == CELLSEG_OK && count >= LEAST_NUCLEI)
        status = median_area(v->context, &area, &nuclei, count);
    *diameter_um = 2 * sqrt(area / pi) * pixel_size_um;
    cseg_plane_free(&nuclei);
    return status;
}

static double better_zoom(double zoom, double diameter_um) {
    const double ratio = USUAL_DIAMETER_UM / (diameter_um * zoom);
    return fmin(fmax(zoom * cseg_exp(STEP_EXPONENT * cseg_log_e(ratio)), LEAST_ZOOM), MOST_ZOOM);
}

static cellseg_status estimate_zoom(cseg_view *v, double *zoom) {
    double diameter_um = USUAL_DIAMETER_UM;
    *zoom = 1;
    for (int i = 0; i < ESTIMATES && diameter_um > 0; i++) {
        CSEG_TRY(average_zooms(v, *zoom, ESTIMATE_FACTOR, ZOOMS, 1));
        CSEG_TRY(measure_nuclei(v, &diameter_um));
        if (diameter_um > 0)
            *zoom = better_zoom(*zoom, diameter_um);
    }
    cseg_log(v->context, CELLSEG_LOG_INFO, "zoom %.2f: nuclei of %.1f um", *zoom, diameter_um);
    return CELLSEG_OK;
}

cellseg_status cseg_segment_view(cseg_view *v) {
    const cellseg_segment_options *o = v->options;
    double zoom = o->zoom;
    if (zoom == 1 && o->zooms == 1)
        return cseg_segment_predict(v->context, v->maps, v->model, v->input, o->orientations);
    v->passes = o->zooms;
    if (zoom == 0) {
        v->passes += ESTIMATES * ZOOMS;
        CSEG_TRY(estimate_zoom(v, &zoom));
    }
    return average_zooms(v, zoom, AVERAGE_FACTOR, o->zooms, o->orientations);
}
