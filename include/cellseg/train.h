/* SPDX-License-Identifier: BSD-3-Clause */
/** @file train.h  Train a network on labelled images. */
#ifndef CELLSEG_TRAIN_H
#define CELLSEG_TRAIN_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/model.h>
#include <cellseg/segment.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the learning rate falls over a run. */
enum {
    CELLSEG_SCHEDULE_SMOOTH = 0, /**< to learning_rate_final, like half a period of a cosine; where that is 0, not at all */
    CELLSEG_SCHEDULE_STEP = 1    /**< by step_factor after every step_epochs, never below learning_rate_final */
};

/** Everything a training run can be told. Fill with cellseg_train_options_init(). */
typedef struct cellseg_train_options {
    size_t struct_size;
    uint64_t seed;        /**< of weights, order, augmentation and dropout. Default 1 */
    int32_t epochs;       /**< Default 30 */
    int32_t batch;        /**< patches per step. Default 8; the paper: 32 */
    double learning_rate; /**< Adam's. Default 0.001 */
    double width; /**< filters of the paper's network times this, rounded up to multiples of 8; 1: the paper. Default 0.5 */
    double weight_nucleus; /**< of the loss's terms, each 1 by default */
    double weight_cytoplasm;
    double weight_background;
    double weight_sum;
    int32_t rotate; /**< 1, the default: augment by quarter turns */
    int32_t flip;   /**< 1, the default: augment by mirroring */
    double gamma;   /**< augment by a random gamma in [1/gamma, gamma]; 1, the default: none */
    double scale;   /**< augment by a random zoom in [1/scale, scale]; 1, the default: none */
    double noise;   /**< augment by Gaussian noise of up to this part of the normalised range; 0, the default: none */
    double blur_px; /**< augment by a Gaussian blur of up to this sigma; 0, the default: none */
    double working_pixel_size_um; /**< Default 0.65 */
    double top_hat_um;            /**< as in cellseg_segment_options, and kept in the model. Default 130 */
    const char *checkpoint_path;  /**< NULL, the default: none; else written after every epoch, and resumed from when it exists */
    const char *note;             /**< NULL, or text for the training record: what the images are */
    double learning_rate_final;   /**< the rate falls smoothly from learning_rate to this; 0, the default: it is constant */
    double contrast;              /**< augment by a random factor in [1/contrast, contrast]; 1, the default: none */
    double empty;         /**< this part of the patches, 0 to 0.9, shows noise and gradients and no cell; 0, the default: none */
    int32_t extra_output; /**< CELLSEG_EXTRA_...; a start model's own fourth output is kept. Default CELLSEG_EXTRA_NONE */
    int32_t padding;
    double weight_extra;         /**< of the fourth output's term in the loss. Default 1 */
    double weight_border;        /**< a pixel counts 1 + this x exp(-(d1 + d2)^2 / (2 border_sigma_um^2)), d1 and d2 its distances
                                      to the nearest two cells (Ronneberger et al. 2015); 0, the default: all pixels count the same */
    double border_sigma_um;      /**< Default 3 */
    double weight_dice;          /**< of one minus the soft Dice, mean over the classes; 0, the default: none */
    double weight_cross_entropy; /**< of the binary cross-entropy, mean over classes and pixels; 0, the default: none */
    double rotation_degrees; /**< augment by a rotation of up to this either way, besides quarter turns; 0, the default: none */
    double elastic_px;       /**< augment by an elastic deformation that moves pixels by up to this; 0, the default: none */
    double illumination;     /**< augment by a shading between random factors in [1/illumination, illumination] at the patch's
                                  corners; 1, the default: none */
    double saturation;       /**< augment by cutting up to this part of the patch's range off at the top; 0, the default: none */
    double nucleus_contrast; /**< augment by a factor in [1/nucleus_contrast, nucleus_contrast] on the nuclei alone, which makes
                                  them darker, or as bright as their cells and brighter; 1, the default: none */
    double texture;          /**< augment by a random texture, of grains of 1 to 7 px, whose logarithm has up to this standard
                                  deviation; 0, the default: none */
    int32_t schedule;        /**< CELLSEG_SCHEDULE_...; how the rate falls. Default CELLSEG_SCHEDULE_SMOOTH */
    int32_t step_epochs;     /**< with CELLSEG_SCHEDULE_STEP: after so many epochs ... Default 10 */
    double step_factor;      /**< ... the rate is multiplied by this. Default 0.1 */
    double warm_up_epochs;   /**< over so many epochs, which may be a part of one, the rate rises from 0; 0, the default: none */
    int32_t patience; /**< training ends after so many epochs without a better validation loss; 0, the default: never early */
    int32_t frozen_layers; /**< so many layers of the start model, from the first, stay as they are, running statistics of their
                                normalisation too; the paper's encoder is 10. 0, the default: none */
    uint64_t cache_bytes;  /**< of images added as files, so much stays in memory and the rest is read again when needed; where
                                they do not all fit, it decides the patches' order too. Default 96 MB */
    double dropout;       /**< this part of what the way up reads, 0 to 0.9, is dropped in each step; a start model keeps its own.
                               Default 0.1; the paper: 0.5 */
    double cell_contrast; /**< augment by a factor in [1/cell_contrast, cell_contrast] on each cell's normalised intensity, its
                             own (one of 255), soft at the edge: dim cells beside bright ones; 1, the default: none */
} cellseg_train_options;

/** Write the defaults: half the paper's width, smaller batches, less dropout, and mirroring. @return
 * CELLSEG_ERR_ARGUMENT. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_train_options_init(cellseg_train_options *options, size_t struct_size);

/**
 * Set the values of a preset; struct_size, seed, working_pixel_size_um, checkpoint_path and note stay as they are.
 * @param preset  CELLSEG_PRESET_DEFAULT or CELLSEG_PRESET_PAPER (Al-Kofahi et al. 2018: the whole width, Adam at a constant
 * 0.001, batches of 32, 30 epochs, a dropout of one half, quarter turns and no other augmentation)
 * @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_train_options_preset(cellseg_train_options *options, int32_t preset);

/**
 * Make a trainer without images.
 *
 * @param[out] out    Release with cellseg_trainer_free(). NULL after an error.
 * @param      start  NULL to start from random weights; else the model whose architecture, weights, working scale and
 * normalisation rule to start from, whatever the options say of them; need not outlive the call
 * @param      options  NULL for defaults; copied, texts too
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: a trainer belongs to one thread at a time. `context` must outlive the trainer. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_trainer_new(cellseg_trainer **out, cellseg_context *context, const cellseg_model *start,
                                               const cellseg_train_options *options);

/** What an added image is for. */
enum { CELLSEG_USE_TRAIN = 0, CELLSEG_USE_VALIDATE = 1 };

/**
 * Add one labelled image. Preprocessed and kept; image and labels need not outlive the call.
 *
 * @param image    the marker is channel `channel`; its pixel size must be known
 * @param cells    whole cells, of the image's size
 * @param nuclei   nuclei, of the image's size; ids need not match the cells', and nuclei outside cells are ignored
 * @param use      CELLSEG_USE_TRAIN or CELLSEG_USE_VALIDATE
 * @return CELLSEG_ERR_ARGUMENT  sizes differ, no pixel size, labels without a single cell or nucleus, a pixel that is not finite,
 * or training has begun
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED; the trainer is then as before
 * Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_trainer_add(cellseg_trainer *trainer, const cellseg_image *image, int32_t channel,
                                               const cellseg_labels *cells, const cellseg_labels *nuclei, int32_t use);

/** An image in files. Fill with cellseg_train_files_init(). */
typedef struct cellseg_train_files {
    size_t struct_size;
    const char *image_path;  /**< as cellseg_image_read() reads it */
    const char *cells_path;  /**< whole cells, as cellseg_labels_read() */
    const char *nuclei_path; /**< nuclei; NULL, the default: found by cellseg_segment_nuclei_within() in nuclei_channel */
    int32_t channel;         /**< the marker's. Default 0 */
    int32_t nuclei_channel;  /**< of the nuclear stain in the image. Default 0 */
    double pixel_size_um;    /**< overrides the file's own; 0, the default: take the file's */
    double weight;           /**< of training images: how often each pixel is drawn in an epoch, 0.001 to 1000. Default 1 */
    int32_t use;             /**< CELLSEG_USE_... . Default CELLSEG_USE_TRAIN */
    int32_t padding;
} cellseg_train_files;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_train_files_init(cellseg_train_files *files, size_t struct_size);

/**
 * Add one labelled image as files, which must stay as they are while the trainer lives. They are read and checked at once, and
 * again when they are needed and the cache has let them go, so that there may be any number of them.
 *
 * @param files  copied, texts too
 * @return as cellseg_trainer_add(), cellseg_image_read() and cellseg_labels_read(); the message names the file. The trainer is
 * then as before
 * Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_trainer_add_files(cellseg_trainer *trainer, const cellseg_train_files *files);

/** What one epoch came to. */
typedef struct cellseg_epoch {
    size_t struct_size;
    int32_t epoch; /**< from 1 */
    int32_t epochs;
    double train_loss;
    double validation_loss; /**< NaN without validation images */
    double seconds;
    int32_t best;         /**< 1: the best so far, whose weights are kept */
    int32_t stopping;     /**< 1: the last, since none of the last `patience` epochs was better */
    double learning_rate; /**< at its end */
} cellseg_epoch;

/** Called after each epoch on the thread that called cellseg_trainer_run(); non-zero stops training early, which is no error. */
typedef int32_t (*cellseg_epoch_fn)(void *user, const cellseg_epoch *epoch);

/**
 * Train to the end, and give the weights that did best on the validation images (without any: the last).
 *
 * An epoch draws as many patches as cover the images once, each image in proportion to its area and weight: what is added twice
 * counts twice. With a checkpoint file, training goes on from it; without, a later call goes on after the last epoch that this
 * trainer finished.
 *
 * @param[out] out       the new model. Release with cellseg_model_free(). NULL after an error.
 * @param      on_epoch  NULL, or told of each epoch
 * @return CELLSEG_ERR_ARGUMENT   no training image was added; the checkpoint is of other images, options or weights (but for
 * `note`, the file's name and `epochs`, unless every epoch's rate depends on their number, as it does with
 * CELLSEG_SCHEDULE_SMOOTH and a learning_rate_final that is not 0)
 * @return CELLSEG_ERR_MODEL      the loss is not finite; the message says when, and which epoch the checkpoint holds
 * @return CELLSEG_ERR_FORMAT     the checkpoint is damaged
 * @return CELLSEG_ERR_CANCELLED, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_IO (checkpoint: not a regular file, or cannot
 * be read or written, which is tried before the first epoch; a file that was added cannot be read again, or has changed); the
 * last checkpoint stays valid
 * Result: for a seed and the same images in the same order the same bytes, for any thread count, resumed or not. Since: 1.0
 * Source: Al-Kofahi et al. 2018, step 0; Kingma and Ba 2015 (Adam).
 */
CELLSEG_API cellseg_status cellseg_trainer_run(cellseg_model **out, cellseg_trainer *trainer, cellseg_epoch_fn on_epoch,
                                               void *user);

/** Release a trainer. NULL is legal. Since: 1.0 */
CELLSEG_API void cellseg_trainer_free(cellseg_trainer *trainer);

#ifdef __cplusplus
}
#endif
#endif
