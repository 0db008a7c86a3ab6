/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources, sinks and stores: rectangles come and go as they are, failures name the place, and tiles cover a plane once. */
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { HEIGHT = 37, WIDTH = 53, CHANNELS = 2 };

/* ---- sources ---- */

typedef struct counted {
    int32_t error;
    int reads, releases;
} counted;

static uint16_t value_at(int32_t channel, size_t y, size_t x) {
    return (uint16_t)(10000 * channel + (int)(y * WIDTH + x));
}

static int32_t read_pixels(void *user, void *to, size_t stride, int32_t channel, size_t top, size_t left, size_t height,
                           size_t width) {
    counted *c = user;
    c->reads++;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            ((uint16_t *)(void *)((char *)to + y * stride))[x] = value_at(channel, top + y, left + x);
    return c->error;
}

static void release_counted(void *user) {
    ((counted *)user)->releases++;
}

static cellseg_source_callbacks source_callbacks(counted *c) {
    cellseg_source_callbacks callbacks;
    assert_ok(cellseg_source_callbacks_init(&callbacks, sizeof callbacks));
    callbacks.name = "slide 7";
    callbacks.user = c;
    callbacks.height = HEIGHT;
    callbacks.width = WIDTH;
    callbacks.channels = CHANNELS;
    callbacks.pixel_type = CELLSEG_UINT16;
    callbacks.pixel_size_um = 0.5;
    callbacks.read = read_pixels;
    callbacks.release = release_counted;
    return callbacks;
}

static void check_rectangles(cellseg_source *source) {
    uint64_t seed = 1;
    for (int i = 0; i < 50; i++) {
        uint16_t pixels[HEIGHT * (WIDTH + 3)];
        const size_t top = test_random(&seed) % HEIGHT, left = test_random(&seed) % WIDTH;
        const size_t height = 1 + test_random(&seed) % (HEIGHT - top), width = 1 + test_random(&seed) % (WIDTH - left);
        const int32_t channel = (int32_t)(test_random(&seed) % CHANNELS);
        assert_ok(cellseg_source_read(source, NULL, pixels, (width + 3) * sizeof *pixels, channel, top, left, height, width));
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                assert_int_equal(pixels[y * (width + 3) + x], value_at(channel, top + y, left + x));
    }
}

static void test_rectangles_of_callbacks_and_of_images(void **state) {
    (void)state;
    counted c = {0};
    const cellseg_source_callbacks callbacks = source_callbacks(&c);
    cellseg_source *source;
    cellseg_image *image;
    assert_ok(cellseg_source_new(&source, NULL, &callbacks));
    assert_int_equal(cellseg_source_height(source), HEIGHT);
    assert_int_equal(cellseg_source_width(source), WIDTH);
    assert_int_equal(cellseg_source_channels(source), CHANNELS);
    assert_int_equal(cellseg_source_pixel_type(source), CELLSEG_UINT16);
    assert_true(cellseg_source_pixel_size_um(source) == 0.5);
    check_rectangles(source);
    cellseg_source_free(source);
    assert_int_equal(c.releases, 1);
    assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, CHANNELS, HEIGHT, WIDTH));
    for (int32_t channel = 0; channel < CHANNELS; channel++)
        (void)read_pixels(&c, cellseg_image_pixels_mut(image, channel), WIDTH * sizeof(uint16_t), channel, 0, 0, HEIGHT, WIDTH);
    assert_ok(cellseg_source_from_image(&source, NULL, image));
    check_rectangles(source);
    cellseg_source_free(source);
    cellseg_image_free(image);
}

static void test_a_failing_source_names_the_place(void **state) {
    (void)state;
    counted c = {.error = ENODATA};
    const cellseg_source_callbacks callbacks = source_callbacks(&c);
    cellseg_source *source;
    uint16_t pixels[6];
    assert_ok(cellseg_source_new(&source, NULL, &callbacks));
    assert_status(cellseg_source_read(source, NULL, pixels, 6, 1, 4, 5, 2, 3), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), "slide 7: channel 1, rows 4 to 5, columns 5 to 7"));
    c.error = -3; /* no errno, and no status of the library's own */
    assert_status(cellseg_source_read(source, NULL, pixels, 6, 1, 4, 5, 2, 3), CELLSEG_ERR_IO);
    c.error = 0;
    assert_status(cellseg_source_read(source, NULL, pixels, 6, 2, 0, 0, 1, 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_source_read(source, NULL, pixels, 6, 0, HEIGHT, 0, 1, 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_source_read(source, NULL, pixels, 6, 0, 0, 2, 1, SIZE_MAX), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_source_read(source, NULL, pixels, 5, 0, 0, 0, 1, 3), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_source_read(source, NULL, pixels, 6, 0, 0, 0, 0, 3), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_source_read(NULL, NULL, pixels, 6, 0, 0, 0, 1, 3), CELLSEG_ERR_ARGUMENT);
    assert_int_equal(c.reads, 2);
    cellseg_source_free(source);
}

static void test_bad_sources_are_refused(void **state) {
    (void)state;
    counted c = {0};
    cellseg_source *source;
    cellseg_source_callbacks bad[4];
    for (size_t i = 0; i < 4; i++)
        bad[i] = source_callbacks(&c);
    bad[0].read = NULL;
    bad[1].pixel_type = 99;
    bad[2].height = 0;
    bad[3].channels = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_status(cellseg_source_new(&source, NULL, &bad[i]), CELLSEG_ERR_ARGUMENT);
        assert_null(source);
    }
    assert_status(cellseg_source_new(&source, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_source_new(NULL, NULL, &bad[0]), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_source_from_image(&source, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_int_equal(c.releases, 0);
    assert_int_equal(cellseg_source_height(NULL), 0);
    cellseg_source_free(NULL);
}

/* ---- sinks ---- */

typedef struct taken {
    uint32_t pixels[CHANNELS * HEIGHT * WIDTH];
    int32_t error;
    int finishes, releases;
} taken;

static int32_t take_rows(void *user, const void *rows, size_t stride, int32_t channel, size_t top, size_t count) {
    taken *t = user;
    for (size_t y = 0; y < count; y++)
        memcpy(t->pixels + ((size_t)channel * HEIGHT + top + y) * WIDTH, (const char *)rows + y * stride,
               WIDTH * sizeof(uint32_t));
    return t->error;
}

static int32_t finish_taken(void *user) {
    ((taken *)user)->finishes++;
    return 0;
}

static void release_taken(void *user) {
    ((taken *)user)->releases++;
}

static cellseg_sink *sink_of(taken *t) {
    cellseg_sink_callbacks callbacks;
    cellseg_sink *sink;
    assert_ok(cellseg_sink_callbacks_init(&callbacks, sizeof callbacks));
    callbacks.name = "labels";
    callbacks.user = t;
    callbacks.height = HEIGHT;
    callbacks.width = WIDTH;
    callbacks.channels = CHANNELS;
    callbacks.write = take_rows;
    callbacks.finish = finish_taken;
    callbacks.release = release_taken;
    assert_ok(cellseg_sink_new(&sink, NULL, &callbacks));
    return sink;
}

static void test_rows_come_once_and_in_order(void **state) {
    (void)state;
    static taken t;
    static uint32_t rows[HEIGHT * WIDTH];
    cellseg_sink *sink = sink_of(&t);
    for (uint32_t i = 0; i < HEIGHT * WIDTH; i++)
        rows[i] = i;
    for (int32_t channel = 0; channel < CHANNELS; channel++)
        for (size_t top = 0; top < HEIGHT; top += 10) {
            const size_t count = HEIGHT - top < 10 ? HEIGHT - top : 10;
            assert_status(cellseg_sink_finish(sink, NULL), CELLSEG_ERR_ARGUMENT);
            assert_status(cellseg_sink_write(sink, NULL, rows, WIDTH * 4, HEIGHT - top + 1), CELLSEG_ERR_ARGUMENT);
            assert_ok(cellseg_sink_write(sink, NULL, rows + top * WIDTH, WIDTH * 4, count));
        }
    assert_status(cellseg_sink_write(sink, NULL, rows, WIDTH * 4, 1), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_sink_finish(sink, NULL));
    assert_status(cellseg_sink_finish(sink, NULL), CELLSEG_ERR_ARGUMENT);
    for (size_t i = 0; i < (size_t)CHANNELS * HEIGHT * WIDTH; i++)
        assert_int_equal(t.pixels[i], i % (HEIGHT * WIDTH));
    cellseg_sink_free(sink);
    assert_int_equal(t.finishes, 1);
    assert_int_equal(t.releases, 1);
}

static void test_a_failed_sink_takes_nothing_more(void **state) {
    (void)state;
    static taken t = {.error = ENOSPC};
    static uint32_t rows[WIDTH];
    cellseg_sink *sink = sink_of(&t);
    assert_status(cellseg_sink_write(sink, NULL, rows, WIDTH * 4 - 1, 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_sink_write(sink, NULL, rows, WIDTH * 4, 1), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), "labels: cannot be written: No space left"));
    t.error = 0;
    assert_status(cellseg_sink_write(sink, NULL, rows, WIDTH * 4, 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_sink_finish(sink, NULL), CELLSEG_ERR_ARGUMENT);
    cellseg_sink_free(sink);
    assert_int_equal(t.finishes, 0);
    assert_int_equal(t.releases, 1);
}

/* ---- stores ---- */

static void fill(const cseg_plane *plane, size_t top, size_t left) {
    for (size_t y = 0; y < plane->height; y++)
        for (size_t x = 0; x < plane->width; x++)
            cseg_row_u32(plane, y)[x] = (uint32_t)((top + y) * WIDTH + left + x);
}

static void check_store(const char *folder) {
    const cseg_scratch scratch = {.folder = folder, .window_bytes = 1 << 20};
    cseg_store store;
    uint64_t seed = 5;
    assert_ok(cseg_store_new(&store, &scratch, CELLSEG_UINT32, HEIGHT, WIDTH));
    for (size_t top = 0; top < HEIGHT; top += 8)
        for (size_t left = 0; left < WIDTH; left += 20) {
            const cseg_rect rect = {top, left, HEIGHT - top < 8 ? HEIGHT - top : 8, WIDTH - left < 20 ? WIDTH - left : 20};
            cseg_part part;
            assert_ok(cseg_part_make(&part, &store, &rect));
            fill(&part.plane, top, left);
            assert_ok(cseg_store_put(&store, top, left, &part.plane));
            cseg_part_close(&part);
        }
    for (int i = 0; i < 50; i++) {
        const size_t top = test_random(&seed) % HEIGHT, left = i % 3 == 0 ? 0 : test_random(&seed) % WIDTH;
        const size_t width = i % 3 == 0 ? WIDTH : 1 + test_random(&seed) % (WIDTH - left);
        const cseg_rect rect = {top, left, 1 + test_random(&seed) % (HEIGHT - top), width};
        cseg_part part;
        assert_ok(cseg_part_open(&part, &store, &rect));
        for (size_t y = 0; y < rect.height; y++)
            for (size_t x = 0; x < rect.width; x++)
                assert_int_equal(cseg_row_u32(&part.plane, y)[x], (top + y) * WIDTH + left + x);
        cseg_part_close(&part);
        cseg_part_close(&part);
    }
    cseg_store_free(&store);
    cseg_store_free(&store);
}

static void test_stores_in_memory_and_in_files(void **state) {
    (void)state;
    char folder[] = "/tmp/cellseg-store-XXXXXX";
    assert_non_null(mkdtemp(folder));
    check_store(NULL);
    check_store(folder);
    assert_int_equal(rmdir(folder), 0); /* no file stayed */
    cseg_store store;
    const cseg_scratch scratch = {.folder = folder};
    assert_status(cseg_store_new(&store, &scratch, CELLSEG_UINT8, 5, 5), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), folder));
}

static cellseg_status allocating(cellseg_context *context, void *folder) {
    const cseg_scratch scratch = {.context = context, .folder = folder};
    const cseg_rect rect = {1, 2, 3, 4};
    cseg_store store;
    cseg_part part;
    CSEG_TRY(cseg_store_new(&store, &scratch, CELLSEG_UINT16, 9, 9));
    uint16_t zeros[81] = {0};
    const cseg_plane all = {zeros, 9, 9, 18, CELLSEG_UINT16};
    cellseg_status status = cseg_store_put(&store, 0, 0, &all);
    if (status == CELLSEG_OK)
        status = cseg_part_open_unit(&part, &store, &rect);
    if (status == CELLSEG_OK)
        cseg_part_close(&part);
    cseg_store_free(&store);
    return status;
}

static void test_survives_failing_allocations(void **state) {
    (void)state;
    assert_survives_failing_allocations(allocating, NULL);
    assert_survives_failing_allocations(allocating, "/tmp");
}

/* ---- tiles ---- */

typedef struct covered {
    uint8_t count[HEIGHT * WIDTH];
    size_t halo, windows, multiple;
    bool whole_rows;
} covered;

/* Sure from a window of a halo of `halo` on; tiles are then marked. */
static cellseg_status cover(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    covered *c = data;
    const cseg_rect wanted = cseg_rectangle_grow(tile, c->halo, HEIGHT, WIDTH);
    c->windows++;
    *sure = window->height >= wanted.height && window->width >= wanted.width;
    if (!*sure)
        return CELLSEG_OK;
    assert_true(!c->whole_rows || tile->width == WIDTH);
    assert_true(c->multiple == 0 || (tile->top % c->multiple == 0 && tile->left % c->multiple == 0));
    for (size_t y = tile->top; y < cseg_rectangle_bottom(tile); y++)
        for (size_t x = tile->left; x < cseg_rectangle_right(tile); x++)
            c->count[y * WIDTH + x]++;
    return CELLSEG_OK;
}

static void test_tiles_cover_a_plane_once(void **state) {
    (void)state;
    static const size_t edges[] = {0, 1, 7, 16, 40, 500};
    for (size_t i = 0; i < 6; i++)
        for (int form = 0; form < 3; form++)
            for (size_t halo = 0; halo < 200; halo += 63) {
                const cseg_scratch scratch = {.window_bytes = 4000, .tile_px = edges[i]};
                covered c = {.halo = halo, .whole_rows = form == 1, .multiple = form == 2 ? 16 : 0};
                const cseg_tiles tiles = {&scratch, HEIGHT, WIDTH, 4, 3, c.multiple, c.whole_rows};
                assert_ok(cseg_tiles_run(&tiles, cover, &c));
                for (size_t p = 0; p < HEIGHT * WIDTH; p++)
                    assert_int_equal(c.count[p], 1);
                assert_true(c.windows > 0);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rectangles_of_callbacks_and_of_images),
        cmocka_unit_test(test_a_failing_source_names_the_place),
        cmocka_unit_test(test_bad_sources_are_refused),
        cmocka_unit_test(test_rows_come_once_and_in_order),
        cmocka_unit_test(test_a_failed_sink_takes_nothing_more),
        cmocka_unit_test(test_stores_in_memory_and_in_files),
        cmocka_unit_test(test_survives_failing_allocations),
        cmocka_unit_test(test_tiles_cover_a_plane_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
