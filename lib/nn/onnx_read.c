/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model out of an ONNX file: of one that this library wrote, or of a U-Net of the same layers. The graph's nodes, which come in
 * the order of computation, become the list of layers: each reads what the node before gave, and only Concat reads an earlier
 * value as well. Normalisation and activations join the convolution in front of them. Concat appends the earlier value, so where
 * a file has it first the channels come in another order, and the next weights are read in that order. Cost: one pass over the
 * weights, and a search of the graph for each tensor.
 */
#include "nn/onnx_read.h"

#include "nn/cost.h"
#include "nn/describe.h"
#include "nn/message.h"
#include "nn/onnx.h"

#include <math.h>
#include <string.h>

enum { MAX_ITEMS = 2048, MAX_FIELDS = 64, MAX_INPUTS = 6, MAX_CHANNELS = 4096, IMAGE = -1, GONE = -2 };

/* Four numbers of a BatchNormalization, in the order of its inputs. */
enum { NORM_SCALE, NORM_SHIFT, NORM_MEAN, NORM_VARIANCE, NORM_TENSORS };

typedef struct node {
    cseg_message body, op, inputs[MAX_INPUTS], output;
    size_t input_count;
} node;

/* An array of float32 numbers in the file. */
typedef struct tensor {
    cseg_message numbers;
    uint64_t dims[4];
    size_t dimensions, count;
} tensor;

/* The tensors of a layer, by name. */
typedef struct source {
    cseg_message weight, bias, norm[NORM_TENSORS];
    float epsilon;
} source;

typedef struct import {
    cellseg_context *context;
    cseg_message graph;
    cseg_arch arch;
    cseg_layout layout;
    cseg_rule rule;
    char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES];
    source sources[CSEG_MAX_LAYERS];
    uint32_t channels[CSEG_MAX_LAYERS];
    uint16_t orders[CSEG_MAX_LAYERS][MAX_CHANNELS]; /* of a layer's output: where the file's channel is in ours */
    size_t node_count;
    int32_t givers[MAX_ITEMS]; /* by node: the layer that gives its output, IMAGE or GONE */
    cseg_message outputs[MAX_ITEMS];
} import;

static cellseg_status fail_at(const import *g, const node *n, const char *what) {
    const size_t longest = 32, size = cseg_message_size(&n->op);
    return cseg_fail(CELLSEG_ERR_MODEL, "node %zu (%.*s): %s", g->node_count, (int)(size < longest ? size : longest),
                     size > 0 ? (const char *)n->op.at : "", what);
}

/* ---- attributes ---- */

static bool find_attribute(cseg_message *attribute, const node *n, const char *name) {
    cseg_message rest = n->body;
    for (cseg_field field, own; cseg_message_next(&field, &rest);)
        if (field.number == CSEG_ONNX_NODE_ATTRIBUTE && cseg_message_find(&own, field.bytes, CSEG_ONNX_ATTRIBUTE_NAME) &&
            cseg_message_is(&own.bytes, name)) {
            *attribute = field.bytes;
            return true;
        }
    return false;
}

/* Whether all numbers of an attribute, which may be one or an array, are the same: *value. An absent one keeps *value. */
static bool read_same(uint64_t *value, const node *n, const char *name) {
    cseg_message rest;
    bool first = true;
    if (!find_attribute(&rest, n, name))
        return true;
    for (cseg_field field; cseg_message_next(&field, &rest);) {
        if (field.number != CSEG_ONNX_ATTRIBUTE_INT && field.number != CSEG_ONNX_ATTRIBUTE_INTS)
            continue;
        const bool packed = field.bytes.at != NULL;
        while (!packed || cseg_message_number(&field.value, &field.bytes)) {
            if (!first && field.value != *value)
                return false;
            *value = field.value;
            first = false;
            if (!packed)
                break;
        }
    }
    return true;
}

static bool is_all(const node *n, const char *name, uint64_t wanted, uint64_t standard) {
    uint64_t value = standard;
    return read_same(&value, n, name) && value == wanted;
}

/* Zeros round the image: `pads`, or those that keep the size. */
static bool read_pad(uint32_t *pad, const node *n, uint64_t kernel) {
    cseg_message attribute;
    cseg_field text;
    uint64_t value = 0;
    if (!read_same(&value, n, "pads") || value >= kernel)
        return false;
    *pad = (uint32_t)value;
    if (!find_attribute(&attribute, n, "auto_pad") || !cseg_message_find(&text, attribute, CSEG_ONNX_ATTRIBUTE_TEXT))
        return true;
    if (cseg_message_is(&text.bytes, "SAME_UPPER") || cseg_message_is(&text.bytes, "SAME_LOWER"))
        *pad = (uint32_t)kernel / 2;
    return cseg_message_size(&text.bytes) >= 4; /* SAME_..., NOTSET or VALID, which is without pads */
}

/* ---- tensors ---- */

static bool read_dims(tensor *t, cseg_message body) {
    t->dimensions = 0;
    t->count = 1;
    for (cseg_field field; cseg_message_next(&field, &body);) {
        if (field.number != CSEG_ONNX_TENSOR_DIMS)
            continue;
        const bool packed = field.bytes.at != NULL;
        while (!packed || cseg_message_number(&field.value, &field.bytes)) {
            if (t->dimensions == 4 || field.value < 1 || field.value > MAX_CHANNELS)
                return false;
            t->dims[t->dimensions++] = field.value;
            t->count *= (size_t)field.value;
            if (!packed)
                break;
        }
    }
    return true;
}

/* Numbers lie in the file as four bytes each, the lowest first, in either of two fields. */
static bool read_tensor(tensor *t, const import *g, const cseg_message *name) {
    cseg_message rest = g->graph;
    cseg_field own, type, numbers;
    for (cseg_field field; cseg_message_next(&field, &rest);) {
        if (field.number != CSEG_ONNX_GRAPH_INITIALIZER || !cseg_message_find(&own, field.bytes, CSEG_ONNX_TENSOR_NAME) ||
            !cseg_message_same(&own.bytes, name))
            continue;
        if (!cseg_message_find(&numbers, field.bytes, CSEG_ONNX_TENSOR_RAW_DATA))
            (void)cseg_message_find(&numbers, field.bytes, CSEG_ONNX_TENSOR_FLOATS);
        t->numbers = numbers.bytes;
        return cseg_message_find(&type, field.bytes, CSEG_ONNX_TENSOR_DATA_TYPE) && type.value == CSEG_ONNX_TYPE_FLOAT &&
               read_dims(t, field.bytes) && cseg_message_size(&t->numbers) / sizeof(float) == t->count &&
               cseg_message_size(&t->numbers) % sizeof(float) == 0;
    }
    return false;
}

static float number_at(const tensor *t, size_t index) {
    const uint8_t *at = t->numbers.at + 4 * index;
    const uint32_t bits = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- nodes ---- */

/* The layer that gives a value; IMAGE, or GONE where no node before gives it. */
static int32_t giver_of(const import *g, const cseg_message *name) {
    for (size_t i = g->node_count; i-- > 0;)
        if (cseg_message_same(&g->outputs[i], name))
            return g->givers[i];
    return GONE;
}

static int32_t last_layer(const import *g) {
    return (int32_t)g->arch.count - 1;
}

static bool reads_last(const import *g, const node *n, size_t input) {
    return n->input_count > input && giver_of(g, &n->inputs[input]) == last_layer(g);
}

static cellseg_status push(import *g, const node *n, cseg_layer layer, uint64_t channels) {
    const size_t i = g->arch.count;
    if (i == CSEG_MAX_LAYERS)
        return fail_at(g, n, "a network has 128 layers at most");
    if (channels > MAX_CHANNELS)
        return fail_at(g, n, "more than 4096 channels");
    g->arch.layers[i] = layer;
    g->channels[i] = (uint32_t)channels;
    for (size_t c = 0; c < channels; c++)
        g->orders[i][c] = (uint16_t)c;
    g->arch.count++;
    return CELLSEG_OK;
}

static uint32_t channels_of(const import *g, int32_t layer) {
    return layer == IMAGE ? 1 : g->channels[layer];
}

static cellseg_status add_conv(import *g, const node *n) {
    const bool deconvolution = cseg_message_is(&n->op, "ConvTranspose");
    tensor weight;
    if (n->input_count < 2 || !read_tensor(&weight, g, &n->inputs[1]) || weight.dimensions != 4)
        return fail_at(g, n, "its weights are not in the file as float32 numbers in four dimensions");
    const uint64_t kernel = weight.dims[2], stride = deconvolution ? 2 : 1, in = weight.dims[deconvolution ? 0 : 1];
    cseg_layer layer = {.op = deconvolution ? CSEG_OP_DECONV : CSEG_OP_CONV, .kernel = (uint32_t)kernel};
    layer.filters = (uint32_t)weight.dims[deconvolution ? 1 : 0];
    if (kernel != weight.dims[3] || (deconvolution ? kernel != 2 : kernel != 1 && kernel != 3))
        return fail_at(g, n, "the kernel must be 1 x 1 or 3 x 3, and 2 x 2 for ConvTranspose");
    if (!is_all(n, "strides", stride, 1) || !is_all(n, "dilations", 1, 1) || !is_all(n, "group", 1, 1) ||
        !is_all(n, "output_padding", 0, 0) || !read_pad(&layer.pad, n, kernel) || (deconvolution && layer.pad != 0))
        return fail_at(g, n, "strides must be 1, and 2 for ConvTranspose, without dilation and groups, with equal pads");
    if (in != channels_of(g, last_layer(g)))
        return fail_at(g, n, "its weights have another number of channels than its input; the image has one");
    g->sources[g->arch.count] = (source){.weight = n->inputs[1]};
    if (n->input_count > 2)
        g->sources[g->arch.count].bias = n->inputs[2];
    return push(g, n, layer, layer.filters);
}

static cellseg_status add_pool(import *g, const node *n) {
    if (!is_all(n, "kernel_shape", 2, 0) || !is_all(n, "strides", 2, 1) || !is_all(n, "pads", 0, 0) ||
        !is_all(n, "dilations", 1, 1) || !is_all(n, "ceil_mode", 0, 0))
        return fail_at(g, n, "the maximum must be over 2 x 2 pixels at steps of 2, without pads");
    if (g->arch.count == 0)
        return fail_at(g, n, "a convolution must come first");
    const size_t before = g->arch.count - 1;
    CSEG_TRY(push(g, n, (cseg_layer){.op = CSEG_OP_POOL}, g->channels[before]));
    memcpy(g->orders[before + 1], g->orders[before], sizeof g->orders[before]);
    return CELLSEG_OK;
}

/* Layers that append the other inputs to the value before, one by one; then the order that the file gives them. */
static cellseg_status add_concat(import *g, const node *n) {
    const int32_t last = last_layer(g);
    uint32_t starts[MAX_INPUTS] = {0}, total = channels_of(g, last);
    size_t main = 0, at = 0;
    while (main < n->input_count && giver_of(g, &n->inputs[main]) != last)
        main++;
    if (main == n->input_count || last < 0 || !(is_all(n, "axis", 1, 0) || is_all(n, "axis", (uint64_t)-3, 0)))
        return fail_at(g, n, "it must join the channels of the value before and of earlier layers");
    for (size_t i = 0; i < n->input_count; i++) {
        const int32_t with = giver_of(g, &n->inputs[i]);
        if (i == main)
            continue;
        if (with < 0)
            return fail_at(g, n, "it joins a value that no layer gives, such as one in front of an activation");
        starts[i] = total;
        total += g->channels[with];
        CSEG_TRY(push(g, n, (cseg_layer){.op = CSEG_OP_CONCAT, .with = (uint32_t)with}, total));
    }
    for (size_t i = 0; i < n->input_count; i++) {
        const int32_t with = giver_of(g, &n->inputs[i]);
        for (size_t c = 0; c < g->channels[with]; c++)
            g->orders[g->arch.count - 1][at++] = (uint16_t)(starts[i] + g->orders[with][c]);
    }
    return CELLSEG_OK;
}

/* The convolution in front, which no other node may have read; its value is replaced. */
static cseg_layer *absorb(import *g) {
    const int32_t last = last_layer(g);
    if (last < 0 || !cseg_layer_has_weights(&g->arch.layers[last]) || g->arch.layers[last].activation != CSEG_LINEAR)
        return NULL;
    for (size_t i = 0; i < g->node_count; i++)
        g->givers[i] = g->givers[i] == last ? GONE : g->givers[i];
    return &g->arch.layers[last];
}

static cellseg_status add_norm(import *g, const node *n) {
    cseg_layer *layer = absorb(g);
    cseg_message attribute;
    cseg_field number;
    if (layer == NULL || layer->norm || n->input_count != 1 + NORM_TENSORS || !is_all(n, "training_mode", 0, 0))
        return fail_at(g, n, "normalisation must follow a convolution, before the activation");
    source *s = &g->sources[g->arch.count - 1];
    float epsilon = 1e-5F;
    if (find_attribute(&attribute, n, "epsilon") && cseg_message_find(&number, attribute, CSEG_ONNX_ATTRIBUTE_FLOAT)) {
        const uint32_t bits = (uint32_t)number.value;
        memcpy(&epsilon, &bits, sizeof epsilon);
    }
    for (size_t i = 0; i < NORM_TENSORS; i++)
        s->norm[i] = n->inputs[1 + i];
    s->epsilon = epsilon;
    layer->norm = true;
    return CELLSEG_OK;
}

static cellseg_status add_activation(import *g, const node *n) {
    cseg_layer *layer = absorb(g);
    if (layer == NULL)
        return fail_at(g, n, "an activation must follow a convolution or its normalisation");
    layer->activation = cseg_message_is(&n->op, "Relu") ? CSEG_RELU : CSEG_SIGMOID;
    return CELLSEG_OK;
}

/* Identity, and Dropout, which is the identity in inference. */
static cellseg_status add_nothing(import *g, const node *n) {
    (void)g, (void)n;
    return CELLSEG_OK;
}

static cellseg_status add_node(import *g, const node *n) {
    static const struct {
        const char *op;
        cellseg_status (*add)(import *g, const node *n);
    } known[] = {{"Conv", add_conv},       {"ConvTranspose", add_conv}, {"BatchNormalization", add_norm},
                 {"Relu", add_activation}, {"Concat", add_concat},      {"Sigmoid", add_activation},
                 {"MaxPool", add_pool},    {"Dropout", add_nothing},    {"Identity", add_nothing}};
    if (n->input_count > MAX_INPUTS)
        return fail_at(g, n, "more than 6 inputs");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (cseg_message_is(&n->op, known[i].op)) {
            if (known[i].add != add_concat && !reads_last(g, n, 0))
                return fail_at(g, n, "it does not read what the node before gives; only Concat may read an earlier value");
            return known[i].add(g, n);
        }
    return fail_at(g, n,
                   "there is no layer for it; known are Conv, ConvTranspose, BatchNormalization, Relu, Sigmoid, MaxPool, Concat, "
                   "Dropout and Identity");
}

static void read_node(node *n, cseg_message body) {
    *n = (node){.body = body};
    for (cseg_field field; cseg_message_next(&field, &body);) {
        if (field.number == CSEG_ONNX_NODE_INPUT && n->input_count++ < MAX_INPUTS)
            n->inputs[n->input_count - 1] = field.bytes;
        else if (field.number == CSEG_ONNX_NODE_OUTPUT && n->output.at == NULL)
            n->output = field.bytes;
        else if (field.number == CSEG_ONNX_NODE_OP_TYPE)
            n->op = field.bytes;
    }
}

/* Note who gives a value from now on. */
static void note(import *g, cseg_message output, int32_t giver) {
    g->outputs[g->node_count] = output;
    g->givers[g->node_count++] = giver;
}

static bool is_tensor(const import *g, const cseg_message *name) {
    cseg_message rest = g->graph;
    cseg_field own;
    for (cseg_field field; cseg_message_next(&field, &rest);)
        if (field.number == CSEG_ONNX_GRAPH_INITIALIZER && cseg_message_find(&own, field.bytes, CSEG_ONNX_TENSOR_NAME) &&
            cseg_message_same(&own.bytes, name))
            return true;
    return false;
}

/* The image: the only input of the graph that is no tensor, as old files list tensors too. */
static cellseg_status note_image(import *g) {
    cseg_message rest = g->graph;
    cseg_field name;
    for (cseg_field field; cseg_message_next(&field, &rest);) {
        CSEG_TRY(cseg_progress_poll(g->context, 0));
        if (field.number != CSEG_ONNX_GRAPH_INPUT || !cseg_message_find(&name, field.bytes, CSEG_ONNX_VALUE_NAME) ||
            is_tensor(g, &name.bytes))
            continue;
        if (g->node_count > 0)
            return cseg_fail(CELLSEG_ERR_MODEL, "the graph has several inputs; a model reads one image");
        note(g, name.bytes, IMAGE);
    }
    return g->node_count > 0 ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_MODEL, "the graph has no input");
}

static cellseg_status check_output(const import *g) {
    cseg_field output, name;
    if (cseg_message_find(&output, g->graph, CSEG_ONNX_GRAPH_OUTPUT) &&
        cseg_message_find(&name, output.bytes, CSEG_ONNX_VALUE_NAME) && giver_of(g, &name.bytes) == last_layer(g))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_MODEL, "the graph's output is not what its last node gives");
}

/* Whether a message has at most so many fields: each search below then is short, whatever the file holds. */
static bool is_short(cseg_message message, size_t most) {
    size_t count = 0;
    for (cseg_field field; count <= most && cseg_message_next(&field, &message);)
        count++;
    return count <= most && !message.broken;
}

static bool has_short_attributes(cseg_message body) {
    for (cseg_field field; cseg_message_next(&field, &body);)
        if (field.number == CSEG_ONNX_NODE_ATTRIBUTE && !is_short(field.bytes, MAX_FIELDS))
            return false;
    return true;
}

static cellseg_status check_items(const import *g) {
    static const char what[] = "the ONNX graph is damaged, cut short, or has more than 2047 items of 64 fields";
    cseg_message rest = g->graph;
    if (!is_short(rest, MAX_ITEMS - 1))
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s", what);
    for (cseg_field field; cseg_message_next(&field, &rest);) {
        const bool is_node = field.number == CSEG_ONNX_GRAPH_NODE, is_tensor = field.number == CSEG_ONNX_GRAPH_INITIALIZER;
        if ((is_node || is_tensor) && (!is_short(field.bytes, MAX_FIELDS) || (is_node && !has_short_attributes(field.bytes))))
            return cseg_fail(CELLSEG_ERR_FORMAT, "%s", what);
    }
    return CELLSEG_OK;
}

static cellseg_status read_graph(import *g) {
    cseg_message rest = g->graph;
    CSEG_TRY(check_items(g));
    CSEG_TRY(note_image(g));
    for (cseg_field field; cseg_message_next(&field, &rest);) {
        node n;
        if (field.number != CSEG_ONNX_GRAPH_NODE)
            continue;
        CSEG_TRY(cseg_progress_poll(g->context, 0));
        read_node(&n, field.bytes);
        CSEG_TRY(add_node(g, &n));
        note(g, n.output, last_layer(g));
    }
    return check_output(g);
}

/* ---- numbers ---- */

static cellseg_status fail_tensor(const import *g, size_t layer) {
    return cseg_layer_fail(&g->arch, layer, "its tensors are not in the file as float32 numbers, or their sizes differ");
}

/* ONNX's [out][in][ky][kx], or [in][out][ky][kx] for ConvTranspose, to [ky][kx][in][out]. */
static cellseg_status fill_weights(const import *g, float *to, size_t i) {
    const cseg_layer *layer = &g->arch.layers[i];
    const size_t taps = (size_t)layer->kernel * layer->kernel;
    tensor t;
    if (!read_tensor(&t, g, &g->sources[i].weight) || t.count != taps * layer->in * layer->out)
        return fail_tensor(g, i);
    for (size_t in = 0; in < layer->in; in++) {
        const size_t ours = i > 0 ? g->orders[i - 1][in] : in;
        for (size_t out = 0; out < layer->out; out++)
            for (size_t tap = 0; tap < taps; tap++) {
                const size_t filter = layer->op == CSEG_OP_CONV ? out * layer->in + in : in * layer->out + out;
                to[(tap * layer->in + ours) * layer->out + out] = number_at(&t, filter * taps + tap);
            }
    }
    return CELLSEG_OK;
}

static cellseg_status fill_vector(const import *g, float *to, const cseg_message *name, size_t i) {
    tensor t;
    if (!read_tensor(&t, g, name) || t.count != g->arch.layers[i].out)
        return fail_tensor(g, i);
    for (size_t c = 0; c < t.count; c++)
        to[c] = number_at(&t, c);
    return CELLSEG_OK;
}

/* A bias in front of the normalisation moves its mean; the variance takes what the file's epsilon has more than ours. */
static cellseg_status fill_norm(const import *g, float *params, const cseg_slot *slot, size_t i) {
    const source *s = &g->sources[i];
    const size_t out = g->arch.layers[i].out;
    CSEG_TRY(fill_vector(g, params + slot->scale, &s->norm[NORM_SCALE], i));
    CSEG_TRY(fill_vector(g, params + slot->mean, &s->norm[NORM_MEAN], i));
    if (s->bias.at != NULL)
        CSEG_TRY(fill_vector(g, params + slot->shift, &s->bias, i));
    for (size_t c = 0; s->bias.at != NULL && c < out; c++)
        params[slot->mean + c] -= params[slot->shift + c];
    CSEG_TRY(fill_vector(g, params + slot->shift, &s->norm[NORM_SHIFT], i));
    CSEG_TRY(fill_vector(g, params + slot->variance, &s->norm[NORM_VARIANCE], i));
    for (size_t c = 0; c < out; c++)
        params[slot->variance + c] = params[slot->variance + c] + (s->epsilon - (float)cseg_params_norm_epsilon);
    return CELLSEG_OK;
}

static cellseg_status fill_params(import *g, cellseg_model *model) {
    g->arch = model->arch; /* with the numbers of channels */
    for (size_t i = 0; i < g->arch.count; i++) {
        const cseg_layer *layer = &g->arch.layers[i];
        const cseg_slot *slot = &model->layout.slots[i];
        if (!cseg_layer_has_weights(layer))
            continue;
        CSEG_TRY(cseg_progress_poll(g->context, (double)i / (double)g->arch.count));
        CSEG_TRY(fill_weights(g, model->params + slot->weight, i));
        if (layer->norm)
            CSEG_TRY(fill_norm(g, model->params, slot, i));
        else if (g->sources[i].bias.at != NULL)
            CSEG_TRY(fill_vector(g, model->params + slot->shift, &g->sources[i].bias, i));
        else
            memset(model->params + slot->shift, 0, layer->out * sizeof(float));
    }
    return CELLSEG_OK;
}

/* ---- the model ---- */

/* Rule and classes, which no ONNX graph states. */
static cellseg_status read_description(import *g, cseg_message file) {
    cseg_field key, value;
    char *text;
    for (cseg_field field; cseg_message_next(&field, &file);) {
        if (field.number != CSEG_ONNX_MODEL_METADATA || !cseg_message_find(&key, field.bytes, CSEG_ONNX_ENTRY_KEY) ||
            !cseg_message_is(&key.bytes, "cellseg") || !cseg_message_find(&value, field.bytes, CSEG_ONNX_ENTRY_VALUE))
            continue;
        cseg_text copy = {.context = g->context};
        cseg_text_add_bytes(&copy, value.bytes.at, cseg_message_size(&value.bytes));
        CSEG_TRY(cseg_text_take(&text, &copy));
        const cellseg_status status = cseg_parse_description(&g->rule, g->names, g->context, text);
        cseg_memory_free(text);
        return status;
    }
    return cseg_fail(CELLSEG_ERR_FORMAT, "the ONNX file has no metadata \"cellseg\" with \"rule\" and \"classes\", which say how "
                                         "images are preprocessed; add them as docs/model-format.md shows");
}

static cellseg_status finish(cellseg_model *model, import *g) {
    size_t edge;
    memcpy(model->names, g->names, sizeof model->names);
    CSEG_TRY(fill_params(g, model));
    CSEG_TRY(cseg_model_finish(model, g->context));
    CSEG_TRY(cseg_cost_check_patch(model, g->context));
    CSEG_TRY(cseg_model_test_edge(&edge, &model->arch));
    CSEG_TRY(cseg_model_test_new(model, g->context, edge, edge));
    CSEG_TRY(cseg_cost_check_test(model, g->context));
    return cseg_model_test_run(model->test.output, model, g->context);
}

static cellseg_status load(cellseg_model **out, import *g, cseg_message file) {
    cseg_field graph;
    cellseg_model *model;
    CSEG_TRY(read_description(g, file));
    CSEG_TRY(cseg_rule_check(&g->rule));
    if (!cseg_message_find(&graph, file, CSEG_ONNX_MODEL_GRAPH))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the ONNX file has no graph, or is cut short");
    g->graph = graph.bytes;
    CSEG_TRY(read_graph(g));
    CSEG_TRY(cseg_arch_check(&g->arch, g->rule.classes));
    CSEG_TRY(cseg_layout_make(&g->layout, &g->arch));
    CSEG_TRY(cseg_cost_check_layers(&g->arch, &g->layout, &g->rule, g->context));
    CSEG_TRY(cseg_model_new(&model, g->context, &g->arch, &g->rule, NULL));
    const cellseg_status status = finish(model, g);
    if (status != CELLSEG_OK)
        cellseg_model_free(model);
    else
        *out = model;
    return status;
}

cellseg_status cseg_onnxfile_load(cellseg_model **out, cellseg_context *context, const uint8_t *bytes, size_t size) {
    import *g = cseg_memory_calloc(context, 1, sizeof *g);
    if (g == NULL)
        return cseg_error_last();
    g->context = context;
    cseg_progress_step(context, "weights", 0.2, 1);
    const cellseg_status status = load(out, g, (cseg_message){bytes, bytes + size, false});
    cseg_memory_free(g);
    return status;
}

/* The version comes first, a small number; a model file begins with eight bytes of length and a brace. */
bool cseg_onnxfile_is(const uint8_t *start, size_t count) {
    const uint8_t version_key = CSEG_ONNX_MODEL_IR_VERSION << 3, newest = 64;
    return count > 8 && start[0] == version_key && start[1] >= 3 && start[1] <= newest && start[2] != 0;
}
