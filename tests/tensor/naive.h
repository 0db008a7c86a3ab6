/* SPDX-License-Identifier: BSD-3-Clause */
/* Tensors for tests, and the convolutions as their definitions say, in double. */
#ifndef CSEG_TEST_NAIVE_H
#define CSEG_TEST_NAIVE_H

#include "tensor/tensor.h"
#include "testing.h"

#include <math.h>

static const int32_t test_levels[] = {CELLSEG_CPU_PORTABLE, CELLSEG_CPU_NEON, CELLSEG_CPU_AVX2, CELLSEG_CPU_AVX512,
                                      CELLSEG_CPU_BLAS};
enum { TEST_SAME_BYTES = 4, TEST_LEVELS = 5 }; /* the first four give the same bytes */

/* The rows of the table that this machine runs; `index` counts levels. NULL: not here. */
static inline const cseg_kernels *test_kernels(size_t index) {
    const int32_t level = test_levels[index], best = cseg_cpu_best();
    if (level == CELLSEG_CPU_BLAS)
        return cseg_cpu_has_blas() ? cseg_kernels_select(level) : NULL;
    if (level == CELLSEG_CPU_PORTABLE || level == best || (level == CELLSEG_CPU_AVX2 && best == CELLSEG_CPU_AVX512))
        return cseg_kernels_select(level);
    return NULL;
}

static inline float *test_floats(size_t count) {
    float *p = aligned_alloc(64, (count * sizeof(float) + 64) / 64 * 64);
    assert_non_null(p);
    return p;
}

static inline void test_fill(float *p, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; i++)
        p[i] = (float)(2 * test_uniform(&seed) - 1);
}

/* A tensor whose frame is zero and whose pixels, padding included, are not; release .memory. */
typedef struct test_tensor {
    cseg_tensor t;
    float *memory;
    size_t floats;
} test_tensor;

static inline float *test_at(const cseg_tensor *t, size_t image, size_t y, size_t x) {
    return t->data + image * t->image + y * t->row + x * t->pixel;
}

static inline test_tensor test_tensor_new(size_t images, size_t height, size_t width, size_t channels, size_t frame,
                                          uint64_t seed) {
    test_tensor out;
    out.floats = cseg_tensor_floats(images, height, width, channels, frame);
    out.memory = test_floats(out.floats);
    out.t = cseg_tensor_place(out.memory, images, height, width, channels, frame);
    cseg_tensor_clear(&out.t);
    for (size_t i = 0; i < images; i++)
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                test_fill(test_at(&out.t, i, y, x), out.t.pixel, seed + ((i * height + y) * width + x) * 7919);
    return out;
}

/* The value of a channel at signed coordinates; 0 outside. */
static inline double test_value(const cseg_tensor *t, size_t image, long y, long x, size_t channel) {
    if (y < 0 || x < 0 || y >= (long)t->height || x >= (long)t->width)
        return 0;
    return (double)test_at(t, image, (size_t)y, (size_t)x)[channel];
}

/* How far output pixel y and tap ky lie in the input: y + ky - padding, or for a deconvolution (y - ky) / 2 where that is whole.
 */
static inline bool test_source(const cseg_conv_shape *s, long y, long x, long ky, long kx, long *sy, long *sx) {
    if (s->deconvolution) {
        *sy = y / 2;
        *sx = x / 2;
        return y % 2 == ky && x % 2 == kx;
    }
    *sy = y + ky - (long)s->padding;
    *sx = x + kx - (long)s->padding;
    return true;
}

static inline size_t test_taps(const cseg_conv_shape *s) {
    return s->deconvolution ? 2 : s->kernel;
}
static inline size_t test_out_size(const cseg_conv_shape *s, size_t in) {
    return s->deconvolution ? 2 * in : in + 2 * s->padding + 1 - s->kernel;
}

/*
 * Visit every product in which an input, a weight and an output take part:
 * add `what` of 0: out += in * w; 1: d_in += d_out * w; 2: d_w += in * d_out. All arrays are double, dense.
 */
static inline void test_products(int what, double *out, double *in, double *w, const cseg_conv_shape *s, size_t height,
                                 size_t width) {
    const size_t oh = test_out_size(s, height), ow = test_out_size(s, width), taps = test_taps(s);
    for (size_t y = 0; y < oh; y++)
        for (size_t x = 0; x < ow; x++)
            for (size_t ky = 0; ky < taps; ky++)
                for (size_t kx = 0; kx < taps; kx++) {
                    long sy, sx;
                    if (!test_source(s, (long)y, (long)x, (long)ky, (long)kx, &sy, &sx) || sy < 0 || sx < 0 ||
                        sy >= (long)height || sx >= (long)width)
                        continue;
                    double *i = in + ((size_t)sy * width + (size_t)sx) * s->in, *o = out + (y * ow + x) * s->out;
                    double *k = w + (ky * taps + kx) * s->in * s->out;
                    for (size_t ci = 0; ci < s->in; ci++)
                        for (size_t co = 0; co < s->out; co++)
                            if (what == 0)
                                o[co] += i[ci] * k[ci * s->out + co];
                            else if (what == 1)
                                i[ci] += o[co] * k[ci * s->out + co];
                            else
                                k[ci * s->out + co] += i[ci] * o[co];
                }
}

/* One image of a tensor as dense doubles; release with free(). */
static inline double *test_dense(const cseg_tensor *t, size_t image) {
    double *d = calloc(t->height * t->width * t->channels + 1, sizeof *d);
    assert_non_null(d);
    for (size_t y = 0; y < t->height; y++)
        for (size_t x = 0; x < t->width; x++)
            for (size_t c = 0; c < t->channels; c++)
                d[(y * t->width + x) * t->channels + c] = (double)test_at(t, image, y, x)[c];
    return d;
}

static inline double *test_doubles(const float *p, size_t count) {
    double *d = calloc(count + 1, sizeof *d);
    assert_non_null(d);
    for (size_t i = 0; p != NULL && i < count; i++)
        d[i] = (double)p[i];
    return d;
}

#endif
