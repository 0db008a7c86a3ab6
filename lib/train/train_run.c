/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Training: runs epochs over the patches, keeps the best weights, and can stop at any moment and resume to the same bytes. All
 * random numbers of an epoch come from (seed, epoch, index), and the network's complete state is kept after every epoch. An
 * epoch therefore depends only on a snapshot and its own number. Source: Al-Kofahi et al. 2018, step 0. Cost: the network's
 * steps; drawing patches and taking snapshots is about 1 % of that.
 */
#include "train/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* State of a run besides the trainer: one batch of patches, and their places. */
typedef struct run {
    cellseg_trainer *trainer;
    cseg_place *places, *grid; /* this epoch's training patches, and the fixed patches of the validation images */
    size_t place_count, grid_count;
    size_t steps, evaluations; /* batches per epoch */
    cseg_patches patches;
} run;

static void take_snapshot(cseg_snapshot *snapshot, cseg_net *net) {
    size_t count;
    const float *state = cseg_net_state(net, &count);
    memcpy(snapshot->state, state, count * sizeof *state);
    snapshot->step = *cseg_net_step_counter(net);
}

static void restore_snapshot(cseg_net *net, const cseg_snapshot *snapshot) {
    size_t count;
    float *state = cseg_net_state(net, &count);
    memcpy(state, snapshot->state, count * sizeof *state);
    *cseg_net_step_counter(net) = snapshot->step;
}

static uint64_t fingerprint(const cellseg_trainer *trainer) {
    size_t count;
    const float *state = cseg_net_state(trainer->net, &count);
    uint64_t hash = cseg_hash_bytes(cseg_record_hash(&trainer->recipe), state, count * sizeof *state);
    hash = cseg_hash_bytes(hash, &trainer->train.hash, sizeof trainer->train.hash);
    return cseg_hash_bytes(hash, &trainer->validate.hash, sizeof trainer->validate.hash);
}

/* Resume after this trainer's last call, else from the checkpoint file, else start from the beginning. A checkpoint path that
 * cannot be written is an error now, not after the first epoch. */
static cellseg_status begin(cellseg_trainer *trainer) {
    cseg_checkpoint *checkpoint = &trainer->checkpoint;
    if (!trainer->begun) {
        checkpoint->fingerprint = fingerprint(trainer);
        if (trainer->checkpoint_path != NULL)
            CSEG_TRY(cseg_checkpoint_read(checkpoint, trainer->checkpoint_path));
        if (checkpoint->last.epoch == 0)
            take_snapshot(&checkpoint->last, trainer->net);
        trainer->begun = true;
    }
    restore_snapshot(trainer->net, &checkpoint->last);
    return trainer->checkpoint_path != NULL ? cseg_target_probe(trainer->context, trainer->checkpoint_path) : CELLSEG_OK;
}

static cellseg_status make_patches(cseg_patches *patches, const cellseg_trainer *trainer, size_t pixels) {
    cellseg_context *context = trainer->context;
    if ((patches->image = cseg_memory_alloc(context, pixels, sizeof *patches->image)) == NULL ||
        (patches->classes = cseg_memory_alloc(context, pixels, 1)) == NULL ||
        (trainer->recipe.options.extra_output == CELLSEG_EXTRA_DISTANCE &&
         (patches->distance = cseg_memory_alloc(context, pixels, 1)) == NULL) ||
        (trainer->recipe.loss.weight_border > 0 && (patches->border = cseg_memory_alloc(context, pixels, 1)) == NULL))
        return cseg_error_last();
    cseg_net_set_targets(trainer->net, patches->distance, patches->border);
    return CELLSEG_OK;
}

static cellseg_status make_room(run *r) {
    cellseg_trainer *trainer = r->trainer;
    const size_t batch = (size_t)trainer->recipe.options.batch, patch = trainer->train.rule.patch_px;
    r->place_count = cseg_dataset_epoch(&trainer->train, NULL, trainer->recipe.augmentation.empty, 0, 0);
    r->grid_count = cseg_dataset_grid(&trainer->validate, NULL);
    r->steps = (r->place_count + batch - 1) / batch;
    r->evaluations = (r->grid_count + batch - 1) / batch;
    if ((r->places = cseg_memory_alloc(trainer->context, r->place_count, sizeof *r->places)) == NULL ||
        (r->grid = cseg_memory_alloc(trainer->context, r->grid_count, sizeof *r->grid)) == NULL)
        return cseg_error_last();
    (void)cseg_dataset_grid(&trainer->validate, r->grid);
    return make_patches(&r->patches, trainer, batch * patch * patch);
}

/* Each training step and each validation batch is an equal fraction of the progress. */
static void show_progress(const run *r, const char *name, int32_t epoch, size_t unit) {
    const double units = (double)(r->steps + r->evaluations) * r->trainer->recipe.options.epochs;
    const double done = (double)(r->steps + r->evaluations) * (epoch - 1) + (double)unit;
    cseg_progress_step(r->trainer->context, name, done / units, (done + 1) / units);
}

/* `t` epochs after the beginning, without warm-up. Smoothstep equals half a period of a cosine within 1 %. */
static double scheduled_rate(const cseg_recipe *recipe, double t) {
    const cellseg_train_options *o = &recipe->options;
    const cellseg_rate_schedule *schedule = &recipe->schedule;
    if (schedule->schedule == CELLSEG_SCHEDULE_STEP) {
        const int32_t falls = (int32_t)(t / schedule->step_epochs);
        double rate = o->learning_rate;
        for (int32_t i = 0; i < falls; i++)
            rate *= schedule->step_factor;
        return fmax(rate, fmin(o->learning_rate_final, o->learning_rate));
    }
    if (o->learning_rate_final == 0)
        return o->learning_rate;
    const double x = t / o->epochs;
    return o->learning_rate + (o->learning_rate_final - o->learning_rate) * x * x * (3 - 2 * x);
}

static double learning_rate(const run *r, int32_t epoch, size_t step) {
    const cseg_recipe *recipe = &r->trainer->recipe;
    const double steps = (double)r->steps, done = steps * (epoch - 1) + (double)step,
                 warm = recipe->schedule.warm_up_epochs * steps;
    const double rate = scheduled_rate(recipe, done / steps);
    return done + 1 < warm ? rate * (done + 1) / warm : rate;
}

/* Add the epoch to a message about the loss, and the last good epoch. */
static cellseg_status fail_in_epoch(const cellseg_trainer *trainer, cellseg_status status, int32_t epoch) {
    if (status != CELLSEG_ERR_MODEL)
        return status;
    char fault[128];
    const int32_t kept = trainer->checkpoint.last.epoch;
    (void)snprintf(fault, sizeof fault, "epoch %d: %s", (int)epoch, cellseg_last_error());
    if (trainer->checkpoint_path == NULL || kept == 0)
        return cseg_fail(status, "%s", fault);
    return cseg_fail(status, "%s; %s holds epoch %d", fault, trainer->checkpoint_path, (int)kept);
}

static cellseg_status train_epoch(const run *r, double *mean_loss, int32_t epoch) {
    cellseg_trainer *trainer = r->trainer;
    const cellseg_train_options *o = &trainer->recipe.options;
    const cellseg_augmentation *augmentation = &trainer->recipe.augmentation;
    const size_t batch = (size_t)o->batch;
    (void)cseg_dataset_epoch(&trainer->train, r->places, augmentation->empty, o->seed, (uint64_t)epoch);
    double sum = 0;
    for (size_t step = 0; step < r->steps; step++) {
        show_progress(r, "training", epoch, step);
        CSEG_TRY(cseg_augment_draw(&trainer->train, &r->patches, r->places, r->place_count, step * batch, batch, augmentation,
                                   o->seed, (uint64_t)epoch));
        cseg_net_set_learning_rate(trainer->net, learning_rate(r, epoch, step));
        const uint64_t dropout_seed = cseg_stream_new(~o->seed, (uint64_t)epoch, step);
        double loss;
        const cellseg_status status = cseg_net_step(trainer->net, &loss, r->patches.image, r->patches.classes, dropout_seed);
        if (status != CELLSEG_OK)
            return fail_in_epoch(trainer, status, epoch);
        sum += loss;
    }
    *mean_loss = sum / (double)r->steps;
    return CELLSEG_OK;
}

static size_t count_labelled(const uint8_t *classes, size_t pixels) {
    size_t labelled = 0;
    for (size_t i = 0; i < pixels; i++)
        labelled += classes[i] != CSEG_CLASS_UNKNOWN;
    return labelled;
}

/* Mean over batches, weighted by their numbers of labelled pixels. NaN without validation images. */
static cellseg_status validate_epoch(const run *r, double *mean_loss, int32_t epoch) {
    cellseg_trainer *trainer = r->trainer;
    const size_t batch = (size_t)trainer->recipe.options.batch, patch = trainer->validate.rule.patch_px;
    double sum = 0, weight = 0;
    for (size_t i = 0; i < r->evaluations; i++) {
        show_progress(r, "validation", epoch, r->steps + i);
        const size_t first = i * batch, left = r->grid_count - first, count = left < batch ? left : batch;
        CSEG_TRY(cseg_augment_draw(&trainer->validate, &r->patches, r->grid, r->grid_count, first, count, NULL, 0, 0));
        double loss;
        CSEG_TRY(cseg_net_evaluate(trainer->net, &loss, r->patches.image, r->patches.classes, count));
        if (!isfinite(loss))
            return fail_in_epoch(trainer, cseg_fail(CELLSEG_ERR_MODEL, "the validation loss is not finite"), epoch);
        const double labelled = (double)count_labelled(r->patches.classes, count * patch * patch);
        sum += loss * labelled;
        weight += labelled;
    }
    *mean_loss = r->evaluations > 0 ? sum / weight : (double)NAN;
    return CELLSEG_OK;
}

/* Record the epoch's result. Returns true for the best epoch so far; without validation every epoch is the best. */
static bool keep_epoch(cellseg_trainer *trainer, int32_t epoch, double train_loss, double validation_loss) {
    cseg_snapshot *last = &trainer->checkpoint.last, *best = &trainer->checkpoint.best;
    last->epoch = epoch;
    last->train_loss = train_loss;
    last->validation_loss = validation_loss;
    take_snapshot(last, trainer->net);
    if (best->epoch > 0 && !isnan(validation_loss) && !(validation_loss < best->validation_loss))
        return false;
    memcpy(best->state, last->state, trainer->checkpoint.count * sizeof *last->state);
    float *const state = best->state;
    *best = *last;
    best->state = state;
    return true;
}

/* Computed from values in the checkpoint, so that a resumed run ends at the same epoch. */
static bool patience_ended(const cellseg_trainer *trainer) {
    const int32_t patience = trainer->recipe.options.patience;
    return patience > 0 && trainer->checkpoint.last.epoch - trainer->checkpoint.best.epoch >= patience;
}

static cellseg_status run_epoch(const run *r, cellseg_epoch *report, int32_t epoch) {
    cellseg_trainer *trainer = r->trainer;
    const double began = cseg_clock_seconds();
    *report = (cellseg_epoch){.struct_size = sizeof *report, .epoch = epoch, .epochs = trainer->recipe.options.epochs};
    CSEG_TRY(train_epoch(r, &report->train_loss, epoch));
    CSEG_TRY(validate_epoch(r, &report->validation_loss, epoch));
    report->best = keep_epoch(trainer, epoch, report->train_loss, report->validation_loss);
    if (trainer->checkpoint_path != NULL)
        CSEG_TRY(cseg_checkpoint_write(&trainer->checkpoint, trainer->context, trainer->checkpoint_path));
    report->learning_rate = learning_rate(r, epoch, r->steps - 1);
    report->stopping = patience_ended(trainer);
    report->seconds = cseg_clock_seconds() - began;
    return CELLSEG_OK;
}

static cellseg_status run_epochs(run *r, cellseg_epoch_fn on_epoch, void *user) {
    CSEG_TRY(make_room(r));
    CSEG_TRY(begin(r->trainer));
    const int32_t epochs = r->trainer->recipe.options.epochs;
    for (int32_t epoch = r->trainer->checkpoint.last.epoch + 1; epoch <= epochs && !patience_ended(r->trainer); epoch++) {
        cellseg_epoch report;
        CSEG_TRY(run_epoch(r, &report, epoch));
        if (on_epoch != NULL && on_epoch(user, &report) != 0)
            break;
    }
    return CELLSEG_OK;
}

/* ---- the result ---- */

static cellseg_status best_model(cellseg_model **out, cellseg_trainer *trainer) {
    char *record;
    CSEG_TRY(cseg_record_json(&record, trainer));
    restore_snapshot(trainer->net, &trainer->checkpoint.best);
    if (!trainer->from_start)
        cseg_net_set_nucleus_diameter(trainer->net, cseg_diameters_median(&trainer->diameters));
    const cellseg_status status = cseg_net_model(out, trainer->net, record);
    cseg_memory_free(record);
    return status;
}

static cellseg_status run_training(cellseg_model **out, cellseg_trainer *trainer, cellseg_epoch_fn on_epoch, void *user) {
    run r = {.trainer = trainer};
    cellseg_status status = run_epochs(&r, on_epoch, user);
    if (status == CELLSEG_OK)
        status = best_model(out, trainer);
    cseg_memory_free(r.places);
    cseg_memory_free(r.grid);
    cseg_memory_free(r.patches.image);
    cseg_memory_free(r.patches.classes);
    cseg_memory_free(r.patches.distance);
    cseg_memory_free(r.patches.border);
    cseg_net_set_targets(trainer->net, NULL, NULL);
    return status;
}

cellseg_status cellseg_trainer_run(cellseg_model **out, cellseg_trainer *trainer, cellseg_epoch_fn on_epoch, void *user) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (trainer == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "trainer is NULL");
    if (trainer->train.count == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "no image was added to train on");
    if (!trainer->from_start && trainer->diameters.total == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT,
                         "no training image has nuclei, which a network without a start model cannot learn to "
                         "find: add nuclei, or start from a model");
    cseg_call call;
    cseg_call_begin(&call, trainer->context);
    return cseg_call_end(&call, run_training(out, trainer, on_epoch, user));
}
