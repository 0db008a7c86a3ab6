/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Priority flood of one component (Meyer 1994; Beucher and Meyer 1993), in exact order of (relief, time of entry).
 *
 * A radix sort ranks the component's distinct relief values once; then each rank has a first-in first-out queue, and a tree of
 * 64-way bit masks finds the lowest rank that is not empty. A queue is a ring through the pixels' own cells; only the tail is
 * stored, so that the flood takes little more than 8 bytes per pixel. Cost: linear; a push or pop costs a few
 * memory accesses.
 */
#include "morph/flood.h"

#include <string.h>

enum { LEVELS = 6, POLL = 1 << 16, FEW = 48, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };
#define EMPTY UINT32_MAX

typedef struct queues {
    uint32_t *cell;
    uint32_t *tail;          /* by rank: the last pixel, or EMPTY */
    uint64_t *level[LEVELS]; /* level[0]: a bit per rank; above: a bit per word that is not 0 */
    size_t levels;
    size_t waiting;
} queues;

/* ---- ranks ---- */

static cellseg_status poll(const cseg_flood *flood, double fraction) {
    return flood->alone ? cseg_progress_poll(flood->context, fraction) : cseg_progress_cancelled(flood->context);
}

/* Poll once in POLL pixels, of which `more` have been handled since the last call. */
static cellseg_status pace(const cseg_flood *flood, size_t *handled, size_t more, double fraction) {
    *handled += more;
    if (*handled < POLL)
        return CELLSEG_OK;
    *handled = 0;
    return poll(flood, fraction);
}

#define WRITE_KEYS(sample, key_of)                                                                                               \
    for (size_t x = run.begin; x < run.end; x++) {                                                                               \
        const sample value = ((const sample *)relief)[x];                                                                        \
        key[x] = (key_of);                                                                                                       \
    }

/* Keys rise with the relief; -0 and 0 have one key. */
static void write_keys(uint32_t *key, const void *relief, int32_t type, cseg_run run) {
    const uint32_t sign = 0x80000000U;
    switch (type) {
    case CELLSEG_UINT8:
        WRITE_KEYS(uint8_t, value)
        break;
    case CELLSEG_UINT16:
        WRITE_KEYS(uint16_t, value)
        break;
    case CELLSEG_INT16:
        WRITE_KEYS(int16_t, (uint32_t)value ^ sign)
        break;
    case CELLSEG_UINT32:
        WRITE_KEYS(uint32_t, value)
        break;
    case CELLSEG_INT32:
        WRITE_KEYS(int32_t, (uint32_t)value ^ sign)
        break;
    default:
        assert(type == CELLSEG_FLOAT32);
        WRITE_KEYS(float, (uint32_t)cseg_order_of_float(value + 0.0F) ^ sign)
    }
}

/* Write keys into the cells, and the cells of the pixels into `pixel` in raster order. */
static cellseg_status gather(const cseg_flood *flood, const cseg_region *region, uint32_t *pixel) {
    size_t n = 0, handled = 0;
    for (cseg_step s = cseg_region_begin(region); s.run != REGION_END; s = cseg_region_next(region, s)) {
        const cseg_run run = region->runs->run[s.run];
        const size_t first = (s.y + 1) * flood->stride + 1;
        write_keys(flood->cell + first, cseg_row_at(flood->relief, s.y), flood->relief->type, run);
        for (size_t x = run.begin; x < run.end; x++)
            pixel[n++] = (uint32_t)(first + x);
        CSEG_TRY(pace(flood, &handled, run.end - run.begin, 0));
    }
    return CELLSEG_OK;
}

static void insertion_sort(const uint32_t *cell, uint32_t *pixel, size_t n) {
    for (size_t i = 1; i < n; i++) {
        const uint32_t own = pixel[i], key = cell[own];
        size_t k = i;
        for (; k > 0 && cell[pixel[k - 1]] > key; k--)
            pixel[k] = pixel[k - 1];
        pixel[k] = own;
    }
}

/* A range of the list whose keys are low + (0 ... 2^bits - 1), and the end of each digit's range. */
typedef struct digits {
    uint32_t end[DIGITS];
    uint32_t low;
    unsigned shift;
} digits;

static inline uint32_t digit_of(const digits *d, const uint32_t *cell, uint32_t pixel) {
    return (cell[pixel] - d->low) >> d->shift;
}

static cellseg_status count_digits(const cseg_flood *flood, digits *d, const uint32_t *pixel, size_t n) {
    for (size_t i = 0; i < n;) {
        for (const size_t end = n - i < POLL ? n : i + POLL; i < end; i++)
            d->end[digit_of(d, flood->cell, pixel[i])]++;
        if (i < n)
            CSEG_TRY(poll(flood, 0.1));
    }
    return CELLSEG_OK;
}

/* Move every pixel to its digit's range: each move displaces a pixel that moves next. */
static cellseg_status permute(const cseg_flood *flood, const digits *d, uint32_t *pixel, uint32_t next[DIGITS], size_t *handled) {
    for (uint32_t digit = 0; digit < DIGITS; digit++)
        while (next[digit] < d->end[digit]) {
            uint32_t moving = pixel[next[digit]];
            for (uint32_t own; (own = digit_of(d, flood->cell, moving)) != digit;) {
                const uint32_t place = next[own]++, other = pixel[place];
                pixel[place] = moving;
                moving = other;
                CSEG_TRY(pace(flood, handled, 1, 0.1)); /* one chain of moves may go through all pixels */
            }
            pixel[next[digit]++] = moving;
            CSEG_TRY(pace(flood, handled, 1, 0.1));
        }
    return CELLSEG_OK;
}

/* Sort pixels by key, in place; pixels of equal keys in any order. Highest digit first (McIlroy, Bostic and McIlroy 1993). */
static cellseg_status sort(const cseg_flood *flood, uint32_t *pixel, size_t n, uint32_t low, unsigned bits,
                           size_t *handled) { // NOLINT(misc-no-recursion)
    if (n <= FEW) {
        insertion_sort(flood->cell, pixel, n);
        return pace(flood, handled, n, 0.15);
    }
    if (bits == 0)
        return CELLSEG_OK;
    digits d = {.low = low, .shift = bits > DIGIT_BITS ? bits - DIGIT_BITS : 0};
    uint32_t next[DIGITS], sum = 0;
    CSEG_TRY(count_digits(flood, &d, pixel, n));
    for (size_t digit = 0; digit < DIGITS; digit++) {
        next[digit] = sum;
        sum += d.end[digit];
        d.end[digit] = sum;
    }
    CSEG_TRY(permute(flood, &d, pixel, next, handled));
    for (uint32_t digit = 0, begin = 0; digit < DIGITS; begin = d.end[digit++])
        CSEG_TRY(sort(flood, pixel + begin, d.end[digit] - begin, low + (digit << d.shift), d.shift, handled));
    return CELLSEG_OK;
}

static cellseg_status sort_all(const cseg_flood *flood, uint32_t *pixel, size_t n) {
    uint32_t low = UINT32_MAX, high = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t key = flood->cell[pixel[i]];
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    unsigned bits = 0;
    size_t handled = 0;
    while (bits < 32 && (high - low) >> bits != 0)
        bits++;
    return sort(flood, pixel, n, low, bits, &handled);
}

/* Replace each cell's key by the rank of its value; *ranks: the number of distinct values. */
static cellseg_status rank(const cseg_flood *flood, size_t *ranks, const uint32_t *sorted, size_t n) {
    uint32_t *cell = flood->cell;
    uint32_t next = 0, key = cell[sorted[0]];
    for (size_t i = 0; i < n;) {
        for (const size_t end = n - i < POLL ? n : i + POLL; i < end; i++) {
            const uint32_t own = cell[sorted[i]];
            next += own != key;
            key = own;
            cell[sorted[i]] = next;
        }
        CSEG_TRY(poll(flood, 0.2));
    }
    *ranks = (size_t)next + 1;
    return CELLSEG_OK;
}

/* ---- queues ---- */

static void queues_place(queues *q, uint32_t *cell, uint32_t *tail, uint32_t *masks, size_t ranks) {
    *q = (queues){.cell = cell, .tail = tail};
    memset(tail, 0xff, ranks * sizeof *tail);
    uint64_t *next = (uint64_t *)(void *)masks;
    size_t words = ranks;
    do {
        words = (words + 63) / 64;
        q->level[q->levels++] = next;
        memset(next, 0, words * sizeof *next);
        next += words;
    } while (words > 1);
}

static inline void push(queues *q, uint32_t pixel, uint32_t rank_of_pixel) {
    const uint32_t tail = q->tail[rank_of_pixel];
    q->tail[rank_of_pixel] = pixel;
    q->waiting++;
    if (tail != EMPTY) {
        q->cell[pixel] = q->cell[tail];
        q->cell[tail] = pixel | CELL_TAKEN;
        return;
    }
    q->cell[pixel] = pixel | CELL_TAKEN;
    size_t bit = rank_of_pixel;
    for (size_t i = 0; i < q->levels; i++, bit /= 64) {
        uint64_t *word = &q->level[i][bit / 64];
        const bool known = *word != 0;
        *word |= 1ULL << (bit % 64);
        if (known)
            break;
    }
}

static inline uint32_t lowest(const queues *q) {
    size_t bit = 0;
    for (size_t i = q->levels; i-- > 0;)
        bit = bit * 64 + (size_t)__builtin_ctzll(q->level[i][bit]);
    return (uint32_t)bit;
}

static inline uint32_t pop(queues *q) {
    const uint32_t r = lowest(q), tail = q->tail[r], head = q->cell[tail] & ~CELL_TAKEN;
    q->waiting--;
    if (head != tail) {
        q->cell[tail] = q->cell[head];
        return head;
    }
    q->tail[r] = EMPTY;
    size_t bit = r;
    for (size_t i = 0; i < q->levels; i++, bit /= 64) {
        uint64_t *word = &q->level[i][bit / 64];
        *word &= ~(1ULL << (bit % 64));
        if (*word != 0)
            break;
    }
    return head;
}

/* ---- the flood ---- */

typedef struct neighbour {
    ptrdiff_t cell, label_bytes;
} neighbour;

/* In the order of entry: up, left, right, down, then the diagonals row by row. */
static size_t neighbours_of(const cseg_flood *flood, neighbour *out) {
    static const int8_t dy[] = {-1, 0, 0, 1, -1, -1, 1, 1}, dx[] = {0, -1, 1, 0, -1, 1, -1, 1};
    const size_t count = (size_t)flood->connectivity;
    for (size_t i = 0; i < count; i++) {
        out[i].cell = dy[i] * (ptrdiff_t)flood->stride + dx[i];
        out[i].label_bytes = dy[i] * (ptrdiff_t)flood->labels->stride + dx[i] * (ptrdiff_t)sizeof(uint32_t);
    }
    return count;
}

static cellseg_status push_seeds(const cseg_flood *flood, const cseg_region *region, queues *q) {
    size_t handled = 0;
    for (cseg_step s = cseg_region_begin(region); s.run != REGION_END; s = cseg_region_next(region, s)) {
        const cseg_run run = region->runs->run[s.run];
        const uint32_t *labels = cseg_row_u32(flood->labels, s.y);
        const size_t first = (s.y + 1) * flood->stride + 1;
        for (size_t x = run.begin; x < run.end; x++)
            if (labels[x] != 0)
                push(q, (uint32_t)(first + x), flood->cell[first + x]);
        CSEG_TRY(pace(flood, &handled, run.end - run.begin, 0.2));
    }
    return CELLSEG_OK;
}

/* The label of all labelled neighbours; 0 for two labels. */
static uint32_t shared_label(const cseg_flood *flood, uint32_t pixel, const char *label, const neighbour *around, size_t count) {
    uint32_t shared = 0;
    for (size_t i = 0; i < count; i++) {
        if (flood->cell[(size_t)((ptrdiff_t)pixel + around[i].cell)] == CELL_OUTSIDE)
            continue;
        uint32_t other;
        memcpy(&other, label + around[i].label_bytes, sizeof other);
        if (other != 0 && shared != 0 && other != shared)
            return 0;
        shared = other != 0 ? other : shared;
    }
    return shared;
}

static void spread(const cseg_flood *flood, queues *q, const neighbour *around, size_t count) {
    const uint32_t pixel = pop(q), stride = (uint32_t)flood->stride;
    const uint32_t y = (pixel - 1) / stride - 1, x = (pixel - 1) % stride;
    char *label = (char *)(cseg_row_u32(flood->labels, y) + x);
    uint32_t own;
    memcpy(&own, label, sizeof own);
    if (flood->lines && own == 0) {
        own = shared_label(flood, pixel, label, around, count);
        if (own == 0)
            return;
        memcpy(label, &own, sizeof own);
    }
    for (size_t i = 0; i < count; i++) {
        const uint32_t other = (uint32_t)((ptrdiff_t)pixel + around[i].cell), r = flood->cell[other];
        if ((r & CELL_TAKEN) != 0)
            continue;
        if (!flood->lines)
            memcpy(label + around[i].label_bytes, &own, sizeof own);
        push(q, other, r);
    }
}

/* The masks for as many ranks as pixels, in uint32: each level has a 64th of the bits of the level below, rounded up. */
static size_t masks_of(size_t pixels) {
    return 2 * (pixels / 63 + LEVELS);
}

size_t cseg_flood_scratch(size_t pixels) {
    return masks_of(pixels) + pixels;
}

cellseg_status cseg_flood_region(const cseg_flood *flood, const cseg_region *region, uint32_t *scratch) {
    const size_t n = region->pixels;
    uint32_t *pixel = scratch + masks_of(n);
    CSEG_TRY(gather(flood, region, pixel));
    CSEG_TRY(sort_all(flood, pixel, n));
    queues q;
    size_t ranks;
    CSEG_TRY(rank(flood, &ranks, pixel, n));
    queues_place(&q, flood->cell, pixel, scratch, ranks); /* the tails overwrite the list, which is no longer used */
    CSEG_TRY(push_seeds(flood, region, &q));
    neighbour around[8];
    const size_t count = neighbours_of(flood, around);
    for (size_t done = 0; q.waiting > 0;) {
        for (size_t i = 0; i < POLL && q.waiting > 0; i++, done++)
            spread(flood, &q, around, count);
        CSEG_TRY(poll(flood, 0.2 + 0.8 * (double)done / (double)n));
    }
    return CELLSEG_OK;
}
