/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Haralick's thirteen texture features (Haralick, Shanmugam and Dinstein 1973) from grey-level co-occurrence matrices. A matrix
 * counts how often levels i and j lie `distance` apart, along rows, columns and both diagonals, with both pixels in the cell;
 * symmetric. Each feature is the mean over the directions in which the cell has pairs. Where the paper is ambiguous: levels
 * count from 0, entropies are in bits, and the difference variance is that of the difference |i - j|.
 *
 * Cost: four passes over the label's pixels and four over the matrix, levels x levels; and, for the ends of the levels' range,
 * some passes over the image. Memory: one byte per pixel of the image for its grey levels, and a matrix per thread; as much as
 * the channel's pixels in cells while the ends are found.
 */
#include "measure/columns.h"
#include "measure/doubles.h"

#include "filter/filter.h"

#include <math.h>
#include <string.h>

/* ---- grey levels ---- */

enum { NOT_FINITE = 255 }; /* not a level */

typedef struct range {
    double low, high;
} range;

typedef struct levels_job {
    const cseg_measure_input *input;
    size_t *row_start;     /* per row: first the number of values, then the place of the first */
    unsigned char *values; /* of the pixels in cells, in the channel's type; NULL while they are counted */
    range all;
} levels_job;

static size_t count_finite(const cseg_plane *channel, size_t y, size_t begin, size_t count) {
    double samples[CSEG_DOUBLES_BLOCK];
    size_t finite = 0;
    cseg_doubles_load(samples, channel, y, begin, count);
    for (size_t i = 0; i < count; i++)
        finite += isfinite(samples[i]) != 0;
    return finite;
}

/* Copy the finite samples of a block, of which there are `finite`, in their own type. */
static void copy_finite(unsigned char *to, const cseg_plane *channel, size_t y, size_t begin, size_t count, size_t finite) {
    const size_t size = cseg_plane_type_size(channel->type);
    const unsigned char *from = (const unsigned char *)cseg_row_at(channel, y) + begin * size;
    if (finite == count) {
        memcpy(to, from, count * size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (count_finite(channel, y, begin + i, 1) == 0)
            continue;
        memcpy(to, from + i * size, size);
        to += size;
    }
}

/* Count the finite values of a row's pixels in cells, or write them. */
static cellseg_status collect_row(void *data, size_t y) {
    const levels_job *job = data;
    const cseg_plane *channel = &job->input->channel;
    const uint32_t *ids = cseg_row_u32(&job->input->cells, y);
    const size_t size = cseg_plane_type_size(channel->type);
    size_t found = 0;
    for (size_t x = 0, begin = 0; x < channel->width; begin = x) {
        while (x < channel->width && x - begin < CSEG_DOUBLES_BLOCK && (ids[x] != 0) == (ids[begin] != 0))
            x++;
        const size_t finite = ids[begin] != 0 ? count_finite(channel, y, begin, x - begin) : 0;
        if (job->values != NULL && finite > 0)
            copy_finite(job->values + (job->row_start[y] + found) * size, channel, y, begin, x - begin, finite);
        found += finite;
    }
    if (job->values == NULL)
        job->row_start[y] = found;
    return CELLSEG_OK;
}

/* *count: the finite values in cells, collected in job->values. */
static cellseg_status collect_values(levels_job *job, size_t *count) {
    cellseg_context *context = job->input->context;
    const size_t height = job->input->channel.height;
    CSEG_TRY(cseg_parallel_for(context, height, collect_row, job));
    *count = 0;
    for (size_t y = 0; y < height; y++) {
        const size_t here = job->row_start[y];
        job->row_start[y] = *count;
        *count += here;
    }
    job->values = cseg_memory_alloc(context, *count + 1, cseg_plane_type_size(job->input->channel.type));
    return job->values != NULL ? cseg_parallel_for(context, height, collect_row, job) : cseg_error_last();
}

/* The ends are percentiles: a camera's hot pixel would else take all levels but one. */
static cellseg_status find_ends(levels_job *job) {
    static const double percents[2] = {0.1, 99.9};
    double ends[2];
    size_t count;
    CSEG_TRY(collect_values(job, &count));
    if (count == 0)
        return CELLSEG_OK;
    const int32_t type = job->input->channel.type;
    const cseg_plane all = {job->values, 1, count, count * cseg_plane_type_size(type), type};
    CSEG_TRY(cseg_percentiles_find(job->input->context, ends, percents, 2, &all));
    job->all = (range){ends[0], ends[1]};
    return CELLSEG_OK;
}

/* The options' range, or that of the channel's finite values in cells. */
static cellseg_status find_range(levels_job *job) {
    const cellseg_measure_options *o = job->input->options;
    job->all = (range){o->texture_low, o->texture_high};
    if (o->texture_low < o->texture_high)
        return CELLSEG_OK;
    job->row_start = cseg_memory_alloc(job->input->context, job->input->channel.height, sizeof *job->row_start);
    if (job->row_start == NULL)
        return cseg_error_last();
    const cellseg_status status = find_ends(job);
    cseg_memory_free(job->values);
    cseg_memory_free(job->row_start);
    return status;
}

static uint8_t level_of(double value, range r, int32_t levels) {
    if (!isfinite(value))
        return NOT_FINITE;
    if (!(value > r.low) || !(r.high > r.low))
        return 0;
    const double level = (value - r.low) / (r.high - r.low) * (double)levels;
    return (uint8_t)(level < (double)levels ? level : (double)(levels - 1));
}

static cellseg_status quantise_row(void *data, size_t y) {
    const levels_job *job = data;
    const cseg_plane *channel = &job->input->channel;
    double samples[CSEG_DOUBLES_BLOCK];
    const uint32_t *ids = cseg_row_u32(&job->input->cells, y);
    uint8_t *levels = cseg_row_u8(&job->input->levels, y);
    for (size_t x = 0; x < channel->width; x++) {
        if (x % CSEG_DOUBLES_BLOCK == 0)
            cseg_doubles_load(samples, channel, y, x, cseg_doubles_count(x, channel->width));
        if (ids[x] != 0) /* no other level is read */
            levels[x] = level_of(samples[x % CSEG_DOUBLES_BLOCK], job->all, job->input->options->texture_levels);
    }
    return CELLSEG_OK;
}

static cellseg_status texture_levels_new(cseg_measure_input *input) {
    levels_job job = {.input = input};
    CSEG_TRY(cseg_plane_new(&input->levels, input->context, CELLSEG_UINT8, input->channel.height, input->channel.width));
    cellseg_status status = find_range(&job);
    if (status == CELLSEG_OK)
        status = cseg_parallel_for(input->context, input->channel.height, quantise_row, &job);
    if (status != CELLSEG_OK)
        cseg_plane_free(&input->levels);
    return status;
}

/* ---- co-occurrence ---- */

/* counts[i * size + j] is the number of pairs of a pixel of level i and one of level j at the other end of the direction. There
 * are two such tables: pixels take turns, so that a count need not wait for the one before. */
typedef struct matrix {
    size_t size;
    uint32_t *counts;
    uint64_t pairs;
} matrix;

static void count_pairs(matrix *m, const cseg_region *region, const cseg_measure_input *input, size_t down, ptrdiff_t aside) {
    const cseg_plane *cells = &input->cells;
    const size_t before = aside < 0 ? (size_t)-aside : 0, after = aside > 0 ? (size_t)aside : 0;
    memset(m->counts, 0, 2 * m->size * m->size * sizeof *m->counts);
    m->pairs = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        if (down >= cells->height - run.y || after >= cells->width)
            break;
        const uint8_t *here = cseg_row_u8(&input->levels, run.y), *there = cseg_row_u8(&input->levels, run.y + down);
        const uint32_t *ids = cseg_row_u32(cells, run.y + down);
        const size_t begin = run.begin > before ? run.begin : before;
        const size_t end = run.end < cells->width - after ? run.end : cells->width - after;
        for (size_t x = begin; x < end; x++) {
            const size_t to = (size_t)((ptrdiff_t)x + aside);
            if (ids[to] != region->id)
                continue;
            m->counts[(x % 2 * m->size + here[x]) * m->size + there[to]]++;
            m->pairs++;
        }
    }
}

/* ---- features ---- */

static const cseg_column texture_columns[] = {
    {"texture_angular_second_moment", CSEG_UNIT_NONE},
    {"texture_contrast", CSEG_UNIT_NONE},
    {"texture_correlation", CSEG_UNIT_NONE},
    {"texture_variance", CSEG_UNIT_NONE},
    {"texture_inverse_difference_moment", CSEG_UNIT_NONE},
    {"texture_sum_average", CSEG_UNIT_NONE},
    {"texture_sum_variance", CSEG_UNIT_NONE},
    {"texture_sum_entropy", CSEG_UNIT_NONE},
    {"texture_entropy", CSEG_UNIT_NONE},
    {"texture_difference_variance", CSEG_UNIT_NONE},
    {"texture_difference_entropy", CSEG_UNIT_NONE},
    {"texture_info_measure_1", CSEG_UNIT_NONE},
    {"texture_info_measure_2", CSEG_UNIT_NONE},
};
enum { FEATURES = sizeof texture_columns / sizeof *texture_columns, MAX_LEVELS = 255 };

static double bits_of(double p) {
    return p > 0 ? -p * cseg_math_log(p) * 1.44269504088896340736 : 0;
}

/* A distribution over 0, 1, ... */
typedef struct moments {
    double mean, variance, entropy, square; /* square: the mean of the squares */
} moments;

static moments moments_of(const double *p, size_t count) {
    moments m = {0};
    for (size_t k = 0; k < count; k++) {
        m.mean += (double)k * p[k];
        m.square += (double)k * (double)k * p[k];
        m.entropy += bits_of(p[k]);
    }
    for (size_t k = 0; k < count; k++)
        m.variance += ((double)k - m.mean) * ((double)k - m.mean) * p[k];
    return m;
}

/* Add the matrix's features to `values`, in the order of the columns. */
static void add_features(double *values, const matrix *m) {
    double own[MAX_LEVELS] = {0}, sum[2 * MAX_LEVELS] = {0}, difference[MAX_LEVELS] = {0};
    double energy = 0, entropy = 0, homogeneity = 0;
    const size_t half = m->size * m->size; /* to the second table */
    for (size_t i = 0; i < m->size; i++) {
        for (size_t j = 0; j <= i; j++) {
            const uint32_t *upper = m->counts + i * m->size + j, *lower = m->counts + j * m->size + i;
            const uint64_t count = (uint64_t)upper[0] + upper[half] + lower[0] + lower[half];
            if (count == 0)
                continue;
            const double p = (double)count / (2 * (double)m->pairs), both = j < i ? 2 : 1; /* p(i, j) is p(j, i) */
            const size_t apart = i - j;
            energy += both * p * p;
            entropy += both * bits_of(p);
            homogeneity += both * p / (1 + (double)(apart * apart));
            own[i] += p;
            own[j] += j < i ? p : 0;
            sum[i + j] += both * p;
            difference[apart] += both * p;
        }
    }
    const moments o = moments_of(own, m->size), s = moments_of(sum, 2 * m->size - 1), d = moments_of(difference, m->size);
    const double shared = 2 * o.entropy - entropy; /* the matrix is symmetric: HXY1 = HXY2 = 2 HX */
    const double features[FEATURES] = {
        energy,
        d.square,
        o.variance > 0 ? 1 - d.square / (2 * o.variance) : 1,
        o.variance,
        homogeneity,
        s.mean,
        s.variance,
        s.entropy,
        entropy,
        d.variance,
        d.entropy,
        o.entropy > 0 ? -shared / o.entropy : 0,
        shared > 0 ? sqrt(1 - cseg_math_exp(-2 * shared)) : 0,
    };
    for (size_t i = 0; i < FEATURES; i++)
        values[i] += features[i];
}

static bool has_not_finite(const cseg_region *region, const cseg_plane *levels) {
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        if (memchr(cseg_row_u8(levels, run.y) + run.begin, NOT_FINITE, run.end - run.begin) != NULL)
            return true;
    }
    return false;
}

static cellseg_status measure_texture(double *values, const cseg_region *region, const cseg_measure_input *input) {
    const ptrdiff_t distance = input->options->texture_distance_px;
    const struct {
        size_t down;
        ptrdiff_t aside;
    } directions[] = {{0, distance}, {(size_t)distance, distance}, {(size_t)distance, 0}, {(size_t)distance, -distance}};
    matrix m = {.size = (size_t)input->options->texture_levels};
    size_t used = 0;
    memset(values, 0, FEATURES * sizeof *values);
    if (!has_not_finite(region, &input->levels)) {
        m.counts = cseg_memory_alloc(input->context, 2 * m.size * m.size, sizeof *m.counts);
        if (m.counts == NULL)
            return cseg_error_last();
        for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
            count_pairs(&m, region, input, directions[i].down, directions[i].aside);
            if (m.pairs == 0)
                continue;
            add_features(values, &m);
            used++;
        }
        cseg_memory_free(m.counts);
    }
    for (size_t i = 0; i < FEATURES; i++)
        values[i] = used > 0 ? values[i] / (double)used : (double)NAN;
    return CELLSEG_OK;
}

const cseg_column_group cseg_texture_measure = {
    CSEG_NEEDS_CHANNEL, CSEG_CHOICE_TEXTURE, CSEG_COLUMNS(texture_columns), measure_texture, texture_levels_new,
};
