/* SPDX-License-Identifier: BSD-3-Clause */
/* Simulated discs and a tiny network, for the trainer's tests. */
#ifndef CSEG_TESTS_SEGMENT_DISCS_H
#define CSEG_TESTS_SEGMENT_DISCS_H

#include "testing.h"

#include "train/train.h"

enum { HEIGHT = 70, WIDTH = 90, EPOCHS = 4 };

/* ---- images of dark-centred discs ---- */

typedef struct scene {
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
} scene;

static inline void free_scene(scene *s) {
    cellseg_image_free(s->image);
    cellseg_labels_free(s->cells);
    cellseg_labels_free(s->nuclei);
    *s = (scene){NULL, NULL, NULL};
}

static inline void paint(const scene *s, uint64_t seed) {
    float *pixels = cellseg_image_pixels_mut(s->image, 0);
    uint32_t *cells = cellseg_labels_data_mut(s->cells), *nuclei = cellseg_labels_data_mut(s->nuclei);
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        pixels[i] = (float)(100 + 10 * test_uniform(&seed));
    for (uint32_t id = 1; id <= 6; id++) {
        const double cy = HEIGHT * test_uniform(&seed), cx = WIDTH * test_uniform(&seed);
        for (size_t i = 0; i < HEIGHT * WIDTH; i++) {
            const double dy = (double)(i / WIDTH) - cy, dx = (double)(i % WIDTH) - cx, squared = dy * dy + dx * dx;
            if (squared > 144)
                continue;
            cells[i] = id;
            nuclei[i] = squared < 25 ? id : 0;
            pixels[i] = (float)((squared < 25 ? 200 : 400) + 20 * test_uniform(&seed));
        }
    }
}

static inline cellseg_status make_scene(scene *s, cellseg_context *context, uint64_t seed) {
    *s = (scene){NULL, NULL, NULL};
    cellseg_status status;
    CSEG_TRY_GOTO(fail, cellseg_image_new(&s->image, context, CELLSEG_FLOAT32, 1, HEIGHT, WIDTH));
    CSEG_TRY_GOTO(fail, cellseg_labels_new(&s->cells, context, HEIGHT, WIDTH));
    CSEG_TRY_GOTO(fail, cellseg_labels_new(&s->nuclei, context, HEIGHT, WIDTH));
    CSEG_TRY_GOTO(fail, cellseg_image_set_pixel_size_um(s->image, 0.65));
    paint(s, seed);
    return CELLSEG_OK;
fail:
    free_scene(s);
    return status;
}

static inline cellseg_status add_scene(cellseg_trainer *trainer, cellseg_context *context, uint64_t seed, int32_t use) {
    scene s;
    CSEG_TRY(make_scene(&s, context, seed));
    const cellseg_status status = cellseg_trainer_add(trainer, s.image, 0, s.cells, s.nuclei, use);
    free_scene(&s);
    return status;
}

/* ---- a network small enough for seconds: the narrowest, on patches of 48 ---- */

static inline cellseg_status small_model(cellseg_model **out, cellseg_context *context) {
    static const cseg_net_options options = {.rule = {.pixel_size_um = 0.65,
                                                      .top_hat_um = 0,
                                                      .percentile_low = 1,
                                                      .percentile_high = 99.5,
                                                      .noise_range = 20,
                                                      .clip = 2,
                                                      .power = 0.5,
                                                      .patch_px = 48,
                                                      .step_px = 32,
                                                      .classes = 3},
                                             .width = 0.01,
                                             .seed = 5,
                                             .batch = 1,
                                             .learning_rate = 0.001,
                                             .dropout = 0.5,
                                             .weight_class = {1, 1, 1},
                                             .weight_sum = 1};
    cseg_net *net;
    *out = NULL;
    CSEG_TRY(cseg_net_new(&net, context, NULL, &options));
    const cellseg_status status = cseg_net_model(out, net, NULL);
    cseg_net_free(net);
    return status;
}

/* Options with every kind of change, whose groups are the recipe's. */
static inline void small_recipe(cseg_recipe *recipe, const char *checkpoint_path) {
    assert_ok(cseg_recipe_read(recipe, NULL));
    cellseg_train_options *options = &recipe->options;
    options->epochs = EPOCHS;
    options->batch = 4;
    options->learning_rate_final = 1e-4;
    options->frozen_layers = 2;
    options->patience = EPOCHS;
    options->extra_output = CELLSEG_EXTRA_DISTANCE;
    options->checkpoint_path = checkpoint_path;
    options->note = "discs, \"simulated\"";
    options->rate_schedule = &recipe->schedule;
    options->loss = &recipe->loss;
    options->augmentation = &recipe->augmentation;
    recipe->schedule.warm_up_epochs = 0.5;
    recipe->loss.weight_border = 2;
    recipe->loss.weight_dice = 0.5;
    recipe->loss.weight_cross_entropy = 0.2;
    cellseg_augmentation *a = &recipe->augmentation;
    a->gamma = a->contrast = a->scale = 1.2;
    a->noise = 0.05;
    a->blur_px = 1;
    a->empty = 0.1;
    a->rotation_degrees = 20;
    a->elastic_px = 2;
    a->illumination = a->nucleus_contrast = a->cell_contrast = 1.3;
    a->saturation = a->texture = 0.2;
}

static inline cellseg_status small_trainer(cellseg_trainer **out, cellseg_context *context,
                                           const cellseg_train_options *options) {
    cellseg_model *start;
    *out = NULL;
    CSEG_TRY(small_model(&start, context));
    cellseg_status status = cellseg_trainer_new(out, context, start, options);
    cellseg_model_free(start);
    for (uint64_t seed = 1; status == CELLSEG_OK && seed <= 2; seed++)
        status = add_scene(*out, context, seed, CELLSEG_USE_TRAIN);
    if (status == CELLSEG_OK)
        status = add_scene(*out, context, 3, CELLSEG_USE_VALIDATE);
    if (status != CELLSEG_OK) {
        cellseg_trainer_free(*out);
        *out = NULL;
    }
    return status;
}

/* ---- results ---- */

/* The network's whole state after training. */
typedef struct trained {
    size_t count;
    float *state;
} trained;

static inline trained train(cellseg_trainer *trainer) {
    cellseg_model *model;
    trained t;
    assert_ok(cellseg_trainer_run(&model, trainer, NULL, NULL));
    const float *state = cseg_net_state(trainer->net, &t.count);
    t.state = malloc(t.count * sizeof *state);
    assert_non_null(t.state);
    memcpy(t.state, state, t.count * sizeof *state);
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    return t;
}

static inline void assert_same(const trained *a, const trained *b) {
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->state, b->state, a->count * sizeof *a->state);
}

#endif
