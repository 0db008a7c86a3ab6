/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The portable row, the reference of all others. A fused multiply-add is made of double arithmetic: the product of two floats is
 * exact in double; their sum with a third is made round-to-odd, after which rounding to float is the same as rounding the exact
 * value once (Boldo and Melquiond 2008).
 */
#include "tensor/kernels.h"

#include <string.h>

#define TARGET

typedef float vec __attribute__((vector_size(16)));

enum { WIDTH = 4, TILE_ROWS = 3, TILE_COLUMNS = 8, TILE_VECTORS = 2 };

static inline vec vec_zero(void) {
    return (vec){0, 0, 0, 0};
}
static inline vec vec_load(const float *p, size_t n) {
    vec v = vec_zero();
    if (n == WIDTH)
        memcpy(&v, p, sizeof v);
    else
        for (size_t i = 0; i < n; i++)
            v[i] = p[i];
    return v;
}
static inline void vec_store(float *p, vec v, size_t n) {
    if (n == WIDTH)
        memcpy(p, &v, sizeof v);
    else
        for (size_t i = 0; i < n; i++)
            p[i] = v[i];
}

/* Round to odd in double, then to float: right for every operand. */
static float fused(float a, float b, float c) {
    const double product = (double)a * (double)b, addend = (double)c;
    double sum = product + addend;
    const double part = sum - product;
    const double error = (product - (sum - part)) + (addend - part);
    int64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    /* A comparison with NaN is false, so infinities pass. Away from zero is one more in the bits, towards it one less. */
    const int64_t away = (error > 0) == (sum > 0) ? 1 : -1;
    const int64_t inexact = (error > 0) | (error < 0);
    bits += away * (inexact & ~bits & 1);
    memcpy(&sum, &bits, sizeof sum);
    return (float)sum;
}

static inline vec vec_scaled_add(float s, vec b, vec c) {
    return s * b + c;
}
static inline vec vec_relu(vec v) {
    for (size_t i = 0; i < WIDTH; i++)
        v[i] = v[i] > 0 ? v[i] : 0.0F;
    return v;
}

/* ---- the tile ---- */

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
                        sum[r][j] = fused(a[r * t->a_row], b[j], sum[r][j]);
            }
    for (size_t r = 0; r < t->rows; r++)
        for (size_t j = 0; j < t->columns; j++)
            t->c[r * t->c_row + j] = t->relu && !(sum[r][j] > 0) ? 0.0F : sum[r][j];
}

/* Two elements at a time. */
typedef float pair __attribute__((vector_size(8)));
typedef double wide __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));
typedef uint32_t unsigned_words __attribute__((vector_size(16))); /* they may overflow */
enum { PAIRS = TILE_COLUMNS / 2 };

/* Where the low 32 bits of a double lie in two words. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WORDS(low, high) ((words){high, low, high, low})
#else
#define WORDS(low, high) ((words){low, high, low, high})
#endif

/*
 * Rounding a sum to nearest in double and then to float goes wrong only where the double lies half way between two floats, that
 * is where its low 29 bits are a one and zeros, or where the float is subnormal and so has fewer bits. Both are next to never:
 * sums are made this way, in doubles that hold floats, and if a doubtful one was among them, the tile is done again.
 */
static inline wide add_product(wide a, wide b, wide c, words *doubt) {
    const wide sum = a * b + c;
    /* The doubtful words become the least of all integers, so that one comparison finds them. */
    const unsigned_words bits =
        ((unsigned_words)sum & (unsigned_words)WORDS(0x1fffffff, 0x7fffffff)) + (unsigned_words)WORDS(0x70000000, 0x7fffffff);
    *doubt |= (words)bits < WORDS(INT32_MIN + 1, INT32_MIN + 0x380fffff);
    return __builtin_convertvector(__builtin_convertvector(sum, pair), wide);
}

static inline wide widen(const float *p) {
    pair two;
    memcpy(&two, p, sizeof two);
    return __builtin_convertvector(two, wide);
}

static inline __attribute__((always_inline)) bool tile_of(const cseg_tile *t, const size_t rows) {
    wide sum[TILE_ROWS][PAIRS];
    float some[TILE_COLUMNS] = {0};
    words doubt = {0};
    for (size_t r = 0; r < rows; r++) {
        if (t->start != NULL)
            memcpy(some, t->start + r * t->start_row, t->columns * sizeof(float));
        for (size_t j = 0; j < PAIRS; j++)
            sum[r][j] = widen(some + 2 * j);
    }
    memset(some, 0, sizeof some);
    for (size_t y = 0; y < t->count[0]; y++)
        for (size_t x = 0; x < t->count[1]; x++) {
            const float *a = t->a + y * t->a_step[0] + x * t->a_step[1];
            const float *b = t->b + y * t->b_step[0] + x * t->b_step[1];
            for (size_t k = 0; k < t->count[2]; k++, a += t->a_step[2], b += t->b_step[2]) {
                const float *whole = t->columns == TILE_COLUMNS ? b : memcpy(some, b, t->columns * sizeof(float));
                wide right[PAIRS];
                for (size_t j = 0; j < PAIRS; j++)
                    right[j] = widen(whole + 2 * j);
                for (size_t r = 0; r < rows; r++) {
                    const wide left = {(double)a[r * t->a_row], (double)a[r * t->a_row]};
                    for (size_t j = 0; j < PAIRS; j++)
                        sum[r][j] = add_product(left, right[j], sum[r][j], &doubt);
                }
            }
        }
    for (size_t i = 0; i < 4; i++)
        if (doubt[i] != 0)
            return false;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < t->columns; j++) {
            const float value = (float)sum[r][j / 2][j % 2];
            t->c[r * t->c_row + j] = t->relu && !(value > 0) ? 0.0F : value;
        }
    return true;
}

static void tile(const cseg_tile *t) {
    assert(t->rows >= 1 && t->rows <= TILE_ROWS && t->columns >= 1 && t->columns <= TILE_COLUMNS);
    bool done = false;
    switch (t->rows) {
    case 1:
        done = tile_of(t, 1);
        break;
    case 2:
        done = tile_of(t, 2);
        break;
    case 3:
        done = tile_of(t, 3);
        break;
    }
    if (!done)
        tile_exact(t);
}

#define ROW_NAME cseg_kernels_c
#include "tensor/kernels_body.h"
