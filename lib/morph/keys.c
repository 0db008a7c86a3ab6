/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floats have the keys of core/order.h, integers are their own, and the complement of a key reverses the order. Cost: one pass.
 */
#include "morph/keys.h"
#include "morph/bands.h"

#include <math.h>

typedef struct key_job {
    const cseg_plane *keys, *image;
    cseg_key_rule rule;
    int32_t flip; /* -1 when reversed */
} key_job;

cellseg_status cseg_keys_place(cseg_plane *keys, cseg_plane *own, cellseg_context *context, const cseg_plane *to) {
    const int32_t type = cseg_keys_type(to->type);
    *own = (cseg_plane){0};
    if (to->type != CELLSEG_FLOAT32 && to->type != CELLSEG_FLOAT64)
        CSEG_TRY(cseg_plane_new(own, context, type, to->height, to->width));
    *keys = own->data != NULL ? *own : *to;
    keys->type = type;
    return CELLSEG_OK;
}

/* ---- from samples to keys ---- */

static inline int32_t clamped_32(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}
static inline int64_t clamped_64(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

#define ENCODE(key_type, sample, key_of)                                                                                         \
    for (size_t x = 0; x < width; x++) {                                                                                         \
        const sample value = ((const sample *)samples)[x];                                                                       \
        keys[x] = (key_type)(key_of) ^ job->flip;                                                                                \
    }

/* What is added to integers: whole, and no more than the largest difference of two samples of `bits` bits. */
static int64_t whole_raise(const cseg_key_rule *rule, int bits) {
    const int64_t raise = (int64_t)fmin(rule->raise, (double)(1LL << bits));
    return rule->reversed ? -raise : raise;
}

static void encode_32(const key_job *job, int32_t *keys, const void *samples, size_t width) {
    const float raise = (float)(job->rule.reversed ? -job->rule.raise : job->rule.raise);
    const int32_t whole = (int32_t)whole_raise(&job->rule, 16);
    switch (job->image->type) {
    case CELLSEG_UINT8:
        ENCODE(int32_t, uint8_t, clamped_32(value + whole, 0, UINT8_MAX))
        break;
    case CELLSEG_UINT16:
        ENCODE(int32_t, uint16_t, clamped_32(value + whole, 0, UINT16_MAX))
        break;
    case CELLSEG_INT16:
        ENCODE(int32_t, int16_t, clamped_32(value + whole, INT16_MIN, INT16_MAX))
        break;
    default:
        assert(job->image->type == CELLSEG_FLOAT32);
        ENCODE(int32_t, float, cseg_order_of_float(value + raise + 0.0F)) /* -0 becomes 0 */
    }
}

static void encode_64(const key_job *job, int64_t *keys, const void *samples, size_t width) {
    const double raise = job->rule.reversed ? -job->rule.raise : job->rule.raise;
    const int64_t whole = whole_raise(&job->rule, 32);
    switch (job->image->type) {
    case CELLSEG_UINT32:
        ENCODE(int64_t, uint32_t, clamped_64(value + whole, 0, UINT32_MAX))
        break;
    case CELLSEG_INT32:
        ENCODE(int64_t, int32_t, clamped_64(value + whole, INT32_MIN, INT32_MAX))
        break;
    default:
        assert(job->image->type == CELLSEG_FLOAT64);
        ENCODE(int64_t, double, cseg_order_of_double(value + raise + 0.0)) /* -0 becomes 0 */
    }
}

#define DEFINE_APPLY(bits)                                                                                                       \
    static void apply_rule_##bits(const cseg_key_rule *rule, int##bits##_t *keys, size_t y, size_t width) {                      \
        if (rule->floor != NULL) {                                                                                               \
            const int##bits##_t *floor = cseg_row_at(rule->floor, y);                                                            \
            for (size_t x = 0; x < width; x++)                                                                                   \
                keys[x] = keys[x] > floor[x] ? keys[x] : floor[x];                                                               \
        }                                                                                                                        \
        if (rule->mask != NULL) {                                                                                                \
            const uint8_t *mask = cseg_row_u8(rule->mask, y);                                                                    \
            for (size_t x = 0; x < width; x++)                                                                                   \
                keys[x] = mask[x] != 0 ? keys[x] : CSEG_KEYS_WALL_##bits;                                                        \
        }                                                                                                                        \
    }
DEFINE_APPLY(32)
DEFINE_APPLY(64)

static cellseg_status encode_band(void *data, size_t band) {
    const key_job *job = data;
    const size_t width = job->image->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->image->height); y++) {
        const void *samples = cseg_row_at(job->image, y);
        void *keys = cseg_row_at(job->keys, y);
        if (job->keys->type == CSEG_KEYS_32) {
            encode_32(job, keys, samples, width);
            apply_rule_32(&job->rule, keys, y, width);
        } else {
            encode_64(job, keys, samples, width);
            apply_rule_64(&job->rule, keys, y, width);
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_keys_encode(cellseg_context *context, const cseg_plane *keys, const cseg_plane *image,
                                const cseg_key_rule *rule) {
    assert(keys->type == cseg_keys_type(image->type));
    key_job job = {keys, image, *rule, rule->reversed ? -1 : 0};
    return cseg_parallel_for(context, cseg_band_count(image->height), encode_band, &job);
}

/* ---- from keys to samples ---- */

#define DECODE(key_type, sample, value_of)                                                                                       \
    for (size_t x = 0; x < width; x++) {                                                                                         \
        const key_type key = ((const key_type *)keys)[x] ^ job->flip;                                                            \
        ((sample *)to)[x] = (sample)(value_of);                                                                                  \
    }

static cellseg_status decode_band(void *data, size_t band) {
    const key_job *job = data;
    const size_t width = job->image->width;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, job->image->height); y++) {
        const void *keys = cseg_row_at(job->keys, y);
        void *to = cseg_row_at(job->image, y);
        switch (job->image->type) {
        case CELLSEG_UINT8:
            DECODE(int32_t, uint8_t, key)
            break;
        case CELLSEG_UINT16:
            DECODE(int32_t, uint16_t, key)
            break;
        case CELLSEG_INT16:
            DECODE(int32_t, int16_t, key)
            break;
        case CELLSEG_FLOAT32:
            DECODE(int32_t, float, cseg_order_to_float(key))
            break;
        case CELLSEG_UINT32:
            DECODE(int64_t, uint32_t, key)
            break;
        case CELLSEG_INT32:
            DECODE(int64_t, int32_t, key)
            break;
        default:
            assert(job->image->type == CELLSEG_FLOAT64);
            DECODE(int64_t, double, cseg_order_to_double(key))
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_keys_decode(cellseg_context *context, const cseg_plane *to, const cseg_plane *keys, bool reversed) {
    assert(keys->type == cseg_keys_type(to->type));
    key_job job = {.keys = keys, .image = to, .flip = reversed ? -1 : 0};
    return cseg_parallel_for(context, cseg_band_count(to->height), decode_band, &job);
}
