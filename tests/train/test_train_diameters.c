/* SPDX-License-Identifier: BSD-3-Clause */
/* Diameters of nuclei: each against a count of pixels, and the median that a trained model states. */
#include "discs.h"

#include <cellseg/io.h>

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { EDGE = 120, DISCS = 9 };

static const double pi = 3.14159265358979323846;

/* ---- one image ---- */

/* The diameter of one id in hundredths of a micrometre, by counting. */
static uint64_t counted(const uint32_t *cells, const uint32_t *nuclei, size_t pixels, uint32_t id, double pixel_size_um) {
    size_t area = 0;
    for (size_t i = 0; i < pixels; i++)
        area += cells[i] != 0 && nuclei[i] == id;
    return (uint64_t)floor(fmin(200 * sqrt((double)area / pi) * pixel_size_um, 100000) + 0.5);
}

static cseg_plane view(uint32_t *labels, size_t height, size_t width) {
    return (cseg_plane){labels, height, width, width * sizeof *labels, CELLSEG_UINT32};
}

static void test_each_nucleus_is_counted(void **state) {
    (void)state;
    enum { H = 37, W = 53 };
    static const uint32_t ids[] = {0, 1, 2, 7, 70000, UINT32_MAX};
    static uint32_t cells[H * W], nuclei[H * W];
    uint64_t random = 4;
    const double pixel_sizes[] = {0.1, 0.65, 3, 90};
    for (size_t round = 0; round < 40; round++) {
        const uint64_t empty = round % 4; /* of four cells, so many are missing */
        for (size_t i = 0; i < H * W; i++) {
            const bool kept = i > 0 && test_uniform(&random) < 0.5; /* runs of several pixels */
            nuclei[i] = kept ? nuclei[i - 1] : ids[test_random(&random) % 6];
            cells[i] = test_random(&random) % 4 < empty ? 0 : 5;
        }
        const cseg_plane cell_plane = view(cells, H, W), nucleus_plane = view(nuclei, H, W);
        const double pixel = pixel_sizes[round / 4 % 4];
        cseg_diameters found;
        assert_ok(cseg_diameters_measure(&found, NULL, &cell_plane, &nucleus_plane, pixel));
        assert_int_equal(found.count, 5);
        for (size_t i = 0; i < 5; i++) /* by rising id */
            assert_int_equal(found.items[i].key, counted(cells, nuclei, H * W, ids[i + 1], pixel));
        cseg_diameters_free(&found);
        cseg_diameters_free(&found);
    }
    memset(cells, 0, sizeof cells);
    const cseg_plane none = view(cells, H, W);
    cseg_diameters found;
    assert_ok(cseg_diameters_measure(&found, NULL, &none, &none, 1));
    assert_int_equal(found.count, 0);
    cseg_diameters_free(&found);
}

static void test_median_of_a_histogram(void **state) {
    (void)state;
    static cseg_keyed items[] = {{900, 0}, {100, 0}, {100000, 0}, {500, 0}, {700, 0}, {0, 0}};
    const double medians[] = {9, 1, 9, 5, 7, 5}; /* of the first, the first two, ... */
    cseg_diameter_histogram h;
    assert_ok(cseg_diameters_histogram_new(&h, NULL));
    assert_true(cseg_diameters_median(&h) == 0);
    for (size_t i = 0; i < 6; i++) {
        cseg_diameters_histogram_add(&h, &(cseg_diameters){&items[i], 1});
        assert_true(cseg_diameters_median(&h) == medians[i]);
    }
    cseg_diameters_histogram_free(&h);
}

static cellseg_status measure(cellseg_context *context, void *data) {
    const cseg_plane *plane = data;
    cseg_diameter_histogram histogram;
    cseg_diameters found;
    CSEG_TRY(cseg_diameters_histogram_new(&histogram, context));
    const cellseg_status status = cseg_diameters_measure(&found, context, plane, plane, 0.5);
    if (status == CELLSEG_OK)
        cseg_diameters_free(&found);
    cseg_diameters_histogram_free(&histogram);
    return status;
}

static void test_failing_allocations(void **state) {
    (void)state;
    static uint32_t labels[] = {1, 2, 2, 0, 3, 1};
    cseg_plane plane = view(labels, 2, 3);
    assert_survives_failing_allocations(measure, &plane);
}

/* ---- a training ---- */

/* A field of nine cells whose nuclei are discs of 3, 4 ... 11 times `unit_um` in diameter, less than 40 um. */
static void paint_discs(scene *s, double pixel_size_um, double unit_um) {
    assert_ok(cellseg_image_new(&s->image, NULL, CELLSEG_FLOAT32, 1, EDGE, EDGE));
    assert_ok(cellseg_labels_new(&s->cells, NULL, EDGE, EDGE));
    assert_ok(cellseg_labels_new(&s->nuclei, NULL, EDGE, EDGE));
    assert_ok(cellseg_image_set_pixel_size_um(s->image, pixel_size_um));
    for (size_t i = 0; i < EDGE * EDGE; i++) {
        const size_t y = i / EDGE, x = i % EDGE, disc = y / 40 * 3 + x / 40;
        const double dy = (double)(y % 40) - 19.5, dx = (double)(x % 40) - 19.5;
        const double radius_px = (double)(disc + 3) * unit_um / pixel_size_um / 2, squared = dy * dy + dx * dx;
        const bool nucleus = squared < radius_px * radius_px;
        cellseg_labels_data_mut(s->cells)[i] = squared < 19 * 19 ? (uint32_t)disc + 1 : 0;
        cellseg_labels_data_mut(s->nuclei)[i] = nucleus ? (uint32_t)(disc + 1) * 1000 : 0;
        ((float *)cellseg_image_pixels_mut(s->image, 0))[i] = nucleus ? 2 : squared < 19 * 19 ? 4 : 1;
    }
}

static cellseg_train_options quick(void) {
    cellseg_train_options options;
    assert_ok(cellseg_train_options_init(&options, sizeof options));
    options.width = 0.01;
    options.batch = 1;
    options.epochs = 1;
    return options;
}

static cellseg_trainer *new_trainer(const cellseg_model *start, const cellseg_train_options *options) {
    cellseg_trainer *trainer;
    assert_ok(cellseg_trainer_new(&trainer, NULL, start, options));
    return trainer;
}

static void add_discs(cellseg_trainer *trainer, double pixel_size_um, double unit_um, int32_t use) {
    scene s;
    paint_discs(&s, pixel_size_um, unit_um);
    assert_ok(cellseg_trainer_add(trainer, s.image, 0, s.cells, s.nuclei, use));
    free_scene(&s);
}

static cellseg_model *run_and_free(cellseg_trainer *trainer) {
    cellseg_model *model;
    assert_ok(cellseg_trainer_run(&model, trainer, NULL, NULL));
    cellseg_trainer_free(trainer);
    return model;
}

static double diameter_of(cellseg_trainer *trainer) {
    cellseg_model *model = run_and_free(trainer);
    const double um = cellseg_model_nucleus_diameter_um(model);
    cellseg_model_free(model);
    return um;
}

static void assert_near(double found_um, double painted_um) {
    if (!(fabs(found_um - painted_um) < 0.02 * painted_um)) /* the area of a disc of pixels */
        fail_msg("%g um; %g um were painted", found_um, painted_um);
}

static void test_a_model_states_the_median(void **state) {
    (void)state;
    const cellseg_train_options options = quick();
    cellseg_trainer *trainer = new_trainer(NULL, &options);
    add_discs(trainer, 0.5, 1.6, CELLSEG_USE_TRAIN);
    assert_near(diameter_of(trainer), 7 * 1.6);
    trainer = new_trainer(NULL, &options); /* at any scale, and whatever validates */
    add_discs(trainer, 1, 3.2, CELLSEG_USE_TRAIN);
    add_discs(trainer, 0.5, 1.2, CELLSEG_USE_VALIDATE);
    add_discs(trainer, 0.5, 1.2, CELLSEG_USE_VALIDATE);
    assert_near(diameter_of(trainer), 7 * 3.2);
    trainer = new_trainer(NULL, &options); /* 3, 3, 4, 4, ... 11, 11 and 30, 40, ... 110 */
    add_discs(trainer, 0.5, 1, CELLSEG_USE_TRAIN);
    add_discs(trainer, 0.5, 1, CELLSEG_USE_TRAIN);
    add_discs(trainer, 4, 10, CELLSEG_USE_TRAIN);
    assert_int_equal(trainer->diameters.total, 3 * DISCS);
    assert_near(diameter_of(trainer), 9);
}

/* A third epoch alone, from the checkpoint of two. */
static void test_a_resumed_training_states_the_same(void **state) {
    (void)state;
    cellseg_train_options options = quick();
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/cellseg-diameters-%ld", (long)getpid());
    options.checkpoint_path = path;
    double um[2];
    for (int32_t run = 0; run < 2; run++) {
        options.epochs = 2 + run;
        cellseg_trainer *trainer = new_trainer(NULL, &options);
        add_discs(trainer, 0.5, 1.6, CELLSEG_USE_TRAIN);
        um[run] = diameter_of(trainer);
    }
    assert_true(um[0] == um[1]);
    assert_int_equal(unlink(path), 0);
}

/* Images that the cache drops are read again in each epoch, and counted once. */
static void test_files_count_once(void **state) {
    (void)state;
    cellseg_train_options options = quick();
    options.epochs = 2;
    char image[64], cells[64], nuclei[64];
    (void)snprintf(image, sizeof image, "/tmp/cellseg-diameters-%ld-image", (long)getpid());
    (void)snprintf(cells, sizeof cells, "/tmp/cellseg-diameters-%ld-cells", (long)getpid());
    (void)snprintf(nuclei, sizeof nuclei, "/tmp/cellseg-diameters-%ld-nuclei", (long)getpid());
    cellseg_trainer *trainer = new_trainer(NULL, &options);
    trainer->cache.limit = 1;
    add_discs(trainer, 0.5, 1, CELLSEG_USE_TRAIN);
    scene s;
    paint_discs(&s, 0.5, 1.6);
    assert_ok(cellseg_image_write(s.image, NULL, image, NULL));
    assert_ok(cellseg_labels_write(s.cells, NULL, cells, NULL));
    assert_ok(cellseg_labels_write(s.nuclei, NULL, nuclei, NULL));
    free_scene(&s);
    cellseg_train_files files;
    assert_ok(cellseg_train_files_init(&files, sizeof files));
    files.image_path = image;
    files.cells_path = cells;
    files.nuclei_path = nuclei;
    files.pixel_size_um = 1; /* overrides the file's: diameters are twice as large */
    assert_ok(cellseg_trainer_add_files(trainer, &files, CELLSEG_USE_TRAIN));
    assert_ok(cellseg_trainer_add_files(trainer, &files, CELLSEG_USE_VALIDATE));
    cellseg_model *model;
    assert_ok(cellseg_trainer_run(&model, trainer, NULL, NULL));
    assert_int_equal(trainer->diameters.total, 2 * DISCS);
    assert_near(cellseg_model_nucleus_diameter_um(model), 10); /* the ninth of 3 4 5 6 7 8 9 9.6 10 11 12.8 ... */
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    assert_int_equal(unlink(image) + unlink(cells) + unlink(nuclei), 0);
}

/* So that a model and the one trained from it can be averaged. */
static void test_the_start_decides(void **state) {
    (void)state;
    const cellseg_train_options options = quick();
    cellseg_trainer *trainer = new_trainer(NULL, &options);
    add_discs(trainer, 0.5, 1.6, CELLSEG_USE_TRAIN);
    cellseg_model *start = run_and_free(trainer), *mean, *none;
    trainer = new_trainer(start, &options);
    add_discs(trainer, 1, 2.5, CELLSEG_USE_TRAIN);
    cellseg_model *tuned = run_and_free(trainer);
    const double um = cellseg_model_nucleus_diameter_um(start);
    assert_near(um, 7 * 1.6);
    assert_true(cellseg_model_nucleus_diameter_um(tuned) == um);
    assert_ok(cellseg_model_average(&mean, NULL, start, tuned, 0.5));
    assert_true(cellseg_model_nucleus_diameter_um(mean) == um);
    assert_ok(small_model(&none, NULL)); /* which states none */
    trainer = new_trainer(none, &options);
    add_discs(trainer, 0.5, 1.6, CELLSEG_USE_TRAIN);
    assert_true(diameter_of(trainer) == 0);
    cellseg_model_free(start);
    cellseg_model_free(tuned);
    cellseg_model_free(mean);
    cellseg_model_free(none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_nucleus_is_counted),
        cmocka_unit_test(test_median_of_a_histogram),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_a_model_states_the_median),
        cmocka_unit_test(test_a_resumed_training_states_the_same),
        cmocka_unit_test(test_files_count_once),
        cmocka_unit_test(test_the_start_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
