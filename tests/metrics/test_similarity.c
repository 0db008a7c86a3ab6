/* SPDX-License-Identifier: BSD-3-Clause */
/* SM by hand on small maps, and its manners as an entry point; test_similarity.py compares it with a derivation by sets. */
#include "testing.h"

#include <cellseg/metrics.h>

static cellseg_labels *map_of(cellseg_context *context, size_t height, size_t width, const uint32_t *ids) {
    cellseg_labels *labels = NULL;
    if (cellseg_labels_new(&labels, context, height, width) == CELLSEG_OK)
        memcpy(cellseg_labels_data_mut(labels), ids, height * width * sizeof *ids);
    return labels;
}

static cellseg_labels *random_map(size_t height, size_t width, uint64_t seed) {
    cellseg_labels *labels;
    assert_ok(cellseg_labels_new(&labels, NULL, height, width));
    for (size_t i = 0; i < height * width; i++)
        cellseg_labels_data_mut(labels)[i] = (uint32_t)(test_random(&seed) % 50);
    return labels;
}

static const uint32_t truth[] = {1, 1, 1, 0, 5, 5, 0, 9};
static const uint32_t found[] = {2, 2, 0, 0, 2, 7, 7, 0};

static void parts_are_those_computed_by_hand(void **state) {
    (void)state;
    cellseg_labels *reference = map_of(NULL, 2, 4, truth), *target = map_of(NULL, 2, 4, found);
    cellseg_similarity s = {.struct_size = sizeof s};
    double dice[3];
    assert_ok(cellseg_similarity_compute(&s, dice, 3, NULL, reference, target, 0.6));
    assert_true(dice[0] == 2.0 * 2 / (3 + 3)); /* 1 meets 2 in two pixels */
    assert_true(dice[1] == 2.0 * 1 / (2 + 2)); /* 5 meets 2 and 7 in one pixel each; 7 is smaller */
    assert_true(dice[2] == 0);
    assert_true(s.mean_best_dice == (dice[0] + dice[1] + dice[2]) / 3);
    assert_int_equal(s.pairs, 2);
    assert_int_equal(s.reference_count, 3);
    assert_int_equal(s.target_count, 2);
    assert_true(s.pair_ratio == 2.0 * 2 / 5);
    assert_true(s.dice == 2.0 * 4 / (6 + 5));
    assert_true(s.sm == 0.6 * s.mean_best_dice + (1 - 0.6) * s.pair_ratio);
    cellseg_labels_free(reference);
    cellseg_labels_free(target);
}

static void faults_are_argument_errors_and_leave_zeros(void **state) {
    (void)state;
    cellseg_labels *reference = map_of(NULL, 2, 4, truth), *other = map_of(NULL, 4, 2, found);
    cellseg_similarity s = {.struct_size = sizeof s, .sm = 3};
    double dice[2];
    assert_status(cellseg_similarity_compute(NULL, NULL, 0, NULL, reference, reference, 0.6), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_similarity_compute(&s, NULL, 0, NULL, NULL, reference, 0.6), CELLSEG_ERR_ARGUMENT);
    assert_true(s.sm == 0 && s.struct_size == sizeof s);
    assert_status(cellseg_similarity_compute(&s, NULL, 0, NULL, reference, NULL, 0.6), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_similarity_compute(&s, NULL, 0, NULL, reference, other, 0.6), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_similarity_compute(&s, NULL, 0, NULL, reference, reference, 1.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_similarity_compute(&s, dice, 2, NULL, reference, reference, 0.6), CELLSEG_ERR_ARGUMENT);
    assert_true(s.sm == 0 && s.reference_count == 0);
    s.struct_size = 8;
    assert_status(cellseg_similarity_compute(&s, NULL, 0, NULL, reference, reference, 0.6), CELLSEG_ERR_ARGUMENT);
    cellseg_labels_free(reference);
    cellseg_labels_free(other);
}

static void threads_do_not_change_a_byte(void **state) {
    (void)state;
    cellseg_labels *reference = random_map(97, 133, 1), *target = random_map(97, 133, 2);
    cellseg_similarity first = {.struct_size = sizeof first};
    double first_dice[50];
    assert_ok(cellseg_similarity_compute(&first, first_dice, 50, NULL, reference, target, 0.6));
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        cellseg_context *context = test_context(threads);
        cellseg_similarity s = {.struct_size = sizeof s};
        double dice[50];
        assert_ok(cellseg_similarity_compute(&s, dice, 50, context, reference, target, 0.6));
        assert_memory_equal(&s, &first, sizeof s);
        assert_memory_equal(dice, first_dice, (size_t)first.reference_count * sizeof *dice);
        cellseg_context_free(context);
    }
    cellseg_labels_free(reference);
    cellseg_labels_free(target);
}

static cellseg_status compare_in(cellseg_context *context, void *data) {
    (void)data;
    cellseg_labels *reference = map_of(context, 2, 4, truth);
    if (reference == NULL)
        return CELLSEG_ERR_MEMORY;
    cellseg_similarity s = {.struct_size = sizeof s};
    const cellseg_status status = cellseg_similarity_compute(&s, NULL, 0, context, reference, reference, 0.6);
    cellseg_labels_free(reference);
    return status;
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    assert_survives_failing_allocations(compare_in, NULL);
}

static int32_t stop(void *user, double fraction, const char *step) {
    (void)user;
    (void)fraction;
    (void)step;
    return 1;
}

static void progress_cancels(void **state) {
    (void)state;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.progress = stop;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cellseg_labels *reference = random_map(64, 64, 1);
    cellseg_similarity s = {.struct_size = sizeof s};
    assert_status(cellseg_similarity_compute(&s, NULL, 0, context, reference, reference, 0.6), CELLSEG_ERR_CANCELLED);
    cellseg_labels_free(reference);
    cellseg_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_those_computed_by_hand),
        cmocka_unit_test(faults_are_argument_errors_and_leave_zeros),
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(progress_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
