/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transpose, tile by tile: a tile of 16 bytes x as many rows as 16 bytes hold samples goes through vector registers. Each of
 * log2(rows) rounds interleaves rows i and i + rows / 2. One form for all processor levels: vectors of 16 bytes are in each of
 * them, and longer instructions measured no faster. Cost: log2(rows) / 16 shuffles per byte.
 */
#include "morph/transpose.h"

#include <string.h>

/* Lanes of two vectors in a new order: the one operation that gcc and clang spell differently. */
#if defined(__clang__)
#define SHUFFLE(index, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(index, a, b, ...) __builtin_shuffle(a, b, (index __attribute__((vector_size(16)))){__VA_ARGS__})
#endif

#define LOW_1 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_1 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define LOW_2 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_2 4, 12, 5, 13, 6, 14, 7, 15
#define LOW_4 0, 4, 1, 5
#define HIGH_4 2, 6, 3, 7
#define LOW_8 0, 2
#define HIGH_8 1, 3

#define DEFINE_TILE(bytes, type)                                                                                                 \
    static void tile_##bytes(char *to, size_t to_stride, const char *from, size_t from_stride) {                                 \
        enum { LANES = 16 / (bytes) };                                                                                           \
        typedef type vector __attribute__((vector_size(16)));                                                                    \
        vector a[2][LANES];                                                                                                      \
        size_t now = 0;                                                                                                          \
        for (size_t i = 0; i < LANES; i++)                                                                                       \
            memcpy(&a[now][i], from + i * from_stride, 16);                                                                      \
        for (size_t step = LANES; step > 1; step /= 2, now = !now)                                                               \
            for (size_t i = 0; i < LANES / 2; i++) {                                                                             \
                a[!now][2 * i] = SHUFFLE(type, a[now][i], a[now][i + LANES / 2], LOW_##bytes);                                   \
                a[!now][2 * i + 1] = SHUFFLE(type, a[now][i], a[now][i + LANES / 2], HIGH_##bytes);                              \
            }                                                                                                                    \
        for (size_t i = 0; i < LANES; i++)                                                                                       \
            memcpy(to + i * to_stride, &a[now][i], 16);                                                                          \
    }
DEFINE_TILE(1, int8_t)
DEFINE_TILE(2, int16_t)
DEFINE_TILE(4, int32_t)
DEFINE_TILE(8, int64_t)

typedef void (*tile_fn)(char *to, size_t to_stride, const char *from, size_t from_stride);

#define INLINE static inline __attribute__((always_inline))

/* tile and sample are constants where this is inlined. */
INLINE void block(char *to, size_t to_stride, const char *from, size_t from_stride, size_t height, size_t width,
                  const size_t sample, const tile_fn tile) {
    const size_t lanes = 16 / sample, tiled_height = height - height % lanes, tiled_width = width - width % lanes;
    for (size_t x = 0; x < tiled_width; x += lanes)
        for (size_t y = 0; y < tiled_height; y += lanes)
            tile(to + x * to_stride + y * sample, to_stride, from + y * from_stride + x * sample, from_stride);
    for (size_t x = 0; x < width; x++)
        for (size_t y = x < tiled_width ? tiled_height : 0; y < height; y++)
            memcpy(to + x * to_stride + y * sample, from + y * from_stride + x * sample, sample);
}

void cseg_transpose_block(char *to, size_t to_stride, const char *from, size_t from_stride, size_t height, size_t width,
                          size_t sample) {
    assert(sample == 1 || sample == 2 || sample == 4 || sample == 8);
    if (sample == 1)
        block(to, to_stride, from, from_stride, height, width, 1, tile_1);
    else if (sample == 2)
        block(to, to_stride, from, from_stride, height, width, 2, tile_2);
    else if (sample == 4)
        block(to, to_stride, from, from_stride, height, width, 4, tile_4);
    else
        block(to, to_stride, from, from_stride, height, width, 8, tile_8);
}
