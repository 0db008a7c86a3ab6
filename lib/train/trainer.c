/* SPDX-License-Identifier: BSD-3-Clause */
/* The trainer: created and freed. train_files.c adds images, train_run.c trains. */
#include "train/train.h"

#include "segment/segment.h"

#include <string.h>

/*
 * Preprocessing of a new model. Percentiles exclude specks. A range of at least twenty standard deviations of the noise keeps a
 * blank image dim. The square root brings dim cells nearer to bright ones and makes photon noise uniform (Anscombe 1948).
 */
static cseg_rule rule_for(const cellseg_model *start, const cellseg_train_options *options) {
    const uint32_t classes = options->extra_output != CELLSEG_EXTRA_NONE ? 4 : 3;
    if (start != NULL) {
        cseg_rule rule = *cseg_model_rule(start);
        rule.classes = classes;
        return rule;
    }
    return (cseg_rule){.pixel_size_um = options->working_pixel_size_um,
                       .top_hat_um = options->top_hat_um,
                       .percentile_low = 1,
                       .percentile_high = 99.5,
                       .noise_range = 20,
                       .clip = 6,
                       .power = 0.5,
                       .patch_px = 176,
                       .step_px = 160,
                       .classes = classes};
}

static cellseg_status make_net(cellseg_trainer *trainer, const cellseg_model *start) {
    const cellseg_train_options *o = &trainer->recipe.options;
    const cellseg_loss *loss = &trainer->recipe.loss;
    const cseg_net_options options = {
        .rule = trainer->train.rule,
        .width = o->width,
        .seed = o->seed,
        .batch = (size_t)o->batch,
        .learning_rate = o->learning_rate,
        .weight_class = {loss->weight_nucleus, loss->weight_cytoplasm, loss->weight_background, loss->weight_extra},
        .weight_sum = loss->weight_sum,
        .distance = o->extra_output == CELLSEG_EXTRA_DISTANCE,
        .weight_border = loss->weight_border,
        .weight_dice = loss->weight_dice,
        .weight_cross_entropy = loss->weight_cross_entropy,
        .dropout = o->dropout,
        .frozen = (size_t)o->frozen_layers};
    return cseg_net_new(&trainer->net, trainer->context, start, &options);
}

static cellseg_status make_snapshots(cellseg_trainer *trainer) {
    cseg_checkpoint *checkpoint = &trainer->checkpoint;
    (void)cseg_net_state(trainer->net, &checkpoint->count);
    checkpoint->last.state = cseg_memory_alloc(trainer->context, checkpoint->count, sizeof(float));
    if (checkpoint->last.state == NULL)
        return cseg_error_last();
    checkpoint->best.state = cseg_memory_alloc(trainer->context, checkpoint->count, sizeof(float));
    return checkpoint->best.state != NULL ? CELLSEG_OK : cseg_error_last();
}

static cellseg_status fill_trainer(cellseg_trainer *trainer, const cellseg_model *start) {
    cellseg_train_options *options = &trainer->recipe.options;
    CSEG_TRY(cseg_string_copy(&trainer->checkpoint_path, trainer->context, options->checkpoint_path));
    CSEG_TRY(cseg_string_copy(&trainer->note, trainer->context, options->note));
    options->checkpoint_path = trainer->checkpoint_path;
    options->note = trainer->note;
    trainer->train = (cseg_dataset){.context = trainer->context, .rule = rule_for(start, options), .hash = CSEG_HASH_START};
    trainer->train.cache = &trainer->cache;
    trainer->validate = trainer->train;
    trainer->cache = (cseg_cache){.limit = options->cache_bytes < SIZE_MAX ? (size_t)options->cache_bytes : SIZE_MAX,
                                  .sets = {&trainer->train, &trainer->validate},
                                  .load = cseg_filed_load,
                                  .owner = trainer};
    trainer->from_start = start != NULL;
    CSEG_TRY(cseg_diameters_histogram_new(&trainer->diameters, trainer->context));
    CSEG_TRY(make_net(trainer, start));
    return make_snapshots(trainer);
}

/* Take over the start's fourth output; the options may name the same output, but no other. */
static cellseg_status adopt_extra(cellseg_train_options *options, const cellseg_model *start) {
    int32_t extra;
    CSEG_TRY(cseg_predict_extra(&extra, start));
    if (cseg_model_rule(start)->classes != 3 && extra == CELLSEG_EXTRA_NONE)
        return cseg_fail(
            CELLSEG_ERR_ARGUMENT,
            "start: a model of %u classes; training supports nucleus, cytoplasm, background and a boundary or distance",
            (unsigned)cseg_model_rule(start)->classes);
    if (extra != CELLSEG_EXTRA_NONE && options->extra_output != CELLSEG_EXTRA_NONE && options->extra_output != extra)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "start: its fourth output is \"%s\"; extra_output requires another",
                         cseg_model_class_name(start, 3));
    if (extra != CELLSEG_EXTRA_NONE)
        options->extra_output = extra;
    return CELLSEG_OK;
}

static cellseg_status make_trainer(cellseg_trainer **out, cellseg_context *context, const cellseg_model *start,
                                   const cellseg_train_options *options) {
    cseg_recipe recipe;
    CSEG_TRY(cseg_recipe_read(&recipe, options));
    if (recipe.options.note != NULL && !cseg_utf8_is_text(recipe.options.note, strlen(recipe.options.note)))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "note is not text in UTF-8, which a model file needs");
    if (start != NULL)
        CSEG_TRY(adopt_extra(&recipe.options, start));
    else if (recipe.options.frozen_layers > 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "frozen_layers is %d, which requires a start model",
                         (int)recipe.options.frozen_layers);
    cellseg_trainer *trainer = cseg_memory_calloc(context, 1, sizeof *trainer);
    if (trainer == NULL)
        return cseg_error_last();
    trainer->context = context;
    trainer->recipe = recipe;
    const cellseg_status status = fill_trainer(trainer, start);
    if (status != CELLSEG_OK) {
        cellseg_trainer_free(trainer);
        return status;
    }
    *out = trainer;
    return CELLSEG_OK;
}

uint64_t cseg_trainer_features(void) {
    return CELLSEG_FEATURE_TRAINING;
}

cellseg_status cellseg_trainer_new(cellseg_trainer **out, cellseg_context *context, const cellseg_model *start,
                                   const cellseg_train_options *options) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, make_trainer(out, context, start, options));
}

void cellseg_trainer_free(cellseg_trainer *trainer) {
    if (trainer == NULL)
        return;
    cseg_net_free(trainer->net);
    cseg_dataset_free(&trainer->train);
    cseg_dataset_free(&trainer->validate);
    cseg_diameters_histogram_free(&trainer->diameters);
    cseg_filed_free_all(trainer);
    cellseg_model_free(trainer->nuclei_model);
    cseg_memory_free(trainer->checkpoint.last.state);
    cseg_memory_free(trainer->checkpoint.best.state);
    cseg_memory_free(trainer->checkpoint_path);
    cseg_memory_free(trainer->note);
    cseg_memory_free(trainer);
}
