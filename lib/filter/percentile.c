/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exact percentiles without sorting: samples become unsigned keys of the same order. A histogram of the keys' highest 16 bits
 * gives the slice that holds a rank, a histogram of the next 16 bits within that slice a smaller slice, until the key is complete
 * (a radix selection). Linear between order statistics, as numpy.percentile. Cost: one pass over the samples for 8 and 16-bit
 * types; else one more for every slice needed, and for float64 up to three.
 */
#include "filter/filter.h"
#include "filter/slabs.h"

#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 16, SLOTS = 1 << DIGIT_BITS, MAX_DIGITS = 4, CHUNK = 512 };

/* The counts of one digit of the keys that begin with `prefix`. */
typedef struct slice {
    uint64_t *counts; /* SLOTS */
    uint64_t prefix;
    bool counted;
} slice;

typedef struct selection {
    cellseg_context *context;
    const cseg_store *store;
    const cseg_plane *from; /* the band that is being counted */
    cseg_slabs slabs;       /* of the band */
    uint64_t *slab_counts;  /* slabs x SLOTS */
    int32_t digits;         /* of a key */
    slice slices[MAX_DIGITS];
    int32_t digit; /* the one that is counted, from the highest; in keys that begin with `prefix` */
    uint64_t prefix;
} selection;

#define SIGN32 (1U << 31)
#define SIGN64 (1ULL << 63)

#define LOAD_KEYS(type, key_of)                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                                         \
        const type value = ((const type *)row)[left + i];                                                                        \
        keys[i] = (key_of);                                                                                                      \
    }

/* Keys of 32 bits for all types but float64, whose keys have 64 bits: short keys fill vectors with more samples. */
static void load_keys_32(uint32_t *keys, const cseg_plane *from, size_t y, size_t left, size_t count) {
    const void *row = cseg_row_at(from, y);
    switch (from->type) {
    case CELLSEG_UINT8:
        LOAD_KEYS(uint8_t, value)
        break;
    case CELLSEG_UINT16:
        LOAD_KEYS(uint16_t, value)
        break;
    case CELLSEG_INT16:
        LOAD_KEYS(int16_t, (uint16_t)(value - INT16_MIN))
        break;
    case CELLSEG_UINT32:
        LOAD_KEYS(uint32_t, value)
        break;
    case CELLSEG_INT32:
        LOAD_KEYS(int32_t, (uint32_t)value ^ SIGN32)
        break;
    default:
        assert(from->type == CELLSEG_FLOAT32);
        LOAD_KEYS(float, (uint32_t)cseg_order_of_float(value) ^ SIGN32)
    }
}

static void load_keys_64(uint64_t *keys, const cseg_plane *from, size_t y, size_t left, size_t count) {
    const void *row = cseg_row_at(from, y);
    LOAD_KEYS(double, (uint64_t)cseg_order_of_double(value) ^ SIGN64)
}

static double key_value(int32_t type, uint64_t key) {
    switch (type) {
    case CELLSEG_INT16:
        return (double)key + INT16_MIN;
    case CELLSEG_INT32:
        return (double)key + INT32_MIN;
    case CELLSEG_FLOAT32:
        return (double)cseg_order_to_float((int32_t)((uint32_t)key ^ SIGN32));
    case CELLSEG_FLOAT64:
        return cseg_order_to_double((int64_t)(key ^ SIGN64));
    default:
        return (double)key;
    }
}

/* Count a digit of keys of `bits` bits. A loop is faster where `shift` is a constant. */
#define DEFINE_COUNT(bits)                                                                                                       \
    static inline void count_first_##bits(uint64_t *counts, const uint##bits##_t *keys, size_t count, const int shift) {         \
        for (size_t i = 0; i < count; i++)                                                                                       \
            counts[keys[i] >> shift]++;                                                                                          \
    }                                                                                                                            \
    static inline void count_next_##bits(uint64_t *counts, const uint##bits##_t *keys, size_t count, uint##bits##_t prefix,      \
                                         const int shift) {                                                                      \
        for (size_t i = 0; i < count; i++)                                                                                       \
            if (keys[i] >> shift >> DIGIT_BITS == prefix)                                                                        \
                counts[keys[i] >> shift & (SLOTS - 1)]++;                                                                        \
    }
DEFINE_COUNT(32)
DEFINE_COUNT(64)

static void count_keys_32(uint64_t *counts, const uint32_t *keys, size_t count, const selection *s) {
    if (s->digits == 1)
        count_first_32(counts, keys, count, 0);
    else if (s->digit == 0)
        count_first_32(counts, keys, count, DIGIT_BITS);
    else
        count_next_32(counts, keys, count, (uint32_t)s->prefix, 0);
}

static void count_keys_64(uint64_t *counts, const uint64_t *keys, size_t count, const selection *s) {
    if (s->digit == 0)
        count_first_64(counts, keys, count, 3 * DIGIT_BITS);
    else
        count_next_64(counts, keys, count, s->prefix, DIGIT_BITS * (3 - s->digit));
}

static void count_piece(uint64_t *counts, const selection *s, size_t y, size_t left, size_t count) {
    if (s->from->type == CELLSEG_FLOAT64) {
        uint64_t keys[CHUNK];
        load_keys_64(keys, s->from, y, left, count);
        count_keys_64(counts, keys, count, s);
    } else {
        uint32_t keys[CHUNK];
        load_keys_32(keys, s->from, y, left, count);
        count_keys_32(counts, keys, count, s);
    }
}

static cellseg_status count_slab(void *data, size_t slab) {
    const selection *s = data;
    uint64_t *counts = s->slab_counts + slab * SLOTS;
    memset(counts, 0, SLOTS * sizeof *counts);
    const size_t end = cseg_slabs_end(s->slabs, slab, s->from->height), width = s->from->width;
    for (size_t y = slab * s->slabs.rows; y < end; y++)
        for (size_t left = 0; left < width; left += CHUNK)
            count_piece(counts, s, y, left, width - left < CHUNK ? width - left : CHUNK);
    return CELLSEG_OK;
}

/* Add a band's counts of the digit. */
static cellseg_status count_band(selection *s, uint64_t *counts, size_t top, size_t rows) {
    cseg_part band;
    CSEG_TRY(cseg_part_open_rows(&band, s->store, top, rows));
    s->from = &band.plane;
    s->slabs = cseg_slabs_of(&band.plane);
    const cellseg_status status = cseg_parallel_for(s->context, s->slabs.count, count_slab, s);
    for (size_t slab = 0; status == CELLSEG_OK && slab < s->slabs.count; slab++)
        for (size_t slot = 0; slot < SLOTS; slot++)
            counts[slot] += s->slab_counts[slab * SLOTS + slot];
    cseg_part_close(&band);
    return status;
}

/* Count a digit of the keys that begin with `prefix`, unless the last count had the same prefix. */
static cellseg_status count_slice(selection *s, int32_t digit, uint64_t prefix) {
    slice *own = &s->slices[digit];
    if (own->counted && own->prefix == prefix)
        return CELLSEG_OK;
    s->digit = digit;
    s->prefix = prefix;
    own->counted = false;
    memset(own->counts, 0, SLOTS * sizeof *own->counts);
    const size_t rows = cseg_store_band_rows(s->store);
    for (size_t top = 0; top < s->store->height; top += rows)
        CSEG_TRY(count_band(s, own->counts, top, rows));
    own->prefix = prefix;
    own->counted = true;
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
    uint64_t key = 0;
    for (int32_t digit = 0; digit < s->digits; digit++) {
        CSEG_TRY(count_slice(s, digit, key));
        key = key << DIGIT_BITS | find_slot(s->slices[digit].counts, &rank);
    }
    *value = key_value(s->store->type, key);
    return CELLSEG_OK;
}

static cellseg_status percentile(selection *s, double *out, double percent) {
    const double place = percent / 100 * ((double)s->store->height * (double)s->store->width - 1);
    const double fraction = place - floor(place);
    double below, above;
    CSEG_TRY(order_statistic(s, &below, (uint64_t)place));
    above = below;
    if (fraction > 0)
        CSEG_TRY(order_statistic(s, &above, (uint64_t)place + 1));
    *out = fraction < 0.5 ? below + (above - below) * fraction : above - (above - below) * (1 - fraction);
    return CELLSEG_OK;
}

/* The slabs of the largest band. */
static size_t most_slabs(const cseg_store *store) {
    const cseg_plane band = {NULL, cseg_store_band_rows(store), store->width, 0, store->type};
    return cseg_slabs_of(&band).count;
}

cellseg_status cseg_percentiles_find_stored(cellseg_context *context, double *out, const double *percents, size_t count,
                                            const cseg_store *from) {
    selection s = {.context = context, .store = from};
    const size_t slabs = most_slabs(from);
    s.digits = ((int32_t)cseg_plane_type_size(from->type) + 1) / 2;
    s.slab_counts = cseg_memory_alloc(context, slabs + (size_t)s.digits, SLOTS * sizeof *s.slab_counts);
    if (s.slab_counts == NULL)
        return cseg_error_last();
    for (int32_t digit = 0; digit < s.digits; digit++)
        s.slices[digit].counts = s.slab_counts + (slabs + (size_t)digit) * SLOTS;
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; status == CELLSEG_OK && i < count; i++) {
        assert(percents[i] >= 0 && percents[i] <= 100);
        status = percentile(&s, &out[i], percents[i]);
    }
    cseg_memory_free(s.slab_counts);
    return status;
}

cellseg_status cseg_percentiles_find(cellseg_context *context, double *out, const double *percents, size_t count,
                                     const cseg_plane *from) {
    const cseg_store store = cseg_store_of(context, from);
    return cseg_percentiles_find_stored(context, out, percents, count, &store);
}
