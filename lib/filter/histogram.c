/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Range and histogram: slabs of rows are counted by themselves and summed in order. Cost: one pass over the samples each.
 */
#include "filter/histogram.h"

#include "filter/filter.h"
#include "filter/filter_kernels.h"
#include "filter/slabs.h"

#include <math.h>
#include <string.h>

/* ---- range ---- */

typedef struct extremes {
    double lo, hi;
} extremes;

typedef struct range_job {
    const cseg_plane *from, *mask;
    cseg_slabs slabs;
    extremes *found; /* one for each slab */
} range_job;

/* A comparison with NaN is false, so that NaN is ignored. fmin() and fmax() are calls, which do not vectorise. */
static inline double lower(double value, double lo) {
    return value <= lo ? value : lo;
}
static inline double higher(double value, double hi) {
    return value >= hi ? value : hi;
}

/* Sixteen extremes side by side let the compiler vectorise the loop. gcc's -O3 would unroll the loops before, into five times the
 * instructions and twice the time. */
#define ROLLED _Pragma("GCC unroll 1")
#define DEFINE_RANGE(name, type)                                                                                                 \
    static void range_##name(extremes *e, const void *row, const uint8_t *mask, size_t width) {                                  \
        enum { LANES = 16 };                                                                                                     \
        const type *values = row;                                                                                                \
        size_t x = 0;                                                                                                            \
        if (mask == NULL && width >= LANES) {                                                                                    \
            type lo[LANES], hi[LANES];                                                                                           \
            memcpy(lo, values, sizeof lo);                                                                                       \
            memcpy(hi, values, sizeof hi);                                                                                       \
            for (; x + LANES <= width; x += LANES)                                                                               \
                ROLLED for (size_t j = 0; j < LANES; j++) {                                                                      \
                    lo[j] = values[x + j] < lo[j] ? values[x + j] : lo[j];                                                       \
                    hi[j] = values[x + j] > hi[j] ? values[x + j] : hi[j];                                                       \
                }                                                                                                                \
            ROLLED for (size_t j = 0; j < LANES; j++) {                                                                          \
                e->lo = lower((double)lo[j], e->lo);                                                                             \
                e->hi = higher((double)hi[j], e->hi);                                                                            \
            }                                                                                                                    \
        }                                                                                                                        \
        ROLLED for (; x < width; x++) if (mask == NULL || mask[x] != 0) {                                                        \
            e->lo = lower((double)values[x], e->lo);                                                                             \
            e->hi = higher((double)values[x], e->hi);                                                                            \
        }                                                                                                                        \
    }
DEFINE_RANGE(u8, uint8_t)
DEFINE_RANGE(u16, uint16_t)
DEFINE_RANGE(u32, uint32_t)
DEFINE_RANGE(f32, float)
DEFINE_RANGE(i16, int16_t)
DEFINE_RANGE(i32, int32_t)
DEFINE_RANGE(f64, double)

static cellseg_status range_of_slab(void *data, size_t slab) {
    const range_job *job = data;
    extremes e = {INFINITY, -INFINITY};
    const size_t end = cseg_slabs_end(job->slabs, slab, job->from->height);
    for (size_t y = slab * job->slabs.rows; y < end; y++) {
        const void *row = cseg_row_at(job->from, y);
        const uint8_t *mask = job->mask != NULL ? cseg_row_u8(job->mask, y) : NULL;
        switch (job->from->type) {
        case CELLSEG_UINT8:
            range_u8(&e, row, mask, job->from->width);
            break;
        case CELLSEG_UINT16:
            range_u16(&e, row, mask, job->from->width);
            break;
        case CELLSEG_UINT32:
            range_u32(&e, row, mask, job->from->width);
            break;
        case CELLSEG_INT16:
            range_i16(&e, row, mask, job->from->width);
            break;
        case CELLSEG_INT32:
            range_i32(&e, row, mask, job->from->width);
            break;
        case CELLSEG_FLOAT32:
            range_f32(&e, row, mask, job->from->width);
            break;
        default:
            assert(job->from->type == CELLSEG_FLOAT64);
            range_f64(&e, row, mask, job->from->width);
        }
    }
    job->found[slab] = e;
    return CELLSEG_OK;
}

cellseg_status cseg_histogram_range_masked(cellseg_context *context, double *lo, double *hi, const cseg_plane *from,
                                           const cseg_plane *mask) {
    range_job job = {.from = from, .mask = mask, .slabs = cseg_slabs_of(from)};
    job.found = cseg_memory_alloc(context, job.slabs.count, sizeof *job.found);
    if (job.found == NULL)
        return cseg_error_last();
    const cellseg_status status = cseg_parallel_for(context, job.slabs.count, range_of_slab, &job);
    extremes e = {INFINITY, -INFINITY};
    for (size_t slab = 0; status == CELLSEG_OK && slab < job.slabs.count; slab++) {
        e.lo = lower(job.found[slab].lo, e.lo);
        e.hi = higher(job.found[slab].hi, e.hi);
    }
    *lo = e.lo;
    *hi = e.hi;
    cseg_memory_free(job.found);
    return status;
}

cellseg_status cseg_histogram_range(cellseg_context *context, double *lo, double *hi, const cseg_plane *from) {
    return cseg_histogram_range_masked(context, lo, hi, from, NULL);
}

cellseg_status cseg_histogram_range_stored(cellseg_context *context, double *lo, double *hi, const cseg_store *from) {
    const size_t rows = cseg_store_band_rows(from);
    *lo = INFINITY;
    *hi = -INFINITY;
    for (size_t top = 0; top < from->height; top += rows) {
        cseg_part band;
        double low, high;
        CSEG_TRY(cseg_part_open_rows(&band, from, top, rows));
        const cellseg_status status = cseg_histogram_range(context, &low, &high, &band.plane);
        cseg_part_close(&band);
        if (status != CELLSEG_OK)
            return status;
        *lo = lower(low, *lo);
        *hi = higher(high, *hi);
    }
    return CELLSEG_OK;
}

/* ---- histogram ---- */

/* Neighbours are often equal: four tables in turn, so that an increment does not wait for the last one. */
enum { TABLES = 4, CHUNK = 512 };

typedef struct histogram_job {
    const cseg_plane *from, *mask;
    const cseg_binning *binning;
    const cseg_filter_kernels *kernels;
    cseg_slabs slabs;
    uint64_t *counts; /* slabs x TABLES x (bins + 1): the last bin of each table counts the samples outside [lo, hi] */
} histogram_job;

static void discard_unmasked(uint32_t *bins, const uint8_t *mask, size_t count, uint32_t out) {
    for (size_t i = 0; i < count; i++)
        bins[i] = mask[i] != 0 ? bins[i] : out;
}

static void count_bins(uint64_t *counts, size_t table, const uint32_t *bins, size_t count) {
    uint64_t *second = counts + table, *third = second + table, *fourth = third + table;
    size_t i = 0;
    for (; i + TABLES <= count; i += TABLES) {
        counts[bins[i]]++;
        second[bins[i + 1]]++;
        third[bins[i + 2]]++;
        fourth[bins[i + 3]]++;
    }
    for (; i < count; i++)
        counts[bins[i]]++;
}

static void count_row(uint64_t *counts, const histogram_job *job, size_t y) {
    const size_t width = job->from->width, sample = cseg_plane_type_size(job->from->type);
    const char *row = cseg_row_at(job->from, y);
    uint32_t bins[CHUNK];
    for (size_t left = 0; left < width; left += CHUNK) {
        const size_t count = width - left < CHUNK ? width - left : CHUNK;
        job->kernels->bins[job->from->type](bins, row + left * sample, count, job->binning);
        if (job->mask != NULL)
            discard_unmasked(bins, cseg_row_u8(job->mask, y) + left, count, (uint32_t)job->binning->bins);
        count_bins(counts, job->binning->bins + 1, bins, count);
    }
}

static cellseg_status histogram_of_slab(void *data, size_t slab) {
    const histogram_job *job = data;
    const size_t size = TABLES * (job->binning->bins + 1);
    uint64_t *counts = job->counts + slab * size;
    memset(counts, 0, size * sizeof *counts);
    const size_t end = cseg_slabs_end(job->slabs, slab, job->from->height);
    for (size_t y = slab * job->slabs.rows; y < end; y++)
        count_row(counts, job, y);
    return CELLSEG_OK;
}

cellseg_status cseg_histogram_count_masked(cellseg_context *context, uint64_t *counts, const cseg_binning *binning,
                                           const cseg_plane *from, const cseg_plane *mask) {
    histogram_job job = {.from = from,
                         .mask = mask,
                         .binning = binning,
                         .kernels = cseg_filter_kernels_select(cellseg_context_cpu_level(context)),
                         .slabs = cseg_slabs_of(from)};
    const size_t table = binning->bins + 1, tables = job.slabs.count * TABLES;
    job.counts = cseg_memory_alloc(context, tables, table * sizeof *job.counts);
    if (job.counts == NULL)
        return cseg_error_last();
    const cellseg_status status = cseg_parallel_for(context, job.slabs.count, histogram_of_slab, &job);
    memset(counts, 0, binning->bins * sizeof *counts);
    for (size_t t = 0; status == CELLSEG_OK && t < tables; t++)
        for (size_t bin = 0; bin < binning->bins; bin++)
            counts[bin] += job.counts[t * table + bin];
    cseg_memory_free(job.counts);
    return status;
}

cellseg_status cseg_histogram_count(cellseg_context *context, uint64_t *counts, size_t bins, double lo, double hi,
                                    const cseg_plane *from) {
    assert(bins >= 1 && bins <= 65536 && lo < hi);
    const cseg_binning binning = cseg_binning_of(lo, hi, bins);
    return cseg_histogram_count_masked(context, counts, &binning, from, NULL);
}

cellseg_status cseg_histogram_count_stored(cellseg_context *context, uint64_t *counts, const cseg_binning *binning,
                                           const cseg_store *from) {
    const size_t rows = cseg_store_band_rows(from);
    uint64_t *own = cseg_memory_alloc(context, binning->bins, sizeof *own);
    cellseg_status status = own != NULL ? CELLSEG_OK : cseg_error_last();
    memset(counts, 0, binning->bins * sizeof *counts);
    for (size_t top = 0; status == CELLSEG_OK && top < from->height; top += rows) {
        cseg_part band;
        status = cseg_part_open_rows(&band, from, top, rows);
        if (status == CELLSEG_OK)
            status = cseg_histogram_count_masked(context, own, binning, &band.plane, NULL);
        cseg_part_close(&band);
        for (size_t bin = 0; status == CELLSEG_OK && bin < binning->bins; bin++)
            counts[bin] += own[bin];
    }
    cseg_memory_free(own);
    return status;
}
