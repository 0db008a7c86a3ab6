/* SPDX-License-Identifier: BSD-3-Clause */
/* One row's part in the extreme under a disc, for one sample type. disc.c includes this with SAMPLE, LOWEST, HIGHEST and NAME(x).
 */

static inline void NAME(extreme)(SAMPLE *restrict out, const SAMPLE *restrict a, const SAMPLE *restrict b, size_t n, bool most) {
    for (size_t x = 0; x < n; x++)
        out[x] = most ? (a[x] > b[x] ? a[x] : b[x]) : (a[x] < b[x] ? a[x] : b[x]);
}

static inline void NAME(gather)(SAMPLE *restrict out, const SAMPLE *restrict a, size_t n, bool most) {
    for (size_t x = 0; x < n; x++)
        out[x] = most ? (a[x] > out[x] ? a[x] : out[x]) : (a[x] < out[x] ? a[x] : out[x]);
}

static void NAME(clear)(void *row, size_t n, bool most) {
    for (size_t x = 0; x < n; x++)
        ((SAMPLE *)row)[x] = most ? LOWEST : HIGHEST;
}

/* table[k * length + i]: the extreme of 2^k samples from i on, of the row between two margins of `margin` samples. */
static void NAME(build)(void *table, const void *row, size_t width, size_t margin, size_t levels, bool most) {
    SAMPLE *level = table;
    const size_t length = width + 2 * margin;
    NAME(clear)(level, length, most);
    memcpy(level + margin, row, width * sizeof(SAMPLE));
    for (size_t k = 1; k < levels; k++, level += length) {
        const size_t half = (size_t)1 << (k - 1);
        NAME(clear)(level + length, length, most);
        if (length > half)
            NAME(extreme)(level + length, level, level + half, length - half, most);
    }
}

/* The extreme of [x - reach, x + reach] at every x: two overlapping windows of the table. */
static void NAME(chord)(void *out, const void *table, size_t width, size_t margin, size_t reach, bool most) {
    const size_t window = 2 * reach + 1;
    size_t k = 0;
    while ((size_t)2 << k <= window)
        k++;
    const SAMPLE *level = (const SAMPLE *)table + k * (width + 2 * margin);
    NAME(extreme)(out, level + margin - reach, level + margin + reach + 1 - ((size_t)1 << k), width, most);
}

static void NAME(merge)(void *to, const void *chord, size_t width, bool most) {
    NAME(gather)(to, chord, width, most);
}

#undef SAMPLE
#undef LOWEST
#undef HIGHEST
#undef NAME
