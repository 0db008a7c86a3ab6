/* SPDX-License-Identifier: BSD-3-Clause */
/* Scores of cellseg evaluate: the figures of each image, their means, and the columns of the tables. */
#ifndef CLI_SCORES_H
#define CLI_SCORES_H

#include "cli.h"

#include <stdio.h>

enum { ROC_POINTS = 4097, IOU_STEPS = 19 }; /* IoU thresholds 0.05, 0.10 ... 0.95 */

/* Parameters of the measures. */
typedef struct measures {
    double weight;        /* of the Dice part of SM */
    double iou_threshold; /* of pairs */
    double tolerance_px;  /* of outlines */
} measures;

#define DEFAULT_MEASURES                                                                                                         \
    { .weight = 0.6, .iou_threshold = 0.5, .tolerance_px = 2 }

/* The files of one image. */
typedef struct inputs {
    const char *stem, *truth, *predicted;
    const char *maps;  /* NULL: none */
    const char *image; /* to show objects in; NULL: none */
} inputs;

/* One image's figures. Without maps `roc` is of NaN and zeros. */
typedef struct score {
    inputs files; /* the stem is borrowed */
    cellseg_similarity similarity;
    cellseg_matching matching;
    cellseg_matching by_iou[IOU_STEPS];
    cellseg_detection detection;
    cellseg_boundary boundary;
    cellseg_roc roc;
    double *best_dice;    /* of each true object, in rising order of id */
    cellseg_table *table; /* with an image: their ids and boxes, in the same order */
} score;

/* All images' figures for one kind of object. */
typedef struct score_list {
    const char *kind; /* "cells", "nuclei" */
    size_t count;
    score *scores;
    bool has_maps;
    uint64_t true_positives[ROC_POINTS], false_positives[ROC_POINTS]; /* over all images */
} score_list;

/*
 * Evaluate one image and append its score. Maps are those of cellseg segment --save-maps: nuclei use the first channel, all other
 * kinds 1 - the third channel (background). Prints an error on failure: false.
 */
bool add_score(score_list *list, cellseg_context *context, const inputs *files, const measures *how);
void free_scores(score_list *list);

/* The mean over images: rates only, counts are 0. */
score mean_score(const score_list *list);

/* All objects of all images together: counts are sums, rates follow from them; NaN where they do not. */
score pooled_score(const score_list *list);

/*
 * Move a list's scores to the end of `all`, and append one score to `summaries`. The score has means over images. Exceptions are
 * best Dice and pixel measures (over all objects and pixels) and numbers of objects (sums). `list` is empty afterwards. Without
 * memory, prints an error: false.
 */
bool add_summary(score_list *summaries, score_list *all, score_list *list);

/* ---- columns ---- */

typedef enum column_kind { COLUMN_COUNT, COLUMN_RATE } column_kind;

typedef struct column {
    const char *name;  /* in CSV files */
    const char *title; /* in tables */
    column_kind kind;
    size_t offset; /* of the member in a score: uint64_t or double */
} column;

/* Each ends with an entry without a name. */
extern const column similarity_columns[], object_columns[], pixel_columns[];
enum { SCORE_TABLES = 3 };
extern const column *const score_columns[SCORE_TABLES]; /* all of them, in this order */
extern const column summary_columns[];                  /* of add_summary() */

double column_value(const column *c, const score *s);

/* ---- tables on standard output, as CSV and as JSON ---- */

/* `width` is the room for names of images. */
void print_titles(const char *first, int width, const column *columns);
void print_score(const char *name, int width, const column *columns, const score *s);

/* Without counts. */
void print_rates(const char *name, int width, const column *columns, const score *s);

/* The rows of means and of all objects. */
void print_means(int width, const column *columns, const score_list *list);

/* A line of JSON for each image, for the mean of the images and for all objects, with the keys of CSV files. */
void print_json_scores(const score_list *list);

void write_csv_titles(FILE *file);
void write_csv(FILE *file, const score_list *list);

#endif
