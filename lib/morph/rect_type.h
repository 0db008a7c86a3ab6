/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sliding extreme and the transpose for one sample type. rect.c includes this once per type with SAMPLE (the type), LANES
 * (samples in 16 bytes), INDEX (an integer as wide), LOW_HALVES and HIGH_HALVES (which samples of two vectors interleave their
 * halves), LOWEST, HIGHEST and NAME(x).
 */

/* Take row in: keep a copy for the next block's suffixes, and extend the running prefix. */
static ALWAYS_INLINE void NAME(take)(SAMPLE *restrict copy, SAMPLE *restrict run, const SAMPLE *restrict row, size_t columns,
                                     bool most) {
    for (size_t x = 0; x < columns; x++) {
        const SAMPLE v = row[x];
        copy[x] = v;
        run[x] = most ? (run[x] > v ? run[x] : v) : (run[x] < v ? run[x] : v);
    }
}

static ALWAYS_INLINE void NAME(pick)(SAMPLE *restrict out, const SAMPLE *restrict a, const SAMPLE *restrict b, size_t columns,
                                     bool most) {
    for (size_t x = 0; x < columns; x++)
        out[x] = most ? (a[x] > b[x] ? a[x] : b[x]) : (a[x] < b[x] ? a[x] : b[x]);
}

static ALWAYS_INLINE void NAME(suffixes)(SAMPLE *block, size_t window, size_t columns, bool most) {
    for (size_t r = window - 1; r-- > 0;) {
        SAMPLE *row = block + r * columns;
        for (size_t x = 0; x < columns; x++) {
            const SAMPLE v = row[x], below = row[x + columns];
            row[x] = most ? (v > below ? v : below) : (v < below ? v : below);
        }
    }
}

static ALWAYS_INLINE void NAME(fill)(SAMPLE *row, size_t columns, bool most) {
    for (size_t x = 0; x < columns; x++)
        row[x] = most ? LOWEST : HIGHEST;
}

static ALWAYS_INLINE void NAME(subtract)(SAMPLE *to, const SAMPLE *minuend, const SAMPLE *row, size_t columns, bool black) {
    for (size_t x = 0; x < columns; x++)
        to[x] = (SAMPLE)(black ? row[x] - minuend[x] : minuend[x] - row[x]);
}

/* Row y of the result: the extreme of two rows of scratch, or what it leaves of the minuend. */
static ALWAYS_INLINE void NAME(put)(const strip *s, size_t y, const SAMPLE *a, const SAMPLE *b, SAMPLE *line, size_t columns,
                                    bool most) {
    SAMPLE *to = (SAMPLE *)(void *)(s->to + y * s->to_stride);
    if (s->minuend == NULL) {
        NAME(pick)(to, a, b, columns, most);
        return;
    }
    NAME(pick)(line, a, b, columns, most);
    NAME(subtract)(to, (const SAMPLE *)(const void *)(s->minuend + y * s->minuend_stride), line, columns, s->black);
}

/* See `strip` in rect.c; `most`, and mostly `columns`, are constants wherever this is inlined. */
static ALWAYS_INLINE void NAME(slide_columns)(const strip *s, size_t columns, bool most) {
    const size_t window = s->before + s->after + 1;
    SAMPLE *now = s->scratch, *next = now + window * columns, *run = next + window * columns, *line = run + columns;
    for (size_t r = 0; r < window; r++)
        if (r < s->before || r - s->before >= s->height)
            NAME(fill)(now + r * columns, columns, most);
        else
            memcpy(now + r * columns, s->from + (r - s->before) * s->from_stride, columns * sizeof(SAMPLE));
    NAME(suffixes)(now, window, columns, most);
    for (size_t y = 0; y < s->height; y += window) {
        NAME(put)(s, y, now, now, line, columns, most);
        NAME(fill)(run, columns, most);
        for (size_t r = 1; r <= window; r++) {
            const size_t row = y + s->after + r;
            SAMPLE *copy = next + (r - 1) * columns;
            if (row + AHEAD < s->height)
                prefetch(s->from + (row + AHEAD) * s->from_stride, columns * sizeof(SAMPLE));
            if (row < s->height)
                NAME(take)(copy, run, (const SAMPLE *)(const void *)(s->from + row * s->from_stride), columns, most);
            else
                NAME(fill)(copy, columns, most);
            if (r < window && y + r < s->height)
                NAME(put)(s, y + r, now + r * columns, run, line, columns, most);
        }
        NAME(suffixes)(next, window, columns, most);
        SAMPLE *swap = now;
        now = next;
        next = swap;
    }
}

static ALWAYS_INLINE void NAME(slide_any)(const strip *s, bool most) {
    if (s->columns == STRIP_BYTES / sizeof(SAMPLE) && most)
        NAME(slide_columns)(s, STRIP_BYTES / sizeof(SAMPLE), true);
    else if (s->columns == STRIP_BYTES / sizeof(SAMPLE))
        NAME(slide_columns)(s, STRIP_BYTES / sizeof(SAMPLE), false);
    else
        NAME(slide_columns)(s, s->columns, most);
}

static void NAME(slide)(const strip *s, bool most) {
    NAME(slide_any)(s, most);
}

/* The same code for vectors of 32 bytes, where the processor has them. */
static AVX2 void NAME(slide_avx2)(const strip *s, bool most) {
    NAME(slide_any)(s, most);
}

/* One LANES x LANES tile: log2(LANES) rounds of interleaving rows i and i + LANES / 2. */
static inline void NAME(transpose_tile)(char *to, size_t to_stride, const char *from, size_t from_stride) {
    typedef SAMPLE vector __attribute__((vector_size(16)));
    vector a[LANES], b[LANES];
    for (size_t i = 0; i < LANES; i++)
        memcpy(&a[i], from + i * from_stride, 16);
    for (size_t step = LANES; step > 1; step /= 2) {
        for (size_t i = 0; i < LANES / 2; i++) {
            b[2 * i] = SHUFFLE(INDEX, a[i], a[i + LANES / 2], LOW_HALVES);
            b[2 * i + 1] = SHUFFLE(INDEX, a[i], a[i + LANES / 2], HIGH_HALVES);
        }
        memcpy(a, b, sizeof a);
    }
    for (size_t i = 0; i < LANES; i++)
        memcpy(to + i * to_stride, &a[i], 16);
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

#undef SAMPLE
#undef LANES
#undef INDEX
#undef LOW_HALVES
#undef HIGH_HALVES
#undef LOWEST
#undef HIGHEST
#undef NAME
