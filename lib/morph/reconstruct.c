/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grey reconstruction (Vincent 1993): repeated erosion of the marker by one pixel, never below the limit, until nothing changes.
 * Dilation is erosion of the negated images.
 *
 * Samples become order-preserving keys of 32 or 64 bits (keys.h). The image is cut into strips of rows. A strip settles by one
 * raster and one anti-raster scan and a queue for the remaining pixels (Vincent's hybrid algorithm), lowest first (Robinson and
 * Whelan 2004). First all even strips run side by side, then all odd ones, which read the edge rows of their settled neighbours.
 * A strip runs again when a neighbour's edge row has sunk. The result is the one greatest fixed point, whatever the order. Cost:
 * two scans and the queue; a strip stays in the cache. Memory: two planes of keys.
 */
#include "morph/reconstruct.h"
#include "morph/bands.h"
#include "morph/keys.h"
#include "morph/morph.h"

#include <string.h>

enum { STRIP_ROWS = 64, BUCKETS = 2048, NONE = 0, BLOCK = 64 };

static size_t strip_count_of(const cseg_plane *plane) {
    return (plane->height + STRIP_ROWS - 1) / STRIP_ROWS;
}
static size_t strip_begin(size_t strip) {
    return strip * STRIP_ROWS;
}
static size_t strip_end(size_t strip, size_t height) {
    const size_t end = (strip + 1) * STRIP_ROWS;
    return end < height ? end : height;
}

/* Keys lie in [low, low + BUCKETS << shift), walls apart. */
typedef struct key_range {
    int64_t low;
    unsigned shift;
} key_range;

typedef struct key_kernels {
    cseg_task_fn range_of_strip, settle_strip;
} key_kernels;

typedef struct rec_job {
    cellseg_context *context;
    const key_kernels *kernels;
    const cseg_plane *keys, *limit; /* both of one type of keys */
    int32_t connectivity;
    key_range range;
    size_t parity;
    uint8_t *pending; /* by strip: 0 settled, 1 a neighbour's edge sank, 2 never run */
    uint8_t *sank;    /* by strip: bit 0 its first row, bit 1 its last row */
} rec_job;

typedef struct extremes {
    int64_t low, high;
} extremes;

typedef struct range_job {
    const rec_job *job;
    extremes *found; /* by strip */
} range_job;

/* ---- the worklist ---- */

typedef struct waiting {
    uint32_t y, x, next; /* next in the same bucket, or NONE */
} waiting;

/*
 * Pixels that may still lower a neighbour. Any order gives the same result. Lowest first, each pixel is lowered about once; last
 * in, first out, the pixels of noise are lowered thousands of times. So: buckets by key, first in, first out within a bucket.
 */
typedef struct worklist {
    waiting *item; /* from 1 on */
    size_t count, capacity;
    uint32_t released; /* items free for use, a list like a bucket's */
    size_t lowest;     /* all buckets before it are empty */
    uint32_t first[BUCKETS], last[BUCKETS];
} worklist;

static size_t bucket_of(const key_range *range, int64_t key) {
    return (size_t)(((uint64_t)key - (uint64_t)range->low) >> range->shift);
}

static cellseg_status grow(worklist *list, cellseg_context *context) {
    const size_t capacity = list->capacity == 0 ? 1024 : 2 * list->capacity;
    waiting *item = cseg_memory_alloc(context, capacity, sizeof *item);
    if (item == NULL)
        return cseg_error_last();
    if (list->capacity > 0)
        memcpy(item, list->item, list->count * sizeof *item);
    cseg_memory_free(list->item);
    list->item = item;
    list->capacity = capacity;
    return CELLSEG_OK;
}

static void worklist_open(worklist *list) {
    list->item = NULL;
    list->count = 1;
    list->capacity = 0;
    list->released = NONE;
    list->lowest = BUCKETS;
    memset(list->first, 0, sizeof list->first);
}

static cellseg_status push(const rec_job *job, worklist *list, size_t y, size_t x, int64_t key) {
    uint32_t place = list->released;
    if (place != NONE)
        list->released = list->item[place].next;
    else {
        if (list->count >= list->capacity)
            CSEG_TRY(grow(list, job->context));
        place = (uint32_t)list->count++;
    }
    list->item[place] = (waiting){(uint32_t)y, (uint32_t)x, NONE};
    const size_t bucket = bucket_of(&job->range, key);
    if (list->first[bucket] == NONE)
        list->first[bucket] = place;
    else
        list->item[list->last[bucket]].next = place;
    list->last[bucket] = place;
    list->lowest = bucket < list->lowest ? bucket : list->lowest;
    return CELLSEG_OK;
}

/* False when the list is empty. */
static bool pop(worklist *list, size_t *y, size_t *x) {
    while (list->lowest < BUCKETS && list->first[list->lowest] == NONE)
        list->lowest++;
    if (list->lowest == BUCKETS)
        return false;
    const uint32_t place = list->first[list->lowest];
    waiting *item = &list->item[place];
    list->first[list->lowest] = item->next;
    item->next = list->released;
    list->released = place;
    *y = item->y;
    *x = item->x;
    return true;
}

/* ---- for each type of keys ---- */

#define KEY int32_t
#define WALL CSEG_KEYS_WALL_32
#define LOWEST INT32_MIN
#define NAME(x) x##_32
#include "morph/reconstruct_body.h"

#define KEY int64_t
#define WALL CSEG_KEYS_WALL_64
#define LOWEST INT64_MIN
#define NAME(x) x##_64
#include "morph/reconstruct_body.h"

static const key_kernels kernels_32 = {range_of_strip_32, settle_strip_32}, kernels_64 = {range_of_strip_64, settle_strip_64};

/* ---- the whole ---- */

static cellseg_status find_range(rec_job *job) {
    const size_t strips = strip_count_of(job->keys);
    range_job ranges = {job, cseg_memory_alloc(job->context, strips, sizeof *ranges.found)};
    if (ranges.found == NULL)
        return cseg_error_last();
    const cellseg_status status = cseg_parallel_for(job->context, strips, job->kernels->range_of_strip, &ranges);
    extremes e = {INT64_MAX, INT64_MIN};
    for (size_t strip = 0; strip < strips && status == CELLSEG_OK; strip++) {
        e.low = ranges.found[strip].low < e.low ? ranges.found[strip].low : e.low;
        e.high = ranges.found[strip].high > e.high ? ranges.found[strip].high : e.high;
    }
    cseg_memory_free(ranges.found);
    job->range = (key_range){e.low, 0};
    while (e.high > e.low && ((uint64_t)e.high - (uint64_t)e.low) >> job->range.shift >= BUCKETS)
        job->range.shift++;
    return status;
}

/* Mark the neighbours of strips whose edge rows sank; false when all strips are settled. */
static bool mark_neighbours(const rec_job *job, size_t strips) {
    bool any = false;
    for (size_t s = job->parity; s < strips; s += 2) {
        job->pending[s] = 0;
        if ((job->sank[s] & 1) != 0 && s > 0 && job->pending[s - 1] == 0)
            job->pending[s - 1] = 1;
        if ((job->sank[s] & 2) != 0 && s + 1 < strips && job->pending[s + 1] == 0)
            job->pending[s + 1] = 1;
    }
    for (size_t s = 0; s < strips; s++)
        any = any || job->pending[s] != 0;
    return any;
}

static cellseg_status settle_strips(rec_job *job) {
    const size_t strips = strip_count_of(job->keys);
    bool more = true;
    for (; more; job->parity ^= 1) {
        CSEG_TRY(cseg_parallel_for(job->context, (strips + 1 - job->parity) / 2, job->kernels->settle_strip, job));
        more = mark_neighbours(job, strips);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_reconstruction_keys(cellseg_context *context, const cseg_plane *keys, const cseg_plane *limit,
                                        int32_t connectivity) {
    assert(keys->type == limit->type && (keys->type == CSEG_KEYS_32 || keys->type == CSEG_KEYS_64));
    const size_t strips = strip_count_of(keys);
    rec_job job = {.context = context, .keys = keys, .limit = limit, .connectivity = connectivity};
    job.kernels = keys->type == CSEG_KEYS_32 ? &kernels_32 : &kernels_64;
    job.pending = cseg_memory_alloc(context, 2 * strips, 1);
    if (job.pending == NULL)
        return cseg_error_last();
    memset(job.pending, 2, strips);
    job.sank = job.pending + strips;
    cellseg_status status = find_range(&job);
    if (status == CELLSEG_OK)
        status = settle_strips(&job);
    cseg_memory_free(job.pending);
    return status;
}

/* ---- images ---- */

static cellseg_status reconstruct_into(cellseg_context *context, const cseg_plane *to, const cseg_plane *keys,
                                       const cseg_plane *limit_keys, const cseg_plane *marker, const cseg_plane *limit,
                                       int32_t connectivity, bool reversed) {
    const cseg_key_rule limit_rule = {.reversed = reversed}, marker_rule = {.reversed = reversed, .floor = limit_keys};
    CSEG_TRY(cseg_keys_encode(context, limit_keys, limit, &limit_rule));
    CSEG_TRY(cseg_keys_encode(context, keys, marker, &marker_rule));
    CSEG_TRY(cseg_reconstruction_keys(context, keys, limit_keys, connectivity));
    return cseg_keys_decode(context, to, keys, reversed);
}

static cellseg_status reconstruct(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                  const cseg_plane *limit, int32_t connectivity, bool reversed) {
    assert(to->type == marker->type && to->type == limit->type && cseg_plane_same_size(to, marker) &&
           cseg_plane_same_size(to, limit));
    cseg_plane keys, own = {0}, limit_keys = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&limit_keys, context, cseg_keys_type(to->type), limit->height, limit->width));
    CSEG_TRY_GOTO(done, cseg_keys_place(&keys, &own, context, to));
    status = reconstruct_into(context, to, &keys, &limit_keys, marker, limit, connectivity, reversed);
done:
    cseg_plane_free(&limit_keys);
    cseg_plane_free(&own);
    return status;
}

cellseg_status cseg_reconstruction_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                         const cseg_plane *limit, int32_t connectivity) {
    return reconstruct(context, to, marker, limit, connectivity, false);
}

cellseg_status cseg_reconstruction_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                          const cseg_plane *limit, int32_t connectivity) {
    return reconstruct(context, to, marker, limit, connectivity, true);
}
