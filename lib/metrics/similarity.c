/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segmentation similarity measure SM of Al-Kofahi et al. 2018:
 *     SM = k * mean over reference labels of the best Dice with an overlapping target label + (1 - k) * 2 |P| / (N + M),
 * where P are the pairs of labels that are each other's largest overlap. The paper requires a bijection without an algorithm.
 * Here among equal overlaps the smaller partner (the higher Dice) wins, then the lower id. So every label has one largest
 * overlap, and the pairs are one to one. Cost: that of the table of overlaps (overlap.c).
 */
#include "metrics/metrics.h"

#include "metrics/overlap.h"

#define FIRST_RELEASE_SIZE (offsetof(cellseg_similarity, jaccard) + sizeof(double))

static const size_t nothing = SIZE_MAX;

/* The largest overlap of each label; `nothing` for a label that overlaps only background. */
typedef struct largest {
    size_t *of_reference, *of_target;
} largest;

static bool beats(const cseg_overlaps *o, size_t candidate, size_t holder) {
    if (holder == nothing)
        return true;
    const cseg_overlap *a = &o->overlap[candidate], *b = &o->overlap[holder];
    if (a->pixels != b->pixels)
        return a->pixels > b->pixels;
    /* Both share one label, so the sum of areas compares the other label; among equal ones the first, of the lower id, stays. */
    return o->reference_area[a->reference] + o->target_area[a->target] <
           o->reference_area[b->reference] + o->target_area[b->target];
}

static cellseg_status find_largest(largest *out, cellseg_context *context, const cseg_overlaps *o) {
    *out = (largest){cseg_memory_alloc(context, o->reference_count + 1, sizeof *out->of_reference),
                     cseg_memory_alloc(context, o->target_count + 1, sizeof *out->of_target)};
    if (out->of_reference == NULL || out->of_target == NULL)
        return cseg_error_last();
    for (size_t r = 0; r < o->reference_count; r++)
        out->of_reference[r] = nothing;
    for (size_t t = 0; t < o->target_count; t++)
        out->of_target[t] = nothing;
    for (size_t i = 0; i < o->count; i++) {
        size_t *of_reference = &out->of_reference[o->overlap[i].reference], *of_target = &out->of_target[o->overlap[i].target];
        if (beats(o, i, *of_reference))
            *of_reference = i;
        if (beats(o, i, *of_target))
            *of_target = i;
    }
    return CELLSEG_OK;
}

static cellseg_status count_pairs(uint64_t *pairs, cellseg_context *context, const cseg_overlaps *o) {
    largest best = {NULL, NULL};
    const cellseg_status status = find_largest(&best, context, o);
    *pairs = 0;
    for (size_t r = 0; status == CELLSEG_OK && r < o->reference_count; r++) {
        const size_t i = best.of_reference[r];
        if (i != nothing && best.of_target[o->overlap[i].target] == i)
            ++*pairs;
    }
    cseg_memory_free(best.of_reference);
    cseg_memory_free(best.of_target);
    return status;
}

/* Write the best Dice of every reference label to `dice`, 0 for a label that overlaps only background; return their mean. */
static double best_dice(double *dice, const cseg_overlaps *o) {
    for (size_t r = 0; r < o->reference_count; r++)
        dice[r] = 0;
    for (size_t i = 0; i < o->count; i++) {
        const double here = cseg_overlap_dice(o, &o->overlap[i]);
        if (here > dice[o->overlap[i].reference])
            dice[o->overlap[i].reference] = here;
    }
    double sum = 0;
    for (size_t r = 0; r < o->reference_count; r++)
        sum += dice[r];
    return o->reference_count > 0 ? sum / (double)o->reference_count : 0;
}

/* Dice and Jaccard index of the two foregrounds. */
static void compare_foregrounds(cellseg_similarity *own, const cseg_overlaps *o) {
    uint64_t both = 0, areas = 0;
    for (size_t i = 0; i < o->count; i++)
        both += o->overlap[i].pixels;
    for (size_t r = 0; r < o->reference_count; r++)
        areas += o->reference_area[r];
    for (size_t t = 0; t < o->target_count; t++)
        areas += o->target_area[t];
    own->dice = areas > 0 ? 2.0 * (double)both / (double)areas : 1;
    own->jaccard = areas > 0 ? (double)both / (double)(areas - both) : 1;
}

static cellseg_status compute(cellseg_similarity *own, double *cell_dice, size_t capacity, cellseg_context *context,
                              const cseg_overlaps *o, double k) {
    own->reference_count = o->reference_count;
    own->target_count = o->target_count;
    compare_foregrounds(own, o);
    if (o->reference_count + o->target_count == 0) {
        own->sm = own->mean_best_dice = own->pair_ratio = 1;
        return CELLSEG_OK;
    }
    if (cell_dice != NULL && capacity < o->reference_count)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cell_dice has room for %zu numbers; there are %zu reference labels", capacity,
                         o->reference_count);
    CSEG_TRY(count_pairs(&own->pairs, context, o));
    double *dice = cell_dice != NULL ? cell_dice : cseg_memory_alloc(context, o->reference_count + 1, sizeof *dice);
    if (dice == NULL)
        return cseg_error_last();
    own->mean_best_dice = best_dice(dice, o);
    own->pair_ratio = 2.0 * (double)own->pairs / (double)(own->reference_count + own->target_count);
    own->sm = k * own->mean_best_dice + (1 - k) * own->pair_ratio;
    if (cell_dice == NULL)
        cseg_memory_free(dice);
    return CELLSEG_OK;
}

static cellseg_status compare(cellseg_similarity *own, double *cell_dice, size_t capacity, cellseg_context *context,
                              const cellseg_labels *reference, const cellseg_labels *target, double k) {
    cseg_progress_step(context, "similarity", 0, 1);
    cseg_overlaps overlaps;
    CSEG_TRY(cseg_overlaps_new(&overlaps, context, reference, target));
    const cellseg_status status = compute(own, cell_dice, capacity, context, &overlaps, k);
    cseg_overlaps_free(&overlaps);
    return status;
}

cellseg_status cellseg_similarity_compute(cellseg_similarity *out, double *cell_dice, size_t capacity, cellseg_context *context,
                                          const cellseg_labels *reference, const cellseg_labels *target, double k) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    cellseg_similarity own = {.struct_size = sizeof own};
    const size_t their_size = out->struct_size;
    CSEG_TRY(cseg_options_init(out, their_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_similarity"));
    CSEG_TRY(cseg_overlap_check_maps(reference, target));
    CSEG_TRY(cseg_range_check("k", k, 0, 1));
    cseg_call call;
    cseg_call_begin(&call, context);
    CSEG_TRY(cseg_call_end(&call, compare(&own, cell_dice, capacity, context, reference, target, k)));
    return cseg_options_init(out, their_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_similarity");
}
