/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multi-level Otsu thresholds (Otsu 1979; Liao, Chen and Chung 2001 for the objective): the partition of the histogram into
 * classes of neighbouring bins that maximises the variance between classes, that is the sum over classes of
 * (sum of values)^2 / (number of samples). Found exactly by dynamic programming over the first bin of the remaining classes;
 * of equal partitions the one with the lowest thresholds, the first threshold deciding first.
 * Cost: two passes over the samples and thresholds * bins^2 / 2 steps.
 */
#include "filter/filter.h"

#include "filter/histogram.h"

#include <math.h>

enum { MAX_THRESHOLDS = 8, MAX_BINS = 4096, POLL = 256 };

typedef struct partition {
    cellseg_context *context;
    size_t bins;
    double *number, *sum; /* of the samples in the bins before b, b = 0..bins; integers, hence exact */
    double *best;         /* [k][b]: the largest value of bins b.. cut k times */
    uint32_t *cut;        /* [k][b]: the bin after the first class of that optimum */
} partition;

static double class_value(const partition *p, size_t from, size_t to) {
    const double number = p->number[to] - p->number[from], sum = p->sum[to] - p->sum[from];
    return number > 0 ? sum * sum / number : 0;
}

static void accumulate(partition *p, const uint64_t *counts) {
    p->number[0] = p->sum[0] = 0;
    for (size_t b = 0; b < p->bins; b++) {
        p->number[b + 1] = p->number[b] + (double)counts[b];
        p->sum[b + 1] = p->sum[b] + (double)counts[b] * (double)b;
    }
}

/* Every best[k] from best[k - 1]. A class may be empty, so that fewer bins than classes have a partition too. */
static cellseg_status optimise(partition *p, size_t cuts) {
    const size_t row = p->bins + 1;
    for (size_t b = 0; b <= p->bins; b++)
        p->best[b] = class_value(p, b, p->bins);
    for (size_t k = 1; k <= cuts; k++)
        for (size_t b = 0; b <= p->bins; b++) {
            double best = -1;
            size_t cut = 0;
            for (size_t end = b > 0 ? b : 1; end <= p->bins; end++) {
                const double value = class_value(p, b, end) + p->best[(k - 1) * row + end];
                if (value > best) {
                    best = value;
                    cut = end;
                }
            }
            p->best[k * row + b] = best;
            p->cut[k * row + b] = (uint32_t)cut;
            if (b % POLL == 0)
                CSEG_TRY(cseg_progress_poll(p->context, (double)k / (double)cuts));
        }
    return CELLSEG_OK;
}

/* Samples as whole numbers in the same order: integers themselves, floats as cseg_order_ has it; -0 is 0. */
static int64_t key_of(double value, int32_t type) {
    if (type == CELLSEG_FLOAT32)
        return cseg_order_of_float((float)value + 0.0F);
    if (type == CELLSEG_FLOAT64)
        return cseg_order_of_double(value + 0.0);
    return (int64_t)value;
}

static double value_of(int64_t key, int32_t type) {
    if (type == CELLSEG_FLOAT32)
        return (double)cseg_order_to_float((int32_t)key);
    if (type == CELLSEG_FLOAT64)
        return cseg_order_to_double(key);
    return (double)key;
}

/* The largest value that a sample of this type can have in `bin`, so that "value > last_value" means "in a later bin". Found by
 * bisection: near 0 rounding may put 2^30 floats into the wrong one of two bins. Keys of float64 may lie 2^63 apart. */
static double last_value(const cseg_binning *b, int32_t type, size_t bin, double highest) {
    int64_t low = key_of(b->lo, type), high = key_of(highest, type);
    while (low < high) {
        const int64_t middle = high - (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
        if (cseg_binning_index(b, value_of(middle, type)) <= bin)
            low = middle;
        else
            high = middle - 1;
    }
    return value_of(low, type);
}

/* Integers get a bin for each value where that takes no more than `bins`. */
static cseg_binning binning_for(int32_t type, double lo, double hi, size_t bins) {
    if (type != CELLSEG_FLOAT32 && type != CELLSEG_FLOAT64 && hi - lo < (double)bins)
        return cseg_binning_of(lo, hi + 1, (size_t)(hi - lo) + 1);
    return cseg_binning_of(lo, hi, bins);
}

static cellseg_status partition_histogram(partition *p, double *thresholds, size_t count, const uint64_t *counts,
                                          const cseg_binning *binning, int32_t type, double hi) {
    accumulate(p, counts);
    CSEG_TRY(optimise(p, count));
    size_t bin = 0;
    for (size_t i = 0; i < count; i++) {
        bin = p->cut[(count - i) * (p->bins + 1) + bin];
        thresholds[i] = last_value(binning, type, bin - 1, hi);
    }
    return CELLSEG_OK;
}

static cellseg_status thresholds_of(cellseg_context *context, double *thresholds, size_t count, const uint64_t *counts,
                                    const cseg_binning *binning, int32_t type, double hi) {
    const size_t row = binning->bins + 1;
    cellseg_status status = CELLSEG_OK;
    double *numbers = cseg_memory_alloc(context, (count + 3) * row, sizeof *numbers);
    uint32_t *cut = cseg_memory_alloc(context, (count + 1) * row, sizeof *cut);
    if (numbers == NULL || cut == NULL)
        status = cseg_error_last();
    else {
        partition p = {context, binning->bins, numbers, numbers + row, numbers + 2 * row, cut};
        status = partition_histogram(&p, thresholds, count, counts, binning, type, hi);
    }
    cseg_memory_free(cut);
    cseg_memory_free(numbers);
    return status;
}

/* What is to be split: a plane, within a mask; or a store. */
typedef struct samples {
    const cseg_plane *plane, *mask;
    const cseg_store *store;
    int32_t type;
} samples;

static cellseg_status range_of(cellseg_context *context, double *lo, double *hi, const samples *s) {
    return s->store != NULL ? cseg_histogram_range_stored(context, lo, hi, s->store)
                            : cseg_histogram_range_masked(context, lo, hi, s->plane, s->mask);
}

static cellseg_status split(cellseg_context *context, double *thresholds, size_t count, const cseg_binning *binning, double hi,
                            const samples *s) {
    uint64_t *counts = cseg_memory_alloc(context, binning->bins, sizeof *counts);
    if (counts == NULL)
        return cseg_error_last();
    cellseg_status status = s->store != NULL ? cseg_histogram_count_stored(context, counts, binning, s->store)
                                             : cseg_histogram_count_masked(context, counts, binning, s->plane, s->mask);
    if (status == CELLSEG_OK)
        status = thresholds_of(context, thresholds, count, counts, binning, s->type, hi);
    cseg_memory_free(counts);
    return status;
}

static cellseg_status find(cellseg_context *context, double *thresholds, size_t count, size_t bins, const samples *s) {
    assert(count >= 1 && count <= MAX_THRESHOLDS && bins >= 2 && bins <= MAX_BINS);
    double lo, hi;
    CSEG_TRY(range_of(context, &lo, &hi, s));
    if (lo > hi)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "Otsu: the mask leaves no pixel");
    if (lo == hi) {
        for (size_t i = 0; i < count; i++)
            thresholds[i] = lo;
        return CELLSEG_OK;
    }
    const cseg_binning binning = binning_for(s->type, lo, hi, bins);
    if (!isfinite(binning.scale))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "Otsu: pixels from %g to %g lie too close together for %zu bins", lo, hi, bins);
    return split(context, thresholds, count, &binning, hi, s);
}

cellseg_status cseg_otsu_find(cellseg_context *context, double *thresholds, size_t count, size_t bins, const cseg_plane *from,
                              const cseg_plane *mask) {
    const samples s = {from, mask, NULL, from->type};
    return find(context, thresholds, count, bins, &s);
}

cellseg_status cseg_otsu_find_stored(cellseg_context *context, double *thresholds, size_t count, size_t bins,
                                     const cseg_store *from) {
    const samples s = {NULL, NULL, from, from->type};
    return find(context, thresholds, count, bins, &s);
}
