/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The spectrum of sizes of a channel's bright structures (Ravkin and Temov 1988), as CellProfiler's MeasureGranularity. Every
 * step-th row and column is read, and the background removed: an opening with a disc of radius 10 of every fourth of these, in
 * between linear. Opening k = 1, ..., 16 is the reconstruction, under this image, of its erosion by a cross k times. The spectrum
 * of a cell is the loss of mean value from each opening to the next, in percent of the cell's mean in the channel.
 *
 * A cell's mean of an opening is that of the opening at the image's own scale, in between linear. The mean is a weighted sum of
 * the opening's pixels, and one set of weights serves all openings. Cost: that of openings.c per channel; per cell's pixel some
 * ten operations, and 16 per pixel read. Memory: 69 bytes per pixel read, and 8 more of those in a cell's bounding box per
 * thread.
 */
#include "measure/columns.h"
#include "measure/doubles.h"
#include "measure/openings.h"
#include "morph/morph.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { OPENINGS = CSEG_OPENINGS, BACKGROUND_STEP = 4, BACKGROUND_RADIUS = 10, LANES = 4 };

/* ---- linear values between the pixels of a smaller image ---- */

/* Between pixels `low` and `low` + 1 (the last one: twice the same), as far as `fraction` from the first. */
typedef struct place {
    size_t low, high;
    double fraction;
} place;

static place place_of(double position, size_t count) {
    const double end = (double)(count - 1), inside = position < 0 ? 0 : position > end ? end : position;
    const size_t low = (size_t)inside;
    return (place){low, low + 1 < count ? low + 1 : low, inside - (double)low};
}

static double between(double low, double high, double fraction) {
    return (1 - fraction) * low + fraction * high;
}

/* ---- openings ---- */

typedef struct spectrum_job {
    const cseg_measure_input *input;
    size_t step;
    cseg_plane image;         /* every step-th pixel less the background, float32 */
    cseg_plane back, scratch; /* every fourth of these, float32 */
} spectrum_job;

static cellseg_status read_row(void *data, size_t y) {
    const spectrum_job *job = data;
    float *row = cseg_row_f32(&job->image, y);
    for (size_t x = 0; x < job->image.width; x++) {
        double value;
        cseg_doubles_load(&value, &job->input->channel, y * job->step, x * job->step, 1);
        row[x] = fabs(value) <= (double)FLT_MAX ? (float)value : 0; /* the cell of another value has no spectrum */
    }
    return CELLSEG_OK;
}

static cellseg_status subtract_row(void *data, size_t y) {
    const spectrum_job *job = data;
    const double height = (double)job->image.height, width = (double)job->image.width;
    const place down = place_of((double)y * ((height / BACKGROUND_STEP - 1) / (height - 1)), job->back.height);
    const float *low = cseg_row_f32(&job->back, down.low), *high = cseg_row_f32(&job->back, down.high);
    float *row = cseg_row_f32(&job->image, y);
    for (size_t x = 0; x < job->image.width; x++) {
        const place aside = place_of((double)x * ((width / BACKGROUND_STEP - 1) / (width - 1)), job->back.width);
        const double above = between((double)low[aside.low], (double)low[aside.high], aside.fraction);
        const double below = between((double)high[aside.low], (double)high[aside.high], aside.fraction);
        const double left = (double)row[x] - between(above, below, down.fraction);
        row[x] = left > 0 ? (float)left : 0;
    }
    return CELLSEG_OK;
}

static cellseg_status remove_background(spectrum_job *job) {
    cellseg_context *context = job->input->context;
    const size_t height = (job->image.height + BACKGROUND_STEP - 1) / BACKGROUND_STEP;
    const size_t width = (job->image.width + BACKGROUND_STEP - 1) / BACKGROUND_STEP;
    CSEG_TRY(cseg_plane_new(&job->back, context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY(cseg_plane_new(&job->scratch, context, CELLSEG_FLOAT32, height, width));
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            cseg_row_f32(&job->back, y)[x] = cseg_row_f32(&job->image, y * BACKGROUND_STEP)[x * BACKGROUND_STEP];
    CSEG_TRY(cseg_disc_erode(context, &job->scratch, &job->back, BACKGROUND_RADIUS));
    CSEG_TRY(cseg_disc_dilate(context, &job->back, &job->scratch, BACKGROUND_RADIUS));
    return cseg_parallel_for(context, job->image.height, subtract_row, job);
}

static cellseg_status granularity_spectrum_new(cseg_measure_input *input) {
    spectrum_job job = {.input = input, .step = (size_t)input->options->granularity_step_px};
    const size_t height = input->channel.height / job.step, width = input->channel.width / job.step;
    if (height < 2 || width < 2)
        return CELLSEG_OK; /* no spectrum */
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&job.image, input->context, CELLSEG_FLOAT32, height, width));
    if (input->spectrum.data == NULL) /* else an earlier channel's room */
        CSEG_TRY_GOTO(done, cseg_plane_new(&input->spectrum, input->context, CELLSEG_FLOAT32, height, CSEG_OPENINGS * width));
    CSEG_TRY_GOTO(done, cseg_parallel_for(input->context, height, read_row, &job));
    CSEG_TRY_GOTO(done, remove_background(&job));
    status = cseg_openings_find(input->context, &input->spectrum, &job.image);
done:
    cseg_plane_free(&job.scratch);
    cseg_plane_free(&job.back);
    cseg_plane_free(&job.image);
    return status;
}

/* ---- the group ---- */

static const cseg_column granularity_columns[OPENINGS] = {
    {"granularity_1", CSEG_UNIT_NONE},  {"granularity_2", CSEG_UNIT_NONE},  {"granularity_3", CSEG_UNIT_NONE},
    {"granularity_4", CSEG_UNIT_NONE},  {"granularity_5", CSEG_UNIT_NONE},  {"granularity_6", CSEG_UNIT_NONE},
    {"granularity_7", CSEG_UNIT_NONE},  {"granularity_8", CSEG_UNIT_NONE},  {"granularity_9", CSEG_UNIT_NONE},
    {"granularity_10", CSEG_UNIT_NONE}, {"granularity_11", CSEG_UNIT_NONE}, {"granularity_12", CSEG_UNIT_NONE},
    {"granularity_13", CSEG_UNIT_NONE}, {"granularity_14", CSEG_UNIT_NONE}, {"granularity_15", CSEG_UNIT_NONE},
    {"granularity_16", CSEG_UNIT_NONE},
};

/* The image's pixels along a side, and those of the openings, at least two, between which values are linear. */
typedef struct side {
    uint64_t pixels, nodes;
} side;

/* The first of the two nodes around a pixel; the last pixel is the last node. */
static size_t node_of(side s, size_t pixel) {
    const uint64_t node = pixel * (s.nodes - 1) / (s.pixels - 1);
    return (size_t)(node + 2 < s.nodes ? node : s.nodes - 2);
}

/* Where the next node's pixels begin. */
static size_t end_of(side s, size_t node) {
    return (size_t)(node + 2 < s.nodes ? ((node + 1) * (s.pixels - 1) + s.nodes - 2) / (s.nodes - 1) : s.pixels);
}

/* By how far `count` pixels from `first` on lie behind a node, in all. */
static double sum_behind(side s, size_t node, size_t first, size_t count) {
    const double sum = (double)count * ((double)first + (double)(count - 1) / 2);
    return sum * ((double)(s.nodes - 1) / (double)(s.pixels - 1)) - (double)count * (double)node;
}

/* The weights of the openings' pixels in a region's sum, in a rectangle. */
typedef struct region_weights {
    side down, aside;
    size_t top, left, height, width;
    double *weight;
} region_weights;

static region_weights rectangle_of(const cseg_region *region, const cseg_measure_input *input) {
    region_weights w = {.down = {input->channel.height, input->spectrum.height},
                        .aside = {input->channel.width, input->spectrum.width / OPENINGS}};
    size_t left = SIZE_MAX, right = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        left = run.begin < left ? run.begin : left;
        right = run.end - 1 > right ? run.end - 1 : right;
    }
    w.top = node_of(w.down, cseg_regions_run(region, 0).y);
    w.left = node_of(w.aside, left);
    w.height = node_of(w.down, cseg_regions_run(region, region->run_count - 1).y) + 2 - w.top;
    w.width = node_of(w.aside, right) + 2 - w.left;
    return w;
}

static void weigh_run(const region_weights *w, cseg_run run) {
    const size_t row = node_of(w->down, run.y);
    const double below = sum_behind(w->down, row, run.y, 1);
    size_t node = node_of(w->aside, run.begin);
    double *upper = w->weight + (row - w->top) * w->width + (node - w->left), *lower = upper + w->width;
    for (size_t x = run.begin, end; x < run.end; x = end, node++, upper++, lower++) {
        end = end_of(w->aside, node) < run.end ? end_of(w->aside, node) : run.end;
        const double right = sum_behind(w->aside, node, x, end - x), left = (double)(end - x) - right;
        upper[0] += left * (1 - below);
        upper[1] += right * (1 - below);
        lower[0] += left * below;
        lower[1] += right * below;
    }
}

static double sum_run(const cseg_plane *channel, cseg_run run) {
    double lanes[LANES] = {0};
    for (size_t x = run.begin; x < run.end; x += CSEG_DOUBLES_BLOCK) {
        const size_t count = cseg_doubles_count(x, run.end);
        double samples[CSEG_DOUBLES_BLOCK + LANES];
        cseg_doubles_load(samples, channel, run.y, x, count);
        memset(samples + count, 0, LANES * sizeof *samples);
        for (size_t i = 0; i < count; i += LANES)
            for (size_t k = 0; k < LANES; k++)
                lanes[k] += samples[i + k];
    }
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/* Every opening's sum over a region. */
static void sum_openings(double sums[OPENINGS], const region_weights *w, const cseg_plane *spectrum) {
    for (size_t y = 0; y < w->height; y++) {
        const float *row = cseg_row_f32(spectrum, w->top + y) + w->left * OPENINGS;
        for (size_t x = 0; x < w->width; x++) {
            const double weight = w->weight[y * w->width + x];
            for (size_t k = 0; k < OPENINGS && weight != 0; k++)
                sums[k] += weight * (double)row[x * OPENINGS + k];
        }
    }
}

static cellseg_status measure_granularity(double *values, const cseg_region *region, const cseg_measure_input *input) {
    for (size_t k = 0; k < OPENINGS; k++)
        values[k] = (double)NAN;
    if (input->spectrum.data == NULL)
        return CELLSEG_OK;
    region_weights w = rectangle_of(region, input);
    w.weight = cseg_memory_calloc(input->context, w.height * w.width, sizeof *w.weight);
    if (w.weight == NULL)
        return cseg_error_last();
    double total = 0, sums[OPENINGS] = {0};
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        weigh_run(&w, run);
        total += sum_run(&input->channel, run);
    }
    sum_openings(sums, &w, &input->spectrum);
    cseg_memory_free(w.weight);
    const double area = (double)cseg_regions_area(region), mean = total / area;
    const double unit = mean > DBL_EPSILON ? mean : DBL_EPSILON;
    for (size_t k = 0; k < OPENINGS && isfinite(mean); k++)
        values[k] = ((k > 0 ? sums[k - 1] / area : mean) - sums[k] / area) * 100 / unit;
    return CELLSEG_OK;
}

const cseg_column_group cseg_granularity_measure = {
    CSEG_NEEDS_CHANNEL, CSEG_CHOICE_GRANULARITY, CSEG_COLUMNS(granularity_columns), measure_granularity, granularity_spectrum_new,
};
