/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contingency table of two label maps, sparse. The maps are read in runs of pixels that share both ids; the runs are sorted
 * by the pair of ids and summed. Ids may be any 32-bit numbers: no size depends on the largest id. Cost: two passes over the
 * maps and a linear sort of the runs, 32 bytes per run.
 */
#include "metrics/overlap.h"

typedef struct runs_job {
    const cseg_plane *reference, *target;
    size_t *row_start; /* per row: first the number of runs, then the index of the first */
    cseg_keyed *runs;  /* key: reference id, target id; value: pixels */
} runs_job;

static uint64_t pair_key(uint64_t high, uint64_t low) {
    return high << 32 | low;
}

static cellseg_status count_row(void *data, size_t y) {
    const runs_job *job = data;
    const uint32_t *reference = cseg_row_u32(job->reference, y), *target = cseg_row_u32(job->target, y);
    size_t count = 1;
    for (size_t x = 1; x < job->reference->width; x++)
        count += (reference[x] != reference[x - 1]) | (target[x] != target[x - 1]);
    job->row_start[y] = count;
    return CELLSEG_OK;
}

static cellseg_status collect_row(void *data, size_t y) {
    const runs_job *job = data;
    const uint32_t *reference = cseg_row_u32(job->reference, y), *target = cseg_row_u32(job->target, y);
    cseg_keyed *run = job->runs + job->row_start[y];
    *run = (cseg_keyed){pair_key(reference[0], target[0]), 1};
    for (size_t x = 1; x < job->reference->width; x++) {
        const uint64_t key = pair_key(reference[x], target[x]);
        if (key != run->key)
            *++run = (cseg_keyed){key, 0};
        run->value++;
    }
    return CELLSEG_OK;
}

/* Sum sorted items of equal key, in place. Returns the number of keys. */
static size_t merge(cseg_keyed *items, size_t count) {
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        if (items[i].key == items[last].key)
            items[last].value += items[i].value;
        else
            items[++last] = items[i];
    }
    return last + 1;
}

/* Every pair of ids that occurs, background included, with its pixels; sorted by reference, then target. */
static cellseg_status pairs_new(cseg_keyed **out, size_t *count, cellseg_context *context, const cseg_plane *reference,
                                const cseg_plane *target) {
    runs_job job = {reference, target, cseg_memory_alloc(context, reference->height, sizeof *job.row_start), NULL};
    if (job.row_start == NULL)
        return cseg_error_last();
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, reference->height, count_row, &job));
    size_t total = 0;
    for (size_t y = 0; y < reference->height; y++) {
        const size_t here = job.row_start[y];
        job.row_start[y] = total;
        total += here;
    }
    job.runs = cseg_memory_alloc(context, total, sizeof *job.runs);
    if (job.runs == NULL) {
        status = cseg_error_last();
        goto done;
    }
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, reference->height, collect_row, &job));
    CSEG_TRY_GOTO(done, cseg_sort_keyed(context, job.runs, total));
    *count = merge(job.runs, total);
    *out = job.runs;
    job.runs = NULL;
done:
    cseg_memory_free(job.runs);
    cseg_memory_free(job.row_start);
    return status;
}

/* The labels in the high words of sorted pairs, without background. */
typedef struct label_list {
    size_t count;
    uint32_t *id;
    uint64_t *area;
} label_list;

static cellseg_status labels_of(label_list *out, cellseg_context *context, const cseg_keyed *pairs, size_t count) {
    *out = (label_list){.id = cseg_memory_alloc(context, count, sizeof *out->id),
                        .area = cseg_memory_alloc(context, count, sizeof *out->area)};
    if (out->id == NULL || out->area == NULL) {
        cseg_memory_free(out->id);
        cseg_memory_free(out->area);
        *out = (label_list){0};
        return cseg_error_last();
    }
    for (size_t i = 0; i < count; i++) {
        const uint32_t id = (uint32_t)(pairs[i].key >> 32);
        if (id == 0)
            continue;
        if (out->count == 0 || out->id[out->count - 1] != id) {
            out->id[out->count] = id;
            out->area[out->count++] = 0;
        }
        out->area[out->count - 1] += pairs[i].value;
    }
    return CELLSEG_OK;
}

static size_t index_of(const label_list *labels, uint32_t id) {
    size_t lo = 0, hi = labels->count;
    while (hi - lo > 1) {
        const size_t middle = lo + (hi - lo) / 2;
        if (labels->id[middle] <= id)
            lo = middle;
        else
            hi = middle;
    }
    return lo;
}

static void swap_words(cseg_keyed *pairs, size_t count) {
    for (size_t i = 0; i < count; i++)
        pairs[i].key = pairs[i].key << 32 | pairs[i].key >> 32;
}

/* pairs: sorted by target, then reference. */
static cellseg_status list_overlaps(cseg_overlaps *out, cellseg_context *context, const cseg_keyed *pairs, size_t count,
                                    const label_list *references, const label_list *targets) {
    out->overlap = cseg_memory_alloc(context, count, sizeof *out->overlap);
    if (out->overlap == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < count; i++) {
        const uint32_t target = (uint32_t)(pairs[i].key >> 32), reference = (uint32_t)pairs[i].key;
        if (target != 0 && reference != 0)
            out->overlap[out->count++] =
                (cseg_overlap){index_of(references, reference), index_of(targets, target), pairs[i].value};
    }
    return CELLSEG_OK;
}

cellseg_status cseg_overlaps_new(cseg_overlaps *out, cellseg_context *context, const cellseg_labels *reference,
                                 const cellseg_labels *target) {
    const cseg_plane reference_plane = cseg_labels_plane(reference), target_plane = cseg_labels_plane(target);
    *out = (cseg_overlaps){0};
    cseg_keyed *pairs = NULL;
    label_list references = {0}, targets = {0};
    size_t count = 0;
    CSEG_TRY(pairs_new(&pairs, &count, context, &reference_plane, &target_plane));
    cellseg_status status;
    CSEG_TRY_GOTO(done, labels_of(&references, context, pairs, count));
    swap_words(pairs, count);
    CSEG_TRY_GOTO(done, cseg_sort_keyed(context, pairs, count));
    CSEG_TRY_GOTO(done, labels_of(&targets, context, pairs, count));
    CSEG_TRY_GOTO(done, list_overlaps(out, context, pairs, count, &references, &targets));
    out->reference_count = references.count;
    out->target_count = targets.count;
    out->reference_area = references.area;
    out->target_area = targets.area;
    references.area = targets.area = NULL;
done:
    cseg_memory_free(pairs);
    cseg_memory_free(references.id);
    cseg_memory_free(references.area);
    cseg_memory_free(targets.id);
    cseg_memory_free(targets.area);
    return status;
}

void cseg_overlaps_free(cseg_overlaps *overlaps) {
    cseg_memory_free(overlaps->reference_area);
    cseg_memory_free(overlaps->target_area);
    cseg_memory_free(overlaps->overlap);
    *overlaps = (cseg_overlaps){0};
}

double cseg_overlap_dice(const cseg_overlaps *overlaps, const cseg_overlap *overlap) {
    const uint64_t both = overlaps->reference_area[overlap->reference] + overlaps->target_area[overlap->target];
    return 2.0 * (double)overlap->pixels / (double)both;
}

uint64_t cseg_overlap_union(const cseg_overlaps *overlaps, const cseg_overlap *overlap) {
    return overlaps->reference_area[overlap->reference] + overlaps->target_area[overlap->target] - overlap->pixels;
}

double cseg_overlap_iou(const cseg_overlaps *overlaps, const cseg_overlap *overlap) {
    return (double)overlap->pixels / (double)cseg_overlap_union(overlaps, overlap);
}

cellseg_status cseg_overlap_check_maps(const cellseg_labels *reference, const cellseg_labels *target) {
    if (reference == NULL || target == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", reference == NULL ? "reference" : "target");
    const size_t height = cellseg_labels_height(reference), width = cellseg_labels_width(reference);
    if (cellseg_labels_height(target) != height || cellseg_labels_width(target) != width)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the reference has %zu x %zu pixels, the target %zu x %zu", height, width,
                         cellseg_labels_height(target), cellseg_labels_width(target));
    return CELLSEG_OK;
}
