/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Samples of decoded rows: byte order, predictors, and every depth from 1 to 64 bits as a pixel type of this library, without
 * loss. Reference: TIFF 6.0, section 14; Adobe's Technical Note 3 (predictor for floats, floats of 16 and 24 bits).
 */
#include "io/tiff.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { FORMAT_UINT = 1, FORMAT_INT = 2, FORMAT_FLOAT = 3 };

int32_t cseg_samples_type(uint16_t format, uint16_t bits) {
    switch (format) {
    case FORMAT_UINT:
        return bits < 1 || (bits > 32 && bits != 64) ? 0
               : bits <= 8                           ? CELLSEG_UINT8
               : bits <= 16                          ? CELLSEG_UINT16
               : bits <= 32                          ? CELLSEG_UINT32
                                                     : CELLSEG_FLOAT64;
    case FORMAT_INT:
        return bits < 2 || (bits > 32 && bits != 64) ? 0
               : bits <= 16                          ? CELLSEG_INT16
               : bits <= 32                          ? CELLSEG_INT32
                                                     : CELLSEG_FLOAT64;
    case FORMAT_FLOAT:
        return bits == 16 || bits == 24 || bits == 32 ? CELLSEG_FLOAT32 : bits == 64 ? CELLSEG_FLOAT64 : 0;
    default:
        return 0;
    }
}

void cseg_samples_reverse(unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned b = bytes[i];
        b = (b & 0xf0) >> 4 | (b & 0x0f) << 4;
        b = (b & 0xcc) >> 2 | (b & 0x33) << 2;
        bytes[i] = (unsigned char)((b & 0xaa) >> 1 | (b & 0x55) << 1);
    }
}

/* ---- byte order and predictors ---- */

static void swap_bytes(unsigned char *bytes, size_t samples, size_t size) {
    for (size_t i = 0; i < samples; i++, bytes += size)
        for (size_t a = 0, b = size - 1; a < b; a++, b--) {
            const unsigned char kept = bytes[a];
            bytes[a] = bytes[b];
            bytes[b] = kept;
        }
}

static void swap_16(unsigned char *bytes, size_t samples) {
    for (size_t i = 0; i < samples; i++) {
        uint16_t v;
        memcpy(&v, bytes + 2 * i, 2);
        v = (uint16_t)(v << 8 | v >> 8);
        memcpy(bytes + 2 * i, &v, 2);
    }
}

#define SUM_UP(type)                                                                                                             \
    for (size_t s = 0; s < step; s++) {                                                                                          \
        type sum = 0;                                                                                                            \
        for (size_t x = s; x < samples; x += step) {                                                                             \
            sum = (type)(sum + ((const type *)row)[x]);                                                                          \
            ((type *)row)[x] = sum;                                                                                              \
        }                                                                                                                        \
    }                                                                                                                            \
    break

/* Each sample is the difference to the one before, `step` samples apart. */
static void sum_up(void *row, size_t samples, size_t step, unsigned bits) {
    switch (bits) {
    case 8:
        SUM_UP(uint8_t);
    case 16:
        SUM_UP(uint16_t);
    case 32:
        SUM_UP(uint32_t);
    default:
        SUM_UP(uint64_t);
    }
}

/* Bytes of equal significance lie together, the highest first, and differences are of bytes. */
static void join_planes(unsigned char *row, size_t samples, size_t step, size_t size, unsigned char *scratch) {
    const uint16_t one = 1;
    const bool little = *(const unsigned char *)&one == 1;
    sum_up(row, samples * size, step, 8);
    memcpy(scratch, row, samples * size);
    for (size_t i = 0; i < samples; i++)
        for (size_t byte = 0; byte < size; byte++)
            row[i * size + (little ? size - 1 - byte : byte)] = scratch[byte * samples + i];
}

void cseg_samples_restore(void *rows, uint32_t count, const cseg_page *page, bool swapped, void *scratch) {
    const size_t samples = (size_t)cseg_page_row_samples(page), row_bytes = (size_t)cseg_page_row_bytes(page);
    const size_t step = page->separate ? 1 : page->samples, size = page->bits / 8U;
    for (uint32_t y = 0; y < count; y++) {
        unsigned char *row = (unsigned char *)rows + y * row_bytes;
        if (page->predictor == 3) {
            join_planes(row, samples, step, size, scratch);
            continue;
        }
        if (swapped && page->bits == 16)
            swap_16(row, samples);
        else if (swapped && (page->bits == 24 || page->bits == 32 || page->bits == 64))
            swap_bytes(row, samples, size);
        if (page->predictor == 2)
            sum_up(row, samples, step, page->bits);
    }
}

/* ---- floats ---- */

/* A float of one sign bit, `exponent_bits` and `fraction_bits`, exactly. */
static float small_float(uint32_t bits, unsigned exponent_bits, unsigned fraction_bits) {
    const uint32_t top = (1U << exponent_bits) - 1, fraction = bits & ((1U << fraction_bits) - 1);
    const uint32_t exponent = bits >> fraction_bits & top, sign = bits >> (fraction_bits + exponent_bits) & 1;
    const int bias = (int)(top / 2), scale = (exponent != 0 ? (int)exponent : 1) - bias - (int)fraction_bits;
    float value = ldexpf((float)(fraction + (exponent != 0 ? 1U << fraction_bits : 0)), scale);
    if (exponent == top)
        value = fraction != 0 ? NAN : INFINITY;
    return sign != 0 ? -value : value;
}

/* ---- unpacking ---- */

static uint32_t read_24(const unsigned char *at) {
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1 ? at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16
                                             : at[2] | (uint32_t)at[1] << 8 | (uint32_t)at[0] << 16;
}

/* Sample `index` of a row of samples without gaps, the highest bit first. */
static uint32_t read_packed(const unsigned char *row, size_t index, unsigned bits) {
    uint32_t value = 0;
    for (uint64_t bit = (uint64_t)index * bits, end = bit + bits; bit < end;) {
        const unsigned left = 8 - (unsigned)(bit % 8), some = end - bit < left ? (unsigned)(end - bit) : left;
        value = value << some | (row[bit / 8] >> (left - some) & ((1U << some) - 1));
        bit += some;
    }
    return value;
}

static void unpack(void *to, const unsigned char *row, size_t count, const cseg_page *page, size_t sample, size_t step) {
    const unsigned bits = page->bits;
    const uint32_t sign = page->format == FORMAT_INT ? 1U << (bits - 1) : 0;
    for (size_t x = 0; x < count; x++) {
        const size_t index = x * step + sample;
        uint32_t v = bits == 24 ? read_24(row + 3 * index) : read_packed(row, index, bits);
        v = (v ^ sign) - sign; /* extends the sign */
        if (page->format == FORMAT_FLOAT)
            ((float *)to)[x] = small_float(v, 7, 16);
        else if (page->format == FORMAT_INT && bits <= 16)
            ((int16_t *)to)[x] = (int16_t)(int32_t)v;
        else if (bits <= 8)
            ((uint8_t *)to)[x] = (uint8_t)v;
        else if (bits <= 16)
            ((uint16_t *)to)[x] = (uint16_t)v;
        else
            ((uint32_t *)to)[x] = v; /* or int32, bit by bit */
    }
}

static cellseg_status fail_number(uint64_t magnitude, bool negative) {
    return cseg_fail(CELLSEG_ERR_FORMAT, "%s%" PRIu64 " does not fit: 64-bit integers are read up to 2^53", negative ? "-" : "",
                     magnitude);
}

/* 64-bit integers as float64, which holds them up to 2^53. */
static cellseg_status copy_64(double *to, const uint64_t *from, size_t count, size_t step, bool is_signed) {
    const uint64_t most = (uint64_t)1 << 53;
    for (size_t x = 0; x < count; x++) {
        const uint64_t v = from[x * step];
        const bool negative = is_signed && v >> 63 != 0;
        const uint64_t magnitude = negative ? 0 - v : v;
        if (magnitude > most)
            return fail_number(magnitude, negative);
        to[x] = negative ? -(double)magnitude : (double)magnitude;
    }
    return CELLSEG_OK;
}

#define COPY(from_type, to_type, value)                                                                                          \
    for (size_t x = 0; x < count; x++) {                                                                                         \
        const from_type v = ((const from_type *)row)[x * step + sample];                                                         \
        ((to_type *)to)[x] = (to_type)(value);                                                                                   \
    }                                                                                                                            \
    break

cellseg_status cseg_samples_copy(void *to, const void *row, size_t count, const cseg_page *page, size_t sample) {
    const size_t step = page->separate ? 1 : page->samples;
    switch (page->format << 8 | page->bits) {
    case FORMAT_UINT << 8 | 8:
        COPY(uint8_t, uint8_t, v);
    case FORMAT_UINT << 8 | 16:
        COPY(uint16_t, uint16_t, v);
    case FORMAT_UINT << 8 | 32:
        COPY(uint32_t, uint32_t, v);
    case FORMAT_INT << 8 | 8:
        COPY(int8_t, int16_t, v);
    case FORMAT_INT << 8 | 16:
        COPY(int16_t, int16_t, v);
    case FORMAT_INT << 8 | 32:
        COPY(int32_t, int32_t, v);
    case FORMAT_FLOAT << 8 | 16:
        COPY(uint16_t, float, small_float(v, 5, 10));
    case FORMAT_FLOAT << 8 | 32:
        COPY(float, float, v);
    case FORMAT_FLOAT << 8 | 64:
        COPY(double, double, v);
    case FORMAT_UINT << 8 | 64:
    case FORMAT_INT << 8 | 64:
        return copy_64(to, (const uint64_t *)row + sample, count, step, page->format == FORMAT_INT);
    default:
        unpack(to, row, count, page, sample, step);
    }
    return CELLSEG_OK;
}

#define INVERT(type, most)                                                                                                       \
    for (size_t x = 0; x < count; x++)                                                                                           \
        ((type *)pixels)[x] = (type)((most) - ((type *)pixels)[x]);                                                              \
    break

/* The least value of the samples' depth becomes the greatest. */
void cseg_samples_invert(void *pixels, size_t count, const cseg_page *page) {
    const uint32_t most = page->format == FORMAT_INT ? UINT32_MAX : UINT32_MAX >> (32 - page->bits); /* -1 - v for signed ones */
    switch (cseg_samples_type(page->format, page->bits)) {
    case CELLSEG_UINT8:
        INVERT(uint8_t, most);
    case CELLSEG_UINT16:
    case CELLSEG_INT16:
        INVERT(uint16_t, most);
    default:
        INVERT(uint32_t, most);
    }
}

#define MERGE(type, is_nan)                                                                                                      \
    for (size_t x = 0; x < count; x++) {                                                                                         \
        const type v = ((const type *)from)[x];                                                                                  \
        if (v > ((const type *)to)[x] || (is_nan))                                                                               \
            ((type *)to)[x] = v;                                                                                                 \
    }                                                                                                                            \
    break

void cseg_samples_merge(void *to, const void *from, size_t count, int32_t type) {
    switch (type) {
    case CELLSEG_UINT8:
        MERGE(uint8_t, false);
    case CELLSEG_UINT16:
        MERGE(uint16_t, false);
    case CELLSEG_UINT32:
        MERGE(uint32_t, false);
    case CELLSEG_INT16:
        MERGE(int16_t, false);
    case CELLSEG_INT32:
        MERGE(int32_t, false);
    case CELLSEG_FLOAT32:
        MERGE(float, isnan(v));
    default:
        MERGE(double, isnan(v));
    }
}
