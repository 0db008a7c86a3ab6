/* SPDX-License-Identifier: BSD-3-Clause */
/* Training: the same for any number of threads, the gradient right by finite differences, steady under failure and cancel. */
#include "nets.h"

#include "core/context.h"

#include <math.h>
#include <pthread.h>

static net_batch batch;

static cseg_net *new_net(cellseg_context *context, double learning_rate) {
    cseg_net_options options = net_options();
    options.learning_rate = learning_rate;
    cseg_net *net;
    assert_ok(cseg_net_new(&net, context, NULL, &options));
    net_fill(&batch, 1);
    return net;
}

static float *copy_of_state(cseg_net *net, size_t *count) {
    const float *state = cseg_net_state(net, count);
    float *copy = malloc(*count * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, state, *count * sizeof *copy);
    return copy;
}

static float *train(int32_t threads, int32_t cpu_level, size_t *count, double *losses) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.cpu_level = cpu_level;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cseg_net *net = new_net(context, 0.002);
    for (uint64_t step = 0; step < 3; step++)
        assert_ok(cseg_net_step(net, &losses[step], batch.in, batch.classes, step));
    assert_ok(cseg_net_evaluate(net, &losses[3], batch.in, batch.classes, 2));
    assert_int_equal(*cseg_net_step_counter(net), 3);
    float *state = copy_of_state(net, count);
    cseg_net_free(net);
    cellseg_context_free(context);
    return state;
}

static void threads_and_processor_change_nothing(void **unused) {
    (void)unused;
    static const struct {
        int32_t threads, level;
    } others[] = {{2, CELLSEG_CPU_BEST}, {7, CELLSEG_CPU_BEST}, {2, CELLSEG_CPU_PORTABLE}};
    size_t count, other_count;
    double losses[4], other_losses[4];
    float *state = train(1, CELLSEG_CPU_BEST, &count, losses);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        float *other = train(others[i].threads, others[i].level, &other_count, other_losses);
        assert_int_equal(other_count, count);
        assert_memory_equal(other, state, count * sizeof *state);
        assert_memory_equal(other_losses, losses, sizeof losses);
        free(other);
    }
    free(state);
}

/* Along each layer's own gradient g, the loss must rise by |g| per unit length. */
static void gradient_agrees_with_finite_differences(void **unused) {
    (void)unused;
    cellseg_context *context = test_context(2);
    cseg_net *net = new_net(context, 0);
    cellseg_model *model;
    assert_ok(cseg_net_model(&model, net, NULL));
    size_t count;
    float *state = cseg_net_state(net, &count);
    double loss, up, down;
    uint64_t random = 4; /* noise, unlike cells in rows, gives normalisation variances that small steps do not change much */
    for (size_t i = 0; i < sizeof batch.in / sizeof *batch.in; i++)
        batch.in[i] = (float)test_uniform(&random);
    assert_ok(cseg_net_step(net, &loss, batch.in, batch.classes, 1));
    const size_t trained = model->layout.trained;
    float *gradient = malloc(trained * sizeof *gradient), *start = malloc(trained * sizeof *start);
    assert_true(gradient != NULL && start != NULL);
    for (size_t i = 0; i < trained; i++)
        gradient[i] = state[model->layout.total + i] / 0.1F; /* Adam's first moment after a first step */
    memcpy(start, state, trained * sizeof *start);
    size_t checked = 0;
    for (size_t i = 0; i < model->arch.count; i++) {
        if (!cseg_layer_has_weights(&model->arch.layers[i]))
            continue;
        const cseg_slot *slot = &model->layout.slots[i];
        const size_t end = slot->shift + model->arch.layers[i].out;
        double square = 0;
        for (size_t j = slot->weight; j < end; j++)
            square += (double)gradient[j] * (double)gradient[j];
        const double norm = sqrt(square), h = 5e-5;
        assert_true(norm > 1e-6);
        for (size_t j = slot->weight; j < end; j++)
            state[j] = (float)(start[j] + h * gradient[j] / norm);
        assert_ok(cseg_net_step(net, &up, batch.in, batch.classes, 1));
        for (size_t j = slot->weight; j < end; j++)
            state[j] = (float)(start[j] - h * gradient[j] / norm);
        assert_ok(cseg_net_step(net, &down, batch.in, batch.classes, 1));
        memcpy(state, start, trained * sizeof *start);
        assert_true(fabs((up - down) / (2 * h) - norm) < 0.02 * norm);
        checked++;
    }
    assert_int_equal(checked, 19);
    free(gradient);
    free(start);
    cellseg_model_free(model);
    cseg_net_free(net);
    cellseg_context_free(context);
}

static void training_learns(void **unused) {
    (void)unused;
    cellseg_context *context = test_context(2);
    cseg_net *net = new_net(context, 0.01);
    double first, last;
    assert_ok(cseg_net_evaluate(net, &first, batch.in, batch.classes, NET_BATCH));
    for (uint64_t step = 0; step < 60; step++)
        assert_ok(cseg_net_step(net, &last, batch.in, batch.classes, step));
    assert_ok(cseg_net_evaluate(net, &last, batch.in, batch.classes, NET_BATCH));
    assert_true(last < 0.5 * first);
    cseg_net_free(net);
    cellseg_context_free(context);
}

static void evaluation_is_the_models_loss(void **unused) {
    (void)unused;
    enum { PIXELS = NET_PATCH * NET_PATCH, MARGIN = 4 };
    cellseg_context *context = test_context(2);
    const cseg_net_options options = net_options();
    cseg_net *net = new_net(context, 0.01);
    double loss;
    for (uint64_t step = 0; step < 10; step++)
        assert_ok(cseg_net_step(net, &loss, batch.in, batch.classes, step));
    assert_ok(cseg_net_evaluate(net, &loss, batch.in, batch.classes, 2));
    cellseg_model *model;
    assert_ok(cseg_net_model(&model, net, NULL));
    static float out[2 * 3 * PIXELS];
    void *workspace = aligned_alloc(64, cseg_forward_workspace_bytes(model, context, 2, NET_PATCH, NET_PATCH));
    assert_ok(cseg_forward_run(model, context, out, batch.in, 2, NET_PATCH, NET_PATCH, workspace));
    double sums[4] = {0}, n = 0, want = 0;
    for (size_t image = 0; image < 2; image++)
        for (size_t y = MARGIN; y < NET_PATCH - MARGIN; y++)
            for (size_t x = MARGIN; x < NET_PATCH - MARGIN; x++) {
                const size_t pixel = y * NET_PATCH + x;
                const uint8_t label = batch.classes[image * PIXELS + pixel];
                double total = -1;
                if (label == 255)
                    continue;
                for (size_t c = 0; c < 3; c++) {
                    const double p = out[(image * 3 + c) * PIXELS + pixel], d = p - (label == c);
                    sums[c] += d * d;
                    total += p;
                }
                sums[3] += total * total;
                n += 1;
            }
    for (size_t c = 0; c < 3; c++)
        want += options.weight_class[c] * sqrt(sums[c] / n);
    want += options.weight_sum * sqrt(sums[3] / n);
    assert_true(fabs(loss - want) < 1e-5);
    free(workspace);
    cellseg_model_free(model);
    cseg_net_free(net);
    cellseg_context_free(context);
}

static void patches_without_labels_change_no_weight(void **unused) {
    (void)unused;
    cellseg_context *context = test_context(2);
    cseg_net *net = new_net(context, 0.1);
    cellseg_model *model;
    assert_ok(cseg_net_model(&model, net, NULL));
    memset(batch.classes, 255, sizeof batch.classes);
    size_t count;
    double loss;
    float *before = copy_of_state(net, &count);
    assert_ok(cseg_net_step(net, &loss, batch.in, batch.classes, 1));
    assert_true(loss == 0);
    assert_memory_equal(cseg_net_state(net, &count), before, model->layout.trained * sizeof *before);
    free(before);
    cellseg_model_free(model);
    cseg_net_free(net);
    cellseg_context_free(context);
}

static void a_start_model_gives_its_layers_and_weights(void **unused) {
    (void)unused;
    cellseg_context *context = test_context(2);
    cellseg_model *model, *again;
    assert_ok(net_trained_model(&model, context));
    cseg_net_options options = net_options();
    options.width = 1; /* the model decides */
    cseg_net *net;
    assert_ok(cseg_net_new(&net, context, model, &options));
    assert_ok(cseg_net_model(&again, net, model->record));
    assert_string_equal(cellseg_model_info(again), cellseg_model_info(model));
    assert_memory_equal(again->params, model->params, model->layout.total * sizeof *model->params);
    cellseg_model_free(again);
    cseg_net_free(net);
    options.rule.classes = 5;
    assert_status(cseg_net_new(&net, context, model, &options), CELLSEG_ERR_MODEL);
    assert_null(net);
    cellseg_model_free(model);
    cellseg_context_free(context);
}

static void bad_options_are_refused(void **unused) {
    (void)unused;
    cseg_net *net;
    cellseg_model *model;
    cseg_net_options options;
#define REFUSED(change, status)                                                                                                  \
    options = net_options();                                                                                                     \
    change;                                                                                                                      \
    assert_status(cseg_net_new(&net, NULL, NULL, &options), status);                                                             \
    assert_null(net)
    REFUSED(options.batch = 0, CELLSEG_ERR_ARGUMENT);
    REFUSED(options.learning_rate = -1, CELLSEG_ERR_ARGUMENT);
    REFUSED(options.learning_rate = NAN, CELLSEG_ERR_ARGUMENT);
    REFUSED(options.width = 0, CELLSEG_ERR_ARGUMENT);
    REFUSED(options.width = 100, CELLSEG_ERR_ARGUMENT);
    REFUSED(options.weight_class[1] = NAN, CELLSEG_ERR_ARGUMENT);
    REFUSED(options.weight_sum = -1, CELLSEG_ERR_ARGUMENT);
    REFUSED(options.rule.patch_px = 64, CELLSEG_ERR_MODEL);
    REFUSED(options.rule.step_px = 41, CELLSEG_ERR_MODEL);
    REFUSED(options.rule.step_px = 50, CELLSEG_ERR_MODEL);
    REFUSED(options.rule.classes = 0, CELLSEG_ERR_MODEL);
    REFUSED(options.rule.classes = 9, CELLSEG_ERR_MODEL);
    REFUSED(options.rule.percentile_high = 0.5, CELLSEG_ERR_MODEL);
#undef REFUSED
    options = net_options();
    assert_ok(cseg_net_new(&net, NULL, NULL, &options));
    assert_status(cseg_net_model(&model, net, "[1]"), CELLSEG_ERR_ARGUMENT);
    assert_status(cseg_net_model(&model, net, "{"), CELLSEG_ERR_FORMAT);
    assert_null(model);
    cseg_net_free(net);
}

static void an_infinite_loss_leaves_the_state(void **unused) {
    (void)unused;
    cseg_net *net = new_net(NULL, 0.01);
    size_t count;
    double loss;
    batch.in[100] = NAN;
    float *before = copy_of_state(net, &count);
    assert_status(cseg_net_step(net, &loss, batch.in, batch.classes, 1), CELLSEG_ERR_MODEL);
    assert_memory_equal(cseg_net_state(net, &count), before, count * sizeof *before);
    assert_int_equal(*cseg_net_step_counter(net), 0);
    free(before);
    cseg_net_free(net);
}

typedef struct stopper {
    int32_t calls, stop_at;
} stopper;

static int32_t stop(void *user, double fraction, const char *step) {
    stopper *s = user;
    (void)fraction, (void)step;
    return ++s->calls >= s->stop_at;
}

/* A step that is cancelled, wherever, leaves the state as it was, and the same step can be taken again. */
static void cancel_leaves_the_state(void **unused) {
    (void)unused;
    stopper s = {.stop_at = 1 << 30};
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 2;
    options.progress = stop;
    options.progress_user = &s;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cseg_net *net = new_net(context, 0.01);
    size_t count;
    double loss;
    float *before = copy_of_state(net, &count);
    cseg_progress_start(context);
    cseg_progress_step(context, "training", 0, 1);
    s.stop_at = s.calls + 1;
    cellseg_status status = cseg_progress_report(context, 0.5);
    assert_status(status, CELLSEG_ERR_CANCELLED);
    assert_status(cseg_net_step(net, &loss, batch.in, batch.classes, 1), CELLSEG_ERR_CANCELLED);
    assert_memory_equal(cseg_net_state(net, &count), before, count * sizeof *before);
    s.stop_at = 1 << 30;
    cseg_progress_start(context);
    assert_ok(cseg_net_step(net, &loss, batch.in, batch.classes, 1));
    assert_memory_not_equal(cseg_net_state(net, &count), before, count * sizeof *before);
    free(before);
    cseg_net_free(net);
    cellseg_context_free(context);
}

static cellseg_status whole_life(cellseg_context *context, void *data) {
    (void)data;
    cellseg_model *model;
    const cellseg_status status = net_trained_model(&model, context);
    cellseg_model_free(model);
    return status;
}

static void failing_allocations(void **unused) {
    (void)unused;
    assert_survives_failing_allocations(whole_life, NULL);
}

static void a_memory_budget_is_kept(void **unused) {
    (void)unused;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.memory_budget_bytes = 4 << 20;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    const cseg_net_options of_net = net_options();
    cseg_net *net;
    assert_status(cseg_net_new(&net, context, NULL, &of_net), CELLSEG_ERR_LIMIT);
    assert_null(net);
    cellseg_context_free(context);
}

static cellseg_context *allocating_context(failing_allocator *allocator, uint64_t budget) {
    atomic_init(&allocator->countdown, -1);
    atomic_init(&allocator->live, 0);
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 2;
    options.memory_budget_bytes = budget;
    options.alloc = failing_alloc;
    options.free = failing_free;
    options.memory_user = allocator;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

/* Whether training would fit a budget is decided before the first large block is asked for, which here there is none of. */
static const char *training_within(uint64_t budget, double width, size_t patches) {
    failing_allocator allocator;
    cellseg_context *context = allocating_context(&allocator, budget);
    cseg_net_options options = net_options();
    options.rule.patch_px = 176;
    options.rule.step_px = 160;
    options.width = width;
    options.batch = patches;
    cseg_net *net;
    atomic_store(&allocator.countdown, 1); /* the net itself */
    const cellseg_status status = cseg_net_new(&net, context, NULL, &options);
    assert_null(net);
    cellseg_context_free(context);
    return cellseg_status_name(status);
}

static void the_papers_batch_fits_two_gigabytes(void **unused) {
    (void)unused;
    assert_string_equal(training_within(1900000000, 1, 32), "CELLSEG_ERR_MEMORY");
    assert_string_equal(training_within(1000000000, 0.5, 32), "CELLSEG_ERR_MEMORY");
    assert_string_equal(training_within(550000000, 0.25, 32), "CELLSEG_ERR_MEMORY");
    assert_string_equal(training_within(1900000000, 1, 64), "CELLSEG_ERR_LIMIT");
}

static void a_step_allocates_nothing(void **unused) {
    (void)unused;
    failing_allocator allocator;
    cellseg_context *context = allocating_context(&allocator, 0);
    cseg_net *net = new_net(context, 0.01);
    double loss;
    const long live = atomic_load(&allocator.live);
    atomic_store(&allocator.countdown, 0); /* the first to ask would fail */
    assert_ok(cseg_net_step(net, &loss, batch.in, batch.classes, 1));
    assert_ok(cseg_net_evaluate(net, &loss, batch.in, batch.classes, 3));
    assert_int_equal(atomic_load(&allocator.live), live);
    cseg_net_free(net);
    cellseg_context_free(context);
    assert_int_equal(atomic_load(&allocator.live), 0);
}

/* ---- an embedder that runs more indices at a time than the context counts threads, the last first ---- */

typedef struct crowd {
    cellseg_task_fn task;
    void *data;
    size_t count;
    atomic_size_t taken;
} crowd;

static void *crowd_thread(void *data) {
    crowd *c = data;
    for (size_t i = atomic_fetch_add(&c->taken, 1); i < c->count; i = atomic_fetch_add(&c->taken, 1))
        c->task(c->data, c->count - 1 - i);
    return NULL;
}

static int32_t crowd_for(void *user, size_t count, cellseg_task_fn task, void *data) {
    (void)user;
    pthread_t threads[5];
    crowd c = {.task = task, .data = data, .count = count};
    for (size_t i = 0; i < 5; i++)
        if (pthread_create(&threads[i], NULL, crowd_thread, &c) != 0)
            return 1;
    for (size_t i = 0; i < 5; i++)
        (void)pthread_join(threads[i], NULL);
    return 0;
}

static void an_embedders_loop_changes_nothing(void **unused) {
    (void)unused;
    size_t count, other_count;
    double losses[4], loss;
    float *state = train(1, CELLSEG_CPU_BEST, &count, losses);
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 2;
    options.parallel_for = crowd_for;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cseg_net *net = new_net(context, 0.002);
    for (uint64_t step = 0; step < 3; step++) {
        assert_ok(cseg_net_step(net, &loss, batch.in, batch.classes, step));
        assert_true(loss == losses[step]);
    }
    const float *other = cseg_net_state(net, &other_count);
    assert_int_equal(other_count, count);
    assert_memory_equal(other, state, count * sizeof *state);
    free(state);
    cseg_net_free(net);
    cellseg_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_processor_change_nothing),
        cmocka_unit_test(gradient_agrees_with_finite_differences),
        cmocka_unit_test(training_learns),
        cmocka_unit_test(evaluation_is_the_models_loss),
        cmocka_unit_test(patches_without_labels_change_no_weight),
        cmocka_unit_test(a_start_model_gives_its_layers_and_weights),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(an_infinite_loss_leaves_the_state),
        cmocka_unit_test(cancel_leaves_the_state),
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(a_memory_budget_is_kept),
        cmocka_unit_test(the_papers_batch_fits_two_gigabytes),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(an_embedders_loop_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
