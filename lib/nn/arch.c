/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Architectures: the checks that make a list of layers a network, the sizes of its layers, and the paper's list.
 *
 * Layer i reads the output of layer i - 1 (layer 0: the image, one channel). A concat appends an earlier layer's output: the
 * skips of a U-Net. The last layer outputs one probability per class, at the size of the input.
 */
#include "nn/arch.h"

#include <math.h>
#include <stdio.h>

enum { MAX_CHANNELS = 4096, MAX_EDGE = 1 << 16 };

const char *cseg_arch_op_name(int32_t op) {
    static const char *const names[] = {"conv", "deconv", "pool", "concat", "dropout"};
    assert(op >= CSEG_OP_CONV && op <= CSEG_OP_DROPOUT);
    return names[op];
}

cellseg_status cseg_layer_fail(const cseg_arch *arch, size_t index, const char *what) {
    return cseg_fail(CELLSEG_ERR_MODEL, "layer %zu (%s): %s", index, cseg_arch_op_name(arch->layers[index].op), what);
}

static const char *fault_of_filter(const cseg_layer *layer, bool last) {
    if (layer->filters < 1 || layer->filters > MAX_CHANNELS)
        return "filters must lie in [1, 4096]";
    if (layer->op == CSEG_OP_CONV && layer->kernel != 1 && layer->kernel != 3)
        return "the kernel must be 1 or 3";
    if (layer->op == CSEG_OP_CONV && layer->pad >= layer->kernel)
        return "the padding must be smaller than the kernel";
    if (layer->activation < CSEG_LINEAR || layer->activation > CSEG_SIGMOID)
        return "unknown activation";
    if (last && (layer->op != CSEG_OP_CONV || layer->norm || layer->activation != CSEG_SIGMOID))
        return "the last layer must be a convolution with sigmoid and without normalisation";
    if (!last && layer->activation == CSEG_SIGMOID)
        return "only the last layer may have a sigmoid";
    return NULL;
}

static const char *fault_of(const cseg_arch *arch, size_t i) {
    const cseg_layer *layer = &arch->layers[i];
    const bool last = i + 1 == arch->count;
    if (cseg_layer_has_weights(layer))
        return fault_of_filter(layer, last);
    if (last)
        return "the last layer must be a convolution with sigmoid and without normalisation";
    if (layer->op == CSEG_OP_CONCAT && layer->with >= i)
        return "it must name an earlier layer";
    if (layer->op == CSEG_OP_CONCAT && layer->in + arch->layers[layer->with].out > MAX_CHANNELS)
        return "more than 4096 channels";
    if (layer->op == CSEG_OP_DROPOUT && !(layer->rate >= 0 && layer->rate < 1))
        return "the rate must lie in [0, 1)";
    return NULL;
}

static uint32_t channels_out(const cseg_arch *arch, const cseg_layer *layer) {
    if (cseg_layer_has_weights(layer))
        return layer->filters;
    return layer->op == CSEG_OP_CONCAT ? layer->in + arch->layers[layer->with].out : layer->in;
}

cellseg_status cseg_arch_check(cseg_arch *arch, uint32_t classes) {
    if (arch->count < 1 || arch->count > CSEG_MAX_LAYERS)
        return cseg_fail(CELLSEG_ERR_MODEL, "a network has 1 to %d layers, not %zu", CSEG_MAX_LAYERS, arch->count);
    uint32_t channels = 1;
    for (size_t i = 0; i < arch->count; i++) {
        cseg_layer *layer = &arch->layers[i];
        layer->in = channels;
        const char *fault = fault_of(arch, i);
        if (fault != NULL)
            return cseg_layer_fail(arch, i, fault);
        channels = layer->out = channels_out(arch, layer);
    }
    if (channels != classes)
        return cseg_fail(CELLSEG_ERR_MODEL, "layer %zu gives %u channels for %u classes", arch->count - 1, channels, classes);
    return CELLSEG_OK;
}

/* 0 if the output is empty. */
static size_t edge_out(const cseg_layer *layer, size_t edge) {
    switch (layer->op) {
    case CSEG_OP_CONV:
        return edge + 2 * (size_t)layer->pad + 1 > layer->kernel ? edge + 2 * (size_t)layer->pad + 1 - layer->kernel : 0;
    case CSEG_OP_DECONV:
        return 2 * edge;
    case CSEG_OP_POOL:
        return edge / 2;
    default:
        return edge;
    }
}

cellseg_status cseg_arch_sizes(cseg_size *sizes, const cseg_arch *arch, size_t height, size_t width) {
    if (height < 1 || width < 1 || height > MAX_EDGE || width > MAX_EDGE)
        return cseg_fail(CELLSEG_ERR_MODEL, "an input of %zu x %zu; edges must lie in [1, %d]", height, width, MAX_EDGE);
    cseg_size size = {height, width};
    for (size_t i = 0; i < arch->count; i++) {
        const cseg_layer *layer = &arch->layers[i];
        size = (cseg_size){edge_out(layer, size.height), edge_out(layer, size.width)};
        if (size.height < 1 || size.width < 1)
            return cseg_layer_fail(arch, i, "nothing is left of an input this small");
        if (size.height > MAX_EDGE || size.width > MAX_EDGE)
            return cseg_layer_fail(arch, i, "its output is more than 65536 pixels wide or high");
        if (layer->op == CSEG_OP_CONCAT) {
            const cseg_size other = sizes[layer->with];
            if (other.height != size.height || other.width != size.width)
                return cseg_fail(CELLSEG_ERR_MODEL, "layer %zu (concat): %zu x %zu differs from %zu x %zu of layer %u", i,
                                 size.height, size.width, other.height, other.width, layer->with);
        }
        sizes[i] = size;
    }
    if (size.height != height || size.width != width)
        return cseg_fail(CELLSEG_ERR_MODEL, "an input of %zu x %zu gives an output of %zu x %zu", height, width, size.height,
                         size.width);
    return CELLSEG_OK;
}

cseg_conv_shape cseg_layer_shape(const cseg_layer *layer) {
    const bool deconvolution = layer->op == CSEG_OP_DECONV;
    return (cseg_conv_shape){.kernel = deconvolution ? 2 : layer->kernel,
                             .padding = deconvolution ? 0 : layer->pad,
                             .in = layer->in,
                             .out = layer->out,
                             .deconvolution = deconvolution};
}

double cseg_layer_work(const cseg_layer *layer) {
    const uint32_t channels = (layer->out + 15) / 16 * 16;
    const double least = 256;
    const double taps = layer->op == CSEG_OP_CONV ? (double)layer->kernel * layer->kernel : 1;
    const double work = channels * (cseg_layer_has_weights(layer) ? taps * layer->in : 16);
    return work > least ? work : least;
}

double cseg_arch_work(const cseg_arch *arch, const cseg_size *sizes) {
    double work = 0;
    for (size_t i = 0; i < arch->count; i++)
        work += cseg_layer_work(&arch->layers[i]) * (double)sizes[i].height * (double)sizes[i].width;
    return work;
}

/* ---- the paper's network ---- */

static void add(cseg_arch *arch, cseg_layer layer) {
    arch->layers[arch->count++] = layer;
}

static void add_conv(cseg_arch *arch, uint32_t filters, uint32_t pad) {
    add(arch,
        (cseg_layer){.op = CSEG_OP_CONV, .filters = filters, .kernel = 3, .pad = pad, .norm = true, .activation = CSEG_RELU});
}

static void add_deconv(cseg_arch *arch, uint32_t filters) {
    add(arch, (cseg_layer){.op = CSEG_OP_DECONV, .filters = filters, .kernel = 2, .norm = true, .activation = CSEG_RELU});
}

/* Skip, dropout, conv, deconv, conv: one step of the decoder. */
static void add_up(cseg_arch *arch, uint32_t with, uint32_t filters) {
    add(arch, (cseg_layer){.op = CSEG_OP_CONCAT, .with = with});
    add(arch, (cseg_layer){.op = CSEG_OP_DROPOUT, .rate = 0.5});
    add_conv(arch, filters, 1);
    add_deconv(arch, filters);
    add_conv(arch, filters, 1);
}

static uint32_t scaled(uint32_t filters, double width) {
    return (uint32_t)ceil(filters * width / 8) * 8;
}

void cseg_arch_paper(cseg_arch *arch, double width, uint32_t classes) {
    static const uint32_t down[] = {32, 64, 128, 128, 256};
    *arch = (cseg_arch){0};
    uint32_t pooled[5];
    for (size_t i = 0; i < 5; i++) {
        add_conv(arch, scaled(down[i], width), 1);
        pooled[i] = (uint32_t)arch->count;
        add(arch, (cseg_layer){.op = CSEG_OP_POOL});
    }
    add_deconv(arch, scaled(128, width));
    add_conv(arch, scaled(128, width), 1);
    add_deconv(arch, scaled(128, width));
    add_conv(arch, scaled(128, width), 2);
    add_up(arch, pooled[2], scaled(128, width));
    add_up(arch, pooled[1], scaled(128, width));
    add_up(arch, pooled[0], scaled(64, width));
    add(arch, (cseg_layer){.op = CSEG_OP_CONV, .filters = classes, .kernel = 3, .pad = 1, .activation = CSEG_SIGMOID});
}
