/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The spectrum of sizes of a channel's bright structures (Ravkin and Temov 1988), as CellProfiler's MeasureGranularity. Every
 * step-th row and column is read, and the background removed: an opening with a disc of radius 10 of every fourth of these, in
 * between linear. Opening k = 1, ..., 16 is the reconstruction, under this image, of its erosion by a cross k times. The spectrum
 * of a cell is the loss of mean value from each opening to the next, in percent of the cell's mean in the channel.
 *
 * A cell's mean of an opening is that of the opening at the image's own scale, in between linear. Such a value is a weighted sum
 * of the opening's pixels, and the weights of a run serve all openings. Cost: that of openings.c per channel; per cell about 32
 * multiplications and additions per `step` pixels. Memory: 108 bytes per pixel read.
 */
#include "measure/columns.h"
#include "measure/doubles.h"
#include "measure/openings.h"
#include "morph/morph.h"

#include <float.h>
#include <math.h>

enum { OPENINGS = CSEG_OPENINGS, BACKGROUND_STEP = 4, BACKGROUND_RADIUS = 10, WEIGHTS = CSEG_DOUBLES_BLOCK + 2 };

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

/* The pixels of a row of the openings that the values of a block of the image's pixels are made of. */
typedef struct block_weights {
    size_t first, count;
    double weight[WEIGHTS];
} block_weights;

static block_weights weigh_block(const cseg_measure_input *input, size_t begin, size_t count) {
    const size_t width = input->spectrum.width / OPENINGS;
    const double ratio = (double)(width - 1) / (double)(input->channel.width - 1);
    block_weights w = {.first = place_of((double)begin * ratio, width).low};
    for (size_t i = 0; i < count; i++) {
        const place at = place_of((double)(begin + i) * ratio, width);
        w.weight[at.low - w.first] += 1 - at.fraction;
        w.weight[at.high - w.first] += at.fraction;
        w.count = at.high - w.first + 1;
    }
    return w;
}

/* Add a row's values of every opening, times `factor`. */
static void add_row(double sums[OPENINGS], const block_weights *w, const float *row, double factor) {
    for (size_t i = 0; i < w->count; i++)
        for (size_t k = 0; k < OPENINGS; k++)
            sums[k] += factor * w->weight[i] * (double)row[(w->first + i) * OPENINGS + k];
}

/* Add a block's values of every opening to `sums`. */
static void add_block(double sums[OPENINGS], const cseg_measure_input *input, size_t y, size_t begin, size_t count) {
    const cseg_plane *spectrum = &input->spectrum;
    const double ratio = (double)(spectrum->height - 1) / (double)(input->channel.height - 1);
    const place down = place_of((double)y * ratio, spectrum->height);
    const block_weights w = weigh_block(input, begin, count);
    add_row(sums, &w, cseg_row_f32(spectrum, down.low), 1 - down.fraction);
    if (down.fraction > 0)
        add_row(sums, &w, cseg_row_f32(spectrum, down.high), down.fraction);
}

static cellseg_status measure_granularity(double *values, const cseg_region *region, const cseg_measure_input *input) {
    double total = 0, sums[OPENINGS] = {0}, samples[CSEG_DOUBLES_BLOCK];
    for (size_t i = 0; i < region->run_count && input->spectrum.data != NULL; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        for (size_t x = run.begin; x < run.end; x += CSEG_DOUBLES_BLOCK) {
            const size_t count = cseg_doubles_count(x, run.end);
            cseg_doubles_load(samples, &input->channel, run.y, x, count);
            for (size_t k = 0; k < count; k++)
                total += samples[k];
            add_block(sums, input, run.y, x, count);
        }
    }
    const double area = (double)cseg_regions_area(region), mean = total / area, unit = mean > DBL_EPSILON ? mean : DBL_EPSILON;
    for (size_t k = 0; k < OPENINGS; k++) {
        const double before = k > 0 ? sums[k - 1] / area : mean;
        values[k] = input->spectrum.data != NULL && isfinite(mean) ? (before - sums[k] / area) * 100 / unit : (double)NAN;
    }
    return CELLSEG_OK;
}

const cseg_column_group cseg_granularity_measure = {
    CSEG_NEEDS_CHANNEL, CSEG_CHOICE_GRANULARITY, CSEG_COLUMNS(granularity_columns), measure_granularity, granularity_spectrum_new,
};
