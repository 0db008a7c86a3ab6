/* SPDX-License-Identifier: BSD-3-Clause */
/* The trainer, on simulated discs and a tiny network: the same weights whatever the threads and however often it was stopped. */
#include "discs.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MODEL_BYTES = 4 << 20 };

/* ---- models as bytes ---- */

typedef struct bytes {
    size_t size;
    unsigned char data[MODEL_BYTES];
} bytes;

static char folder[64], model_path[80], checkpoint_path[80];

static void read_bytes(bytes *b, const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    b->size = fread(b->data, 1, sizeof b->data, file);
    assert_true(b->size < sizeof b->data);
    assert_int_equal(fclose(file), 0);
}

static void model_bytes(bytes *b, const cellseg_model *model) {
    assert_ok(cellseg_model_save(model, NULL, model_path, CELLSEG_WEIGHTS_FLOAT32));
    read_bytes(b, model_path);
}

static void assert_same_bytes(const bytes *a, const bytes *b) {
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

/* Train from wherever the checkpoint or the beginning is, to the end. */
static void train_to_bytes(bytes *b, int32_t threads, const cellseg_train_options *options) {
    cellseg_context *context = test_context(threads);
    cellseg_trainer *trainer;
    cellseg_model *model;
    assert_ok(small_trainer(&trainer, context, options));
    assert_ok(cellseg_trainer_run(&model, trainer, NULL, NULL));
    model_bytes(b, model);
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    cellseg_context_free(context);
}

static bytes undisturbed, other;

static int setup_group(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/cellseg-train-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(model_path, sizeof model_path, "%s/model", folder);
    (void)snprintf(checkpoint_path, sizeof checkpoint_path, "%s/checkpoint", folder);
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    train_to_bytes(&undisturbed, 2, &recipe.options);
    return 0;
}

static int teardown_group(void **state) {
    (void)state;
    (void)unlink(model_path);
    return rmdir(folder);
}

static int remove_checkpoint(void **state) {
    (void)state;
    DIR *open = opendir(folder); /* temporary files of killed children too */
    if (open == NULL)
        return -1;
    for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        char path[sizeof folder + sizeof entry->d_name];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path); /* which leaves folders as they are */
    }
    return closedir(open);
}

/* ---- arguments ---- */

static void assert_refused(const cellseg_train_options *options, const char *name) {
    cellseg_trainer *trainer = (cellseg_trainer *)&other;
    assert_status(cellseg_trainer_new(&trainer, NULL, NULL, options), CELLSEG_ERR_ARGUMENT);
    assert_null(trainer);
    assert_non_null(strstr(cellseg_last_error(), name));
}

#define REFUSE(group, member, value)                                                                                             \
    do {                                                                                                                         \
        cseg_recipe refused;                                                                                                     \
        small_recipe(&refused, NULL);                                                                                            \
        refused.group.member = (value);                                                                                          \
        assert_refused(&refused.options, #member);                                                                               \
    } while (0)

static void test_options(void **state) {
    (void)state;
    assert_status(cellseg_train_options_init(NULL, sizeof(cellseg_train_options)), CELLSEG_ERR_ARGUMENT);
    cellseg_train_options options;
    assert_status(cellseg_train_options_init(&options, 8), CELLSEG_ERR_ARGUMENT);
    REFUSE(options, struct_size, 3);
    REFUSE(schedule, struct_size, 3);
    REFUSE(loss, struct_size, 3);
    REFUSE(augmentation, struct_size, 3);
    REFUSE(options, preset, 2);
    REFUSE(options, epochs, 0);
    REFUSE(options, batch, 0);
    REFUSE(options, batch, 1 << 20);
    REFUSE(options, learning_rate, 0);
    REFUSE(options, learning_rate, NAN);
    REFUSE(options, learning_rate_final, -1);
    REFUSE(options, width, 0);
    REFUSE(options, width, INFINITY);
    REFUSE(loss, weight_nucleus, -1);
    REFUSE(loss, weight_cytoplasm, NAN);
    REFUSE(loss, weight_background, 1e9);
    REFUSE(loss, weight_sum, -1e-9);
    REFUSE(schedule, schedule, 2);
    REFUSE(schedule, step_epochs, 0);
    REFUSE(schedule, step_factor, 1.5);
    REFUSE(schedule, warm_up_epochs, -1);
    REFUSE(options, patience, -1);
    REFUSE(options, frozen_layers, -1);
    REFUSE(options, frozen_layers, 3); /* of nothing */
    REFUSE(options, cache_bytes, 1000);
    REFUSE(options, extra_output, 3);
    REFUSE(options, extra_output, -1);
    REFUSE(loss, weight_extra, -1);
    REFUSE(loss, weight_border, 1e6);
    REFUSE(loss, border_sigma_um, 0);
    REFUSE(loss, weight_dice, NAN);
    REFUSE(loss, weight_cross_entropy, -1);
    REFUSE(options, dropout, -0.1);
    REFUSE(options, dropout, 0.91);
    REFUSE(options, dropout, NAN);
    REFUSE(options, working_pixel_size_um, 0);
    REFUSE(options, top_hat_um, -1);
    assert_status(cellseg_trainer_new(NULL, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    cellseg_trainer_free(NULL);
}

static void test_options_of_augmentation(void **state) {
    (void)state;
    REFUSE(augmentation, rotate, 2);
    REFUSE(augmentation, flip, -1);
    REFUSE(augmentation, gamma, 0.5);
    REFUSE(augmentation, scale, 0.9);
    REFUSE(augmentation, contrast, 100);
    REFUSE(augmentation, noise, -0.1);
    REFUSE(augmentation, blur_px, 1000);
    REFUSE(augmentation, empty, 1);
    REFUSE(augmentation, rotation_degrees, 181);
    REFUSE(augmentation, elastic_px, -1);
    REFUSE(augmentation, illumination, 0.5);
    REFUSE(augmentation, saturation, 1);
    REFUSE(augmentation, nucleus_contrast, 0);
    REFUSE(augmentation, cell_contrast, 0.5);
    REFUSE(augmentation, texture, NAN);
}

static void test_images_that_do_not_fit(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    assert_ok(small_trainer(&trainer, NULL, &recipe.options));
    scene s;
    assert_ok(make_scene(&s, NULL, 1));
    cellseg_labels *small, *none;
    assert_ok(cellseg_labels_new(&small, NULL, HEIGHT, WIDTH - 1));
    assert_ok(cellseg_labels_new(&none, NULL, HEIGHT, WIDTH));
#define REFUSE_ADD(...) assert_status(cellseg_trainer_add(__VA_ARGS__), CELLSEG_ERR_ARGUMENT)
    REFUSE_ADD(NULL, s.image, 0, s.cells, s.nuclei, CELLSEG_USE_TRAIN);
    REFUSE_ADD(trainer, NULL, 0, s.cells, s.nuclei, CELLSEG_USE_TRAIN);
    REFUSE_ADD(trainer, s.image, 0, NULL, s.nuclei, CELLSEG_USE_TRAIN);
    REFUSE_ADD(trainer, s.image, 1, s.cells, s.nuclei, CELLSEG_USE_TRAIN);
    REFUSE_ADD(trainer, s.image, -1, s.cells, s.nuclei, CELLSEG_USE_TRAIN);
    REFUSE_ADD(trainer, s.image, 0, s.cells, s.nuclei, 2);
    REFUSE_ADD(trainer, s.image, 0, small, s.nuclei, CELLSEG_USE_TRAIN);
    assert_string_equal(cellseg_last_error(), "cells are 70 x 89 pixels, the image 70 x 90");
    REFUSE_ADD(trainer, s.image, 0, s.cells, small, CELLSEG_USE_TRAIN);
    REFUSE_ADD(trainer, s.image, 0, none, s.nuclei, CELLSEG_USE_TRAIN);
    REFUSE_ADD(trainer, s.image, 0, s.cells, none, CELLSEG_USE_VALIDATE);
    assert_ok(cellseg_image_set_pixel_size_um(s.image, 0));
    REFUSE_ADD(trainer, s.image, 0, s.cells, s.nuclei, CELLSEG_USE_TRAIN);
    assert_ok(cellseg_image_set_pixel_size_um(s.image, 0.65));
    ((float *)cellseg_image_pixels_mut(s.image, 0))[77] = NAN;
    REFUSE_ADD(trainer, s.image, 0, s.cells, s.nuclei, CELLSEG_USE_TRAIN);

    cellseg_model *model;
    assert_ok(cellseg_trainer_run(&model, trainer, NULL, NULL)); /* the trainer is as if none of this had been */
    model_bytes(&other, model);
    assert_same_bytes(&undisturbed, &other);
    ((float *)cellseg_image_pixels_mut(s.image, 0))[77] = 0;
    REFUSE_ADD(trainer, s.image, 0, s.cells, s.nuclei, CELLSEG_USE_TRAIN); /* training has begun */
    cellseg_model_free(model);
    cellseg_labels_free(none);
    cellseg_labels_free(small);
    free_scene(&s);
    cellseg_trainer_free(trainer);
}

static void test_nothing_to_train_on(void **state) {
    (void)state;
    cellseg_model *start, *model = NULL;
    cellseg_trainer *trainer;
    assert_ok(small_model(&start, NULL));
    assert_ok(cellseg_trainer_new(&trainer, NULL, start, NULL));
    assert_ok(add_scene(trainer, NULL, 1, CELLSEG_USE_VALIDATE));
    assert_status(cellseg_trainer_run(&model, trainer, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_trainer_run(&model, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_trainer_run(NULL, trainer, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    cellseg_trainer_free(trainer);
    cellseg_model_free(start);
}

/* ---- the same bytes ---- */

static void test_threads(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    train_to_bytes(&other, 1, &recipe.options);
    assert_same_bytes(&undisturbed, &other);
    train_to_bytes(&other, 7, &recipe.options);
    assert_same_bytes(&undisturbed, &other);
}

typedef struct history {
    int32_t stop_after; /* 0: never */
    int32_t count, best;
    double train_loss[EPOCHS + 1], validation_loss[EPOCHS + 1];
} history;

static int32_t remember(void *user, const cellseg_epoch *epoch) {
    history *h = user;
    assert_int_equal(epoch->struct_size, sizeof *epoch);
    assert_in_range(epoch->epoch, 1, EPOCHS);
    assert_int_equal(epoch->epochs, EPOCHS);
    assert_true(epoch->seconds >= 0);
    h->count++;
    h->train_loss[epoch->epoch] = epoch->train_loss;
    h->validation_loss[epoch->epoch] = epoch->validation_loss;
    if (epoch->best)
        h->best = epoch->epoch;
    return epoch->epoch == h->stop_after;
}

static void run_and_free_model(cellseg_trainer *trainer, history *h, bytes *b) {
    cellseg_model *model;
    assert_ok(cellseg_trainer_run(&model, trainer, remember, h));
    if (b != NULL)
        model_bytes(b, model);
    cellseg_model_free(model);
}

static void test_stopped_and_resumed_by_another_trainer(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, checkpoint_path);
    for (int32_t epoch = 1; epoch < EPOCHS; epoch++) {
        cellseg_trainer *trainer;
        history h = {.stop_after = epoch};
        assert_ok(small_trainer(&trainer, NULL, &recipe.options));
        run_and_free_model(trainer, &h, NULL);
        assert_int_equal(h.count, 1);
        cellseg_trainer_free(trainer);
    }
    train_to_bytes(&other, 2, &recipe.options);
    assert_same_bytes(&undisturbed, &other);
    train_to_bytes(&other, 2, &recipe.options); /* nothing is left to do */
    assert_same_bytes(&undisturbed, &other);
}

static void test_stopped_and_resumed_by_the_same_trainer(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    history h = {.stop_after = 2};
    assert_ok(small_trainer(&trainer, NULL, &recipe.options));
    run_and_free_model(trainer, &h, NULL);
    run_and_free_model(trainer, &h, &other);
    assert_int_equal(h.count, EPOCHS);
    assert_same_bytes(&undisturbed, &other);
    cellseg_trainer_free(trainer);
}

static void test_best_weights_are_given(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    history h = {0};
    assert_ok(small_trainer(&trainer, NULL, &recipe.options));
    run_and_free_model(trainer, &h, NULL);
    int32_t best = 1;
    for (int32_t epoch = 2; epoch <= EPOCHS; epoch++)
        if (h.validation_loss[epoch] < h.validation_loss[best])
            best = epoch;
    assert_int_equal(h.best, best);
    assert_int_equal(trainer->checkpoint.best.epoch, best);
    assert_true(h.train_loss[EPOCHS] < h.train_loss[1]); /* it learns */
    size_t count;
    const float *given = cseg_net_state(trainer->net, &count);
    assert_memory_equal(given, trainer->checkpoint.best.state, count * sizeof *given);
    cellseg_trainer_free(trainer);
}

static void test_without_validation_the_last_is_best(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_model *start;
    cellseg_trainer *trainer;
    history h = {0};
    assert_ok(small_model(&start, NULL));
    assert_ok(cellseg_trainer_new(&trainer, NULL, start, &recipe.options));
    cellseg_model_free(start);
    assert_ok(add_scene(trainer, NULL, 1, CELLSEG_USE_TRAIN));
    run_and_free_model(trainer, &h, NULL);
    assert_int_equal(h.best, EPOCHS);
    assert_true(isnan(h.validation_loss[EPOCHS]));
    cellseg_trainer_free(trainer);
}

/* ---- schedules, early stopping, frozen layers ---- */

typedef struct rates {
    int32_t count, stopping;
    double rate[EPOCHS + 1];
} rates;

static int32_t remember_rate(void *user, const cellseg_epoch *epoch) {
    rates *r = user;
    r->rate[epoch->epoch] = epoch->learning_rate;
    r->stopping = epoch->stopping;
    r->count++;
    return 0;
}

static void run_for_rates(rates *r, const cellseg_train_options *options) {
    cellseg_trainer *trainer;
    cellseg_model *model;
    *r = (rates){0};
    assert_ok(small_trainer(&trainer, NULL, options));
    assert_ok(cellseg_trainer_run(&model, trainer, remember_rate, r));
    assert_int_equal(r->count, EPOCHS);
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
}

static void test_schedules(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    recipe.options.learning_rate = 0.01;
    recipe.options.learning_rate_final = 0.002;
    recipe.schedule.schedule = CELLSEG_SCHEDULE_STEP;
    recipe.schedule.step_epochs = 1;
    recipe.schedule.step_factor = 0.5;
    recipe.schedule.warm_up_epochs = 0;
    rates r;
    run_for_rates(&r, &recipe.options);
    const double steps[] = {0.01, 0.005, 0.0025, 0.002};
    for (int32_t epoch = 1; epoch <= EPOCHS; epoch++)
        assert_true(fabs(r.rate[epoch] - steps[epoch - 1]) < 1e-15);
    recipe.schedule.schedule = CELLSEG_SCHEDULE_SMOOTH;
    run_for_rates(&r, &recipe.options);
    /* 18 patches and 2 without cells, four at a time: five steps of an epoch, the last of which begins at 0.8 */
    for (int32_t epoch = 1; epoch <= EPOCHS; epoch++)
        assert_true(fabs(r.rate[epoch] - (0.006 + 0.004 * cos(acos(-1) * (epoch - 0.2) / EPOCHS))) < 0.0001);
    recipe.schedule.warm_up_epochs = 2;
    recipe.options.learning_rate_final = 0;
    run_for_rates(&r, &recipe.options);
    const double warm[] = {0.005, 0.01, 0.01, 0.01};
    for (int32_t epoch = 1; epoch <= EPOCHS; epoch++)
        assert_true(fabs(r.rate[epoch] - warm[epoch - 1]) < 1e-15);
}

/* A rate at which nothing gets better: the running statistics settle, then the loss stands still or jitters. */
static void test_early_stopping(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, checkpoint_path);
    recipe.options.learning_rate = recipe.options.learning_rate_final = 1e-12;
    recipe.options.frozen_layers = 28; /* all but the last */
    recipe.options.patience = 1;
    cellseg_trainer *trainer;
    cellseg_model *model;
    rates r = {0};
    for (int i = 0; i < 2; i++) { /* stopped, and again from its checkpoint */
        assert_ok(small_trainer(&trainer, NULL, &recipe.options));
        assert_ok(cellseg_trainer_run(&model, trainer, remember_rate, &r));
        assert_int_equal(trainer->checkpoint.best.epoch, 1);
        assert_int_equal(trainer->checkpoint.last.epoch, 2);
        assert_int_equal(r.count, 2);
        assert_int_equal(r.stopping, 1);
        cellseg_model_free(model);
        cellseg_trainer_free(trainer);
    }
}

static void test_frozen_layers_stay(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer, *fresh;
    cellseg_model *model;
    assert_ok(small_trainer(&fresh, NULL, &recipe.options));
    assert_ok(small_trainer(&trainer, NULL, &recipe.options));
    assert_ok(cellseg_trainer_run(&model, trainer, NULL, NULL));
    size_t count;
    const float *before = cseg_net_state(fresh->net, &count), *after = cseg_net_state(trainer->net, &count);
    const size_t first = 9 * 8 + 2 * 8; /* weights, scale and shift of a convolution to 8 channels; the pool has none */
    assert_memory_equal(before, after, first * sizeof(float));
    assert_memory_not_equal(before + first, after + first, first * sizeof(float));
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    cellseg_trainer_free(fresh);
}

/* ---- the fourth output ---- */

static cellseg_status trained_with(cellseg_model **out, const cellseg_model *start, int32_t extra_output) {
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    recipe.options.epochs = 1;
    recipe.options.extra_output = extra_output;
    cellseg_trainer *trainer;
    *out = NULL;
    CSEG_TRY(cellseg_trainer_new(&trainer, NULL, start, &recipe.options));
    cellseg_status status = add_scene(trainer, NULL, 1, CELLSEG_USE_TRAIN);
    if (status == CELLSEG_OK)
        status = cellseg_trainer_run(out, trainer, NULL, NULL);
    cellseg_trainer_free(trainer);
    return status;
}

static void test_a_start_keeps_its_fourth_output(void **state) {
    (void)state;
    static const char *const names[] = {"\"background\"]", "\"background\",\"boundary\"]", "\"background\",\"distance\"]"};
    cellseg_model *start, *first, *second;
    assert_ok(small_model(&start, NULL));
    for (int32_t extra = CELLSEG_EXTRA_NONE; extra <= CELLSEG_EXTRA_DISTANCE; extra++) {
        assert_ok(trained_with(&first, start, extra));
        assert_non_null(strstr(cellseg_model_info(first), names[extra]));
        assert_ok(trained_with(&second, first, CELLSEG_EXTRA_NONE));
        assert_non_null(strstr(cellseg_model_info(second), names[extra]));
        cellseg_model_free(second);
        if (extra != CELLSEG_EXTRA_NONE) {
            assert_status(trained_with(&second, first, CELLSEG_EXTRA_BOUNDARY + CELLSEG_EXTRA_DISTANCE - extra),
                          CELLSEG_ERR_ARGUMENT);
            assert_non_null(strstr(cellseg_last_error(), "start: its fourth output is"));
        }
        cellseg_model_free(first);
    }
    cellseg_model_free(start);
}

/* ---- stopped by force ---- */

typedef struct cancel_after {
    int32_t calls;
    double fraction;
    bool fell;
} cancel_after;

static int32_t count_down(void *user, double fraction, const char *step) {
    cancel_after *c = user;
    c->fell = c->fell || fraction < c->fraction || step == NULL;
    c->fraction = fraction;
    return c->calls-- == 0;
}

static void test_cancel_and_go_on(void **state) {
    (void)state;
    cancel_after cancel = {.calls = -1};
    cellseg_context_options context_options;
    assert_ok(cellseg_context_options_init(&context_options, sizeof context_options));
    context_options.threads = 2;
    context_options.progress = count_down;
    context_options.progress_user = &cancel;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &context_options));
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    assert_ok(small_trainer(&trainer, context, &recipe.options));
    cellseg_status status = CELLSEG_ERR_CANCELLED;
    cellseg_model *model = NULL;
    for (int32_t calls = 1; status == CELLSEG_ERR_CANCELLED; calls += 3) {
        assert_null(model);
        cancel = (cancel_after){.calls = calls};
        status = cellseg_trainer_run(&model, trainer, NULL, NULL);
        assert_false(cancel.fell);
    }
    assert_ok(status);
    model_bytes(&other, model);
    assert_same_bytes(&undisturbed, &other);
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    cellseg_context_free(context);
}

static pid_t start_child(const cellseg_train_options *options) {
    const pid_t child = fork();
    if (child != 0)
        return child;
    cellseg_context *context = test_context(1);
    cellseg_trainer *trainer;
    cellseg_model *model;
    const bool done =
        small_trainer(&trainer, context, options) == CELLSEG_OK && cellseg_trainer_run(&model, trainer, NULL, NULL) == CELLSEG_OK;
    _exit(done ? 0 : 1);
}

/* Kill a training after 7 ms, and later each time, letting each go on from where the last died, until one ends by itself. */
static void test_killed_at_any_moment(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, checkpoint_path);
    int32_t killed = 0;
    for (int64_t ms = 0;; ms += 7 + ms / 16, killed++) { /* where a training starts slowly, the steps must grow */
        const pid_t child = start_child(&recipe.options);
        assert_true(child > 0);
        const struct timespec wait = {(time_t)(ms / 1000), (long)(ms % 1000 * 1000000)};
        (void)nanosleep(&wait, NULL);
        (void)kill(child, SIGKILL);
        int ended;
        assert_int_equal(waitpid(child, &ended, 0), child);
        if (WIFEXITED(ended)) {
            assert_int_equal(WEXITSTATUS(ended), 0);
            break;
        }
        assert_true(ms < 600000);
    }
    assert_true(killed > 0);
    train_to_bytes(&other, 2, &recipe.options);
    assert_same_bytes(&undisturbed, &other);
}

/* ---- checkpoints that do not fit, losses that are not numbers ---- */

static void assert_run_fails(const cellseg_train_options *options, cellseg_status expected, const char *message) {
    cellseg_trainer *trainer;
    cellseg_model *model;
    assert_ok(small_trainer(&trainer, NULL, options));
    assert_status(cellseg_trainer_run(&model, trainer, NULL, NULL), expected);
    assert_null(model);
    assert_non_null(strstr(cellseg_last_error(), message));
    cellseg_trainer_free(trainer);
}

static void test_checkpoints_of_other_trainings(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, checkpoint_path);
    recipe.options.epochs = 1;
    train_to_bytes(&other, 2, &recipe.options);
    recipe.options.seed = 2;
    assert_run_fails(&recipe.options, CELLSEG_ERR_ARGUMENT, checkpoint_path);
    recipe.options.seed = 1;
    recipe.augmentation.gamma = 1.3;
    assert_run_fails(&recipe.options, CELLSEG_ERR_ARGUMENT, checkpoint_path);
    recipe.augmentation.gamma = 1.2;
    recipe.options.note = "another note";
    train_to_bytes(&other, 2, &recipe.options);
    recipe.options.epochs = 2; /* the rate now falls more slowly, from the first epoch on */
    assert_run_fails(&recipe.options, CELLSEG_ERR_ARGUMENT, checkpoint_path);
    recipe.options.epochs = 1;
    assert_int_equal(truncate(checkpoint_path, 100), 0);
    assert_run_fails(&recipe.options, CELLSEG_ERR_FORMAT, checkpoint_path);
    recipe.options.checkpoint_path = "/dev/null/checkpoint";
    assert_run_fails(&recipe.options, CELLSEG_ERR_IO, "/dev/null/checkpoint");
}

/* With a constant rate more epochs are more of the same, and give what a longer run would have given at once. */
static void test_a_finished_run_is_made_longer(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    recipe.options.learning_rate_final = 0;
    recipe.options.epochs = 2;
    static bytes at_once;
    train_to_bytes(&at_once, 2, &recipe.options);
    recipe.options.checkpoint_path = checkpoint_path;
    recipe.options.epochs = 1;
    train_to_bytes(&other, 2, &recipe.options);
    recipe.options.epochs = 2;
    train_to_bytes(&other, 2, &recipe.options);
    assert_same_bytes(&at_once, &other);
}

static int32_t count_epochs(void *user, const cellseg_epoch *epoch) {
    (void)epoch;
    ++*(int *)user;
    return 0;
}

static void test_checkpoints_that_cannot_be_written(void **state) {
    (void)state;
    char nowhere[96];
    (void)snprintf(nowhere, sizeof nowhere, "%s/nowhere/checkpoint", folder);
    const struct {
        const char *path, *message;
    } cases[] = {{folder, "this is a directory"}, {"/dev/null", "not a regular file"}, {nowhere, "No such file or directory"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cseg_recipe recipe;
        small_recipe(&recipe, cases[i].path);
        cellseg_trainer *trainer;
        cellseg_model *model;
        int epochs = 0;
        cancel_after cancel = {.calls = -1};
        cellseg_context_options context_options;
        assert_ok(cellseg_context_options_init(&context_options, sizeof context_options));
        context_options.progress = count_down;
        context_options.progress_user = &cancel;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &context_options));
        assert_ok(small_trainer(&trainer, context, &recipe.options));
        cancel = (cancel_after){.calls = 0}; /* the first report of training would cancel it */
        assert_status(cellseg_trainer_run(&model, trainer, count_epochs, &epochs), CELLSEG_ERR_IO);
        assert_non_null(strstr(cellseg_last_error(), cases[i].path));
        assert_non_null(strstr(cellseg_last_error(), cases[i].message));
        assert_int_equal(epochs, 0);
        assert_int_equal(cancel.calls, 0);
        cellseg_trainer_free(trainer);
        cellseg_context_free(context);
    }
}

static void test_presets(void **state) {
    (void)state;
    cseg_recipe recipe, paper;
    small_recipe(&recipe, "here");
    cellseg_train_options *options = &recipe.options, defaults;
    options->seed = 7;
    options->working_pixel_size_um = 0.5;
    assert_ok(cellseg_train_options_preset(options, CELLSEG_PRESET_PAPER));
    assert_true(options->width == 1 && options->epochs == 30 && options->batch == 32 && options->learning_rate == 0.001);
    assert_true(options->learning_rate_final == 0 && options->dropout == 0.5 && options->patience == 0);
    assert_true(options->extra_output == CELLSEG_EXTRA_NONE && options->preset == CELLSEG_PRESET_PAPER);
    assert_true(options->seed == 7 && options->working_pixel_size_um == 0.5);
    assert_true(options->rate_schedule == NULL && options->loss == NULL && options->augmentation == NULL);
    assert_string_equal(options->checkpoint_path, "here");
    assert_non_null(options->note);
    assert_int_equal(options->struct_size, sizeof *options);
    assert_ok(cseg_recipe_read(&paper, options));
    assert_true(paper.augmentation.rotate == 1 && paper.augmentation.flip == 0);
    assert_ok(cellseg_train_options_init(&defaults, sizeof defaults));
    *options = defaults;
    options->width = 2;
    assert_ok(cellseg_train_options_preset(options, CELLSEG_PRESET_DEFAULT));
    assert_memory_equal(options, &defaults, sizeof defaults);
    assert_status(cellseg_train_options_preset(options, 2), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_train_options_preset(NULL, CELLSEG_PRESET_PAPER), CELLSEG_ERR_ARGUMENT);
    options->struct_size = 3;
    assert_status(cellseg_train_options_preset(options, CELLSEG_PRESET_PAPER), CELLSEG_ERR_ARGUMENT);
}

static void test_groups(void **state) {
    (void)state;
    cellseg_augmentation a;
    cellseg_loss l;
    cellseg_rate_schedule s;
    assert_ok(cellseg_augmentation_init(&a, sizeof a, CELLSEG_PRESET_PAPER));
    assert_true(a.rotate == 1 && a.flip == 0 && a.gamma == 1 && a.scale == 1 && a.contrast == 1 && a.noise == 0);
    assert_true(a.blur_px == 0 && a.empty == 0 && a.rotation_degrees == 0 && a.elastic_px == 0 && a.illumination == 1);
    assert_true(a.saturation == 0 && a.nucleus_contrast == 1 && a.cell_contrast == 1 && a.texture == 0);
    assert_ok(cellseg_augmentation_init(&a, sizeof a, CELLSEG_PRESET_DEFAULT));
    assert_true(a.rotate == 1 && a.flip == 1 && a.struct_size == sizeof a);
    assert_ok(cellseg_loss_init(&l, sizeof l, CELLSEG_PRESET_PAPER));
    assert_true(l.weight_nucleus == 1 && l.weight_cytoplasm == 1 && l.weight_background == 1 && l.weight_sum == 1);
    assert_true(l.weight_border == 0 && l.weight_dice == 0 && l.weight_cross_entropy == 0);
    assert_ok(cellseg_rate_schedule_init(&s, sizeof s, CELLSEG_PRESET_PAPER));
    assert_true(s.schedule == CELLSEG_SCHEDULE_SMOOTH && s.warm_up_epochs == 0);
    assert_status(cellseg_augmentation_init(&a, sizeof a, 2), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_loss_init(&l, 8, CELLSEG_PRESET_DEFAULT), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_rate_schedule_init(NULL, sizeof s, CELLSEG_PRESET_DEFAULT), CELLSEG_ERR_ARGUMENT);
}

/* The next epoch's loss is not finite: `fault`, and where the epoch before is kept. */
static void assert_loss_fails(cellseg_trainer *trainer, const char *fault, int32_t kept) {
    cellseg_model *model;
    char end[128];
    assert_status(cellseg_trainer_run(&model, trainer, NULL, NULL), CELLSEG_ERR_MODEL);
    assert_null(model);
    const char *message = cellseg_last_error();
    assert_ptr_equal(strstr(message, fault), message);
    (void)snprintf(end, sizeof end, "; %s holds epoch %d", checkpoint_path, (int)kept);
    assert_string_equal(message + strlen(message) - strlen(end), end);
}

static void test_validation_loss_that_is_not_a_number(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, checkpoint_path);
    recipe.options.batch = 32; /* one step an epoch, so that no other step meets the weights it leaves */
    cellseg_trainer *trainer;
    history h = {.stop_after = 1};
    assert_ok(small_trainer(&trainer, NULL, &recipe.options));
    run_and_free_model(trainer, &h, NULL);
    trainer->checkpoint.last.state[trainer->checkpoint.count - 1] = NAN; /* of the optimiser, which makes a weight of it */
    assert_loss_fails(trainer, "epoch 2: the validation loss is not finite;", 1);
    cellseg_trainer_free(trainer);
}

static void test_loss_that_is_not_a_number(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, checkpoint_path);
    cellseg_trainer *trainer;
    history h = {.stop_after = 2};
    assert_ok(small_trainer(&trainer, NULL, &recipe.options));
    run_and_free_model(trainer, &h, NULL);
    for (size_t i = 0; i < trainer->checkpoint.count; i++)
        trainer->checkpoint.last.state[i] = NAN; /* as if the weights had run away */
    assert_loss_fails(trainer, "epoch 3: the loss or its gradient is not finite at step ", 2);
    cellseg_trainer_free(trainer);
    train_to_bytes(&other, 2, &recipe.options); /* the last good checkpoint is intact */
    assert_same_bytes(&undisturbed, &other);
}

static cellseg_status train_once(cellseg_context *context, void *data) {
    cellseg_trainer *trainer;
    cellseg_model *model;
    CSEG_TRY(small_trainer(&trainer, context, data));
    const cellseg_status status = cellseg_trainer_run(&model, trainer, NULL, NULL);
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    return status;
}

static void test_failing_allocations(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, checkpoint_path);
    recipe.options.epochs = 1;
    assert_survives_failing_allocations(train_once, &recipe.options);
}

static void test_memory_budget(void **state) {
    (void)state;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.memory_budget_bytes = 1 << 20;
    cellseg_context *context;
    cellseg_trainer *trainer;
    assert_ok(cellseg_context_new(&context, &options));
    assert_status(cellseg_trainer_new(&trainer, context, NULL, NULL), CELLSEG_ERR_LIMIT);
    assert_null(trainer);
    cellseg_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_options_of_augmentation),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_images_that_do_not_fit),
        cmocka_unit_test(test_nothing_to_train_on),
        cmocka_unit_test(test_threads),
        cmocka_unit_test_teardown(test_stopped_and_resumed_by_another_trainer, remove_checkpoint),
        cmocka_unit_test(test_stopped_and_resumed_by_the_same_trainer),
        cmocka_unit_test(test_best_weights_are_given),
        cmocka_unit_test(test_without_validation_the_last_is_best),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test_teardown(test_early_stopping, remove_checkpoint),
        cmocka_unit_test(test_frozen_layers_stay),
        cmocka_unit_test(test_a_start_keeps_its_fourth_output),
        cmocka_unit_test(test_cancel_and_go_on),
        cmocka_unit_test_teardown(test_killed_at_any_moment, remove_checkpoint),
        cmocka_unit_test_teardown(test_checkpoints_of_other_trainings, remove_checkpoint),
        cmocka_unit_test_teardown(test_a_finished_run_is_made_longer, remove_checkpoint),
        cmocka_unit_test_teardown(test_checkpoints_that_cannot_be_written, remove_checkpoint),
        cmocka_unit_test(test_presets),
        cmocka_unit_test_teardown(test_validation_loss_that_is_not_a_number, remove_checkpoint),
        cmocka_unit_test_teardown(test_loss_that_is_not_a_number, remove_checkpoint),
        cmocka_unit_test_teardown(test_failing_allocations, remove_checkpoint),
        cmocka_unit_test(test_memory_budget),
    };
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
