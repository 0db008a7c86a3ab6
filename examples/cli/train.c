/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg train: a model from a folder of images and a folder of label maps. */
#include "history.h"
#include "training.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the command line ---- */

const char *images_folder, *labels_folder, *start_path;
cellseg_read_options training_read_options;
cellseg_train_options train_options;
int32_t training_channel, training_nuclei_channel = -1, training_preset;
static const char *model_path, *log_path, *curve_path;
static history epochs;
static int32_t threads, weights = CELLSEG_WEIGHTS_FLOAT32 - 1;
static double validation_part = 0.1;

static const char *const presets[] = {"default", "paper", NULL};
static const char *const weight_types[] = {"float32", "float16", NULL};
static const char *const schedules[] = {"smooth", "step", NULL};
static const char *const extra_outputs[] = {"none", "boundary", "distance", NULL};

const option labelled_image_options[] = {
    {"images", 0, OPTION_TEXT, &images_folder, "DIR", "images (.tif, .tiff, .png)", NULL},
    {"labels", 0, OPTION_TEXT, &labels_folder, "DIR", "label maps of whole cells, and of nuclei; may be the same folder", NULL},
    {"channel", 0, OPTION_WHOLE, &training_channel, "K", "the marker's channel, from 0", NULL},
    {"nuclei-channel", 0, OPTION_WHOLE, &training_nuclei_channel, "K", "find nuclei in this channel instead of <stem>.nuclei.tif",
     NULL},
    {"pixel-size", 0, OPTION_NUMBER, &training_read_options.pixel_size_um, "UM", "edge of a pixel; 0: what the files say", NULL},
    {"validation-part", 0, OPTION_NUMBER, &validation_part, "P", "part of the images, evenly spaced, that validates", NULL},
    {"start", 0, OPTION_TEXT, &start_path, "MODEL", "start from this model's weights", NULL},
    {"preset", 0, OPTION_CHOICE, &training_preset, NULL, "values of all options below that are not given", presets},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

#define O train_options
const option training_options[] = {
    {"seed", 0, OPTION_COUNT, &O.seed, "N", "of weights, order, augmentation and dropout", NULL},
    {"epochs", 0, OPTION_WHOLE, &O.epochs, "N", "times through the images", NULL},
    {"batch", 0, OPTION_WHOLE, &O.batch, "N", "patches per step", NULL},
    {"learning-rate", 0, OPTION_NUMBER, &O.learning_rate, "R", "Adam's", NULL},
    {"learning-rate-final", 0, OPTION_NUMBER, &O.learning_rate_final, "R", "where it falls to; 0: it stays", NULL},
    {"schedule", 0, OPTION_CHOICE, &O.schedule, NULL, "how the rate falls", schedules},
    {"step-epochs", 0, OPTION_WHOLE, &O.step_epochs, "N", "with --schedule step: after so many epochs", NULL},
    {"step-factor", 0, OPTION_NUMBER, &O.step_factor, "F", "the rate is multiplied by this", NULL},
    {"warm-up-epochs", 0, OPTION_NUMBER, &O.warm_up_epochs, "N", "over so many epochs the rate rises from 0; 0: none", NULL},
    {"patience", 0, OPTION_WHOLE, &O.patience, "N", "end after so many epochs without a better one; 0: never", NULL},
    {"frozen-layers", 0, OPTION_WHOLE, &O.frozen_layers, "N", "of --start, from the first, which stay; 10: the encoder", NULL},
    {"width", 0, OPTION_NUMBER, &O.width, "W", "filters, as a part of the paper's network", NULL},
    {"weight-nucleus", 0, OPTION_NUMBER, &O.weight_nucleus, "W", "of the nucleus in the loss", NULL},
    {"weight-cytoplasm", 0, OPTION_NUMBER, &O.weight_cytoplasm, "W", "of the cytoplasm", NULL},
    {"weight-background", 0, OPTION_NUMBER, &O.weight_background, "W", "of the background", NULL},
    {"weight-sum", 0, OPTION_NUMBER, &O.weight_sum, "W", "of their sum being 1", NULL},
    {"extra-output", 0, OPTION_CHOICE, &O.extra_output, NULL, "a fourth output: of cells' borders", extra_outputs},
    {"weight-extra", 0, OPTION_NUMBER, &O.weight_extra, "W", "of the fourth output in the loss", NULL},
    {"weight-border", 0, OPTION_NUMBER, &O.weight_border, "W", "how much more pixels between near cells count; 0: the same",
     NULL},
    {"border-sigma-um", 0, OPTION_NUMBER, &O.border_sigma_um, "UM", "how near is near", NULL},
    {"weight-dice", 0, OPTION_NUMBER, &O.weight_dice, "W", "of the soft Dice in the loss; 0: none", NULL},
    {"weight-cross-entropy", 0, OPTION_NUMBER, &O.weight_cross_entropy, "W", "of the cross-entropy; 0: none", NULL},
    {"rotate", 0, OPTION_CHOICE, &O.rotate, NULL, "augment by quarter turns", no_yes},
    {"flip", 0, OPTION_CHOICE, &O.flip, NULL, "augment by mirroring", no_yes},
    {"gamma", 0, OPTION_NUMBER, &O.gamma, "G", "augment by a gamma up to this; 1: none", NULL},
    {"scale", 0, OPTION_NUMBER, &O.scale, "S", "augment by a zoom up to this; 1: none", NULL},
    {"noise", 0, OPTION_NUMBER, &O.noise, "PART", "augment by noise up to this; 0: none", NULL},
    {"blur-px", 0, OPTION_NUMBER, &O.blur_px, "PX", "augment by a blur up to this sigma; 0: none", NULL},
    {"contrast", 0, OPTION_NUMBER, &O.contrast, "C", "augment by a contrast up to this; 1: none", NULL},
    {"rotation-degrees", 0, OPTION_NUMBER, &O.rotation_degrees, "DEG", "augment by a rotation up to this; 0: none", NULL},
    {"elastic-px", 0, OPTION_NUMBER, &O.elastic_px, "PX", "augment by a deformation up to this; 0: none", NULL},
    {"illumination", 0, OPTION_NUMBER, &O.illumination, "F", "augment by a shading up to this factor; 1: none", NULL},
    {"saturation", 0, OPTION_NUMBER, &O.saturation, "PART", "augment by cutting up to this part off; 0: none", NULL},
    {"nucleus-contrast", 0, OPTION_NUMBER, &O.nucleus_contrast, "F", "augment by a factor on the nuclei; 1: none", NULL},
    {"texture", 0, OPTION_NUMBER, &O.texture, "T", "augment by a texture up to this deviation; 0: none", NULL},
    {"empty", 0, OPTION_NUMBER, &O.empty, "PART", "part of the patches that shows no cell, 0 to 0.9", NULL},
    {"working-pixel-size-um", 0, OPTION_NUMBER, &O.working_pixel_size_um, "UM", "scale at which the network works", NULL},
    {"top-hat-um", 0, OPTION_NUMBER, &O.top_hat_um, "UM", "edge of the square that evens the illumination; 0: none", NULL},
    {"note", 0, OPTION_TEXT, &O.note, "TEXT", "for the training record: what the images are", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

static const option run_options[] = {
    {"output", 'o', OPTION_TEXT, &model_path, "MODEL", "the model file to write", NULL},
    {"weights", 0, OPTION_CHOICE, &weights, NULL, "how the model file stores weights", weight_types},
    {"log", 0, OPTION_TEXT, &log_path, "FILE", "a JSON object for each epoch, one a line", NULL},
    {"curve", 0, OPTION_TEXT, &curve_path, "FILE.svg", "a picture of the losses, drawn again after every epoch", NULL},
    {"threads", 0, OPTION_WHOLE, &threads, "N", "0: as many as cores", NULL},
    {"checkpoint", 0, OPTION_TEXT, &O.checkpoint_path, "FILE", "written after every epoch; resumed from when it exists", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

static const command train_command = {
    "train", "--images DIR --labels DIR -o MODEL",
    "Train a network. Images and label maps pair by stem, the name up to its first dot: <stem>.cells.tif, or <stem>.tif where\n"
    "it is the only one, labels whole cells; <stem>.nuclei.tif beside it labels nuclei.",
    (const option *const[]){run_options, labelled_image_options, training_options, NULL}};

const char *fault_of_training(void) {
    if (images_folder == NULL)
        return "--images DIR is missing";
    if (labels_folder == NULL)
        return "--labels DIR is missing";
    if (validation_part < 0 || validation_part >= 1)
        return "--validation-part must be at least 0 and less than 1";
    return NULL;
}

static bool is_complete(int operands) {
    const char *fault = fault_of_training();
    if (fault == NULL && model_path == NULL)
        fault = "-o MODEL is missing";
    else if (fault == NULL && operands > 0)
        fault = "only options are expected";
    else if (fault == NULL && is_folder(model_path))
        fault = "-o MODEL names a folder";
    if (fault != NULL)
        print_error("train: %s; see cellseg train --help", fault);
    return fault == NULL;
}

/* ---- images ---- */

cellseg_status find_nuclei(cellseg_labels **nuclei, cellseg_context *context, const cellseg_labels *cells,
                           const cellseg_image *image) {
    cellseg_segment_options options;
    cellseg_status status = cellseg_segment_options_init(&options, sizeof options);
    options.nuclei_channel = training_nuclei_channel;
    if (status == CELLSEG_OK)
        status = cellseg_segment_nuclei_within(nuclei, context, cells, image, &options);
    return status;
}

static cellseg_status read_and_add(cellseg_trainer *trainer, cellseg_context *context, const char *image_path,
                                   const char *cells_path, const char *nuclei_path, int32_t use, const char **at_fault) {
    cellseg_image *image = NULL;
    cellseg_labels *cells = NULL, *nuclei = NULL;
    *at_fault = image_path;
    cellseg_status status = cellseg_image_read(&image, context, image_path, &training_read_options);
    if (status == CELLSEG_OK) {
        *at_fault = cells_path;
        status = cellseg_labels_read(&cells, context, cells_path);
    }
    if (status == CELLSEG_OK) {
        *at_fault = training_nuclei_channel < 0 ? nuclei_path : image_path;
        status = training_nuclei_channel < 0 ? cellseg_labels_read(&nuclei, context, nuclei_path)
                                             : find_nuclei(&nuclei, context, cells, image);
    }
    if (status == CELLSEG_OK) {
        *at_fault = image_path;
        status = cellseg_trainer_add(trainer, image, training_channel, cells, nuclei, use);
    }
    cellseg_image_free(image);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    return status;
}

bool add_image(cellseg_trainer *trainer, cellseg_context *context, const file *image, const file *cells, int32_t use) {
    char nuclei_path[PATH_SIZE];
    if (is_same_file(image->path, cells->path)) {
        print_error("%s: there is no label map %s.cells.tif beside it", image->path, image->stem);
        return false;
    }
    if (!join_path(nuclei_path, labels_folder, image->stem, ".nuclei.tif"))
        return false;
    set_progress_title(image->path);
    const char *at_fault;
    const cellseg_status status = read_and_add(trainer, context, image->path, cells->path, nuclei_path, use, &at_fault);
    set_progress_title(NULL);
    if (status != CELLSEG_OK)
        print_library_error(at_fault);
    return status == CELLSEG_OK;
}

int32_t use_of(size_t i, size_t n) {
    double wanted = validation_part > 0 && n > 1 ? fmax(1, floor(validation_part * (double)n + 0.5)) : 0;
    wanted = fmin(wanted, (double)n - 1);
    const bool validates = floor((double)(i + 1) * wanted / (double)n) > floor((double)i * wanted / (double)n);
    return validates ? CELLSEG_USE_VALIDATE : CELLSEG_USE_TRAIN;
}

bool labelled_images(file_list *images, file_list *labels) {
    return files_in_folder(images, images_folder, NULL) && files_in_folder(labels, labels_folder, "cells") &&
           same_stems(images, images_folder, labels, labels_folder);
}

/* All of them, or no training: a model of part of the images is not what was asked for. */
static bool add_images(cellseg_trainer *trainer, cellseg_context *context) {
    file_list images = {0}, labels = {0};
    bool fine = labelled_images(&images, &labels);
    const size_t count = fine ? images.count : 0;
    size_t validating = 0;
    for (size_t i = 0; i < count && !was_interrupted(); i++) {
        const int32_t use = use_of(i, count);
        validating += use == CELLSEG_USE_VALIDATE;
        if (!add_image(trainer, context, &images.files[i], &labels.files[i], use))
            fine = false;
    }
    if (fine)
        printf("images: %zu to train, %zu to validate\n", count - validating, validating);
    free_files(&images);
    free_files(&labels);
    return fine && !was_interrupted();
}

/* ---- training ---- */

void print_epoch(const cellseg_epoch *epoch) {
    set_progress_title(NULL);
    printf("epoch %d of %d: loss %.4f", (int)epoch->epoch, (int)epoch->epochs, epoch->train_loss);
    if (!isnan(epoch->validation_loss))
        printf(", validation %.4f%s", epoch->validation_loss, epoch->best != 0 ? " (best)" : "");
    printf(", %.1f s\n", epoch->seconds);
    if (epoch->stopping != 0)
        printf("none of the last %d epochs was better: training ends\n", (int)train_options.patience);
    (void)fflush(stdout);
    set_progress_title("training");
}

static int32_t on_epoch(void *user, const cellseg_epoch *epoch) {
    bool *const written = user;
    print_epoch(epoch);
    *written = add_to_history(&epochs, epoch) && (log_path == NULL || write_log(&epochs, log_path)) &&
               (curve_path == NULL || write_curve(&epochs, curve_path));
    return was_interrupted() || !*written;
}

static bool run_and_save(cellseg_trainer *trainer, cellseg_context *context) {
    cellseg_model *model = NULL;
    bool written = true;
    if (log_path != NULL && train_options.checkpoint_path != NULL && access(train_options.checkpoint_path, F_OK) == 0 &&
        !read_history(&epochs, log_path))
        return false;
    set_progress_title("training");
    cellseg_status status = cellseg_trainer_run(&model, trainer, on_epoch, &written);
    free_history(&epochs);
    set_progress_title(NULL);
    if (status != CELLSEG_OK)
        print_library_error("training");
    else {
        status = cellseg_model_save(model, context, model_path, weights + CELLSEG_WEIGHTS_FLOAT32);
        if (status != CELLSEG_OK)
            print_library_error(model_path);
        else
            printf("%s: %llu parameters\n", model_path, (unsigned long long)cellseg_model_parameters(model));
    }
    cellseg_model_free(model);
    return status == CELLSEG_OK && written;
}

static int train(void) {
    const char *const paths[] = {model_path, train_options.checkpoint_path, log_path, curve_path};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i] != NULL && !can_be_written(paths[i]))
            return CLI_FAILED;
    cellseg_context *context = new_context(threads);
    if (context == NULL)
        return CLI_USAGE;
    cellseg_model *start = NULL;
    cellseg_trainer *trainer = NULL;
    int code = CLI_FAILED;
    if (start_path != NULL && cellseg_model_load(&start, context, start_path) != CELLSEG_OK)
        print_library_error(start_path);
    else if (cellseg_trainer_new(&trainer, context, start, &train_options) != CELLSEG_OK) {
        print_error("train: %s", cellseg_last_error());
        code = CLI_USAGE;
    } else if (add_images(trainer, context) && run_and_save(trainer, context))
        code = CLI_FINE;
    cellseg_trainer_free(trainer);
    cellseg_model_free(start);
    cellseg_context_free(context);
    return code;
}

/* Twice, so that single options win over the preset wherever they stand. */
parsed parse_training(const command *of, int argc, char **argv, const char **operands, int *count) {
    if (cellseg_train_options_init(&train_options, sizeof train_options) != CELLSEG_OK ||
        cellseg_read_options_init(&training_read_options, sizeof training_read_options) != CELLSEG_OK) {
        print_error("%s: %s", of->name, cellseg_last_error());
        return PARSED_WRONG;
    }
    const parsed first = parse_options(of, argc, argv, operands, count);
    if (first != PARSED_OK || training_preset == CELLSEG_PRESET_DEFAULT)
        return first;
    if (cellseg_train_options_preset(&train_options, training_preset) != CELLSEG_OK) {
        print_error("%s: %s", of->name, cellseg_last_error());
        return PARSED_WRONG;
    }
    return parse_options(of, argc, argv, operands, count);
}

int cmd_train(int argc, char **argv) {
    const char **operands = malloc((size_t)argc * sizeof *operands);
    if (operands == NULL)
        return CLI_FAILED;
    int count = 0, code = CLI_USAGE;
    const parsed result = parse_training(&train_command, argc, argv, operands, &count);
    if (result == PARSED_HELP)
        code = CLI_FINE;
    else if (result == PARSED_OK && is_complete(count))
        code = train();
    free(operands);
    return code;
}
