/* SPDX-License-Identifier: BSD-3-Clause */
/* Training on files through a bounded cache: the same weights as from memory, however small the bound; and files that are wrong.
 */
#include "discs.h"

#include <cellseg/io.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IMAGES = 6, PATH = 96, SAMPLE_BYTES = 6 }; /* of a pixel: its value in two, its class and three other targets */

static char folder[64], checkpoint_path[PATH];

static void path_of(char path[PATH], uint64_t seed, const char *kind) {
    (void)snprintf(path, PATH, "%s/%d.%s.tif", folder, (int)seed, kind);
}

static int setup_group(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/cellseg-files-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(checkpoint_path, PATH, "%s/checkpoint", folder);
    for (uint64_t seed = 1; seed <= IMAGES; seed++) {
        char path[PATH];
        scene s;
        assert_ok(make_scene(&s, NULL, seed));
        path_of(path, seed, "image");
        assert_ok(cellseg_image_write(s.image, NULL, path, NULL));
        path_of(path, seed, "cells");
        assert_ok(cellseg_labels_write(s.cells, NULL, path, NULL));
        path_of(path, seed, "nuclei");
        assert_ok(cellseg_labels_write(s.nuclei, NULL, path, NULL));
        free_scene(&s);
    }
    return 0;
}

static int teardown_group(void **state) {
    (void)state;
    DIR *open = opendir(folder);
    if (open == NULL)
        return -1;
    for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        char path[sizeof folder + sizeof entry->d_name];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(open);
    return rmdir(folder);
}

/* ---- from files and from memory ---- */

static cellseg_status add_files(cellseg_trainer *trainer, uint64_t seed, double weight, int32_t use) {
    char image[PATH], cells[PATH], nuclei[PATH];
    cellseg_train_files files;
    path_of(image, seed, "image");
    path_of(cells, seed, "cells");
    path_of(nuclei, seed, "nuclei");
    CSEG_TRY(cellseg_train_files_init(&files, sizeof files));
    files.image_path = image;
    files.cells_path = cells;
    files.nuclei_path = nuclei;
    files.weight = weight;
    return cellseg_trainer_add_files(trainer, &files, use); /* which copies the paths */
}

static cellseg_status empty_trainer(cellseg_trainer **out, cellseg_context *context, const cellseg_train_options *options) {
    cellseg_model *start;
    *out = NULL;
    CSEG_TRY(small_model(&start, context));
    const cellseg_status status = cellseg_trainer_new(out, context, start, options);
    cellseg_model_free(start);
    return status;
}

/* So many of the images train, and the others up to `last` validate. */
static cellseg_status trainer_of(cellseg_trainer **out, cellseg_context *context, const cellseg_train_options *options,
                                 uint64_t train, uint64_t last) {
    cellseg_status status = empty_trainer(out, context, options);
    for (uint64_t seed = 1; status == CELLSEG_OK && seed <= last; seed++)
        status = add_files(*out, seed, 1, seed <= train ? CELLSEG_USE_TRAIN : CELLSEG_USE_VALIDATE);
    if (status != CELLSEG_OK) {
        cellseg_trainer_free(*out);
        *out = NULL;
    }
    return status;
}

static cellseg_status files_trainer(cellseg_trainer **out, cellseg_context *context, const cellseg_train_options *options) {
    return trainer_of(out, context, options, 4, IMAGES);
}

static trained train_files(int32_t threads, const cellseg_train_options *options, size_t bound) {
    cellseg_context *context = test_context(threads);
    cellseg_trainer *trainer;
    assert_ok(files_trainer(&trainer, context, options));
    if (bound > 0)
        trainer->cache.limit = bound; /* the option's least is more than these small images take */
    const trained t = train(trainer);
    cellseg_context_free(context);
    return t;
}

static void test_files_are_images(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    assert_ok(empty_trainer(&trainer, NULL, &recipe.options));
    for (uint64_t seed = 1; seed <= IMAGES; seed++)
        assert_ok(add_scene(trainer, NULL, seed, seed <= 4 ? CELLSEG_USE_TRAIN : CELLSEG_USE_VALIDATE));
    const trained memory = train(trainer), files = train_files(2, &recipe.options, 0);
    assert_same(&memory, &files);
    free(memory.state);
    free(files.state);
}

/* The bound holds three of six, one, or none. */
static void test_bounds_and_threads(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    const size_t bounds[] = {3 * HEIGHT * WIDTH * SAMPLE_BYTES, HEIGHT * WIDTH * SAMPLE_BYTES, 1};
    for (size_t i = 0; i < 3; i++) {
        const trained one = train_files(1, &recipe.options, bounds[i]);
        for (int32_t threads = 2; threads <= 7; threads += 5) {
            const trained more = train_files(threads, &recipe.options, bounds[i]);
            assert_same(&one, &more);
            free(more.state);
        }
        free(one.state);
    }
}

/* Bytes in memory now, counted anew. */
static size_t held_bytes(const cellseg_trainer *trainer) {
    size_t held = 0;
    for (size_t d = 0; d < 2; d++)
        for (size_t s = 0; s < trainer->cache.sets[d]->count; s++)
            if (trainer->cache.sets[d]->samples[s].values != NULL)
                held += HEIGHT * WIDTH * SAMPLE_BYTES;
    return held;
}

static int32_t check_held(void *user, const cellseg_epoch *epoch) {
    (void)epoch;
    const cellseg_trainer *trainer = user;
    assert_int_equal(trainer->cache.held, held_bytes(trainer));
    assert_true(trainer->cache.held <= trainer->cache.limit);
    return 0;
}

static void test_the_bound_is_kept(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    recipe.options.batch = 1;
    cellseg_trainer *trainer;
    cellseg_model *model;
    assert_ok(empty_trainer(&trainer, NULL, &recipe.options));
    trainer->cache.limit = 3 * HEIGHT * WIDTH * SAMPLE_BYTES;
    for (uint64_t seed = 1; seed <= IMAGES; seed++) {
        assert_ok(add_files(trainer, seed, 1, seed <= 4 ? CELLSEG_USE_TRAIN : CELLSEG_USE_VALIDATE));
        assert_true(held_bytes(trainer) <= trainer->cache.limit);
    }
    assert_int_equal(held_bytes(trainer), 3 * HEIGHT * WIDTH * SAMPLE_BYTES);
    assert_ok(cellseg_trainer_run(&model, trainer, check_held, trainer));
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
}

/* Groups of images follow each other, so that a group's images are read once. */
static void test_an_epoch_goes_group_by_group(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    assert_ok(files_trainer(&trainer, NULL, &recipe.options));
    trainer->cache.limit = 2 * HEIGHT * WIDTH * SAMPLE_BYTES; /* a group is one image */
    cseg_place places[100];
    const size_t count = cseg_dataset_epoch(&trainer->train, places, 0.2, 1, 1);
    size_t changes = 0, of_image[4] = {0};
    uint32_t last = CSEG_NO_SAMPLE;
    for (size_t i = 0; i < count; i++) {
        if (places[i].sample == CSEG_NO_SAMPLE)
            continue;
        of_image[places[i].sample]++;
        changes += places[i].sample != last;
        last = places[i].sample;
    }
    assert_int_equal(changes, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(of_image[i], 9); /* 3 x 3 windows of 32 pixels */
    cellseg_trainer_free(trainer);
}

static void test_weights(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    const double weights[] = {1, 2, 0.34, 2.5, 0.001};
    const size_t expected[] = {9, 18, 3, 23, 1};
    cellseg_trainer *trainer;
    assert_ok(empty_trainer(&trainer, NULL, &recipe.options));
    for (uint64_t i = 0; i < 5; i++)
        assert_ok(add_files(trainer, i + 1, weights[i], CELLSEG_USE_TRAIN));
    static size_t drawn[5][9];
    cseg_place places[100];
    for (uint64_t epoch = 1; epoch <= 60; epoch++) {
        size_t of_image[5] = {0};
        const size_t count = cseg_dataset_epoch(&trainer->train, places, 0, 1, epoch);
        assert_int_equal(count, cseg_dataset_epoch(&trainer->train, NULL, 0, 1, epoch));
        for (size_t i = 0; i < count; i++) {
            of_image[places[i].sample]++;
            drawn[places[i].sample]
                 [(size_t)(places[i].y * 3 / 39) * 3 + (size_t)(places[i].x * 3 / 59)]++; /* of 38 and 58 pixels */
        }
        assert_memory_equal(of_image, expected, sizeof expected);
    }
    for (size_t i = 0; i < 9; i++)
        assert_true(drawn[2][i] > 0); /* of a third of the windows, not always the same */
    cellseg_trainer_free(trainer);
}

/* ---- what is wrong with a file ---- */

static void assert_use_refused(const cellseg_train_files *files, int32_t use, cellseg_status expected, const char *message) {
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    assert_ok(empty_trainer(&trainer, NULL, &recipe.options));
    assert_status(cellseg_trainer_add_files(trainer, files, use), expected);
    assert_string_equal(cellseg_last_error(), message);
    assert_int_equal(trainer->train.count, 0);
    assert_int_equal(trainer->diameters.total, 0);
    assert_null(trainer->sources);
    cellseg_trainer_free(trainer);
}

static void assert_refused(const cellseg_train_files *files, cellseg_status expected, const char *message) {
    assert_use_refused(files, CELLSEG_USE_TRAIN, expected, message);
}

static void test_files_at_fault(void **state) {
    (void)state;
    char image[PATH], cells[PATH], nuclei[PATH], odd[PATH], message[300];
    path_of(image, 1, "image");
    path_of(cells, 1, "cells");
    path_of(nuclei, 1, "nuclei");
    path_of(odd, 1, "odd");
    cellseg_labels *labels;
    cellseg_train_files files;
    assert_ok(cellseg_train_files_init(&files, sizeof files));
    files.image_path = image;
    files.cells_path = odd;
    files.nuclei_path = nuclei;
    assert_ok(cellseg_labels_new(&labels, NULL, HEIGHT, WIDTH - 1));
    assert_ok(cellseg_labels_write(labels, NULL, odd, NULL));
    cellseg_labels_free(labels);
    (void)snprintf(message, sizeof message, "%s: cells are 70 x 89 pixels, the image 70 x 90", odd);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, message);
    files.cells_path = cells;
    files.nuclei_path = odd;
    (void)snprintf(message, sizeof message, "%s: nuclei are 70 x 89 pixels, the image 70 x 90", odd);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, message);
    assert_ok(cellseg_labels_new(&labels, NULL, HEIGHT, WIDTH));
    assert_ok(cellseg_labels_write(labels, NULL, odd, NULL));
    (void)snprintf(message, sizeof message, "%s: the labels hold no nucleus inside a cell", cells);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, message);
    files.cells_path = odd;
    (void)snprintf(message, sizeof message, "%s: the labels hold no cell", odd);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, message);
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        cellseg_labels_data_mut(labels)[i] = 1;
    assert_ok(cellseg_labels_write(labels, NULL, odd, NULL));
    cellseg_labels_free(labels);
    (void)snprintf(message, sizeof message, "%s: the labels hold a single class: every pixel is nucleus", odd);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, message);
    files.nuclei_path = NULL;
    files.nuclei_channel = CELLSEG_NUCLEI_UNKNOWN;
    (void)snprintf(message, sizeof message, "%s: the labels hold a single class: every pixel is cell", odd);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, message);
    files.nuclei_path = odd;
    assert_int_equal(unlink(odd), 0);
    cellseg_labels *none;
    const cellseg_status status = cellseg_labels_read(&none, NULL, odd);
    assert_refused(&files, status, cellseg_last_error());
    files.channel = 3;
    (void)snprintf(message, sizeof message, "%s: channel 3: the image has 1", image);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, message);
}

static void test_arguments(void **state) {
    (void)state;
    cellseg_train_files files;
    assert_status(cellseg_train_files_init(NULL, sizeof files), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_train_files_init(&files, 3), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_train_files_init(&files, sizeof files));
    assert_true(files.weight == 1 && files.channel == 0 && files.nuclei_path == NULL);
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, "image_path or cells_path is NULL");
    files.image_path = files.cells_path = "x";
    files.weight = 0;
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, "weight is 0; it must lie in [0.001, 1000]");
    files.weight = 1;
    files.pixel_size_um = 1e-5;
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, "pixel_size_um is 1e-05; it must be 0 or lie in [0.0001, 10000]");
    files.pixel_size_um = 0;
    files.channel = -1;
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, "channel is -1; it must lie in [0, 2.14748e+09]");
    files.channel = 0;
    files.nuclei_channel = -3;
    assert_refused(&files, CELLSEG_ERR_ARGUMENT, "nuclei_channel is -3; it must lie in [-2, 2.14748e+09]");
    files.nuclei_channel = 0;
    assert_use_refused(&files, 5, CELLSEG_ERR_ARGUMENT, "use is 5; it must be CELLSEG_USE_TRAIN or CELLSEG_USE_VALIDATE");
    assert_status(cellseg_trainer_add_files(NULL, &files, CELLSEG_USE_TRAIN), CELLSEG_ERR_ARGUMENT);
}

static void test_a_file_that_changes(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    cellseg_trainer *trainer;
    cellseg_model *model;
    scene s;
    char path[PATH];
    assert_ok(empty_trainer(&trainer, NULL, &recipe.options));
    trainer->cache.limit = 1;
    for (uint64_t seed = 1; seed <= 3; seed++)
        assert_ok(add_files(trainer, seed, 1, CELLSEG_USE_TRAIN));
    assert_ok(make_scene(&s, NULL, 77));
    path_of(path, 2, "image");
    assert_ok(cellseg_image_write(s.image, NULL, path, NULL));
    free_scene(&s);
    assert_status(cellseg_trainer_run(&model, trainer, NULL, NULL), CELLSEG_ERR_IO);
    assert_null(model);
    assert_non_null(strstr(cellseg_last_error(), path));
    assert_non_null(strstr(cellseg_last_error(), "changed during training"));
    cellseg_trainer_free(trainer);
    assert_ok(make_scene(&s, NULL, 2));
    assert_ok(cellseg_image_write(s.image, NULL, path, NULL));
    free_scene(&s);
}

static cellseg_status train_once(cellseg_context *context, void *data) {
    cellseg_trainer *trainer;
    cellseg_model *model;
    CSEG_TRY(trainer_of(&trainer, context, data, 2, 3)); /* enough for every image to be read again */
    trainer->cache.limit = 1;
    const cellseg_status status = cellseg_trainer_run(&model, trainer, NULL, NULL);
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    return status;
}

static void test_failing_allocations(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    recipe.options.epochs = 1;
    assert_survives_failing_allocations(train_once, &recipe.options);
}

/* ---- a full disk ---- */

/* Train in a process that may write so many bytes to a file; 0 when training went to its end, 1 when it failed with a message
 * that names the checkpoint. */
static int train_with_room_for(uint64_t bytes, const cellseg_train_options *options) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {(rlim_t)bytes, (rlim_t)bytes};
        cellseg_trainer *trainer;
        cellseg_model *model;
        (void)signal(SIGXFSZ, SIG_IGN);
        cellseg_context *context = test_context(1);
        if (files_trainer(&trainer, context, options) != CELLSEG_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(7);
        const cellseg_status status = cellseg_trainer_run(&model, trainer, NULL, NULL);
        if (status == CELLSEG_OK)
            _exit(0);
        _exit(status == CELLSEG_ERR_IO && strncmp(cellseg_last_error(), checkpoint_path, strlen(checkpoint_path)) == 0 ? 1 : 8);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    return WEXITSTATUS(ended);
}

static int32_t stop_after_two(void *user, const cellseg_epoch *epoch) {
    (void)user;
    return epoch->epoch == 2;
}

/* The first epochs are saved, then the disk is full: the message says so, and what was saved serves to go on. */
static void test_a_full_disk(void **state) {
    (void)state;
    cseg_recipe recipe;
    small_recipe(&recipe, NULL);
    const trained undisturbed = train_files(2, &recipe.options, 0);
    recipe.options.checkpoint_path = checkpoint_path;
    cellseg_trainer *trainer;
    cellseg_model *model;
    assert_ok(files_trainer(&trainer, NULL, &recipe.options));
    assert_ok(cellseg_trainer_run(&model, trainer, stop_after_two, NULL));
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    assert_int_equal(train_with_room_for(100000, &recipe.options), 1);
    assert_int_equal(train_with_room_for(10, &recipe.options), 1);
    assert_int_equal(train_with_room_for(1 << 24, &recipe.options), 0);
    const trained resumed = train_files(2, &recipe.options, 0);
    assert_same(&undisturbed, &resumed);
    free(undisturbed.state);
    free(resumed.state);
    assert_int_equal(unlink(checkpoint_path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_images),
        cmocka_unit_test(test_bounds_and_threads),
        cmocka_unit_test(test_the_bound_is_kept),
        cmocka_unit_test(test_an_epoch_goes_group_by_group),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_files_at_fault),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_a_file_that_changes),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_a_full_disk),
    };
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
