/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels for one pixel type. morph_kernels_body.h includes this header once per type with SAMPLE (the type), DIFFERENCE (the
 * type of differences, as large as SAMPLE), LOWEST, HIGHEST and NAME(x). */

INLINE_BODY SAMPLE NAME(extreme)(SAMPLE a, SAMPLE b, bool max) {
    return max ? (a > b ? a : b) : (a < b ? a : b);
}

INLINE_BODY void NAME(extremes)(SAMPLE *restrict out, const SAMPLE *restrict a, const SAMPLE *restrict b, size_t n, bool max) {
    for (size_t x = 0; x < n; x++)
        out[x] = NAME(extreme)(a[x], b[x], max);
}

INLINE_BODY void NAME(fill)(SAMPLE *row, size_t n, bool max) {
    for (size_t x = 0; x < n; x++)
        row[x] = max ? LOWEST : HIGHEST;
}

INLINE_BODY void NAME(keep)(SAMPLE *restrict out, const SAMPLE *restrict in, size_t n, bool max) {
    for (size_t x = 0; x < n; x++)
        out[x] = NAME(extreme)(in[x], out[x], max);
}

/* ---- the sliding extreme; see rect.c ---- */

/* Copy a row for the next block's suffixes, and extend the running prefix by it. */
INLINE_BODY void NAME(take)(SAMPLE *restrict copy, SAMPLE *restrict run, const SAMPLE *restrict row, size_t columns, bool max) {
    for (size_t x = 0; x < columns; x++) {
        const SAMPLE v = row[x];
        copy[x] = v;
        run[x] = NAME(extreme)(run[x], v, max);
    }
}

/* No difference is negative, and unsigned samples hold all of them. */
INLINE_BODY void NAME(subtract)(DIFFERENCE *to, const SAMPLE *minuend, const SAMPLE *row, size_t columns, bool black) {
    for (size_t x = 0; x < columns; x++) {
        const DIFFERENCE a = (DIFFERENCE)minuend[x], b = (DIFFERENCE)row[x];
        to[x] = (DIFFERENCE)(black ? b - a : a - b);
    }
}

INLINE_BODY void NAME(suffixes)(SAMPLE *block, size_t window, size_t columns, bool max) {
    for (size_t r = window - 1; r-- > 0;)
        NAME(keep)(block + r * columns, block + (r + 1) * columns, columns, max);
}

/* A step over a strip is a function of its own, with a loop for each case: the length of a full strip is a constant. Inlined into
 * slide(), where a step comes several times, the loops would take a tenth of the library. `choice`: max, or black. */
#define STEP(step, parameters, ...)                                                                                              \
    TARGET static __attribute__((noinline)) void NAME(step_##step) parameters {                                                  \
        const size_t full = CSEG_MORPH_STRIP_BYTES / sizeof(SAMPLE);                                                             \
        if (columns != full)                                                                                                     \
            NAME(step)(__VA_ARGS__, columns, choice);                                                                            \
        else if (choice)                                                                                                         \
            NAME(step)(__VA_ARGS__, full, true);                                                                                 \
        else                                                                                                                     \
            NAME(step)(__VA_ARGS__, full, false);                                                                                \
    }
STEP(extremes, (SAMPLE * out, const SAMPLE *a, const SAMPLE *b, size_t columns, bool choice), out, a, b)
STEP(suffixes, (SAMPLE * block, size_t window, size_t columns, bool choice), block, window)
STEP(fill, (SAMPLE * row, size_t columns, bool choice), row)
STEP(take, (SAMPLE * copy, SAMPLE *run, const SAMPLE *row, size_t columns, bool choice), copy, run, row)
STEP(subtract, (DIFFERENCE * to, const SAMPLE *minuend, const SAMPLE *row, size_t columns, bool choice), to, minuend, row)
#undef STEP

/* Row y of the result: the extreme of two rows of scratch, or its difference from the minuend. */
TARGET static void NAME(put)(const cseg_morph_strip *s, size_t y, const SAMPLE *a, const SAMPLE *b, SAMPLE *line, bool max) {
    void *to = s->to + y * s->to_stride;
    NAME(step_extremes)(s->minuend == NULL ? to : line, a, b, s->columns, max);
    if (s->minuend != NULL)
        NAME(step_subtract)(to, (const void *)(s->minuend + y * s->minuend_stride), line, s->columns, s->black);
}

TARGET static void NAME(slide)(const cseg_morph_strip *s, bool max) {
    const size_t columns = s->columns, window = s->before + s->after + 1;
    SAMPLE *now = s->scratch, *next = now + window * columns, *run = next + window * columns, *line = run + columns;
    for (size_t r = 0; r < window; r++)
        if (r < s->before || r - s->before >= s->height)
            NAME(step_fill)(now + r * columns, columns, max);
        else
            memcpy(now + r * columns, s->from + (r - s->before) * s->from_stride, columns * sizeof(SAMPLE));
    NAME(step_suffixes)(now, window, columns, max);
    for (size_t y = 0; y < s->height; y += window) {
        NAME(put)(s, y, now, now, line, max);
        NAME(step_fill)(run, columns, max);
        for (size_t r = 1; r <= window; r++) {
            const size_t row = y + s->after + r;
            SAMPLE *copy = next + (r - 1) * columns;
            if (row + PREFETCH_ROWS < s->height)
                prefetch(s->from + (row + PREFETCH_ROWS) * s->from_stride, columns * sizeof(SAMPLE));
            if (row < s->height)
                NAME(step_take)(copy, run, (const SAMPLE *)(const void *)(s->from + row * s->from_stride), columns, max);
            else
                NAME(step_fill)(copy, columns, max);
            if (r < window && y + r < s->height)
                NAME(put)(s, y + r, now + r * columns, run, line, max);
        }
        NAME(step_suffixes)(next, window, columns, max);
        SAMPLE *swap = now;
        now = next;
        next = swap;
    }
}

/* ---- the extreme under a disc; see disc.c ---- */

TARGET static void NAME(clear)(void *row, size_t n, bool max) {
    NAME(fill)(row, n, max);
}

TARGET static void NAME(build)(void *table, const void *row, size_t width, size_t margin, size_t levels, bool max) {
    SAMPLE *level = table;
    const size_t length = width + 2 * margin;
    NAME(fill)(level, length, max);
    memcpy(level + margin, row, width * sizeof(SAMPLE));
    for (size_t k = 1; k < levels; k++, level += length) {
        const size_t step = (size_t)1 << (k - 1);
        NAME(fill)(level + length, length, max);
        if (length > step)
            NAME(extremes)(level + length, level, level + step, length - step, max);
    }
}

/* Two overlapping windows of the table. */
TARGET static void NAME(chord)(void *out, const void *table, size_t width, size_t margin, size_t reach, bool max) {
    const size_t window = 2 * reach + 1;
    size_t k = 0;
    while ((size_t)2 << k <= window)
        k++;
    const SAMPLE *level = (const SAMPLE *)table + k * (width + 2 * margin);
    NAME(extremes)(out, level + margin - reach, level + margin + reach + 1 - ((size_t)1 << k), width, max);
}

TARGET static void NAME(merge)(void *to, const void *chord, size_t width, bool max) {
    NAME(keep)(to, chord, width, max);
}

#undef SAMPLE
#undef DIFFERENCE
#undef LOWEST
#undef HIGHEST
#undef NAME
