/* SPDX-License-Identifier: BSD-3-Clause */
/* ONNX files: field numbers of onnx.proto3, and a model as such a file. */
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

enum { CSEG_ONNX_OPSET = 13 };

/* Append the file of a model. with_power: the input "raw" is what preprocessing gives before the rule's power, which the graph
 * applies; else the input "image" is the network's. */
cellseg_status cseg_onnx_write(cseg_text *out, const cellseg_model *model, bool with_power);

/* Append float32 numbers, the lowest byte first. */
void cseg_onnx_put_floats(cseg_text *text, const float *numbers, size_t count);

#endif
