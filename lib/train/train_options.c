/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of training: their tables, and the options of a trainer with all their groups. */
#include "train/train_options.h"

static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const presets[] = {"default", "paper", NULL};
static const char *const schedules[] = {"smooth", "step", NULL};
static const char *const extra_outputs[] = {"none", "boundary", "distance", NULL};

enum { FACT = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET };

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_rate_schedule, __VA_ARGS__)

static const cellseg_option schedule_rows[] = {
    ROW(schedule, CELLSEG_SCHEDULE_SMOOTH, CELLSEG_SCHEDULE_SMOOTH, 0, 1, "", "decrease of the learning rate",
        .choices = schedules),
    ROW(step_epochs, 10, 10, 1, 100000, "", "epochs per step of the schedule step"),
    ROW(step_factor, 0.1, 0.1, 1e-6, 1, "", "factor on the rate after each step"),
    ROW(warm_up_epochs, 0, 0, 0, 100000, "", "epochs in which the rate rises from 0; 0: none"),
};

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_loss, __VA_ARGS__)

static const cellseg_option loss_rows[] = {
    ROW(weight_nucleus, 1, 1, 0, 1000, "", "weight of the nucleus in the loss"),
    ROW(weight_cytoplasm, 1, 1, 0, 1000, "", "weight of the cytoplasm in the loss"),
    ROW(weight_background, 1, 1, 0, 1000, "", "weight of the background in the loss"),
    ROW(weight_sum, 1, 1, 0, 1000, "", "weight of the outputs' sum, which should be 1, in the loss"),
    ROW(weight_extra, 1, 1, 0, 1000, "", "weight of the fourth output in the loss"),
    ROW(weight_border, 0, 0, 0, 1000, "", "additional weight of pixels between near cells; 0: none"),
    ROW(border_sigma_um, 3, 3, 0.01, 100, "um", "length scale of the additional weight between cells"),
    ROW(weight_dice, 0, 0, 0, 1000, "", "weight of the soft Dice in the loss; 0: none"),
    ROW(weight_cross_entropy, 0, 0, 0, 1000, "", "weight of the binary cross-entropy in the loss; 0: none"),
};

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_augmentation, __VA_ARGS__)

static const cellseg_option augmentation_rows[] = {
    ROW(rotate, 1, 1, 0, 1, "", "augment by quarter turns", .choices = no_yes),
    ROW(flip, 1, 0, 0, 1, "", "augment by mirroring", .choices = no_yes),
    ROW(rotation_degrees, 0, 0, 0, 180, "degrees", "augment by a rotation of up to this angle; 0: none"),
    ROW(scale, 1, 1, 1, 4, "", "augment by a scaling of up to this factor; 1: none"),
    ROW(elastic_px, 0, 0, 0, 100, "px", "augment by a deformation of up to this distance; 0: none"),
    ROW(gamma, 1, 1, 1, 4, "", "augment by a gamma of up to this value; 1: none"),
    ROW(contrast, 1, 1, 1, 10, "", "augment by a contrast of up to this factor; 1: none"),
    ROW(blur_px, 0, 0, 0, 20, "px", "augment by a blur of up to this sigma; 0: none"),
    ROW(noise, 0, 0, 0, 1, "", "augment by noise of up to this fraction of the range; 0: none"),
    ROW(illumination, 1, 1, 1, 10, "", "augment by a shading of up to this factor; 1: none"),
    ROW(saturation, 0, 0, 0, 0.95, "", "augment by clipping of up to this fraction; 0: none"),
    ROW(nucleus_contrast, 1, 1, 1, 10, "", "augment by a factor on the nuclei; 1: none"),
    ROW(cell_contrast, 1, 1, 1, 10, "", "augment by a factor on each cell; 1: none"),
    ROW(texture, 0, 0, 0, 2, "", "augment by a texture of up to this deviation; 0: none"),
    ROW(empty, 0, 0, 0, 0.9, "", "fraction of the patches without cells, 0 to 0.9"),
};

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_train_files, __VA_ARGS__)

static const cellseg_option files_rows[] = {
    ROW(image_path, 0, 0, 0, 0, "", "image file"),
    ROW(cells_path, 0, 0, 0, 0, "", "label map of whole cells"),
    ROW(nuclei_path, 0, 0, 0, 0, "", "label map of nuclei; none: as nuclei_channel states"),
    ROW(channel, 0, 0, 0, INT32_MAX, "", "marker's channel, from 0"),
    ROW(nuclei_channel, 0, 0, CELLSEG_NUCLEI_UNKNOWN, INT32_MAX, "",
        "nuclear stain's channel, from 0; -1: the model finds nuclei; -2: nuclei are unknown"),
    ROW(pixel_size_um, 0, 0, 1e-4, 1e4, "um", "edge of a pixel; 0: the file's", .flags = CELLSEG_OPTION_FLAG_OR_ZERO),
    ROW(weight, 1, 1, 1e-3, 1000, "", "draws of each pixel per epoch"),
};

static const cellseg_option_table schedule_table = CSEG_OPTION_TABLE(cellseg_rate_schedule, schedule_rows, warm_up_epochs);
static const cellseg_option_table loss_table = CSEG_OPTION_TABLE(cellseg_loss, loss_rows, weight_cross_entropy);
static const cellseg_option_table augmentation_table = CSEG_OPTION_TABLE(cellseg_augmentation, augmentation_rows, empty);

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_train_options, __VA_ARGS__)

static const cellseg_option option_rows[] = {
    ROW(seed, 1, 1, 0, 0x1p64, "", "seed of weights, order, augmentation and dropout", .flags = FACT),
    ROW(epochs, 30, 30, 1, 100000, "", "number of epochs"),
    ROW(batch, 8, 32, 1, 1024, "", "patches per step"),
    ROW(learning_rate, 0.001, 0.001, 1e-12, 1, "", "learning rate of Adam"),
    ROW(learning_rate_final, 0, 0, 0, 1, "", "rate at the end; 0: constant"),
    ROW(patience, 0, 0, 0, 100000, "", "stop after this many epochs without a better one; 0: never"),
    ROW(frozen_layers, 0, 0, 0, CSEG_MAX_LAYERS - 1, "", "first layers of the start model that stay unchanged; 10: the encoder"),
    ROW(width, 0.5, 1, 0.01, 8, "", "factor on the filters of the paper's network"),
    ROW(dropout, 0.1, 0.5, 0, 0.9, "", "fraction of the decoder's inputs that each step drops; a start model has its own"),
    ROW(working_pixel_size_um, 0.65, 0.65, 0.01, 100, "um", "pixel size at which the network works", .flags = FACT),
    ROW(top_hat_um, 130, 130, 0, 1e6, "um", "edge of the square of the top-hat that evens the illumination; 0: none"),
    ROW(cache_bytes, 96 << 20, 96 << 20, 1 << 20, 1e18, "bytes", "memory for images that were added as files"),
    ROW(checkpoint_path, 0, 0, 0, 0, "", "file written after every epoch; training resumes from an existing file", .flags = FACT),
    ROW(note, 0, 0, 0, 0, "", "text for the training record, for example a description of the images", .flags = FACT),
    ROW(extra_output, CELLSEG_EXTRA_NONE, CELLSEG_EXTRA_NONE, 0, 2, "", "fourth output, of the cells' borders",
        .choices = extra_outputs),
    ROW(preset, CELLSEG_PRESET_DEFAULT, CELLSEG_PRESET_PAPER, 0, 1, "", "values of the options that are not given",
        .choices = presets),
    ROW(rate_schedule, 0, 0, 0, 0, "", "learning rate over a training", .group = &schedule_table),
    ROW(loss, 0, 0, 0, 0, "", "terms of the loss", .group = &loss_table),
    ROW(augmentation, 0, 0, 0, 0, "", "random changes of training patches", .group = &augmentation_table),
};

static const cellseg_option_table option_table = CSEG_OPTION_TABLE(cellseg_train_options, option_rows, augmentation);

/* ---- for callers ---- */

static const cellseg_option_table files_table = CSEG_OPTION_TABLE(cellseg_train_files, files_rows, weight);

const cellseg_option_table *cellseg_rate_schedule_table(void) {
    return &schedule_table;
}

const cellseg_option_table *cellseg_loss_table(void) {
    return &loss_table;
}

const cellseg_option_table *cellseg_augmentation_table(void) {
    return &augmentation_table;
}

const cellseg_option_table *cellseg_train_options_table(void) {
    return &option_table;
}

cellseg_status cellseg_rate_schedule_init(cellseg_rate_schedule *schedule, size_t struct_size, int32_t preset) {
    return cseg_option_init(schedule, struct_size, &schedule_table, preset);
}

cellseg_status cellseg_loss_init(cellseg_loss *loss, size_t struct_size, int32_t preset) {
    return cseg_option_init(loss, struct_size, &loss_table, preset);
}

cellseg_status cellseg_augmentation_init(cellseg_augmentation *augmentation, size_t struct_size, int32_t preset) {
    return cseg_option_init(augmentation, struct_size, &augmentation_table, preset);
}

cellseg_status cellseg_train_options_init(cellseg_train_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &option_table, CELLSEG_PRESET_DEFAULT);
}

cellseg_status cellseg_train_options_preset(cellseg_train_options *options, int32_t preset) {
    return cseg_option_preset(options, &option_table, preset);
}

const cellseg_option_table *cellseg_train_files_table(void) {
    return &files_table;
}

cellseg_status cellseg_train_files_init(cellseg_train_files *files, size_t struct_size) {
    return cseg_option_init(files, struct_size, &files_table, CELLSEG_PRESET_DEFAULT);
}

/* ---- a trainer's options ---- */

cellseg_status cseg_recipe_read(cseg_recipe *recipe, const cellseg_train_options *options) {
    cellseg_train_options *o = &recipe->options;
    CSEG_TRY(cseg_option_read(o, &option_table, options, CELLSEG_PRESET_DEFAULT));
    CSEG_TRY(cseg_option_read(&recipe->schedule, &schedule_table, o->rate_schedule, o->preset));
    CSEG_TRY(cseg_option_read(&recipe->loss, &loss_table, o->loss, o->preset));
    CSEG_TRY(cseg_option_read(&recipe->augmentation, &augmentation_table, o->augmentation, o->preset));
    o->rate_schedule = NULL; /* the caller's, which need not outlive the call */
    o->loss = NULL;
    o->augmentation = NULL;
    return CELLSEG_OK;
}
