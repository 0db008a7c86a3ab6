/* SPDX-License-Identifier: BSD-3-Clause */
/* The C row's tile for processors without a fused multiply-add: the same bytes, in double arithmetic. */

enum { TILE_ROWS = 3, TILE_COLUMNS = 4, TILE_VECTORS = 1 };

static void tile_exact(const cseg_tile *t) {
    float sum[TILE_ROWS][TILE_COLUMNS];
    for (size_t r = 0; r < t->rows; r++)
        for (size_t j = 0; j < t->columns; j++)
            sum[r][j] = t->start == NULL ? 0.0F : t->start[r * t->start_row + j];
    for (size_t y = 0; y < t->count[0]; y++)
        for (size_t x = 0; x < t->count[1]; x++)
            for (size_t k = 0; k < t->count[2]; k++) {
                const float *a = t->a + y * t->a_step[0] + x * t->a_step[1] + k * t->a_step[2];
                const float *b = t->b + y * t->b_step[0] + x * t->b_step[1] + k * t->b_step[2];
                for (size_t r = 0; r < t->rows; r++)
                    for (size_t j = 0; j < t->columns; j++)
                        sum[r][j] = cseg_fused_add(a[r * t->a_row], b[j], sum[r][j]);
            }
    for (size_t r = 0; r < t->rows; r++)
        for (size_t j = 0; j < t->columns; j++)
            t->c[r * t->c_row + j] = t->relu && !(sum[r][j] > 0) ? 0.0F : sum[r][j];
}

/* Two elements at a time. */
typedef double wide __attribute__((vector_size(16)));
typedef double quad __attribute__((vector_size(32)));
typedef uint64_t long_words __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));
typedef uint32_t unsigned_words __attribute__((vector_size(16))); /* they may overflow */
enum { PAIRS = TILE_COLUMNS / 2 };

/* The order of the low and the high 32 bits of a double in two words. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WORDS(low, high)                                                                                                         \
    { high, low, high, low }
#else
#define WORDS(low, high)                                                                                                         \
    { low, high, low, high }
#endif

/* Sums are kept multiplied by this, so that a double overflows where a float would. */
static const double lift = 0x1p896;

/*
 * A sum is rounded to nearest in double and then to a float's 24 bits, by integer arithmetic that rounds ties up. The result
 * differs from a fused multiply-add in three cases only: the double is a tie between two floats, the float is subnormal and so
 * has fewer bits, or the float overflows. An overflow stays infinite, or becomes NaN, to the end. The other two cases are rare
 * and are detected: each word is subtracted from a constant such that doubtful words give the largest differences. Low words are
 * doubtful where no bit remains after the addition of 1/2 ulp, high words where the exponent is below that of a normal float; a
 * zero gives a negative difference. `doubt` is the largest difference so far; the end of the tile compares it with the limits.
 * Words are compared as floats, of which none is a NaN, since early processors have a maximum of floats but none of integers.
 */
enum { MAX_LOW = 0x20800000, MIN_NORMAL = 0x70100000, MAX_CERTAIN = 0x10600000 };

static inline vec larger(vec a, vec b) {
    for (size_t i = 0; i < WIDTH; i++)
        a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
}

static inline wide add_product(wide a, wide b, wide c, vec *doubt) {
    const long_words tie = {0x10000000, 0x10000000}, kept = {~0x1fffffffULL, ~0x1fffffffULL};
    const unsigned_words low = WORDS(0x1fffffff, 0x7fffffff), top = WORDS(MAX_LOW, (uint32_t)MIN_NORMAL + MAX_CERTAIN);
    const wide sum = a * b + c;
    const long_words up = (long_words)sum + tie;
    *doubt = larger((vec)(top - ((unsigned_words)up & low)), *doubt);
    return (wide)(up & kept);
}

static inline void widen(wide to[PAIRS], const float *p) {
    const quad four = __builtin_convertvector(vec_load(p, WIDTH), quad);
    memcpy(to, &four, sizeof four);
}

static inline bool any(words w) {
    return (w[0] | w[1] | w[2] | w[3]) != 0;
}

/* rows and whole are constants where this is inlined. */
static inline __attribute__((always_inline)) bool tile_of(const cseg_tile *t, const size_t rows, const bool whole) {
    const size_t n = whole ? TILE_COLUMNS : t->columns, a_row = t->a_row, a_step = t->a_step[2], b_step = t->b_step[2];
    const wide scaled = {lift, lift};
    wide sum[TILE_ROWS][PAIRS];
    vec doubt = vec_zero();
    for (size_t r = 0; r < rows; r++) {
        vec start = t->start == NULL ? vec_zero() : vec_load(t->start + r * t->start_row, n);
        widen(sum[r], (const float *)&start);
        for (size_t j = 0; j < PAIRS; j++)
            sum[r][j] *= scaled;
    }
    for (size_t y = 0; y < t->count[0]; y++)
        for (size_t x = 0; x < t->count[1]; x++) {
            const float *a = t->a + y * t->a_step[0] + x * t->a_step[1];
            const float *b = t->b + y * t->b_step[0] + x * t->b_step[1];
            for (size_t k = t->count[2]; k > 0; k--, a += a_step, b += b_step) {
                wide right[PAIRS];
                const vec some = vec_load(b, n);
                widen(right, (const float *)&some);
                for (size_t j = 0; j < PAIRS; j++)
                    right[j] *= scaled;
                for (size_t r = 0; r < rows; r++) {
                    const wide left = {(double)a[r * a_row], (double)a[r * a_row]};
                    for (size_t j = 0; j < PAIRS; j++)
                        sum[r][j] = add_product(left, right[j], sum[r][j], &doubt);
                }
            }
        }
    const words certain = WORDS(MAX_LOW - 1, MAX_CERTAIN);
    words failed = (words)doubt > certain;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < PAIRS; j++)
            failed |= (words)(sum[r][j] - sum[r][j] != (wide){0, 0});
    if (any(failed))
        return false;
    for (size_t r = 0; r < rows; r++) {
        vec out;
        for (size_t j = 0; j < TILE_COLUMNS; j++)
            out[j] = (float)(sum[r][j / 2][j % 2] / lift);
        vec_store(t->c + r * t->c_row, t->relu ? vec_relu(out) : out, n);
    }
    return true;
}

static void tile(const cseg_tile *t) {
    assert(t->rows >= 1 && t->rows <= TILE_ROWS && t->columns >= 1 && t->columns <= TILE_COLUMNS);
    const bool whole = t->columns == TILE_COLUMNS;
    bool done = false;
#define ROWS(n)                                                                                                                  \
    case n:                                                                                                                      \
        done = whole ? tile_of(t, n, true) : tile_of(t, n, false);                                                               \
        break;
    switch (t->rows) { ROWS(1) ROWS(2) ROWS(3) }
#undef ROWS
    if (!done)
        tile_exact(t);
}
