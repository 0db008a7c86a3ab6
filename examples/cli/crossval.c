/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cellseg crossval: cross-validation of a network. The model of a fold evaluates the images of the fold, which are outside its
 * training set. Every image is evaluated once.
 *
 * The folder of results is the only state. A fold with a model is not trained again, a stopped fold resumes from its checkpoint,
 * and an image with cells is not segmented again. A file is renamed to its place when it is complete, so the results do not
 * depend on interruptions. crossval.txt lists the settings; a folder with other settings is rejected.
 */
#include "output.h"
#include "progress.h"
#include "report.h"
#include "results.h"
#include "scores.h"
#include "staging.h"
#include "system.h"
#include "training.h"

#include <stdlib.h>
#include <string.h>

/* ---- the command line ---- */

static const char *folder, *group_until, *csv_path, *report_path;
static int32_t folds = 5, group_by;

enum { BY_IMAGE, BY_FOLDER };
static const char *const groupings[] = {"image", "folder", NULL};

static const option run_options[] = {
    {"output", 'o', OPTION_TEXT, &folder, "FOLDER", "folder of models and results; a stopped run resumes from the folder", NULL},
    {"csv", 0, OPTION_TEXT, &csv_path, "FILE", "write a table with all figures of each image", NULL},
    {"report", 0, OPTION_TEXT, &report_path, "FILE", "write a page (HTML) with tables, charts and pictures", NULL},
    OPTIONS_END,
};
static const option fold_options[] = {
    {"folds", 0, OPTION_WHOLE, &folds, "K", "number of folds; 0: one fold per group", NULL},
    {"group-by", 0, OPTION_CHOICE, &group_by, NULL, "images that stay in one fold", groupings},
    {"group-until", 0, OPTION_TEXT, &group_until, "TEXT", "so do images of a folder whose stems agree up to this text", NULL},
    OPTIONS_END,
};
static bool is_complete(void) {
    const char *fault = settle_training();
    if (fault == NULL && folder == NULL)
        fault = "-o FOLDER is missing";
    else if (fault == NULL && (folds < 0 || folds == 1))
        fault = "--folds must be 2 or more, or 0";
    else if (fault == NULL && group_until != NULL && group_until[0] == '\0')
        fault = "--group-until is empty";
    if (fault != NULL)
        (void)print_usage_fault(&crossval_command, fault);
    return fault == NULL;
}

/* ---- images and their folds ---- */

static labelled_list images;
static size_t *fold_of; /* of each image; NEVER for those that only validate */

#define NEVER SIZE_MAX

/* Length of the part of a stem that names its group. */
static size_t group_length(const char *stem) {
    const char *end = group_until != NULL ? strstr(stem, group_until) : NULL;
    return end != NULL ? (size_t)(end - stem) : strlen(stem);
}

static bool is_one_group(const labelled_image *a, const labelled_image *b) {
    if (a->folder != b->folder || group_by == BY_FOLDER)
        return a->folder == b->folder;
    const size_t length = group_length(a->image.stem);
    return group_length(b->image.stem) == length && strncmp(a->image.stem, b->image.stem, length) == 0;
}

/* The first image of the i-th image's group. */
static size_t first_of_group(size_t i) {
    size_t first = 0;
    while (!is_one_group(&images.items[first], &images.items[i]))
        first++;
    return first;
}

/* Number the groups in fold_of; return their number. */
static size_t number_groups(void) {
    size_t groups = 0;
    for (size_t i = 0; i < images.count; i++) {
        const size_t first = first_of_group(i);
        fold_of[i] = images.items[i].validates ? NEVER : first < i ? fold_of[first] : groups++;
    }
    return groups;
}

/* Results are named by stem. */
static bool stems_differ(void) {
    for (size_t i = 0; i < images.count; i++)
        for (size_t j = 0; j < i; j++)
            if (!images.items[i].validates && is_one_name(images.items[i].image.stem, images.items[j].image.stem)) {
                print_error("%s and %s have the same name without their endings: their results would replace each other",
                            images.items[j].image.path, images.items[i].image.path);
                return false;
            }
    return true;
}

static void print_too_few(size_t groups) {
    size_t last = images.count - 1;
    while (images.items[last].validates)
        last--;
    print_error("%s%s: the images form %zu group%s, too few for %d folds", images.items[0].images_folder,
                images.items[last].folder > 0 ? " and other folders" : "", groups, groups == 1 ? "" : "s",
                groups < 2 ? 2 : (int)folds);
}

/* Assign the groups, in the order of the images, to the folds. */
static bool deal(void) {
    fold_of = malloc((images.count + 1) * sizeof *fold_of);
    if (fold_of == NULL) {
        print_error("no memory");
        return false;
    }
    const size_t groups = number_groups();
    if (folds == 0)
        folds = (int32_t)groups;
    if (groups < 2 || groups < (size_t)folds) {
        print_too_few(groups);
        return false;
    }
    for (size_t i = 0; i < images.count; i++)
        if (fold_of[i] != NEVER)
            fold_of[i] %= (size_t)folds;
    return stems_differ();
}

/* The name of a fold's only group, *length letters; NULL if the fold has several groups. */
static const char *group_of_fold(size_t fold, int *length) {
    size_t first = 0;
    while (fold_of[first] != fold)
        first++;
    const size_t group = first_of_group(first);
    for (size_t i = 0; i < images.count; i++)
        if (fold_of[i] == fold && first_of_group(i) != group)
            return NULL;
    const labelled_image *image = &images.items[first];
    if (group_by != BY_FOLDER) {
        *length = (int)group_length(image->image.stem);
        return image->image.stem;
    }
    const char *end = base_name(image->image.path) - 1, *begin = end; /* the folder's own name */
    while (begin > image->image.path && !is_separator(begin[-1]))
        begin--;
    *length = (int)(end - begin);
    return begin;
}

/* ---- settings of the results ---- */

static void put_file(FILE *to, const char *path) {
    entry found;
    const bool there = find_entry(&found, path);
    fprintf(to, "%s %lld %lld\n", path, there ? (long long)found.size : -1LL, there ? (long long)found.changed : -1LL);
}

static void put_settings(FILE *to) {
    static const library_options *const tables[] = {&training_table, &rate_table, &loss_table, &augmentation_table, NULL};
    fprintf(to, "cellseg %s\n", cellseg_version());
    put_options(to, cache_options);
    put_options(to, fold_options);
    put_options(to, labelled_image_options);
    for (size_t i = 0; tables[i] != NULL; i++)
        put_options(to, tables[i]->rows);
    if (start_file() != NULL)
        put_file(to, start_file());
    for (size_t i = 0; i < images.count; i++) {
        const labelled_image *image = &images.items[i];
        char nuclei[PATH_SIZE];
        put_file(to, image->image.path);
        put_file(to, image->cells.path);
        if (training_nuclei_channel < 0 && nuclei_file(nuclei, image))
            put_file(to, nuclei);
    }
}

static bool have_same_bytes(const char *a, const char *b) {
    FILE *one = open_to_read(a), *other = open_to_read(b);
    bool same = one != NULL && other != NULL;
    for (int c = 0; same && c != EOF;) {
        c = fgetc(one);
        same = c == fgetc(other);
    }
    if (one != NULL)
        (void)fclose(one);
    if (other != NULL)
        (void)fclose(other);
    return same;
}

/* Write the settings to a new folder, or compare them with those of an old folder. */
static bool claim_folder(void) {
    char path[PATH_SIZE];
    output to;
    if (!prepare_folder(folder, NULL, NULL) || !join_path(path, folder, "crossval", ".txt") || !open_output(&to, path))
        return false;
    put_settings(to.file);
    const bool written = fflush(to.file) == 0, there = written && exists(path);
    const bool same = there && have_same_bytes(to.temporary, path);
    if (there && !same)
        print_error("%s: the folder has results of other images, options or versions; choose another folder", path);
    return close_output(&to, !there) || same;
}

/* ---- training a fold ---- */

static bool add_fold(cellseg_trainer *trainer, size_t fold) {
    bool *left_out = malloc(images.count * sizeof *left_out);
    if (left_out == NULL) {
        print_error("no memory");
        return false;
    }
    for (size_t i = 0; i < images.count; i++)
        left_out[i] = fold_of[i] == fold;
    const bool fine = add_images(trainer, &images, left_out);
    free(left_out);
    return fine;
}

static int32_t on_epoch(void *user, const cellseg_epoch *epoch) {
    (void)user;
    print_epoch(epoch);
    return was_interrupted();
}

static bool train_and_save(cellseg_trainer *trainer, cellseg_context *context, const char *path) {
    cellseg_model *model = NULL;
    set_progress_title("training");
    cellseg_status status = cellseg_trainer_run(&model, trainer, on_epoch, NULL);
    set_progress_title(NULL);
    if (status == CELLSEG_OK && !was_interrupted()) /* an interrupted training gives another model */
        status = cellseg_model_save(model, context, path, CELLSEG_WEIGHTS_FLOAT32);
    if (status == CELLSEG_ERR_CANCELLED && was_interrupted())
        print_error("%s: not written: training was interrupted; run the command again to resume", path);
    else if (status != CELLSEG_OK)
        print_library_error(path);
    cellseg_model_free(model);
    return status == CELLSEG_OK && !was_interrupted();
}

static bool train_fold(cellseg_context *context, const cellseg_model *start, size_t fold, const char *fold_folder,
                       const char *path) {
    char checkpoint[PATH_SIZE];
    if (!join_path(checkpoint, fold_folder, "checkpoint", ""))
        return false;
    cellseg_trainer *trainer;
    cellseg_train_options options = train_options;
    options.checkpoint_path = checkpoint;
    if (cellseg_trainer_new(&trainer, context, start, &options) != CELLSEG_OK) {
        print_error("crossval: %s", cellseg_last_error());
        return false;
    }
    print_result("fold %zu of %d", fold + 1, (int)folds);
    flush_output();
    const bool fine = add_fold(trainer, fold) && train_and_save(trainer, context, path);
    cellseg_trainer_free(trainer);
    if (fine)
        (void)remove_entry(checkpoint);
    return fine;
}

/* ---- evaluation of a fold ---- */

static score_list all_cells, all_nuclei;   /* of every image */
static score_list fold_cells, fold_nuclei; /* one score per fold */

static cellseg_read_options reading; /* of every image */

static bool read_image(cellseg_image **image, cellseg_context *context, const char *path) {
    cellseg_status status = cellseg_read_options_init(&reading, sizeof reading);
    reading.pixel_size_um = training_pixel_size_um;
    reading.force = training_pixel_size_um > 0; /* a warning is enough where the size of a whole set is given */
    if (status == CELLSEG_OK)
        status = cellseg_image_read(image, context, path, &reading);
    if (status != CELLSEG_OK)
        print_library_error(path);
    return status == CELLSEG_OK;
}

/* Find the nuclei as training does. */
static bool find_nuclei(cellseg_context *context, const cellseg_image *image, const char *cells_path, const char *path) {
    cellseg_segment_options options;
    cellseg_labels *cells = NULL, *nuclei = NULL;
    cellseg_status status = cellseg_segment_options_init(&options, sizeof options);
    options.nuclei_channel = training_nuclei_channel;
    if (status == CELLSEG_OK)
        status = cellseg_labels_read(&cells, context, cells_path);
    if (status == CELLSEG_OK)
        status = cellseg_segment_nuclei_within(&nuclei, context, NULL, cells, image, &options);
    if (status == CELLSEG_OK)
        status = cellseg_labels_write(nuclei, context, path, NULL);
    if (status != CELLSEG_OK)
        print_library_error(cells_path);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    return status == CELLSEG_OK;
}

/* Path of the true nuclei; the file is made first if a channel has the nuclear stain. */
static bool true_nuclei(char path[PATH_SIZE], cellseg_context *context, const labelled_image *of) {
    const char *stem = of->image.stem;
    char truth[PATH_SIZE];
    if (training_nuclei_channel < 0)
        return nuclei_file(path, of);
    if (!join_path(truth, folder, "truth", "") || !prepare_folder(truth, NULL, NULL) ||
        !join_path(path, truth, stem, ".nuclei.tif"))
        return false;
    if (exists(path))
        return true;
    cellseg_image *image = NULL;
    const bool fine = read_image(&image, context, of->image.path) && find_nuclei(context, image, of->cells.path, path);
    cellseg_image_free(image);
    return fine;
}

static bool nuclei_are_known; /* of every image; else only cells are evaluated */

static void look_for_nuclei(void) {
    char path[PATH_SIZE];
    nuclei_are_known = true;
    for (size_t i = 0; training_nuclei_channel < 0 && i < images.count; i++)
        if (!images.items[i].validates && nuclei_file(path, &images.items[i]) && !exists(path))
            nuclei_are_known = false;
}

/* The results of an image are put in place together. */
static bool segment_image(cellseg_context *context, const cellseg_model *model, const file *image, const char *fold_folder) {
    char cells[PATH_SIZE];
    if (!join_path(cells, fold_folder, image->stem, ".cells.tif"))
        return false;
    if (exists(cells))
        return true;
    results r;
    init_results(&r, image, &reading);
    r.model = model;
    set_progress_title(image->path);
    bool fine = read_image(&r.image, context, image->path);
    if (fine &&
        cellseg_segment(&r.cells, &r.nuclei, &r.maps, &r.report, context, model, r.image, &segment_options) != CELLSEG_OK) {
        print_library_error(image->path);
        fine = false;
    }
    fine = fine && write_results(&r, context, fold_folder);
    set_progress_title(NULL);
    free_results(&r);
    return fine;
}

static bool judge_image(score_list *cells, score_list *nuclei, cellseg_context *context, const labelled_image *image,
                        const char *fold_folder) {
    const char *stem = image->image.stem;
    const measures how = DEFAULT_MEASURES;
    char predicted[PATH_SIZE], maps[PATH_SIZE], truth[PATH_SIZE];
    if (!join_path(predicted, fold_folder, stem, ".cells.tif") || !join_path(maps, fold_folder, stem, ".maps.tif"))
        return false;
    const inputs of_cells = {stem, image->cells.path, predicted, maps, image->image.path};
    if (!add_score(cells, context, &of_cells, &how))
        return false;
    if (!nuclei_are_known)
        return true;
    if (!true_nuclei(truth, context, image) || !join_path(predicted, fold_folder, stem, ".nuclei.tif"))
        return false;
    const inputs of_nuclei = {stem, truth, predicted, maps, NULL};
    return add_score(nuclei, context, &of_nuclei, &how);
}

static bool run_fold(cellseg_context *context, const cellseg_model *start, size_t fold) {
    char name[32], fold_folder[PATH_SIZE], path[PATH_SIZE];
    (void)snprintf(name, sizeof name, "fold-%zu", fold + 1);
    if (!join_path(fold_folder, folder, name, "") || !prepare_folder(fold_folder, NULL, NULL) ||
        !join_path(path, fold_folder, "model", ".cellseg") ||
        (!exists(path) && !train_fold(context, start, fold, fold_folder, path)))
        return false;
    cellseg_model *model; /* from the file, so that a model found there and one just trained are the same */
    if (cellseg_model_load(&model, context, path) != CELLSEG_OK) {
        print_library_error(path);
        return false;
    }
    score_list cells = {.kind = all_cells.kind}, nuclei = {.kind = all_nuclei.kind};
    bool fine = true;
    for (size_t i = 0; fine && i < images.count; i++)
        if (fold_of[i] == fold)
            fine = !was_interrupted() && segment_image(context, model, &images.items[i].image, fold_folder) &&
                   judge_image(&cells, &nuclei, context, &images.items[i], fold_folder);
    cellseg_model_free(model);
    return add_summary(&fold_cells, &all_cells, &cells) &&
           (!nuclei_are_known || add_summary(&fold_nuclei, &all_nuclei, &nuclei)) && fine;
}

/* ---- tables ---- */

static void print_folds(const score_list *of) {
    const int width = 24;
    end_line();
    print_titles(of->kind, width, summary_columns);
    for (size_t i = 0; i < of->count; i++) {
        char name[64];
        int length = 0;
        const char *group = group_of_fold(i, &length);
        (void)snprintf(name, sizeof name, "%zu %.*s", i + 1, length < 40 ? length : 40, group != NULL ? group : "");
        print_score(name, width, summary_columns, &of->scores[i]);
    }
    const score mean = mean_score(of);
    print_rates("mean of folds", width, summary_columns, &mean);
}

static bool write_files(cellseg_context *context) {
    bool fine = true;
    const measures how = DEFAULT_MEASURES;
    const score_list *const lists[] = {&all_cells, &all_nuclei};
    const size_t count = nuclei_are_known ? 2 : 1;
    output csv;
    if (csv_path != NULL) {
        fine = open_output(&csv, csv_path);
        for (size_t i = 0; fine && i < count; i++) {
            if (i == 0)
                write_csv_titles(csv.file);
            write_csv(csv.file, lists[i]);
        }
        fine = fine && close_output(&csv, true);
    }
    if (report_path != NULL && !write_report(report_path, context, lists, count, &how, training_channel))
        fine = false;
    return fine;
}

/* ---- all folds ---- */

static bool run_folds(cellseg_context *context, const cellseg_model *start) {
    all_cells.kind = fold_cells.kind = "cells";
    all_nuclei.kind = fold_nuclei.kind = "nuclei";
    look_for_nuclei();
    for (size_t fold = 0; fold < (size_t)folds; fold++)
        if (!run_fold(context, start, fold))
            return false;
    print_folds(&fold_cells);
    if (nuclei_are_known)
        print_folds(&fold_nuclei);
    flush_output();
    return write_files(context);
}

static bool init_segmentation(void) {
    const cellseg_status status = cellseg_segment_options_init(&segment_options, sizeof segment_options);
    if (status != CELLSEG_OK || !set_segment_preset(train_options.preset))
        return false;
    segment_options.channel = training_channel;
    want_maps = true; /* a report draws the curve of the maps */
    return true;
}

/* Before the folder is claimed for them. */
static bool are_sound(cellseg_context *context, const cellseg_model *start) {
    cellseg_trainer *trainer;
    const bool sound = cellseg_trainer_new(&trainer, context, start, &train_options) == CELLSEG_OK;
    if (!sound)
        print_error("crossval: %s", cellseg_last_error());
    cellseg_trainer_free(trainer);
    return sound;
}

static int crossval(void) {
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    cellseg_model *start = NULL;
    int code = CLI_FAILED;
    const bool loaded = load_start(&start, context);
    if (loaded && !are_sound(context, start))
        code = CLI_USAGE;
    else if (loaded && init_segmentation() && find_labelled_images(&images) && deal() && claim_folder() &&
             run_folds(context, start))
        code = CLI_FINE;
    free_scores(&all_cells);
    free_scores(&all_nuclei);
    free_scores(&fold_cells);
    free_scores(&fold_nuclei);
    free_labelled_images(&images);
    free(fold_of);
    cellseg_model_free(start);
    end_context(context);
    return code;
}

static bool outputs_can_be_written(void) {
    return (csv_path == NULL || prepare_output(csv_path)) && (report_path == NULL || prepare_output(report_path));
}

static int run(const words *line) {
    (void)line;
    if (!is_complete())
        return CLI_USAGE;
    return outputs_can_be_written() ? crossval() : CLI_FAILED;
}

const command crossval_command = {
    .name = "crossval",
    .headline = "train on some labelled images, evaluate on the others",
    .arguments = "--images FOLDER --labels FOLDER [--weight W]... -o FOLDER",
    .summary =
        "Cross-validate: train K networks, each without one fold of the images, and evaluate each network on its fold. The\n"
        "segmentation has the default options or, with --preset paper, the paper's. Images and labels are those of cellseg\n"
        "train. Groups (images of a folder: --group-by folder; of a field or a well: --group-until) are assigned to the folds "
        "in\n"
        "order. --group-by folder --folds 0 leaves out each folder in turn.",
    .groups = (const option_group[]){{"Output", run_options},
                                     {"Folds", fold_options},
                                     TRAINING_GROUPS,
                                     {"Common", thread_options},
                                     {NULL, verbose_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .files = (const note[]){{"crossval.txt", "the settings; a folder of other settings is refused"},
                            {"fold-<K>/model.cellseg", "model that was trained without fold K"},
                            {"fold-<K>/<stem>.*", "results of the fold's images, as of cellseg segment"},
                            {NULL, NULL}},
    .examples = (const note[]){{"crossval --images images --labels labels -o folds", "five folds"}, {NULL, NULL}},
    .begin = begin_training,
    .preset = &train_options.preset,
    .run = run,
};
