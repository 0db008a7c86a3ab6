/* SPDX-License-Identifier: BSD-3-Clause */
/* The manners of cellseg_measure() and of tables; test_measure.py compares every column with scikit-image. */
#include "testing.h"

#include <cellseg/measure.h>

#include <math.h>

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
        return cseg_error_last();
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

/* Every group there is. */
static cellseg_measure_options everything(void) {
    cellseg_measure_options options;
    assert_ok(cellseg_measure_options_init(&options, sizeof options));
    options.neighbours = options.texture = options.radial = options.granularity = options.zernike = 1;
    options.intensity_detail = 1;
    return options;
}

/* The scene with its image twice, and its nuclei as a compartment. */
static cellseg_status measure_twice(cellseg_table **out, cellseg_context *context, const scene *s,
                                    const cellseg_measure_options *options) {
    const cellseg_image *const images[] = {s->image, s->image};
    const cellseg_labels *const compartments[] = {s->nuclei};
    const char *const names[] = {"middle"};
    cellseg_measure_inputs inputs;
    assert_ok(cellseg_measure_inputs_init(&inputs, sizeof inputs));
    inputs.cells = s->cells;
    inputs.nuclei = s->nuclei;
    inputs.images = images;
    inputs.image_count = 2;
    inputs.compartments = compartments;
    inputs.compartment_names = names;
    inputs.compartment_count = 1;
    inputs.channel_names = 1;
    return cellseg_measure_all(out, context, &inputs, options);
}

static cellseg_status measure_in(cellseg_context *context, void *data) {
    (void)data;
    scene s;
    CSEG_TRY(scene_new(&s, context));
    const cellseg_measure_options options = everything();
    cellseg_table *table = (cellseg_table *)&s;
    const cellseg_status status = measure_twice(&table, context, &s, &options);
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
    const cellseg_measure_options options = everything();
    cellseg_table *first;
    assert_ok(measure_twice(&first, NULL, &s, &options));
    assert_int_equal(cellseg_table_rows(first), 19);
    for (int32_t threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
        cellseg_context *context = test_context(threads);
        cellseg_table *table;
        assert_ok(measure_twice(&table, context, &s, &options));
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
    assert_status(cellseg_measure(NULL, NULL, s.cells, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_measure(&table, NULL, NULL, s.nuclei, s.image, NULL), CELLSEG_ERR_ARGUMENT);
    assert_null(table);
    assert_status(cellseg_measure(&table, NULL, s.cells, small, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_measure(&table, NULL, small, NULL, s.image, NULL), CELLSEG_ERR_ARGUMENT);
    cellseg_labels_free(small);
    scene_free(&s);
}

static void expect_wrong_inputs(const cellseg_measure_inputs *inputs, const char *word) {
    cellseg_table *table = (cellseg_table *)&inputs;
    assert_status(cellseg_measure_all(&table, NULL, inputs, NULL), CELLSEG_ERR_ARGUMENT);
    assert_null(table);
    assert_non_null(strstr(cellseg_last_error(), word));
}

static void wrong_inputs_are_argument_errors(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    const cellseg_image *const images[] = {s.image, NULL};
    const cellseg_labels *const compartments[] = {s.nuclei, NULL};
    const char *const names[] = {"one", "other"}, *const same[] = {"one", "one"};
    cellseg_measure_inputs inputs;
    assert_status(cellseg_measure_inputs_init(&inputs, 8), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_measure_inputs_init(&inputs, sizeof inputs));
    expect_wrong_inputs(NULL, "inputs");
    expect_wrong_inputs(&inputs, "cells");
    inputs.cells = s.cells;
    inputs.image_count = 2;
    expect_wrong_inputs(&inputs, "NULL");
    inputs.images = images;
    expect_wrong_inputs(&inputs, "image 1");
    inputs.image_count = 1;
    inputs.compartment_count = 2;
    inputs.compartments = compartments;
    expect_wrong_inputs(&inputs, "compartment_names");
    inputs.compartment_names = names;
    expect_wrong_inputs(&inputs, "compartment other");
    inputs.compartment_names = same;
    expect_wrong_inputs(&inputs, "two compartments are named one");
    inputs.compartment_count = (size_t)1 << 17;
    expect_wrong_inputs(&inputs, "65536");
    inputs.compartment_count = 1;
    inputs.channel_names = 2;
    expect_wrong_inputs(&inputs, "channel_names");
    inputs.channel_names = 0;
    int32_t channels[] = {1, 2};
    inputs.channels = channels;
    inputs.channel_count = 2;
    expect_wrong_inputs(&inputs, "channel 2 is to be measured, and the images have 2 channels");
    channels[1] = -1;
    expect_wrong_inputs(&inputs, "channel -1");
    channels[1] = 1;
    expect_wrong_inputs(&inputs, "channel 1 is to be measured twice");
    inputs.struct_size = 8;
    expect_wrong_inputs(&inputs, "cellseg_measure_inputs");
    assert_status(cellseg_measure_all(NULL, NULL, &inputs, NULL), CELLSEG_ERR_ARGUMENT);
    scene_free(&s);
}

static void expect_fault(const scene *s, const cellseg_measure_options *options) {
    cellseg_table *table = (cellseg_table *)&options;
    assert_status(cellseg_measure(&table, NULL, s->cells, s->nuclei, s->image, options), CELLSEG_ERR_ARGUMENT);
    assert_null(table);
}

static void options_out_of_range_are_argument_errors(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    const cellseg_measure_options good = everything();
    cellseg_measure_options bad[] = {good, good, good, good, good, good, good, good, good, good, good, good};
    bad[0].texture_levels = 1;
    bad[1].texture_levels = 256;
    bad[2].texture_distance_px = 0;
    bad[3].texture_distance_px = 1001;
    bad[4].texture_low = 1;
    bad[5].texture_high = (double)NAN;
    bad[6].texture_high = (double)INFINITY;
    bad[7].struct_size = offsetof(cellseg_measure_options, intensity_detail);
    bad[8].granularity_step_px = 0;
    bad[9].granularity_step_px = 65;
    bad[10].zernike = 2;
    bad[11].intensity_detail = -1;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_fault(&s, &bad[i]);
    assert_status(cellseg_measure_options_init(NULL, sizeof good), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_measure_options_init(bad, 8), CELLSEG_ERR_ARGUMENT);
    scene_free(&s);
}

static void options_choose_the_columns(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    cellseg_measure_options options = everything();
    const struct {
        int32_t *member;
        size_t columns; /* of two channels */
    } groups[] = {{&options.shape, 12},
                  {&options.neighbours, 7},
                  {&options.intensity, 2 * 8},
                  {&options.texture, 2 * 13},
                  {&options.radial, 2 * 12},
                  {&options.granularity, 2 * 16},
                  {&options.zernike, 30 + 2 * 60},
                  {&options.intensity_detail, 2 * 9}};
    enum { GROUPS = sizeof groups / sizeof *groups };
    size_t expected = 1 + 8 + 3;
    for (size_t i = 0; i < GROUPS; i++)
        *groups[i].member = 0;
    for (size_t i = 0; i <= GROUPS; i++) {
        cellseg_table *table;
        assert_ok(cellseg_measure(&table, NULL, s.cells, s.nuclei, s.image, &options));
        assert_int_equal(cellseg_table_columns(table), expected);
        cellseg_table_free(table);
        if (i < GROUPS) {
            *groups[i].member = 1;
            expected += groups[i].columns;
        }
    }
    scene_free(&s);
}

/* Columns of the chosen channels keep their numbers among all, and have the values that they have among all. */
static void channels_are_chosen_by_number(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    const cellseg_image *const images[] = {s.image, s.image};
    const int32_t channels[] = {3, 0};
    cellseg_measure_inputs inputs;
    assert_ok(cellseg_measure_inputs_init(&inputs, sizeof inputs));
    inputs.cells = s.cells;
    inputs.images = images;
    inputs.image_count = 2;
    cellseg_table *all, *two, *none;
    assert_ok(cellseg_measure_all(&all, NULL, &inputs, NULL));
    inputs.channels = channels;
    assert_ok(cellseg_measure_all(&none, NULL, &inputs, NULL));
    inputs.channel_count = 2;
    assert_ok(cellseg_measure_all(&two, NULL, &inputs, NULL));
    const size_t rows = cellseg_table_rows(all), own = cellseg_table_columns(none), each = (cellseg_table_columns(all) - own) / 4;
    assert_int_equal(cellseg_table_columns(two), own + 2 * each);
    assert_string_equal(cellseg_table_column_name(two, own), "intensity_mean_channel_3");
    for (size_t i = 0; i < own + 2 * each; i++) {
        const size_t in_all = i < own ? i : i < own + each ? i + 3 * each : i - each;
        assert_string_equal(cellseg_table_column_name(two, i), cellseg_table_column_name(all, in_all));
        assert_memory_equal(cellseg_table_column(two, i), cellseg_table_column(all, in_all), rows * sizeof(double));
    }
    cellseg_table_free(all);
    cellseg_table_free(two);
    cellseg_table_free(none);
    scene_free(&s);
}

static void a_table_says_what_is_not_there(void **state) {
    (void)state;
    scene s;
    assert_ok(scene_new(&s, NULL));
    cellseg_table *table;
    assert_ok(cellseg_measure(&table, NULL, s.cells, NULL, NULL, NULL));
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
    const cellseg_measure_options chosen = everything();
    cellseg_status status = CELLSEG_ERR_CANCELLED;
    int rounds = 0;
    for (; status != CELLSEG_OK; rounds++) {
        int calls = rounds; /* let one more callback pass in each round, so that every step is cancelled once */
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.progress = stop;
        options.progress_user = &calls;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        cellseg_table *table = (cellseg_table *)&s;
        status = measure_twice(&table, context, &s, &chosen);
        assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_CANCELLED);
        assert_true((status == CELLSEG_OK) == (table != NULL));
        cellseg_table_free(table);
        cellseg_context_free(context);
    }
    assert_true(rounds > 1);
    scene_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(faults_are_argument_errors),
        cmocka_unit_test(wrong_inputs_are_argument_errors),
        cmocka_unit_test(options_out_of_range_are_argument_errors),
        cmocka_unit_test(options_choose_the_columns),
        cmocka_unit_test(channels_are_chosen_by_number),
        cmocka_unit_test(a_table_says_what_is_not_there),
        cmocka_unit_test(progress_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
