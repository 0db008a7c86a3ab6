/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a network in training. Forward, layer i is step i; the loss is step L; backward, layer i is step 2L - i. A kept
 * value is in use from its layer forward to its layer backward; a gradient from its value's last reader backward to its own
 * layer backward. Gradients thus take the memory of activations that are no longer needed. A gradient with the shape of the sums
 * that its reader kept replaces these sums, image after image. Batch 32, patch 176: 1.8 GB; 0.95 GB at width 0.5.
 */
#include "nn/net.h"

static size_t padded(size_t floats) {
    return (floats + 15) / 16 * 16;
}

static void count_readers(cseg_net *net) {
    for (size_t i = 0; i < net->arch.count; i++) {
        net->readers[i]++;
        if (net->arch.layers[i].op == CSEG_OP_CONCAT)
            net->readers[net->arch.layers[i].with + 1]++;
    }
}

/* Dropout's gradient is computed in place, and the first channels of a concat's gradient are the gradient of its first input.
 * So neither is copied, unless another layer reads the value. */
static void find_homes(cseg_net *net) {
    for (size_t v = net->arch.count; v > 0; v--) {
        net->gradient_home[v] = v;
        if (v == net->arch.count || net->readers[v] != 1)
            continue;
        const int32_t op = net->arch.layers[v].op;
        if (op == CSEG_OP_DROPOUT || op == CSEG_OP_CONCAT)
            net->gradient_home[v] = net->gradient_home[v + 1];
    }
}

static bool is_kept(const cseg_layer *layer) {
    return cseg_layer_has_weights(layer) || layer->op == CSEG_OP_POOL;
}

/* Layer v reads its sums of an image for the last time before it writes d_in of that image. No other layer may write d_in
 * before. */
static void find_frames(cseg_net *net) {
    for (size_t v = 1; v < net->arch.count; v++) {
        const cseg_size in = net->size[v], out = net->size[v + 1];
        const bool same =
            in.height == out.height && in.width == out.width && padded(net->channels[v]) == padded(net->channels[v + 1]);
        net->over_kept[v] =
            same && cseg_layer_has_weights(&net->arch.layers[v]) && net->readers[v] == 1 && net->gradient_home[v] == v;
        if (net->over_kept[v])
            net->kept_frame[v + 1] = CSEG_FRAME;
    }
    for (size_t v = 1; v <= net->arch.count; v++)
        if (net->arch.layers[v - 1].op == CSEG_OP_POOL)
            net->kept_frame[v] = CSEG_FRAME;
}

static void use_gradient(cseg_net *net, size_t v, size_t step) {
    cseg_span *span = &net->gradients[net->gradient_home[v]];
    if (step < span->first)
        span->first = step;
    if (step > span->last)
        span->last = step;
}

static void find_lives(cseg_net *net) {
    const size_t layers = net->arch.count;
    for (size_t v = 0; v <= layers; v++)
        net->gradients[v] = (cseg_span){.first = SIZE_MAX};
    use_gradient(net, layers, layers);
    for (size_t i = 0; i < layers; i++) {
        const cseg_layer *layer = &net->arch.layers[i];
        const size_t back = 2 * layers - i;
        use_gradient(net, i + 1, back);
        if (i > 0)
            use_gradient(net, i, back);
        if (layer->op == CSEG_OP_CONCAT)
            use_gradient(net, layer->with + 1, back);
        net->kept[i + 1] = (cseg_span){.first = i, .last = back};
    }
    for (size_t v = 1; v < layers; v++)
        if (net->over_kept[v])
            net->kept[v + 1].last = net->gradients[v].last;
}

static cellseg_status measure_values(cseg_net *net) {
    size_t room = SIZE_MAX / 4; /* for the floats of all values; as many of gradients leave half of what a size counts */
    for (size_t v = 0; v <= net->arch.count; v++) {
        const cseg_size size = net->size[v];
        const size_t batch = cseg_tensor_floats(net->options.batch, size.height, size.width, net->channels[v], CSEG_FRAME);
        if (batch == 0 || batch > room)
            return cseg_fail(CELLSEG_ERR_LIMIT, "a batch of %zu patches is more than this machine can address",
                             net->options.batch);
        room -= batch;
        const size_t one = cseg_tensor_floats(1, size.height, size.width, net->channels[v], CSEG_FRAME);
        if (one > net->value_floats)
            net->value_floats = one;
        if (v == 0)
            continue;
        if (is_kept(&net->arch.layers[v - 1]))
            net->kept[v].floats =
                cseg_tensor_floats(net->options.batch, size.height, size.width, net->channels[v], net->kept_frame[v]);
        if (net->gradient_home[v] == v && !net->over_kept[v] && net->gradients[v].first != SIZE_MAX)
            net->gradients[v].floats = batch;
    }
    return CELLSEG_OK;
}

static size_t place_values(cseg_net *net) {
    cseg_span spans[2 * CSEG_MAX_VALUES];
    const size_t values = net->arch.count + 1;
    for (size_t v = 0; v < values; v++) {
        spans[v] = net->kept[v];
        spans[values + v] = net->gradients[v];
    }
    const size_t total = cseg_spans_place(spans, 2 * values);
    for (size_t v = 0; v < values; v++) {
        net->kept[v] = spans[v];
        net->gradients[v] = spans[values + v];
    }
    for (size_t v = 1; v < net->arch.count; v++)
        if (net->over_kept[v])
            net->gradients[v].offset = net->kept[v + 1].offset;
    return total;
}

/* Offsets of packed weights and of normalisation's numbers, and sizes of the scratch memory; returns the floats of packed
 * weights. */
static size_t measure_layers(cseg_net *net) {
    size_t next = 0;
    for (size_t i = 0; i < net->arch.count; i++) {
        const cseg_layer *layer = &net->arch.layers[i];
        if (!cseg_layer_has_weights(layer))
            continue;
        const cseg_conv_shape shape = cseg_layer_shape(layer);
        net->forward_at[i] = next;
        next += padded(cseg_conv_packed_floats(net->kernels, &shape, CSEG_PACK_FORWARD));
        net->backward_at[i] = next;
        next += padded(cseg_conv_packed_floats(net->kernels, &shape, CSEG_PACK_BACKWARD_DATA));
        for (int32_t use = CSEG_PACK_FORWARD; use <= CSEG_PACK_BACKWARD_DATA; use++) {
            const cseg_size in = net->size[i], out = net->size[i + 1];
            const size_t height = in.height > out.height ? in.height : out.height;
            const size_t width = in.width > out.width ? in.width : out.width;
            const size_t floats = cseg_conv_scratch_floats(net->kernels, &shape, use, height, width);
            if (floats > net->scratch_floats)
                net->scratch_floats = floats;
        }
        net->channel_at[i] = net->norm_channels;
        net->norm_channels += layer->norm ? padded(layer->out) : 0;
    }
    net->scratch_floats = padded(net->scratch_floats);
    net->value_floats = padded(net->value_floats);
    net->gradient_floats = padded(net->layout.max_weights) + padded(net->layout.max_channels);
    return next;
}

/* Cleared, so that a state's padding and a step's first use of memory are the same in every run. */
static bool take(float **to, cseg_net *net, size_t floats) {
    *to = cseg_memory_calloc(net->context, floats > 0 ? floats : 1, sizeof(float));
    return *to != NULL;
}

static size_t worker_count(const cseg_net *net) {
    const size_t threads = (size_t)cellseg_context_threads(net->context);
    return threads < CSEG_GROUPS ? threads : CSEG_GROUPS;
}

static cellseg_status make_workers(cseg_net *net) {
    for (size_t i = worker_count(net); i > 0; i--) {
        cseg_worker *worker = cseg_worker_new(net);
        if (worker == NULL)
            return cseg_error_last();
        cseg_worker_put(net, worker);
    }
    return CELLSEG_OK;
}

static cellseg_status allocate(cseg_net *net, size_t values, size_t packed) {
    const size_t worker = net->value_floats + net->scratch_floats;
    const size_t state = net->layout.total + 2 * net->layout.trained;
    const uint64_t total = (uint64_t)values + packed + (uint64_t)worker_count(net) * worker + CSEG_GROUPS * net->gradient_floats +
                           state + net->layout.trained;
    CSEG_TRY(cseg_budget_check(net->context, total * sizeof(float), "training"));
    const size_t max_sums = net->layout.max_channels > CSEG_LOSS_SUMS ? net->layout.max_channels : CSEG_LOSS_SUMS;
    bool good = take(&net->values, net, values) && take(&net->packed, net, packed) &&
                take(&net->group_gradients, net, CSEG_GROUPS * net->gradient_floats) && take(&net->state, net, state) &&
                take(&net->gradient, net, net->layout.trained) && take(&net->mean, net, net->norm_channels) &&
                take(&net->inv_std, net, net->norm_channels) && take(&net->zeros, net, net->layout.max_channels) &&
                take(&net->ones, net, net->layout.max_channels) && take(&net->mean_g, net, net->layout.max_channels) &&
                take(&net->mean_gx, net, net->layout.max_channels);
    if (good) {
        net->sums = cseg_memory_calloc(net->context, net->options.batch * 2 * max_sums, sizeof *net->sums);
        net->variance =
            net->sums != NULL ? cseg_memory_calloc(net->context, net->norm_channels + 1, sizeof *net->variance) : NULL;
        good = net->variance != NULL;
    }
    for (size_t c = 0; good && c < net->layout.max_channels; c++)
        net->ones[c] = 1.0F;
    return good ? make_workers(net) : cseg_error_last();
}

cellseg_status cseg_buffers_plan(cseg_net *net) {
    const size_t edge = net->options.rule.patch_px;
    net->size[0] = (cseg_size){edge, edge};
    net->channels[0] = 1;
    CSEG_TRY(cseg_arch_sizes(net->size + 1, &net->arch, edge, edge));
    for (size_t i = 0; i < net->arch.count; i++)
        net->channels[i + 1] = net->arch.layers[i].out;
    count_readers(net);
    find_homes(net);
    find_frames(net);
    find_lives(net);
    CSEG_TRY(measure_values(net));
    const size_t packed = measure_layers(net);
    return allocate(net, place_values(net), packed);
}
