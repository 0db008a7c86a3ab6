/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg train: a model from folders of images and folders of label maps. */
#include "history.h"
#include "progress.h"
#include "training.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the command line ---- */

static const char *model_path, *log_path, *curve_path;
static history epochs;
static int32_t weights = CELLSEG_WEIGHTS_FLOAT32 - 1;
static bool dry_run;

static const char *const weight_types[] = {"float32", "float16", NULL};

static const option run_options[] = {
    {"output", 'o', OPTION_TEXT, &model_path, "FILE", "model file to write", NULL},
    {"dry-run", 0, OPTION_FLAG, &dry_run, NULL, "read and check all images, options and outputs; do not train", NULL},
    {"weights", 0, OPTION_CHOICE, &weights, NULL, "storage type of the weights in the model file", weight_types},
    {"checkpoint", 0, OPTION_TEXT, &train_options.checkpoint_path, "FILE",
     "written after every epoch; training resumes from an existing file", NULL},
    {"log", 0, OPTION_TEXT, &log_path, "FILE", "log with one JSON object per epoch and line", NULL},
    {"curve", 0, OPTION_TEXT, &curve_path, "FILE", "picture (SVG) of the losses, drawn after every epoch", NULL},
    OPTIONS_END,
};

static bool is_complete(void) {
    const char *fault = settle_training();
    if (fault == NULL && model_path == NULL)
        fault = "-o FILE is missing";
    else if (fault == NULL && is_folder(model_path))
        fault = "-o FILE names a folder";
    if (fault != NULL)
        (void)print_usage_fault(&train_command, fault);
    return fault == NULL;
}

/* ---- training ---- */

/* Add the epoch to the log and the curve, where they are wanted. */
static bool write_epoch(const cellseg_epoch *epoch) {
    if (log_path == NULL && curve_path == NULL)
        return true;
    return add_to_history(&epochs, epoch) && (log_path == NULL || write_log(&epochs, log_path)) &&
           (curve_path == NULL || write_curve(&epochs, curve_path));
}

static int32_t on_epoch(void *user, const cellseg_epoch *epoch) {
    cellseg_epoch *const stopped = user;
    print_epoch(epoch);
    const bool written = write_epoch(epoch);
    if (was_interrupted() || !written)
        *stopped = *epoch;
    return stopped->epoch > 0;
}

/* Of a stopped training too, whose request to stop has been answered. */
static bool save(const cellseg_model *model, cellseg_context *context) {
    cellseg_context_cancel_clear(context);
    if (cellseg_model_save(model, context, model_path, weights + CELLSEG_WEIGHTS_FLOAT32) != CELLSEG_OK) {
        print_library_error(model_path);
        return false;
    }
    print_result("%s: %llu parameters", model_path, (unsigned long long)cellseg_model_parameters(model));
    return true;
}

/* Save the model of a stopped training. With a checkpoint, which has the same weights, an older finished model in the file's
 * place is kept. */
static void save_unfinished(const cellseg_model *model, cellseg_context *context, const cellseg_epoch *last) {
    if (train_options.checkpoint_path != NULL)
        print_error("%s: not written: training stopped after epoch %d of %d; run the command again to resume from %s", model_path,
                    (int)last->epoch, (int)last->epochs, train_options.checkpoint_path);
    else if (save(model, context))
        print_error("%s: unfinished: training stopped after epoch %d of %d", model_path, (int)last->epoch, (int)last->epochs);
}

static bool has_checkpoint(void) {
    return train_options.checkpoint_path != NULL && exists(train_options.checkpoint_path);
}

static void print_failure(cellseg_status status) {
    if (status != CELLSEG_ERR_CANCELLED || !was_interrupted())
        print_library_error("training");
    else if (has_checkpoint())
        print_error("%s: not written: training was interrupted; run the command again to resume from %s", model_path,
                    train_options.checkpoint_path);
    else
        print_error("%s: not written: training was interrupted", model_path);
}

static bool run_and_save(cellseg_trainer *trainer, cellseg_context *context) {
    cellseg_model *model = NULL;
    cellseg_epoch stopped = {0};
    if (log_path != NULL && has_checkpoint() && !read_history(&epochs, log_path))
        return false;
    set_progress_title("training");
    const cellseg_status status = cellseg_trainer_run(&model, trainer, on_epoch, &stopped);
    free_history(&epochs);
    set_progress_title(NULL);
    bool finished = false;
    if (status != CELLSEG_OK)
        print_failure(status);
    else if (stopped.epoch < stopped.epochs && stopped.stopping == 0)
        save_unfinished(model, context, &stopped);
    else
        finished = save(model, context) && stopped.epoch == 0;
    cellseg_model_free(model);
    return finished;
}

static bool add_all_images(cellseg_trainer *trainer) {
    labelled_list images;
    const bool fine = find_labelled_images(&images) && add_images(trainer, &images, NULL);
    free_labelled_images(&images);
    return fine;
}

static int train(void) {
    const char *const paths[] = {model_path, train_options.checkpoint_path, log_path, curve_path};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i] != NULL && !(dry_run ? can_be_written : prepare_output)(paths[i]))
            return CLI_FAILED;
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    cellseg_model *start = NULL;
    cellseg_trainer *trainer = NULL;
    int code = CLI_FAILED;
    const bool loaded = load_start(&start, context);
    if (loaded && cellseg_trainer_new(&trainer, context, start, &train_options) != CELLSEG_OK) {
        print_error("train: %s", cellseg_last_error());
        code = CLI_USAGE;
    } else if (loaded && add_all_images(trainer) && (dry_run || run_and_save(trainer, context)))
        code = CLI_FINE;
    cellseg_trainer_free(trainer);
    cellseg_model_free(start);
    end_context(context);
    return code;
}

static int run(const words *line) {
    (void)line;
    return is_complete() ? train() : CLI_USAGE;
}

const command train_command = {
    .name = "train",
    .headline = "train a network on labelled images",
    .arguments = "--images FOLDER --labels FOLDER [--weight W]... -o FILE",
    .summary =
        "Train a network. Images and label maps are paired by stem, the name without .tif, .tiff or .png, then .ome, then "
        ".cells,\n"
        ".nuclei, .maps, .overlay or .coco. <stem>.cells.tif has the whole cells (<stem>.tif if no other file has the stem),\n"
        "<stem>.nuclei.tif in the same folder the nuclei: one of several ways. Each --images needs a --labels, in order.",
    .groups = (const option_group[]){{"Output", run_options},
                                     TRAINING_GROUPS,
                                     {"Common", thread_options},
                                     {NULL, verbose_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .examples = (const note[]){{"train --images images --labels labels -o mine.cellseg", "a new network"},
                               {"train --images images --labels images --label-suffix _mask --nuclei model -o mine.cellseg",
                                "whole cells alone"},
                               {"train --start default --images few --labels few -o mine.cellseg", "fine-tune the default model"},
                               {NULL, NULL}},
    .begin = begin_training,
    .preset = &train_options.preset,
    .run = run,
};
