/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of training, and images with their label maps from many folders. */
#include "training.h"

#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the command line ---- */

double training_pixel_size_um;
cellseg_train_options train_options;
static cellseg_rate_schedule rate_schedule;
static cellseg_loss loss;
static cellseg_augmentation augmentation;
int32_t training_channel, training_nuclei_channel = -1;
library_options training_table, rate_table, loss_table, augmentation_table;
static const char *start_name;
static text_list image_folders, label_folders, weight_texts, validation_images, validation_labels;
static double validation_part = 0.1, cache_mb = 96;
static const char *label_suffix;
static int32_t other_nuclei;

enum { NUCLEI_IN_FILES, NUCLEI_BY_MODEL, NUCLEI_UNKNOWN };
static const char *const nuclei_sources[] = {"file", "model", "unknown", NULL};

const option labelled_image_options[] = {
    {"images", 0, OPTION_TEXTS, &image_folders, "FOLDER", "folder of images (.tif, .tiff, .png); may be repeated", NULL},
    {"labels", 0, OPTION_TEXTS, &label_folders, "FOLDER", "folder of label maps of whole cells and of nuclei; may be the same",
     NULL},
    {"weight", 0, OPTION_TEXTS, &weight_texts, "W", "number of draws of a pixel of the folder per epoch [1]", NULL},
    {"validation-images", 0, OPTION_TEXTS, &validation_images, "FOLDER", "folder of validation images, instead of a fraction",
     NULL},
    {"validation-labels", 0, OPTION_TEXTS, &validation_labels, "FOLDER", "folder of their label maps", NULL},
    {"channel", 0, OPTION_WHOLE, &training_channel, "K", "channel of the marker, from 0", NULL},
    {"nuclei-channel", 0, OPTION_WHOLE, &training_nuclei_channel, "K", "find nuclei in this channel instead of <stem>.nuclei.tif",
     NULL},
    {"nuclei", 0, OPTION_CHOICE, &other_nuclei, NULL,
     "nuclei of images without <stem>.nuclei.tif: a fault; those that the start or default model finds; left out of the loss",
     nuclei_sources},
    {"label-suffix", 0, OPTION_TEXT, &label_suffix, "TEXT",
     "label maps are named <stem>TEXT.tif or .png, for instance _mask; default: .cells", NULL},
    {"pixel-size", 0, OPTION_NUMBER, &training_pixel_size_um, "UM", "edge of a pixel; 0: the files' pixel sizes", NULL},
    {"validation-part", 0, OPTION_NUMBER, &validation_part, "P", "fraction of each folder that validates, evenly spaced", NULL},
    {"start", 0, OPTION_TEXT, &start_name, "FILE|default", "start from the weights of a model file or of the default model",
     NULL},
    OPTIONS_END,
};
const option cache_options[] = {
    {"cache-mb", 0, OPTION_NUMBER, &cache_mb, "MB", "memory for images; other images are read again when needed", NULL},
    OPTIONS_END,
};

/* Members that have options of their own. */
static const char *const own_names[] = {"cache_bytes", "checkpoint_path", NULL};

static void make_tables(void) {
    make_library_options(&training_table, cellseg_train_options_table(), &train_options, own_names);
    make_library_options(&rate_table, cellseg_rate_schedule_table(), &rate_schedule, NULL);
    make_library_options(&loss_table, cellseg_loss_table(), &loss, NULL);
    make_library_options(&augmentation_table, cellseg_augmentation_table(), &augmentation, NULL);
}

static bool set_preset(int32_t preset) {
    const bool fine = cellseg_train_options_init(&train_options, sizeof train_options) == CELLSEG_OK &&
                      cellseg_train_options_preset(&train_options, preset) == CELLSEG_OK &&
                      cellseg_rate_schedule_init(&rate_schedule, sizeof rate_schedule, preset) == CELLSEG_OK &&
                      cellseg_loss_init(&loss, sizeof loss, preset) == CELLSEG_OK &&
                      cellseg_augmentation_init(&augmentation, sizeof augmentation, preset) == CELLSEG_OK;
    train_options.rate_schedule = &rate_schedule;
    train_options.loss = &loss;
    train_options.augmentation = &augmentation;
    if (!fine)
        print_error("%s", cellseg_last_error());
    return fine;
}

bool begin_training(int32_t preset) {
    image_folders.count = label_folders.count = weight_texts.count = validation_images.count = validation_labels.count = 0;
    make_tables();
    return set_preset(preset);
}

/* Of the i-th folder; 0 where the text is no such number. */
static double weight_of(int i) {
    if (weight_texts.count == 0)
        return 1;
    char *end;
    const double weight = strtod(weight_texts.items[i], &end);
    return end != weight_texts.items[i] && *end == '\0' && weight >= 0.001 && weight <= 1000 ? weight : 0;
}

const char *settle_training(void) {
    if (image_folders.count == 0)
        return "--images FOLDER is missing";
    if (label_folders.count != image_folders.count)
        return label_folders.count == 0 ? "--labels FOLDER is missing" : "each --images needs one --labels";
    if (weight_texts.count != 0 && weight_texts.count != image_folders.count)
        return "each --images needs one --weight, or none has a weight";
    for (int i = 0; i < image_folders.count; i++)
        if (weight_of(i) == 0)
            return "--weight must be a number from 0.001 to 1000";
    if (training_nuclei_channel >= 0 && other_nuclei != NUCLEI_IN_FILES)
        return "--nuclei-channel finds the nuclei of all images; --nuclei is for images without";
    if (label_suffix != NULL && label_suffix[0] == '\0')
        return "--label-suffix is empty";
    if (validation_labels.count != validation_images.count)
        return "each --validation-images needs one --validation-labels";
    if (!(cache_mb >= 1 && cache_mb <= 1e9))
        return "--cache-mb must be a number from 1 to 1e9";
    train_options.cache_bytes = (uint64_t)(cache_mb * 1048576);
    if (validation_part < 0 || validation_part >= 1)
        return "--validation-part must be at least 0 and less than 1";
    return NULL;
}

const char *start_file(void) {
    return start_name == NULL || strcmp(start_name, "default") == 0 ? NULL : start_name;
}

bool load_start(cellseg_model **start, cellseg_context *context) {
    *start = NULL;
    if (start_name == NULL)
        return true;
    const char *path = start_file();
    const cellseg_status status = path != NULL ? cellseg_model_load(start, context, path) : cellseg_model_default(start, context);
    if (status != CELLSEG_OK)
        print_library_error(start_name);
    return status == CELLSEG_OK;
}

/* ---- images ---- */

static const char *label_ending(void) {
    return label_suffix != NULL ? label_suffix : ".cells";
}

/* Takes over the files of both lists. */
static bool append_images(labelled_list *list, const labelled_image *like, file_list *images, file_list *labels) {
    labelled_image *larger = realloc(list->items, (list->count + images->count) * sizeof *larger);
    if (larger == NULL) {
        print_error("no memory for the names of %zu images", list->count + images->count);
        return false;
    }
    list->items = larger;
    for (size_t i = 0; i < images->count; i++) {
        labelled_image *item = &list->items[list->count++];
        *item = *like;
        item->image = images->files[i];
        item->cells = labels->files[i];
    }
    images->count = labels->count = 0;
    return true;
}

static bool list_pairs(labelled_list *list, const labelled_image *like) {
    file_list images = {0}, labels = {0};
    const bool fine = images_in_folder(&images, like->images_folder, label_ending()) &&
                      labels_in_folder(&labels, like->labels_folder, label_ending()) &&
                      same_stems(&images, like->images_folder, &labels, like->labels_folder) &&
                      append_images(list, like, &images, &labels);
    free_files(&images);
    free_files(&labels);
    return fine;
}

bool find_labelled_images(labelled_list *list) {
    *list = (labelled_list){0};
    bool fine = true;
    for (int i = 0; i < image_folders.count; i++) {
        const labelled_image like = {.images_folder = image_folders.items[i],
                                     .labels_folder = label_folders.items[i],
                                     .folder = i,
                                     .weight = weight_of(i)};
        fine = list_pairs(list, &like) && fine;
    }
    for (int i = 0; i < validation_images.count; i++) {
        const labelled_image like = {.images_folder = validation_images.items[i],
                                     .labels_folder = validation_labels.items[i],
                                     .folder = image_folders.count + i,
                                     .weight = 1,
                                     .validates = true};
        fine = list_pairs(list, &like) && fine;
    }
    return fine;
}

void free_labelled_images(labelled_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].image.path);
        free(list->items[i].image.stem);
        free(list->items[i].cells.path);
        free(list->items[i].cells.stem);
    }
    free(list->items);
    *list = (labelled_list){0};
}

bool nuclei_file(char path[PATH_SIZE], const labelled_image *of) {
    return join_path(path, of->labels_folder, of->image.stem, ".nuclei.tif");
}

/* Where the nuclei of an image come from: a stain's channel, else a label map, else as --nuclei states. */
static bool choose_nuclei(cellseg_train_files *files, char path[PATH_SIZE], const labelled_image *item) {
    static const int32_t others[] = {0, CELLSEG_NUCLEI_BY_MODEL, CELLSEG_NUCLEI_UNKNOWN};
    files->nuclei_channel = training_nuclei_channel;
    if (training_nuclei_channel >= 0)
        return true;
    files->nuclei_channel = others[other_nuclei];
    if (!nuclei_file(path, item))
        return false;
    if (exists(path))
        files->nuclei_path = path;
    else if (other_nuclei == NUCLEI_IN_FILES)
        print_error(
            "%s: the label map %s of the nuclei is missing; --nuclei-channel K finds nuclei in a stain, --nuclei model in "
            "the marker by a model, --nuclei unknown leaves them out of the loss",
            item->image.path, path);
    return files->nuclei_path != NULL || other_nuclei != NUCLEI_IN_FILES;
}

static bool add_image(cellseg_trainer *trainer, const labelled_image *item, int32_t use) {
    char nuclei_path[PATH_SIZE];
    if (is_same_file(item->image.path, item->cells.path)) {
        print_error("%s: the label map %s%s.tif is missing", item->image.path, item->image.stem, label_ending());
        return false;
    }
    cellseg_train_files files;
    cellseg_status status = cellseg_train_files_init(&files, sizeof files);
    if (!choose_nuclei(&files, nuclei_path, item))
        return false;
    set_progress_title(item->image.path);
    files.image_path = item->image.path;
    files.cells_path = item->cells.path;
    files.channel = training_channel;
    files.pixel_size_um = training_pixel_size_um;
    files.weight = item->weight;
    if (status == CELLSEG_OK)
        status = cellseg_trainer_add_files(trainer, &files, use);
    set_progress_title(NULL);
    if (status != CELLSEG_OK)
        print_error("%s", cellseg_last_error());
    return status == CELLSEG_OK;
}

/* Image i of n validates if it is the last of its share: evenly spaced, and at least one for a positive fraction and two
 * images. */
static int32_t use_of(size_t i, size_t n) {
    const double part = validation_images.count > 0 ? 0 : validation_part;
    double wanted = part > 0 && n > 1 ? fmax(1, floor(part * (double)n + 0.5)) : 0;
    wanted = fmin(wanted, (double)n - 1);
    const bool validates = floor((double)(i + 1) * wanted / (double)n) > floor((double)i * wanted / (double)n);
    return validates ? CELLSEG_USE_VALIDATE : CELLSEG_USE_TRAIN;
}

/* Items [begin, end) are of one folder. */
static bool add_folder(cellseg_trainer *trainer, const labelled_list *list, const bool *left_out, size_t begin, size_t end,
                       size_t counts[2]) {
    const labelled_image *first = &list->items[begin];
    size_t n = 0, place = 0;
    bool fine = true;
    for (size_t i = begin; i < end; i++)
        n += left_out == NULL || !left_out[i];
    for (size_t i = begin; i < end && !was_interrupted(); i++) {
        if (left_out != NULL && left_out[i])
            continue;
        const int32_t use = first->validates ? CELLSEG_USE_VALIDATE : use_of(place++, n);
        counts[use]++;
        fine = add_image(trainer, &list->items[i], use) && fine;
    }
    if (fine && n == 1 && !first->validates && validation_part > 0 && validation_images.count == 0)
        print_warning("%s: a single image, used for training; no image validates", first->images_folder);
    return fine;
}

bool add_images(cellseg_trainer *trainer, const labelled_list *list, const bool *left_out) {
    size_t counts[2] = {0, 0};
    bool fine = true;
    for (size_t begin = 0, end; begin < list->count && !was_interrupted(); begin = end) {
        for (end = begin + 1; end < list->count && list->items[end].folder == list->items[begin].folder; end++) {
        }
        fine = add_folder(trainer, list, left_out, begin, end, counts) && fine;
    }
    if (fine && !was_interrupted())
        print_result("images: %zu to train, %zu to validate", counts[CELLSEG_USE_TRAIN], counts[CELLSEG_USE_VALIDATE]);
    return fine && !was_interrupted();
}

/* ---- epochs ---- */

void print_epoch(const cellseg_epoch *epoch) {
    set_progress_title(NULL);
    print_text("epoch %d of %d: loss %.4f", (int)epoch->epoch, (int)epoch->epochs, epoch->train_loss);
    if (!isnan(epoch->validation_loss))
        print_text(", validation %.4f%s", epoch->validation_loss, epoch->best != 0 ? " (best)" : "");
    print_result(", %.1f s", epoch->seconds);
    if (epoch->stopping != 0)
        print_result("no better loss in the last %d epochs: training ends", (int)train_options.patience);
    flush_output();
    set_progress_title("training");
}
