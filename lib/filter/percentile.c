/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exact percentiles without sorting: samples become unsigned keys of the same order; a histogram of the keys' upper 16 bits tells
 * which slice holds a rank, a histogram of that slice's lower 16 bits which key (a radix selection). Linear between order
 * statistics, as numpy.percentile. Cost: one pass over the samples for 8 and 16-bit types, else one more for every slice needed.
 */
#include "filter/filter.h"
#include "filter/slabs.h"

#include <math.h>
#include <string.h>

enum { SLOTS = 1 << 16, CHUNK = 512 };

typedef struct selection {
    cellseg_context *context;
    const cseg_plane *from;
    cseg_slabs slabs;
    int32_t key_bits;
    bool within_slice; /* count the lower halves of the keys whose upper half is `slice`, else the upper halves */
    uint32_t slice, known_slice;
    uint64_t *slab_counts;   /* slabs x SLOTS */
    uint64_t *upper, *lower; /* merged; lower belongs to known_slice */
} selection;

/* Floats: flip the sign bit of positive numbers, every bit of negative ones. */
static uint32_t float_key(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

static double key_value(int32_t type, uint32_t key) {
    if (type != CELLSEG_FLOAT32)
        return (double)key;
    const uint32_t bits = (key & 0x80000000U) != 0 ? key & 0x7fffffffU : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static void load_keys(uint32_t *keys, const cseg_plane *from, size_t y, size_t left, size_t count) {
    const void *row = cseg_row_at(from, y);
    switch (from->type) {
    case CELLSEG_UINT8:
        for (size_t i = 0; i < count; i++)
            keys[i] = ((const uint8_t *)row)[left + i];
        break;
    case CELLSEG_UINT16:
        for (size_t i = 0; i < count; i++)
            keys[i] = ((const uint16_t *)row)[left + i];
        break;
    case CELLSEG_UINT32:
        memcpy(keys, (const uint32_t *)row + left, count * sizeof *keys);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            keys[i] = float_key(((const float *)row)[left + i]);
    }
}

static void count_keys(uint64_t *counts, const uint32_t *keys, size_t count, const selection *s) {
    const int32_t shift = s->key_bits == 32 ? 16 : 0;
    if (!s->within_slice)
        for (size_t i = 0; i < count; i++)
            counts[keys[i] >> shift]++;
    else
        for (size_t i = 0; i < count; i++)
            if (keys[i] >> 16 == s->slice)
                counts[keys[i] & 0xffff]++;
}

static cellseg_status count_slab(void *data, size_t slab) {
    const selection *s = data;
    uint64_t *counts = s->slab_counts + slab * SLOTS;
    memset(counts, 0, SLOTS * sizeof *counts);
    const size_t end = cseg_slabs_end(s->slabs, slab, s->from->height), width = s->from->width;
    uint32_t keys[CHUNK];
    for (size_t y = slab * s->slabs.rows; y < end; y++)
        for (size_t left = 0; left < width; left += CHUNK) {
            const size_t count = width - left < CHUNK ? width - left : CHUNK;
            load_keys(keys, s->from, y, left, count);
            count_keys(counts, keys, count, s);
        }
    return CELLSEG_OK;
}

static cellseg_status count_all(selection *s, uint64_t *counts) {
    CSEG_TRY(cseg_parallel_for(s->context, s->slabs.count, count_slab, s));
    memset(counts, 0, SLOTS * sizeof *counts);
    for (size_t slab = 0; slab < s->slabs.count; slab++)
        for (size_t slot = 0; slot < SLOTS; slot++)
            counts[slot] += s->slab_counts[slab * SLOTS + slot];
    return CELLSEG_OK;
}

/* The slot that holds rank *rank, which becomes the rank within it. */
static uint32_t find_slot(const uint64_t *counts, uint64_t *rank) {
    uint32_t slot = 0;
    while (*rank >= counts[slot])
        *rank -= counts[slot++];
    return slot;
}

/* The sample of this rank, counted from 0 at the smallest. */
static cellseg_status order_statistic(selection *s, double *value, uint64_t rank) {
    uint32_t key = find_slot(s->upper, &rank);
    if (s->key_bits == 32) {
        s->slice = key;
        s->within_slice = true;
        if (s->known_slice != key)
            CSEG_TRY(count_all(s, s->lower));
        s->known_slice = key;
        key = key << 16 | find_slot(s->lower, &rank);
    }
    *value = key_value(s->from->type, key);
    return CELLSEG_OK;
}

static cellseg_status percentile(selection *s, double *out, double percent) {
    const double place = percent / 100 * (double)(s->from->height * s->from->width - 1);
    const double fraction = place - floor(place);
    double below, above;
    CSEG_TRY(order_statistic(s, &below, (uint64_t)place));
    above = below;
    if (fraction > 0)
        CSEG_TRY(order_statistic(s, &above, (uint64_t)place + 1));
    *out = fraction < 0.5 ? below + (above - below) * fraction : above - (above - below) * (1 - fraction);
    return CELLSEG_OK;
}

cellseg_status cseg_percentiles_find(cellseg_context *context, double *out, const double *percents, size_t count,
                                     const cseg_plane *from) {
    selection s = {.context = context, .from = from, .slabs = cseg_slabs_of(from), .known_slice = UINT32_MAX};
    s.key_bits = 8 * (int32_t)cseg_plane_type_size(from->type);
    s.slab_counts = cseg_memory_alloc(context, s.slabs.count + 2, SLOTS * sizeof *s.slab_counts);
    if (s.slab_counts == NULL)
        return cseg_error_last();
    s.upper = s.slab_counts + s.slabs.count * SLOTS;
    s.lower = s.upper + SLOTS;
    cellseg_status status = count_all(&s, s.upper);
    for (size_t i = 0; status == CELLSEG_OK && i < count; i++) {
        assert(percents[i] >= 0 && percents[i] <= 100);
        status = percentile(&s, &out[i], percents[i]);
    }
    cseg_memory_free(s.slab_counts);
    return status;
}
