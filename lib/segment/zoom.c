/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network at other zooms. It reads a stain best where its nuclei look as large as many of those that it was trained with; in
 * one that it knows it copes with other sizes, in one that it does not know it finds nuclei of the size that it expects: large
 * ones in pieces, small ones several as one. So the image is shown to it enlarged or reduced, and its maps brought back; maps of
 * several zooms, averaged, err less than any of them.
 *
 * The zoom is found by the nuclei themselves, as Cellpose's is by a model of its own (Stringer et al. 2021): their median
 * diameter in maps averaged over a wide range of zooms says how far they are from the usual one. Such maps still lean towards
 * the usual size, so the step goes a little further than the diameter says, and is taken three times.
 * Cost: the network's for every zoom, times its square; the seeds step's for every estimate.
 */
#include "filter/filter.h"
#include "segment/pipeline.h"

#include <math.h>
#include <string.h>

/* Chosen with stains left out of training (docs/defaults.md). */
#define USUAL_DIAMETER_UM 15.0
#define STEP_EXPONENT 1.25
#define ESTIMATE_FACTOR 1.4
#define AVERAGE_FACTOR 1.2
enum { ESTIMATES = 3, ZOOMS = 3 };

/* Beyond these, and of fewer nuclei, an estimate is more likely wrong than right. */
#define LEAST_ZOOM 0.5
#define MOST_ZOOM 2.0
enum { LEAST_NUCLEI = 5 };

/* A call under way. */
typedef struct zoom_run {
    const cseg_view *view;
    uint32_t classes;
    double done, left; /* work, and what is foreseen: an orientation at zoom 1 is 1 */
} zoom_run;

static double work_at(double middle, double factor, int32_t zooms, int32_t orientations) {
    const double outer = zooms == ZOOMS ? factor * factor + 1 / (factor * factor) : 0;
    return orientations * middle * middle * (1 + outer);
}

/* ---- maps at a zoom ---- */

typedef struct add_job {
    const cseg_plane *to, *from;
    float share, zoom;
} add_job;

static cellseg_status add_row(void *data, size_t y) {
    const add_job *job = data;
    float *to = cseg_row_f32(job->to, y);
    const float *from = cseg_row_f32(job->from, y);
    for (size_t x = 0; x < job->to->width; x++)
        to[x] += job->share * fminf(from[x], 1); /* a resampled 1 may be more by rounding */
    return CELLSEG_OK;
}

/* A distance d is d / (d + half) in its map, and was zoom times as long where the network saw it. The mean is one of these
 * quotients, as all that uses the map uses them. */
static cellseg_status add_distance_row(void *data, size_t y) {
    const add_job *job = data;
    float *to = cseg_row_f32(job->to, y);
    const float *from = cseg_row_f32(job->from, y);
    for (size_t x = 0; x < job->to->width; x++) {
        const float value = fminf(from[x], 1);
        to[x] += job->share * (value / (value + job->zoom * (1 - value)));
    }
    return CELLSEG_OK;
}

static cellseg_status add_back(const zoom_run *run, const cseg_plane *zoomed, float share) {
    const cseg_view *v = run->view;
    const size_t height = v->input->height, width = v->input->width;
    const double zoom = sqrt((double)zoomed->height / (double)height * ((double)zoomed->width / (double)width));
    cseg_plane back;
    CSEG_TRY(cseg_plane_new(&back, v->context, CELLSEG_FLOAT32, height, width));
    cellseg_status status = CELLSEG_OK;
    for (uint32_t i = 0; i < run->classes; i++) {
        const bool distance = i == CSEG_MAP_EXTRA && v->extra_kind == CELLSEG_EXTRA_DISTANCE;
        add_job job = {&v->maps[i], &back, share, (float)zoom};
        CSEG_TRY_GOTO(done, cseg_filter_resample(v->context, &back, &zoomed[i]));
        CSEG_TRY_GOTO(done, cseg_parallel_for(v->context, height, distance ? add_distance_row : add_row, &job));
    }
done:
    cseg_plane_free(&back);
    return status;
}

/* The part of the call's progress where so much work is done. */
static double progress_at(const zoom_run *run, double done) {
    const double part = done / (run->done + run->left);
    return run->view->from + (run->view->to - run->view->from) * fmin(part, 1); /* rounding must not overshoot */
}

/* Only the network's loop moves the progress; those before and after it take no time beside it. */
static cellseg_status predict_at(zoom_run *run, const cseg_plane *maps, const cseg_plane *input, double work,
                                 int32_t orientations) {
    const cseg_view *v = run->view;
    const double to = progress_at(run, run->done + work);
    cseg_progress_step(v->context, "network", progress_at(run, run->done), to);
    run->done += work;
    run->left -= work;
    CSEG_TRY(cseg_segment_predict(v->context, maps, v->model, input, orientations));
    cseg_progress_step(v->context, "network", to, to);
    return CELLSEG_OK;
}

/* Add `share` of the maps at a zoom to the maps. */
static cellseg_status add_zoom(zoom_run *run, double zoom, int32_t orientations, float share) {
    const cseg_view *v = run->view;
    const size_t height = cseg_segment_scaled(v->input->height, zoom), width = cseg_segment_scaled(v->input->width, zoom);
    cseg_plane input = {0}, maps[CSEG_MAX_CLASSES] = {{0}};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&input, v->context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY_GOTO(done, cseg_filter_resample(v->context, &input, v->input));
    for (uint32_t i = 0; i < run->classes; i++)
        CSEG_TRY_GOTO(done, cseg_plane_new(&maps[i], v->context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY_GOTO(done, predict_at(run, maps, &input, zoom * zoom * orientations, orientations));
    cseg_plane_free(&input);
    status = add_back(run, maps, share);
done:
    for (uint32_t i = 0; i < run->classes; i++)
        cseg_plane_free(&maps[i]);
    cseg_plane_free(&input);
    return status;
}

/* The mean of the maps at zooms a factor apart, the given one in their middle. */
static cellseg_status average_zooms(zoom_run *run, double middle, double factor, int32_t zooms, int32_t orientations) {
    const cseg_view *v = run->view;
    for (uint32_t i = 0; i < run->classes; i++)
        for (size_t y = 0; y < v->maps[i].height; y++)
            memset(cseg_row_f32(&v->maps[i], y), 0, v->maps[i].width * sizeof(float));
    const float share = 1 / (float)zooms;
    CSEG_TRY(add_zoom(run, middle, orientations, share));
    if (zooms == 1)
        return CELLSEG_OK;
    CSEG_TRY(add_zoom(run, middle * (1 / factor), orientations, share));
    return add_zoom(run, middle * factor, orientations, share);
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

/* *diameter_um: the median of the nuclei that the maps show; 0 where they are too few. */
static cellseg_status measure_nuclei(const cseg_view *v, double *diameter_um) {
    const double pi = 3.14159265358979323846, pixel_size_um = cseg_model_rule(v->model)->pixel_size_um;
    const cseg_extra extra = {v->options->use_extra_output != 0 ? v->extra_kind : CELLSEG_EXTRA_NONE, &v->maps[CSEG_MAP_EXTRA]};
    cseg_plane nuclei;
    uint32_t count;
    double area = 0;
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

static void tell_zoom(cellseg_context *context, double zoom, double diameter_um) {
    if (diameter_um == 0) {
        cseg_log(context, CELLSEG_LOG_INFO, "zoom %.2f: too few nuclei to ask for another", zoom);
        return;
    }
    cseg_log(context, CELLSEG_LOG_INFO, "zoom %.2f: nuclei of %.1f um", zoom, diameter_um);
    if (zoom == LEAST_ZOOM || zoom == MOST_ZOOM)
        cseg_log(context, CELLSEG_LOG_WARNING, "nuclei of %.1f um ask for a zoom beyond %g: is the pixel size right?",
                 diameter_um, zoom);
}

static cellseg_status estimate_zoom(zoom_run *run, double *zoom) {
    const cellseg_segment_options *o = run->view->options;
    double diameter_um = USUAL_DIAMETER_UM;
    *zoom = 1;
    for (int left = ESTIMATES; left > 0 && diameter_um > 0; left--) {
        run->left = left * work_at(*zoom, ESTIMATE_FACTOR, ZOOMS, 1) + work_at(*zoom, AVERAGE_FACTOR, o->zooms, o->orientations);
        CSEG_TRY(average_zooms(run, *zoom, ESTIMATE_FACTOR, ZOOMS, 1));
        CSEG_TRY(measure_nuclei(run->view, &diameter_um));
        if (diameter_um > 0)
            *zoom = better_zoom(*zoom, diameter_um);
    }
    tell_zoom(run->view->context, *zoom, diameter_um);
    return CELLSEG_OK;
}

cellseg_status cseg_segment_predict_zoomed(const cseg_view *v) {
    const cellseg_segment_options *o = v->options;
    zoom_run run = {.view = v, .classes = cseg_model_rule(v->model)->classes};
    double zoom = o->zoom;
    CSEG_TRY(cseg_segment_step(v->context, "network", v->from, v->from));
    if (zoom == 0)
        CSEG_TRY(estimate_zoom(&run, &zoom));
    run.left = work_at(zoom, AVERAGE_FACTOR, o->zooms, o->orientations);
    if (zoom == 1 && o->zooms == 1)
        return predict_at(&run, v->maps, v->input, run.left, o->orientations);
    return average_zooms(&run, zoom, AVERAGE_FACTOR, o->zooms, o->orientations);
}

/* ---- before any work ---- */

static double largest_zoom(const cellseg_segment_options *o) {
    if (o->zoom == 0)
        return MOST_ZOOM * ESTIMATE_FACTOR;
    return o->zooms == ZOOMS ? o->zoom * AVERAGE_FACTOR : o->zoom;
}

cellseg_status cseg_segment_check_zoom(cellseg_context *context, size_t height, size_t width, uint32_t classes, uint64_t besides,
                                       const cellseg_segment_options *options) {
    const double zoom = largest_zoom(options);
    if (options->zoom == 1 && options->zooms == 1)
        return CELLSEG_OK;
    if (!cseg_segment_fits(height, width, zoom))
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels of the model's scale, at zooms up to %g, are more than %d pixels",
                         height, width, zoom, (int)CSEG_MOST_WORKING_PX);
    const uint64_t here = (uint64_t)classes + 3; /* the maps, the input, the marker, a map brought back */
    const uint64_t there = (uint64_t)classes + 1;
    const uint64_t zoomed = (uint64_t)cseg_segment_scaled(height, zoom) * cseg_segment_scaled(width, zoom);
    const uint64_t planes = sizeof(float) * (here * height * width + there * zoomed);
    return cseg_budget_check(context, planes + besides, "the image at its zooms");
}
