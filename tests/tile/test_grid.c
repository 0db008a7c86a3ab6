/* SPDX-License-Identifier: BSD-3-Clause */
/* The grid of patches and the way through windows and back, against definitions written out pixel by pixel. */
#include "testing.h"

#include "tile/tile.h"

static const size_t lengths[] = {1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 79};
enum { LENGTHS = sizeof lengths / sizeof lengths[0] };

static cellseg_tile_grid grid_of(size_t height, size_t width, size_t patch, size_t step) {
    return (cellseg_tile_grid){sizeof(cellseg_tile_grid), height, width, patch, step};
}

static cellseg_tile tile_at(const cellseg_tile_grid *grid, size_t index) {
    cellseg_tile tile = {.struct_size = sizeof tile};
    assert_ok(cellseg_tile_at(&tile, grid, index));
    return tile;
}

static void count_kept(uint8_t *kept, const cellseg_tile_grid *grid) {
    size_t count;
    assert_ok(cellseg_tile_count(&count, grid));
    for (size_t i = 0; i < count; i++) {
        const cellseg_tile t = tile_at(grid, i);
        const int64_t margin = (int64_t)(grid->patch_px - grid->step_px) / 2;
        assert_true(t.height >= 1 && t.height <= grid->step_px && t.width >= 1 && t.width <= grid->step_px);
        assert_true(t.window_top == (int64_t)t.top - margin && t.window_left == (int64_t)t.left - margin);
        for (size_t y = t.top; y < t.top + t.height; y++)
            for (size_t x = t.left; x < t.left + t.width; x++)
                kept[y * grid->width_px + x]++;
    }
}

static void every_pixel_is_kept_once(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTHS; i++)
        for (size_t j = 0; j < LENGTHS; j++) {
            uint8_t kept[80 * 80] = {0};
            const cellseg_tile_grid grid = grid_of(lengths[i], lengths[j], 22, 16);
            count_kept(kept, &grid);
            for (size_t p = 0; p < lengths[i] * lengths[j]; p++)
                assert_int_equal(kept[p], 1);
        }
}

/* d c b a | a b c d | d c b a, by walking. */
static size_t mirrored(int64_t at, size_t length) {
    int64_t i = 0, step = -1;
    size_t place = 0;
    for (; i > at; i--) { /* leftwards */
        if (step < 0 && place == 0)
            step = 1;
        else if (step > 0 && place + 1 == length)
            step = -1;
        else
            place = (size_t)((int64_t)place + step);
    }
    for (step = 1; i < at; i++) { /* rightwards */
        if (step > 0 && place + 1 == length)
            step = -1;
        else if (step < 0 && place == 0)
            step = 1;
        else
            place = (size_t)((int64_t)place + step);
    }
    return place;
}

static void windows_mirror_the_image(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < LENGTHS; i++) {
        const size_t height = lengths[i], width = lengths[LENGTHS - 1 - i], stride = width + 3, patch = 40;
        float pixels[80 * 83], window[40 * 40];
        for (size_t p = 0; p < height * stride; p++)
            pixels[p] = (float)test_uniform(&seed);
        const cseg_plane plane = {pixels, height, width, stride * sizeof(float), CELLSEG_FLOAT32};
        const cellseg_tile_grid grid = grid_of(height, width, patch, 16);
        for (size_t t = 0; t < cseg_grid_count(&grid); t++) {
            const cellseg_tile tile = tile_at(&grid, t);
            cseg_tile_read(window, &grid, &plane, 0, 0, t);
            for (size_t y = 0; y < patch; y++)
                for (size_t x = 0; x < patch; x++) {
                    const size_t from_y = mirrored(tile.window_top + (int64_t)y, height);
                    const size_t from_x = mirrored(tile.window_left + (int64_t)x, width);
                    assert_true(window[y * patch + x] == pixels[from_y * stride + from_x]);
                }
        }
    }
}

static void what_is_read_and_written_back_is_the_image(void **state) {
    (void)state;
    uint64_t seed = 2;
    for (size_t i = 0; i < LENGTHS; i++)
        for (size_t j = 0; j < LENGTHS; j++) {
            float from[80 * 80], window[24 * 24];
            uint16_t units[80 * 80], to[80 * 80] = {0};
            for (size_t p = 0; p < lengths[i] * lengths[j]; p++)
                units[p] = cseg_unit_of((double)(from[p] = (float)test_uniform(&seed)));
            const cseg_plane in = {from, lengths[i], lengths[j], lengths[j] * sizeof(float), CELLSEG_FLOAT32};
            const cseg_plane out = {to, lengths[i], lengths[j], lengths[j] * sizeof(uint16_t), CELLSEG_UINT16};
            const cellseg_tile_grid grid = grid_of(lengths[i], lengths[j], 24, 20);
            for (size_t t = 0; t < cseg_grid_count(&grid); t++) {
                cseg_tile_read(window, &grid, &in, 0, 0, t);
                cseg_tile_write(&out, 0, 0, &grid, t, window);
            }
            assert_memory_equal(units, to, lengths[i] * lengths[j] * sizeof(uint16_t));
        }
}

static void bad_arguments_are_refused(void **state) {
    (void)state;
    size_t count = 7;
    cellseg_tile tile = {.struct_size = sizeof tile};
    const cellseg_tile_grid good = grid_of(100, 100, 176, 160);
    const cellseg_tile_grid bad[] = {grid_of(0, 5, 176, 160),   grid_of(5, 0, 176, 160), grid_of(5, 5, 176, 0),
                                     grid_of(5, 5, 176, 161),   grid_of(5, 5, 160, 176), grid_of(SIZE_MAX, 5, 176, 160),
                                     grid_of(5, 5, SIZE_MAX, 1)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_status(cellseg_tile_count(&count, &bad[i]), CELLSEG_ERR_ARGUMENT);
        assert_int_equal(count, 0);
        assert_status(cellseg_tile_at(&tile, &bad[i], 0), CELLSEG_ERR_ARGUMENT);
    }
    assert_status(cellseg_tile_count(NULL, &good), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_tile_count(&count, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_tile_at(NULL, &good, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_tile_at(&tile, &good, 1), CELLSEG_ERR_ARGUMENT);
    tile.struct_size = 3;
    assert_status(cellseg_tile_at(&tile, &good, 0), CELLSEG_ERR_ARGUMENT);
    cellseg_tile_grid unset = good;
    unset.struct_size = 0;
    assert_status(cellseg_tile_count(&count, &unset), CELLSEG_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pixel_is_kept_once),
        cmocka_unit_test(windows_mirror_the_image),
        cmocka_unit_test(what_is_read_and_written_back_is_the_image),
        cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
