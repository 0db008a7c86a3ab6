/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics of a channel's values in a cell. Values are gathered as keys in the order of the values, of 32 bits or, for float64,
 * of 64, so that one code (intensity_body.h) handles all pixel types. Median and quartiles are found by selection in bins. Cost:
 * one pass over the label's pixels and some six over its keys, for the details some twenty; memory: 4 or 8 bytes per pixel of the
 * labels measured at one time, for the details 8 more.
 */
#include "measure/columns.h"

#include <math.h>
#include <string.h>

static const cseg_column intensity_columns[] = {
    {"intensity_mean", CSEG_UNIT_NONE},        {"intensity_std", CSEG_UNIT_NONE},
    {"intensity_min", CSEG_UNIT_NONE},         {"intensity_max", CSEG_UNIT_NONE},
    {"intensity_median", CSEG_UNIT_NONE},      {"intensity_integrated", CSEG_UNIT_NONE},
    {"centroid_weighted_y", CSEG_UNIT_LENGTH}, {"centroid_weighted_x", CSEG_UNIT_LENGTH},
};
static const cseg_column detail_columns[] = {
    {"intensity_quartile_lower", CSEG_UNIT_NONE},
    {"intensity_quartile_upper", CSEG_UNIT_NONE},
    {"intensity_mad", CSEG_UNIT_NONE},
    {"intensity_displacement", CSEG_UNIT_LENGTH},
    {"intensity_edge_mean", CSEG_UNIT_NONE},
    {"intensity_edge_std", CSEG_UNIT_NONE},
    {"intensity_edge_min", CSEG_UNIT_NONE},
    {"intensity_edge_max", CSEG_UNIT_NONE},
    {"intensity_edge_integrated", CSEG_UNIT_NONE},
};
enum { COLUMNS = sizeof intensity_columns / sizeof *intensity_columns };
enum { DETAILS = sizeof detail_columns / sizeof *detail_columns, EDGE = DETAILS - 5 };
enum { BINS = 256, LANES = 4, BLOCK = 64 };

static size_t block_at(size_t begin, size_t count) {
    return count - begin < BLOCK ? count - begin : BLOCK;
}

/* True if a pixel of another id or none lies next to pixel x of a run, not diagonally. */
static bool on_edge(const cseg_plane *cells, cseg_run run, size_t x, uint32_t id) {
    return (x == run.begin && x > 0) || (x + 1 == run.end && run.end < cells->width) ||
           (run.y > 0 && cseg_row_u32(cells, run.y - 1)[x] != id) ||
           (run.y + 1 < cells->height && cseg_row_u32(cells, run.y + 1)[x] != id);
}

/* From the mean position of the pixels to (y, x). */
static double distance_from_centroid(const cseg_region *region, double y, double x) {
    double y_sum = 0, x_sum = 0, area = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        const double count = (double)(run.end - run.begin);
        y_sum += count * (double)run.y;
        x_sum += count * (double)(run.begin + run.end - 1) / 2;
        area += count;
    }
    const double down = y - y_sum / area, aside = x - x_sum / area;
    return sqrt(down * down + aside * aside);
}

static double lanes_total(const double lanes[LANES]) {
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/* ---- keys of 64 bits: float64 ---- */

static const uint64_t sign64 = UINT64_C(1) << 63;

static double value_of_u64(uint64_t key, int32_t type) {
    (void)type;
    const uint64_t bits = key & sign64 ? key ^ sign64 : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void gather_run_u64(uint64_t *keys, const cseg_plane *channel, cseg_run run) {
    const double *row = cseg_row_at(channel, run.y);
    memcpy(keys, row + run.begin, (run.end - run.begin) * sizeof *keys);
    for (size_t i = 0; i < run.end - run.begin; i++)
        keys[i] = keys[i] & sign64 ? ~keys[i] : keys[i] | sign64;
}

static void load_u64(double values[BLOCK], const uint64_t *keys, size_t count, int32_t type, double filler) {
    for (size_t i = 0; i < count; i++)
        values[i] = value_of_u64(keys[i], type);
    for (size_t i = count; i % LANES != 0; i++)
        values[i] = filler;
}

/* The key of a double that is not below 0. */
static uint64_t key_of_size(double size) {
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    return bits | sign64;
}

#define KEY uint64_t
#define KEYED(name) name##_u64
#include "measure/intensity_body.h"
#undef KEY
#undef KEYED

/* ---- keys of 32 bits ---- */

static const uint32_t sign32 = UINT32_C(1) << 31;

static uint32_t key_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & sign32 ? ~bits : bits | sign32;
}

static double value_of_u32(uint32_t key, int32_t type) {
    if (type == CELLSEG_INT16 || type == CELLSEG_INT32)
        return (double)(int32_t)(key ^ sign32);
    if (type != CELLSEG_FLOAT32)
        return (double)key;
    const uint32_t bits = key & sign32 ? key ^ sign32 : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static void gather_run_u32(uint32_t *keys, const cseg_plane *channel, cseg_run run) {
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
    case CELLSEG_INT16:
        for (size_t i = 0; i < count; i++)
            keys[i] = (uint32_t)((const int16_t *)row)[run.begin + i] ^ sign32;
        break;
    case CELLSEG_INT32:
        for (size_t i = 0; i < count; i++)
            keys[i] = (uint32_t)((const int32_t *)row)[run.begin + i] ^ sign32;
        break;
    default:
        for (size_t i = 0; i < count; i++)
            keys[i] = key_of_float(((const float *)row)[run.begin + i]);
    }
}

/* Values of at most BLOCK keys; `filler` completes the last vector. */
static void load_u32(double values[BLOCK], const uint32_t *keys, size_t count, int32_t type, double filler) {
    if (type == CELLSEG_FLOAT32)
        for (size_t i = 0; i < count; i++)
            values[i] = value_of_u32(keys[i], CELLSEG_FLOAT32);
    else if (type == CELLSEG_INT16 || type == CELLSEG_INT32)
        for (size_t i = 0; i < count; i++)
            values[i] = (double)(int32_t)(keys[i] ^ sign32);
    else if (type != CELLSEG_UINT32)
        for (size_t i = 0; i < count; i++)
            values[i] = (double)(int32_t)keys[i]; /* four conversions at a time on common processors */
    else
        for (size_t i = 0; i < count; i++)
            values[i] = (double)keys[i];
    for (size_t i = count; i % LANES != 0; i++)
        values[i] = filler;
}

#define KEY uint32_t
#define KEYED(name) name##_u32
#include "measure/intensity_body.h"

/* ---- the groups ---- */

static cellseg_status measure_intensity(double *values, const cseg_region *region, const cseg_measure_input *input) {
    return input->channel.type == CELLSEG_FLOAT64 ? measure_u64(values, region, input) : measure_u32(values, region, input);
}

const cseg_column_group cseg_intensity_measure = {
    CSEG_NEEDS_CHANNEL, CSEG_CHOICE_INTENSITY, CSEG_COLUMNS(intensity_columns), measure_intensity, NULL,
};

static cellseg_status measure_detail(double *values, const cseg_region *region, const cseg_measure_input *input) {
    return input->channel.type == CELLSEG_FLOAT64 ? detail_u64(values, region, input) : detail_u32(values, region, input);
}

const cseg_column_group cseg_intensity_detail_measure = {
    CSEG_NEEDS_CHANNEL, CSEG_CHOICE_INTENSITY_DETAIL, CSEG_COLUMNS(detail_columns), measure_detail, NULL,
};
