/* SPDX-License-Identifier: BSD-3-Clause */
/* The manners of cellseg_measure() and of tables; test_measure.py compares every column with scikit-image. */
#include "testing.h"

#include <cellseg/measure.h>

typedef struct scene {
    cellseg_labels *cells, *nuclei;
    cellseg_image *image;
} scene;

static void scene_free(scene *s) {
    cellseg_labels_free(s->cells);
    cellseg_labels_free(s->nuclei);
    cellseg_image_free(s->image);
}

/* Stripes of twenty ids, a nucleus in the middle of each, and two channels of noise. */
static cellseg_status scene_new(scene *s, cellseg_context *context) {
    enum { HEIGHT = 40, WIDTH = 60 };
    *s = (scene){0};
    if (cellseg_labels_new(&s->cells, context, HEIGHT, WIDTH) != CELLSEG_OK ||
        cellseg_labels_new(&s->nuclei, context, HEIGHT, WIDTH) != CELLSEG_OK ||
        cellseg_image_new(&s->image, context, CELLSEG_UINT16, 2, HEIGHT, WIDTH) != CELLSEG_OK) {
        scene_free(s);
        return cseg_last_status();
    }
    uint64_t seed = 4;
    for (uint32_t i = 0; i < HEIGHT * WIDTH; i++) {
        const uint32_t id = i % WIDTH / 3 * 7;
        cellseg_labels_data_mut(s->cells)[i] = id;
        cellseg_labels_data_mut(s->nuclei)[i] = i % 3 == 1 ? id : 0;
        for (int32_t c = 0; c < 2; c++)
            ((uint16_t *)cellseg_image_pixels_mut(s->image, c))[i] = (uint16_t)test_random(&seed);
    }
    return cellseg_labels_set_pixel_size_um(s->cells, 0.5);
}

static cellseg_status measure_in(cellseg_context *context, void *data) {
    (void)data;
    scene s;
    CSEG_TRY(scene_new(&s, context));
    cellseg_table *table = (cellseg_table *)&s;
    const cellseg_status status = cellseg_measure(&table, context, s.cells, s.nuclei, s.image);
    assert_true((status == CELLSEG_OK) == (table != NULL));
    cellseg_table_free(table);
    scene_free(&s);
    return status;
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    assert_survives_failing_allocations(measure_in, NULL);
}

static void threads_do_not_change_a_byte(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    cellseg_table *first;
    assert_ok(cellseg_measure(&first, NULL, s.cells, s.nuclei, s.image));
    assert_int_equal(cellseg_table_rows(first), 19);
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        cellseg_context *context = test_context(threads);
        cellseg_table *table;
        assert_ok(cellseg_measure(&table, context, s.cells, s.nuclei, s.image));
        assert_int_equal(cellseg_table_columns(table), cellseg_table_columns(first));
        for (size_t i = 0; i < cellseg_table_columns(first); i++) {
            assert_string_equal(cellseg_table_column_name(table, i), cellseg_table_column_name(first, i));
            assert_memory_equal(cellseg_table_column(table, i), cellseg_table_column(first, i), 19 * sizeof(double));
        }
        cellseg_table_free(table);
        cellseg_context_free(context);
    }
    cellseg_table_free(first);
    scene_free(&s);
}

static void faults_are_argument_errors(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    cellseg_labels *small;
    assert_ok(cellseg_labels_new(&small, NULL, 2, 2));
    cellseg_table *table = (cellseg_table *)&s;
    assert_status(cellseg_measure(NULL, NULL, s.cells, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_measure(&table, NULL, NULL, s.nuclei, s.image), CELLSEG_ERR_ARGUMENT);
    assert_null(table);
    assert_status(cellseg_measure(&table, NULL, s.cells, small, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_measure(&table, NULL, small, NULL, s.image), CELLSEG_ERR_ARGUMENT);
    cellseg_labels_free(small);
    scene_free(&s);
}

static void a_table_says_what_is_not_there(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    cellseg_table *table;
    assert_ok(cellseg_measure(&table, NULL, s.cells, NULL, NULL));
    const size_t columns = cellseg_table_columns(table);
    assert_string_equal(cellseg_table_column_name(table, 0), "id");
    assert_null(cellseg_table_column_name(table, columns));
    assert_null(cellseg_table_column(table, columns));
    cellseg_table_free(table);
    assert_int_equal(cellseg_table_rows(NULL), 0);
    assert_int_equal(cellseg_table_columns(NULL), 0);
    assert_null(cellseg_table_column_name(NULL, 0));
    assert_null(cellseg_table_column(NULL, 0));
    cellseg_table_free(NULL);
    scene_free(&s);
}

static int32_t stop(void *user, double fraction, const char *step) {
    (void)fraction;
    (void)step;
    return --*(int *)user < 0;
}

static void progress_cancels(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    int calls = 0;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.progress = stop;
    options.progress_user = &calls;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cellseg_table *table = (cellseg_table *)&s;
    assert_status(cellseg_measure(&table, context, s.cells, s.nuclei, s.image), CELLSEG_ERR_CANCELLED);
    assert_null(table);
    cellseg_context_free(context);
    scene_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(faults_are_argument_errors),
        cmocka_unit_test(a_table_says_what_is_not_there),
        cmocka_unit_test(progress_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
