/* SPDX-License-Identifier: BSD-3-Clause */
/* ONNX files: field numbers of onnx.proto3, and a network out of a file's bytes. */
#ifndef CSEG_NN_ONNX_H
#define CSEG_NN_ONNX_H

#include "nn/internal.h"

enum {
    CSEG_ONNX_MODEL_IR_VERSION = 1,
    CSEG_ONNX_MODEL_PRODUCER = 2,
    CSEG_ONNX_MODEL_PRODUCER_VERSION = 3,
    CSEG_ONNX_MODEL_GRAPH = 7,
    CSEG_ONNX_MODEL_OPSET = 8,
    CSEG_ONNX_MODEL_METADATA = 14,
    CSEG_ONNX_OPSET_VERSION = 2,
    CSEG_ONNX_ENTRY_KEY = 1,
    CSEG_ONNX_ENTRY_VALUE = 2,
    CSEG_ONNX_GRAPH_NODE = 1,
    CSEG_ONNX_GRAPH_NAME = 2,
    CSEG_ONNX_GRAPH_INITIALIZER = 5,
    CSEG_ONNX_GRAPH_INPUT = 11,
    CSEG_ONNX_GRAPH_OUTPUT = 12,
    CSEG_ONNX_NODE_INPUT = 1,
    CSEG_ONNX_NODE_OUTPUT = 2,
    CSEG_ONNX_NODE_OP_TYPE = 4,
    CSEG_ONNX_NODE_ATTRIBUTE = 5,
    CSEG_ONNX_ATTRIBUTE_NAME = 1,
    CSEG_ONNX_ATTRIBUTE_FLOAT = 2,
    CSEG_ONNX_ATTRIBUTE_INT = 3,
    CSEG_ONNX_ATTRIBUTE_TEXT = 4,
    CSEG_ONNX_ATTRIBUTE_INTS = 8,
    CSEG_ONNX_ATTRIBUTE_TYPE = 20,
    CSEG_ONNX_TENSOR_DIMS = 1,
    CSEG_ONNX_TENSOR_DATA_TYPE = 2,
    CSEG_ONNX_TENSOR_FLOATS = 4,
    CSEG_ONNX_TENSOR_NAME = 8,
    CSEG_ONNX_TENSOR_RAW_DATA = 9,
    CSEG_ONNX_VALUE_NAME = 1,
    CSEG_ONNX_VALUE_TYPE = 2,
    CSEG_ONNX_TYPE_TENSOR = 1,
    CSEG_ONNX_TENSOR_TYPE_ELEMENT = 1,
    CSEG_ONNX_TENSOR_TYPE_SHAPE = 2,
    CSEG_ONNX_SHAPE_DIM = 1,
    CSEG_ONNX_DIM_VALUE = 1,
    CSEG_ONNX_DIM_PARAM = 2,
    CSEG_ONNX_TYPE_FLOAT = 1,
    CSEG_ONNX_ATTRIBUTE_IS_INT = 2,
    CSEG_ONNX_ATTRIBUTE_IS_INTS = 7
};

/* Whether a file that begins with these bytes is an ONNX file rather than a model file. */
bool cseg_onnx_is(const uint8_t *start, size_t count);

/* A model of a file whose metadata "cellseg" state rule and classes. CELLSEG_ERR_FORMAT: no message, or no metadata;
 * CELLSEG_ERR_MODEL, naming the node: a layer that this library does not have. */
cellseg_status cseg_onnx_load(cellseg_model **out, cellseg_context *context, const uint8_t *bytes, size_t size);

#endif
