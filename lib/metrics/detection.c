/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Agreement of objects, from the table of overlaps (overlap.c), which is the larger cost:
 * - pairs at an IoU threshold, and the scores of their number: precision, recall, F1, average precision as TP / (TP + FP +
 * FN) (Caicedo et al. 2019; StarDist and Cellpose count the same), panoptic quality (Kirillov et al. 2019);
 * - the aggregated Jaccard index as published by Kumar et al. 2017, where a target label may be counted for several reference
 * labels;
 * - SEG of the Cell Tracking Challenge (Maska et al. 2014);
 * - splits and merges as Caicedo et al. 2019 count them, by an IoU above 0.1.
 */
#include "metrics/metrics.h"

#include "metrics/assignment.h"

#define MATCHING_FIRST_RELEASE (offsetof(cellseg_matching, panoptic_quality) + sizeof(double))
#define DETECTION_FIRST_RELEASE (offsetof(cellseg_detection, target_count) + sizeof(uint64_t))

static const size_t nothing = SIZE_MAX;

static double ratio(double count, double whole) {
    return whole > 0 ? count / whole : 0;
}

/* ---- pairs ---- */

static cellseg_status match(cellseg_matching *own, cellseg_context *context, const cseg_candidates *candidates,
                            double threshold) {
    const cseg_overlaps *o = candidates->of;
    own->threshold = threshold;
    if (o->reference_count + o->target_count == 0) {
        own->precision = own->recall = own->f1 = own->average_precision = own->mean_iou = own->panoptic_quality = 1;
        return CELLSEG_OK;
    }
    cseg_assignment found;
    CSEG_TRY(cseg_assignment_solve(&found, context, candidates, threshold));
    const double pairs = (double)found.pairs, references = (double)o->reference_count, targets = (double)o->target_count;
    own->true_positives = found.pairs;
    own->false_positives = o->target_count - found.pairs;
    own->false_negatives = o->reference_count - found.pairs;
    own->precision = ratio(pairs, targets);
    own->recall = ratio(pairs, references);
    own->f1 = 2 * pairs / (references + targets);
    own->average_precision = pairs / (references + targets - pairs);
    own->mean_iou = ratio(found.iou_sum, pairs);
    own->panoptic_quality = own->f1 * own->mean_iou;
    return CELLSEG_OK;
}

/* Results are contiguous, each as large as the first one's struct_size. */
static cellseg_matching *result_at(cellseg_matching *out, size_t i) {
    return (cellseg_matching *)(void *)((char *)out + i * out->struct_size);
}

static cellseg_status write_result(cellseg_matching *at, const cellseg_matching *own) {
    return cseg_options_init(at, at->struct_size, own, sizeof *own, MATCHING_FIRST_RELEASE, "cellseg_matching");
}

/* The first result's size is checked before any other result is accessed. */
static cellseg_status clear_results(cellseg_matching *out, size_t count) {
    const cellseg_matching zero = {0};
    const size_t size = out->struct_size;
    if (size % _Alignof(cellseg_matching) != 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cellseg_matching: struct_size is %zu", size);
    for (size_t i = 0; i < count; i++) {
        cellseg_matching *at = result_at(out, i);
        if (at->struct_size != size)
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "cellseg_matching: struct_size is %zu in result %zu, %zu in the first",
                             at->struct_size, i, size);
        CSEG_TRY(write_result(at, &zero));
    }
    return CELLSEG_OK;
}

static cellseg_status check_thresholds(const double *thresholds, size_t count) {
    if (thresholds == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "thresholds is NULL");
    for (size_t i = 0; i < count; i++)
        CSEG_TRY(cseg_range_check("a threshold", thresholds[i], 0, 1));
    return CELLSEG_OK;
}

static cellseg_status match_at_all(cellseg_matching *out, size_t count, cellseg_context *context,
                                   const cseg_candidates *candidates, const double *thresholds) {
    for (size_t i = 0; i < count; i++) {
        cellseg_matching own = {0};
        cseg_progress_step(context, "matching", 0.5 + 0.5 * (double)i / (double)count,
                           0.5 + 0.5 * (double)(i + 1) / (double)count);
        CSEG_TRY(match(&own, context, candidates, thresholds[i]));
        CSEG_TRY(write_result(result_at(out, i), &own));
    }
    return CELLSEG_OK;
}

static cellseg_status match_maps(cellseg_matching *out, size_t count, cellseg_context *context, const cellseg_labels *reference,
                                 const cellseg_labels *target, const double *thresholds) {
    cseg_progress_step(context, "overlaps", 0, 0.5);
    cseg_overlaps overlaps = {0};
    cseg_candidates candidates = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_overlaps_new(&overlaps, context, reference, target));
    CSEG_TRY_GOTO(done, cseg_candidates_new(&candidates, context, &overlaps));
    status = match_at_all(out, count, context, &candidates, thresholds);
    if (status != CELLSEG_OK)
        (void)clear_results(out, count);
done:
    cseg_candidates_free(&candidates);
    cseg_overlaps_free(&overlaps);
    return status;
}

cellseg_status cellseg_matching_compute(cellseg_matching *out, size_t count, cellseg_context *context,
                                        const cellseg_labels *reference, const cellseg_labels *target, const double *thresholds) {
    if (out == NULL || count == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, out == NULL ? "out is NULL" : "count is 0");
    CSEG_TRY(clear_results(out, count));
    CSEG_TRY(cseg_overlap_check_maps(reference, target));
    CSEG_TRY(check_thresholds(thresholds, count));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, match_maps(out, count, context, reference, target, thresholds));
}

/* ---- aggregated Jaccard, SEG, splits and merges ---- */

/* The overlap of the highest IoU of a reference label; among equal ones the first, of the lowest target id. */
static size_t best_overlap(const cseg_candidates *c, size_t reference) {
    size_t best = nothing;
    double max_iou = 0;
    for (size_t i = c->first[reference]; i < c->first[reference + 1]; i++) {
        const double iou = cseg_overlap_iou(c->of, &c->overlap[i]);
        if (iou > max_iou) {
            max_iou = iou;
            best = i;
        }
    }
    return best;
}

/* taken: one per target label, initially false. */
static double aggregated_jaccard(const cseg_candidates *c, bool *taken) {
    const cseg_overlaps *o = c->of;
    uint64_t shared = 0, united = 0;
    for (size_t r = 0; r < o->reference_count; r++) {
        const size_t best = best_overlap(c, r);
        if (best == nothing) {
            united += o->reference_area[r];
            continue;
        }
        shared += c->overlap[best].pixels;
        united += cseg_overlap_union(o, &c->overlap[best]);
        taken[c->overlap[best].target] = true;
    }
    for (size_t t = 0; t < o->target_count; t++)
        united += taken[t] ? 0 : o->target_area[t];
    return (double)shared / (double)united;
}

static double seg(const cseg_candidates *c) {
    const cseg_overlaps *o = c->of;
    double sum = 0;
    for (size_t r = 0; r < o->reference_count; r++)
        for (size_t i = c->first[r]; i < c->first[r + 1]; i++)
            if (c->overlap[i].pixels > o->reference_area[r] - c->overlap[i].pixels)
                sum += cseg_overlap_iou(o, &c->overlap[i]);
    return ratio(sum, (double)o->reference_count);
}

/* Overlaps are sorted by target, then by reference; `side` selects the label whose partners are counted. */
static uint64_t count_with_several(const cseg_overlaps *o, const cseg_overlap *overlap, bool by_target) {
    uint64_t labels = 0;
    size_t label = nothing, partners = 0;
    for (size_t i = 0; i < o->count; i++) {
        const size_t own = by_target ? overlap[i].target : overlap[i].reference;
        if (own != label)
            partners = 0;
        label = own;
        if (cseg_overlap_iou(o, &overlap[i]) > 0.1 && ++partners == 2)
            labels++;
    }
    return labels;
}

static cellseg_status mean_average_precision(double *mean, cellseg_context *context, const cseg_candidates *candidates) {
    enum { FIRST = 50, STEP = 5, END = 100, COUNT = (END - FIRST) / STEP };
    double sum = 0;
    for (int percent = FIRST; percent < END; percent += STEP) {
        cellseg_matching at = {0};
        CSEG_TRY(match(&at, context, candidates, percent / 100.0));
        sum += at.average_precision;
    }
    *mean = sum / COUNT;
    return CELLSEG_OK;
}

static cellseg_status detect(cellseg_detection *own, cellseg_context *context, const cseg_candidates *candidates) {
    const cseg_overlaps *o = candidates->of;
    own->reference_count = o->reference_count;
    own->target_count = o->target_count;
    if (o->reference_count + o->target_count == 0) {
        own->average_precision = own->aggregated_jaccard = own->seg = 1;
        return CELLSEG_OK;
    }
    bool *taken = cseg_memory_calloc(context, o->target_count + 1, sizeof *taken);
    if (taken == NULL)
        return cseg_error_last();
    own->aggregated_jaccard = aggregated_jaccard(candidates, taken);
    cseg_memory_free(taken);
    own->seg = seg(candidates);
    own->splits = count_with_several(o, candidates->overlap, false);
    own->merges = count_with_several(o, o->overlap, true);
    return mean_average_precision(&own->average_precision, context, candidates);
}

static cellseg_status detect_maps(cellseg_detection *own, cellseg_context *context, const cellseg_labels *reference,
                                  const cellseg_labels *target) {
    cseg_progress_step(context, "overlaps", 0, 0.5);
    cseg_overlaps overlaps = {0};
    cseg_candidates candidates = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_overlaps_new(&overlaps, context, reference, target));
    CSEG_TRY_GOTO(done, cseg_candidates_new(&candidates, context, &overlaps));
    cseg_progress_step(context, "detection", 0.5, 1);
    status = detect(own, context, &candidates);
done:
    cseg_candidates_free(&candidates);
    cseg_overlaps_free(&overlaps);
    return status;
}

cellseg_status cellseg_detection_compute(cellseg_detection *out, cellseg_context *context, const cellseg_labels *reference,
                                         const cellseg_labels *target) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    cellseg_detection own = {.struct_size = sizeof own};
    const size_t their_size = out->struct_size;
    CSEG_TRY(cseg_options_init(out, their_size, &own, sizeof own, DETECTION_FIRST_RELEASE, "cellseg_detection"));
    CSEG_TRY(cseg_overlap_check_maps(reference, target));
    cseg_call call;
    cseg_call_begin(&call, context);
    CSEG_TRY(cseg_call_end(&call, detect_maps(&own, context, reference, target)));
    return cseg_options_init(out, their_size, &own, sizeof own, DETECTION_FIRST_RELEASE, "cellseg_detection");
}
