/* SPDX-License-Identifier: BSD-3-Clause */
/* The figures of each image, and their means. */
#include "scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one image ---- */

static cellseg_status match_by_iou(score *s, cellseg_context *context, const cellseg_labels *truth,
                                   const cellseg_labels *predicted) {
    double thresholds[IOU_STEPS];
    for (int i = 0; i < IOU_STEPS; i++) {
        thresholds[i] = (i + 1) / (IOU_STEPS + 1.0);
        s->by_iou[i].struct_size = sizeof s->by_iou[i];
    }
    return cellseg_matching_compute(s->by_iou, IOU_STEPS, context, truth, predicted, thresholds);
}

static cellseg_status compare_labels(score *s, cellseg_context *context, const cellseg_labels *truth,
                                     const cellseg_labels *predicted, const measures *how) {
    cellseg_status status = cellseg_detection_compute(&s->detection, context, truth, predicted);
    s->best_dice = calloc((size_t)s->detection.reference_count + 1, sizeof *s->best_dice);
    if (s->best_dice == NULL)
        return CELLSEG_ERR_MEMORY;
    if (status == CELLSEG_OK)
        status = cellseg_similarity_compute(&s->similarity, s->best_dice, (size_t)s->detection.reference_count + 1, context,
                                            truth, predicted, how->weight);
    if (status == CELLSEG_OK)
        status = cellseg_matching_compute(&s->matching, 1, context, truth, predicted, &how->iou_threshold);
    if (status == CELLSEG_OK)
        status = match_by_iou(s, context, truth, predicted);
    if (status == CELLSEG_OK)
        status = cellseg_boundary_compute(&s->boundary, context, truth, predicted, how->tolerance_px);
    return status;
}

static cellseg_status locate(score *s, cellseg_context *context, const cellseg_labels *truth) {
    cellseg_measure_options options;
    const cellseg_status status = cellseg_measure_options_init(&options, sizeof options);
    options.shape = options.intensity = 0;
    return status == CELLSEG_OK ? cellseg_measure(&s->table, context, truth, NULL, NULL, &options) : status;
}

/* The probability of a cell is 1 - background for models with any classes. */
static cellseg_status invert_background(cellseg_image **out, cellseg_context *context, const cellseg_image *maps) {
    const size_t height = cellseg_image_height(maps), width = cellseg_image_width(maps);
    const float *background = cellseg_image_pixels(maps, 2);
    const cellseg_status status = cellseg_image_new(out, context, CELLSEG_FLOAT32, 1, height, width);
    if (status != CELLSEG_OK)
        return status;
    float *cells = cellseg_image_pixels_mut(*out, 0);
    for (size_t i = 0; i < height * width; i++)
        cells[i] = 1 - background[i];
    return CELLSEG_OK;
}

static cellseg_status compare_map(score *s, score_list *list, cellseg_context *context, const cellseg_image *maps,
                                  const cellseg_labels *truth) {
    uint64_t *counts = calloc(2 * ROC_POINTS, sizeof *counts);
    if (counts == NULL)
        return CELLSEG_ERR_MEMORY;
    cellseg_image *cells = NULL;
    cellseg_status status = CELLSEG_OK;
    if (strcmp(list->kind, "nuclei") != 0)
        status = invert_background(&cells, context, maps);
    if (status == CELLSEG_OK)
        status = cellseg_roc_compute(&s->roc, counts, counts + ROC_POINTS, ROC_POINTS, context, cells != NULL ? cells : maps, 0,
                                     truth, 0.5);
    for (size_t i = 0; status == CELLSEG_OK && i < ROC_POINTS; i++) {
        list->true_positives[i] += counts[i];
        list->false_positives[i] += counts[ROC_POINTS + i];
    }
    list->has_maps = list->has_maps || status == CELLSEG_OK;
    cellseg_image_free(cells);
    free(counts);
    return status;
}

static bool judge_map(score *s, score_list *list, cellseg_context *context, const cellseg_labels *truth) {
    cellseg_image *maps = NULL;
    bool fine = cellseg_image_read(&maps, context, s->files.maps, NULL) == CELLSEG_OK;
    if (fine && (cellseg_image_channels(maps) < 3 || cellseg_image_pixel_type(maps) != CELLSEG_FLOAT32)) {
        print_error("%s: not a file of maps from cellseg segment --save-maps", s->files.maps);
        cellseg_image_free(maps);
        return false;
    }
    fine = fine && compare_map(s, list, context, maps, truth) == CELLSEG_OK;
    if (!fine)
        print_library_error(s->files.maps);
    cellseg_image_free(maps);
    return fine;
}

static bool judge(score *s, score_list *list, cellseg_context *context, const measures *how) {
    cellseg_labels *truth = NULL, *predicted = NULL;
    const char *at_fault = s->files.truth;
    cellseg_status status = cellseg_labels_read(&truth, context, s->files.truth);
    if (status == CELLSEG_OK) {
        at_fault = s->files.predicted;
        status = cellseg_labels_read(&predicted, context, s->files.predicted);
    }
    if (status == CELLSEG_OK)
        status = compare_labels(s, context, truth, predicted, how);
    if (status == CELLSEG_OK && s->files.image != NULL)
        status = locate(s, context, truth);
    if (status != CELLSEG_OK)
        print_library_error(at_fault);
    const bool fine = status == CELLSEG_OK && (s->files.maps == NULL || judge_map(s, list, context, truth));
    cellseg_labels_free(truth);
    cellseg_labels_free(predicted);
    return fine;
}

/* Paths are copied, so that the caller may build the next ones. An absent one is NULL. */
static bool copy_paths(inputs *to, const inputs *from) {
    *to = (inputs){.stem = from->stem,
                   .truth = strdup(from->truth),
                   .predicted = strdup(from->predicted),
                   .maps = from->maps != NULL ? strdup(from->maps) : NULL,
                   .image = from->image != NULL ? strdup(from->image) : NULL};
    return to->truth != NULL && to->predicted != NULL && (to->maps != NULL) == (from->maps != NULL) &&
           (to->image != NULL) == (from->image != NULL);
}

static void free_score(score *s) {
    const char *const paths[] = {s->files.truth, s->files.predicted, s->files.maps, s->files.image};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        free((void *)paths[i]);
    free(s->best_dice);
    cellseg_table_free(s->table);
}

static score empty_score(void) {
    return (score){.similarity = {.struct_size = sizeof(cellseg_similarity)},
                   .matching = {.struct_size = sizeof(cellseg_matching)},
                   .detection = {.struct_size = sizeof(cellseg_detection)},
                   .boundary = {.struct_size = sizeof(cellseg_boundary)},
                   .roc = {.struct_size = sizeof(cellseg_roc),
                           .auc = (double)NAN,
                           .accuracy = (double)NAN,
                           .sensitivity = (double)NAN,
                           .specificity = (double)NAN}};
}

bool add_score(score_list *list, cellseg_context *context, const inputs *files, const measures *how) {
    score *larger = realloc(list->scores, (list->count + 1) * sizeof *larger);
    if (larger == NULL) {
        print_error("%s: no memory", files->truth);
        return false;
    }
    list->scores = larger;
    score *s = &list->scores[list->count];
    *s = empty_score();
    const bool copied = copy_paths(&s->files, files);
    if (!copied)
        print_error("%s: no memory", files->truth);
    if (copied && judge(s, list, context, how)) {
        list->count++;
        return true;
    }
    free_score(s);
    return false;
}

void free_scores(score_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free_score(&list->scores[i]);
    free(list->scores);
    list->scores = NULL;
    list->count = 0;
}

/* ---- columns ---- */

#define RATE(member, name, title)                                                                                                \
    { name, title, COLUMN_RATE, offsetof(score, member) }
#define COUNT(member, name, title)                                                                                               \
    { name, title, COLUMN_COUNT, offsetof(score, member) }
#define END                                                                                                                      \
    { NULL, NULL, COLUMN_RATE, 0 }

const column similarity_columns[] = {
    COUNT(similarity.reference_count, "true", "true"),
    COUNT(similarity.target_count, "predicted", "predicted"),
    COUNT(similarity.pairs, "pairs", "pairs"),
    RATE(similarity.mean_best_dice, "best_dice", "best Dice"),
    RATE(similarity.pair_ratio, "pair_ratio", "pair ratio"),
    RATE(similarity.dice, "dice", "Dice"),
    RATE(similarity.sm, "sm", "SM"),
    END,
};
const column object_columns[] = {
    COUNT(matching.true_positives, "found", "found"),
    COUNT(matching.false_negatives, "missed", "missed"),
    COUNT(matching.false_positives, "false", "false"),
    COUNT(detection.splits, "splits", "splits"),
    COUNT(detection.merges, "merges", "merges"),
    RATE(matching.precision, "precision", "precision"),
    RATE(matching.recall, "recall", "recall"),
    RATE(matching.f1, "f1", "F1"),
    RATE(matching.average_precision, "ap", "AP"),
    RATE(matching.panoptic_quality, "pq", "PQ"),
    RATE(detection.average_precision, "ap_50_95", "AP 50-95"),
    RATE(detection.aggregated_jaccard, "aji", "AJI"),
    RATE(detection.seg, "seg", "SEG"),
    RATE(boundary.f1, "bf", "BF"),
    RATE(similarity.jaccard, "jaccard", "Jaccard"),
    END,
};
const column pixel_columns[] = {
    RATE(roc.auc, "auc", "AUC"),
    RATE(roc.accuracy, "accuracy", "accuracy"),
    RATE(roc.sensitivity, "sensitivity", "sensitivity"),
    RATE(roc.specificity, "specificity", "specificity"),
    END,
};
const column summary_columns[] = {
    COUNT(similarity.reference_count, "true", "true"),
    COUNT(similarity.target_count, "predicted", "predicted"),
    RATE(similarity.sm, "sm", "SM"),
    RATE(matching.average_precision, "ap", "AP"),
    RATE(similarity.mean_best_dice, "best_dice", "best Dice"),
    RATE(roc.auc, "auc", "AUC"),
    RATE(roc.accuracy, "accuracy", "accuracy"),
    END,
};
const column *const score_columns[SCORE_TABLES] = {similarity_columns, object_columns, pixel_columns};

double column_value(const column *c, const score *s) {
    const char *member = (const char *)s + c->offset;
    if (c->kind == COLUMN_RATE)
        return *(const double *)(const void *)member;
    return (double)*(const uint64_t *)(const void *)member;
}

/* ---- over all images ---- */

score mean_score(const score_list *list) {
    score mean = empty_score();
    for (size_t t = 0; t < SCORE_TABLES; t++)
        for (const column *c = score_columns[t]; c->name != NULL; c++) {
            if (c->kind != COLUMN_RATE)
                continue;
            double sum = 0, images = 0;
            for (size_t i = 0; i < list->count; i++) {
                const double value = column_value(c, &list->scores[i]);
                sum += isnan(value) ? 0 : value;
                images += !isnan(value);
            }
            *(double *)(void *)((char *)&mean + c->offset) = sum / images;
        }
    return mean;
}

static void add_counts(score *all, const score *s) {
    for (size_t t = 0; t < SCORE_TABLES; t++)
        for (const column *c = score_columns[t]; c->name != NULL; c++)
            if (c->kind == COLUMN_COUNT)
                *(uint64_t *)(void *)((char *)all + c->offset) += (uint64_t)column_value(c, s);
    all->roc.true_positives += s->roc.true_positives;
    all->roc.false_positives += s->roc.false_positives;
    all->roc.true_negatives += s->roc.true_negatives;
    all->roc.false_negatives += s->roc.false_negatives;
}

/* Trapezoids between the thresholds, from (1, 1) to (0, 0). */
static double area_under(const score_list *list) {
    const double positives = (double)list->true_positives[0], negatives = (double)list->false_positives[0];
    double area = 0;
    for (size_t i = 0; i < ROC_POINTS; i++) {
        const bool last = i + 1 == ROC_POINTS;
        const double tp = (double)list->true_positives[i], next_tp = last ? 0 : (double)list->true_positives[i + 1];
        const double fp = (double)list->false_positives[i], next_fp = last ? 0 : (double)list->false_positives[i + 1];
        area += (fp - next_fp) * (tp + next_tp) / 2;
    }
    return area / positives / negatives;
}

static void pool_pixels(score *all, const score_list *list) {
    cellseg_roc *r = &all->roc;
    const double tp = (double)r->true_positives, fp = (double)r->false_positives;
    const double tn = (double)r->true_negatives, fn = (double)r->false_negatives;
    r->auc = area_under(list);
    r->accuracy = (tp + tn) / (tp + tn + fp + fn);
    r->sensitivity = tp / (tp + fn);
    r->specificity = tn / (tn + fp);
}

static void pool_pairs(score *all, double iou_sum) {
    cellseg_matching *m = &all->matching;
    const double tp = (double)m->true_positives, fp = (double)m->false_positives, fn = (double)m->false_negatives;
    m->precision = tp / (tp + fp);
    m->recall = tp / (tp + fn);
    m->f1 = tp / (tp + fp / 2 + fn / 2);
    m->average_precision = tp / (tp + fp + fn);
    m->panoptic_quality = iou_sum / (tp + fp / 2 + fn / 2);
}

score pooled_score(const score_list *list) {
    score all = empty_score();
    double dice_sum = 0, seg_sum = 0, iou_sum = 0;
    for (size_t i = 0; i < list->count; i++) {
        const score *s = &list->scores[i];
        const double objects = (double)s->similarity.reference_count;
        add_counts(&all, s);
        dice_sum += s->similarity.mean_best_dice * objects;
        seg_sum += s->detection.seg * objects;
        iou_sum += s->matching.mean_iou * (double)s->matching.true_positives;
    }
    const double objects = (double)all.similarity.reference_count;
    all.similarity.mean_best_dice = dice_sum / objects;
    all.detection.seg = seg_sum / objects;
    all.similarity.pair_ratio = all.similarity.dice = all.similarity.sm = all.similarity.jaccard = (double)NAN;
    all.detection.average_precision = all.detection.aggregated_jaccard = all.boundary.f1 = (double)NAN;
    pool_pairs(&all, iou_sum);
    if (list->has_maps)
        pool_pixels(&all, list);
    return all;
}

static bool make_room(score_list *list, size_t more) {
    score *larger = realloc(list->scores, (list->count + more) * sizeof *larger);
    if (larger != NULL)
        list->scores = larger;
    else
        print_error("no memory for the figures of %zu images", list->count + more);
    return larger != NULL;
}

bool add_summary(score_list *summaries, score_list *all, score_list *list) {
    if (list->count == 0 || !make_room(summaries, 1) || !make_room(all, list->count)) {
        free_scores(list);
        return false;
    }
    const score pooled = pooled_score(list);
    score *s = &summaries->scores[summaries->count++];
    *s = mean_score(list);
    s->similarity.reference_count = pooled.similarity.reference_count;
    s->similarity.target_count = pooled.similarity.target_count;
    s->similarity.mean_best_dice = pooled.similarity.mean_best_dice;
    s->roc = pooled.roc;
    memcpy(&all->scores[all->count], list->scores, list->count * sizeof *list->scores);
    all->count += list->count;
    all->has_maps = all->has_maps || list->has_maps;
    for (size_t i = 0; i < ROC_POINTS; i++) {
        all->true_positives[i] += list->true_positives[i];
        all->false_positives[i] += list->false_positives[i];
    }
    list->count = 0;
    free_scores(list);
    return true;
}
