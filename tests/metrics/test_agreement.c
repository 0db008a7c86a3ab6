/* SPDX-License-Identifier: BSD-3-Clause */
/* Matching, detection, boundary and ROC figures as entry points: faults, threads, failing allocations, cancel. What they compute
 * is tested in test_detection.py, test_boundary.py and test_roc.py. */
#include "testing.h"

#include <cellseg/metrics.h>

enum { HEIGHT = 61, WIDTH = 83, POINTS = 33 };
static const double thresholds[] = {0, 0.3, 0.5};
enum { THRESHOLDS = sizeof thresholds / sizeof *thresholds };

/* What all functions take, and what they give. */
typedef struct inputs {
    cellseg_labels *reference, *target;
    cellseg_image *map;
} inputs;

typedef struct results {
    cellseg_matching matching[THRESHOLDS];
    cellseg_detection detection;
    cellseg_boundary boundary;
    cellseg_roc roc;
    uint64_t true_positives[POINTS], false_positives[POINTS];
} results;

/* Labels of 16 pixels and more that overlap others: ids by the place of a pixel, of which noise moves some. */
static void fill_labels(cellseg_labels *labels, uint64_t seed) {
    for (size_t y = 0; y < HEIGHT; y++)
        for (size_t x = 0; x < WIDTH; x++)
            cellseg_labels_data_mut(labels)[y * WIDTH + x] = (uint32_t)((y + test_random(&seed) % 7) / 5 * 20 + x / 5);
}

static void fill_map(cellseg_image *map) {
    float *pixels = cellseg_image_pixels_mut(map, 0);
    uint64_t seed = 3;
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        pixels[i] = (float)test_uniform(&seed);
}

static void free_inputs(inputs *in) {
    cellseg_labels_free(in->reference);
    cellseg_labels_free(in->target);
    cellseg_image_free(in->map);
}

static cellseg_status make_inputs(inputs *in, cellseg_context *context) {
    *in = (inputs){0};
    CSEG_TRY(cellseg_labels_new(&in->reference, context, HEIGHT, WIDTH));
    CSEG_TRY(cellseg_labels_new(&in->target, context, HEIGHT, WIDTH));
    CSEG_TRY(cellseg_image_new(&in->map, context, CELLSEG_FLOAT32, 1, HEIGHT, WIDTH));
    fill_labels(in->reference, 1);
    fill_labels(in->target, 2);
    fill_map(in->map);
    return CELLSEG_OK;
}

static void set_sizes(results *out) {
    *out = (results){.detection = {.struct_size = sizeof out->detection},
                     .boundary = {.struct_size = sizeof out->boundary},
                     .roc = {.struct_size = sizeof out->roc}};
    for (size_t i = 0; i < THRESHOLDS; i++)
        out->matching[i].struct_size = sizeof *out->matching;
}

static cellseg_status compute(results *out, cellseg_context *context, const inputs *in) {
    set_sizes(out);
    CSEG_TRY(cellseg_matching_compute(out->matching, THRESHOLDS, context, in->reference, in->target, thresholds));
    CSEG_TRY(cellseg_detection_compute(&out->detection, context, in->reference, in->target));
    CSEG_TRY(cellseg_boundary_compute(&out->boundary, context, in->reference, in->target, 1.5));
    return cellseg_roc_compute(&out->roc, out->true_positives, out->false_positives, POINTS, context, in->map, 0, in->reference,
                               0.5);
}

static void threads_do_not_change_a_byte(void **state) {
    (void)state;
    static const int32_t counts[] = {1, 2, 7};
    inputs in;
    results first, again;
    assert_ok(make_inputs(&in, NULL));
    assert_ok(compute(&first, NULL, &in));
    assert_true(first.matching[1].true_positives > 0 && first.matching[2].false_positives > 0);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cellseg_context *context = test_context(counts[i]);
        assert_ok(compute(&again, context, &in));
        assert_memory_equal(&again, &first, sizeof first);
        cellseg_context_free(context);
    }
    free_inputs(&in);
}

static cellseg_status compute_in(cellseg_context *context, void *data) {
    (void)data;
    inputs in;
    results out;
    cellseg_status status = make_inputs(&in, context);
    if (status == CELLSEG_OK)
        status = compute(&out, context, &in);
    free_inputs(&in);
    return status;
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    assert_survives_failing_allocations(compute_in, NULL);
}

static int32_t stop(void *user, double fraction, const char *step) {
    (void)user;
    (void)fraction;
    (void)step;
    return 1;
}

static int32_t stop_after_half(void *user, double fraction, const char *step) {
    (void)user;
    (void)step;
    return fraction > 0.5;
}

static cellseg_context *context_with(cellseg_progress_fn progress) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.progress = progress;
    options.threads = 1;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

static void progress_cancels_and_leaves_zeros(void **state) {
    (void)state;
    inputs in;
    results out;
    assert_ok(make_inputs(&in, NULL));
    set_sizes(&out);
    const results zero = out;
    cellseg_context *context = context_with(stop);
    assert_status(cellseg_matching_compute(out.matching, THRESHOLDS, context, in.reference, in.target, thresholds),
                  CELLSEG_ERR_CANCELLED);
    cellseg_context_free(context);
    context = context_with(stop);
    assert_status(cellseg_detection_compute(&out.detection, context, in.reference, in.target), CELLSEG_ERR_CANCELLED);
    cellseg_context_free(context);
    context = context_with(stop);
    assert_status(cellseg_boundary_compute(&out.boundary, context, in.reference, in.target, 1), CELLSEG_ERR_CANCELLED);
    cellseg_context_free(context);
    context = context_with(stop);
    assert_status(cellseg_roc_compute(&out.roc, NULL, NULL, 0, context, in.map, 0, in.reference, 0.5), CELLSEG_ERR_CANCELLED);
    cellseg_context_free(context);
    assert_memory_equal(&out, &zero, sizeof out);
    free_inputs(&in);
}

/* Stripes shifted by one pixel: one chain of overlaps, whose matching is work enough to be interrupted. */
static void a_long_matching_can_be_cancelled(void **state) {
    (void)state;
    enum { LENGTH = 600000 };
    cellseg_labels *reference, *target;
    assert_ok(cellseg_labels_new(&reference, NULL, 1, LENGTH));
    assert_ok(cellseg_labels_new(&target, NULL, 1, LENGTH));
    for (uint32_t x = 0; x < LENGTH; x++) {
        cellseg_labels_data_mut(reference)[x] = x / 3 + 1;
        cellseg_labels_data_mut(target)[x] = (x + 1) / 3 + 1;
    }
    cellseg_matching out = {.struct_size = sizeof out, .f1 = 1};
    cellseg_context *context = context_with(stop_after_half);
    assert_status(cellseg_matching_compute(&out, 1, context, reference, target, thresholds), CELLSEG_ERR_CANCELLED);
    assert_true(out.f1 == 0 && out.struct_size == sizeof out);
    cellseg_context_free(context);
    cellseg_labels_free(reference);
    cellseg_labels_free(target);
}

static void faults_of_matching(void **state) {
    (void)state;
    inputs in;
    assert_ok(make_inputs(&in, NULL));
    cellseg_labels *other;
    assert_ok(cellseg_labels_new(&other, NULL, WIDTH, HEIGHT));
    cellseg_matching out[2] = {{.struct_size = sizeof *out, .f1 = 1}, {.struct_size = sizeof *out, .f1 = 1}};
    const double bad[] = {0.5, 1.5};
    assert_status(cellseg_matching_compute(NULL, 1, NULL, in.reference, in.target, thresholds), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_matching_compute(out, 0, NULL, in.reference, in.target, thresholds), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_matching_compute(out, 2, NULL, in.reference, in.target, bad), CELLSEG_ERR_ARGUMENT);
    assert_true(out[0].f1 == 0 && out[1].f1 == 0);
    assert_status(cellseg_matching_compute(out, 2, NULL, NULL, in.target, thresholds), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_matching_compute(out, 2, NULL, in.reference, NULL, thresholds), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_matching_compute(out, 2, NULL, in.reference, other, thresholds), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_matching_compute(out, 2, NULL, in.reference, in.target, NULL), CELLSEG_ERR_ARGUMENT);
    out[1].struct_size = sizeof *out + 8;
    assert_status(cellseg_matching_compute(out, 2, NULL, in.reference, in.target, thresholds), CELLSEG_ERR_ARGUMENT);
    out[0].struct_size = 12;
    assert_status(cellseg_matching_compute(out, 2, NULL, in.reference, in.target, thresholds), CELLSEG_ERR_ARGUMENT);
    out[0].struct_size = 8;
    assert_status(cellseg_matching_compute(out, 2, NULL, in.reference, in.target, thresholds), CELLSEG_ERR_ARGUMENT);
    cellseg_labels_free(other);
    free_inputs(&in);
}

static void faults_of_detection_and_boundary(void **state) {
    (void)state;
    inputs in;
    assert_ok(make_inputs(&in, NULL));
    cellseg_labels *other;
    assert_ok(cellseg_labels_new(&other, NULL, WIDTH, HEIGHT));
    cellseg_detection d = {.struct_size = sizeof d, .seg = 1};
    cellseg_boundary b = {.struct_size = sizeof b, .f1 = 1};
    assert_status(cellseg_detection_compute(NULL, NULL, in.reference, in.target), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_detection_compute(&d, NULL, NULL, in.target), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_detection_compute(&d, NULL, in.reference, other), CELLSEG_ERR_ARGUMENT);
    assert_true(d.seg == 0);
    assert_status(cellseg_boundary_compute(NULL, NULL, in.reference, in.target, 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_boundary_compute(&b, NULL, in.reference, NULL, 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_boundary_compute(&b, NULL, other, in.target, 1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_boundary_compute(&b, NULL, in.reference, in.target, -1), CELLSEG_ERR_ARGUMENT);
    assert_true(b.f1 == 0);
    d.struct_size = b.struct_size = 8;
    assert_status(cellseg_detection_compute(&d, NULL, in.reference, in.target), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_boundary_compute(&b, NULL, in.reference, in.target, 1), CELLSEG_ERR_ARGUMENT);
    cellseg_labels_free(other);
    free_inputs(&in);
}

static void faults_of_roc(void **state) {
    (void)state;
    inputs in;
    assert_ok(make_inputs(&in, NULL));
    cellseg_labels *other;
    cellseg_image *bytes;
    assert_ok(cellseg_labels_new(&other, NULL, WIDTH, HEIGHT));
    assert_ok(cellseg_image_new(&bytes, NULL, CELLSEG_UINT8, 1, HEIGHT, WIDTH));
    uint64_t counts[2];
    cellseg_roc out = {.struct_size = sizeof out, .auc = 1};
    assert_status(cellseg_roc_compute(NULL, NULL, NULL, 0, NULL, in.map, 0, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, NULL, 0, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, in.map, 0, NULL, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, in.map, 1, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, in.map, -1, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, bytes, 0, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, in.map, 0, other, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, in.map, 0, in.reference, 2), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_roc_compute(&out, counts, NULL, 1, NULL, in.map, 0, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_true(out.auc == 0);
    ((float *)cellseg_image_pixels_mut(in.map, 0))[5] = -1;
    assert_status(cellseg_roc_compute(&out, NULL, counts, 2, NULL, in.map, 0, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    out.struct_size = 8;
    assert_status(cellseg_roc_compute(&out, NULL, NULL, 0, NULL, in.map, 0, in.reference, 0.5), CELLSEG_ERR_ARGUMENT);
    cellseg_labels_free(other);
    cellseg_image_free(bytes);
    free_inputs(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(progress_cancels_and_leaves_zeros),
        cmocka_unit_test(a_long_matching_can_be_cancelled),
        cmocka_unit_test(faults_of_matching),
        cmocka_unit_test(faults_of_detection_and_boundary),
        cmocka_unit_test(faults_of_roc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
