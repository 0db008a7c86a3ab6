/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every row of the morphology room's kernel table gives the same bytes as the C row, at every width from 1 to 100 and at a whole
 * strip's, and touches no sample beyond. The C row's extremes are those of the definition. Whole erosions give the same bytes on
 * every level.
 */
#include "rows.h"

#include "morph/morph.h"
#include "morph/morph_kernels.h"

#include <inttypes.h>
#include <math.h>

enum { MAX_WIDTH = 100, HEIGHT = 23, MAX_MARGIN = 9, BYTES = 128 * 1024, TYPES = 7, KERNEL_BYTES = 32 * 1024 };

static const int32_t types[TYPES] = {CELLSEG_UINT8, CELLSEG_UINT16, CELLSEG_FLOAT32, CELLSEG_UINT32,
                                     CELLSEG_INT16, CELLSEG_INT32,  CELLSEG_FLOAT64};
static int32_t levels[TEST_MAX_ROWS];
static size_t rows;

/* Samples of one type, and what a kernel wrote into memory that was filled before. */
typedef struct buffer {
    _Alignas(64) char bytes[BYTES];
} buffer;

static buffer in, before, scratch;

/* Bytes from row to row: MAX_WIDTH samples of the type under test and a gap. */
static size_t stride;

static double value_at(const void *samples, int32_t type, size_t i) {
    switch (type) {
    case CELLSEG_UINT8:
        return (double)((const uint8_t *)samples)[i];
    case CELLSEG_UINT16:
        return (double)((const uint16_t *)samples)[i];
    case CELLSEG_UINT32:
        return (double)((const uint32_t *)samples)[i];
    case CELLSEG_INT16:
        return (double)((const int16_t *)samples)[i];
    case CELLSEG_INT32:
        return (double)((const int32_t *)samples)[i];
    case CELLSEG_FLOAT32:
        return (double)((const float *)samples)[i];
    default:
        return ((const double *)samples)[i];
    }
}

static void put(void *samples, int32_t type, size_t i, uint32_t bits) {
    const bool any = bits % 2 != 0;
    switch (type) {
    case CELLSEG_UINT8:
        ((uint8_t *)samples)[i] = (uint8_t)(any ? bits >> 8 : bits % 5);
        break;
    case CELLSEG_UINT16:
        ((uint16_t *)samples)[i] = (uint16_t)(any ? bits >> 4 : bits % 5);
        break;
    case CELLSEG_UINT32:
        ((uint32_t *)samples)[i] = any ? bits << 8 : bits % 5;
        break;
    case CELLSEG_INT16:
        ((int16_t *)samples)[i] = (int16_t)(any ? (int32_t)(bits >> 4 & 0xffff) - 0x8000 : (int32_t)(bits % 5) - 2);
        break;
    case CELLSEG_INT32:
        ((int32_t *)samples)[i] = (int32_t)(any ? (int64_t)(bits << 8) - 0x80000000 : (int64_t)(bits % 5) - 2);
        break;
    case CELLSEG_FLOAT32:
        ((float *)samples)[i] = any ? (float)bits * 0x1p-8F - 30000 : (float)(bits % 5) * -0.5F;
        break;
    default:
        ((double *)samples)[i] = any ? 1 + (double)bits * 0x1p-50 : (double)(bits % 5) * -0.5;
    }
}

/* Few values, so that many are equal; a float may be -0. */
static void fill(buffer *b, int32_t type, uint64_t seed) {
    const size_t sample = cseg_plane_type_size(type);
    stride = (size_t)104 * (sample < 4 ? 4 : sample);
    for (size_t i = 0; i < BYTES / sample; i++)
        put(b->bytes, type, i, (uint32_t)(test_random(&seed) >> 40));
}

static int set_up(void **state) {
    (void)state;
    rows = test_rows(levels);
    return 0;
}

/* ---- the kernels, by width and variant ---- */

typedef void (*kernel_run)(buffer *out, const cseg_morph_kernels *k, size_t width, size_t variant);

static cseg_morph_strip strip_of(buffer *out, size_t width, size_t variant) {
    return (cseg_morph_strip){.to = out->bytes,
                              .from = in.bytes,
                              .to_stride = stride,
                              .from_stride = stride + 16,
                              .height = HEIGHT - variant % 3,
                              .columns = width,
                              .before = variant % 5,
                              .after = (variant * 7) % 6,
                              .scratch = scratch.bytes};
}

static void run_slide(buffer *out, const cseg_morph_kernels *k, size_t width, size_t variant) {
    const cseg_morph_strip strip = strip_of(out, width, variant);
    k->slide(&strip, variant % 2 != 0);
}

static void run_slide_subtract(buffer *out, const cseg_morph_kernels *k, size_t width, size_t variant) {
    cseg_morph_strip strip = strip_of(out, width, variant);
    strip.minuend = variant % 4 == 0 ? strip.to : in.bytes + 64;
    strip.minuend_stride = stride;
    strip.black = variant % 8 >= 4;
    k->slide(&strip, variant % 2 != 0);
}

/* A tile amid the input, and less of its surroundings than the window reaches. */
static cseg_morph_tile tile_of(buffer *out, size_t width, size_t variant) {
    cseg_morph_tile t = {.to = out->bytes,
                         .from = in.bytes + 6 * (stride + 16) + 72, /* nine samples of the largest type */
                         .to_stride = stride,
                         .from_stride = stride + 16,
                         .height = HEIGHT - variant % 3,
                         .width = width,
                         .above = variant % 5,
                         .below = variant * 7 % 6,
                         .left = variant % 9,
                         .right = variant * 5 % 8,
                         .scratch = scratch.bytes};
    t.rows_above = variant % 2 == 0 ? t.above : t.above / 2;
    t.rows_below = variant % 3 == 0 ? t.below : t.below / 2;
    t.columns_left = variant % 4 < 2 ? t.left : t.left / 2;
    t.columns_right = variant % 5 < 2 ? t.right : t.right / 2;
    return t;
}

static void run_around(buffer *out, const cseg_morph_kernels *k, size_t width, size_t variant) {
    const cseg_morph_tile tile = tile_of(out, width, variant);
    k->around(&tile, variant % 2 != 0);
}

static void run_clear(buffer *out, const cseg_morph_kernels *k, size_t width, size_t variant) {
    k->clear(out->bytes, width, variant % 2 != 0);
}

/* A table, every chord from it, and each merged into the row before. */
static void run_disc(buffer *out, const cseg_morph_kernels *k, size_t width, size_t variant) {
    const bool max = variant % 2 != 0;
    const size_t margin = variant / 2;
    size_t depth = 1;
    while ((size_t)1 << depth <= 2 * margin + 1)
        depth++;
    char *table = out->bytes + stride * 2 * MAX_MARGIN;
    k->build(table, in.bytes, width, margin, depth, max);
    for (size_t reach = 0; reach < margin; reach++) {
        k->chord(out->bytes + stride * 2 * reach, table, width, margin, reach, max);
        k->merge(out->bytes + stride * (2 * reach + 1), out->bytes + stride * 2 * reach, width, max);
    }
}

static const struct kernel_test {
    const char *name;
    kernel_run run;
    size_t variants,
        end; /* bytes that the kernel leaves alone begin at the row's first `end` rows of stride bytes; 0: not tested */
} kernel_tests[] = {{"slide", run_slide, 12, HEIGHT},
                    {"slide and subtract", run_slide_subtract, 16, HEIGHT},
                    {"around", run_around, 24, HEIGHT},
                    {"clear", run_clear, 2, 1},
                    {"disc", run_disc, 2 * MAX_MARGIN, 0}};

/* The bytes between the rows' ends and the next row, and after the last row, are as before. */
static void assert_gaps_stay(const buffer *out, size_t row_bytes, size_t end, const char *name) {
    for (size_t y = 0; y < end; y++)
        if (memcmp(out->bytes + y * stride + row_bytes, before.bytes + y * stride + row_bytes, stride - row_bytes) != 0)
            fail_msg("%s writes beyond %zu bytes of row %zu", name, row_bytes, y);
    assert_memory_equal(out->bytes + end * stride, before.bytes + end * stride, KERNEL_BYTES - end * stride);
}

static uint64_t compare_rows(uint64_t digest, const struct kernel_test *test, int32_t type, size_t width) {
    static buffer want, have;
    const size_t sample = cseg_plane_type_size(type);
    for (size_t variant = 0; variant < test->variants; variant++) {
        memcpy(&want, &before, KERNEL_BYTES); /* no kernel writes beyond */
        test->run(&want, &cseg_morph_kernels_c[type], width, variant);
        digest = test_digest_numbers(digest, &want, stride * HEIGHT / sample, sample);
        if (test->end > 0)
            assert_gaps_stay(&want, width * sample, test->end, test->name);
        for (size_t r = 1; r < rows; r++) {
            memcpy(&have, &before, KERNEL_BYTES);
            test->run(&have, cseg_morph_kernels_select(levels[r], type), width, variant);
            assert_same_bytes(&want, &have, KERNEL_BYTES, test->name, levels[r], width);
        }
    }
    return digest;
}

static void all_rows_give_the_same_bytes(void **state) {
    (void)state;
    uint64_t digest = TEST_DIGEST;
    for (size_t t = 0; t < TYPES; t++) {
        fill(&in, types[t], 1);
        fill(&before, types[t], 2);
        const size_t strip = CSEG_MORPH_STRIP_BYTES / cseg_plane_type_size(types[t]);
        for (size_t i = 0; i < sizeof kernel_tests / sizeof *kernel_tests; i++) {
            for (size_t width = 1; width <= MAX_WIDTH; width++)
                digest = compare_rows(digest, &kernel_tests[i], types[t], width);
            digest = compare_rows(digest, &kernel_tests[i], types[t], strip);
        }
    }
    /* Other machines and compilers, too: where a kernel changes on purpose, so does this number. */
    if (digest != 0x8e695b649d76da8fULL)
        fail_msg("the bytes of all kernels have the digest 0x%016" PRIx64, digest);
}

static void bits_are_those_of_the_mask(void **state) {
    (void)state;
    enum { MAX_WORDS = 9 };
    fill(&in, CELLSEG_UINT8, 6);
    memset(in.bytes + 200, 0, 300);
    for (size_t r = 0; r < rows; r++)
        for (size_t words = 1; words <= MAX_WORDS; words++)
            for (size_t first = 0; first < 5; first++) {
                uint64_t bits[MAX_WORDS + 1] = {0};
                const uint8_t *mask = (const uint8_t *)in.bytes + first;
                cseg_morph_kernels_select(levels[r], CELLSEG_UINT8)->bits(bits, mask, words);
                for (size_t x = 0; x < 64 * words; x++)
                    assert_int_equal(bits[x / 64] >> x % 64 & 1, mask[x] != 0);
                assert_int_equal(bits[words], 0);
            }
}

/* ---- the definition ---- */

static double extreme(double a, double b, bool max) {
    return max == (a > b) ? a : b;
}

static void slides_are_extremes(void **state) {
    (void)state;
    static buffer out;
    enum { WIDTH = 13 };
    for (size_t t = 0; t < TYPES; t++) {
        fill(&in, types[t], 3);
        for (size_t variant = 0; variant < 12; variant++) {
            const cseg_morph_strip s = strip_of(&out, WIDTH, variant);
            cseg_morph_kernels_c[types[t]].slide(&s, variant % 2 != 0);
            for (size_t y = 0; y < s.height; y++)
                for (size_t x = 0; x < WIDTH; x++) {
                    double want = value_at(s.from + y * s.from_stride, types[t], x);
                    for (size_t row = y > s.before ? y - s.before : 0; row <= y + s.after && row < s.height; row++)
                        want = extreme(want, value_at(s.from + row * s.from_stride, types[t], x), variant % 2 != 0);
                    assert_true(value_at(s.to + y * s.to_stride, types[t], x) == want);
                }
        }
    }
}

static void tiles_are_extremes(void **state) {
    (void)state;
    static buffer out;
    enum { WIDTH = 13 };
    for (size_t i = 0; i < (size_t)TYPES * 24; i++) {
        const int32_t type = types[i / 24];
        const bool max = i % 2 != 0;
        fill(&in, type, 3);
        const cseg_morph_tile t = tile_of(&out, WIDTH, i % 24);
        cseg_morph_kernels_c[type].around(&t, max);
        for (size_t y = 0; y < t.height; y++)
            for (size_t x = 0; x < WIDTH; x++) {
                double want = value_at(t.from + y * t.from_stride, type, x);
                for (size_t row = y + t.rows_above > t.above ? y + t.rows_above - t.above : 0;
                     row <= y + t.rows_above + t.below && row < t.rows_above + t.height + t.rows_below; row++)
                    for (size_t column = x + t.columns_left > t.left ? x + t.columns_left - t.left : 0;
                         column <= x + t.columns_left + t.right && column < t.columns_left + WIDTH + t.columns_right; column++) {
                        const char *line = t.from + row * t.from_stride - t.rows_above * t.from_stride;
                        want = extreme(want, value_at(line - t.columns_left * cseg_plane_type_size(type), type, column), max);
                    }
                assert_true(value_at(t.to + y * t.to_stride, type, x) == want);
            }
    }
}

static void chords_are_extremes(void **state) {
    (void)state;
    static buffer out;
    enum { WIDTH = 37 };
    for (size_t t = 0; t < TYPES; t++) {
        fill(&in, types[t], 4);
        for (size_t variant = 2; variant < 2 * MAX_MARGIN; variant++) {
            run_disc(&out, &cseg_morph_kernels_c[types[t]], WIDTH, variant);
            for (size_t reach = 0; reach < variant / 2; reach++)
                for (size_t x = 0; x < WIDTH; x++) {
                    double want = value_at(in.bytes, types[t], x);
                    for (size_t i = x > reach ? x - reach : 0; i <= x + reach && i < WIDTH; i++)
                        want = extreme(want, value_at(in.bytes, types[t], i), variant % 2 != 0);
                    assert_true(value_at(out.bytes + stride * 2 * reach, types[t], x) == want);
                }
        }
    }
}

/* ---- whole erosions and dilations ---- */

static void erode_image(buffer *out, int32_t level, int32_t type, size_t width) {
    enum { ROWS = 37 };
    cellseg_context_options options;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.cpu_level = level;
    assert_ok(cellseg_context_new(&context, &options));
    const size_t sample = cseg_plane_type_size(type);
    const cseg_plane from = {in.bytes, ROWS, width, width * sample, type};
    cseg_plane to = {out->bytes, ROWS, width, width * sample, type};
    assert_ok(cseg_rect_erode(context, &to, &from, 5, 8));
    to.data = out->bytes + BYTES / 4;
    assert_ok(cseg_rect_bottom_hat(context, &to, &from, 9, 31));
    to.data = out->bytes + BYTES / 2;
    assert_ok(cseg_disc_dilate(context, &to, &from, 6));
    to.data = out->bytes + BYTES / 4 * 3;
    assert_ok(cseg_octagon_erode(context, &to, &from, 11));
    cellseg_context_free(context);
}

static void all_levels_erode_to_the_same_bytes(void **state) {
    (void)state;
    static buffer out[TEST_MAX_ROWS];
    for (size_t t = 0; t < TYPES; t++)
        for (size_t width = 1; width <= MAX_WIDTH; width++) {
            fill(&in, types[t], width);
            for (size_t r = 0; r < rows; r++) {
                erode_image(&out[r], levels[r], types[t], width);
                assert_same_bytes(&out[0], &out[r], sizeof *out, "erosions", levels[r], width);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slides_are_extremes),          cmocka_unit_test(chords_are_extremes),
        cmocka_unit_test(tiles_are_extremes),           cmocka_unit_test(bits_are_those_of_the_mask),
        cmocka_unit_test(all_rows_give_the_same_bytes), cmocka_unit_test(all_levels_erode_to_the_same_bytes)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
