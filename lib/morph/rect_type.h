/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sliding extreme and the transpose for one sample type. rect.c includes this once per type with SAMPLE (the type), LANES
 * (samples in 16 bytes), LOWEST, HIGHEST and NAME(x).
 */

/* Take row in: keep a copy for the next block's suffixes, and extend the running prefix. */
static inline void NAME(take)(SAMPLE *restrict copy, SAMPLE *restrict run, const SAMPLE *restrict row, size_t columns,
                              bool most) {
    for (size_t x = 0; x < columns; x++) {
        const SAMPLE v = row[x];
        copy[x] = v;
        run[x] = most ? (run[x] > v ? run[x] : v) : (run[x] < v ? run[x] : v);
    }
}

static inline void NAME(pick)(SAMPLE *restrict out, const SAMPLE *restrict a, const SAMPLE *restrict b, size_t columns,
                              bool most) {
    for (size_t x = 0; x < columns; x++)
        out[x] = most ? (a[x] > b[x] ? a[x] : b[x]) : (a[x] < b[x] ? a[x] : b[x]);
}

static inline void NAME(suffixes)(SAMPLE *block, size_t window, size_t columns, bool most) {
    for (size_t r = window - 1; r-- > 0;) {
        SAMPLE *row = block + r * columns;
        for (size_t x = 0; x < columns; x++) {
            const SAMPLE v = row[x], below = row[x + columns];
            row[x] = most ? (v > below ? v : below) : (v < below ? v : below);
        }
    }
}

static inline void NAME(fill)(SAMPLE *row, size_t columns, bool most) {
    for (size_t x = 0; x < columns; x++)
        row[x] = most ? LOWEST : HIGHEST;
}

/* See slide() in rect.c; `most` is a constant wherever this is inlined. */
static inline __attribute__((always_inline)) void NAME(slide_columns)(const strip *s, bool most) {
    const size_t window = s->before + s->after + 1, columns = s->columns;
    SAMPLE *now = s->scratch, *next = now + window * columns, *run = next + window * columns;
    for (size_t r = 0; r < window; r++)
        if (r < s->before || r - s->before >= s->height)
            NAME(fill)(now + r * columns, columns, most);
        else
            memcpy(now + r * columns, s->from + (r - s->before) * s->from_stride, columns * sizeof(SAMPLE));
    NAME(suffixes)(now, window, columns, most);
    for (size_t y = 0; y < s->height; y += window) {
        memcpy(s->to + y * s->to_stride, now, columns * sizeof(SAMPLE));
        NAME(fill)(run, columns, most);
        for (size_t r = 1; r <= window; r++) {
            const size_t row = y + s->after + r;
            SAMPLE *copy = next + (r - 1) * columns;
            if (row < s->height)
                NAME(take)(copy, run, (const SAMPLE *)(const void *)(s->from + row * s->from_stride), columns, most);
            else
                NAME(fill)(copy, columns, most);
            if (r < window && y + r < s->height)
                NAME(pick)((SAMPLE *)(void *)(s->to + (y + r) * s->to_stride), now + r * columns, run, columns, most);
        }
        NAME(suffixes)(next, window, columns, most);
        SAMPLE *swap = now;
        now = next;
        next = swap;
    }
}

static void NAME(slide)(const strip *s, bool most) {
    if (most)
        NAME(slide_columns)(s, true);
    else
        NAME(slide_columns)(s, false);
}

/* One LANES x LANES tile: log2(LANES) rounds of interleaving rows i and i + LANES / 2. */
static inline void NAME(transpose_tile)(char *to, size_t to_stride, const char *from, size_t from_stride) {
    SAMPLE a[LANES][LANES], b[LANES][LANES];
    for (size_t i = 0; i < LANES; i++)
        memcpy(a[i], from + i * from_stride, sizeof a[i]);
    for (size_t step = LANES; step > 1; step /= 2) {
        for (size_t i = 0; i < LANES / 2; i++)
            for (size_t k = 0; k < LANES / 2; k++) {
                b[2 * i][2 * k] = a[i][k];
                b[2 * i][2 * k + 1] = a[i + LANES / 2][k];
                b[2 * i + 1][2 * k] = a[i][k + LANES / 2];
                b[2 * i + 1][2 * k + 1] = a[i + LANES / 2][k + LANES / 2];
            }
        memcpy(a, b, sizeof a);
    }
    for (size_t i = 0; i < LANES; i++)
        memcpy(to + i * to_stride, a[i], sizeof a[i]);
}

static void NAME(transpose)(char *to, size_t to_stride, const char *from, size_t from_stride, size_t height, size_t width) {
    const size_t tiled_height = height - height % LANES, tiled_width = width - width % LANES;
    for (size_t x = 0; x < tiled_width; x += LANES)
        for (size_t y = 0; y < tiled_height; y += LANES)
            NAME(transpose_tile)
    (to + x * to_stride + y * sizeof(SAMPLE), to_stride, from + y * from_stride + x * sizeof(SAMPLE), from_stride);
    for (size_t x = 0; x < width; x++)
        for (size_t y = x < tiled_width ? tiled_height : 0; y < height; y++)
            memcpy(to + x * to_stride + y * sizeof(SAMPLE), from + y * from_stride + x * sizeof(SAMPLE), sizeof(SAMPLE));
}

static void NAME(subtract)(char *to, const char *from, const char *opened, size_t columns) {
    SAMPLE *out = (SAMPLE *)(void *)to;
    const SAMPLE *a = (const SAMPLE *)(const void *)from, *b = (const SAMPLE *)(const void *)opened;
    for (size_t x = 0; x < columns; x++)
        out[x] = (SAMPLE)(a[x] - b[x]);
}

#undef SAMPLE
#undef LANES
#undef LOWEST
#undef HIGHEST
#undef NAME
