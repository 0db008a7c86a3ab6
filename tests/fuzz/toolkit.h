/* SPDX-License-Identifier: BSD-3-Clause */
/* One call of many with images and label maps of any size, type and stride, and with any parameters. A fuzzer lists its calls. */
#ifndef CSEG_FUZZ_TOOLKIT_H
#define CSEG_FUZZ_TOOLKIT_H

#include "objects.h"

/* The arguments of a call, taken before it. */

static struct arguments {
    cellseg_image *image, *other;
    cellseg_labels *labels, *target;
    double x, y, list[4];
    size_t n, m, count;
    int32_t c, d, method, connectivity;
} a;

typedef void (*call_fn)(input *in, cellseg_context *context);

#define IMAGE_CALL(name, ...)                                                                                                    \
    static void name(input *in, cellseg_context *context) {                                                                      \
        cellseg_image *out;                                                                                                      \
        const cellseg_status status = cellseg_##name(&out, context, __VA_ARGS__);                                                \
        take_image(in, out, status);                                                                                             \
    }
#define LABELS_CALL(name, ...)                                                                                                   \
    static void name(input *in, cellseg_context *context) {                                                                      \
        cellseg_labels *out;                                                                                                     \
        const cellseg_status status = cellseg_##name(&out, context, __VA_ARGS__);                                                \
        take_labels(in, out, status);                                                                                            \
    }
/* Results in the caller's memory, whose bytes a failed call defines, too. */
#define NUMBERS_CALL(name, type, count_, function, ...)                                                                          \
    static void name(input *in, cellseg_context *context) {                                                                      \
        type out[count_] = {0};                                                                                                  \
        (void)check_status(in, function(out, context, __VA_ARGS__));                                                             \
        add_bytes(in, out, sizeof out);                                                                                          \
    }

static inline void take_arguments(input *in, cellseg_context *context) {
    const size_t height = take_range(in, 1, 20), width = take_range(in, 1, 40);
    const double pixel_size_um = take(in, 1) % 4 == 0 ? 0 : 0.65;
    a.c = (int32_t)take_range(in, 0, 3);
    a.d = (int32_t)take_range(in, 0, 2);
    a.method = (int32_t)take_range(in, 0, 4) - 1;
    a.connectivity = take(in, 1) == 0xff ? (int32_t)take(in, 4) : take(in, 1) % 2 == 0 ? 4 : 8;
    a.n = take(in, 1) == 0xff ? (size_t)take(in, 8) : take_range(in, 0, 48);
    a.m = take(in, 1) == 0xff ? (size_t)take(in, 8) : take_range(in, 0, 48);
    a.count = take_range(in, 0, 4);
    a.x = take_double(in);
    a.y = take_double(in);
    for (size_t i = 0; i < 4; i++)
        a.list[i] = take_double(in);
    const bool another_size = take(in, 1) == 0xff;
    a.image = new_image(in, context, height, width, pixel_size_um);
    a.other = new_image(in, context, height, width + another_size, pixel_size_um);
    a.labels = new_labels(in, context, height, width, pixel_size_um);
    a.target = new_labels(in, context, height + another_size, width, pixel_size_um);
}

/* Take the arguments, and make the call that the input chooses. */
static inline void run_call(input *in, cellseg_context *context, const call_fn *calls, size_t count) {
    const size_t index = take_range(in, 0, count - 1);
    take_arguments(in, context);
    calls[index](in, context);
    cellseg_image_free(a.image);
    cellseg_image_free(a.other);
    cellseg_labels_free(a.labels);
    cellseg_labels_free(a.target);
}

#endif
