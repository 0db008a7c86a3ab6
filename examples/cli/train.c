/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg train: a model from a folder of images and a folder of label maps. */
#include "cli.h"
#include "files.h"
#include "history.h"
#include "options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the command line ---- */

static text_list image_folders, label_folders, weight_texts, validation_images, validation_labels;
static double folder_weights[TEXTS_MOST];
static const char *model_path, *start_path, *log_path, *curve_path;
static history epochs;
static double pixel_size_um;
static cellseg_train_options train_options;
static int32_t channel, nuclei_channel = -1, threads, preset, weights = CELLSEG_WEIGHTS_FLOAT32 - 1;
static double validation_part = 0.1, cache_mb = 512;

static const char *const presets[] = {"default", "paper", NULL};
static const char *const weight_types[] = {"float32", "float16", NULL};
static const char *const schedules[] = {"smooth", "step", NULL};
static const char *const extra_outputs[] = {"none", "boundary", "distance", NULL};

static const option file_options[] = {
    {"images", 0, OPTION_TEXTS, &image_folders, "DIR", "images (.tif, .tiff, .png); once for each folder", NULL},
    {"labels", 0, OPTION_TEXTS, &label_folders, "DIR", "label maps of whole cells, and of nuclei; may be the same folder", NULL},
    {"weight", 0, OPTION_TEXTS, &weight_texts, "W", "how often a pixel of the folder's images is drawn in an epoch [1]", NULL},
    {"validation-images", 0, OPTION_TEXTS, &validation_images, "DIR", "images that validate, instead of a part", NULL},
    {"validation-labels", 0, OPTION_TEXTS, &validation_labels, "DIR", "their label maps", NULL},
    {"output", 'o', OPTION_TEXT, &model_path, "MODEL", "the model file to write", NULL},
    {"channel", 0, OPTION_WHOLE, &channel, "K", "the marker's channel, from 0", NULL},
    {"nuclei-channel", 0, OPTION_WHOLE, &nuclei_channel, "K", "find nuclei in this channel instead of <stem>.nuclei.tif", NULL},
    {"pixel-size", 0, OPTION_NUMBER, &pixel_size_um, "UM", "edge of a pixel; 0: what the files say", NULL},
    {"validation-part", 0, OPTION_NUMBER, &validation_part, "P", "part of each folder, evenly spaced, that validates", NULL},
    {"cache-mb", 0, OPTION_NUMBER, &cache_mb, "MB", "of images in memory; the rest is read again when needed", NULL},
    {"start", 0, OPTION_TEXT, &start_path, "MODEL", "start from this model's weights", NULL},
    {"weights", 0, OPTION_CHOICE, &weights, NULL, "how the model file stores weights", weight_types},
    {"log", 0, OPTION_TEXT, &log_path, "FILE", "a JSON object for each epoch, one a line", NULL},
    {"curve", 0, OPTION_TEXT, &curve_path, "FILE.svg", "a picture of the losses, drawn again after every epoch", NULL},
    {"threads", 0, OPTION_WHOLE, &threads, "N", "0: as many as cores", NULL},
    {"preset", 0, OPTION_CHOICE, &preset, NULL, "values of all options below that are not given", presets},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

#define O train_options
static const option training_options[] = {
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
    {"checkpoint", 0, OPTION_TEXT, &O.checkpoint_path, "FILE", "written after every epoch; resumed from when it exists", NULL},
    {"note", 0, OPTION_TEXT, &O.note, "TEXT", "for the training record: what the images are", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

static const command train_command = {
    "train", "--images DIR --labels DIR [--weight W]... -o MODEL",
    "Train a network. Images and label maps pair by stem, the name up to its first dot: <stem>.cells.tif, or <stem>.tif where\n"
    "it is the only one, labels whole cells; <stem>.nuclei.tif beside it labels nuclei. Each --images goes with a --labels, in "
    "order.",
    (const option *const[]){file_options, training_options, NULL}};

/* One weight for each folder, or none at all. */
static bool read_weights(void) {
    for (int i = 0; i < image_folders.count; i++)
        folder_weights[i] = 1;
    for (int i = 0; i < weight_texts.count; i++) {
        char *end;
        folder_weights[i] = strtod(weight_texts.items[i], &end);
        if (end == weight_texts.items[i] || *end != '\0' || !(folder_weights[i] >= 0.001 && folder_weights[i] <= 1000))
            return false;
    }
    return true;
}

static bool is_complete(int operands) {
    const char *fault = NULL;
    if (image_folders.count == 0)
        fault = "--images DIR is missing";
    else if (label_folders.count != image_folders.count)
        fault = label_folders.count == 0 ? "--labels DIR is missing" : "there must be one --labels for each --images";
    else if (weight_texts.count != 0 && weight_texts.count != image_folders.count)
        fault = "there must be one --weight for each --images, or none";
    else if (!read_weights())
        fault = "--weight must be a number from 0.001 to 1000";
    else if (validation_labels.count != validation_images.count)
        fault = "there must be one --validation-labels for each --validation-images";
    else if (!(cache_mb >= 1 && cache_mb <= 1e9))
        fault = "--cache-mb must be a number from 1 to 1e9";
    else if (model_path == NULL)
        fault = "-o MODEL is missing";
    else if (operands > 0)
        fault = "only options are expected";
    else if (validation_part < 0 || validation_part >= 1)
        fault = "--validation-part must be at least 0 and less than 1";
    else if (is_folder(model_path))
        fault = "-o MODEL names a folder";
    if (fault != NULL)
        print_error("train: %s; see cellseg train --help", fault);
    return fault == NULL;
}

/* ---- images ---- */

static bool add_image(cellseg_trainer *trainer, const file *image, const file *cells, const char *labels_folder, double weight,
                      int32_t use) {
    char nuclei_path[PATH_SIZE];
    if (is_same_file(image->path, cells->path)) {
        print_error("%s: there is no label map %s.cells.tif beside it", image->path, image->stem);
        return false;
    }
    if (!join_path(nuclei_path, labels_folder, image->stem, ".nuclei.tif"))
        return false;
    cellseg_train_files files;
    set_progress_title(image->path);
    cellseg_status status = cellseg_train_files_init(&files, sizeof files);
    files.image_path = image->path;
    files.cells_path = cells->path;
    files.nuclei_path = nuclei_channel < 0 ? nuclei_path : NULL;
    files.nuclei_channel = nuclei_channel < 0 ? 0 : nuclei_channel;
    files.channel = channel;
    files.pixel_size_um = pixel_size_um;
    files.weight = weight;
    files.use = use;
    if (status == CELLSEG_OK)
        status = cellseg_trainer_add_files(trainer, &files);
    set_progress_title(NULL);
    if (status != CELLSEG_OK)
        print_error("%s", cellseg_last_error());
    return status == CELLSEG_OK;
}

/* Image i of n validates when it is the last of its share: evenly spaced, and at least one where a part is asked for and there
 * are two images. */
static int32_t use_of(size_t i, size_t n) {
    double wanted = validation_part > 0 && n > 1 ? fmax(1, floor(validation_part * (double)n + 0.5)) : 0;
    wanted = fmin(wanted, (double)n - 1);
    const bool validates = floor((double)(i + 1) * wanted / (double)n) > floor((double)i * wanted / (double)n);
    return validates ? CELLSEG_USE_VALIDATE : CELLSEG_USE_TRAIN;
}

typedef struct folder {
    const char *images, *labels;
    double weight;
    bool validates; /* all of it */
} folder;

static bool add_folder(cellseg_trainer *trainer, const folder *from, size_t counts[2]) {
    file_list images = {0}, labels = {0};
    bool fine = files_in_folder(&images, from->images, NULL) && files_in_folder(&labels, from->labels, "cells") &&
                same_stems(&images, from->images, &labels, from->labels);
    const size_t count = fine ? images.count : 0;
    for (size_t i = 0; i < count && !was_interrupted(); i++) {
        const int32_t use = from->validates ? CELLSEG_USE_VALIDATE : use_of(i, count);
        counts[use]++;
        if (!add_image(trainer, &images.files[i], &labels.files[i], from->labels, from->weight, use))
            fine = false;
    }
    if (fine && count == 1 && !from->validates && validation_part > 0 && validation_images.count == 0)
        print_warning("%s: a single image, which trains; none is left to validate", from->images);
    free_files(&images);
    free_files(&labels);
    return fine;
}

/* All of them, or no training: a model of part of the images is not what was asked for. */
static bool add_images(cellseg_trainer *trainer) {
    size_t counts[2] = {0, 0};
    bool fine = true;
    if (validation_images.count > 0)
        validation_part = 0;
    for (int i = 0; i < image_folders.count && !was_interrupted(); i++) {
        const folder from = {image_folders.items[i], label_folders.items[i], folder_weights[i], false};
        fine = add_folder(trainer, &from, counts) && fine;
    }
    for (int i = 0; i < validation_images.count && !was_interrupted(); i++) {
        const folder from = {validation_images.items[i], validation_labels.items[i], 1, true};
        fine = add_folder(trainer, &from, counts) && fine;
    }
    if (fine)
        printf("images: %zu to train, %zu to validate\n", counts[CELLSEG_USE_TRAIN], counts[CELLSEG_USE_VALIDATE]);
    return fine && !was_interrupted();
}

/* ---- training ---- */

static int32_t on_epoch(void *user, const cellseg_epoch *epoch) {
    bool *const written = user;
    set_progress_title(NULL);
    printf("epoch %d of %d: loss %.4f", (int)epoch->epoch, (int)epoch->epochs, epoch->train_loss);
    if (!isnan(epoch->validation_loss))
        printf(", validation %.4f%s", epoch->validation_loss, epoch->best != 0 ? " (best)" : "");
    printf(", %.1f s\n", epoch->seconds);
    if (epoch->stopping != 0)
        printf("none of the last %d epochs was better: training ends\n", (int)train_options.patience);
    (void)fflush(stdout);
    *written = add_to_history(&epochs, epoch) && (log_path == NULL || write_log(&epochs, log_path)) &&
               (curve_path == NULL || write_curve(&epochs, curve_path));
    set_progress_title("training");
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
    train_options.cache_bytes = (uint64_t)(cache_mb * 1048576);
    cellseg_model *start = NULL;
    cellseg_trainer *trainer = NULL;
    int code = CLI_FAILED;
    if (start_path != NULL && cellseg_model_load(&start, context, start_path) != CELLSEG_OK)
        print_library_error(start_path);
    else if (cellseg_trainer_new(&trainer, context, start, &train_options) != CELLSEG_OK) {
        print_error("train: %s", cellseg_last_error());
        code = CLI_USAGE;
    } else if (add_images(trainer) && run_and_save(trainer, context))
        code = CLI_FINE;
    cellseg_trainer_free(trainer);
    cellseg_model_free(start);
    cellseg_context_free(context);
    return code;
}

/* Twice, so that single options win over the preset wherever they stand. */
static parsed parse(int argc, char **argv, const char **operands, int *count) {
    const parsed first = parse_options(&train_command, argc, argv, operands, count);
    if (first != PARSED_OK || preset == CELLSEG_PRESET_DEFAULT)
        return first;
    if (cellseg_train_options_preset(&train_options, preset) != CELLSEG_OK) {
        print_error("train: %s", cellseg_last_error());
        return PARSED_WRONG;
    }
    image_folders.count = label_folders.count = weight_texts.count = validation_images.count = validation_labels.count = 0;
    return parse_options(&train_command, argc, argv, operands, count);
}

int cmd_train(int argc, char **argv) {
    if (cellseg_train_options_init(&train_options, sizeof train_options) != CELLSEG_OK) {
        print_error("train: %s", cellseg_last_error());
        return CLI_FAILED;
    }
    const char **operands = malloc((size_t)argc * sizeof *operands);
    if (operands == NULL)
        return CLI_FAILED;
    int count = 0, code = CLI_USAGE;
    const parsed result = parse(argc, argv, operands, &count);
    if (result == PARSED_HELP)
        code = CLI_FINE;
    else if (result == PARSED_OK && is_complete(count))
        code = train();
    free(operands);
    return code;
}
