/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every kernel of the tensor room, written once for all vector widths. A file that includes this header is one row of the kernel
 * table and has defined:
 *   TARGET                  the attribute that lets the compiler use the row's instructions
 *   vec, WIDTH              a vector of WIDTH floats; +, - and * work on it
 *   vec_load(p, n), vec_store(p, v, n)   the first n lanes, 1 <= n <= WIDTH; other lanes are zero, or not written
 *   vec_zero(), vec_relu(v)
 *   vec_fma(a, b, c)        a * b + c, rounded once; a is one float, for all lanes
 *   vec_scaled_add(s, b, c) s * b + c for s a power of two: the product is exact, fused or not
 *   ROW_NAME                the table's name
 *   TILE_ROWS, TILE_VECTORS, TILE_CASES(do)   the largest tile, and do(1) do(2) ... do(TILE_ROWS)
 */
#define INLINE_BODY TARGET static inline __attribute__((always_inline))

static inline size_t lanes_of(size_t left) {
    return left < WIDTH ? left : WIDTH;
}

/* ---- the tile ---- */

#if defined(TILE_CASES)

/*
 * The idea (Goto and van de Geijn 2008): a tile of the output stays in registers while k runs, so that each loaded value is used
 * as often as the tile is wide or high. Rows are addressed in groups of three from one pointer, since an x86 address takes a
 * multiple of 0, 1 or 2 strides without an instruction.
 */
#define TILE_GROUPS ((TILE_ROWS + 2) / 3)

/* Unrolled at any level of optimisation, for space too: else the sums are no registers, and a tile takes four times as long. */
#define UNROLLED(i, count) _Pragma("GCC unroll 16") for (size_t i = 0; i < (count); i++)

/* rows, vectors and whole are constants where this is inlined, so that every array below is a set of registers. */
INLINE_BODY void tile_of(const cseg_tile *t, const size_t rows, const size_t vectors, const bool whole) {
    const size_t last = whole ? WIDTH : t->columns - (vectors - 1) * WIDTH;
    vec sum[TILE_ROWS][TILE_VECTORS];
    UNROLLED (r, rows)
        UNROLLED (v, vectors)
            __builtin_prefetch(t->c + r * t->c_row + v * WIDTH, 1);
    UNROLLED (r, rows)
        UNROLLED (v, vectors)
            sum[r][v] =
                t->start == NULL ? vec_zero() : vec_load(t->start + r * t->start_row + v * WIDTH, v + 1 < vectors ? WIDTH : last);
    const size_t a_row = t->a_row, a_step = t->a_step[2], b_step = t->b_step[2];
    for (size_t y = 0; y < t->count[0]; y++)
        for (size_t x = 0; x < t->count[1]; x++) {
            const float *b = t->b + y * t->b_step[0] + x * t->b_step[1];
            const float *a[TILE_GROUPS];
            UNROLLED (g, TILE_GROUPS)
                a[g] = t->a + y * t->a_step[0] + x * t->a_step[1] + 3 * g * a_row;
            for (size_t k = t->count[2]; k > 0; k--) {
                vec bs[TILE_VECTORS];
                UNROLLED (v, vectors)
                    bs[v] = vec_load(b + v * WIDTH, v + 1 < vectors ? WIDTH : last);
                UNROLLED (r, rows) {
                    const float left = a[r / 3][r % 3 * a_row];
                    UNROLLED (v, vectors)
                        sum[r][v] = vec_fma(left, bs[v], sum[r][v]);
                }
                b += b_step;
                UNROLLED (g, (rows + 2) / 3)
                    a[g] += a_step;
            }
        }
    UNROLLED (r, rows)
        UNROLLED (v, vectors)
            vec_store(t->c + r * t->c_row + v * WIDTH, t->relu ? vec_relu(sum[r][v]) : sum[r][v], v + 1 < vectors ? WIDTH : last);
}

TARGET static void tile(const cseg_tile *t) {
    assert(t->rows >= 1 && t->rows <= TILE_ROWS && t->columns >= 1 && t->columns <= TILE_VECTORS * WIDTH);
#define ROWS(n)                                                                                                                  \
    case n:                                                                                                                      \
        if (t->columns == TILE_VECTORS * WIDTH)                                                                                  \
            tile_of(t, n, TILE_VECTORS, true);                                                                                   \
        else if (t->columns > WIDTH)                                                                                             \
            tile_of(t, n, TILE_VECTORS, false);                                                                                  \
        else                                                                                                                     \
            tile_of(t, n, 1, false);                                                                                             \
        break;
    switch (t->rows) { TILE_CASES(ROWS) }
#undef ROWS
}

#endif

/* ---- Winograd's F(4x4, 3x3): the transforms; see winograd.c ---- */

/* B^T d of Lavin and Gray, with every factor a power of two. */
INLINE_BODY void transform_in(vec t[6], const vec d[6]) {
    const vec even = d[4] - d[2], odd = d[3] - d[1];
    const vec far_even = vec_scaled_add(-4, d[2], d[4]), far_odd = vec_scaled_add(-4, d[1], d[3]);
    t[0] = vec_scaled_add(4, d[0] - d[2], even);
    t[1] = far_even + far_odd;
    t[2] = far_even - far_odd;
    t[3] = vec_scaled_add(2, odd, even);
    t[4] = vec_scaled_add(-2, odd, even);
    t[5] = vec_scaled_add(-4, odd, d[5] - d[3]);
}

/* A^T m. */
INLINE_BODY void transform_out(vec o[4], const vec m[6]) {
    const vec even = m[1] + m[2], odd = m[1] - m[2], far_even = m[3] + m[4], far_odd = m[3] - m[4];
    o[0] = m[0] + even + far_even;
    o[1] = vec_scaled_add(2, far_odd, odd);
    o[2] = vec_scaled_add(4, far_even, even);
    o[3] = vec_scaled_add(8, far_odd, odd) + m[5];
}

/* n: lanes. height, width: the pixels of the 6 x 6 patch inside the image; the others are zero. */
INLINE_BODY void patch_in(float *v, size_t v_step, const float *in, size_t row, size_t pixel, size_t n, size_t height,
                          size_t width) {
    float once[6][6][WIDTH]; /* [ty][x] */
    for (size_t x = 0; x < 6; x++, in += pixel) {
        vec d[6], t[6];
        for (size_t y = 0; y < 6; y++) {
            d[y] = y < height && x < width ? vec_load(in + y * row, n) : vec_zero();
            if (x >= 2)
                __builtin_prefetch(in + y * row + 4 * pixel, 0, 2);
        }
        transform_in(t, d);
        for (size_t y = 0; y < 6; y++)
            vec_store(once[y][x], t[y], WIDTH);
    }
    for (size_t y = 0; y < 6; y++, v += 6 * v_step) {
        vec d[6], t[6];
        for (size_t x = 0; x < 6; x++)
            d[x] = vec_load(once[y][x], WIDTH);
        transform_in(t, d);
        for (size_t x = 0; x < 3; x++)
            vec_store(v + x * v_step, t[x], WIDTH);
        float *far_v = v + 3 * v_step;
        for (size_t x = 0; x < 3; x++)
            vec_store(far_v + x * v_step, t[3 + x], WIDTH);
    }
}

TARGET static void winograd_in(float *v, size_t v_step, const float *in, size_t row, size_t pixel, size_t channels, size_t height,
                               size_t width) {
    for (size_t c = 0; c < channels; c += WIDTH)
        if (channels - c >= WIDTH && height >= 6 && width >= 6)
            patch_in(v + c, v_step, in + c, row, pixel, WIDTH, 6, 6);
        else
            patch_in(v + c, v_step, in + c, row, pixel, lanes_of(channels - c), height, width);
}

INLINE_BODY void patch_out(float *out, const float *m, const cseg_winograd_store *s, size_t c, size_t n, size_t height,
                           size_t width) {
    vec once[4][6]; /* [y][tx] */
    for (size_t x = 0; x < 6; x++) {
        vec column[6], o[4];
        for (size_t y = 0; y < 6; y++)
            column[y] = vec_load(m + (y * 6 + x) * s->m_step, WIDTH);
        transform_out(o, column);
        for (size_t y = 0; y < 4; y++)
            once[y][x] = o[y];
    }
    const vec bias = s->bias == NULL ? vec_zero() : vec_load(s->bias + c, n);
    for (size_t y = 0; y < height; y++) {
        vec o[4];
        transform_out(o, once[y]);
        for (size_t x = 0; x < 4; x++) {
            if (x >= width)
                break;
            float *to = out + y * s->row + x * s->pixel;
            __builtin_prefetch(to + 4 * s->pixel, 1, 2);
            const vec value = o[x] + (s->accumulate ? vec_load(to, n) : bias);
            vec_store(to, s->relu ? vec_relu(value) : value, n);
        }
    }
}

TARGET static void winograd_out(float *out, const float *m, const cseg_winograd_store *s, size_t height, size_t width) {
    for (size_t c = 0; c < s->channels; c += WIDTH)
        if (s->channels - c >= WIDTH && height >= 4 && width >= 4)
            patch_out(out + c, m + c, s, c, WIDTH, 4, 4);
        else
            patch_out(out + c, m + c, s, c, lanes_of(s->channels - c), height, width);
}

#include "tensor/winograd_wgrad_body.h"

/* ---- few channels: an output pixel is the sum of nine columns, one from each neighbour; see taps.c ---- */

TARGET static void taps_add(float *out, size_t pixel, size_t width, size_t channels, const float *const rows[3], size_t stride,
                            const float *start, size_t start_step, bool relu) {
    for (size_t c = 0; c < channels; c += WIDTH) {
        const size_t n = lanes_of(channels - c);
        for (size_t x = 0; x < width; x++) {
            vec sum = start == NULL ? vec_zero() : vec_load(start + x * start_step + c, n);
            for (size_t ky = 0; ky < 3; ky++)
                for (size_t kx = 0; kx < 3; kx++)
                    sum += vec_load(rows[ky] + (x + kx) * stride + (ky * 3 + kx) * channels + c, n);
            vec_store(out + x * pixel + c, relu ? vec_relu(sum) : sum, n);
        }
    }
}

/* ---- plain loops that the compiler vectorises ---- */

#include "tensor/layers_body.h"
#include "tensor/norm_body.h"
#include "tensor/sigmoid_body.h"

const cseg_kernels ROW_NAME = {.rows = TILE_ROWS,
                               .columns = TILE_VECTORS * WIDTH,
                               .tile = tile,
                               .winograd_in = winograd_in,
                               .winograd_out = winograd_out,
                               .winograd_spread = winograd_spread,
                               .winograd_gather = winograd_gather,
                               .taps_add = taps_add,
                               .sigmoid = sigmoid,
                               .pool_row_backward = pool_row_backward,
                               .dropout_row = dropout_row,
                               .norm_sums = norm_sums,
                               .norm_forward = norm_forward,
                               .norm_backward_sums = norm_backward_sums,
                               .norm_backward = norm_backward};
