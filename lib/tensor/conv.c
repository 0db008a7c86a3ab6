/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Convolution (in the field's sense: correlation), forward and backward, and the door's functions that also take deconvolutions.
 * The derivative by the input is the convolution of d_out with the weights turned by 180 degrees and transposed; the derivative
 * by the weights is, tap by tap, the product of the shifted input with d_out. Cost: kernel^2 * in * out multiply-adds per pixel
 * each.
 */
#include "tensor/conv.h"
#include "tensor/activation.h"
#include "tensor/norm.h"

/* How the weights lie for each use. */
static cseg_panels panels_of(const cseg_filter_shape *s, int32_t use) {
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
            p.taps = 1; /* its four phases are packed one after the other */
    }
    return p;
}

static bool by_winograd(const cseg_filter_shape *s) {
    return !s->deconvolution && cseg_winograd_pays(s->kernel, s->in, s->out);
}

size_t cseg_packed_floats(const cseg_kernels *k, const cseg_filter_shape *shape, int32_t use) {
    const cseg_panels p = panels_of(shape, use);
    if (by_winograd(shape))
        return cseg_winograd_panels_floats(k, &p);
    return cseg_panels_floats(k, &p) * (shape->deconvolution ? 4 / p.taps : 1);
}

void cseg_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_filter_shape *shape, int32_t use) {
    const cseg_panels p = panels_of(shape, use);
    const size_t tap = shape->in * shape->out;
    if (p.tap_step < 0)
        weights += (p.taps - 1) * tap;
    if (by_winograd(shape)) {
        cseg_winograd_panels_pack(k, packed, weights, &p);
        return;
    }
    const size_t phases = shape->deconvolution ? 4 / p.taps : 1;
    for (size_t phase = 0; phase < phases; phase++)
        cseg_panels_pack(k, packed + phase * cseg_panels_floats(k, &p), weights + phase * tap, &p);
}

size_t cseg_scratch_floats(const cseg_kernels *k, const cseg_filter_shape *shape, int32_t use, size_t height, size_t width) {
    (void)use, (void)height, (void)width;
    return by_winograd(shape) ? cseg_winograd_scratch_floats(k, shape->in, shape->out) : 0;
}

/* A walk over `out` in which the kernel's first tap sees `in` `shift` pixels above and left of the output pixel. */
static cseg_walk walk_over(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, size_t shift, size_t kernel,
                           const float *packed) {
    assert(in->frame >= shift && in->images == out->images);
    cseg_walk w = {.out = cseg_grid_of(out), .in = cseg_grid_of(in), .packed = packed};
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

void cseg_convolve(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, const float *packed, const float *bias,
                   const cseg_filter_shape *shape, int32_t activation, int32_t use, float *scratch) {
    (void)use;
    assert(in->channels == shape->in && out->channels == shape->out);
    if (shape->deconvolution) {
        cseg_deconvolve(k, out, in, packed, bias, shape, activation);
    } else {
        assert(out->height + shape->kernel == in->height + 2 * shape->padding + 1);
        assert(out->width + shape->kernel == in->width + 2 * shape->padding + 1);
        cseg_walk w = walk_over(k, out, in, shape->padding, shape->kernel, packed);
        w.tile.start = bias;
        w.tile.relu = activation == CSEG_RELU;
        if (by_winograd(shape))
            cseg_winograd_run(k, &w, scratch);
        else
            cseg_walk_run(k, &w);
    }
    if (activation == CSEG_SIGMOID)
        cseg_sigmoid_in_place(out);
}

void cseg_convolve_backward_data(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const float *packed,
                                 const cseg_filter_shape *shape, bool accumulate, float *scratch) {
    assert(d_in->channels == shape->in && d_out->channels == shape->out);
    if (shape->deconvolution) {
        cseg_deconvolve_backward_data(k, d_in, d_out, packed, shape, accumulate);
        return;
    }
    const size_t reach = shape->kernel - 1;
    cseg_walk w = walk_over(k, d_in, d_out, 0, shape->kernel, packed);
    assert(d_out->frame + shape->padding >= reach);
    const ptrdiff_t shift = (ptrdiff_t)shape->padding - (ptrdiff_t)reach;
    w.in.data += shift * (ptrdiff_t)(d_out->row + d_out->pixel);
    w.accumulate = accumulate;
    if (by_winograd(shape))
        cseg_winograd_run(k, &w, scratch);
    else
        cseg_walk_run(k, &w);
}

void cseg_convolve_backward_weights(const cseg_kernels *k, float *d_weights, float *d_bias, const cseg_tensor *in,
                                    const cseg_tensor *d_out, const cseg_filter_shape *shape, float *scratch) {
    (void)scratch;
    assert(in->channels == shape->in && d_out->channels == shape->out && in->images == d_out->images);
    if (d_bias != NULL)
        cseg_add_channel_sums(d_bias, d_out);
    if (shape->deconvolution) {
        cseg_deconvolve_backward_weights(k, d_weights, in, d_out, shape);
        return;
    }
    cseg_outer o = {.x = cseg_grid_of(in), .d_out = cseg_grid_of(d_out), .images = in->images, .d_weights = d_weights};
    o.x.data -= shape->padding * (in->row + in->pixel);
    o.height = d_out->height;
    o.width = d_out->width;
    o.taps_y = o.taps_x = shape->kernel;
    o.x_tap_y = in->row;
    o.x_tap_x = in->pixel;
    o.rows = shape->in;
    o.row_step = 1;
    o.columns = shape->out;
    if (shape->in == 1) { /* a tile of one row would wait for itself: let the kernel's columns be rows */
        o.taps_x = 1;
        o.rows = shape->kernel;
        o.row_step = in->pixel;
    }
    cseg_outer_run(k, &o);
}
