/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Convolution (in the field's sense: correlation), forward and backward, and the door's functions that also take deconvolutions.
 * The derivative by the input is the convolution of d_out with the weights turned by 180 degrees and transposed. The derivative
 * by the weights is, tap by tap, the product of the shifted input with d_out. With enough channels, all three use Winograd's
 * transforms instead. Cost of the direct sum: kernel^2 * in * out multiply-adds per pixel each.
 */
#include "tensor/activation.h"
#include "tensor/norm.h"
#include "tensor/tile_loop.h"

/* The layout of packed weights for each use. */
static cseg_panels panels_of(const cseg_conv_shape *s, int32_t use) {
    cseg_panels p = {.taps = s->deconvolution ? 4 : s->kernel * s->kernel, .tap_step = (ptrdiff_t)(s->in * s->out)};
    if (use == CSEG_PACK_BACKWARD_DATA) {
        p.depth = s->out;
        p.depth_step = 1;
        p.channels = s->in;
        p.channel_step = s->out;
        if (!s->deconvolution)
            p.tap_step = -p.tap_step;
    } else {
        p.depth = s->in;
        p.depth_step = s->out;
        p.channels = s->out;
        p.channel_step = 1;
        if (s->deconvolution)
            p.taps = 1;
    }
    return p;
}

/* A deconvolution's four phases are packed one after the other. */
static size_t phases_of(const cseg_conv_shape *s, const cseg_panels *p) {
    return s->deconvolution ? 4 / p->taps : 1;
}

/* An output with too few channels to fill a vector: the derivative by the weights fills vectors with input channels. */
static bool columns_are_inputs(const cseg_conv_shape *s) {
    return !s->deconvolution && s->out < 8 && s->in > s->out;
}

/* Algorithms of one convolution. The choice depends on the shape alone, so that all rows of the kernel table use the same one. */
enum { DIRECT, WINOGRAD, TAPS };

static int algorithm_of(const cseg_conv_shape *s, const cseg_panels *p) {
    if (s->deconvolution)
        return DIRECT;
    return cseg_taps_pays(s->kernel, p->channels)                 ? TAPS
           : cseg_winograd_pays(s->kernel, p->depth, p->channels) ? WINOGRAD
                                                                  : DIRECT;
}

size_t cseg_conv_packed_floats(const cseg_kernels *k, const cseg_conv_shape *shape, int32_t use) {
    const cseg_panels p = panels_of(shape, use);
    switch (algorithm_of(shape, &p)) {
    case WINOGRAD:
        return cseg_winograd_panels_floats(k, &p);
    case TAPS:
        return cseg_taps_panels_floats(k, &p);
    default:
        return cseg_panels_floats(k, &p) * phases_of(shape, &p);
    }
}

void cseg_conv_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_conv_shape *shape, int32_t use) {
    const cseg_panels p = panels_of(shape, use);
    const size_t tap = shape->in * shape->out;
    if (p.tap_step < 0)
        weights += (p.taps - 1) * tap;
    switch (algorithm_of(shape, &p)) {
    case WINOGRAD:
        cseg_winograd_panels_pack(k, packed, weights, &p);
        break;
    case TAPS:
        cseg_taps_panels_pack(k, packed, weights, &p);
        break;
    default:
        for (size_t phase = 0; phase < phases_of(shape, &p); phase++)
            cseg_panels_pack(k, packed + phase * cseg_panels_floats(k, &p), weights + phase * tap, &p);
    }
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Scratch of the derivative by the weights. */
static size_t weights_scratch_floats(const cseg_conv_shape *s) {
    if (cseg_winograd_pays(s->kernel, s->in, s->out))
        return cseg_wgrad_scratch_floats(s->in, s->out);
    return columns_are_inputs(s) ? s->kernel * s->kernel * s->in * s->out : 0;
}

size_t cseg_conv_scratch_floats(const cseg_kernels *k, const cseg_conv_shape *shape, int32_t use, size_t height, size_t width) {
    (void)height;
    const cseg_panels p = panels_of(shape, use);
    const size_t weights = use == CSEG_PACK_BACKWARD_DATA ? weights_scratch_floats(shape) : 0;
    switch (algorithm_of(shape, &p)) {
    case WINOGRAD:
        return larger(cseg_winograd_scratch_floats(k, p.depth), weights);
    case TAPS:
        return larger(cseg_taps_scratch_floats(width + 2 * shape->padding, p.channels), weights);
    default:
        return weights;
    }
}

static void run(const cseg_kernels *k, const cseg_loop *w, int algorithm, float *scratch) {
    if (algorithm == WINOGRAD)
        cseg_winograd_run(k, w, scratch);
    else if (algorithm == TAPS)
        cseg_taps_run(k, w, scratch);
    else
        cseg_loop_run(k, w);
}

/* A loop over `out` whose first tap reads `in` at `shift` pixels above and left of the output pixel. */
static cseg_loop loop_over(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, size_t shift, size_t kernel,
                           const float *packed) {
    assert(in->frame >= shift && in->images == out->images);
    cseg_loop w = {.out = cseg_loop_grid_of(out), .in = cseg_loop_grid_of(in), .packed = packed};
    w.in.data -= shift * (in->row + in->pixel);
    w.images = out->images;
    w.height = out->height;
    w.width = out->width;
    w.channels = out->channels;
    w.panel_floats = kernel * kernel * in->channels * k->columns;
    const size_t column = in->channels * k->columns;
    w.tile.count[0] = kernel;
    w.tile.count[1] = kernel;
    w.tile.count[2] = in->channels;
    w.tile.a_step[0] = in->row;
    w.tile.a_step[1] = in->pixel;
    w.tile.a_step[2] = 1;
    w.tile.b_step[0] = kernel * column;
    w.tile.b_step[1] = column;
    w.tile.b_step[2] = k->columns;
    return w;
}

void cseg_conv_forward(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, const float *packed,
                       const float *bias, const cseg_conv_shape *shape, int32_t activation, int32_t use, float *scratch) {
    assert(in->channels == shape->in && out->channels == shape->out);
    if (shape->deconvolution) {
        cseg_deconv_forward(k, out, in, packed, bias, shape, activation);
    } else {
        assert(out->height + shape->kernel == in->height + 2 * shape->padding + 1);
        assert(out->width + shape->kernel == in->width + 2 * shape->padding + 1);
        cseg_loop w = loop_over(k, out, in, shape->padding, shape->kernel, packed);
        w.tile.start = bias;
        w.tile.relu = activation == CSEG_RELU;
        const cseg_panels p = panels_of(shape, use);
        run(k, &w, algorithm_of(shape, &p), scratch);
    }
    if (activation == CSEG_SIGMOID)
        cseg_sigmoid_in_place(k, out);
}

void cseg_conv_backward_data(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const float *packed,
                             const cseg_conv_shape *shape, bool accumulate, float *scratch) {
    assert(d_in->channels == shape->in && d_out->channels == shape->out);
    if (shape->deconvolution) {
        cseg_deconv_backward_data(k, d_in, d_out, packed, shape, accumulate);
        return;
    }
    const size_t reach = shape->kernel - 1;
    cseg_loop w = loop_over(k, d_in, d_out, 0, shape->kernel, packed);
    assert(d_out->frame + shape->padding >= reach);
    const ptrdiff_t shift = (ptrdiff_t)shape->padding - (ptrdiff_t)reach;
    w.in.data += shift * (ptrdiff_t)(d_out->row + d_out->pixel);
    w.accumulate = accumulate;
    const cseg_panels p = panels_of(shape, CSEG_PACK_BACKWARD_DATA);
    run(k, &w, algorithm_of(shape, &p), scratch);
}

/* to[tap][column][row] = from[tap][row][column] */
static void transpose(float *to, const float *from, size_t taps, size_t rows, size_t columns) {
    for (size_t tap = 0; tap < taps; tap++)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                to[(tap * columns + c) * rows + r] = from[(tap * rows + r) * columns + c];
}

/* The same sums with rows and columns exchanged. */
static void outer_transposed(const cseg_kernels *k, cseg_outer o, float *scratch) {
    const size_t taps = o.taps_y * o.taps_x;
    float *c = o.c;
    transpose(scratch, c, taps, o.rows, o.columns);
    const cseg_outer t = {.a = o.b,
                          .b = o.a,
                          .images = o.images,
                          .height = o.height,
                          .width = o.width,
                          .taps_y = o.taps_y,
                          .taps_x = o.taps_x,
                          .b_tap_y = o.a_tap_y,
                          .b_tap_x = o.a_tap_x,
                          .rows = o.columns,
                          .row_step = 1,
                          .columns = o.rows,
                          .c = scratch};
    cseg_loop_run_outer(k, &t);
    transpose(c, scratch, taps, o.columns, o.rows);
}

void cseg_conv_backward_weights(const cseg_kernels *k, float *d_weights, float *d_bias, const cseg_tensor *in,
                                const cseg_tensor *d_out, const cseg_conv_shape *shape, float *scratch) {
    assert(in->channels == shape->in && d_out->channels == shape->out && in->images == d_out->images);
    if (d_bias != NULL)
        cseg_norm_add_sums(k, d_bias, d_out);
    if (shape->deconvolution) {
        cseg_deconv_backward_weights(k, d_weights, in, d_out, shape);
        return;
    }
    cseg_outer o = {.a = cseg_loop_grid_of(in), .b = cseg_loop_grid_of(d_out), .images = in->images, .c = d_weights};
    o.a.data -= shape->padding * (in->row + in->pixel);
    o.height = d_out->height;
    o.width = d_out->width;
    o.taps_y = o.taps_x = shape->kernel;
    o.a_tap_y = in->row;
    o.a_tap_x = in->pixel;
    o.rows = shape->in;
    o.row_step = 1;
    o.columns = shape->out;
    if (cseg_winograd_pays(shape->kernel, shape->in, shape->out)) {
        cseg_wgrad_run(k, &o, scratch);
        return;
    }
    if (columns_are_inputs(shape)) {
        outer_transposed(k, o, scratch);
        return;
    }
    if (shape->in == 1) { /* a tile of one row would be bound by latency: the kernel's columns become rows */
        o.taps_x = 1;
        o.rows = shape->kernel;
        o.row_step = in->pixel;
    }
    cseg_loop_run_outer(k, &o);
}
