/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a channel lies between the middle of a cell and its edge, as CellProfiler's MeasureObjectIntensityDistribution. The middle
 * is the cell's first pixel of the largest distance to the edge. A pixel's place is c / (c + e + 0.001), where e is its distance
 * to the edge and c the length of the shortest way to the middle: within the cell, in steps to the 8 neighbours of length 1 and
 * sqrt(2). Four rings of equal width in this number, each cut into eight wedges around the middle, are 32 zones. The zones of all
 * pixels are found once and serve every channel.
 *
 * Ways are found by sweeps, forwards and backwards, until no length changes (Rosenfeld and Pfaltz 1968). The result is the
 * shortest sum over all ways, so that the order of the sweeps does not matter. Cost: two sweeps for a convex cell, two more for
 * every time that the ways turn back; then one pass per channel. Memory, while zones are found: 12 bytes per pixel; later 1.
 */
#include "measure/columns.h"
#include "measure/doubles.h"
#include "morph/morph.h"

#include <math.h>
#include <string.h>

enum { RINGS = 4, WEDGES = 8, ZONES = RINGS * WEDGES, NO_ZONE = ZONES, LANES = 4 };

/* ---- zones ---- */

typedef struct zones_job {
    const cseg_measure_input *input;
    cseg_plane edge;   /* distance to the cell's edge, float32 */
    cseg_plane middle; /* length of the way to the cell's middle, float64 */
} zones_job;

typedef struct position {
    size_t y, x;
} position;

static position find_middle(const zones_job *job, const cseg_region *region) {
    position middle = {0};
    float farthest = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        const float *edge = cseg_row_f32(&job->edge, run.y);
        for (size_t x = run.begin; x < run.end; x++) {
            if (edge[x] > farthest) {
                farthest = edge[x];
                middle = (position){run.y, x};
            }
        }
    }
    return middle;
}

static double *row_f64(const cseg_plane *plane, size_t y) {
    return cseg_row_at(plane, y);
}

static void fill_ways(const zones_job *job, const cseg_region *region, position middle) {
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        for (size_t x = run.begin; x < run.end; x++)
            row_f64(&job->middle, run.y)[x] = (double)INFINITY;
    }
    row_f64(&job->middle, middle.y)[middle.x] = 0;
}

static double shorter_of(double a, double b) {
    return a < b ? a : b;
}

/* Shorten the ways of a run by those through the neighbours that the sweep has passed; true if any became shorter. */
static bool sweep_run(const zones_job *job, cseg_run run, uint32_t id, bool forward) {
    const size_t width = job->middle.width, count = run.end - run.begin;
    const bool has_row = forward ? run.y > 0 : run.y + 1 < job->middle.height;
    const size_t y = has_row ? run.y + (forward ? (size_t)-1 : 1) : run.y;
    const uint32_t *ids = cseg_row_u32(&job->input->cells, y);
    const double *from = row_f64(&job->middle, y), sqrt_2 = 1.41421356237309504880;
    double *ways = row_f64(&job->middle, run.y), last = (double)INFINITY;
    bool shorter = false;
    for (size_t k = 0; k < count; k++) {
        const size_t x = forward ? run.begin + k : run.end - 1 - k;
        double way = ways[x];
        if (has_row && ids[x] == id)
            way = shorter_of(from[x] + 1, way);
        if (has_row && x > 0 && ids[x - 1] == id)
            way = shorter_of(from[x - 1] + sqrt_2, way);
        if (has_row && x + 1 < width && ids[x + 1] == id)
            way = shorter_of(from[x + 1] + sqrt_2, way);
        last = shorter_of(last + 1, way);
        shorter |= last < ways[x];
        ways[x] = last;
    }
    return shorter;
}

static bool sweep_ways(const zones_job *job, const cseg_region *region, bool forward) {
    bool shorter = false;
    for (size_t i = 0; i < region->run_count; i++)
        shorter |= sweep_run(job, cseg_regions_run(region, forward ? i : region->run_count - 1 - i), region->id, forward);
    return shorter;
}

/* After a sweep nothing remains to do in its direction, so that the first sweep that shortens none is the last. */
static cellseg_status find_ways(const zones_job *job, const cseg_region *region) {
    bool forward = false;
    for (sweep_ways(job, region, true); sweep_ways(job, region, forward); forward = !forward)
        CSEG_TRY(cseg_parallel_poll(job->input->context));
    return CELLSEG_OK;
}

/* The zone of pixel (y, x); NO_ZONE where no way leads to the middle. */
static uint8_t zone_of(const zones_job *job, size_t y, size_t x, position middle) {
    const double way = row_f64(&job->middle, y)[x], rounded = (double)cseg_row_f32(&job->edge, y)[x];
    if (isinf(way))
        return NO_ZONE;
    const double edge = isinf(rounded) ? rounded : sqrt(floor(rounded * rounded + 0.5)); /* the square is a whole number */
    const size_t ring = (size_t)(way / (way + edge + 0.001) * RINGS);
    const size_t down = y > middle.y ? y - middle.y : middle.y - y, aside = x > middle.x ? x - middle.x : middle.x - x;
    return (uint8_t)(ring * WEDGES + (y > middle.y) + 2 * (size_t)(x > middle.x) + 4 * (size_t)(down > aside));
}

static cellseg_status find_zones(void *data, size_t row) {
    const zones_job *job = data;
    const cseg_region *region = &job->input->regions->region[row];
    const position middle = find_middle(job, region);
    fill_ways(job, region, middle);
    CSEG_TRY(find_ways(job, region));
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        uint8_t *zones = cseg_row_u8(&job->input->zones, run.y);
        for (size_t x = run.begin; x < run.end; x++)
            zones[x] = zone_of(job, run.y, x, middle);
    }
    return CELLSEG_OK;
}

static cellseg_status radial_zones_new(cseg_measure_input *input) {
    if (input->zones.data != NULL) /* an earlier channel's */
        return CELLSEG_OK;
    const size_t height = input->cells.height, width = input->cells.width;
    zones_job job = {.input = input};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&input->zones, input->context, CELLSEG_UINT8, height, width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&job.edge, input->context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&job.middle, input->context, CELLSEG_FLOAT64, height, width));
    CSEG_TRY_GOTO(done, cseg_distance_within(input->context, &job.edge, &input->cells));
    status = cseg_parallel_for(input->context, input->regions->count, find_zones, &job);
done:
    cseg_plane_free(&job.middle);
    cseg_plane_free(&job.edge);
    return status;
}

/* ---- the group ---- */

static const cseg_column radial_columns[] = {
    {"radial_fraction_1_of_4", CSEG_UNIT_NONE},
    {"radial_fraction_2_of_4", CSEG_UNIT_NONE},
    {"radial_fraction_3_of_4", CSEG_UNIT_NONE},
    {"radial_fraction_4_of_4", CSEG_UNIT_NONE},
    {"radial_mean_fraction_1_of_4", CSEG_UNIT_NONE},
    {"radial_mean_fraction_2_of_4", CSEG_UNIT_NONE},
    {"radial_mean_fraction_3_of_4", CSEG_UNIT_NONE},
    {"radial_mean_fraction_4_of_4", CSEG_UNIT_NONE},
    {"radial_cv_1_of_4", CSEG_UNIT_NONE},
    {"radial_cv_2_of_4", CSEG_UNIT_NONE},
    {"radial_cv_3_of_4", CSEG_UNIT_NONE},
    {"radial_cv_4_of_4", CSEG_UNIT_NONE},
};

/* Pixels take turns in four lanes, so that a sum need not wait for the one before. */
typedef struct zone_sums {
    double value[LANES][ZONES + 1]; /* the last is of pixels without a zone */
    size_t count[LANES][ZONES + 1];
} zone_sums;

static void add_block(zone_sums *sums, const double *values, const uint8_t *zones, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sums->value[i % LANES][zones[i]] += values[i];
        sums->count[i % LANES][zones[i]]++;
    }
}

/* The first lane is the sum of all. */
static void add_up(zone_sums *sums, const cseg_region *region, const cseg_measure_input *input) {
    double values[CSEG_DOUBLES_BLOCK];
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        for (size_t x = run.begin; x < run.end; x += CSEG_DOUBLES_BLOCK) {
            const size_t count = cseg_doubles_count(x, run.end);
            cseg_doubles_load(values, &input->channel, run.y, x, count);
            add_block(sums, values, cseg_row_u8(&input->zones, run.y) + x, count);
        }
    }
    for (size_t lane = 1; lane < LANES; lane++)
        for (size_t i = 0; i < ZONES; i++) {
            sums->value[0][i] += sums->value[lane][i];
            sums->count[0][i] += sums->count[lane][i];
        }
}

/* Coefficient of variation of the wedges' means; 0 for a ring without pixels. */
static double variation(const double *sums, const size_t *counts) {
    double mean = 0, square = 0;
    size_t used = 0;
    for (size_t i = 0; i < WEDGES; i++) {
        used += counts[i] > 0;
        mean += counts[i] > 0 ? sums[i] / (double)counts[i] : 0;
    }
    if (used == 0)
        return 0;
    mean /= (double)used;
    for (size_t i = 0; i < WEDGES; i++) {
        const double away = counts[i] > 0 ? sums[i] / (double)counts[i] - mean : 0;
        square += away * away;
    }
    return sqrt(square / (double)used) / mean;
}

static cellseg_status measure_radial(double *values, const cseg_region *region, const cseg_measure_input *input) {
    zone_sums sums = {0};
    double ring[RINGS] = {0}, total = 0, pixels = 0, ring_pixels[RINGS] = {0};
    add_up(&sums, region, input);
    for (size_t i = 0; i < ZONES; i++) {
        ring[i / WEDGES] += sums.value[0][i];
        ring_pixels[i / WEDGES] += (double)sums.count[0][i];
        pixels += (double)sums.count[0][i];
    }
    for (size_t i = 0; i < RINGS; i++)
        total += ring[i];
    for (size_t i = 0; i < RINGS; i++) {
        const double share = ring_pixels[i] / pixels;
        values[i] = ring[i] / total;
        values[RINGS + i] = share > 0 ? values[i] / share : isnan(values[i]) ? values[i] : 0;
        values[2 * RINGS + i] = variation(sums.value[0] + i * WEDGES, sums.count[0] + i * WEDGES);
    }
    return CELLSEG_OK;
}

const cseg_column_group cseg_radial_measure = {
    CSEG_NEEDS_CHANNEL, CSEG_CHOICE_RADIAL, CSEG_COLUMNS(radial_columns), measure_radial, radial_zones_new,
};
