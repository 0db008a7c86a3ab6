/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean of two models: every number, what is refused, the same for any number of threads, steady under failure. */
#include "nets.h"

#include <math.h>
#include <unistd.h>

static cellseg_model *start, *end;

/* A model of one more step's training. */
static cellseg_status train_on(cellseg_model **out, const cellseg_model *from, const cseg_net_options *options) {
    static net_batch batch;
    cseg_net *net;
    CSEG_TRY(cseg_net_new(&net, NULL, from, options));
    net_fill(&batch, 4);
    double loss;
    cellseg_status status = cseg_net_step(net, &loss, batch.in, batch.classes, 1);
    if (status == CELLSEG_OK)
        status = cseg_net_model(out, net, "{\"note\": \"the end\"}");
    cseg_net_free(net);
    return status;
}

static int set_up(void **state) {
    (void)state;
    CSEG_TRY(net_trained_model(&start, NULL));
    const cseg_net_options options = net_options();
    return train_on(&end, start, &options);
}

static int tear_down(void **state) {
    (void)state;
    cellseg_model_free(start);
    cellseg_model_free(end);
    return 0;
}

static void every_number_is_the_mean(void **state) {
    (void)state;
    const double parts[] = {0, 0.25, 2.0 / 3, 1};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        cellseg_model *mean;
        assert_ok(cellseg_model_average(&mean, NULL, start, end, parts[p]));
        size_t moved = 0;
        for (size_t i = 0; i < mean->layout.total; i++) {
            const double a = (double)start->params[i], b = (double)end->params[i];
            assert_true(fabs((double)mean->params[i] - (a + parts[p] * (b - a))) <= 1e-7 * fmax(fabs(a), fabs(b)));
            moved += start->params[i] != end->params[i];
        }
        assert_true(moved > mean->layout.total / 2);
        assert_string_equal(mean->record, end->record);
        assert_string_equal(mean->info, end->info);
        if (parts[p] == 0)
            assert_memory_equal(mean->params, start->params, mean->layout.total * sizeof(float));
        if (parts[p] == 1)
            assert_memory_equal(mean->params, end->params, mean->layout.total * sizeof(float));
        cellseg_model_free(mean);
    }
}

/* The file has a test vector of its own, which loading checks. */
static void the_mean_can_be_saved_and_loaded(void **state) {
    (void)state;
    char path[] = "/tmp/cellseg-average-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    cellseg_model *mean, *loaded;
    assert_ok(cellseg_model_average(&mean, NULL, start, end, 0.5));
    assert_ok(cellseg_model_save(mean, NULL, path, CELLSEG_WEIGHTS_FLOAT32));
    assert_ok(cellseg_model_load(&loaded, NULL, path));
    assert_memory_equal(loaded->params, mean->params, mean->layout.total * sizeof(float));
    cellseg_model_free(loaded);
    cellseg_model_free(mean);
    (void)unlink(path);
}

static void threads_do_not_matter(void **state) {
    (void)state;
    cellseg_model *one;
    assert_ok(cellseg_model_average(&one, NULL, start, end, 0.5));
    const size_t floats = one->rule.classes * one->test.height * one->test.width;
    const int32_t counts[] = {1, 2, 7};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cellseg_context *context = test_context(counts[i]);
        cellseg_model *other;
        assert_ok(cellseg_model_average(&other, context, start, end, 0.5));
        assert_memory_equal(other->params, one->params, one->layout.total * sizeof(float));
        assert_memory_equal(other->test.output, one->test.output, floats * sizeof(float));
        cellseg_model_free(other);
        cellseg_context_free(context);
    }
    cellseg_model_free(one);
}

static void what_is_refused(void **state) {
    (void)state;
    cellseg_model *mean = start;
    assert_status(cellseg_model_average(NULL, NULL, start, end, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_average(&mean, NULL, NULL, end, 0.5), CELLSEG_ERR_ARGUMENT);
    assert_null(mean);
    assert_status(cellseg_model_average(&mean, NULL, start, NULL, 0.5), CELLSEG_ERR_ARGUMENT);
    const double parts[] = {-0.1, 1.1, (double)NAN};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
        assert_status(cellseg_model_average(&mean, NULL, start, end, parts[p]), CELLSEG_ERR_ARGUMENT);
}

static void models_that_differ(void **state) {
    (void)state;
    cseg_net_options others[] = {net_options(), net_options(), net_options()};
    others[0].width = 0.25;
    others[1].rule.power = 0.6;
    others[2].rule.classes = 4;
    others[2].weight_class[3] = 1;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cellseg_model *mean = start, *other;
        assert_ok(train_on(&other, NULL, &others[i]));
        assert_status(cellseg_model_average(&mean, NULL, start, other, 0.5), CELLSEG_ERR_MODEL);
        assert_string_equal(cellseg_last_error(), "the models differ in layers, rule or classes");
        assert_null(mean);
        cellseg_model_free(other);
    }
}

static cellseg_status average(cellseg_context *context, void *data) {
    (void)data;
    cellseg_model *mean;
    CSEG_TRY(cellseg_model_average(&mean, context, start, end, 0.5));
    cellseg_model_free(mean);
    return CELLSEG_OK;
}

static void failing_allocations(void **state) {
    (void)state;
    assert_survives_failing_allocations(average, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_the_mean), cmocka_unit_test(the_mean_can_be_saved_and_loaded),
        cmocka_unit_test(threads_do_not_matter),    cmocka_unit_test(what_is_refused),
        cmocka_unit_test(models_that_differ),       cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
