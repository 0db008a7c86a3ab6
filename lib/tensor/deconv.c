/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deconvolution 2x2, stride 2: each of the four phases (ky, kx) of the output is a 1x1 convolution of the input, written straight
 * to every second pixel of every second row. Backward is the same with input and output exchanged. Cost: 4 * in * out
 * multiply-adds per input pixel.
 */
#include "tensor/activation.h"
#include "tensor/tile_loop.h"

static cseg_grid phase_grid(const cseg_tensor *t, size_t ky, size_t kx) {
    return (cseg_grid){
        .data = t->data + ky * t->row + kx * t->pixel, .pixel = 2 * t->pixel, .row = 2 * t->row, .image = t->image};
}

void cseg_deconv_forward(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, const float *packed,
                         const float *bias, const cseg_conv_shape *shape, int32_t activation) {
    assert(out->images == in->images && out->height == 2 * in->height && out->width == 2 * in->width);
    cseg_loop w = {.images = 1, .height = 1, .width = in->width, .channels = shape->out};
    w.in.pixel = in->pixel;
    w.in.row = in->row;
    w.out.pixel = 2 * out->pixel;
    w.panel_floats = shape->in * k->columns;
    w.tile = (cseg_tile){.count = {1, 1, shape->in}, .a_step = {0, 0, 1}, .b_step = {0, 0, k->columns}};
    w.tile.start = bias;
    w.tile.relu = activation == CSEG_RELU;
    const size_t phase_floats = (shape->out + k->columns - 1) / k->columns * w.panel_floats;
    for (size_t i = 0; i < in->images; i++)
        for (size_t y = 0; y < 2 * in->height; y++)
            for (size_t x = 0; x < 2; x++) { /* row by row, so that each output line is complete while in the cache */
                w.in.data = in->data + i * in->image + y / 2 * in->row;
                w.out.data = out->data + i * out->image + y * out->row + x * out->pixel;
                w.packed = packed + (y % 2 * 2 + x) * phase_floats;
                w.fetch = y % 2 + x == 0 && y + 2 < 2 * in->height;
                cseg_loop_run(k, &w);
            }
}

void cseg_deconv_backward_data(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const float *packed,
                               const cseg_conv_shape *shape, bool accumulate) {
    assert(d_out->images == d_in->images && d_out->height == 2 * d_in->height && d_out->width == 2 * d_in->width);
    const size_t column = shape->out * k->columns;
    cseg_loop w = {.out = cseg_loop_grid_of(d_in), .in = phase_grid(d_out, 0, 0), .packed = packed, .images = d_in->images};
    w.height = d_in->height;
    w.width = d_in->width;
    w.channels = shape->in;
    w.panel_floats = 4 * column;
    w.accumulate = accumulate;
    w.tile = (cseg_tile){
        .count = {2, 2, shape->out}, .a_step = {d_out->row, d_out->pixel, 1}, .b_step = {2 * column, column, k->columns}};
    cseg_loop_run(k, &w);
}

void cseg_deconv_backward_weights(const cseg_kernels *k, float *d_weights, const cseg_tensor *in, const cseg_tensor *d_out,
                                  const cseg_conv_shape *shape) {
    const cseg_outer o = {.a = cseg_loop_grid_of(in),
                          .b = phase_grid(d_out, 0, 0),
                          .images = in->images,
                          .height = in->height,
                          .width = in->width,
                          .taps_y = 2,
                          .taps_x = 2,
                          .b_tap_y = d_out->row,
                          .b_tap_x = d_out->pixel,
                          .rows = shape->in,
                          .row_step = 1,
                          .columns = shape->out,
                          .c = d_weights};
    cseg_loop_run_outer(k, &o);
}
