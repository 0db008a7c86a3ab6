/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets: every pixel against the definition, at the labels' scale and at others. */
#include "testing.h"

#include "train/dataset.h"

enum { HEIGHT = 61, WIDTH = 47 };

typedef struct maps {
    uint32_t cells[HEIGHT * WIDTH], nuclei[HEIGHT * WIDTH];
    bool unknown; /* the nuclei do not count */
} maps;

static cseg_plane view(uint32_t *labels) {
    return (cseg_plane){labels, HEIGHT, WIDTH, WIDTH * sizeof *labels, CELLSEG_UINT32};
}

static void random_maps(maps *m) {
    uint64_t state = 3;
    m->unknown = false;
    for (size_t i = 0; i < HEIGHT * WIDTH; i++) {
        m->cells[i] = (uint32_t)(test_random(&state) % 3) * 70000;
        m->nuclei[i] = (uint32_t)(test_random(&state) % 2) * 65536;
    }
}

static uint8_t expected_class(const maps *m, size_t i) {
    if (m->cells[i] == 0)
        return 2;
    if (m->unknown)
        return 254;
    return m->nuclei[i] != 0 ? 0 : 1;
}

static cellseg_status make(maps *m, cellseg_context *context, cseg_plane *classes, size_t height, size_t width) {
    const cseg_plane cells = view(m->cells), nuclei = view(m->nuclei);
    CSEG_TRY(cseg_plane_new(classes, context, CELLSEG_UINT8, height, width));
    const cellseg_status status = cseg_targets_classify(context, classes, &cells, m->unknown ? NULL : &nuclei, !m->unknown);
    if (status != CELLSEG_OK)
        cseg_plane_free(classes);
    return status;
}

static void test_every_pixel_at_the_labels_scale(void **state) {
    (void)state;
    maps m;
    random_maps(&m);
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        cellseg_context *context = test_context(threads);
        cseg_plane classes;
        m.unknown = threads == 4;
        assert_ok(make(&m, context, &classes, HEIGHT, WIDTH));
        for (size_t i = 0; i < HEIGHT * WIDTH; i++)
            assert_int_equal(cseg_row_u8(&classes, i / WIDTH)[i % WIDTH], expected_class(&m, i));
        cseg_plane_free(&classes);
        cellseg_context_free(context);
    }
}

static void test_other_scales_take_the_nearest_pixel(void **state) {
    (void)state;
    static const size_t sizes[][2] = {{2 * HEIGHT, 2 * WIDTH}, {3 * HEIGHT, WIDTH}, {HEIGHT / 2, WIDTH / 3}, {1, 1}, {17, 93}};
    maps m;
    random_maps(&m);
    m.nuclei[HEIGHT / 2 * WIDTH + WIDTH / 2] = m.cells[HEIGHT / 2 * WIDTH + WIDTH / 2] = 1; /* what a single pixel will see */
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        cseg_plane classes;
        assert_ok(make(&m, NULL, &classes, sizes[s][0], sizes[s][1]));
        for (size_t y = 0; y < sizes[s][0]; y++)
            for (size_t x = 0; x < sizes[s][1]; x++) {
                const size_t from_y = (2 * y + 1) * HEIGHT / (2 * sizes[s][0]), from_x = (2 * x + 1) * WIDTH / (2 * sizes[s][1]);
                assert_int_equal(cseg_row_u8(&classes, y)[x], expected_class(&m, from_y * WIDTH + from_x));
            }
        cseg_plane_free(&classes);
    }
}

static void test_labels_without_cells_or_nuclei(void **state) {
    (void)state;
    maps m;
    cseg_plane classes;
    memset(&m, 0, sizeof m);
    assert_status(make(&m, NULL, &classes, HEIGHT, WIDTH), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "no cell"));
    m.nuclei[5] = 1; /* outside any cell */
    m.cells[6] = 1;
    assert_status(make(&m, NULL, &classes, HEIGHT, WIDTH), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "no nucleus"));
    m.unknown = true;
    assert_ok(make(&m, NULL, &classes, HEIGHT, WIDTH));
    cseg_plane_free(&classes);
    m.cells[6] = 0;
    assert_status(make(&m, NULL, &classes, HEIGHT, WIDTH), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "no cell"));
}

/* Cells with the ids 1 to 40 in rows of pixels, and a nucleus here and there under its cell's id. */
static void test_cells_without_a_known_nucleus(void **state) {
    (void)state;
    static maps m;
    bool divided[41] = {false};
    uint64_t random = 9;
    memset(&m, 0, sizeof m);
    for (size_t i = 0; i < HEIGHT * WIDTH; i++) {
        const uint32_t id = (uint32_t)(test_random(&random) % 41);
        m.cells[i] = id * 1000003;
        m.nuclei[i] = test_uniform(&random) < 0.01 ? m.cells[i] : 0;
        divided[id] = divided[id] || m.nuclei[i] != 0;
    }
    const cseg_plane cells = view(m.cells), nuclei = view(m.nuclei);
    cseg_plane classes;
    size_t undivided = 0;
    assert_ok(cseg_plane_new(&classes, NULL, CELLSEG_UINT8, HEIGHT, WIDTH));
    assert_ok(cseg_targets_classify(NULL, &classes, &cells, &nuclei, false));
    for (size_t i = 0; i < HEIGHT * WIDTH; i++) {
        const bool known = m.cells[i] == 0 || divided[m.cells[i] / 1000003];
        assert_int_equal(cseg_row_u8(&classes, i / WIDTH)[i % WIDTH], known ? expected_class(&m, i) : 254);
        undivided += !known;
    }
    assert_in_range(undivided, 100, HEIGHT * WIDTH - 100);
    cseg_plane_free(&classes);
}

static cellseg_status make_and_free(cellseg_context *context, void *data) {
    cseg_plane classes;
    const cellseg_status status = make(data, context, &classes, HEIGHT / 2, WIDTH);
    cseg_plane_free(&classes);
    return status;
}

static void test_failing_allocations(void **state) {
    (void)state;
    maps m;
    random_maps(&m);
    assert_survives_failing_allocations(make_and_free, &m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pixel_at_the_labels_scale),
        cmocka_unit_test(test_other_scales_take_the_nearest_pixel),
        cmocka_unit_test(test_labels_without_cells_or_nuclei),
        cmocka_unit_test(test_cells_without_a_known_nucleus),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
