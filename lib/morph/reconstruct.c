/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grey reconstruction (Vincent 1993): the marker is eroded again and again, one pixel at a time, but never below the limit, until
 * nothing changes. Dilation is erosion of the negated images.
 *
 * Samples become order-preserving int32 keys (keys.c). The image is cut into strips of rows; a strip is brought to rest by one
 * raster and one anti-raster scan and a queue for what is left (Vincent's hybrid algorithm), lowest first (Robinson and Whelan
 * 2004), first all even strips side by side, then all odd ones, reading their resting neighbours' edge rows; a strip runs again
 * when a neighbour's edge row has sunk. The result is the one greatest fixed point, whatever the order. Cost: two scans and the
 * queue; a strip fits the cache. Memory: two int32 planes.
 */
#include "morph/reconstruct.h"
#include "morph/bands.h"
#include "morph/keys.h"
#include "morph/morph.h"

#include <string.h>

enum { STRIP_ROWS = 64, BUCKETS = 2048, NONE = 0, BLOCK = 64 };

/* Keys lie in [low, low + BUCKETS << shift), walls apart. */
typedef struct key_range {
    int32_t low;
    unsigned shift;
} key_range;

typedef struct waiting {
    uint32_t y, x, next; /* next in the same bucket, or NONE */
} waiting;

/*
 * Pixels that may still lower a neighbour. Any order gives the same result; lowest first, each is lowered about once, and last
 * in, first out, noise would be lowered thousands of times. So: buckets by key, within each first in, first out.
 */
typedef struct worklist {
    waiting *item; /* from 1 on */
    size_t count, capacity;
    uint32_t released; /* items free for use, a list like a bucket's */
    size_t lowest;     /* no bucket before it holds anything */
    uint32_t first[BUCKETS], last[BUCKETS];
} worklist;

typedef struct rec_job {
    cellseg_context *context;
    const cseg_plane *keys, *limit; /* int32 */
    int32_t connectivity;
    key_range range;
    size_t parity;
    uint8_t *pending; /* by strip: 0 rests, 1 a neighbour's edge sank, 2 never visited */
    uint8_t *sank;    /* by strip: bit 0 its first row, bit 1 its last row */
} rec_job;

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}
static int32_t greatest(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static size_t strips_of(const cseg_plane *plane) {
    return (plane->height + STRIP_ROWS - 1) / STRIP_ROWS;
}

/* ---- the range of keys ---- */

typedef struct extremes {
    int32_t low, high;
} extremes;

typedef struct range_job {
    const rec_job *job;
    extremes *found; /* by strip */
} range_job;

static cellseg_status range_of_strip(void *data, size_t strip) {
    const range_job *job = data;
    const cseg_plane *keys = job->job->keys, *limit = job->job->limit;
    const size_t begin = strip * STRIP_ROWS, end = begin + STRIP_ROWS < keys->height ? begin + STRIP_ROWS : keys->height;
    extremes e = {CSEG_KEY_WALL, INT32_MIN};
    for (size_t y = begin; y < end; y++) {
        const int32_t *key = cseg_keys_row(keys, y), *low = cseg_keys_row(limit, y);
        for (size_t x = 0; x < keys->width; x++) {
            const int32_t high = key[x] == CSEG_KEY_WALL ? INT32_MIN : key[x];
            e.low = least(e.low, low[x]);
            e.high = greatest(e.high, high);
        }
    }
    job->found[strip] = e;
    return CELLSEG_OK;
}

static cellseg_status find_range(rec_job *job) {
    const size_t strips = strips_of(job->keys);
    range_job ranges = {job, cseg_memory_alloc(job->context, strips, sizeof *ranges.found)};
    if (ranges.found == NULL)
        return cseg_error_last();
    const cellseg_status status = cseg_parallel_for(job->context, strips, range_of_strip, &ranges);
    extremes e = {CSEG_KEY_WALL, INT32_MIN};
    for (size_t strip = 0; strip < strips && status == CELLSEG_OK; strip++) {
        e.low = least(e.low, ranges.found[strip].low);
        e.high = greatest(e.high, ranges.found[strip].high);
    }
    cseg_memory_free(ranges.found);
    job->range = (key_range){e.low, 0};
    while (e.high > e.low && ((uint32_t)e.high - (uint32_t)e.low) >> job->range.shift >= BUCKETS)
        job->range.shift++;
    return status;
}

/* ---- the worklist ---- */

static size_t bucket_of(const key_range *range, int32_t key) {
    return (size_t)(((uint32_t)key - (uint32_t)range->low) >> range->shift);
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

static cellseg_status push(const rec_job *job, worklist *list, size_t y, size_t x, int32_t key) {
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

/* ---- scans ---- */

/* row = min(row, the three or one nearest of other): the vector part of a scan. */
static void sink_from(int32_t *restrict row, const int32_t *restrict other, size_t width, int32_t connectivity) {
    if (connectivity == 4 || width == 1) {
        for (size_t x = 0; x < width; x++)
            row[x] = least(row[x], other[x]);
        return;
    }
    row[0] = least(row[0], least(other[0], other[1]));
    for (size_t x = 1; x + 1 < width; x++)
        row[x] = least(row[x], least(other[x], least(other[x - 1], other[x + 1])));
    row[width - 1] = least(row[width - 1], least(other[width - 1], other[width - 2]));
}

static void sweep_right(int32_t *row, const int32_t *limit, size_t width) {
    int32_t left = INT32_MAX;
    for (size_t x = 0; x < width; x++)
        row[x] = left = greatest(limit[x], least(row[x], left));
}

static void sweep_left(int32_t *row, const int32_t *limit, size_t width) {
    int32_t right = INT32_MAX;
    for (size_t x = width; x-- > 0;)
        row[x] = right = greatest(limit[x], least(row[x], right));
}

/* Could the pixel at (y, x) sink if a neighbour of height `key` stood beside it? */
static bool sinks(const rec_job *job, size_t y, size_t x, int32_t key) {
    const int32_t own = cseg_keys_row(job->keys, y)[x];
    return own > key && own > cseg_keys_row(job->limit, y)[x];
}

/*
 * Does any of the pixels [begin, end), not the row's first or last, stand above its limit and above one of the three of `row`
 * beside it? Nearly everywhere none does, and in vectors that is soon known.
 */
static bool any_sinks(const int32_t *key, const int32_t *limit, const int32_t *row, size_t begin, size_t end) {
    uint32_t any = 0;
    for (size_t x = begin; x < end; x++) {
        const int32_t beside = least(row[x], least(row[x - 1], row[x + 1]));
        any |= (uint32_t)(key[x] > greatest(limit[x], beside));
    }
    return any != 0;
}

/* The next column from x on where row y may lower a pixel of row `other`: those of a block without any are skipped. */
static size_t skip_resting(const rec_job *job, size_t y, size_t other, size_t x) {
    const int32_t *key = cseg_keys_row(job->keys, other), *limit = cseg_keys_row(job->limit, other);
    const int32_t *row = cseg_keys_row(job->keys, y);
    while (x >= 2 && x + BLOCK + 2 <= job->keys->width && !any_sinks(key, limit, row, x - 1, x + BLOCK + 1))
        x += BLOCK;
    return x;
}

/* Push the pixels of row y that can lower one of row `other`, beside it. */
static cellseg_status push_edge(const rec_job *job, worklist *list, size_t y, size_t other) {
    const size_t width = job->keys->width;
    const int32_t *row = cseg_keys_row(job->keys, y);
    for (size_t x = 0; x < width; x++) {
        if (x % BLOCK == 2)
            x = skip_resting(job, y, other, x);
        bool needed = sinks(job, other, x, row[x]);
        if (job->connectivity == 8) {
            needed = needed || (x > 0 && sinks(job, other, x - 1, row[x]));
            needed = needed || (x + 1 < width && sinks(job, other, x + 1, row[x]));
        }
        if (needed)
            CSEG_TRY(push(job, list, y, x, row[x]));
    }
    return CELLSEG_OK;
}

static cellseg_status push_along(const rec_job *job, worklist *list, size_t y) {
    const int32_t *row = cseg_keys_row(job->keys, y);
    for (size_t x = 0; x + 1 < job->keys->width; x++) {
        if (x % BLOCK == 2)
            x = skip_resting(job, y, y, x);
        if (sinks(job, y, x + 1, row[x]))
            CSEG_TRY(push(job, list, y, x, row[x]));
    }
    return CELLSEG_OK;
}

/* Both scans of the strip [begin, end), then what they left undone onto the list. */
static cellseg_status scan(const rec_job *job, worklist *list, size_t begin, size_t end) {
    const size_t width = job->keys->width, height = job->keys->height;
    for (size_t y = begin; y < end; y++) {
        int32_t *row = cseg_keys_row(job->keys, y);
        if (y > 0)
            sink_from(row, cseg_keys_row(job->keys, y - 1), width, job->connectivity);
        sweep_right(row, cseg_keys_row(job->limit, y), width);
    }
    for (size_t y = end; y-- > begin;) {
        int32_t *row = cseg_keys_row(job->keys, y);
        if (y + 1 < height)
            sink_from(row, cseg_keys_row(job->keys, y + 1), width, job->connectivity);
        sweep_left(row, cseg_keys_row(job->limit, y), width);
        CSEG_TRY(push_along(job, list, y));
        if (y + 1 < end)
            CSEG_TRY(push_edge(job, list, y, y + 1));
    }
    return CELLSEG_OK;
}

static cellseg_status lower(const rec_job *job, worklist *list, size_t y, size_t x, int32_t key, uint8_t *sank, size_t begin,
                            size_t end) {
    if (!sinks(job, y, x, key))
        return CELLSEG_OK;
    const int32_t lowered = greatest(key, cseg_keys_row(job->limit, y)[x]);
    cseg_keys_row(job->keys, y)[x] = lowered;
    *sank |= (uint8_t)((y == begin) | (y + 1 == end) << 1);
    return push(job, list, y, x, lowered);
}

static cellseg_status empty_list(const rec_job *job, worklist *list, size_t begin, size_t end, uint8_t *sank) {
    const size_t width = job->keys->width;
    for (size_t y, x; pop(list, &y, &x);) {
        const int32_t key = cseg_keys_row(job->keys, y)[x];
        const size_t top = y > begin ? y - 1 : begin, bottom = y + 1 < end ? y + 1 : end - 1;
        const size_t left = x > 0 ? x - 1 : 0, right = x + 1 < width ? x + 1 : x;
        for (size_t v = top; v <= bottom; v++)
            for (size_t u = left; u <= right; u++)
                if (job->connectivity == 8 || v == y || u == x)
                    CSEG_TRY(lower(job, list, v, u, key, sank, begin, end));
    }
    return CELLSEG_OK;
}

static cellseg_status settle_strip(void *data, size_t index) {
    const rec_job *job = data;
    const size_t strip = 2 * index + job->parity, begin = strip * STRIP_ROWS, height = job->keys->height;
    const size_t end = begin + STRIP_ROWS < height ? begin + STRIP_ROWS : height;
    const uint8_t pending = job->pending[strip];
    job->sank[strip] = 0;
    if (pending == 0)
        return CELLSEG_OK;
    worklist list;
    worklist_open(&list);
    cellseg_status status = CELLSEG_OK;
    if (pending == 2) {
        job->sank[strip] = 3;
        CSEG_TRY_GOTO(done, scan(job, &list, begin, end));
    }
    if (begin > 0)
        CSEG_TRY_GOTO(done, push_edge(job, &list, begin - 1, begin));
    if (end < height)
        CSEG_TRY_GOTO(done, push_edge(job, &list, end, end - 1));
    CSEG_TRY_GOTO(done, empty_list(job, &list, begin, end, &job->sank[strip]));
done:
    cseg_memory_free(list.item);
    return status;
}

/* Wake the neighbours of strips whose edge rows sank; false when all rest. */
static bool wake_neighbours(const rec_job *job, size_t strips) {
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
    const size_t strips = strips_of(job->keys);
    bool more = true;
    for (; more; job->parity ^= 1) {
        CSEG_TRY(cseg_parallel_for(job->context, (strips + 1 - job->parity) / 2, settle_strip, job));
        more = wake_neighbours(job, strips);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_reconstruction_keys(cellseg_context *context, const cseg_plane *keys, const cseg_plane *limit,
                                        int32_t connectivity) {
    const size_t strips = strips_of(keys);
    rec_job job = {.context = context, .keys = keys, .limit = limit, .connectivity = connectivity};
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
    cseg_plane limit_keys = {0}, own = {0};
    const cseg_plane *keys = to->type == CELLSEG_FLOAT32 ? to : &own;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&limit_keys, context, CELLSEG_FLOAT32, limit->height, limit->width));
    if (keys == &own)
        CSEG_TRY_GOTO(done, cseg_plane_new(&own, context, CELLSEG_FLOAT32, limit->height, limit->width));
    status = reconstruct_into(context, to, keys, &limit_keys, marker, limit, connectivity, reversed);
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
