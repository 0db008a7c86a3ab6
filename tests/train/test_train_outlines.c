/* SPDX-License-Identifier: BSD-3-Clause */
/* Boundary, distance and border weights: every pixel against the definitions, by looking at all other pixels. */
#include "testing.h"

#include "segment/segment.h"
#include "train/dataset.h"

#include <math.h>

enum { HEIGHT = 43, WIDTH = 57, PIXELS = HEIGHT * WIDTH };

typedef uint32_t label_map[PIXELS];

/* Discs that cover each other and leave gaps, some cut by the image's edge. */
static void discs(label_map ids, uint64_t seed, uint32_t count, double radius) {
    memset(ids, 0, sizeof(label_map));
    for (uint32_t id = 1; id <= count; id++) {
        const double cy = HEIGHT * test_uniform(&seed), cx = WIDTH * test_uniform(&seed),
                     r = radius * (0.5 + test_uniform(&seed));
        for (size_t i = 0; i < PIXELS; i++) {
            const double dy = (double)(i / WIDTH) - cy, dx = (double)(i % WIDTH) - cx;
            if (dy * dy + dx * dx <= r * r)
                ids[i] = 1000 * id;
        }
    }
}

static void speckle(label_map ids, uint64_t seed) {
    for (size_t i = 0; i < PIXELS; i++)
        ids[i] = (uint32_t)(test_random(&seed) % 4);
}

static double apart(size_t a, size_t b) {
    const double dy = (double)(a / WIDTH) - (double)(b / WIDTH), dx = (double)(a % WIDTH) - (double)(b % WIDTH);
    return sqrt(dy * dy + dx * dx);
}

/* From pixel i to the nearest that is not of its label; infinity where there is none. */
static double to_outside(const label_map ids, size_t i) {
    double best = (double)INFINITY;
    for (size_t j = 0; j < PIXELS; j++)
        if (ids[j] != ids[i])
            best = fmin(best, apart(i, j));
    return best;
}

static double border_value(const label_map ids, size_t i, double sigma_px) {
    double nearest = (double)INFINITY, second = (double)INFINITY;
    uint32_t first = 0;
    for (size_t j = 0; j < PIXELS; j++)
        if (ids[j] != 0 && apart(i, j) < nearest) {
            nearest = apart(i, j);
            first = ids[j];
        }
    for (size_t j = 0; j < PIXELS; j++)
        if (ids[j] != 0 && ids[j] != first)
            second = fmin(second, apart(i, j));
    return exp(-(nearest + second) * (nearest + second) / (2 * sigma_px * sigma_px));
}

static cellseg_status make(cseg_targets *targets, cellseg_context *context, label_map ids, const cseg_outline_options *options) {
    const cseg_plane cells = {ids, HEIGHT, WIDTH, WIDTH * sizeof *ids, CELLSEG_UINT32};
    *targets = (cseg_targets){.classes = {0}};
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cseg_plane_new(&targets->classes, context, CELLSEG_UINT8, HEIGHT, WIDTH));
    CSEG_TRY_GOTO(failed, cseg_plane_new(&targets->distance, context, CELLSEG_UINT8, HEIGHT, WIDTH));
    CSEG_TRY_GOTO(failed, cseg_plane_new(&targets->border, context, CELLSEG_UINT8, HEIGHT, WIDTH));
    CSEG_TRY_GOTO(failed, cseg_plane_new(&targets->cell, context, CELLSEG_UINT8, HEIGHT, WIDTH));
    for (size_t i = 0; i < PIXELS; i++)
        cseg_row_u8(&targets->classes, i / WIDTH)[i % WIDTH] = ids[i] != 0 ? CSEG_CLASS_CYTOPLASM : CSEG_CLASS_BACKGROUND;
    CSEG_TRY_GOTO(failed, cseg_outlines_compute(context, targets, &cells, options));
    return CELLSEG_OK;
failed:
    cseg_outlines_free(targets);
    return status;
}

/* A byte holds a value to half a step of 1 / 255. */
static void assert_byte(uint8_t byte, double value) {
    assert_true(fabs(byte - 255 * value) <= 0.5 + 1e-6);
}

static void assert_as_defined(const cseg_targets *targets, const label_map ids, const cseg_outline_options *options) {
    for (size_t i = 0; i < PIXELS; i++) {
        const double um = ids[i] != 0 ? fmin(options->pixel_size_um * to_outside(ids, i), 50) : 0;
        const bool near = ids[i] != 0 && um <= fmax(1, options->pixel_size_um);
        const uint8_t inside = options->boundary && near ? CSEG_CLASS_BOUNDARY : CSEG_CLASS_CYTOPLASM;
        assert_int_equal(cseg_row_u8(&targets->classes, i / WIDTH)[i % WIDTH], ids[i] != 0 ? inside : CSEG_CLASS_BACKGROUND);
        assert_byte(cseg_row_u8(&targets->distance, i / WIDTH)[i % WIDTH], um / (um + 4));
        assert_byte(cseg_row_u8(&targets->border, i / WIDTH)[i % WIDTH],
                    border_value(ids, i, options->border_sigma_um / options->pixel_size_um));
    }
}

static void check(label_map ids, const cseg_outline_options *options) {
    cseg_targets targets;
    assert_ok(make(&targets, NULL, ids, options));
    assert_as_defined(&targets, ids, options);
    cseg_outlines_free(&targets);
}

/* 0 outside cells, in cells the same number for a label's every pixel, and seldom the same for two labels. */
static void assert_numbers(const cseg_targets *targets, const label_map ids) {
    size_t pairs = 0, same = 0;
    for (size_t i = 0; i < PIXELS; i += 7)
        for (size_t j = 0; j < PIXELS; j += 5) {
            const uint8_t a = cseg_row_u8(&targets->cell, i / WIDTH)[i % WIDTH],
                          b = cseg_row_u8(&targets->cell, j / WIDTH)[j % WIDTH];
            assert_int_equal(a != 0, ids[i] != 0);
            if (ids[i] == ids[j])
                assert_int_equal(a, b);
            const bool two_cells = ids[i] != 0 && ids[j] != 0 && ids[i] != ids[j];
            pairs += two_cells;
            same += two_cells && a == b;
        }
    assert_true(pairs > 0 && (double)same < 0.02 * (double)pairs);
}

static void test_cells_have_numbers(void **state) {
    (void)state;
    static label_map ids;
    const cseg_outline_options options = {false, 0.65, 3};
    cseg_targets targets;
    discs(ids, 2, 40, 6);
    assert_ok(make(&targets, NULL, ids, &options));
    assert_numbers(&targets, ids);
    cseg_outlines_free(&targets);
    bool seen[UINT8_MAX + 1] = {true};
    for (size_t i = 0; i < PIXELS; i++)
        ids[i] = 1000 + (uint32_t)(i % WIDTH);
    assert_true(WIDTH <= 120);
    assert_ok(make(&targets, NULL, ids, &options));
    for (size_t x = 0; x < WIDTH; x++) {
        assert_false(seen[cseg_row_u8(&targets.cell, 0)[x]]);
        seen[cseg_row_u8(&targets.cell, 0)[x]] = true;
    }
    cseg_outlines_free(&targets);
}

static void test_every_pixel(void **state) {
    (void)state;
    static label_map ids;
    const cseg_outline_options options[] = {{true, 0.65, 3}, {false, 0.65, 1}, {true, 0.3, 2}, {true, 1.7, 30}};
    for (size_t o = 0; o < 4; o++) {
        discs(ids, o + 1, 9, 9);
        check(ids, &options[o]);
        discs(ids, o + 20, 40, 4);
        check(ids, &options[o]);
        speckle(ids, o);
        check(ids, &options[o]);
    }
}

static void test_extremes(void **state) {
    (void)state;
    static label_map ids;
    const cseg_outline_options options = {true, 0.65, 3};
    memset(ids, 0, sizeof ids);
    check(ids, &options);
    ids[17 * WIDTH + 3] = 5; /* one pixel, one cell */
    check(ids, &options);
    for (size_t i = 0; i < PIXELS; i++)
        ids[i] = UINT32_MAX; /* one cell without a border */
    check(ids, &options);
    for (size_t i = 0; i < PIXELS; i++)
        ids[i] = 1 + (i % WIDTH > WIDTH / 2); /* two that share one straight border */
    check(ids, &options);
}

static void test_threads(void **state) {
    (void)state;
    static label_map ids;
    static const cseg_outline_options options = {true, 0.65, 3};
    discs(ids, 3, 30, 6);
    cseg_targets one, more;
    assert_ok(make(&one, NULL, ids, &options));
    for (int32_t threads = 2; threads <= 7; threads += 5) {
        cellseg_context *context = test_context(threads);
        assert_ok(make(&more, context, ids, &options));
        for (size_t y = 0; y < HEIGHT; y++) {
            assert_memory_equal(cseg_row_u8(&one.classes, y), cseg_row_u8(&more.classes, y), WIDTH);
            assert_memory_equal(cseg_row_u8(&one.distance, y), cseg_row_u8(&more.distance, y), WIDTH);
            assert_memory_equal(cseg_row_u8(&one.border, y), cseg_row_u8(&more.border, y), WIDTH);
            assert_memory_equal(cseg_row_u8(&one.cell, y), cseg_row_u8(&more.cell, y), WIDTH);
        }
        cseg_outlines_free(&more);
        cellseg_context_free(context);
    }
    cseg_outlines_free(&one);
}

static cellseg_status make_and_free(cellseg_context *context, void *data) {
    static const cseg_outline_options options = {true, 0.65, 3};
    cseg_targets targets;
    const cellseg_status status = make(&targets, context, data, &options);
    cseg_outlines_free(&targets);
    return status;
}

static void test_failing_allocations(void **state) {
    (void)state;
    static label_map ids;
    discs(ids, 3, 30, 6);
    assert_survives_failing_allocations(make_and_free, ids);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_have_numbers),
        cmocka_unit_test(test_every_pixel),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
