/* SPDX-License-Identifier: BSD-3-Clause */
/* Forward through a batch, layer by layer. The loop of every layer runs over groups of images; sums over images are added in
 * order. */
#include "nn/net.h"

static cellseg_status pack_layer(void *data, size_t i) {
    const cseg_net *net = data;
    if (!cseg_layer_has_weights(&net->arch.layers[i]))
        return CELLSEG_OK;
    const cseg_conv_shape shape = cseg_layer_shape(&net->arch.layers[i]);
    const float *weights = net->state + net->layout.slots[i].weight;
    cseg_conv_pack(net->kernels, net->packed + net->forward_at[i], weights, &shape, CSEG_PACK_FORWARD);
    if (net->training)
        cseg_conv_pack(net->kernels, net->packed + net->backward_at[i], weights, &shape, CSEG_PACK_BACKWARD_DATA);
    return CELLSEG_OK;
}

/* True if the batch's statistics normalise the layer, false if the running statistics do. */
static bool uses_batch(const cseg_net *net, size_t layer) {
    return net->training && layer >= net->options.frozen;
}

/* Sums of each channel, then of its squares. */
static double *image_sums(const cseg_net *net, size_t image) {
    return net->sums + image * 2 * net->layout.max_channels;
}

static void convolve_image(const cseg_net *net, size_t i, const cseg_worker *worker, size_t group, size_t image) {
    const cseg_layer *layer = &net->arch.layers[i];
    (void)group;
    const cseg_conv_shape shape = cseg_layer_shape(layer);
    const float *bias = layer->norm ? NULL : net->state + net->layout.slots[i].shift;
    const int32_t activation = layer->activation == CSEG_SIGMOID ? CSEG_SIGMOID : CSEG_LINEAR;
    const cseg_tensor in = cseg_value_read(net, worker, i, image), out = cseg_value_kept(net, i + 1, image);
    cseg_conv_forward(net->kernels, &out, &in, net->packed + net->forward_at[i], bias, &shape, activation, CSEG_PACK_FORWARD,
                      worker->scratch);
    if (layer->norm && uses_batch(net, i))
        cseg_norm_sums(net->kernels, image_sums(net, image), image_sums(net, image) + net->layout.max_channels, &out);
}

/* Double sums of single-precision numbers: a mean thousands of times the deviation costs the variance, a difference, no digit
 * that single precision has. */
static void batch_statistics(cseg_net *net, size_t layer) {
    const cseg_size size = net->size[layer + 1];
    const double count = (double)net->images * (double)size.height * (double)size.width;
    for (size_t c = 0; c < net->arch.layers[layer].out; c++) {
        const size_t at = net->channel_at[layer] + c;
        double sum = 0, squares = 0;
        for (size_t image = 0; image < net->images; image++) {
            sum += image_sums(net, image)[c];
            squares += image_sums(net, image)[net->layout.max_channels + c];
        }
        const double mean = sum / count, variance = squares / count - mean * mean;
        net->mean[at] = (float)mean;
        net->variance[at] = variance < 0 ? 0 : variance;
        net->inv_std[at] = cseg_params_inv_std(net->variance[at]);
    }
}

static void running_statistics(cseg_net *net, size_t layer) {
    const cseg_slot *slot = &net->layout.slots[layer];
    for (size_t c = 0; c < net->arch.layers[layer].out; c++) {
        net->mean[net->channel_at[layer] + c] = net->state[slot->mean + c];
        net->inv_std[net->channel_at[layer] + c] = cseg_params_inv_std(net->state[slot->variance + c]);
    }
}

static void pool_image(const cseg_net *net, size_t i, const cseg_worker *worker, size_t group, size_t image) {
    (void)group;
    const cseg_tensor in = cseg_value_read(net, worker, i, image), out = cseg_value_kept(net, i + 1, image);
    cseg_spans_clear_frame(&out);
    cseg_maxpool_forward(net->kernels, &out, &in);
}

cellseg_status cseg_activations_compute(cseg_net *net) {
    CSEG_TRY(cseg_parallel_for(net->context, net->arch.count, pack_layer, net));
    for (size_t i = 0; i < net->arch.count; i++) {
        const cseg_layer *layer = &net->arch.layers[i];
        if (layer->op == CSEG_OP_POOL)
            CSEG_TRY(cseg_value_each_image(net, pool_image, i));
        if (!cseg_layer_has_weights(layer))
            continue;
        if (layer->norm && !uses_batch(net, i))
            running_statistics(net, i);
        CSEG_TRY(cseg_value_each_image(net, convolve_image, i));
        if (layer->norm && uses_batch(net, i))
            batch_statistics(net, i);
    }
    return CELLSEG_OK;
}
