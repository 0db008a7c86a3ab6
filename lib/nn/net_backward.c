/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backward through a batch, layer by layer from the last. Each group sums its images' gradients of a layer's weights in its own
 * memory. The groups are then added in order, so that the sum is the same for any number of threads.
 */
#include "nn/net.h"

#include <string.h>

typedef struct work {
    cseg_net *net;
    size_t layer;
} work;

/* ---- a layer with weights ---- */

static double *image_sums(const cseg_net *net, size_t image) {
    return net->sums + image * 2 * net->layout.max_channels;
}

static void norm_sums_image(const cseg_net *net, size_t i, const cseg_worker *worker, size_t group, size_t image) {
    const cseg_norm n = cseg_value_norm(net, i);
    (void)worker, (void)group;
    const cseg_tensor d = cseg_value_gradient(net, i + 1, image), x = cseg_value_kept(net, i + 1, image);
    double *sums = image_sums(net, image);
    cseg_norm_backward_sums(net->kernels, sums, sums + net->layout.max_channels, &d, &x, n.mean, n.inv_std, n.gamma, n.beta,
                            net->arch.layers[i].activation);
}

/* Gradients of scale and shift, and the means for the gradient of normalisation. */
static void reduce_norm_sums(cseg_net *net, size_t i) {
    const cseg_slot *slot = &net->layout.slots[i];
    const cseg_size size = net->size[i + 1];
    const double count = (double)net->images * (double)size.height * (double)size.width;
    for (size_t c = 0; c < net->arch.layers[i].out; c++) {
        double g = 0, gx = 0;
        for (size_t image = 0; image < net->images; image++) {
            g += image_sums(net, image)[c];
            gx += image_sums(net, image)[net->layout.max_channels + c];
        }
        net->gradient[slot->shift + c] = (float)g;
        net->gradient[slot->scale + c] = (float)gx;
        net->mean_g[c] = (float)(g / count);
        net->mean_gx[c] = (float)(gx / count);
    }
}

/* Turn d, the gradient of a layer's output, into the gradient of its sums, in place. */
static void through_activation(const cseg_net *net, size_t i, const cseg_tensor *d, size_t image) {
    const cseg_layer *layer = &net->arch.layers[i];
    const cseg_tensor x = cseg_value_kept(net, i + 1, image);
    if (layer->activation == CSEG_SIGMOID) {
        cseg_sigmoid_backward(net->kernels, d, d, &x);
        return;
    }
    const cseg_norm n = cseg_value_norm(net, i);
    const float *mean_g = layer->norm ? net->mean_g : net->zeros, *mean_gx = layer->norm ? net->mean_gx : net->zeros;
    cseg_norm_backward(net->kernels, d, d, &x, n.mean, n.inv_std, n.gamma, n.beta, layer->activation, mean_g, mean_gx);
}

static void weights_image(const cseg_net *net, size_t i, const cseg_worker *worker, size_t group, size_t image) {
    const cseg_conv_shape shape = cseg_layer_shape(&net->arch.layers[i]);
    float *gradient = cseg_value_group_gradient(net, group);
    float *shifts = net->arch.layers[i].norm ? NULL : gradient + net->layout.slots[i].weights;
    const cseg_tensor d = cseg_value_gradient(net, i + 1, image);
    through_activation(net, i, &d, image);
    const cseg_tensor in = cseg_value_read(net, worker, i, image);
    cseg_conv_backward_weights(net->kernels, gradient, shifts, &in, &d, &shape, worker->scratch);
    if (i == 0)
        return;
    const cseg_tensor d_in = cseg_value_gradient(net, i, image);
    if (!net->gradient_written[i])
        cseg_spans_clear_frame(&d_in);
    cseg_conv_backward_data(net->kernels, &d_in, &d, net->packed + net->backward_at[i], &shape, net->gradient_written[i],
                            worker->scratch);
}

static cellseg_status clear_group(void *data, size_t group) {
    const work *w = data;
    const size_t floats = w->net->layout.slots[w->layer].weights + w->net->arch.layers[w->layer].out;
    memset(cseg_value_group_gradient(w->net, group), 0, floats * sizeof(float));
    return CELLSEG_OK;
}

enum { CHUNK = 8192 };

static cellseg_status reduce_chunk(void *data, size_t index) {
    const work *w = data;
    const cseg_net *net = w->net;
    const cseg_slot *slot = &net->layout.slots[w->layer];
    const size_t shifts = net->arch.layers[w->layer].norm ? 0 : net->arch.layers[w->layer].out;
    const size_t from = index * CHUNK;
    const size_t end = from + CHUNK < slot->weights ? from + CHUNK : slot->weights;
    float *gradient = net->gradient + slot->weight;
    memcpy(gradient + from, cseg_value_group_gradient(net, 0) + from, (end - from) * sizeof(float));
    for (size_t g = 1; g < CSEG_GROUPS; g++) {
        const float *other = cseg_value_group_gradient(net, g);
        for (size_t j = from; j < end; j++)
            gradient[j] += other[j];
    }
    for (size_t c = 0; index == 0 && c < shifts; c++) {
        double sum = 0;
        for (size_t g = 0; g < CSEG_GROUPS; g++)
            sum += (double)cseg_value_group_gradient(net, g)[slot->weights + c];
        net->gradient[slot->shift + c] = (float)sum;
    }
    return CELLSEG_OK;
}

static cellseg_status weights_backward(cseg_net *net, size_t i) {
    work w = {net, i};
    if (net->arch.layers[i].norm) {
        CSEG_TRY(cseg_value_each_image(net, norm_sums_image, i));
        reduce_norm_sums(net, i);
    }
    CSEG_TRY(cseg_parallel_for(net->context, CSEG_GROUPS, clear_group, &w));
    CSEG_TRY(cseg_value_each_image(net, weights_image, i));
    const size_t chunks = (net->layout.slots[i].weights + CHUNK - 1) / CHUNK;
    CSEG_TRY(cseg_parallel_for(net->context, chunks, reduce_chunk, &w));
    if (i > 0)
        net->gradient_written[i] = true;
    return CELLSEG_OK;
}

/* ---- other layers ---- */

static void add(const cseg_tensor *to, const cseg_tensor *from) {
    for (size_t y = 0; y < to->height; y++)
        for (size_t x = 0; x < to->width; x++) {
            float *a = to->data + y * to->row + x * to->pixel;
            const float *b = from->data + y * from->row + x * from->pixel;
            for (size_t c = 0; c < to->channels; c++)
                a[c] += b[c];
        }
}

/* Write or add `from` to the gradient of a value, unless both share memory. */
static void hand_down(const cseg_net *net, size_t value, size_t image, const cseg_tensor *from, bool written) {
    const cseg_tensor to = cseg_value_gradient(net, value, image);
    if (to.data == from->data)
        return;
    if (written) {
        add(&to, from);
        return;
    }
    cseg_spans_clear_frame(&to);
    cseg_tensor_copy(&to, from);
}

static void concat_backward(const cseg_net *net, size_t i, size_t image) {
    const cseg_layer *layer = &net->arch.layers[i];
    const cseg_tensor d = cseg_value_gradient(net, i + 1, image);
    const cseg_tensor first = cseg_tensor_channels(&d, 0, layer->in);
    const cseg_tensor second = cseg_tensor_channels(&d, layer->in, layer->out - layer->in);
    if (i > 0)
        hand_down(net, i, image, &first, net->gradient_written[i]);
    const bool same = layer->with + 1 == i; /* a layer appended to itself: written just above */
    hand_down(net, layer->with + 1, image, &second, same || net->gradient_written[layer->with + 1]);
}

static void dropout_backward(const cseg_net *net, size_t i, size_t image) {
    const cseg_tensor d = cseg_value_gradient(net, i + 1, image);
    cseg_dropout_apply(net->kernels, &d, &d, net->arch.layers[i].rate, cseg_value_dropout_seed(net, i, image));
    if (i > 0)
        hand_down(net, i, image, &d, net->gradient_written[i]);
}

static void pool_backward(const cseg_net *net, const cseg_worker *worker, size_t i, size_t image) {
    if (i == 0)
        return;
    const cseg_tensor d = cseg_value_gradient(net, i + 1, image), d_in = cseg_value_gradient(net, i, image);
    const cseg_tensor in = cseg_value_read(net, worker, i, image);
    if (!net->gradient_written[i])
        cseg_spans_clear_frame(&d_in);
    cseg_maxpool_backward(net->kernels, &d_in, &d, &in, net->gradient_written[i]);
}

static void other_image(const cseg_net *net, size_t i, const cseg_worker *worker, size_t group, size_t image) {
    (void)group;
    if (net->arch.layers[i].op == CSEG_OP_CONCAT)
        concat_backward(net, i, image);
    else if (net->arch.layers[i].op == CSEG_OP_DROPOUT)
        dropout_backward(net, i, image);
    else
        pool_backward(net, worker, i, image);
}

static cellseg_status other_backward(cseg_net *net, size_t i) {
    const cseg_layer *layer = &net->arch.layers[i];
    CSEG_TRY(cseg_value_each_image(net, other_image, i));
    net->gradient_written[i] = true;
    if (layer->op == CSEG_OP_CONCAT)
        net->gradient_written[layer->with + 1] = true;
    return CELLSEG_OK;
}

cellseg_status cseg_backward_run(cseg_net *net) {
    memset(net->gradient_written, 0, sizeof net->gradient_written);
    for (size_t i = net->arch.count; i-- > net->options.frozen;)
        CSEG_TRY(cseg_layer_has_weights(&net->arch.layers[i]) ? weights_backward(net, i) : other_backward(net, i));
    return CELLSEG_OK;
}
