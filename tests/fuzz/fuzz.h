/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every fuzzer shares. A fuzzer defines fuzz_run(), which takes an input apart, calls the library and reports each result.
 * LLVMFuzzerTestOneInput() runs it twice: with one thread and the processor's best kernels, then with three threads and the
 * portable ones. Both runs must give the same statuses and the same bytes, and leave nothing allocated.
 *
 * Numbers are taken from the input's end, so that a file or a text lies unchanged at its beginning. A number that is not there
 * is 0.
 */
#ifndef CSEG_FUZZ_H
#define CSEG_FUZZ_H

#include "core/core.h"

#include <cellseg/cellseg.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

typedef struct input {
    const uint8_t *bytes;
    size_t size;
    uint64_t hash; /* of all statuses and results so far (64-bit FNV-1a) */
} input;

static void fuzz_run(input *in, cellseg_context *context);

static const uint64_t fuzz_budget_bytes = UINT64_C(64) << 20;

/* ---- what must hold ---- */

#define MUST(condition) ((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))

static inline void must_fail(const char *condition, const char *file, int line) {
    (void)fprintf(stderr, "%s:%d: does not hold: %s; the last error: %s\n", file, line, condition, cellseg_last_error());
    abort();
}

static inline void add_bytes(input *in, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        in->hash = (in->hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
}

/* An error's text is one line of printable UTF-8: a terminal gets no control character out of a file. */
static inline void check_message(const char *text) {
    MUST(text[0] != '\0');
    for (const char *c = text; *c != '\0'; c++)
        MUST((unsigned char)*c >= ' ' && *c != 0x7f);
}

static inline cellseg_status check_status(input *in, cellseg_status status) {
    MUST(status <= CELLSEG_OK && status != CELLSEG_ERR_INTERNAL && status != CELLSEG_ERR_CANCELLED);
    if (status != CELLSEG_OK)
        check_message(cellseg_last_error());
    add_bytes(in, &status, sizeof status);
    return status;
}

static inline void check_pixel_size(input *in, double pixel_size_um) {
    MUST(pixel_size_um == 0 || (pixel_size_um >= 1e-4 && pixel_size_um <= 1e4));
    add_bytes(in, &pixel_size_um, sizeof pixel_size_um);
}

/* An image that a call returned: its sizes, every pixel, and its end. */
static inline void take_image(input *in, cellseg_image *image, cellseg_status status) {
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    const size_t sample = cseg_plane_type_size(cellseg_image_pixel_type(image));
    MUST((check_status(in, status) == CELLSEG_OK) == (image != NULL));
    MUST(image == NULL || (height > 0 && width > 0 && sample > 0 && cellseg_image_channels(image) > 0));
    MUST(cellseg_image_row_stride_bytes(image) >= width * sample);
    for (int32_t c = 0; c < cellseg_image_channels(image); c++)
        add_bytes(in, cellseg_image_pixels(image, c), height * cellseg_image_row_stride_bytes(image));
    MUST(cellseg_image_pixels(image, cellseg_image_channels(image)) == NULL);
    check_pixel_size(in, cellseg_image_pixel_size_um(image));
    cellseg_image_free(image);
}

static inline void take_labels(input *in, cellseg_labels *labels, cellseg_status status) {
    const size_t height = cellseg_labels_height(labels), stride = cellseg_labels_row_stride_bytes(labels);
    MUST((check_status(in, status) == CELLSEG_OK) == (labels != NULL));
    MUST(labels == NULL || (height > 0 && stride == 4 * cellseg_labels_width(labels)));
    add_bytes(in, cellseg_labels_data(labels), height * stride);
    check_pixel_size(in, cellseg_labels_pixel_size_um(labels));
    cellseg_labels_free(labels);
}

/* ---- numbers from the input ---- */

static inline uint64_t take(input *in, size_t bytes) {
    uint64_t number = 0;
    for (size_t i = 0; i < bytes && in->size > 0; i++)
        number = number << 8 | in->bytes[--in->size];
    return number;
}

static inline size_t take_range(input *in, size_t lowest, size_t highest) {
    return lowest + (size_t)take(in, highest - lowest < 256 ? 1 : 4) % (highest - lowest + 1);
}

static inline double take_double(input *in) {
    static const double special[] = {0,         -0.0,    NAN,    INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, DBL_MIN,
                                     0x1p-1074, FLT_MAX, 0x1p24, 0x1p31,   0x1p32,    0x1p53,  0x1p64,   1e-9};
    const uint64_t kind = take(in, 1);
    double number;
    if (kind < 16)
        return special[kind];
    if (kind < 232)
        return (double)(int16_t)take(in, 2) / (kind < 128 ? 256 : 1);
    const uint64_t bits = take(in, 8);
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Members of an option struct: as they are, small, or anything. Texts and groups stay. */
static inline void take_options(input *in, const cellseg_option_table *table, void *options) {
    for (size_t i = 0; i < cellseg_option_table_count(table); i++) {
        cellseg_option o;
        MUST(cellseg_option_table_get(&o, sizeof o, table, i) == CELLSEG_OK);
        const uint64_t kind = o.type < CELLSEG_OPTION_TEXT ? take(in, 1) : 0;
        const uint64_t raw = kind >= 0xe0 ? take(in, cseg_option_size(&o)) : 0;
        if (kind >= 0xe0 && o.type != CELLSEG_OPTION_DOUBLE)
            memcpy((char *)options + o.offset, &raw, cseg_option_size(&o));
        else if (kind >= 0xe0)
            cseg_option_set(options, &o, take_double(in));
        else if (kind >= 0x80 && o.type == CELLSEG_OPTION_DOUBLE)
            cseg_option_set(options, &o, o.lowest + (double)(kind - 0x80) / 16);
        else if (kind >= 0x80)
            cseg_option_set(options, &o, o.lowest + (double)(kind % 8));
    }
}

/* ---- an input ---- */

static inline cellseg_context *fuzz_context(int32_t threads, int32_t cpu_level) {
    cellseg_context_options options;
    cellseg_context *context;
    MUST(cellseg_context_options_init(&options, sizeof options) == CELLSEG_OK);
    options.threads = threads;
    options.cpu_level = cpu_level;
    options.memory_budget_bytes = fuzz_budget_bytes;
    MUST(cellseg_context_new(&context, &options) == CELLSEG_OK);
    return context;
}

static inline uint64_t run_once(const uint8_t *bytes, size_t size, cellseg_context *context) {
    input in = {.bytes = bytes, .size = size, .hash = UINT64_C(0xcbf29ce484222325)};
    fuzz_run(&in, context);
    MUST(cseg_budget_left(context) == fuzz_budget_bytes);
    return in.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static cellseg_context *one, *three;
    if (one == NULL) {
        one = fuzz_context(1, CELLSEG_CPU_BEST);
        three = fuzz_context(3, CELLSEG_CPU_PORTABLE);
    }
    const uint64_t hash = run_once(bytes, size, one);
    MUST(run_once(bytes, size, three) == hash);
    return 0;
}

#endif
