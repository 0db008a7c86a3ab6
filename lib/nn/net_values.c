/* SPDX-License-Identifier: BSD-3-Clause */
/* The inputs and outputs of layers during a step, one image at a time. */
#include "nn/net.h"

cseg_tensor cseg_value_kept(const cseg_net *net, size_t value, size_t image) {
    const cseg_size size = net->size[value];
    const cseg_tensor all = cseg_tensor_place(net->values + net->kept[value].offset, net->images, size.height, size.width,
                                              net->channels[value], net->kept_frame[value]);
    return cseg_tensor_image(&all, image);
}

cseg_tensor cseg_value_gradient(const cseg_net *net, size_t value, size_t image) {
    const size_t home = net->gradient_home[value];
    const cseg_size size = net->size[home];
    const cseg_tensor all = cseg_tensor_place(net->values + net->gradients[home].offset, net->images, size.height, size.width,
                                              net->channels[home], CSEG_FRAME);
    const cseg_tensor one = cseg_tensor_image(&all, image);
    return home == value ? one : cseg_tensor_channels(&one, 0, net->channels[value]);
}

cseg_norm cseg_value_norm(const cseg_net *net, size_t layer) {
    if (!net->arch.layers[layer].norm)
        return (cseg_norm){.mean = net->zeros, .inv_std = net->ones, .gamma = net->ones, .beta = net->zeros};
    const cseg_slot *slot = &net->layout.slots[layer];
    const size_t at = net->channel_at[layer];
    return (cseg_norm){.mean = net->mean + at,
                       .inv_std = net->inv_std + at,
                       .gamma = net->state + slot->scale,
                       .beta = net->state + slot->shift};
}

uint64_t cseg_value_dropout_seed(const cseg_net *net, size_t layer, size_t image) {
    return cseg_random_bits(cseg_random_bits(net->dropout_seed, layer), image);
}

float *cseg_value_group_gradient(const cseg_net *net, size_t index) {
    return net->group_gradients + index * net->gradient_floats;
}

cseg_worker *cseg_worker_new(cseg_net *net) {
    cseg_worker *worker = cseg_memory_calloc(net->context, 1, sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker->value = cseg_memory_calloc(net->context, net->value_floats + net->scratch_floats, sizeof(float));
    if (worker->value == NULL) {
        cseg_memory_free(worker);
        return NULL;
    }
    worker->scratch = worker->value + net->value_floats;
    return worker;
}

/* Take an idle worker. An embedder may run more indices at a time than the context has threads; then make a new worker. */
static cseg_worker *take_worker(cseg_net *net) {
    (void)pthread_mutex_lock(&net->mutex);
    cseg_worker *worker = net->idle;
    if (worker != NULL)
        net->idle = worker->next;
    (void)pthread_mutex_unlock(&net->mutex);
    return worker != NULL ? worker : cseg_worker_new(net);
}

void cseg_worker_put(cseg_net *net, cseg_worker *worker) {
    (void)pthread_mutex_lock(&net->mutex);
    worker->next = net->idle;
    net->idle = worker;
    (void)pthread_mutex_unlock(&net->mutex);
}

/* ---- a loop over images ---- */

typedef struct loop {
    cseg_net *net;
    cseg_image_fn task;
    size_t layer;
} loop;

static cellseg_status run_group(void *data, size_t group) {
    const loop *l = data;
    const size_t images = l->net->images, each = (images + CSEG_GROUPS - 1) / CSEG_GROUPS;
    const size_t end = (group + 1) * each < images ? (group + 1) * each : images;
    cseg_worker *worker = take_worker(l->net);
    if (worker == NULL)
        return cseg_error_last();
    cellseg_status status = CELLSEG_OK;
    for (size_t image = group * each; image < end && status == CELLSEG_OK; image++) {
        l->task(l->net, l->layer, worker, group, image);
        status = cseg_progress_cancelled(l->net->context);
    }
    cseg_worker_put(l->net, worker);
    return status;
}

cellseg_status cseg_value_each_image(cseg_net *net, cseg_image_fn task, size_t layer) {
    loop l = {net, task, layer};
    return cseg_parallel_for(net->context, CSEG_GROUPS, run_group, &l);
}

/* ---- one image's values ---- */

static void load(const cseg_tensor *to, const float *in) {
    for (size_t y = 0; y < to->height; y++)
        for (size_t x = 0; x < to->width; x++)
            to->data[y * to->row + x * to->pixel] = *in++;
}

/* Recursion is bounded: each concat inside a concat adds channels, each dropout is a layer. */
static void make(const cseg_net *net, const cseg_tensor *to, size_t value, size_t image) {
    if (value == 0) {
        load(to, net->in + image * net->size[0].height * net->size[0].width);
        return;
    }
    const size_t i = value - 1;
    const cseg_layer *layer = &net->arch.layers[i];
    switch (layer->op) {
    case CSEG_OP_CONCAT: {
        const cseg_tensor first = cseg_tensor_channels(to, 0, layer->in);
        const cseg_tensor second = cseg_tensor_channels(to, layer->in, layer->out - layer->in);
        make(net, &first, i, image);
        make(net, &second, layer->with + 1, image);
        break;
    }
    case CSEG_OP_DROPOUT:
        make(net, to, i, image);
        if (net->training)
            cseg_dropout_apply(net->kernels, to, to, layer->rate, cseg_value_dropout_seed(net, i, image));
        break;
    case CSEG_OP_POOL: {
        const cseg_tensor kept = cseg_value_kept(net, value, image);
        cseg_tensor_copy(to, &kept);
        break;
    }
    default: {
        const cseg_norm n = cseg_value_norm(net, i);
        const cseg_tensor kept = cseg_value_kept(net, value, image);
        cseg_norm_forward(net->kernels, to, &kept, n.mean, n.inv_std, n.gamma, n.beta, layer->activation);
    }
    }
}

cseg_tensor cseg_value_read(const cseg_net *net, const cseg_worker *worker, size_t value, size_t image) {
    if (value > 0 && net->arch.layers[value - 1].op == CSEG_OP_POOL)
        return cseg_value_kept(net, value, image);
    const cseg_size size = net->size[value];
    const cseg_tensor made = cseg_tensor_place(worker->value, 1, size.height, size.width, net->channels[value], CSEG_FRAME);
    cseg_spans_clear_frame(&made);
    make(net, &made, value, image);
    return made;
}
