/* SPDX-License-Identifier: BSD-3-Clause */
/* A network in training: creation, step, evaluation, and the model of its current weights. */
#include "nn/net.h"
#include "core/core.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double momentum = 0.1; /* weight of the newest batch in the running statistics */

static cellseg_status check_options(const cseg_net_options *options) {
    CSEG_TRY(cseg_range_check("batch", (double)options->batch, 1, 65536));
    CSEG_TRY(cseg_range_check("learning_rate", options->learning_rate, 0, 1000));
    CSEG_TRY(cseg_range_check("dropout", options->dropout, 0, 0.9));
    CSEG_TRY(cseg_range_check("weight_sum", options->weight_sum, 0, 1e6));
    CSEG_TRY(cseg_range_check("weight_border", options->weight_border, 0, 1e6));
    CSEG_TRY(cseg_range_check("weight_dice", options->weight_dice, 0, 1e6));
    CSEG_TRY(cseg_range_check("weight_cross_entropy", options->weight_cross_entropy, 0, 1e6));
    for (size_t c = 0; c < options->rule.classes && c < CSEG_MAX_CLASSES; c++)
        CSEG_TRY(cseg_range_check("a class's weight", options->weight_class[c], 0, 1e6));
    return cseg_rule_check(&options->rule);
}

static cellseg_status choose_arch(cseg_net *net, const cellseg_model *start) {
    cseg_model_default_names(net->names);
    if (start != NULL) {
        CSEG_TRY(cseg_model_check_layers(start));
        net->arch = start->arch;
        memcpy(net->names, start->names, start->rule.classes * sizeof net->names[0]);
        cseg_layer *last = &net->arch.layers[net->arch.count - 1];
        if (last->filters + 1 == net->options.rule.classes)
            last->filters++;
    } else {
        CSEG_TRY(cseg_range_check("width", net->options.width, 0.01, 16));
        cseg_arch_paper(&net->arch, net->options.width, net->options.rule.classes);
        for (size_t i = 0; i < net->arch.count; i++)
            if (net->arch.layers[i].op == CSEG_OP_DROPOUT)
                net->arch.layers[i].rate = net->options.dropout;
    }
    CSEG_TRY(cseg_arch_check(&net->arch, net->options.rule.classes));
    if (net->options.distance)
        (void)snprintf(net->names[net->options.rule.classes - 1], CSEG_NAME_BYTES, "distance");
    if (net->options.frozen >= net->arch.count)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%zu layers cannot be frozen: the network has %zu, and the last must learn",
                         net->options.frozen, net->arch.count);
    return cseg_layout_make(&net->layout, &net->arch);
}

/* Copy the start's numbers; additional filters of the last layer keep their initial values. Only the last layer may have more
 * filters, and no filter there has normalisation, so that all other offsets are the same. */
static void copy_start(cseg_net *net, const cellseg_model *start) {
    const size_t last = start->arch.count - 1, outputs = start->arch.layers[last].out, wide = net->arch.layers[last].out;
    const cseg_slot *from = &start->layout.slots[last], *to = &net->layout.slots[last];
    memcpy(net->state, start->params, from->weight * sizeof(float));
    for (size_t i = 0; i < from->weights; i++)
        net->state[to->weight + i / outputs * wide + i % outputs] = start->params[from->weight + i];
    memcpy(net->state + to->shift, start->params + from->shift, outputs * sizeof(float));
    memcpy(net->state + net->layout.trained, start->params + start->layout.trained,
           (net->layout.total - net->layout.trained) * sizeof(float));
}

cellseg_status cseg_net_new(cseg_net **out, cellseg_context *context, const cellseg_model *start,
                            const cseg_net_options *options) {
    *out = NULL;
    CSEG_TRY(check_options(options));
    cseg_net *net = cseg_memory_calloc(context, 1, sizeof *net);
    if (net == NULL)
        return cseg_error_last();
    net->context = context;
    net->options = *options;
    (void)pthread_mutex_init(&net->mutex, NULL);
    net->kernels = cseg_kernels_select(cellseg_context_cpu_level(context));
    cellseg_status status;
    CSEG_TRY_GOTO(failed, choose_arch(net, start));
    CSEG_TRY_GOTO(failed, cseg_buffers_plan(net));
    cseg_params_init(net->state, &net->layout, &net->arch, options->seed);
    if (start != NULL)
        copy_start(net, start);
    *out = net;
    return CELLSEG_OK;
failed:
    cseg_net_free(net);
    return status;
}

void cseg_net_free(cseg_net *net) {
    if (net == NULL)
        return;
    cseg_memory_free(net->state);
    cseg_memory_free(net->gradient);
    cseg_memory_free(net->values);
    cseg_memory_free(net->packed);
    while (net->idle != NULL) {
        cseg_worker *worker = net->idle;
        net->idle = worker->next;
        cseg_memory_free(worker->value);
        cseg_memory_free(worker);
    }
    cseg_memory_free(net->group_gradients);
    cseg_memory_free(net->sums);
    cseg_memory_free(net->zeros);
    cseg_memory_free(net->ones);
    cseg_memory_free(net->mean);
    cseg_memory_free(net->inv_std);
    cseg_memory_free(net->variance);
    cseg_memory_free(net->mean_g);
    cseg_memory_free(net->mean_gx);
    (void)pthread_mutex_destroy(&net->mutex);
    cseg_memory_free(net);
}

/* ---- one step ---- */

static void update_running_statistics(cseg_net *net) {
    for (size_t i = net->options.frozen; i < net->arch.count; i++) {
        if (!net->arch.layers[i].norm)
            continue;
        const cseg_slot *slot = &net->layout.slots[i];
        const cseg_size size = net->size[i + 1];
        const double count = (double)net->images * (double)size.height * (double)size.width;
        const double unbiased = count > 1 ? count / (count - 1) : 1;
        for (size_t c = 0; c < net->arch.layers[i].out; c++) {
            const size_t at = net->channel_at[i] + c;
            float *mean = &net->state[slot->mean + c], *variance = &net->state[slot->variance + c];
            *mean = (float)((1 - momentum) * (double)*mean + momentum * (double)net->mean[at]);
            *variance = (float)((1 - momentum) * (double)*variance + momentum * unbiased * net->variance[at]);
        }
    }
}

enum { ADAM_CHUNK = 65536 };

/* Offset of the parameters of the first layer that learns. */
static size_t first_trained(const cseg_net *net) {
    size_t i = net->options.frozen;
    while (!cseg_layer_has_weights(&net->arch.layers[i])) /* the last layer always has weights */
        i++;
    return net->layout.slots[i].weight;
}

static cellseg_status adam_chunk(void *data, size_t index) {
    const cseg_net *net = data;
    const cseg_adam adam = {
        .learning_rate = net->options.learning_rate, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .step = net->step + 1};
    const size_t from = first_trained(net) + index * ADAM_CHUNK, left = net->layout.trained - from;
    float *m = net->state + net->layout.total, *v = m + net->layout.trained;
    cseg_adam_update(net->kernels, net->state + from, m + from, v + from, net->gradient + from,
                     left < ADAM_CHUNK ? left : ADAM_CHUNK, &adam);
    return CELLSEG_OK;
}

/* A ReLU maps a NaN to 0, so that a NaN among the inputs may not reach the loss; the sums here keep it. */
static bool step_is_finite(const cseg_net *net, double loss) {
    bool finite = isfinite(loss);
    for (size_t i = 0; i < net->layout.trained; i++)
        finite = finite && isfinite(net->gradient[i]);
    for (size_t c = 0; c < net->norm_channels; c++)
        finite = finite && isfinite(net->mean[c]) && isfinite(net->variance[c]);
    return finite;
}

cellseg_status cseg_net_step(cseg_net *net, double *loss, const float *in, const uint8_t *classes, uint64_t dropout_seed) {
    net->in = in;
    net->classes = classes;
    net->images = net->options.batch;
    net->training = true;
    net->dropout_seed = dropout_seed;
    CSEG_TRY(cseg_activations_compute(net));
    CSEG_TRY(cseg_loss_compute(net, loss, true));
    CSEG_TRY(cseg_backward_run(net));
    if (!step_is_finite(net, *loss))
        return cseg_fail(CELLSEG_ERR_MODEL, "the loss or its gradient is not finite at step %llu",
                         (unsigned long long)net->step + 1);
    /* From here on nothing fails: a cancelled step leaves the state unchanged. */
    CSEG_TRY(cseg_progress_cancelled(net->context));
    const size_t chunks = (net->layout.trained - first_trained(net) + ADAM_CHUNK - 1) / ADAM_CHUNK;
    for (size_t i = 0; i < chunks; i++)
        (void)adam_chunk(net, i);
    update_running_statistics(net);
    net->step++;
    return CELLSEG_OK;
}

cellseg_status cseg_net_evaluate(cseg_net *net, double *loss, const float *in, const uint8_t *classes, size_t patches) {
    assert(patches >= 1 && patches <= net->options.batch);
    net->in = in;
    net->classes = classes;
    net->images = patches;
    net->training = false;
    CSEG_TRY(cseg_activations_compute(net));
    return cseg_loss_compute(net, loss, false);
}

void cseg_net_set_targets(cseg_net *net, const uint8_t *distance, const uint8_t *border) {
    net->distance = distance;
    net->border = border;
}

void cseg_net_set_learning_rate(cseg_net *net, double learning_rate) {
    net->options.learning_rate = learning_rate;
}

void cseg_net_set_nucleus_diameter(cseg_net *net, double um) {
    net->options.rule.nucleus_diameter_um = um;
}

/* ---- results ---- */

static cellseg_status check_record(cellseg_context *context, const char *record) {
    cseg_json *json;
    CSEG_TRY(cseg_json_parse(&json, context, record, strlen(record), "record"));
    const bool object = cseg_json_is(json, CSEG_JSON_OBJECT);
    cseg_memory_free(json);
    return object ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_ARGUMENT, "record: it must be a JSON object");
}

cellseg_status cseg_net_model(cellseg_model **out, cseg_net *net, const char *record_json) {
    *out = NULL;
    cellseg_model *model;
    size_t edge;
    CSEG_TRY(cseg_model_test_edge(&edge, &net->arch));
    if (record_json != NULL)
        CSEG_TRY(check_record(net->context, record_json));
    CSEG_TRY(cseg_model_new(&model, net->context, &net->arch, &net->options.rule, record_json));
    memcpy(model->names, net->names, sizeof model->names);
    memcpy(model->params, net->state, net->layout.total * sizeof(float));
    const cellseg_status status = cseg_model_complete(model, net->context, edge, edge);
    if (status != CELLSEG_OK)
        cellseg_model_free(model);
    else
        *out = model;
    return status;
}

float *cseg_net_state(cseg_net *net, size_t *count) {
    *count = net->layout.total + 2 * net->layout.trained;
    return net->state;
}

uint64_t *cseg_net_step_counter(cseg_net *net) {
    return &net->step;
}
