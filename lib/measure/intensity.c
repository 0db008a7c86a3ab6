/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics of a channel's values in a cell. Values are gathered as 32-bit keys in the order of the values, so that one code
 * handles all pixel types. The median is found by selection in bins. Cost: one pass over the label's pixels and some six over
 * its keys; memory: 4 bytes per pixel of the labels measured at one time.
 */
#include "measure/columns.h"

#include <math.h>
#include <string.h>

/* ---- keys ---- */

enum { SIGN_BIT = 31, BINS = 256, LANES = 4, BLOCK = 64 };

static uint32_t key_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> SIGN_BIT ? ~bits : bits | UINT32_C(1) << SIGN_BIT;
}

static double value_of(uint32_t key, int32_t type) {
    if (type != CELLSEG_FLOAT32)
        return (double)key;
    const uint32_t bits = key >> SIGN_BIT ? key ^ UINT32_C(1) << SIGN_BIT : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static void gather_run(uint32_t *keys, const cseg_plane *channel, cseg_run run) {
    const void *row = cseg_row_at(channel, run.y);
    const size_t count = run.end - run.begin;
    switch (channel->type) {
    case CELLSEG_UINT8:
        for (size_t i = 0; i < count; i++)
            keys[i] = ((const uint8_t *)row)[run.begin + i];
        break;
    case CELLSEG_UINT16:
        for (size_t i = 0; i < count; i++)
            keys[i] = ((const uint16_t *)row)[run.begin + i];
        break;
    case CELLSEG_UINT32:
        memcpy(keys, (const uint32_t *)row + run.begin, count * sizeof *keys);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            keys[i] = key_of(((const float *)row)[run.begin + i]);
    }
}

static void gather(uint32_t *keys, const cseg_plane *channel, const cseg_region *region) {
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        gather_run(keys, channel, run);
        keys += run.end - run.begin;
    }
}

/* ---- sums: in four lanes, which the processor adds side by side, and these in order ---- */

typedef struct sums {
    double value, y_value, x_value; /* positions from the image's first pixel */
    uint32_t smallest, largest;     /* keys */
    bool nan;
} sums;

/* Values of at most BLOCK keys; `filler` completes the last vector. */
static void load(double values[BLOCK], const uint32_t *keys, size_t count, int32_t type, double filler) {
    if (type == CELLSEG_FLOAT32)
        for (size_t i = 0; i < count; i++)
            values[i] = value_of(keys[i], CELLSEG_FLOAT32);
    else if (type != CELLSEG_UINT32)
        for (size_t i = 0; i < count; i++)
            values[i] = (double)(int32_t)keys[i]; /* four conversions at a time on common processors */
    else
        for (size_t i = 0; i < count; i++)
            values[i] = (double)keys[i];
    for (size_t i = count; i % LANES != 0; i++)
        values[i] = filler;
}

static size_t block_at(size_t begin, size_t count) {
    return count - begin < BLOCK ? count - begin : BLOCK;
}

static double lanes_total(const double lanes[LANES]) {
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

static void add_run(sums *s, const uint32_t *keys, cseg_run run, int32_t type) {
    const size_t count = run.end - run.begin;
    double values[BLOCK], sum[LANES] = {0}, moment[LANES] = {0};
    for (size_t begin = 0; begin < count; begin += BLOCK) {
        const size_t here = block_at(begin, count);
        load(values, keys + begin, here, type, 0);
        for (size_t i = 0; i < here; i += LANES) {
            for (size_t k = 0; k < LANES; k++) {
                sum[k] += values[i + k];
                moment[k] += (double)(int32_t)(begin + i + k) * values[i + k];
            }
        }
    }
    const double total = lanes_total(sum);
    s->value += total;
    s->y_value += (double)run.y * total;
    s->x_value += (double)run.begin * total + lanes_total(moment);
}

static sums sum_up(const uint32_t *keys, const cseg_region *region, size_t area, int32_t type) {
    sums s = {.smallest = keys[0], .largest = keys[0]};
    for (size_t i = 0; i < area; i++) {
        s.smallest = keys[i] < s.smallest ? keys[i] : s.smallest;
        s.largest = keys[i] > s.largest ? keys[i] : s.largest;
    }
    s.nan = isnan(value_of(s.smallest, type)) || isnan(value_of(s.largest, type)); /* NaN sorts beyond the infinities */
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        add_run(&s, keys, run, type);
        keys += run.end - run.begin;
    }
    return s;
}

static double sum_squares(const uint32_t *keys, size_t count, double mean, int32_t type) {
    double values[BLOCK], sum[LANES] = {0};
    for (size_t begin = 0; begin < count; begin += BLOCK) {
        const size_t here = block_at(begin, count);
        load(values, keys + begin, here, type, mean);
        for (size_t i = 0; i < here; i += LANES)
            for (size_t k = 0; k < LANES; k++)
                sum[k] += (values[i + k] - mean) * (values[i + k] - mean);
    }
    return lanes_total(sum);
}

/* ---- median ---- */

/* The key of the given rank, from 0, among keys from `low` to `high`. Each round splits the range into at most 256 bins. */
static uint32_t select_key(const uint32_t *keys, size_t count, size_t rank, uint32_t low, uint32_t high) {
    while (low < high) {
        size_t bins[BINS] = {0};
        int shift = 0;
        while ((high - low) >> shift >= BINS)
            shift++;
        for (size_t i = 0; i < count; i++)
            if (keys[i] - low <= high - low) /* keys below `low` wrap round */
                bins[(keys[i] - low) >> shift]++;
        uint32_t bin = 0;
        while (rank >= bins[bin])
            rank -= bins[bin++];
        low += bin << shift;
        const uint32_t last = (UINT32_C(1) << shift) - 1;
        high = high - low > last ? low + last : high;
    }
    return low;
}

static double median(const uint32_t *keys, size_t count, const sums *s, int32_t type) {
    const uint32_t low = select_key(keys, count, (count - 1) / 2, s->smallest, s->largest);
    if (count % 2 == 1)
        return value_of(low, type);
    size_t up_to_low = 0;
    uint32_t next = UINT32_MAX; /* the smallest key above low */
    for (size_t i = 0; i < count; i++) {
        up_to_low += keys[i] <= low;
        next = keys[i] > low && keys[i] < next ? keys[i] : next;
    }
    const uint32_t high = up_to_low > count / 2 ? low : next;
    return (value_of(low, type) + value_of(high, type)) / 2;
}

/* ---- the group ---- */

static const cseg_column intensity_columns[] = {
    {"intensity_mean", CSEG_UNIT_NONE},        {"intensity_std", CSEG_UNIT_NONE},
    {"intensity_min", CSEG_UNIT_NONE},         {"intensity_max", CSEG_UNIT_NONE},
    {"intensity_median", CSEG_UNIT_NONE},      {"intensity_integrated", CSEG_UNIT_NONE},
    {"centroid_weighted_y", CSEG_UNIT_LENGTH}, {"centroid_weighted_x", CSEG_UNIT_LENGTH},
};
enum { COLUMNS = sizeof intensity_columns / sizeof *intensity_columns };

static cellseg_status measure_intensity(double *values, const cseg_region *region, const cseg_measure_input *input) {
    const size_t area = cseg_regions_area(region);
    const int32_t type = input->channel.type;
    uint32_t *keys = cseg_memory_alloc(input->context, area, sizeof *keys);
    if (keys == NULL)
        return cseg_error_last();
    gather(keys, &input->channel, region);
    const sums s = sum_up(keys, region, area, type);
    const double mean = s.value / (double)area;
    const double measured[] = {
        mean,
        sqrt(sum_squares(keys, area, mean, type) / (double)area),
        value_of(s.smallest, type),
        value_of(s.largest, type),
        median(keys, area, &s, type),
        s.value,
        s.y_value / s.value,
        s.x_value / s.value,
    };
    for (size_t i = 0; i < COLUMNS; i++)
        values[i] = s.nan ? (double)NAN : measured[i];
    cseg_memory_free(keys);
    return CELLSEG_OK;
}

const cseg_column_group cseg_intensity_measure = {
    CSEG_NEEDS_CHANNEL,
    CSEG_CHOICE_INTENSITY,
    CSEG_COLUMNS(intensity_columns),
    measure_intensity,
};
