/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the convolution files: loops of sums of products over images, and the layout of packed weights. */
#ifndef CSEG_TENSOR_TILE_LOOP_H
#define CSEG_TENSOR_TILE_LOOP_H

#include "tensor/tensor_kernels.h"

/* Pixels of images: the first one, and the strides in floats. */
typedef struct cseg_grid {
    float *data;
    size_t pixel, row, image;
} cseg_grid;

/*
 * One tile element per output pixel and channel. `tile` holds the members that all tiles share: the three loops over k, the bias
 * (start, start_row 0), relu. The weights lie in panels of the kernel's columns, panel_floats apart.
 */
typedef struct cseg_loop {
    cseg_grid out, in;
    size_t images, height, width, channels; /* of the output */
    const float *packed;
    size_t panel_floats;
    bool accumulate;
    bool fetch; /* prefetch the next row of the input */
    cseg_tile tile;
} cseg_loop;

void cseg_loop_run(const cseg_kernels *k, const cseg_loop *loop);

/*
 * Weights for cseg_loop_run(): [panel][tap][depth][column], columns beyond `channels` zero. Strides are in floats of `weights`;
 * tap_step may be negative.
 */
typedef struct cseg_panels {
    size_t taps, depth, channels;
    ptrdiff_t tap_step;
    size_t depth_step, channel_step;
} cseg_panels;

size_t cseg_panels_floats(const cseg_kernels *k, const cseg_panels *p);
void cseg_panels_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p);

/* The same for 3x3 kernels with fewer multiplications (winograd.c); packed weights are [panel][position][depth][column]. */
bool cseg_winograd_pays(size_t kernel, size_t depth, size_t channels);
size_t cseg_winograd_scratch_floats(const cseg_kernels *k, size_t depth);
size_t cseg_winograd_panels_floats(const cseg_kernels *k, const cseg_panels *p);
void cseg_winograd_panels_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p);
void cseg_winograd_run(const cseg_kernels *k, const cseg_loop *loop, float *scratch);

/* The same for 3x3 kernels and few channels (taps.c); packed weights are [panel][depth][tap and channel]. */
bool cseg_taps_pays(size_t kernel, size_t channels);
size_t cseg_taps_scratch_floats(size_t width, size_t channels);
size_t cseg_taps_panels_floats(const cseg_kernels *k, const cseg_panels *p);
void cseg_taps_panels_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p);
void cseg_taps_run(const cseg_kernels *k, const cseg_loop *loop, float *scratch);

/*
 * For each tap, a matrix product over all pixels in raster order: c [tap][row][column] += sum of a (rows: its channels, row_step
 * apart) times b (columns: its channels). The derivative by the weights is this product of the input and d_out. a and b are the
 * grids at the first tap.
 */
typedef struct cseg_outer {
    cseg_grid a, b;
    size_t images, height, width;
    size_t taps_y, taps_x;
    size_t a_tap_y, a_tap_x, b_tap_y, b_tap_x; /* from a tap to the next */
    size_t rows, row_step, columns;
    float *c;
} cseg_outer;

void cseg_loop_run_outer(const cseg_kernels *k, const cseg_outer *outer);

/* The same for the nine taps of a 3x3 convolution with fewer multiplications (winograd_wgrad.c), where cseg_winograd_pays(). */
size_t cseg_wgrad_scratch_floats(size_t rows, size_t columns);
void cseg_wgrad_run(const cseg_kernels *k, const cseg_outer *outer, float *scratch);

void cseg_deconv_forward(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, const float *packed,
                         const float *bias, const cseg_conv_shape *shape, int32_t activation);
void cseg_deconv_backward_data(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const float *packed,
                               const cseg_conv_shape *shape, bool accumulate);
void cseg_deconv_backward_weights(const cseg_kernels *k, float *d_weights, const cseg_tensor *in, const cseg_tensor *d_out,
                                  const cseg_conv_shape *shape);

static inline cseg_grid cseg_loop_grid_of(const cseg_tensor *t) {
    return (cseg_grid){.data = t->data, .pixel = t->pixel, .row = t->row, .image = t->image};
}

#endif
