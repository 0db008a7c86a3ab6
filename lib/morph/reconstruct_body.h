/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The range of keys of a strip and the settling of a strip, for one type of keys. reconstruct.c includes this header with KEY
 * (int32_t or int64_t), WALL, LOWEST and NAME(x).
 */

static inline KEY NAME(smaller)(KEY a, KEY b) {
    return a < b ? a : b;
}
static inline KEY NAME(larger)(KEY a, KEY b) {
    return a > b ? a : b;
}

static inline KEY *NAME(row)(const cseg_plane *keys, size_t y) {
    return (KEY *)cseg_row_at(keys, y);
}

/* ---- the range of keys ---- */

static cellseg_status NAME(range_of_strip)(void *data, size_t strip) {
    const range_job *job = data;
    const cseg_plane *keys = job->job->keys, *limit = job->job->limit;
    KEY lowest = WALL, highest = LOWEST;
    for (size_t y = strip_begin(strip); y < strip_end(strip, keys->height); y++) {
        const KEY *key = NAME(row)(keys, y), *low = NAME(row)(limit, y);
        for (size_t x = 0; x < keys->width; x++) {
            const KEY high = key[x] == WALL ? LOWEST : key[x];
            lowest = NAME(smaller)(lowest, low[x]);
            highest = NAME(larger)(highest, high);
        }
    }
    job->found[strip] = (extremes){lowest, highest};
    return CELLSEG_OK;
}

/* ---- scans ---- */

/* row = min(row, the three or one nearest of other): the vector part of a scan. */
static void NAME(sink_from)(KEY *restrict row, const KEY *restrict other, size_t width, int32_t connectivity) {
    if (connectivity == 4 || width == 1) {
        for (size_t x = 0; x < width; x++)
            row[x] = NAME(smaller)(row[x], other[x]);
        return;
    }
    row[0] = NAME(smaller)(row[0], NAME(smaller)(other[0], other[1]));
    for (size_t x = 1; x + 1 < width; x++)
        row[x] = NAME(smaller)(row[x], NAME(smaller)(other[x], NAME(smaller)(other[x - 1], other[x + 1])));
    row[width - 1] = NAME(smaller)(row[width - 1], NAME(smaller)(other[width - 1], other[width - 2]));
}

static void NAME(sweep_right)(KEY *row, const KEY *limit, size_t width) {
    KEY left = WALL;
    for (size_t x = 0; x < width; x++)
        row[x] = left = NAME(larger)(limit[x], NAME(smaller)(row[x], left));
}

static void NAME(sweep_left)(KEY *row, const KEY *limit, size_t width) {
    KEY right = WALL;
    for (size_t x = width; x-- > 0;)
        row[x] = right = NAME(larger)(limit[x], NAME(smaller)(row[x], right));
}

/* Whether the pixel at (y, x) sinks beside a neighbour of height `key`. */
static inline bool NAME(sinks)(const rec_job *job, size_t y, size_t x, KEY key) {
    const KEY own = NAME(row)(job->keys, y)[x];
    return own > key && own > NAME(row)(job->limit, y)[x];
}

/*
 * Whether any of the pixels [begin, end), not the row's first or last, is above its limit and above one of the three neighbours
 * in `row`. Nearly everywhere none is, which a loop in vectors finds fast.
 */
static bool NAME(any_sinks)(const KEY *key, const KEY *limit, const KEY *row, size_t begin, size_t end) {
    uint32_t any = 0;
    for (size_t x = begin; x < end; x++) {
        const KEY beside = NAME(smaller)(row[x], NAME(smaller)(row[x - 1], row[x + 1]));
        any |= (uint32_t)(key[x] > NAME(larger)(limit[x], beside));
    }
    return any != 0;
}

/* The next column from x on where row y may lower a pixel of row `other`; blocks without such a column are skipped. */
static size_t NAME(skip_resting)(const rec_job *job, size_t y, size_t other, size_t x) {
    const KEY *key = NAME(row)(job->keys, other), *limit = NAME(row)(job->limit, other), *row = NAME(row)(job->keys, y);
    while (x >= 2 && x + BLOCK + 2 <= job->keys->width && !NAME(any_sinks)(key, limit, row, x - 1, x + BLOCK + 1))
        x += BLOCK;
    return x;
}

/* Push the pixels of row y that can lower a pixel of the neighbouring row `other`. */
static cellseg_status NAME(push_edge)(const rec_job *job, worklist *list, size_t y, size_t other) {
    const size_t width = job->keys->width;
    const KEY *row = NAME(row)(job->keys, y);
    for (size_t x = 0; x < width; x++) {
        if (x % BLOCK == 2)
            x = NAME(skip_resting)(job, y, other, x);
        bool needed = NAME(sinks)(job, other, x, row[x]);
        if (job->connectivity == 8) {
            needed = needed || (x > 0 && NAME(sinks)(job, other, x - 1, row[x]));
            needed = needed || (x + 1 < width && NAME(sinks)(job, other, x + 1, row[x]));
        }
        if (needed)
            CSEG_TRY(push(job, list, y, x, row[x]));
    }
    return CELLSEG_OK;
}

static cellseg_status NAME(push_along)(const rec_job *job, worklist *list, size_t y) {
    const KEY *row = NAME(row)(job->keys, y);
    for (size_t x = 0; x + 1 < job->keys->width; x++) {
        if (x % BLOCK == 2)
            x = NAME(skip_resting)(job, y, y, x);
        if (NAME(sinks)(job, y, x + 1, row[x]))
            CSEG_TRY(push(job, list, y, x, row[x]));
    }
    return CELLSEG_OK;
}

/* Both scans of the strip [begin, end); the pixels that can still lower a neighbour go onto the list. */
static cellseg_status NAME(scan)(const rec_job *job, worklist *list, size_t begin, size_t end) {
    const size_t width = job->keys->width, height = job->keys->height;
    for (size_t y = begin; y < end; y++) {
        KEY *row = NAME(row)(job->keys, y);
        if (y > 0)
            NAME(sink_from)(row, NAME(row)(job->keys, y - 1), width, job->connectivity);
        NAME(sweep_right)(row, NAME(row)(job->limit, y), width);
    }
    for (size_t y = end; y-- > begin;) {
        KEY *row = NAME(row)(job->keys, y);
        if (y + 1 < height)
            NAME(sink_from)(row, NAME(row)(job->keys, y + 1), width, job->connectivity);
        NAME(sweep_left)(row, NAME(row)(job->limit, y), width);
        CSEG_TRY(NAME(push_along)(job, list, y));
        if (y + 1 < end)
            CSEG_TRY(NAME(push_edge)(job, list, y, y + 1));
    }
    return CELLSEG_OK;
}

/* ---- the list ---- */

static cellseg_status NAME(lower)(const rec_job *job, worklist *list, size_t y, size_t x, KEY key, uint8_t *sank, size_t begin,
                                  size_t end) {
    if (!NAME(sinks)(job, y, x, key))
        return CELLSEG_OK;
    const KEY lowered = NAME(larger)(key, NAME(row)(job->limit, y)[x]);
    NAME(row)(job->keys, y)[x] = lowered;
    *sank |= (uint8_t)((y == begin) | (y + 1 == end) << 1);
    return push(job, list, y, x, lowered);
}

static cellseg_status NAME(empty_list)(const rec_job *job, worklist *list, size_t begin, size_t end, uint8_t *sank) {
    const size_t width = job->keys->width;
    for (size_t y, x; pop(list, &y, &x);) {
        const KEY key = NAME(row)(job->keys, y)[x];
        const size_t top = y > begin ? y - 1 : begin, bottom = y + 1 < end ? y + 1 : end - 1;
        const size_t left = x > 0 ? x - 1 : 0, right = x + 1 < width ? x + 1 : x;
        for (size_t v = top; v <= bottom; v++)
            for (size_t u = left; u <= right; u++)
                if (job->connectivity == 8 || v == y || u == x)
                    CSEG_TRY(NAME(lower)(job, list, v, u, key, sank, begin, end));
    }
    return CELLSEG_OK;
}

static cellseg_status NAME(settle_strip)(void *data, size_t index) {
    const rec_job *job = data;
    const size_t strip = 2 * index + job->parity, height = job->keys->height;
    const size_t begin = strip_begin(strip), end = strip_end(strip, height);
    const uint8_t pending = job->pending[strip];
    job->sank[strip] = 0;
    if (pending == 0)
        return CELLSEG_OK;
    worklist list;
    worklist_open(&list);
    cellseg_status status = CELLSEG_OK;
    if (pending == 2) {
        job->sank[strip] = 3;
        CSEG_TRY_GOTO(done, NAME(scan)(job, &list, begin, end));
    }
    if (begin > 0)
        CSEG_TRY_GOTO(done, NAME(push_edge)(job, &list, begin - 1, begin));
    if (end < height)
        CSEG_TRY_GOTO(done, NAME(push_edge)(job, &list, end, end - 1));
    CSEG_TRY_GOTO(done, NAME(empty_list)(job, &list, begin, end, &job->sank[strip]));
done:
    cseg_memory_free(list.item);
    return status;
}

#undef KEY
#undef WALL
#undef LOWEST
#undef NAME
