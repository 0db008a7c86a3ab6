/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels for one pixel type. morph_kernels_body.h includes this header once per type with SAMPLE (the type), DIFFERENCE (the
 * type of differences, as large as SAMPLE), LOWEST, HIGHEST and NAME(x). */

INLINE_BODY SAMPLE NAME(extreme)(SAMPLE a, SAMPLE b, bool max) {
    return max ? (a > b ? a : b) : (a < b ? a : b);
}

INLINE_BODY void NAME(extremes)(SAMPLE *restrict out, const SAMPLE *restrict a, const SAMPLE *restrict b, size_t n, bool max) {
    EACH (x, n)
        out[x] = NAME(extreme)(a[x], b[x], max);
}

INLINE_BODY void NAME(keep)(SAMPLE *restrict out, const SAMPLE *restrict in, size_t n, bool max) {
    EACH (x, n)
        out[x] = NAME(extreme)(in[x], out[x], max);
}

INLINE_BODY void NAME(fill)(SAMPLE *row, size_t n, bool max) {
    EACH (x, n)
        row[x] = max ? LOWEST : HIGHEST;
}

/* ---- the sliding extreme; see rect.c ---- */

/* Copy a row for the next block's suffixes, and extend the running prefix by it. */
INLINE_BODY void NAME(take)(SAMPLE *restrict copy, SAMPLE *restrict run, const SAMPLE *restrict row, size_t columns, bool max) {
    EACH (x, columns) {
        const SAMPLE v = row[x];
        copy[x] = v;
        run[x] = NAME(extreme)(run[x], v, max);
    }
}

INLINE_BODY void NAME(suffixes)(SAMPLE *block, size_t window, size_t columns, bool max) {
    for (size_t r = window - 1; r-- > 0;) {
        SAMPLE *row = block + r * columns;
        EACH (x, columns)
            row[x] = NAME(extreme)(row[x], row[x + columns], max);
    }
}

/* No difference is negative, and unsigned samples hold all of them. */
INLINE_BODY void NAME(subtract)(DIFFERENCE *to, const SAMPLE *minuend, const SAMPLE *row, size_t columns, bool black) {
    const SAMPLE *from = black ? row : minuend, *less = black ? minuend : row;
    EACH (x, columns)
        to[x] = (DIFFERENCE)((DIFFERENCE)from[x] - (DIFFERENCE)less[x]);
}

/* A strip that is not full has loops of unknown length. They are functions of their own: inlined into slide(), they would take
 * twice the space. */
#define STEP(step, parameters, ...)                                                                                              \
    TARGET static __attribute__((noinline)) void NAME(any_##step) parameters {                                                   \
        NAME(step)(__VA_ARGS__);                                                                                                 \
    }                                                                                                                            \
    INLINE_BODY void NAME(strip_##step) parameters {                                                                             \
        if (columns == CSEG_MORPH_STRIP_BYTES / sizeof(SAMPLE))                                                                  \
            NAME(step)(__VA_ARGS__);                                                                                             \
        else                                                                                                                     \
            NAME(any_##step)(__VA_ARGS__);                                                                                       \
    }
STEP(extremes, (SAMPLE * out, const SAMPLE *a, const SAMPLE *b, size_t columns, bool max), out, a, b, columns, max)
STEP(suffixes, (SAMPLE * block, size_t window, size_t columns, bool max), block, window, columns, max)
STEP(fill, (SAMPLE * row, size_t columns, bool max), row, columns, max)
STEP(take, (SAMPLE * copy, SAMPLE *run, const SAMPLE *row, size_t columns, bool max), copy, run, row, columns, max)
STEP(subtract, (DIFFERENCE * to, const SAMPLE *minuend, const SAMPLE *row, size_t columns, bool black), to, minuend, row, columns,
     black)
#undef STEP

/* Row y of the result: the extreme of two rows of scratch, or its difference from the minuend. */
INLINE_BODY void NAME(put)(const cseg_morph_strip *s, size_t y, const SAMPLE *a, const SAMPLE *b, SAMPLE *line, size_t columns,
                           bool max) {
    void *to = s->to + y * s->to_stride;
    NAME(strip_extremes)(s->minuend == NULL ? to : line, a, b, columns, max);
    if (s->minuend != NULL)
        NAME(strip_subtract)(to, (const SAMPLE *)(const void *)(s->minuend + y * s->minuend_stride), line, columns, s->black);
}

/* max, and most often `columns`, is a constant where this is inlined. */
INLINE_BODY void NAME(slide_columns)(const cseg_morph_strip *s, size_t columns, bool max) {
    const size_t window = s->before + s->after + 1;
    SAMPLE *now = s->scratch, *next = now + window * columns, *run = next + window * columns, *line = run + columns;
    for (size_t r = 0; r < window; r++)
        if (r < s->before || r - s->before >= s->height)
            NAME(strip_fill)(now + r * columns, columns, max);
        else
            memcpy(now + r * columns, s->from + (r - s->before) * s->from_stride, columns * sizeof(SAMPLE));
    NAME(strip_suffixes)(now, window, columns, max);
    for (size_t y = 0; y < s->height; y += window) {
        NAME(strip_fill)(run, columns, max);
        for (size_t r = 0; r < window; r++) {
            const size_t row = y + s->after + r + 1;
            SAMPLE *copy = next + r * columns;
            if (y + r < s->height)
                NAME(put)(s, y + r, now + r * columns, run, line, columns, max);
            if (row + PREFETCH_ROWS < s->height)
                prefetch(s->from + (row + PREFETCH_ROWS) * s->from_stride, columns * sizeof(SAMPLE));
            if (row < s->height)
                NAME(strip_take)(copy, run, (const SAMPLE *)(const void *)(s->from + row * s->from_stride), columns, max);
            else
                NAME(strip_fill)(copy, columns, max);
        }
        NAME(strip_suffixes)(next, window, columns, max);
        SAMPLE *swap = now;
        now = next;
        next = swap;
    }
}

TARGET static void NAME(slide)(const cseg_morph_strip *s, bool max) {
    enum { COLUMNS = CSEG_MORPH_STRIP_BYTES / sizeof(SAMPLE) };
    if (s->columns == COLUMNS && max)
        NAME(slide_columns)(s, COLUMNS, true);
    else if (s->columns == COLUMNS)
        NAME(slide_columns)(s, COLUMNS, false);
    else
        NAME(slide_columns)(s, s->columns, max);
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

/* ---- the extreme around each sample of a tile; see rect.c ---- */

/* Row r of the tile and its surroundings; neutral outside the image. */
TARGET static void NAME(copy_row)(SAMPLE *line, const cseg_morph_tile *t, size_t r, bool max) {
    const size_t outside = t->left - t->columns_left, inside = t->columns_left + t->width + t->columns_right;
    const char *from = t->from + ((ptrdiff_t)r - (ptrdiff_t)t->above) * (ptrdiff_t)t->from_stride;
    NAME(any_fill)(line, outside, max);
    memcpy(line + outside, (const SAMPLE *)(const void *)from - t->columns_left, inside * sizeof(SAMPLE));
    NAME(any_fill)(line + outside + inside, t->right - t->columns_right, max);
}

/* The extremes of windows along a row, by windows of 1, 2, 4 ... samples, each of two halves, and last of two that overlap. */
TARGET static void NAME(along)(SAMPLE *to, SAMPLE *line, SAMPLE *other, const cseg_morph_tile *t, bool max) {
    const size_t length = t->left + t->width + t->right, window = t->left + t->right + 1;
    size_t step = 1;
    for (; 2 * step <= window; step *= 2) {
        NAME(any_extremes)(other, line, line + step, length - 2 * step + 1, max);
        SAMPLE *swap = line;
        line = other;
        other = swap;
    }
    NAME(any_extremes)(to, line, line + window - step, t->width, max);
}

/* Rows first; then the same across rows, whose samples lie side by side. */
TARGET static void NAME(around)(const cseg_morph_tile *t, bool max) {
    const size_t length = t->left + t->width + t->right, window = t->above + t->below + 1, rows = t->above + t->height + t->below;
    SAMPLE *lines = t->scratch, *line = lines + rows * t->width;
    for (size_t r = 0; r < rows; r++)
        if (r < t->above - t->rows_above || r >= t->above + t->height + t->rows_below) {
            NAME(any_fill)(lines + r * t->width, t->width, max);
        } else {
            NAME(copy_row)(line, t, r, max);
            NAME(along)(lines + r * t->width, line, line + length, t, max);
        }
    size_t step = 1;
    for (; 2 * step <= window; step *= 2)
        for (size_t r = 0; r + 2 * step <= rows; r++)
            NAME(merge)(lines + r * t->width, lines + (r + step) * t->width, t->width, max);
    for (size_t y = 0; y < t->height; y++) {
        const SAMPLE *last = lines + (y + window - step) * t->width;
        NAME(any_extremes)((SAMPLE *)(void *)(t->to + y * t->to_stride), lines + y * t->width, last, t->width, max);
    }
}

#undef SAMPLE
#undef DIFFERENCE
#undef LOWEST
#undef HIGHEST
#undef NAME
