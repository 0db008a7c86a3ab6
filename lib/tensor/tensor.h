/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tensor room's door: the operations of a network, forward and backward.
 *
 * Every operation runs on the calling thread alone; the caller splits the work by image. An output element is one chain of
 * operations in a stated order whatever the vector width, so all rows of the kernel table give the same bytes.
 *
 * Activations are float32, channels innermost, each image with a frame of zeros so that no operation treats edges apart.
 */
#ifndef CSEG_TENSOR_H
#define CSEG_TENSOR_H

#include "core/core.h"

/* A batch of images. Strides are in floats. `data` is the first channel of the first pixel inside the first image's frame. */
typedef struct cseg_tensor {
    float *data;
    size_t images, height, width, channels;
    size_t pixel, row, image; /* strides; pixel is channels rounded up to 16, or more for a view of some channels */
    size_t frame;             /* pixels of zeros on each side */
} cseg_tensor;

/* The floats that cseg_tensor_place() uses, 0 on overflow. */
size_t cseg_tensor_floats(size_t images, size_t height, size_t width, size_t channels, size_t frame);
/* Place a tensor at `memory` (64-byte aligned). The contents do not change: call cseg_tensor_clear() once. */
cseg_tensor cseg_tensor_place(float *memory, size_t images, size_t height, size_t width, size_t channels, size_t frame);
void cseg_tensor_clear(const cseg_tensor *t);                      /* all floats to 0, frame and padding included */
cseg_tensor cseg_tensor_image(const cseg_tensor *t, size_t index); /* view of one image */
cseg_tensor cseg_tensor_channels(const cseg_tensor *t, size_t first, size_t channels); /* view; for concatenation */

/* The kernels of one processor level. */
typedef struct cseg_kernels cseg_kernels;
const cseg_kernels *cseg_kernels_select(int32_t cpu_level);

enum { CSEG_LINEAR = 0, CSEG_RELU = 1, CSEG_SIGMOID = 2 };

/* ---- weights, packed once for the kernels ---- */

/* Convolution 3x3 (kernel 3, padding 0 to 2) or 1x1 (kernel 1): weights [ky][kx][in][out]. Deconvolution 2x2 stride 2: weights
 * [ky][kx][in][out] where output pixel (2y + ky, 2x + kx) = sum over in of input(y, x, in) * weight. */
typedef struct cseg_conv_shape {
    size_t kernel, padding, in, out;
    bool deconvolution;
} cseg_conv_shape;

/* The use of packed weights: layouts differ. Inference packs as forward does. */
enum { CSEG_PACK_FORWARD = 0, CSEG_PACK_BACKWARD_DATA = 1, CSEG_PACK_INFERENCE = 2 };

size_t cseg_conv_packed_floats(const cseg_kernels *k, const cseg_conv_shape *shape, int32_t use);
void cseg_conv_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_conv_shape *shape, int32_t use);

/* ---- forward ---- */

/* Floats of scratch of one call of an operation below for this shape and use on inputs of up to height x width. The scratch of
 * CSEG_PACK_BACKWARD_DATA is enough for the derivative by the weights too. */
size_t cseg_conv_scratch_floats(const cseg_kernels *k, const cseg_conv_shape *shape, int32_t use, size_t height, size_t width);

/* out = activation(in (*) weights + bias); bias may be NULL. Handles convolution and deconvolution, all images of `in`. */
void cseg_conv_forward(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, const float *packed,
                       const float *bias, const cseg_conv_shape *shape, int32_t activation, int32_t use, float *scratch);

void cseg_maxpool_forward(const cseg_kernels *k, const cseg_tensor *out,
                          const cseg_tensor *in); /* 2x2, stride 2, sizes halved and floored */
void cseg_tensor_copy(const cseg_tensor *out, const cseg_tensor *in);

/* ---- backward: d_x is the derivative of the loss by x ---- */

/* d_in from d_out, written (not added) where accumulate is false. packed: CSEG_PACK_BACKWARD_DATA. d_out needs a frame of at
 * least 2. */
void cseg_conv_backward_data(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const float *packed,
                             const cseg_conv_shape *shape, bool accumulate, float *scratch);

/* d_weights ([ky][kx][in][out], added to) and d_bias (added to; may be NULL), over all images of `in`, in order. */
void cseg_conv_backward_weights(const cseg_kernels *k, float *d_weights, float *d_bias, const cseg_tensor *in,
                                const cseg_tensor *d_out, const cseg_conv_shape *shape, float *scratch);

/* The first of equal maxima in raster order gets the gradient. Added to d_in where accumulate, else written. */
void cseg_maxpool_backward(const cseg_kernels *k, const cseg_tensor *d_in, const cseg_tensor *d_out, const cseg_tensor *in,
                           bool accumulate);

/* ---- batch normalisation, in steps so that the caller can reduce over images in order ---- */

/* Per channel, over the images of x: the sums of x and of its squares; double, written. */
void cseg_norm_sums(const cseg_kernels *k, double *sum, double *squares, const cseg_tensor *x);
/* y = activation((x - mean) * inv_std * gamma + beta), activation linear or ReLU. */
void cseg_norm_forward(const cseg_kernels *k, const cseg_tensor *y, const cseg_tensor *x, const float *mean, const float *inv_std,
                       const float *gamma, const float *beta, int32_t activation);
/* With g = d_y where y > 0 (ReLU) or d_y: sum_g = sum of g (d_beta), sum_gx = sum of g * (x - mean) * inv_std (d_gamma); double,
 * written. */
void cseg_norm_backward_sums(const cseg_kernels *k, double *sum_g, double *sum_gx, const cseg_tensor *d_y, const cseg_tensor *x,
                             const float *mean, const float *inv_std, const float *gamma, const float *beta, int32_t activation);
/* d_x (may be d_y's memory) from the sums over the whole batch of `count` pixels. */
void cseg_norm_backward(const cseg_kernels *k, const cseg_tensor *d_x, const cseg_tensor *d_y, const cseg_tensor *x,
                        const float *mean, const float *inv_std, const float *gamma, const float *beta, int32_t activation,
                        const float *mean_g, const float *mean_gx);

/* ---- the rest ---- */

void cseg_sigmoid_forward(const cseg_kernels *k, float *values, size_t count); /* in place */

/* out = in * (0 or 1 / (1 - rate)). A counter-based generator of (seed, element index) decides each element; the rate is exact to
 * 1 in 65536. Backward is the same call. */
void cseg_dropout_apply(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, double rate, uint64_t seed);
/* d_x = d_y * y * (1 - y); may be the same memory. */
void cseg_sigmoid_backward(const cseg_kernels *k, const cseg_tensor *d_x, const cseg_tensor *d_y, const cseg_tensor *y);

/* Adam (Kingma and Ba 2015) over `count` parameters; step counts from 1. */
typedef struct cseg_adam {
    double learning_rate, beta1, beta2, epsilon;
    uint64_t step;
} cseg_adam;
void cseg_adam_update(const cseg_kernels *k, float *parameters, float *m, float *v, const float *gradient, size_t count,
                      const cseg_adam *adam);

#endif
