/* SPDX-License-Identifier: BSD-3-Clause */
/* A model out of an ONNX file. */
#ifndef CSEG_NN_ONNX_READ_H
#define CSEG_NN_ONNX_READ_H

#include "nn/internal.h"

/* Whether a file that begins with these bytes is an ONNX file rather than a model file. */
bool cseg_onnxfile_is(const uint8_t *start, size_t count);

/* A model of a file whose metadata "cellseg" state rule and classes. CELLSEG_ERR_FORMAT: no message, or no metadata;
 * CELLSEG_ERR_MODEL, naming the node: a layer that this library does not have. */
cellseg_status cseg_onnxfile_load(cellseg_model **out, cellseg_context *context, const uint8_t *bytes, size_t size);

#endif
