/* SPDX-License-Identifier: BSD-3-Clause */
/* The level CELLSEG_CPU_BLAS: near the exact rows in inference, training and cells; the same bytes for any number of threads. */
#include "nn/nets.h"
#include "segment/fixture.h"

#include <cellseg/metrics.h>

#include <unistd.h>

static cellseg_context *context_at(int32_t level, int32_t threads) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.cpu_level = level;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

static bool is_built_in(void) {
    return (cellseg_features() & CELLSEG_FEATURE_CPU_BLAS) != 0;
}

static void the_level_is_chosen_by_the_caller_alone(void **unused) {
    (void)unused;
    assert_string_equal(cellseg_feature_name(CELLSEG_FEATURE_CPU_BLAS), "blas");
    const int32_t best = cellseg_context_cpu_level(NULL);
    assert_int_not_equal(best, CELLSEG_CPU_BLAS);
    cellseg_context *context = context_at(CELLSEG_CPU_FASTEST, 1);
    const int32_t fastest = cellseg_context_cpu_level(context);
    assert_true(fastest == best || (fastest == CELLSEG_CPU_BLAS && best == CELLSEG_CPU_PORTABLE && is_built_in()));
    cellseg_context_free(context);
    if (is_built_in()) {
        context = context_at(CELLSEG_CPU_BLAS, 1);
        assert_int_equal(cellseg_context_cpu_level(context), CELLSEG_CPU_BLAS);
        cellseg_context_free(context);
        return;
    }
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.cpu_level = CELLSEG_CPU_BLAS;
    assert_status(cellseg_context_new(&context, &options), CELLSEG_ERR_ARGUMENT);
    assert_null(context);
    assert_string_equal(cellseg_last_error(), "cpu_level is CELLSEG_CPU_BLAS, but this library was built without OpenBLAS; "
                                              "choose CELLSEG_CPU_FASTEST or build with OpenBLAS");
}

/* ---- the network's maps ---- */

enum { PATCHES = 3, EDGE = 48, AREA = EDGE * EDGE, CLASSES = 4 };
static float patches[PATCHES * AREA];

static void maps_at(float *out, const cellseg_model *model, int32_t level, size_t at_a_time) {
    cellseg_context *context = context_at(level, 1);
    void *workspace = cseg_memory_alloc(NULL, cseg_forward_workspace_bytes(model, context, at_a_time, EDGE, EDGE), 1);
    assert_non_null(workspace);
    for (size_t i = 0; i < PATCHES; i += at_a_time)
        assert_ok(
            cseg_forward_run(model, context, out + i * CLASSES * AREA, patches + i * AREA, at_a_time, EDGE, EDGE, workspace));
    cseg_memory_free(workspace);
    cellseg_context_free(context);
}

static void maps_are_near_the_exact_ones(void **unused) {
    (void)unused;
    static float exact[PATCHES * CLASSES * AREA], blas[PATCHES * CLASSES * AREA], alone[PATCHES * CLASSES * AREA];
    cellseg_model *model;
    if (!is_built_in() || cellseg_model_default(&model, NULL) != CELLSEG_OK)
        skip();
    assert_int_equal(cseg_model_rule(model)->classes, CLASSES);
    uint64_t seed = 3;
    for (size_t i = 0; i < PATCHES * AREA; i++)
        patches[i] = (float)(test_uniform(&seed) * (i / 8 % 3 == 0 ? 0.2 : 1));
    maps_at(exact, model, CELLSEG_CPU_BEST, PATCHES);
    maps_at(blas, model, CELLSEG_CPU_BLAS, PATCHES);
    maps_at(alone, model, CELLSEG_CPU_BLAS, 1);
    assert_memory_equal(alone, blas, sizeof blas);
    double lowest = 1, highest = 0;
    for (size_t i = 0; i < PATCHES * CLASSES * AREA; i++) {
        lowest = fmin(lowest, (double)exact[i]);
        highest = fmax(highest, (double)exact[i]);
        assert_true(fabs((double)blas[i] - (double)exact[i]) < 1e-4);
    }
    assert_true(highest - lowest > 0.5);
    cellseg_model_free(model);
}

/* ---- training ---- */

static net_batch batch;

/* The state after some steps: parameters, then Adam's first and second moments. */
static float *train(int32_t level, int32_t threads, uint64_t steps, size_t *count, size_t *total) {
    cseg_net_options options = net_options();
    options.width = 0.25; /* enough channels for every algorithm */
    cellseg_context *context = context_at(level, threads);
    cseg_net *net;
    cellseg_model *model;
    double loss;
    assert_ok(cseg_net_new(&net, context, NULL, &options));
    assert_ok(cseg_net_model(&model, net, NULL));
    *total = model->layout.total;
    net_fill(&batch, 1);
    for (uint64_t step = 0; step < steps; step++)
        assert_ok(cseg_net_step(net, &loss, batch.in, batch.classes, step));
    const float *state = cseg_net_state(net, count);
    float *copy = malloc(*count * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, state, *count * sizeof *copy);
    cellseg_model_free(model);
    cseg_net_free(net);
    cellseg_context_free(context);
    return copy;
}

/* Adam's first moment after a first step is a tenth of the gradient. */
static void gradients_are_near_the_exact_ones(void **unused) {
    (void)unused;
    size_t count, total;
    if (!is_built_in())
        skip();
    float *exact = train(CELLSEG_CPU_BEST, 2, 1, &count, &total), *blas = train(CELLSEG_CPU_BLAS, 2, 1, &count, &total);
    double square = 0, difference = 0;
    for (size_t i = total; i < count && i < 2 * total; i++) {
        square += (double)exact[i] * (double)exact[i];
        difference += ((double)exact[i] - (double)blas[i]) * ((double)exact[i] - (double)blas[i]);
    }
    assert_true(square > 0);
    assert_true(sqrt(difference) < 1e-4 * sqrt(square));
    free(exact);
    free(blas);
}

static void threads_do_not_change_training(void **unused) {
    (void)unused;
    size_t count, total;
    if (!is_built_in())
        skip();
    float *one = train(CELLSEG_CPU_BLAS, 1, 3, &count, &total);
    for (int32_t threads = 2; threads <= 7; threads += 5) {
        float *more = train(CELLSEG_CPU_BLAS, threads, 3, &count, &total);
        assert_memory_equal(more, one, count * sizeof *one);
        free(more);
    }
    free(one);
}

/* ---- cells ---- */

static cellseg_labels *cells_at(const painted *field, const cellseg_model *model, int32_t level, int32_t threads) {
    cellseg_context *context = context_at(level, threads);
    cellseg_labels *cells, *nuclei;
    assert_ok(cellseg_segment(&cells, &nuclei, NULL, NULL, context, model, field->image, NULL));
    cellseg_labels_free(nuclei);
    cellseg_context_free(context);
    return cells;
}

static double sm_of(const painted *field, const cellseg_labels *cells) {
    cellseg_similarity similarity = {.struct_size = sizeof similarity};
    assert_ok(cellseg_similarity_compute(&similarity, NULL, 0, NULL, field->truth, cells, 0.6));
    return similarity.sm;
}

static void cells_are_as_good(void **unused) {
    (void)unused;
    if (!is_built_in())
        skip();
    painted field;
    assert_ok(paint(&field, NULL, 9, 11, 1, 4));
    cellseg_model *model = painted_model();
    cellseg_labels *exact = cells_at(&field, model, CELLSEG_CPU_BEST, 1), *one = cells_at(&field, model, CELLSEG_CPU_BLAS, 1);
    const double sm = sm_of(&field, exact);
    assert_true(sm > 0.8);
    assert_true(fabs(sm_of(&field, one) - sm) < 1e-3);
    for (int32_t threads = 2; threads <= 7; threads += 5) {
        cellseg_labels *more = cells_at(&field, model, CELLSEG_CPU_BLAS, threads);
        assert_memory_equal(cellseg_labels_data(more), cellseg_labels_data(one),
                            cellseg_labels_height(one) * cellseg_labels_width(one) * sizeof(uint32_t));
        cellseg_labels_free(more);
    }
    cellseg_labels_free(exact);
    cellseg_labels_free(one);
    cellseg_model_free(model);
    painted_free(&field);
}

/* ---- memory ---- */

/* Make and train a small network with `countdown` allocations that succeed. */
static cellseg_status short_life(long countdown, uint64_t budget) {
    failing_allocator allocator;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 2;
    options.cpu_level = CELLSEG_CPU_BLAS;
    options.memory_budget_bytes = budget;
    options.alloc = failing_alloc;
    options.free = failing_free;
    options.memory_user = &allocator;
    atomic_init(&allocator.countdown, -1);
    atomic_init(&allocator.live, 0);
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    atomic_store(&allocator.countdown, countdown);
    cellseg_model *model;
    const cellseg_status status = net_trained_model(&model, context);
    assert_true((model != NULL) == (status == CELLSEG_OK));
    cellseg_model_free(model);
    cellseg_context_free(context);
    assert_int_equal(atomic_load(&allocator.live), 0);
    return status;
}

static void failures_of_memory_are_reported(void **unused) {
    (void)unused;
    if (!is_built_in())
        skip();
    cellseg_status status = CELLSEG_ERR_MEMORY;
    long n = 0;
    for (; status != CELLSEG_OK && n < 10000; n += ONE_IN) {
        status = short_life(n, 0);
        assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_MEMORY);
    }
    assert_status(status, CELLSEG_OK);
    assert_true(n > 5);
    assert_status(short_life(-1, 1 << 20), CELLSEG_ERR_LIMIT);
}

/* The kernels of the processors that the level is for; those of later ones need no buffers for small matrices. OpenBLAS reads
 * its environment when it is loaded. */
static void load_again_with_old_kernels(char **argv) {
#if defined(__linux__) && defined(__x86_64__)
    if (getenv("OPENBLAS_CORETYPE") == NULL && setenv("OPENBLAS_CORETYPE", "PRESCOTT", 1) == 0)
        (void)execv("/proc/self/exe", argv);
#endif
    (void)argv;
}

int main(int argc, char **argv) {
    (void)argc;
    load_again_with_old_kernels(argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_level_is_chosen_by_the_caller_alone),
                                       cmocka_unit_test(maps_are_near_the_exact_ones),
                                       cmocka_unit_test(gradients_are_near_the_exact_ones),
                                       cmocka_unit_test(threads_do_not_change_training),
                                       cmocka_unit_test(cells_are_as_good),
                                       cmocka_unit_test(failures_of_memory_are_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
