/* SPDX-License-Identifier: BSD-3-Clause */
/* The work and the memory of steps over tiles. */
#include "testing.h"

enum { HALO = 100, LENGTH = 20000, PIXELS = 1000000 };

typedef struct windows {
    uint64_t total, largest; /* pixels */
} windows;

static cellseg_status add_window(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    windows *w = data;
    const uint64_t pixels = (uint64_t)window->height * window->width;
    (void)tile;
    (void)sure;
    w->total += pixels;
    w->largest = pixels > w->largest ? pixels : w->largest;
    return CELLSEG_OK;
}

static windows windows_of(size_t height, size_t width) {
    const cseg_scratch scratch = {.window_bytes = PIXELS};
    const cseg_tiles tiles = {.scratch = &scratch, .height = height, .width = width, .pixel_bytes = 1, .halo = HALO};
    windows w = {0};
    assert_ok(cseg_tiles_run(&tiles, add_window, &w));
    return w;
}

/* Windows of the whole height, or width, have no halo there: a tile of 800 pixels has 200 more. */
static void test_planes_lower_or_narrower_than_a_window_are_cut_along_one_axis(void **state) {
    (void)state;
    for (size_t edge = 100; edge <= 1000; edge += 150) {
        const windows flat = windows_of(edge, LENGTH), narrow = windows_of(LENGTH, edge);
        assert_true(flat.largest <= PIXELS && narrow.largest <= PIXELS);
        assert_true(4 * flat.total <= 5 * edge * LENGTH);
        assert_true(4 * narrow.total <= 5 * edge * LENGTH);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planes_lower_or_narrower_than_a_window_are_cut_along_one_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
