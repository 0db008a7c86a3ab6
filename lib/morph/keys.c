/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A float's bits, read as an integer, rise with the number where it is positive and fall where it is negative; turning the
 * negative half over makes them an order-preserving key (Knuth 1998, exercise 5.2.5-8 gives the idea for radix sorting). Integers
 * are their own keys, and the complement of a key reverses the order. Cost: one pass.
 */
#include "morph/keys.h"
#include "morph/bands.h"

#include <math.h>
#include <string.h>

typedef struct key_job {
    const cseg_plane *keys, *image;
    cseg_key_rule rule;
    int32_t flip; /* -1 when reversed */
} key_job;

/* Bits to key, and back. */
static inline int32_t swap_key(int32_t bits) {
    return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}

static inline int32_t key_of(float value) {
    const float positive_zero = value + 0.0F;
    int32_t bits;
    memcpy(&bits, &positive_zero, sizeof bits);
    return swap_key(bits);
}

static inline float float_of(int32_t key) {
    const int32_t bits = swap_key(key);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int32_t clamped(int32_t value, int32_t most) {
    return value < 0 ? 0 : value > most ? most : value;
}

static void encode_row(const key_job *job, int32_t *keys, const void *samples, size_t width) {
    const double raise = job->rule.reversed ? -job->rule.raise : job->rule.raise;
    const int32_t whole = (int32_t)(job->rule.reversed ? -fmin(job->rule.raise, UINT16_MAX) : fmin(job->rule.raise, UINT16_MAX));
    switch (job->image->type) {
    case CELLSEG_UINT8:
        for (size_t x = 0; x < width; x++)
            keys[x] = clamped(((const uint8_t *)samples)[x] + whole, UINT8_MAX) ^ job->flip;
        break;
    case CELLSEG_UINT16:
        for (size_t x = 0; x < width; x++)
            keys[x] = clamped(((const uint16_t *)samples)[x] + whole, UINT16_MAX) ^ job->flip;
        break;
    default:
        for (size_t x = 0; x < width; x++)
            keys[x] = key_of(((const float *)samples)[x] + (float)raise) ^ job->flip;
    }
}

static cellseg_status encode_band(void *data, size_t band) {
    const key_job *job = data;
    const size_t width = job->image->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->image->height); y++) {
        int32_t *keys = cseg_keys_row(job->keys, y);
        encode_row(job, keys, cseg_row_at(job->image, y), width);
        if (job->rule.floor != NULL) {
            const int32_t *floor = cseg_keys_row(job->rule.floor, y);
            for (size_t x = 0; x < width; x++)
                keys[x] = keys[x] > floor[x] ? keys[x] : floor[x];
        }
        if (job->rule.mask != NULL) {
            const uint8_t *mask = cseg_row_u8(job->rule.mask, y);
            for (size_t x = 0; x < width; x++)
                keys[x] = mask[x] != 0 ? keys[x] : CSEG_KEY_WALL;
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_keys_encode(cellseg_context *context, const cseg_plane *keys, const cseg_plane *image,
                                const cseg_key_rule *rule) {
    key_job job = {keys, image, *rule, rule->reversed ? -1 : 0};
    return cseg_parallel_for(context, cseg_band_count(image->height), encode_band, &job);
}

static cellseg_status decode_band(void *data, size_t band) {
    const key_job *job = data;
    const size_t width = job->image->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->image->height); y++) {
        const int32_t *keys = cseg_keys_row(job->keys, y);
        void *to = cseg_row_at(job->image, y);
        switch (job->image->type) {
        case CELLSEG_UINT8:
            for (size_t x = 0; x < width; x++)
                ((uint8_t *)to)[x] = (uint8_t)(keys[x] ^ job->flip);
            break;
        case CELLSEG_UINT16:
            for (size_t x = 0; x < width; x++)
                ((uint16_t *)to)[x] = (uint16_t)(keys[x] ^ job->flip);
            break;
        default:
            for (size_t x = 0; x < width; x++)
                ((float *)to)[x] = float_of(keys[x] ^ job->flip);
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_keys_decode(cellseg_context *context, const cseg_plane *to, const cseg_plane *keys, bool reversed) {
    key_job job = {.keys = keys, .image = to, .flip = reversed ? -1 : 0};
    return cseg_parallel_for(context, cseg_band_count(to->height), decode_band, &job);
}
