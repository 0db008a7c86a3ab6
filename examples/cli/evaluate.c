/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg evaluate: how well label maps agree with the truth, image by image, and on the mean. */
#include "cli.h"
#include "files.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *kind = "cells";
static double weight = 0.6;
static int32_t threads;

static const option options[] = {
    {"kind", 0, OPTION_TEXT, &kind, "KIND", "files <stem>.KIND.* are taken where a stem has several", NULL},
    {"k", 0, OPTION_NUMBER, &weight, "K", "weight of the Dice part of SM, 0 to 1", NULL},
    {"threads", 0, OPTION_WHOLE, &threads, "N", "0: as many as cores", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};
static const command evaluate_command = {
    "evaluate", "TRUTH PREDICTED",
    "Compare label maps with the truth: two files, or two folders whose files pair by stem (the name up to its first dot).\n"
    "SM = K x best Dice + (1 - K) x pair ratio. Best Dice: mean over true cells of the best Dice with a predicted one.\n"
    "Pair ratio: 2 x pairs / (true + predicted cells), pairs being each other's largest overlap. Dice: of the foregrounds.",
    (const option *const[]){options, NULL}};

/* ---- the table ---- */

static void print_header(int name_width) {
    printf("%-*s %8s %9s %8s %8s %10s %8s %8s\n", name_width, "image", "true", "predicted", "pairs", "best Dice", "pair ratio",
           "Dice", "SM");
}

static void print_row(int name_width, const char *name, const cellseg_similarity *s) {
    printf("%-*s %8llu %9llu %8llu %9.4f %10.4f %8.4f %8.4f\n", name_width, name, (unsigned long long)s->reference_count,
           (unsigned long long)s->target_count, (unsigned long long)s->pairs, s->mean_best_dice, s->pair_ratio, s->dice, s->sm);
}

/* Means over the images; counts are sums. `all_cells` is the mean best Dice over every true cell of every image. */
static void print_means(int name_width, const cellseg_similarity *sum, size_t images) {
    if (images == 0)
        return;
    const double n = (double)images;
    cellseg_similarity mean = *sum;
    mean.mean_best_dice /= n;
    mean.pair_ratio /= n;
    mean.dice /= n;
    mean.sm /= n;
    char name[32];
    (void)snprintf(name, sizeof name, "mean of %zu", images);
    print_row(name_width, name, &mean);
}

static void add(cellseg_similarity *sum, const cellseg_similarity *s, double *cell_dice_sum) {
    sum->reference_count += s->reference_count;
    sum->target_count += s->target_count;
    sum->pairs += s->pairs;
    sum->mean_best_dice += s->mean_best_dice;
    sum->pair_ratio += s->pair_ratio;
    sum->dice += s->dice;
    sum->sm += s->sm;
    *cell_dice_sum += s->mean_best_dice * (double)s->reference_count;
}

/* ---- images ---- */

static bool compare(cellseg_similarity *s, cellseg_context *context, const char *truth_path, const char *predicted_path) {
    cellseg_labels *truth = NULL, *predicted = NULL;
    const char *at_fault = truth_path;
    cellseg_status status = cellseg_labels_read(&truth, context, truth_path);
    if (status == CELLSEG_OK) {
        at_fault = predicted_path;
        status = cellseg_labels_read(&predicted, context, predicted_path);
    }
    *s = (cellseg_similarity){.struct_size = sizeof *s};
    if (status == CELLSEG_OK)
        status = cellseg_similarity_compute(s, NULL, 0, context, truth, predicted, weight);
    if (status != CELLSEG_OK)
        print_library_error(at_fault);
    cellseg_labels_free(truth);
    cellseg_labels_free(predicted);
    return status == CELLSEG_OK;
}

static int compare_all(cellseg_context *context, const file_list *truth, const file_list *predicted) {
    int width = (int)strlen("mean of 99999"), code = CLI_FINE;
    for (size_t i = 0; i < truth->count; i++)
        if ((int)strlen(truth->files[i].stem) > width)
            width = (int)strlen(truth->files[i].stem);
    cellseg_similarity sum = {.struct_size = sizeof sum};
    double cell_dice_sum = 0;
    size_t compared = 0;
    print_header(width);
    for (size_t i = 0; i < truth->count && !was_interrupted(); i++) {
        cellseg_similarity s;
        if (compare(&s, context, truth->files[i].path, predicted->files[i].path)) {
            print_row(width, truth->files[i].stem, &s);
            add(&sum, &s, &cell_dice_sum);
            compared++;
        } else
            code = CLI_FAILED;
    }
    print_means(width, &sum, compared);
    if (sum.reference_count > 0)
        printf("best Dice, mean over all %llu true cells: %.4f\n", (unsigned long long)sum.reference_count,
               cell_dice_sum / (double)sum.reference_count);
    return code;
}

/* ---- two files or two folders ---- */

static bool find_files(file_list *truth, file_list *predicted, const char *const paths[2]) {
    *truth = *predicted = (file_list){0};
    if (is_folder(paths[0]) != is_folder(paths[1])) {
        print_error("%s and %s: one is a folder, the other is not", paths[0], paths[1]);
        return false;
    }
    if (!is_folder(paths[0]))
        return files_from_operands(truth, &paths[0], 1) && files_from_operands(predicted, &paths[1], 1);
    return files_in_folder(truth, paths[0], kind) && files_in_folder(predicted, paths[1], kind) &&
           same_stems(truth, paths[0], predicted, paths[1]);
}

static int evaluate(const char *const paths[2]) {
    file_list truth, predicted;
    int code = CLI_FAILED;
    if (find_files(&truth, &predicted, paths)) {
        cellseg_context *context = new_context(threads);
        code = context != NULL ? compare_all(context, &truth, &predicted) : CLI_USAGE;
        cellseg_context_free(context);
    }
    free_files(&truth);
    free_files(&predicted);
    return code;
}

int cmd_evaluate(int argc, char **argv) {
    const char **operands = malloc((size_t)argc * sizeof *operands);
    if (operands == NULL)
        return CLI_FAILED;
    int count = 0, code = CLI_USAGE;
    const parsed result = parse_options(&evaluate_command, argc, argv, operands, &count);
    if (result == PARSED_HELP)
        code = CLI_FINE;
    else if (result == PARSED_OK && count != 2)
        print_error("evaluate: TRUTH and PREDICTED are needed, and nothing else; see cellseg evaluate --help");
    else if (result == PARSED_OK)
        code = evaluate((const char *const[2]){operands[0], operands[1]});
    free(operands);
    return code;
}
