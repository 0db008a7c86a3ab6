/* SPDX-License-Identifier: BSD-3-Clause */
/** @file train.h  Training of a network on labelled images. */
#ifndef CELLSEG_TRAIN_H
#define CELLSEG_TRAIN_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/model.h>
#include <cellseg/options.h>
#include <cellseg/segment.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Schedules of the learning rate. */
enum {
    CELLSEG_SCHEDULE_SMOOTH = 0, /**< falls to learning_rate_final as half a cosine; constant if that is 0 */
    CELLSEG_SCHEDULE_STEP = 1    /**< times step_factor after every step_epochs, but at least learning_rate_final */
};

/** The learning rate over a training. Initialise with cellseg_rate_schedule_init(). */
typedef struct cellseg_rate_schedule {
    size_t struct_size;    /**< sizeof of this struct where the caller was compiled */
    int32_t schedule;      /**< CELLSEG_SCHEDULE_... Default CELLSEG_SCHEDULE_SMOOTH */
    int32_t step_epochs;   /**< epochs per step of CELLSEG_SCHEDULE_STEP. Default 10 */
    double step_factor;    /**< factor on the rate after each step. Default 0.1 */
    double warm_up_epochs; /**< epochs, or a fraction of an epoch, in which the rate rises from 0. Default 0: none */
} cellseg_rate_schedule;

/** The terms of the loss. Initialise with cellseg_loss_init(). */
typedef struct cellseg_loss {
    size_t struct_size;       /**< sizeof of this struct where the caller was compiled */
    double weight_nucleus;    /**< weight of the root mean squared difference of the nuclei. Default 1 */
    double weight_cytoplasm;  /**< weight of the same term of the cytoplasm. Default 1 */
    double weight_background; /**< weight of the same term of the background. Default 1 */
    double weight_sum;        /**< weight of the same term of the outputs' sum, which should be 1. Default 1 */
    double weight_extra;      /**< weight of the fourth output. Default 1 */
    double weight_border; /**< a pixel counts 1 + weight_border exp(-(d1 + d2)^2 / (2 border_sigma_um^2)), where d1 and d2 are the
                               distances to the nearest two cells (Ronneberger 2015). Default 0: all pixels count 1 */
    double border_sigma_um;      /**< length scale of weight_border. Default 3 */
    double weight_dice;          /**< weight of one minus the soft Dice, mean over the classes. Default 0: none */
    double weight_cross_entropy; /**< weight of the binary cross-entropy, mean over classes and pixels. Default 0: none */
} cellseg_loss;

/** Random changes of training patches (docs/augmentation.md). Initialise with cellseg_augmentation_init(). */
typedef struct cellseg_augmentation {
    size_t struct_size;      /**< sizeof of this struct where the caller was compiled */
    int32_t rotate;          /**< 1: quarter turns. Default 1 */
    int32_t flip;            /**< 1: mirroring. Default 1; paper: 0 */
    double rotation_degrees; /**< rotation of up to this angle in either direction, besides quarter turns. Default 0: none */
    double scale;            /**< scaling by a factor in [1/scale, scale]. Default 1: none */
    double elastic_px;       /**< elastic deformation that moves pixels by up to this distance. Default 0: none */
    double gamma;            /**< gamma in [1/gamma, gamma]. Default 1: none */
    double contrast;         /**< factor in [1/contrast, contrast]. Default 1: none */
    double blur_px;          /**< Gaussian blur of up to this sigma. Default 0: none */
    double noise;            /**< Gaussian noise of up to this fraction of the normalised range. Default 0: none */
    double illumination; /**< shading between factors in [1/illumination, illumination] at the patch's corners. Default 1: none */
    double saturation;   /**< clipping of up to this fraction of the patch's range at the top. Default 0: none */
    double nucleus_contrast; /**< factor in [1/nucleus_contrast, nucleus_contrast] on the nuclei alone, so that nuclei become
                                darker, or as bright as their cells and brighter. Default 1: none */
    double cell_contrast;    /**< one factor per cell (of 255 factors) in [1/cell_contrast, cell_contrast] on the normalised
                                  intensity, with soft edges: dim cells next to bright cells. Default 1: none */
    double texture;          /**< texture with grains of 1 to 7 px, whose logarithm has a standard deviation of up to this value.
                                  Default 0: none */
    double empty;            /**< fraction of the patches with noise and gradients and no cell, 0 to 0.9. Default 0: none */
} cellseg_augmentation;

/** Set a group to the values of a preset. @param preset  CELLSEG_PRESET_... @return CELLSEG_ERR_ARGUMENT  the struct is NULL,
 * struct_size too small or the preset unknown. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_rate_schedule_init(cellseg_rate_schedule *schedule, size_t struct_size, int32_t preset);
/** As cellseg_rate_schedule_init(). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_loss_init(cellseg_loss *loss, size_t struct_size, int32_t preset);
/** As cellseg_rate_schedule_init(). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_augmentation_init(cellseg_augmentation *augmentation, size_t struct_size, int32_t preset);

/** The descriptors of cellseg_rate_schedule. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_rate_schedule_table(void);
/** The descriptors of cellseg_loss. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_loss_table(void);
/** The descriptors of cellseg_augmentation. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_augmentation_table(void);

/** Options of training. Initialise with cellseg_train_options_init(). */
typedef struct cellseg_train_options {
    size_t struct_size;         /**< sizeof of this struct where the caller was compiled */
    uint64_t seed;              /**< seed of initial weights, order, augmentation and dropout. Default 1 */
    int32_t epochs;             /**< number of epochs. Default 30 */
    int32_t batch;              /**< patches per step. Default 8; paper: 32 */
    double learning_rate;       /**< learning rate of Adam. Default 0.001 */
    double learning_rate_final; /**< final rate of CELLSEG_SCHEDULE_SMOOTH, minimum of CELLSEG_SCHEDULE_STEP. Default 0: a smooth
                                     rate is constant */
    int32_t patience; /**< training ends after this number of epochs without a better validation loss. Default 0: no early stop */
    int32_t frozen_layers; /**< number of first layers of the start model that are frozen, with the running statistics of their
                                normalisation; the paper's encoder has 10. Default 0: none */
    double width;   /**< factor on the filters of the paper's network; counts are rounded up to multiples of 8. Default 0.5;
                         paper: 1 */
    double dropout; /**< fraction of the inputs of the decoder that each step drops, 0 to 0.9; a start model keeps its own
                         value. Default 0.1; paper: 0.5 */
    double working_pixel_size_um; /**< pixel size at which the network works. Default 0.65 */
    double top_hat_um;            /**< as in cellseg_method; stored in the model. Default 130 */
    uint64_t cache_bytes;         /**< memory for images that were added as files; other images are read again when needed. If the
                                       images exceed the cache, the order of patches depends on this value. Default 100663296 (96 MB) */
    const char *checkpoint_path;  /**< checkpoint file, written after every epoch; training resumes from an existing file. Default
                                       NULL: none */
    const char *note;     /**< NULL, or text for the training record, for example a description of the images. Default NULL */
    int32_t extra_output; /**< CELLSEG_EXTRA_...; a start model keeps its own fourth output. Default CELLSEG_EXTRA_NONE */
    int32_t preset;       /**< CELLSEG_PRESET_...: values of the groups that are NULL. Default CELLSEG_PRESET_DEFAULT */
    const cellseg_rate_schedule *rate_schedule; /**< NULL, the default: the preset's; else copied */
    const cellseg_loss *loss;                   /**< NULL, the default: the preset's; else copied */
    const cellseg_augmentation *augmentation;   /**< NULL, the default: the preset's; else copied */
} cellseg_train_options;

/** Set the defaults: half the paper's width, smaller batches, less dropout, and mirroring. @return CELLSEG_ERR_ARGUMENT  options
 * is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_train_options_init(cellseg_train_options *options, size_t struct_size);

/**
 * Set the values of a preset. struct_size, seed, working_pixel_size_um, checkpoint_path and note are unchanged; the groups become
 * NULL.
 * @param preset  CELLSEG_PRESET_DEFAULT or CELLSEG_PRESET_PAPER (Al-Kofahi et al. 2018: full width, Adam at a constant 0.001,
 * batches of 32, 30 epochs, a dropout of one half, quarter turns and no other augmentation)
 * @return CELLSEG_ERR_ARGUMENT  options is NULL or the preset is unknown. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_train_options_preset(cellseg_train_options *options, int32_t preset);

/** The descriptors of cellseg_train_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_train_options_table(void);

/**
 * Create a trainer without images.
 *
 * @param[out] out      the trainer; release with cellseg_trainer_free(). NULL after an error
 * @param      context  NULL for defaults; must outlive the trainer
 * @param      start    NULL to start from random weights, or a model. The architecture, weights, working scale and normalisation
 *                      rule of the model then override the options. The model need not outlive the call
 * @param      options  NULL for defaults; copied, with all texts and groups
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: a trainer belongs to one thread at a time. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_trainer_new(cellseg_trainer **out, cellseg_context *context, const cellseg_model *start,
                                               const cellseg_train_options *options);

/** Use of an added image. */
enum {
    CELLSEG_USE_TRAIN = 0,   /**< to train with */
    CELLSEG_USE_VALIDATE = 1 /**< to choose the best epoch with */
};

/**
 * Add one labelled image. The trainer keeps a preprocessed copy; image and labels need not outlive the call.
 *
 * @param trainer  the trainer
 * @param image    image with a known pixel size
 * @param channel  channel of the marker in `image`
 * @param cells    label map of whole cells, of the image's size
 * @param nuclei   NULL, or a label map of nuclei, of the image's size. Ids need not match those of the cells; nuclei outside
 *                 cells are ignored. NULL: the nuclei are unknown. The loss then leaves out the outputs nucleus and cytoplasm
 *                 within cells, and keeps the background, the outputs' sum and the fourth output.
 *                 cellseg_segment_nuclei_within() finds nuclei by a stain or a model instead
 * @param use      CELLSEG_USE_TRAIN or CELLSEG_USE_VALIDATE
 * @return CELLSEG_ERR_ARGUMENT  sizes differ, the pixel size is unknown, the labels have no cell or no nucleus, or a single
 * class, a pixel is not finite, or training has begun
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED. After an error, the trainer is unchanged
 * Threads: one at a time per trainer. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_trainer_add(cellseg_trainer *trainer, const cellseg_image *image, int32_t channel,
                                               const cellseg_labels *cells, const cellseg_labels *nuclei, int32_t use);

/** Values of nuclei_channel beside the channels: where the nuclei of an image without a label map of nuclei come from. */
enum {
    CELLSEG_NUCLEI_BY_MODEL = -1, /**< cellseg_segment_nuclei_within() finds nuclei by the start model; without one by the default
                                       model. The network runs whenever the image is read */
    CELLSEG_NUCLEI_UNKNOWN = -2   /**< nowhere: as nuclei NULL in cellseg_trainer_add() */
};

/** A labelled image in files. Initialise with cellseg_train_files_init(). */
typedef struct cellseg_train_files {
    size_t struct_size;      /**< sizeof of this struct where the caller was compiled */
    const char *image_path;  /**< image file for cellseg_image_read() */
    const char *cells_path;  /**< label map of whole cells for cellseg_labels_read() */
    const char *nuclei_path; /**< label map of nuclei. Default NULL: as nuclei_channel states */
    int32_t channel;         /**< channel of the marker. Default 0 */
    int32_t nuclei_channel;  /**< channel of the nuclear stain, in which cellseg_segment_nuclei_within() finds nuclei, or
                                  CELLSEG_NUCLEI_.... Default 0 */
    double pixel_size_um;    /**< overrides the file's pixel size. Default 0: the file's pixel size */
    double weight;           /**< for training images: number of draws of a pixel per epoch, 0.001 to 1000. Default 1 */
} cellseg_train_files;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  files is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_train_files_init(cellseg_train_files *files, size_t struct_size);

/** The descriptors of cellseg_train_files. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_train_files_table(void);

/**
 * Add one labelled image as files. The files must not change during the life of the trainer. The call reads and checks the files.
 * Training reads a file again after the cache has dropped the image, so the number of files is not limited.
 *
 * @param trainer  the trainer
 * @param files    copied, with all texts
 * @param use      CELLSEG_USE_TRAIN or CELLSEG_USE_VALIDATE
 * @return the errors of cellseg_trainer_add(), cellseg_image_read(), cellseg_labels_read() and cellseg_segment_nuclei_within();
 *         the message names the file. CELLSEG_ERR_UNAVAILABLE  nuclei by the default model, which the build lacks. After an
 *         error, the trainer is unchanged
 * Threads: one at a time per trainer. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_trainer_add_files(cellseg_trainer *trainer, const cellseg_train_files *files, int32_t use);

/** Figures of one epoch. */
typedef struct cellseg_epoch {
    size_t struct_size;     /**< sizeof of this struct where the caller was compiled */
    int32_t epoch;          /**< number of the epoch, from 1 */
    int32_t epochs;         /**< number of epochs of the run */
    double train_loss;      /**< mean over the batches of the epoch */
    double validation_loss; /**< NaN without validation images */
    double seconds;         /**< time that the epoch took */
    int32_t best;           /**< 1: the best epoch so far; its weights are kept */
    int32_t stopping;       /**< 1: the last epoch, because none of the last `patience` epochs was better */
    double learning_rate;   /**< rate at the end of the epoch */
} cellseg_epoch;

/** Callback after each epoch, on the thread that called cellseg_trainer_run(). A non-zero result stops training early, without an
 * error. Must not throw or longjmp. */
typedef int32_t (*cellseg_epoch_fn)(void *user, const cellseg_epoch *epoch);

/**
 * Train to the end and return the model with the smallest validation loss (without validation images: the last model).
 *
 * An epoch draws as many patches as cover the images once. The share of an image is proportional to its area and weight; an image
 * that was added twice counts twice. Training resumes from an existing checkpoint file. Without a checkpoint, a later call
 * resumes after the last finished epoch of this trainer.
 *
 * The model states the diameter of its nuclei (cellseg_model_nucleus_diameter_um()): the median over all nuclei of the training
 * images, in steps of 0.01 um. The diameter of a nucleus is 2 sqrt(area / pi), its area that of its pixels inside cells, at the
 * image's own scale. A model trained from a start model states the start's diameter, or none if the start states none, so that
 * the two can be averaged (cellseg_model_average()).
 *
 * @param[out] out       the new model; release with cellseg_model_free(). NULL after an error
 * @param      trainer   the trainer
 * @param      on_epoch  NULL, or called after each epoch
 * @param      user      passed to on_epoch
 * @return CELLSEG_ERR_ARGUMENT   no training image was added; none has nuclei and there is no start model; or the checkpoint has
 *                                other images, options or weights. `note`, the file's name and `epochs` may differ. But `epochs`
 *                                must be equal with CELLSEG_SCHEDULE_SMOOTH and a non-zero learning_rate_final, where the rate
 *                                depends on the number of epochs
 * @return CELLSEG_ERR_MODEL      the loss is not finite; the message names the epoch, and the epoch of the checkpoint
 * @return CELLSEG_ERR_FORMAT     the checkpoint is damaged
 * @return CELLSEG_ERR_IO         the checkpoint is not a regular file, or cannot be read or written (tested before the first
 *                                epoch); or an added file cannot be read again, or has changed
 * @return CELLSEG_ERR_CANCELLED, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * After an error, the last checkpoint stays valid. Threads: one at a time per trainer. Result: one seed and the same images in
 * the same order give the same bytes, for any number of threads, resumed or not. Source: Al-Kofahi et al. 2018, step 0; Kingma
 * and Ba 2015 (Adam). Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_trainer_run(cellseg_model **out, cellseg_trainer *trainer, cellseg_epoch_fn on_epoch,
                                               void *user);

/** Release a trainer; NULL is allowed. Since: 1.0 */
CELLSEG_API void cellseg_trainer_free(cellseg_trainer *trainer);

#ifdef __cplusplus
}
#endif
#endif
