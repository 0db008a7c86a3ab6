/* SPDX-License-Identifier: BSD-3-Clause */
/** @file model.h  A trained network: its layers, weights, normalisation rule and training record. */
#ifndef CELLSEG_MODEL_H
#define CELLSEG_MODEL_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a network tells besides nucleus, cytoplasm and background: a fourth output, which the seeds and cells steps use. */
enum {
    CELLSEG_EXTRA_NONE = 0,
    CELLSEG_EXTRA_BOUNDARY = 1, /**< a fourth class, exclusive with the others: pixels of a cell within 1 um of its border */
    CELLSEG_EXTRA_DISTANCE =
        2 /**< d / (d + 4 um), d a pixel's distance to the nearest pixel that is not of its cell; 0 outside */
};

/**
 * The model that is part of the library: needs no file.
 *
 * @param[out] out      Release with cellseg_model_free(). NULL after an error.
 * @param      context  NULL for defaults; need not outlive the model
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * @return CELLSEG_ERR_MODEL  the library was built without one, or its test vector fails on this machine
 * Threads: any; one model may serve many threads at once. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_default(cellseg_model **out, cellseg_context *context);

/**
 * Read a model file (safetensors with a cellseg header; docs/model-format.md) and check it: structure, sizes, test vector.
 *
 * @param[out] out  Release with cellseg_model_free(). NULL after an error.
 * @return CELLSEG_ERR_IO      the file cannot be read
 * @return CELLSEG_ERR_FORMAT  it is no model file, of an unknown version, or truncated
 * @return CELLSEG_ERR_MODEL   its layers do not fit together, or the test vector's output differs
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_load(cellseg_model **out, cellseg_context *context, const char *path);

/** As cellseg_model_load(), from `size` bytes in memory, which need not outlive the call. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_model_load_memory(cellseg_model **out, cellseg_context *context, const void *bytes,
                                                     size_t size);

/** How the weights are stored. */
enum { CELLSEG_WEIGHTS_FLOAT32 = 1, CELLSEG_WEIGHTS_FLOAT16 = 2 };

/**
 * Write a model file: under a temporary name beside `path`, then renamed.
 *
 * @param model    read only
 * @param weights  CELLSEG_WEIGHTS_FLOAT32 (exact) or CELLSEG_WEIGHTS_FLOAT16 (half the size; rounded to nearest)
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * @return CELLSEG_ERR_IO     the file cannot be written; an older file at `path` is as it was
 * @return CELLSEG_ERR_MODEL  a weight is too large for float16; the message names its layer
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_save(const cellseg_model *model, cellseg_context *context, const char *path,
                                              int32_t weights);

/**
 * Write the network as an ONNX file (opset 13), for other engines: float32, normalisation folded in, input "image" of batch x 1 x
 * patch x patch, output "probabilities" of batch x classes x patch x patch, for any batch. What must be done to an image first
 * (cellseg_model_info(), "rule") is not part of it, but in its metadata. The file is written under a temporary name beside
 * `path`, then renamed.
 *
 * @param model  read only
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_export_onnx(const cellseg_model *model, cellseg_context *context, const char *path);

/**
 * The mean of two models that have the same layers, rule and classes: each weight and running statistic becomes (1 - part) of a's
 * and part of b's. Where one was trained from the other, the mean is often better than both on images unlike those of training
 * (Izmailov et al. 2018; Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"); where they have no common ancestor it
 * is worthless. The training record is b's. Cost: milliseconds.
 *
 * @param[out] out   Release with cellseg_model_free(). NULL after an error.
 * @param      a, b  read only
 * @param      part  0 to 1
 * @return CELLSEG_ERR_ARGUMENT
 * @return CELLSEG_ERR_MODEL  the models are not of the same layers, rule and classes
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_average(cellseg_model **out, cellseg_context *context, const cellseg_model *a,
                                                 const cellseg_model *b, double part);

/** Release a model. NULL is legal. Threads: any, once no call uses it. Since: 1.0 */
CELLSEG_API void cellseg_model_free(cellseg_model *model);

/**
 * What the model is, as one JSON object with the keys "parameters" (their number), "classes" (list of names), "rule",
 * "architecture" and "record" (docs/model-format.md describes the last three).
 *
 * @return owned by the model and valid as long as it; "" for NULL
 * Threads: any. Since: 1.0
 */
CELLSEG_API const char *cellseg_model_info(const cellseg_model *model);

/** Edge of a pixel, in micrometres, at which the network works; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API double cellseg_model_pixel_size_um(const cellseg_model *model);

/** Median diameter of the nuclei that the network was trained with, in micrometres; 0 where the model does not state one, and for
 * NULL. Threads: any. Since: 1.0 */
CELLSEG_API double cellseg_model_nucleus_diameter_um(const cellseg_model *model);

/** A number that differs between models whose layers, weights, rule or classes differ (64-bit FNV-1a); the same on every machine.
 * The training record does not count. 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API uint64_t cellseg_model_hash(const cellseg_model *model);

/** How many trained parameters the model has; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API uint64_t cellseg_model_parameters(const cellseg_model *model);

#ifdef __cplusplus
}
#endif
#endif
