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
    "Pair ratio: 2 x pairs / (true + predicted cells), pairs being each other's largest overlap. Dice: of the foregrounds.\n"
    "The last line counts all cells; its best Dice is the mean over all true cells.",
    (const option *const[]){options, NULL}};

/* ---- the table ---- */

/* Running sums over the images; cell_dice: over the true cells. */
typedef struct sums {
    size_t images;
    cellseg_similarity of;
    double cell_dice;
} sums;

static void add(sums *sum, const cellseg_similarity *s) {
    sum->images++;
    sum->of.reference_count += s->reference_count;
    sum->of.target_count += s->target_count;
    sum->of.pairs += s->pairs;
    sum->of.mean_best_dice += s->mean_best_dice;
    sum->of.pair_ratio += s->pair_ratio;
    sum->of.dice += s->dice;
    sum->of.sm += s->sm;
    sum->cell_dice += s->mean_best_dice * (double)s->reference_count;
}

static void print_header(int width) {
    printf("%-*s %6s %9s %6s %9s %10s %6s %6s\n", width, "image", "true", "predicted", "pairs", "best Dice", "pair ratio", "Dice",
           "SM");
}

static void print_counts(int width, const char *name, const cellseg_similarity *s) {
    printf("%-*s %6llu %9llu %6llu", width, name, (unsigned long long)s->reference_count, (unsigned long long)s->target_count,
           (unsigned long long)s->pairs);
}

static void print_row(int width, const char *name, const cellseg_similarity *s) {
    print_counts(width, name, s);
    printf(" %9.4f %10.4f %6.4f %6.4f\n", s->mean_best_dice, s->pair_ratio, s->dice, s->sm);
}

static void print_means(int width, const sums *sum) {
    if (sum->images == 0)
        return;
    const double n = (double)sum->images;
    printf("%-*s %6s %9s %6s %9.4f %10.4f %6.4f %6.4f\n", width, "mean of images", "", "", "", sum->of.mean_best_dice / n,
           sum->of.pair_ratio / n, sum->of.dice / n, sum->of.sm / n);
    print_counts(width, "all cells", &sum->of);
    if (sum->of.reference_count > 0)
        printf(" %9.4f", sum->cell_dice / (double)sum->of.reference_count);
    printf("\n");
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
    size_t width = strlen("mean of images");
    for (size_t i = 0; i < truth->count; i++)
        if (strlen(truth->files[i].stem) > width)
            width = strlen(truth->files[i].stem);
    int code = CLI_FINE;
    sums sum = {0};
    for (size_t i = 0; i < truth->count && !was_interrupted(); i++) {
        cellseg_similarity s;
        if (compare(&s, context, truth->files[i].path, predicted->files[i].path)) {
            if (sum.images == 0)
                print_header((int)width);
            print_row((int)width, truth->files[i].stem, &s);
            add(&sum, &s);
        } else
            code = CLI_FAILED;
    }
    print_means((int)width, &sum);
    return was_interrupted() ? CLI_FAILED : code;
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
        code = context != NULL ? compare_all(context, &truth, &predicted) : no_context_code();
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
    else if (result == PARSED_OK && !(weight >= 0 && weight <= 1))
        print_error("evaluate: k is %g; it must lie in [0, 1]; see cellseg evaluate --help", weight);
    else if (result == PARSED_OK)
        code = evaluate((const char *const[2]){operands[0], operands[1]});
    free(operands);
    return code;
}
