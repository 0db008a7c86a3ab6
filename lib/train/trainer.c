/* SPDX-License-Identifier: BSD-3-Clause */
/* The trainer: options checked, network created, everything freed. train_files.c adds images, train_run.c trains. */
#include "train/train.h"

#include "segment/segment.h"

#include <string.h>

#define FIRST_RELEASE_SIZE (offsetof(cellseg_train_options, cell_contrast) + sizeof(double))

/* ---- options ---- */

static cellseg_train_options defaults(void) {
    return (cellseg_train_options){.struct_size = sizeof(cellseg_train_options),
                                   .seed = 1,
                                   .epochs = 30,
                                   .batch = 8,
                                   .learning_rate = 0.001,
                                   .width = 0.5,
                                   .weight_nucleus = 1,
                                   .weight_cytoplasm = 1,
                                   .weight_background = 1,
                                   .weight_sum = 1,
                                   .rotate = 1,
                                   .flip = 1,
                                   .gamma = 1,
                                   .scale = 1,
                                   .working_pixel_size_um = 0.65,
                                   .top_hat_um = 130,
                                   .contrast = 1,
                                   .weight_extra = 1,
                                   .border_sigma_um = 3,
                                   .illumination = 1,
                                   .nucleus_contrast = 1,
                                   .step_epochs = 10,
                                   .step_factor = 0.1,
                                   .cache_bytes = (uint64_t)96 << 20,
                                   .dropout = 0.1,
                                   .cell_contrast = 1};
}

cellseg_status cellseg_train_options_init(cellseg_train_options *options, size_t struct_size) {
    const cellseg_train_options own = defaults();
    return cseg_options_init(options, struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_train_options");
}

cellseg_status cellseg_train_options_preset(cellseg_train_options *options, int32_t preset) {
    cellseg_train_options own = defaults(), theirs = own;
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "options is NULL");
    CSEG_TRY(cseg_options_copy(&theirs, sizeof theirs, FIRST_RELEASE_SIZE, options, "cellseg_train_options"));
    if (preset != CELLSEG_PRESET_DEFAULT && preset != CELLSEG_PRESET_PAPER)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "preset %d does not exist", (int)preset);
    if (preset == CELLSEG_PRESET_PAPER) {
        own.width = 1;
        own.batch = 32;
        own.dropout = 0.5;
        own.flip = 0;
    }
    own.seed = theirs.seed;
    own.working_pixel_size_um = theirs.working_pixel_size_um;
    own.checkpoint_path = theirs.checkpoint_path;
    own.note = theirs.note;
    return cseg_options_init(options, options->struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_train_options");
}

static cellseg_status check(const cellseg_train_options *o) {
    CSEG_TRY(cseg_range_check("epochs", o->epochs, 1, 100000));
    CSEG_TRY(cseg_range_check("batch", o->batch, 1, 1024));
    CSEG_TRY(cseg_range_check("learning_rate", o->learning_rate, 1e-12, 1));
    CSEG_TRY(cseg_range_check("learning_rate_final", o->learning_rate_final, 0, 1));
    CSEG_TRY(cseg_range_check("width", o->width, 0.01, 8));
    CSEG_TRY(cseg_range_check("weight_nucleus", o->weight_nucleus, 0, 1000));
    CSEG_TRY(cseg_range_check("weight_cytoplasm", o->weight_cytoplasm, 0, 1000));
    CSEG_TRY(cseg_range_check("weight_background", o->weight_background, 0, 1000));
    CSEG_TRY(cseg_range_check("weight_sum", o->weight_sum, 0, 1000));
    CSEG_TRY(cseg_range_check("rotate", o->rotate, 0, 1));
    CSEG_TRY(cseg_range_check("flip", o->flip, 0, 1));
    CSEG_TRY(cseg_range_check("gamma", o->gamma, 1, 4));
    CSEG_TRY(cseg_range_check("scale", o->scale, 1, 4));
    CSEG_TRY(cseg_range_check("contrast", o->contrast, 1, 10));
    CSEG_TRY(cseg_range_check("noise", o->noise, 0, 1));
    CSEG_TRY(cseg_range_check("blur_px", o->blur_px, 0, 20));
    CSEG_TRY(cseg_range_check("schedule", o->schedule, CELLSEG_SCHEDULE_SMOOTH, CELLSEG_SCHEDULE_STEP));
    CSEG_TRY(cseg_range_check("step_epochs", o->step_epochs, 1, 100000));
    CSEG_TRY(cseg_range_check("step_factor", o->step_factor, 1e-6, 1));
    CSEG_TRY(cseg_range_check("warm_up_epochs", o->warm_up_epochs, 0, 100000));
    CSEG_TRY(cseg_range_check("patience", o->patience, 0, 100000));
    CSEG_TRY(cseg_range_check("frozen_layers", o->frozen_layers, 0, CSEG_MAX_LAYERS - 1));
    CSEG_TRY(cseg_range_check("cache_bytes", (double)o->cache_bytes, 1 << 20, 1e18));
    CSEG_TRY(cseg_range_check("dropout", o->dropout, 0, 0.9));
    CSEG_TRY(cseg_range_check("rotation_degrees", o->rotation_degrees, 0, 180));
    CSEG_TRY(cseg_range_check("elastic_px", o->elastic_px, 0, 100));
    CSEG_TRY(cseg_range_check("illumination", o->illumination, 1, 10));
    CSEG_TRY(cseg_range_check("saturation", o->saturation, 0, 0.95));
    CSEG_TRY(cseg_range_check("nucleus_contrast", o->nucleus_contrast, 1, 10));
    CSEG_TRY(cseg_range_check("cell_contrast", o->cell_contrast, 1, 10));
    CSEG_TRY(cseg_range_check("texture", o->texture, 0, 2));
    CSEG_TRY(cseg_range_check("empty", o->empty, 0, 0.9));
    CSEG_TRY(cseg_range_check("extra_output", o->extra_output, CELLSEG_EXTRA_NONE, CELLSEG_EXTRA_DISTANCE));
    CSEG_TRY(cseg_range_check("weight_extra", o->weight_extra, 0, 1000));
    CSEG_TRY(cseg_range_check("weight_border", o->weight_border, 0, 1000));
    CSEG_TRY(cseg_range_check("border_sigma_um", o->border_sigma_um, 0.01, 100));
    CSEG_TRY(cseg_range_check("weight_dice", o->weight_dice, 0, 1000));
    CSEG_TRY(cseg_range_check("weight_cross_entropy", o->weight_cross_entropy, 0, 1000));
    CSEG_TRY(cseg_range_check("working_pixel_size_um", o->working_pixel_size_um, 0.01, 100));
    CSEG_TRY(cseg_range_check("top_hat_um", o->top_hat_um, 0, 1e6));
    return CELLSEG_OK;
}

/* ---- new, add, free ---- */

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
    const cellseg_train_options *o = &trainer->options;
    const cseg_net_options options = {
        .rule = trainer->train.rule,
        .width = o->width,
        .seed = o->seed,
        .batch = (size_t)o->batch,
        .learning_rate = o->learning_rate,
        .weight_class = {o->weight_nucleus, o->weight_cytoplasm, o->weight_background, o->weight_extra},
        .weight_sum = o->weight_sum,
        .distance = o->extra_output == CELLSEG_EXTRA_DISTANCE,
        .weight_border = o->weight_border,
        .weight_dice = o->weight_dice,
        .weight_cross_entropy = o->weight_cross_entropy,
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
    cellseg_train_options *options = &trainer->options;
    CSEG_TRY(cseg_string_copy(&trainer->checkpoint_path, trainer->context, options->checkpoint_path));
    CSEG_TRY(cseg_string_copy(&trainer->note, trainer->context, options->note));
    options->checkpoint_path = trainer->checkpoint_path;
    options->note = trainer->note;
    trainer->train = (cseg_dataset){.context = trainer->context, .rule = rule_for(start, options), .hash = CSEG_HASH_START};
    trainer->train.cache = &trainer->cache;
    trainer->validate = trainer->train;
    trainer->cache = (cseg_cache){.limit = options->cache_bytes < SIZE_MAX ? (size_t)options->cache_bytes : SIZE_MAX,
                                  .sets = {&trainer->train, &trainer->validate},
                                  .load = cseg_source_load,
                                  .owner = trainer};
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
    cellseg_train_options own = defaults();
    CSEG_TRY(cseg_options_copy(&own, sizeof own, FIRST_RELEASE_SIZE, options, "cellseg_train_options"));
    CSEG_TRY(check(&own));
    if (start != NULL)
        CSEG_TRY(adopt_extra(&own, start));
    else if (own.frozen_layers > 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "frozen_layers is %d, which requires a start model", (int)own.frozen_layers);
    cellseg_trainer *trainer = cseg_memory_calloc(context, 1, sizeof *trainer);
    if (trainer == NULL)
        return cseg_error_last();
    trainer->context = context;
    trainer->options = own;
    const cellseg_status status = fill_trainer(trainer, start);
    if (status != CELLSEG_OK) {
        cellseg_trainer_free(trainer);
        return status;
    }
    *out = trainer;
    return CELLSEG_OK;
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
    cseg_source_free_all(trainer);
    cseg_memory_free(trainer->checkpoint.last.state);
    cseg_memory_free(trainer->checkpoint.best.state);
    cseg_memory_free(trainer->checkpoint_path);
    cseg_memory_free(trainer->note);
    cseg_memory_free(trainer);
}
