/* SPDX-License-Identifier: BSD-3-Clause */
/* A network's architecture: a list of layers, each reading the output of the previous one. The list alone determines all
 * shapes. */
#ifndef CSEG_NN_ARCH_H
#define CSEG_NN_ARCH_H

#include "core/core.h"
#include "nn/nn.h"
#include "tensor/tensor.h"

enum { CSEG_OP_CONV = 0, CSEG_OP_DECONV = 1, CSEG_OP_POOL = 2, CSEG_OP_CONCAT = 3, CSEG_OP_DROPOUT = 4 };

typedef struct cseg_layer {
    int32_t op;         /* CSEG_OP_... */
    int32_t activation; /* conv, deconv: CSEG_LINEAR, CSEG_RELU, CSEG_SIGMOID (the last layer only) */
    bool norm;          /* conv, deconv: batch normalisation between the sum and the activation */
    uint32_t filters;   /* conv, deconv: output channels */
    uint32_t kernel;    /* conv: 1 or 3; deconv: 2, with stride 2 */
    uint32_t pad;       /* conv: pixels of zeros on each side */
    uint32_t with;      /* concat: the earlier layer whose output is appended to the previous layer's */
    double rate;        /* dropout: the fraction of elements that training sets to 0 */
    uint32_t in, out;   /* channels; set by cseg_arch_check() */
} cseg_layer;

typedef struct cseg_arch {
    size_t count;
    cseg_layer layers[CSEG_MAX_LAYERS];
} cseg_arch;

typedef struct cseg_size {
    size_t height, width;
} cseg_size;

static inline bool cseg_layer_has_weights(const cseg_layer *layer) {
    return layer->op == CSEG_OP_CONV || layer->op == CSEG_OP_DECONV;
}

const char *cseg_arch_op_name(int32_t op);

/* Fail with `status`, naming the layer: "layer 7 (concat): ...". */
cellseg_status cseg_layer_fail(const cseg_arch *arch, size_t index, const char *what);

/* Set the channel counts. CELLSEG_ERR_MODEL, naming the layer, if a layer is out of range or does not match its input. */
cellseg_status cseg_arch_check(cseg_arch *arch, uint32_t classes);

/* Output size of each layer for an input of height x width. CELLSEG_ERR_MODEL, naming the layer, if the layers do not admit
 * that size. */
cellseg_status cseg_arch_sizes(cseg_size *sizes, const cseg_arch *arch, size_t height, size_t width);

/*
 * The work of one output pixel of a layer in multiply-adds of 16 channels at a time, as the kernels do them; a pixel of any layer
 * takes as long as 256. And the work of a network on an input whose layers have these sizes.
 */
double cseg_layer_work(const cseg_layer *layer);
double cseg_arch_work(const cseg_arch *arch, const cseg_size *sizes);

/* The network of Al-Kofahi et al. 2018 with `width` times its filters, rounded up to multiples of 8. */
void cseg_arch_paper(cseg_arch *arch, double width, uint32_t classes);

/* A layer with weights as the tensor room describes it. */
cseg_conv_shape cseg_layer_shape(const cseg_layer *layer);

/* Zeros required around the layer's input. */
static inline size_t cseg_layer_frame(const cseg_layer *layer) {
    return layer->op == CSEG_OP_CONV ? layer->pad : 0;
}

#endif
