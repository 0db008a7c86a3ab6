/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model as an ONNX file, for other engines: normalisation folded into the convolutions, dropout removed, batch, height and
 * width free. ONNX is a Protocol Buffers message (onnx.proto3, opset 13), of which the few fields needed are written here. A
 * message is preceded by its length: five bytes are reserved and filled in at the end. The encoding allows a varint that is
 * longer than needed.
 */
#include "nn/onnx.h"
#include "nn/fold.h"

#include <cellseg/model.h>

#include <stdio.h>
#include <string.h>

enum { IR_VERSION = 8, LENGTH_BYTES = 5, NAME_BYTES = 40 };

/* ---- Protocol Buffers ---- */

static void put_varint(cseg_text *out, uint64_t value) {
    uint8_t bytes[10];
    size_t n = 0;
    do {
        bytes[n] = (uint8_t)((value & 0x7fU) | (value > 0x7fU ? 0x80U : 0U));
        value >>= 7;
    } while ((bytes[n++] & 0x80U) != 0);
    cseg_text_add_bytes(out, bytes, n);
}

static void put_int(cseg_text *out, uint32_t field, uint64_t value) {
    put_varint(out, (uint64_t)field << 3);
    put_varint(out, value);
}

static void put_bytes(cseg_text *out, uint32_t field, const void *bytes, size_t count) {
    put_varint(out, (uint64_t)field << 3 | 2U);
    put_varint(out, count);
    cseg_text_add_bytes(out, bytes, count);
}

static void put_string(cseg_text *out, uint32_t field, const char *text) {
    put_bytes(out, field, text, strlen(text));
}

/* Begin a message; the result is the argument of end(). */
static size_t begin(cseg_text *out, uint32_t field) {
    static const uint8_t room[LENGTH_BYTES] = {0};
    put_varint(out, (uint64_t)field << 3 | 2U);
    cseg_text_add_bytes(out, room, sizeof room);
    return out->length;
}

static void end(cseg_text *out, size_t start) {
    if (out->status != CELLSEG_OK)
        return;
    size_t length = out->length - start;
    for (size_t i = 0; i < LENGTH_BYTES; i++, length >>= 7)
        out->bytes[start - LENGTH_BYTES + i] = (char)((length & 0x7fU) | (i + 1 < LENGTH_BYTES ? 0x80U : 0U));
}

/* ---- the graph ---- */

static void put_ints(cseg_text *node, const char *name, const uint64_t *values, size_t count) {
    const size_t attribute = begin(node, CSEG_ONNX_NODE_ATTRIBUTE);
    put_string(node, CSEG_ONNX_ATTRIBUTE_NAME, name);
    for (size_t i = 0; i < count; i++)
        put_int(node, CSEG_ONNX_ATTRIBUTE_INTS, values[i]);
    put_int(node, CSEG_ONNX_ATTRIBUTE_TYPE, CSEG_ONNX_ATTRIBUTE_IS_INTS);
    end(node, attribute);
}

static void put_op_attributes(cseg_text *node, const cseg_layer *layer) {
    const uint64_t kernel[2] = {layer->kernel, layer->kernel}, two[2] = {2, 2};
    const uint64_t pads[4] = {layer->pad, layer->pad, layer->pad, layer->pad};
    switch (layer->op) {
    case CSEG_OP_CONV:
        put_ints(node, "kernel_shape", kernel, 2);
        put_ints(node, "pads", pads, 4);
        break;
    case CSEG_OP_CONCAT: {
        const size_t attribute = begin(node, CSEG_ONNX_NODE_ATTRIBUTE);
        put_string(node, CSEG_ONNX_ATTRIBUTE_NAME, "axis");
        put_int(node, CSEG_ONNX_ATTRIBUTE_INT, 1);
        put_int(node, CSEG_ONNX_ATTRIBUTE_TYPE, CSEG_ONNX_ATTRIBUTE_IS_INT);
        end(node, attribute);
        break;
    }
    default:
        put_ints(node, "kernel_shape", two, 2);
        put_ints(node, "strides", two, 2);
    }
}

/* The name of layer i's output: "probabilities" for the last layer. */
static void name_value(char name[NAME_BYTES], const cseg_arch *arch, size_t layer) {
    if (layer + 1 == arch->count)
        (void)snprintf(name, NAME_BYTES, "probabilities");
    else
        (void)snprintf(name, NAME_BYTES, "layer%zu", layer);
}

/* The name of layer i's input; dropouts are skipped, since they are the identity here. */
static void name_input(char name[NAME_BYTES], const cseg_arch *arch, size_t layer) {
    while (layer > 0 && arch->layers[layer - 1].op == CSEG_OP_DROPOUT)
        layer--;
    if (layer == 0)
        (void)snprintf(name, NAME_BYTES, "image");
    else
        name_value(name, arch, layer - 1);
}

static void put_activation(cseg_text *graph, const char *op, const char *from, const char *to) {
    const size_t node = begin(graph, CSEG_ONNX_GRAPH_NODE);
    put_string(graph, CSEG_ONNX_NODE_INPUT, from);
    put_string(graph, CSEG_ONNX_NODE_OUTPUT, to);
    put_string(graph, CSEG_ONNX_NODE_OP_TYPE, op);
    end(graph, node);
}

static void put_layer(cseg_text *graph, const cseg_arch *arch, size_t i) {
    static const char *const ops[] = {"Conv", "ConvTranspose", "MaxPool", "Concat"};
    const cseg_layer *layer = &arch->layers[i];
    const bool activated = cseg_layer_has_weights(layer) && layer->activation != CSEG_LINEAR;
    char in[NAME_BYTES], out[NAME_BYTES], name[NAME_BYTES];
    name_input(in, arch, i);
    name_value(out, arch, i);
    const size_t node = begin(graph, CSEG_ONNX_GRAPH_NODE);
    put_string(graph, CSEG_ONNX_NODE_INPUT, in);
    if (layer->op == CSEG_OP_CONCAT) {
        name_input(name, arch, layer->with + 1);
        put_string(graph, CSEG_ONNX_NODE_INPUT, name);
    }
    if (cseg_layer_has_weights(layer)) {
        (void)snprintf(name, sizeof name, "layer%zu.weight", i);
        put_string(graph, CSEG_ONNX_NODE_INPUT, name);
        (void)snprintf(name, sizeof name, "layer%zu.bias", i);
        put_string(graph, CSEG_ONNX_NODE_INPUT, name);
    }
    (void)snprintf(name, sizeof name, "layer%zu.sum", i);
    put_string(graph, CSEG_ONNX_NODE_OUTPUT, activated ? name : out);
    put_string(graph, CSEG_ONNX_NODE_OP_TYPE, ops[layer->op]);
    put_op_attributes(graph, layer);
    end(graph, node);
    if (activated)
        put_activation(graph, layer->activation == CSEG_RELU ? "Relu" : "Sigmoid", name, out);
}

/* ---- weights ---- */

void cseg_onnx_put_floats(cseg_text *text, const float *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        const uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};
        cseg_text_add_bytes(text, bytes, sizeof bytes);
    }
}

static void put_tensor(cseg_text *graph, const char *name, const uint64_t *dims, size_t dimensions, const float *numbers) {
    size_t count = 1;
    const size_t tensor = begin(graph, CSEG_ONNX_GRAPH_INITIALIZER);
    for (size_t d = 0; d < dimensions; d++) {
        put_int(graph, CSEG_ONNX_TENSOR_DIMS, dims[d]);
        count *= (size_t)dims[d];
    }
    put_int(graph, CSEG_ONNX_TENSOR_DATA_TYPE, CSEG_ONNX_TYPE_FLOAT);
    put_string(graph, CSEG_ONNX_TENSOR_NAME, name);
    const size_t data = begin(graph, CSEG_ONNX_TENSOR_RAW_DATA);
    cseg_onnx_put_floats(graph, numbers, count);
    end(graph, data);
    end(graph, tensor);
}

/* [ky][kx][in][out] to ONNX's [out][in][ky][kx], or [in][out][ky][kx] for ConvTranspose. */
static void transpose(float *to, const float *from, const cseg_layer *layer) {
    const size_t taps = (size_t)layer->kernel * layer->kernel;
    for (size_t tap = 0; tap < taps; tap++)
        for (size_t in = 0; in < layer->in; in++)
            for (size_t out = 0; out < layer->out; out++) {
                const size_t filter = layer->op == CSEG_OP_CONV ? out * layer->in + in : in * layer->out + out;
                to[filter * taps + tap] = from[(tap * layer->in + in) * layer->out + out];
            }
}

/* scratch: twice a layer's weights, then its shifts. */
static void put_weights(cseg_text *graph, const cellseg_model *model, size_t i, float *scratch) {
    const cseg_layer *layer = &model->arch.layers[i];
    float *turned = scratch + model->layout.max_weights, *shift = turned + model->layout.max_weights;
    cseg_fold_layer(scratch, shift, layer, &model->layout.slots[i], model->params);
    transpose(turned, scratch, layer);
    const bool conv = layer->op == CSEG_OP_CONV;
    const uint64_t dims[4] = {conv ? layer->out : layer->in, conv ? layer->in : layer->out, layer->kernel, layer->kernel};
    const uint64_t channels = layer->out;
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "layer%zu.weight", i);
    put_tensor(graph, name, dims, 4, turned);
    (void)snprintf(name, sizeof name, "layer%zu.bias", i);
    put_tensor(graph, name, &channels, 1, shift);
}

/* ---- the model ---- */

/* Batch x channels x height x width; names of the free dimensions, which both values share. */
static void put_value(cseg_text *graph, uint32_t field, const char *name, uint64_t channels) {
    static const char *const free_dims[4] = {"batch", NULL, "height", "width"};
    const size_t value = begin(graph, field);
    put_string(graph, CSEG_ONNX_VALUE_NAME, name);
    const size_t type = begin(graph, CSEG_ONNX_VALUE_TYPE), tensor = begin(graph, CSEG_ONNX_TYPE_TENSOR);
    put_int(graph, CSEG_ONNX_TENSOR_TYPE_ELEMENT, CSEG_ONNX_TYPE_FLOAT);
    const size_t shape = begin(graph, CSEG_ONNX_TENSOR_TYPE_SHAPE);
    for (size_t d = 0; d < 4; d++) {
        const size_t dim = begin(graph, CSEG_ONNX_SHAPE_DIM);
        if (free_dims[d] != NULL)
            put_string(graph, CSEG_ONNX_DIM_PARAM, free_dims[d]);
        else
            put_int(graph, CSEG_ONNX_DIM_VALUE, channels);
        end(graph, dim);
    }
    end(graph, shape);
    end(graph, tensor);
    end(graph, type);
    end(graph, value);
}

/* The rule's power, for engines whose preprocessing ends before it. */
static void put_power(cseg_text *graph, const cellseg_model *model) {
    const size_t node = begin(graph, CSEG_ONNX_GRAPH_NODE);
    put_string(graph, CSEG_ONNX_NODE_INPUT, "raw");
    put_string(graph, CSEG_ONNX_NODE_INPUT, "power");
    put_string(graph, CSEG_ONNX_NODE_OUTPUT, "image");
    put_string(graph, CSEG_ONNX_NODE_OP_TYPE, "Pow");
    end(graph, node);
    const float power = (float)model->rule.power;
    put_tensor(graph, "power", NULL, 0, &power);
}

static void put_graph(cseg_text *out, const cellseg_model *model, float *scratch, bool with_power) {
    const cseg_arch *arch = &model->arch;
    const size_t graph = begin(out, CSEG_ONNX_MODEL_GRAPH);
    if (with_power)
        put_power(out, model);
    for (size_t i = 0; i < arch->count; i++)
        if (arch->layers[i].op != CSEG_OP_DROPOUT)
            put_layer(out, arch, i);
    put_string(out, CSEG_ONNX_GRAPH_NAME, "cellseg");
    for (size_t i = 0; i < arch->count; i++)
        if (cseg_layer_has_weights(&arch->layers[i]))
            put_weights(out, model, i, scratch);
    put_value(out, CSEG_ONNX_GRAPH_INPUT, with_power ? "raw" : "image", 1);
    put_value(out, CSEG_ONNX_GRAPH_OUTPUT, "probabilities", model->rule.classes);
    end(out, graph);
}

static void put_model(cseg_text *out, const cellseg_model *model, float *scratch, bool with_power) {
    put_int(out, CSEG_ONNX_MODEL_IR_VERSION, IR_VERSION);
    put_string(out, CSEG_ONNX_MODEL_PRODUCER, "cellseg");
    put_string(out, CSEG_ONNX_MODEL_PRODUCER_VERSION, cellseg_version());
    put_graph(out, model, scratch, with_power);
    const size_t opset = begin(out, CSEG_ONNX_MODEL_OPSET);
    put_int(out, CSEG_ONNX_OPSET_VERSION, CSEG_ONNX_OPSET);
    end(out, opset);
    const size_t entry = begin(out, CSEG_ONNX_MODEL_METADATA);
    put_string(out, CSEG_ONNX_ENTRY_KEY, "cellseg");
    put_string(out, CSEG_ONNX_ENTRY_VALUE, model->info);
    end(out, entry);
}

cellseg_status cseg_onnx_write(cseg_text *out, const cellseg_model *model, bool with_power) {
    const size_t floats = 2 * model->layout.max_weights + model->layout.max_channels + 16;
    float *scratch = cseg_memory_alloc(out->context, floats, sizeof *scratch);
    if (scratch == NULL)
        return cseg_error_last();
    put_model(out, model, scratch, with_power);
    cseg_memory_free(scratch);
    return out->status;
}

static cellseg_status export_graph(const cellseg_model *model, cellseg_context *context, cseg_target *target) {
    cseg_text out = {.context = context};
    cellseg_status status = cseg_onnx_write(&out, model, false);
    if (status == CELLSEG_OK)
        status = cseg_target_put(target, context, out.bytes, out.length);
    cseg_memory_free(out.bytes);
    return status;
}

static cellseg_status export_in_call(const cellseg_model *model, cellseg_context *context, cseg_target *target) {
    CSEG_TRY(cseg_model_check_layers(model));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, export_graph(model, context, target));
}

cellseg_status cellseg_model_export_onnx(const cellseg_model *model, cellseg_context *context, const char *path) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return export_in_call(model, context, &target);
}

cellseg_status cellseg_model_export_onnx_to(const cellseg_model *model, cellseg_context *context, const cellseg_writer *writer) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return export_in_call(model, context, &target);
}
