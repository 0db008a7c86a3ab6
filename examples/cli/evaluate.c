/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg evaluate: agreement of label maps and probability maps with the truth, per image and over all images. */
#include "cli.h"
#include "command.h"
#include "files.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "scores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

static const char *kind = "cells";
static const char *csv_path, *report_path, *images_path;
static measures how = DEFAULT_MEASURES;
static bool with_maps;
static int32_t channel;

static const option measure_options[] = {
    {"kind", 0, OPTION_TEXT, &kind, "KIND", "use the files <stem>.KIND.* if a stem has several files", NULL},
    {"k", 0, OPTION_NUMBER, &how.weight, "K", "weight of the Dice term of SM, 0 to 1", NULL},
    {"iou", 0, OPTION_NUMBER, &how.iou_threshold, "IOU", "minimum IoU of a pair of objects, 0 to 1", NULL},
    {"tolerance-px", 0, OPTION_NUMBER, &how.tolerance_px, "PX", "tolerance of outlines", NULL},
    {"maps", 0, OPTION_FLAG, &with_maps, NULL, "also evaluate <stem>.maps.tif in the folder of PREDICTED", NULL},
    OPTIONS_END,
};
static const option output_options[] = {
    {"csv", 0, OPTION_TEXT, &csv_path, "FILE", "write a table with all figures of each image", NULL},
    {"report", 0, OPTION_TEXT, &report_path, "FILE", "write a page (HTML) with tables, charts and pictures", NULL},
    {"images", 0, OPTION_TEXT, &images_path, "FILE", "images for the pictures of the page; like TRUTH, a file or a folder", NULL},
    {"channel", 0, OPTION_WHOLE, &channel, "K", "channel of these images, from 0", NULL},
    OPTIONS_END,
};

/* ---- images ---- */

/* Scores of the objects of --kind, and of nuclei if --kind is cells. */
static score_list objects, nuclei;

/* The file <stem>.KIND.tif in the folder of `path`; NULL if the file is missing. */
static const char *beside(char found[PATH_SIZE], const char *path, const char *stem, const char *which) {
    const int folder = (int)(base_name(path) - path);
    const int length = snprintf(found, PATH_SIZE, "%.*s%s.%s.tif", folder, path, stem, which);
    return length < PATH_SIZE && exists(found) ? found : NULL;
}

/* Evaluate the nuclei of a pair of cells if both sides have nuclei. */
static bool judge_nuclei(cellseg_context *context, const inputs *cells) {
    char truth[PATH_SIZE], predicted[PATH_SIZE];
    const inputs files = {cells->stem, beside(truth, cells->truth, cells->stem, "nuclei"),
                          beside(predicted, cells->predicted, cells->stem, "nuclei"), cells->maps, NULL};
    if (strcmp(kind, "cells") != 0 || files.truth == NULL || files.predicted == NULL || is_same_file(truth, cells->truth) ||
        is_same_file(predicted, cells->predicted))
        return true;
    return add_score(&nuclei, context, &files, &how);
}

static int name_width(const file_list *files) {
    size_t width = strlen("mean of images");
    for (size_t i = 0; i < files->count; i++)
        if (strlen(files->files[i].stem) > width)
            width = strlen(files->files[i].stem);
    return (int)width;
}

/* The paths of the i-th pair; `room` holds the path of the maps. False, after an error line, if a file is missing. */
static bool inputs_at(inputs *files, char room[PATH_SIZE], const file_list *truth, const file_list *predicted,
                      const file_list *images, size_t i) {
    *files = (inputs){.stem = truth->files[i].stem, .truth = truth->files[i].path, .predicted = predicted->files[i].path};
    if (with_maps)
        files->maps = beside(room, files->predicted, predicted->files[i].stem, "maps");
    if (with_maps && files->maps == NULL) {
        print_error("%s: %s.maps.tif is missing in the same folder", files->predicted, predicted->files[i].stem);
        return false;
    }
    for (size_t j = 0; j < images->count; j++)
        if (!is_folder(images_path) || strcmp(images->files[j].stem, files->stem) == 0)
            files->image = images->files[j].path;
    if (images->count > 0 && files->image == NULL)
        print_error("%s: the folder has no image of %s", images_path, files->stem);
    return images->count == 0 || files->image != NULL;
}

static bool judge_pair(cellseg_context *context, const inputs *files, int width) {
    set_progress_title(files->predicted);
    const bool fine = add_score(&objects, context, files, &how);
    set_progress_title(NULL);
    if (!fine || json_lines)
        return fine && judge_nuclei(context, files);
    if (objects.count == 1)
        print_titles("image", width, similarity_columns);
    print_score(files->stem, width, similarity_columns, &objects.scores[objects.count - 1]);
    return judge_nuclei(context, files);
}

static int judge_all(cellseg_context *context, const file_list *truth, const file_list *predicted, const file_list *images,
                     int width) {
    size_t done = 0;
    for (size_t i = 0; i < truth->count && !was_interrupted(); i++) {
        set_progress_file(i, truth->count);
        char room[PATH_SIZE];
        inputs files;
        done += inputs_at(&files, room, truth, predicted, images, i) && judge_pair(context, &files, width);
    }
    if (objects.count > 0 && !json_lines)
        print_means(width, similarity_columns, &objects);
    return code_of_failures(truth->count - done, truth->count);
}

static void print_table(const score_list *list, const column *columns, int width) {
    end_line();
    print_titles(list->kind, width, columns);
    for (size_t i = 0; i < list->count; i++)
        print_score(list->scores[i].files.stem, width, columns, &list->scores[i]);
    print_means(width, columns, list);
}

/* The tables after the first. */
static void print_tables(int width) {
    if (objects.count > 0)
        print_table(&objects, object_columns, width);
    if (nuclei.count > 0) {
        print_table(&nuclei, similarity_columns, width);
        print_table(&nuclei, object_columns, width);
    }
    if (objects.has_maps)
        print_table(&objects, pixel_columns, width);
    if (nuclei.has_maps)
        print_table(&nuclei, pixel_columns, width);
}

/* ---- files that are written ---- */

static bool write_csv_file(void) {
    output csv;
    if (!open_output(&csv, csv_path))
        return false;
    write_csv_titles(csv.file);
    write_csv(csv.file, &objects);
    write_csv(csv.file, &nuclei);
    return close_output(&csv, true);
}

static int compare_all(cellseg_context *context, const file_list *truth, const file_list *predicted, const file_list *images) {
    const int width = name_width(truth);
    objects.kind = kind;
    nuclei.kind = "nuclei";
    int code = judge_all(context, truth, predicted, images, width);
    if (json_lines) {
        print_json_scores(&objects);
        print_json_scores(&nuclei);
    } else
        print_tables(width);
    flush_output();
    const score_list *const lists[] = {&objects, &nuclei};
    if (csv_path != NULL && !write_csv_file())
        code = CLI_FAILED;
    if (report_path != NULL && objects.count > 0 &&
        !write_report(report_path, context, lists, nuclei.count > 0 ? 2 : 1, &how, channel))
        code = CLI_FAILED;
    free_scores(&objects);
    free_scores(&nuclei);
    return code;
}

/* ---- two files or two folders ---- */

/* Both are files, or both are folders; else prints an error. */
static bool are_of_one_kind(const char *a, const char *b) {
    if (is_folder(a) == is_folder(b))
        return true;
    if (!exists(a) || !exists(b))
        print_error("%s: there is no such file or folder", exists(a) ? b : a);
    else
        print_error("%s and %s: one is a folder, the other is not", a, b);
    return false;
}

static bool find_files(file_list *truth, file_list *predicted, const char *const *paths) {
    char ending[NAME_SIZE];
    *truth = *predicted = (file_list){0};
    if (snprintf(ending, sizeof ending, ".%s", kind) >= (int)sizeof ending) {
        print_error("--kind %s: too long", kind);
        return false;
    }
    if (!are_of_one_kind(paths[0], paths[1]))
        return false;
    if (!is_folder(paths[0]))
        return files_from_operands(truth, &paths[0], 1, ending) && files_from_operands(predicted, &paths[1], 1, ending);
    return labels_in_folder(truth, paths[0], ending) && labels_in_folder(predicted, paths[1], ending) &&
           same_stems(truth, paths[0], predicted, paths[1]);
}

/* The images of the report's pictures; none without --images. */
static bool find_images(file_list *images, const char *truth_path) {
    *images = (file_list){0};
    if (images_path == NULL)
        return true;
    if (!are_of_one_kind(images_path, truth_path))
        return false;
    return is_folder(images_path) ? images_in_folder(images, images_path, NULL)
                                  : files_from_operands(images, &images_path, 1, NULL);
}

static int evaluate(const char *const *paths) {
    file_list truth, predicted, images = {0};
    int code = CLI_FAILED;
    if (find_files(&truth, &predicted, paths) && find_images(&images, paths[0])) {
        cellseg_context *context = begin_context();
        code = context != NULL ? compare_all(context, &truth, &predicted, &images) : no_context_code();
        end_context(context);
    }
    free_files(&truth);
    free_files(&predicted);
    free_files(&images);
    return code;
}

/* The first fault of the options' values; NULL: none. */
static const char *fault_of_values(void) {
    if (!(how.weight >= 0 && how.weight <= 1))
        return "--k must lie in [0, 1]";
    if (!(how.iou_threshold >= 0 && how.iou_threshold <= 1))
        return "--iou must lie in [0, 1]";
    if (!(how.tolerance_px >= 0 && how.tolerance_px <= INT32_MAX))
        return "--tolerance-px must not be negative";
    if (channel < 0)
        return "--channel must not be negative";
    if (images_path != NULL && report_path == NULL)
        return "--images needs --report";
    return NULL;
}

static bool outputs_can_be_written(void) {
    return (csv_path == NULL || prepare_output(csv_path)) && (report_path == NULL || prepare_output(report_path));
}

static int run(const words *line) {
    const char *fault = line->count != 2 ? "TRUTH and PREDICTED are expected, and no other argument" : fault_of_values();
    if (fault != NULL)
        return print_usage_fault(&evaluate_command, fault);
    return outputs_can_be_written() ? evaluate(line->operands) : CLI_FAILED;
}

const command evaluate_command = {
    .name = "evaluate",
    .headline = "compare label maps with the truth",
    .arguments = "TRUTH PREDICTED",
    .operand = "FILE",
    .summary =
        "Compare label maps with the truth: two files, or two folders with files paired by stem (the name without its known\n"
        "endings: .tif, .tiff, .png, .jpg, .jpeg, then .ome, then .cells, .nuclei, .maps, .overlay, .coco or .KIND).\n"
        "SM = K x best Dice + (1 - K) x pair ratio. Best Dice: mean over true cells of the best Dice with a predicted cell.\n"
        "Pair ratio: 2 x pairs / (true + predicted cells); a pair is each other's largest overlap. Dice: of the foregrounds.\n"
        "The last line counts all cells; the best Dice there is the mean over all true cells. Further tables have the objects\n"
        "found at IOU, nuclei if both sides have <stem>.nuclei.tif, and maps. docs/metrics.md defines all figures.",
    .groups = (const option_group[]){{"Measures", measure_options},
                                     {"Output", output_options},
                                     {NULL, json_options},
                                     {"Common", thread_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .examples =
        (const note[]){{"evaluate truth results", "two folders"},
                       {"evaluate --report page.html --images images truth results", "with a page of charts and pictures"},
                       {NULL, NULL}},
    .run = run,
};
