/* SPDX-License-Identifier: BSD-3-Clause */
/* Images without a label map of nuclei: nuclei by a model, or unknown. */
#include "discs.h"

#include <cellseg/io.h>

#include <stdio.h>
#include <unistd.h>

enum { IMAGES = 3, PATH = 96 };

static char folder[64];

static void path_of(char path[PATH], uint64_t seed, const char *kind) {
    (void)snprintf(path, PATH, "%s/%d.%s.tif", folder, (int)seed, kind);
}

static int setup_group(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/cellseg-nuclei-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    for (uint64_t seed = 1; seed <= IMAGES; seed++) {
        char path[PATH];
        scene s;
        assert_ok(make_scene(&s, NULL, seed));
        path_of(path, seed, "image");
        assert_ok(cellseg_image_write(s.image, NULL, path, NULL));
        path_of(path, seed, "cells");
        assert_ok(cellseg_labels_write(s.cells, NULL, path, NULL));
        free_scene(&s);
    }
    return 0;
}

static int teardown_group(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= IMAGES; seed++) {
        char path[PATH];
        path_of(path, seed, "image");
        (void)unlink(path);
        path_of(path, seed, "cells");
        (void)unlink(path);
    }
    return rmdir(folder);
}

static cellseg_status start_small(cellseg_trainer **out, cellseg_context *context, const cellseg_train_options *options) {
    cellseg_model *start;
    *out = NULL;
    CSEG_TRY(small_model(&start, context));
    const cellseg_status status = cellseg_trainer_new(out, context, start, options);
    cellseg_model_free(start);
    return status;
}

static cellseg_status add_files(cellseg_trainer *trainer, uint64_t seed, int32_t nuclei_channel, int32_t use) {
    char image[PATH], cells[PATH];
    cellseg_train_files files;
    path_of(image, seed, "image");
    path_of(cells, seed, "cells");
    CSEG_TRY(cellseg_train_files_init(&files, sizeof files));
    files.image_path = image;
    files.cells_path = cells;
    files.nuclei_channel = nuclei_channel;
    return cellseg_trainer_add_files(trainer, &files, use);
}

/* Files whose nuclei come from elsewhere. */
static trained train_without_nuclei(int32_t threads, int32_t nuclei_channel, size_t bound) {
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    recipe.options.epochs = 2;
    cellseg_context *context = test_context(threads);
    cellseg_trainer *trainer;
    assert_ok(start_small(&trainer, context, &recipe.options));
    trainer->cache.limit = bound;
    for (uint64_t seed = 1; seed <= IMAGES; seed++)
        assert_ok(add_files(trainer, seed, nuclei_channel, seed < IMAGES ? CELLSEG_USE_TRAIN : CELLSEG_USE_VALIDATE));
    const trained t = train(trainer);
    cellseg_context_free(context);
    return t;
}

/* The same images in memory. */
static trained train_scenes_without_nuclei(void) {
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    recipe.options.epochs = 2;
    cellseg_trainer *trainer;
    assert_ok(start_small(&trainer, NULL, &recipe.options));
    for (uint64_t seed = 1; seed <= IMAGES; seed++) {
        scene s;
        assert_ok(make_scene(&s, NULL, seed));
        assert_ok(
            cellseg_trainer_add(trainer, s.image, 0, s.cells, NULL, seed < IMAGES ? CELLSEG_USE_TRAIN : CELLSEG_USE_VALIDATE));
        free_scene(&s);
    }
    return train(trainer);
}

static void test_nuclei_that_are_unknown(void **state) {
    (void)state;
    const trained memory = train_scenes_without_nuclei();
    const trained one = train_without_nuclei(1, CELLSEG_NUCLEI_UNKNOWN, SIZE_MAX);
    const trained two = train_without_nuclei(2, CELLSEG_NUCLEI_UNKNOWN, SIZE_MAX);
    const trained seven = train_without_nuclei(7, CELLSEG_NUCLEI_UNKNOWN, SIZE_MAX);
    assert_same(&memory, &one);
    assert_same(&memory, &two);
    assert_same(&memory, &seven);
    free(memory.state);
    free(one.state);
    free(two.state);
    free(seven.state);
}

/* The model's nuclei; a cell without one is undivided. The images have the working scale, so that a class is a pixel's. */
static void assert_classes(const cellseg_trainer *trainer, const cellseg_model *by, uint64_t seed) {
    scene s;
    cellseg_labels *nuclei;
    assert_ok(make_scene(&s, NULL, seed));
    assert_ok(cellseg_segment_nuclei_within(&nuclei, NULL, by, s.cells, s.image, NULL));
    const uint32_t *cell = cellseg_labels_data(s.cells), *nucleus = cellseg_labels_data(nuclei);
    bool divided[7] = {false};
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        divided[cell[i]] = divided[cell[i]] || nucleus[i] != 0;
    const cseg_sample *sample = &trainer->train.samples[trainer->train.count - 1];
    for (size_t i = 0; i < HEIGHT * WIDTH; i++) {
        const uint8_t in_cell = !divided[cell[i]] ? 254 : nucleus[i] != 0 ? 0 : 1;
        assert_int_equal(sample->classes[i], cell[i] != 0 ? in_cell : 2);
    }
    cellseg_labels_free(nuclei);
    free_scene(&s);
}

/* By the start model; without one, by the default model. */
static void test_nuclei_by_a_model(void **state) {
    (void)state;
    cellseg_model *model;
    assert_ok(cellseg_model_default(&model, NULL));
    for (int with_start = 0; with_start < 2; with_start++) {
        cellseg_trainer *trainer;
        assert_ok(cellseg_trainer_new(&trainer, NULL, with_start ? model : NULL, NULL));
        for (uint64_t seed = 1; seed <= IMAGES; seed++) {
            assert_ok(add_files(trainer, seed, CELLSEG_NUCLEI_BY_MODEL, CELLSEG_USE_TRAIN));
            assert_classes(trainer, model, seed);
        }
        assert_true(trainer->diameters.total > 0);
        cellseg_trainer_free(trainer);
    }
    cellseg_model_free(model);
}

/* Nuclei that a model finds are found again when the image is read again. */
static void test_nuclei_by_a_model_in_a_bounded_cache(void **state) {
    (void)state;
    const trained one = train_without_nuclei(1, CELLSEG_NUCLEI_BY_MODEL, 1);
    const trained two = train_without_nuclei(2, CELLSEG_NUCLEI_BY_MODEL, 1);
    assert_same(&one, &two);
    free(one.state);
    free(two.state);
}

static void test_a_new_network_needs_nuclei(void **state) {
    (void)state;
    cellseg_trainer *trainer;
    cellseg_model *model;
    scene s;
    assert_ok(make_scene(&s, NULL, 1));
    assert_ok(cellseg_trainer_new(&trainer, NULL, NULL, NULL));
    assert_ok(cellseg_trainer_add(trainer, s.image, 0, s.cells, NULL, CELLSEG_USE_TRAIN));
    assert_ok(cellseg_trainer_add(trainer, s.image, 0, s.cells, s.nuclei, CELLSEG_USE_VALIDATE));
    assert_status(cellseg_trainer_run(&model, trainer, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "no training image has nuclei"));
    cellseg_trainer_free(trainer);
    free_scene(&s);
}

static cellseg_status add_both(cellseg_context *context, void *data) {
    cellseg_trainer *trainer;
    CSEG_TRY(start_small(&trainer, context, data));
    cellseg_status status = add_files(trainer, 1, CELLSEG_NUCLEI_BY_MODEL, CELLSEG_USE_TRAIN);
    if (status == CELLSEG_OK)
        status = add_files(trainer, 2, CELLSEG_NUCLEI_UNKNOWN, CELLSEG_USE_TRAIN);
    cellseg_trainer_free(trainer);
    return status;
}

static void test_failing_allocations(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    assert_survives_failing_allocations(add_both, &recipe.options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nuclei_that_are_unknown),
        cmocka_unit_test(test_nuclei_by_a_model),
        cmocka_unit_test(test_nuclei_by_a_model_in_a_bounded_cache),
        cmocka_unit_test(test_a_new_network_needs_nuclei),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
