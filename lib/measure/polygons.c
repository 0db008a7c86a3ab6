/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outlines of all labels: each label by itself, in parallel (cracks.h, contour.h), then all rings in one array of points. Cost:
 * regions.h, then linear in the length of the outlines.
 */
#include "measure/measure.h"

#include "measure/contour.h"
#include "measure/regions.h"

#include <math.h>
#include <string.h>

struct cellseg_outlines {
    size_t rings;
    uint32_t *ids;
    int32_t *holes;
    size_t *offsets; /* rings + 1, in points */
    cseg_point *points;
    double height, width, pixel_size_um; /* pixel_size_um 0: points are in pixels */
};

/* ---- options ---- */

static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const units[] = {"px", "um", NULL};

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_outline_options, __VA_ARGS__)

static const cellseg_option rows[] = {
    ROW(smooth, 0, 0, 0, 1, "", "smooth outlines of the same area; no: along the edges of pixels", .choices = no_yes),
    ROW(unit, CELLSEG_OUTLINE_PX, CELLSEG_OUTLINE_PX, 0, 1, "", "unit of the points", .choices = units),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_outline_options, rows, unit);

const cellseg_option_table *cellseg_outline_options_table(void) {
    return &table;
}

cellseg_status cellseg_outline_options_init(cellseg_outline_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

/* ---- one label ---- */

/* The rings of a label as they are handed out. */
typedef struct shape {
    size_t ring_count;
    cseg_point *points;
    cseg_keyed *rings; /* value is the end in points, key is odd for a hole */
} shape;

typedef struct outlines_job {
    cellseg_context *context;
    const cellseg_outline_options *options;
    const cseg_regions *regions;
    shape *shapes; /* one per region */
    cellseg_outlines *out;
} outlines_job;

static void put_corners(cseg_point *points, const cseg_corner *ring, size_t count) {
    for (size_t i = 0; i < count; i++)
        points[i] = (cseg_point){ring[i].x, ring[i].y};
}

/* Number of points of all rings. */
static size_t count_points(const cseg_cracks *cracks, bool smooth) {
    size_t sum = 0;
    for (size_t i = 0; i < cracks->ring_count && smooth; i++)
        sum += cseg_contour_length(cracks->corners + cracks->starts[i], cracks->starts[i + 1] - cracks->starts[i]);
    return smooth ? sum : cracks->starts[cracks->ring_count];
}

/* Points of all rings, one ring after the other in the order in which they are handed out. The order becomes the shape's. */
static cellseg_status make_points(shape *made, cseg_cracks *cracks, const outlines_job *job) {
    const bool smooth = job->options->smooth != 0;
    made->points = cseg_memory_alloc(job->context, count_points(cracks, smooth), sizeof *made->points);
    if (made->points == NULL)
        return cseg_error_last();
    size_t used = 0;
    for (size_t i = 0; i < cracks->ring_count; i++) {
        const size_t ring = (size_t)cracks->order[i].value, start = cracks->starts[ring],
                     count = cracks->starts[ring + 1] - start;
        if (smooth)
            CSEG_TRY(cseg_contour_smooth(made->points + used, job->context, cracks->corners + start, count));
        else
            put_corners(made->points + used, cracks->corners + start, count);
        used += smooth ? cseg_contour_length(cracks->corners + start, count) : count;
        cracks->order[i].value = used;
    }
    return CELLSEG_OK;
}

static cellseg_status shape_region(void *data, size_t index) {
    const outlines_job *job = data;
    shape *made = &job->shapes[index];
    cseg_cracks cracks;
    CSEG_TRY(cseg_cracks_follow(&cracks, job->context, &job->regions->region[index]));
    const cellseg_status status = make_points(made, &cracks, job);
    made->ring_count = cracks.ring_count;
    made->rings = cracks.order;
    cracks.order = NULL;
    cseg_cracks_free(&cracks);
    return status;
}

/* ---- all labels ---- */

static size_t points_of(const shape *s) {
    return s->ring_count > 0 ? (size_t)s->rings[s->ring_count - 1].value : 0;
}

static cellseg_status allocate(cellseg_outlines *o, const outlines_job *job) {
    size_t points = 0;
    for (size_t i = 0; i < job->regions->count; i++) {
        points += points_of(&job->shapes[i]);
        o->rings += job->shapes[i].ring_count;
    }
    o->ids = cseg_memory_alloc(job->context, o->rings + 1, sizeof *o->ids);
    o->holes = o->ids != NULL ? cseg_memory_alloc(job->context, o->rings + 1, sizeof *o->holes) : NULL;
    o->offsets = o->holes != NULL ? cseg_memory_alloc(job->context, o->rings + 1, sizeof *o->offsets) : NULL;
    o->points = o->offsets != NULL ? cseg_memory_alloc(job->context, points + 1, sizeof *o->points) : NULL;
    if (o->points == NULL)
        return cseg_error_last();
    o->offsets[0] = 0;
    return CELLSEG_OK;
}

/* Append a label's rings; `ring` and `point` are the numbers of those before. */
static void append(cellseg_outlines *o, const shape *s, uint32_t id, size_t ring, size_t point) {
    for (size_t i = 0; i < s->ring_count; i++) {
        o->ids[ring + i] = id;
        o->holes[ring + i] = (int32_t)(s->rings[i].key % 2);
        o->offsets[ring + i + 1] = point + (size_t)s->rings[i].value;
    }
    const double unit = o->pixel_size_um > 0 ? o->pixel_size_um : 1;
    for (size_t i = 0; i < points_of(s); i++)
        o->points[point + i] = (cseg_point){s->points[i].x * unit, s->points[i].y * unit};
}

static cellseg_status join(const outlines_job *job) {
    cellseg_outlines *o = job->out;
    CSEG_TRY(allocate(o, job));
    size_t ring = 0, point = 0;
    for (size_t i = 0; i < job->regions->count; i++) {
        append(o, &job->shapes[i], job->regions->region[i].id, ring, point);
        ring += job->shapes[i].ring_count;
        point += points_of(&job->shapes[i]);
        CSEG_TRY(cseg_progress_poll(job->context, (double)i / (double)job->regions->count));
    }
    return CELLSEG_OK;
}

static cellseg_status outline(outlines_job *job) {
    const size_t count = job->regions->count;
    job->shapes = cseg_memory_calloc(job->context, count + 1, sizeof *job->shapes);
    if (job->shapes == NULL)
        return cseg_error_last();
    cseg_progress_step(job->context, "outlines", 0.3, 0.9);
    cellseg_status status = cseg_parallel_for(job->context, count, shape_region, job);
    cseg_progress_step(job->context, "outlines", 0.9, 1);
    if (status == CELLSEG_OK)
        status = join(job);
    for (size_t i = 0; i < count; i++) {
        cseg_memory_free(job->shapes[i].points);
        cseg_memory_free(job->shapes[i].rings);
    }
    cseg_memory_free(job->shapes);
    return status;
}

static cellseg_status outline_labels(cellseg_outlines **out, cellseg_context *context, const cellseg_labels *labels,
                                     const cellseg_outline_options *options) {
    const cseg_plane plane = cseg_labels_plane(labels);
    cseg_regions regions;
    cseg_progress_step(context, "outlines", 0, 0.3);
    CSEG_TRY(cseg_regions_new(&regions, context, &plane));
    cellseg_outlines *made = cseg_memory_calloc(context, 1, sizeof *made);
    cellseg_status status = made != NULL ? CELLSEG_OK : cseg_error_last();
    if (made != NULL) {
        made->pixel_size_um = options->unit == CELLSEG_OUTLINE_UM ? cellseg_labels_pixel_size_um(labels) : 0;
        made->height = (double)plane.height * (made->pixel_size_um > 0 ? made->pixel_size_um : 1);
        made->width = (double)plane.width * (made->pixel_size_um > 0 ? made->pixel_size_um : 1);
        outlines_job job = {.context = context, .options = options, .regions = &regions, .out = made};
        status = outline(&job);
    }
    cseg_regions_free(&regions);
    if (status != CELLSEG_OK) {
        cellseg_outlines_free(made);
        return status;
    }
    *out = made;
    return CELLSEG_OK;
}

cellseg_status cellseg_labels_outlines(cellseg_outlines **out, cellseg_context *context, const cellseg_labels *labels,
                                       const cellseg_outline_options *options) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (labels == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "labels is NULL");
    cellseg_outline_options own;
    CSEG_TRY(cseg_option_read(&own, &table, options, CELLSEG_PRESET_DEFAULT));
    if (own.unit == CELLSEG_OUTLINE_UM && !(cellseg_labels_pixel_size_um(labels) > 0))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "labels have no pixel size for outlines in um; set one, or ask for px");
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, outline_labels(out, context, labels, &own));
}

/* ---- the handle ---- */

void cellseg_outlines_free(cellseg_outlines *outlines) {
    if (outlines == NULL)
        return;
    cseg_memory_free(outlines->ids);
    cseg_memory_free(outlines->holes);
    cseg_memory_free(outlines->offsets);
    cseg_memory_free(outlines->points);
    cseg_memory_free(outlines);
}

size_t cellseg_outlines_rings(const cellseg_outlines *outlines) {
    return outlines != NULL ? outlines->rings : 0;
}

const uint32_t *cellseg_outlines_ids(const cellseg_outlines *outlines) {
    return outlines != NULL ? outlines->ids : NULL;
}

const int32_t *cellseg_outlines_holes(const cellseg_outlines *outlines) {
    return outlines != NULL ? outlines->holes : NULL;
}

const size_t *cellseg_outlines_offsets(const cellseg_outlines *outlines) {
    return outlines != NULL ? outlines->offsets : NULL;
}

const double *cellseg_outlines_points(const cellseg_outlines *outlines) {
    return outlines != NULL ? &outlines->points->x : NULL;
}

double cellseg_outlines_height(const cellseg_outlines *outlines) {
    return outlines != NULL ? outlines->height : 0;
}

double cellseg_outlines_width(const cellseg_outlines *outlines) {
    return outlines != NULL ? outlines->width : 0;
}
