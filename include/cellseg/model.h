/* SPDX-License-Identifier: BSD-3-Clause */
/** @file model.h  Trained networks: layers, weights, normalisation rule and training record. */
#ifndef CELLSEG_MODEL_H
#define CELLSEG_MODEL_H

#include <cellseg/stream.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A network's optional fourth output, next to nucleus, cytoplasm and background. The seeds and cells steps use the output. */
enum {
    CELLSEG_EXTRA_NONE = 0,     /**< no fourth output */
    CELLSEG_EXTRA_BOUNDARY = 1, /**< a fourth exclusive class: pixels of a cell within 1 um of its border */
    CELLSEG_EXTRA_DISTANCE = 2 /**< d / (d + 4 um), d being the distance to the nearest pixel outside the cell; 0 outside cells */
};

/**
 * Load the default model, which is part of the library.
 *
 * @param[out] out      the model; release with cellseg_model_free(). NULL after an error
 * @param      context  NULL for defaults; need not outlive the model
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * @return CELLSEG_ERR_UNAVAILABLE  this build has no default model
 * @return CELLSEG_ERR_MODEL  the test vector fails on this machine
 * Threads: any; many threads may use one model at the same time. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_default(cellseg_model **out, cellseg_context *context);

/**
 * Read a model file (safetensors with a cellseg header; docs/model-format.md) and check structure, sizes and test vector. Or an
 * ONNX file of the same kinds of layers, with rule and classes in the metadata "cellseg", as cellseg_model_export_onnx() writes.
 *
 * @param[out] out  the model; release with cellseg_model_free(). NULL after an error
 * @return CELLSEG_ERR_IO      the file cannot be read
 * @return CELLSEG_ERR_FORMAT  the file is no model file, has an unknown version, or is truncated; an ONNX file has no metadata
 * @return CELLSEG_ERR_MODEL   the layers are incompatible, an ONNX node is not known, or the output of the test vector differs
 * @return CELLSEG_ERR_LIMIT   a patch or the test vector takes more work or memory than any sensible network
 * (docs/model-format.md states the limits), or more than the memory budget
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_load(cellseg_model **out, cellseg_context *context, const char *path);

/** Load a model as cellseg_model_load(), through a reader (stream.h). The reader need not outlive the call. Threads: any.
 * Since: 1.0 */
CELLSEG_API cellseg_status cellseg_model_load_from(cellseg_model **out, cellseg_context *context, const cellseg_reader *reader);

/**
 * Compute the maps of windows, in a network that runs elsewhere.
 *
 * @param[out] maps     count x classes x edge_px x edge_px values, to be written; the order of classes is the description's
 * @param      user     as in cellseg_network
 * @param      windows  count x edge_px x edge_px values from 0 to clip^power: the preprocessed image
 * @param      count    1 to `batch`
 * @param      edge_px  the description's patch_px
 * @return 0; any other number fails the call with CELLSEG_ERR_MODEL, and the message has the number
 */
typedef int32_t (*cellseg_network_fn)(void *user, float *maps, const float *windows, size_t count, size_t edge_px);

/** A network that runs elsewhere: in another engine, on another processor. Initialise with cellseg_network_init(). */
typedef struct cellseg_network {
    size_t struct_size;         /**< sizeof of this struct where the caller was compiled */
    void *user;                 /**< handed to `predict` */
    cellseg_network_fn predict; /**< required; called on the thread that called the library, once at a time for each call */
    size_t batch;               /**< largest number of windows at once, 1 to 1024. Default 8 */
} cellseg_network;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  network is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_network_init(cellseg_network *network, size_t struct_size);

/**
 * Make a model of a network that runs elsewhere. cellseg_segment() and cellseg_segment_maps() preprocess the image by the
 * description's rule, cut windows, and call `predict`. A map's value may leave [0, 1] by 0.001, as rounding does, and is clamped.
 * The model has no layers: functions that write, average, export or train a model refuse it with CELLSEG_ERR_MODEL.
 *
 * @param[out] out          the model; release with cellseg_model_free(). NULL after an error
 * @param      description  JSON object with the keys "rule" and "classes" (docs/model-format.md), for instance the text of
 *                          cellseg_model_info(), or the "cellseg" metadata of an exported ONNX file; other keys are ignored
 * @param      network      copied; `user` must outlive the model
 * @return CELLSEG_ERR_ARGUMENT  a NULL, no function, a batch out of range
 * @return CELLSEG_ERR_FORMAT    the description is not JSON, or a key is missing or unknown in "rule"
 * @return CELLSEG_ERR_MODEL     a value of the rule is out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: any. Threads may share the model where `predict` allows them to. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_wrap(cellseg_model **out, cellseg_context *context, const char *description,
                                              const cellseg_network *network);

/** Storage types of weights. */
enum {
    CELLSEG_WEIGHTS_FLOAT32 = 1, /**< 4 bytes a weight, exact */
    CELLSEG_WEIGHTS_FLOAT16 = 2  /**< 2 bytes a weight, rounded to nearest */
};

/**
 * Write a model file. The library writes a temporary file in the folder of `path` and renames the complete file.
 *
 * @param model    read only
 * @param weights  CELLSEG_WEIGHTS_FLOAT32 (exact) or CELLSEG_WEIGHTS_FLOAT16 (half the size; rounded to nearest)
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * @return CELLSEG_ERR_IO     the file cannot be written; an existing file at `path` is unchanged
 * @return CELLSEG_ERR_MODEL  a weight is too large for float16; the message names the layer
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_save(const cellseg_model *model, cellseg_context *context, const char *path,
                                              int32_t weights);

/** Write a model as cellseg_model_save(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_model_save_to(const cellseg_model *model, cellseg_context *context,
                                                 const cellseg_writer *writer, int32_t weights);

/**
 * Write the network as an ONNX file (opset 13) for other engines: float32, with batch normalisation folded into the weights. The
 * input "image" is batch x 1 x height x width; the output "probabilities" is batch x classes x height x width. Batch, height and
 * width are free; the layers must admit the size (docs/model-format.md), as they do the rule's patch.
 * The graph does not contain the preprocessing of images; the file's metadata describe the preprocessing (cellseg_model_info(),
 * "rule"). The library writes a temporary file in the folder of `path` and renames the complete file.
 *
 * @param model  read only
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_export_onnx(const cellseg_model *model, cellseg_context *context, const char *path);

/** Write the network as cellseg_model_export_onnx(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_model_export_onnx_to(const cellseg_model *model, cellseg_context *context,
                                                        const cellseg_writer *writer);

/**
 * Write a model as a package of the BioImage Model Zoo (bioimage.io, model description 0.5) into a folder, which must be there:
 * rdf.yaml, weights.onnx, test_input.npy, test_output.npy and README.md. The description has no authors and no licence, which
 * whoever publishes the package adds. Existing files of these names are replaced, each one as a whole, rdf.yaml last.
 *
 * The graph's input is "raw": the image at the model's scale, which the description has readers scale between percentiles and
 * clip.
 *
 * @param model  read only
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * @return CELLSEG_ERR_IO     a file cannot be written; the files before it in the list above, but rdf.yaml, may be there
 * @return CELLSEG_ERR_MODEL  the model has no layers: cellseg_model_wrap()
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_export_bioimageio(const cellseg_model *model, cellseg_context *context,
                                                           const char *folder);

/**
 * Average two models with the same layers, rule and classes. Each weight and running statistic is (1 - part) times the value of
 * a, plus part times the value of b. If one model was trained from the other, the average is often better than both on images
 * unlike the training images. Without a common ancestor, the average is useless. The training record is that of b.
 *
 * @param[out] out   the model; release with cellseg_model_free(). NULL after an error
 * @param      a, b  read only
 * @param      part  weight of b, 0 to 1
 * @return CELLSEG_ERR_ARGUMENT
 * @return CELLSEG_ERR_MODEL  the layers, rules or classes of the models differ
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Cost: milliseconds. Source: Izmailov et al. 2018; Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".
 * Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_model_average(cellseg_model **out, cellseg_context *context, const cellseg_model *a,
                                                 const cellseg_model *b, double part);

/** Release a model; NULL is allowed. Threads: any, after the last call that uses the model. Since: 1.0 */
CELLSEG_API void cellseg_model_free(cellseg_model *model);

/**
 * Describe the model as one JSON object with the keys "parameters" (number of parameters), "classes" (list of names), "rule",
 * "architecture" and "record" (docs/model-format.md describes the last three).
 *
 * @return text that the model owns, valid until the model is freed; "" for NULL
 * Threads: any. Since: 1.0
 */
CELLSEG_API const char *cellseg_model_info(const cellseg_model *model);

/** Pixel size in micrometres at which the network works; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API double cellseg_model_pixel_size_um(const cellseg_model *model);

/** Median diameter in micrometres of the nuclei in the training data; 0 if the model does not state the diameter, and for NULL.
 * Threads: any. Since: 1.0 */
CELLSEG_API double cellseg_model_nucleus_diameter_um(const cellseg_model *model);

/** Hash of layers, weights, rule and classes (64-bit FNV-1a); the same on every machine. The training record does not count. 0
 * for NULL. Threads: any. Since: 1.0 */
CELLSEG_API uint64_t cellseg_model_hash(const cellseg_model *model);

/** Number of trained parameters; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API uint64_t cellseg_model_parameters(const cellseg_model *model);

#ifdef __cplusplus
}
#endif
#endif
