/* SPDX-License-Identifier: BSD-3-Clause */
/* Patches: where they lie, what is in them, and that augmentation does what its options say and nothing else. */
#include "testing.h"

#include "train/checkpoint.h"
#include "train/dataset.h"

#include <math.h>

enum { PATCH = 48, STEP = 32, MARGIN = 8, PIXELS = PATCH * PATCH, MOST = 400 };

static cseg_dataset empty_dataset(cellseg_context *context) {
    return (cseg_dataset){.context = context,
                          .rule = {.noise_range = 20, .clip = 4, .power = 0.5, .patch_px = PATCH, .step_px = STEP, .classes = 3},
                          .hash = CSEG_HASH_START};
}

typedef float (*value_fn)(size_t y, size_t x);
typedef uint8_t (*class_fn)(size_t y, size_t x);

/* Values that tell every pixel of a small image from every other, up to 1.9. */
static float scrambled(size_t y, size_t x) {
    return (float)((y * 6007 + x * 3491) % 9973) * (1.9F / 9973);
}
static uint8_t scrambled_class(size_t y, size_t x) {
    return (uint8_t)((y * 7 + x * 5) % 11 % 3);
}
static float ramp(size_t y, size_t x) {
    (void)x;
    return (float)y / 256;
}
static uint8_t upper_half(size_t y, size_t x) {
    (void)x;
    return y < 100 ? 0 : 2;
}
static float flat(size_t y, size_t x) {
    (void)y;
    (void)x;
    return 0.5F;
}

static cellseg_status add(cseg_dataset *dataset, size_t height, size_t width, value_fn value, class_fn class) {
    cseg_plane image, classes = {0};
    cellseg_status status;
    CSEG_TRY(cseg_plane_new(&image, dataset->context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&classes, dataset->context, CELLSEG_UINT8, height, width));
    for (size_t i = 0; i < height * width; i++) {
        cseg_row_f32(&image, i / width)[i % width] = value(i / width, i % width);
        cseg_row_u8(&classes, i / width)[i % width] = class(i / width, i % width);
    }
    cseg_sample sample;
    CSEG_TRY_GOTO(done, cseg_sample_make(&sample, dataset->context, &image, &(cseg_targets){.classes = classes}));
    status = cseg_dataset_add(dataset, &sample);
done:
    cseg_plane_free(&image);
    cseg_plane_free(&classes);
    return status;
}

static cellseg_augmentation plain_options(void) {
    cellseg_augmentation options;
    assert_ok(cellseg_augmentation_init(&options, sizeof options, CELLSEG_PRESET_DEFAULT));
    options.rotate = options.flip = 0;
    return options;
}

/* ---- where patches lie ---- */

static void test_grid_holds_every_pixel_once(void **state) {
    (void)state;
    static const size_t sizes[][2] = {{1, 1}, {32, 32}, {33, 31}, {100, 7}, {64, 200}};
    cseg_dataset dataset = empty_dataset(NULL);
    for (size_t s = 0; s < 5; s++)
        assert_ok(add(&dataset, sizes[s][0], sizes[s][1], flat, upper_half));
    cseg_place places[MOST];
    const size_t count = cseg_dataset_grid(&dataset, NULL);
    assert_int_equal(count, 1 + 1 + 2 + 4 + 14);
    assert_int_equal(cseg_dataset_grid(&dataset, places), count);
    for (size_t s = 0; s < 5; s++)
        for (size_t i = 0; i < sizes[s][0] * sizes[s][1]; i++) {
            const int32_t y = (int32_t)(i / sizes[s][1]), x = (int32_t)(i % sizes[s][1]);
            size_t within = 0;
            for (size_t p = 0; p < count; p++)
                within += places[p].sample == s && y >= places[p].y && y < places[p].y + STEP && x >= places[p].x &&
                          x < places[p].x + STEP;
            assert_int_equal(within, 1);
        }
    cseg_dataset_free(&dataset);
}

/* A window lies inside its image or, along an axis where the image is shorter, round it. */
static void assert_fits(const cseg_dataset *dataset, const cseg_place *place) {
    const cseg_sample *sample = &dataset->samples[place->sample];
    const int32_t slack_y = (int32_t)sample->height - STEP, slack_x = (int32_t)sample->width - STEP;
    assert_in_range(place->y + 1000, 1000 + (slack_y < 0 ? slack_y : 0), 1000 + (slack_y < 0 ? 0 : slack_y));
    assert_in_range(place->x + 1000, 1000 + (slack_x < 0 ? slack_x : 0), 1000 + (slack_x < 0 ? 0 : slack_x));
}

static void test_epochs_use_every_pixel(void **state) {
    (void)state;
    static const size_t sizes[][2] = {{100, 130}, {5, 90}, {20, 31}};
    cseg_dataset dataset = empty_dataset(NULL);
    for (size_t s = 0; s < 3; s++)
        assert_ok(add(&dataset, sizes[s][0], sizes[s][1], flat, upper_half));
    static uint8_t seen[3][100][130];
    memset(seen, 0, sizeof seen);
    cseg_place places[MOST], again[MOST];
    const size_t grid = cseg_dataset_grid(&dataset, NULL), count = cseg_dataset_epoch(&dataset, NULL, 0.2, 1, 1);
    assert_int_equal(count, grid + grid / 4);
    for (uint64_t epoch = 1; epoch <= 40; epoch++) {
        assert_int_equal(cseg_dataset_epoch(&dataset, places, 0.2, 1, epoch), count);
        size_t of_sample[4] = {0};
        for (size_t p = 0; p < count; p++) {
            of_sample[places[p].sample == CSEG_NO_SAMPLE ? 3 : places[p].sample]++;
            if (places[p].sample == CSEG_NO_SAMPLE)
                continue;
            assert_fits(&dataset, &places[p]);
            for (int32_t y = places[p].y; y < places[p].y + STEP; y++)
                for (int32_t x = places[p].x; x < places[p].x + STEP; x++)
                    if (y >= 0 && y < 100 && x >= 0 && x < 130)
                        seen[places[p].sample][y][x] = 1;
        }
        assert_int_equal(of_sample[0], 20);
        assert_int_equal(of_sample[1], 3);
        assert_int_equal(of_sample[2], 1);
        assert_int_equal(of_sample[3], count - grid);
        (void)cseg_dataset_epoch(&dataset, again, 0.2, 1, epoch);
        assert_memory_equal(places, again, count * sizeof *places);
        (void)cseg_dataset_epoch(&dataset, again, 0.2, 1, epoch + 1);
        assert_memory_not_equal(places, again, count * sizeof *places);
        (void)cseg_dataset_epoch(&dataset, again, 0.2, 2, epoch);
        assert_memory_not_equal(places, again, count * sizeof *places);
    }
    for (size_t s = 0; s < 3; s++)
        for (size_t y = 0; y < sizes[s][0]; y++)
            for (size_t x = 0; x < sizes[s][1]; x++)
                assert_int_equal(seen[s][y][x], 1);
    cseg_dataset_free(&dataset);
}

static void test_hash_knows_every_pixel_and_the_order(void **state) {
    (void)state;
    cseg_dataset a = empty_dataset(NULL), b = empty_dataset(NULL), c = empty_dataset(NULL);
    assert_ok(add(&a, 9, 8, scrambled, upper_half));
    assert_ok(add(&a, 9, 8, scrambled, scrambled_class));
    assert_ok(add(&b, 9, 8, scrambled, scrambled_class));
    assert_ok(add(&b, 9, 8, scrambled, upper_half));
    assert_ok(add(&c, 9, 8, scrambled, upper_half));
    assert_true(a.hash != b.hash && a.hash != c.hash);
    assert_ok(add(&c, 9, 8, scrambled, scrambled_class));
    assert_true(a.hash == c.hash);
    cseg_dataset_free(&a);
    cseg_dataset_free(&b);
    cseg_dataset_free(&c);
}

/* ---- what is in them ---- */

static int64_t reflected(int64_t i, int64_t n) {
    while (i < 0 || i >= n)
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
}

/* Pixel (y, x) of the patch at a place, as it lies in the scrambled image. */
static void assert_pixel(const cseg_sample *sample, const cseg_place *place, size_t y, size_t x, float value, uint8_t class) {
    const int64_t at_y = place->y + (int64_t)y - MARGIN, at_x = place->x + (int64_t)x - MARGIN;
    const int64_t height = (int64_t)sample->height, width = (int64_t)sample->width;
    const size_t from_y = (size_t)reflected(at_y, height), from_x = (size_t)reflected(at_x, width);
    if (fabsf(value - scrambled(from_y, from_x)) > 2e-5F)
        fail_msg("(%zu, %zu): %g, not %g", y, x, (double)value, (double)scrambled(from_y, from_x));
    const bool inside = at_y >= 0 && at_y < height && at_x >= 0 && at_x < width;
    assert_int_equal(class, inside ? scrambled_class(from_y, from_x) : 255);
}

static void test_plain_patches_are_the_image_reflected(void **state) {
    (void)state;
    cseg_dataset dataset = empty_dataset(NULL);
    assert_ok(add(&dataset, 70, 90, scrambled, scrambled_class));
    assert_ok(add(&dataset, 3, 5, scrambled, scrambled_class));
    cseg_place places[MOST];
    const size_t count = cseg_dataset_grid(&dataset, places);
    static float image[PIXELS];
    static uint8_t classes[PIXELS];
    for (size_t p = 0; p < count; p++) {
        assert_ok(
            cseg_augment_draw(&dataset, &(cseg_patches){.image = image, .classes = classes}, places, count, p, 1, NULL, 0, 0));
        for (size_t i = 0; i < PIXELS; i++)
            assert_pixel(&dataset.samples[places[p].sample], &places[p], i / PATCH, i % PATCH, image[i], classes[i]);
    }
    cseg_dataset_free(&dataset);
}

/* The patch turned `turn` times by 90 degrees, after mirroring where turn >= 4. */
static size_t turned(size_t i, size_t turn) {
    size_t y = i / PATCH, x = i % PATCH;
    for (size_t t = 0; t < turn % 4; t++) {
        const size_t new_y = x;
        x = PATCH - 1 - y;
        y = new_y;
    }
    return y * PATCH + (turn >= 4 ? PATCH - 1 - x : x);
}

static int which_turn(const float *image, const uint8_t *classes, const float *plain, const uint8_t *plain_classes) {
    for (size_t turn = 0; turn < 8; turn++) {
        size_t same = 0;
        for (size_t i = 0; i < PIXELS; i++)
            same += image[i] == plain[turned(i, turn)] && classes[i] == plain_classes[turned(i, turn)];
        if (same == PIXELS)
            return (int)turn;
    }
    return -1;
}

static void assert_turns(int32_t rotate, int32_t flip, unsigned expected) {
    cseg_dataset dataset = empty_dataset(NULL);
    assert_ok(add(&dataset, 70, 90, scrambled, scrambled_class));
    const cseg_place place = {0, 17, 23};
    static float plain[PIXELS], image[PIXELS];
    static uint8_t plain_classes[PIXELS], classes[PIXELS];
    assert_ok(
        cseg_augment_draw(&dataset, &(cseg_patches){.image = plain, .classes = plain_classes}, &place, 1, 0, 1, NULL, 0, 0));
    cellseg_augmentation options = plain_options();
    options.rotate = rotate;
    options.flip = flip;
    unsigned seen = 0;
    for (size_t i = 0; i < 100; i++) {
        assert_ok(
            cseg_augment_draw(&dataset, &(cseg_patches){.image = image, .classes = classes}, &place, 1, i, 1, &options, 1, 3));
        const int turn = which_turn(image, classes, plain, plain_classes);
        assert_in_range(turn, 0, 7);
        seen |= 1U << turn;
    }
    assert_int_equal(seen, expected);
    cseg_dataset_free(&dataset);
}

static void test_turns_and_mirrors(void **state) {
    (void)state;
    assert_turns(0, 0, 0x01);
    assert_turns(1, 0, 0x0f);
    assert_turns(0, 1, 0x11);
    assert_turns(1, 1, 0xff);
}

/* Bilinear interpolation of a ramp is the ramp: the zoom and the true position of every pixel can be read off the patch. */
static void test_zoom(void **state) {
    (void)state;
    cseg_dataset dataset = empty_dataset(NULL);
    assert_ok(add(&dataset, 200, 200, ramp, upper_half));
    const cseg_place place = {0, 84, 60}; /* the centre lies at row 99.5 */
    cellseg_augmentation options = plain_options();
    options.scale = 1.3;
    static float image[PIXELS];
    static uint8_t classes[PIXELS];
    double least = 9, most = 0;
    for (size_t p = 0; p < 100; p++) {
        assert_ok(
            cseg_augment_draw(&dataset, &(cseg_patches){.image = image, .classes = classes}, &place, 1, p, 1, &options, 1, 1));
        const double zoom = (PATCH - 1) / (256 * ((double)image[PIXELS - 1] - (double)image[0]));
        least = zoom < least ? zoom : least;
        most = zoom > most ? zoom : most;
        for (size_t i = 0; i < PIXELS; i++) {
            const double y = 99.5 + ((double)(i / PATCH) - (PATCH - 1) / 2.0) / zoom;
            assert_true(fabs(256 * (double)image[i] - y) < 0.01);
            if (fabs(y - 99.5) > 0.02)
                assert_int_equal(classes[i], y < 99.5 ? 0 : 2);
        }
    }
    assert_true(least >= 1 / 1.3001 && least < 0.82 && most <= 1.3001 && most > 1.2);
    cseg_dataset_free(&dataset);
}

/* ---- intensity ---- */

typedef struct spread {
    double mean, deviation, least, most;
} spread;

static spread spread_of(const float *image) {
    spread s = {0, 0, 1e9, -1e9};
    for (size_t i = 0; i < PIXELS; i++) {
        s.mean += (double)image[i] / PIXELS;
        s.least = fmin(s.least, (double)image[i]);
        s.most = fmax(s.most, (double)image[i]);
    }
    for (size_t i = 0; i < PIXELS; i++)
        s.deviation += ((double)image[i] - s.mean) * ((double)image[i] - s.mean) / PIXELS;
    s.deviation = sqrt(s.deviation);
    return s;
}

/* Draw 100 patches of an image and give the range of their means and of their deviations. */
static void draw_many(value_fn value, const cellseg_augmentation *options, spread *means, spread *deviations) {
    cseg_dataset dataset = empty_dataset(NULL);
    assert_ok(add(&dataset, 200, 200, value, upper_half));
    const cseg_place place = {0, 60, 60};
    static float image[PIXELS];
    static uint8_t classes[PIXELS];
    *means = *deviations = (spread){0, 0, 1e9, -1e9};
    for (size_t p = 0; p < 100; p++) {
        assert_ok(
            cseg_augment_draw(&dataset, &(cseg_patches){.image = image, .classes = classes}, &place, 1, p, 1, options, 1, 1));
        const spread s = spread_of(image);
        assert_true(s.least >= 0 && s.most <= 2.000001); /* 4 to the power of 0.5 */
        means->least = fmin(means->least, s.mean);
        means->most = fmax(means->most, s.mean);
        deviations->least = fmin(deviations->least, s.deviation);
        deviations->most = fmax(deviations->most, s.deviation);
    }
    cseg_dataset_free(&dataset);
}

static void test_intensity(void **state) {
    (void)state;
    spread means, deviations;
    cellseg_augmentation options = plain_options();
    draw_many(flat, &options, &means, &deviations);
    assert_true(fabs(means.least - 0.5) < 1e-5 && fabs(means.most - 0.5) < 1e-5 && deviations.most < 1e-6);

    options.contrast = 1.5;
    draw_many(flat, &options, &means, &deviations);
    assert_true(means.least > 0.5 / 1.5001 && means.least < 0.36 && means.most < 0.5 * 1.5001 && means.most > 0.7);
    assert_true(deviations.most < 1e-6);

    options.contrast = 1;
    options.gamma = 2;
    draw_many(flat, &options, &means, &deviations);
    assert_true(means.least > 0.2499 && means.least < 0.27 && means.most < 0.7072 && means.most > 0.68);

    options.gamma = 1;
    options.noise = 0.1;
    draw_many(flat, &options, &means, &deviations);
    assert_true(means.least > 0.49 && means.most < 0.51);
    assert_true(deviations.least < 1e-6 && deviations.most > 0.08 && deviations.most < 0.105);

    options = plain_options();
    options.contrast = 10;
    draw_many(scrambled, &options, &means, &deviations); /* draw_many sees to the clipping */
}

static void test_blur(void **state) {
    (void)state;
    spread means, sharp, blurred;
    cellseg_augmentation options = plain_options();
    draw_many(scrambled, &options, &means, &sharp);
    const double mean = means.most;
    options.blur_px = 2;
    draw_many(scrambled, &options, &means, &blurred);
    assert_true(blurred.most == sharp.most && blurred.least < 0.3 * sharp.least);
    assert_true(fabs(means.least - mean) < 0.05 && fabs(means.most - mean) < 0.05);
}

static void test_patches_without_cells(void **state) {
    (void)state;
    cseg_dataset dataset = empty_dataset(NULL);
    const cseg_place place = {CSEG_NO_SAMPLE, 0, 0};
    const cellseg_augmentation options = plain_options();
    static float image[PIXELS], other[PIXELS];
    static uint8_t classes[PIXELS];
    double most = 0;
    for (size_t p = 0; p < 100; p++) {
        assert_ok(
            cseg_augment_draw(&dataset, &(cseg_patches){.image = image, .classes = classes}, &place, 1, p, 1, &options, 1, 1));
        const spread s = spread_of(image);
        assert_true(s.least >= 0 && s.most < 1);
        most = fmax(most, s.deviation);
        for (size_t i = 0; i < PIXELS; i++)
            assert_int_equal(classes[i], 2);
        assert_memory_not_equal(image, other, sizeof image);
        memcpy(other, image, sizeof image);
    }
    assert_true(most > 0.05);
}

/* ---- order, threads, memory ---- */

typedef struct batch {
    float images[7 * PIXELS];
    uint8_t classes[7 * PIXELS];
} batch;

static cellseg_augmentation all_options(void) {
    cellseg_augmentation options = plain_options();
    options.rotate = options.flip = 1;
    options.gamma = options.scale = options.contrast = 1.5;
    options.noise = 0.1;
    options.blur_px = 2;
    return options;
}

static cellseg_status draw_batch(cellseg_context *context, void *data) {
    static const cseg_place places[] = {{0, 5, 9}, {1, 0, 0}, {CSEG_NO_SAMPLE, 0, 0}};
    batch *b = data;
    const cellseg_augmentation options = all_options();
    cseg_dataset dataset = empty_dataset(context);
    cellseg_status status;
    CSEG_TRY_GOTO(done, add(&dataset, 50, 60, scrambled, scrambled_class));
    CSEG_TRY_GOTO(done, add(&dataset, 33, 35, ramp, upper_half));
    status =
        cseg_augment_draw(&dataset, &(cseg_patches){.image = b->images, .classes = b->classes}, places, 3, 4, 7, &options, 1, 2);
done:
    cseg_dataset_free(&dataset);
    return status;
}

static void test_threads(void **state) {
    (void)state;
    static batch one, more;
    for (int32_t threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
        cellseg_context *context = test_context(threads);
        memset(&more, 0, sizeof more);
        assert_ok(draw_batch(context, threads == 1 ? &one : &more));
        cellseg_context_free(context);
        if (threads > 1)
            assert_memory_equal(&one, &more, sizeof one);
    }
    assert_memory_not_equal(one.images, one.images + 3 * PIXELS, PIXELS * sizeof(float)); /* the same place, another index */
}

static void test_index_alone_decides(void **state) {
    (void)state;
    static batch whole, parts;
    cseg_dataset dataset = empty_dataset(NULL);
    assert_ok(add(&dataset, 50, 60, scrambled, scrambled_class));
    static const cseg_place places[] = {{0, 5, 9}, {0, 0, 0}, {CSEG_NO_SAMPLE, 0, 0}};
    const cellseg_augmentation options = all_options();
    assert_ok(cseg_augment_draw(&dataset, &(cseg_patches){.image = whole.images, .classes = whole.classes}, places, 3, 4, 7,
                                &options, 1, 2));
    for (size_t i = 0; i < 7; i++)
        assert_ok(cseg_augment_draw(&dataset,
                                    &(cseg_patches){.image = parts.images + i * PIXELS, .classes = parts.classes + i * PIXELS},
                                    places, 3, 4 + i, 1, &options, 1, 2));
    assert_memory_equal(&whole, &parts, sizeof whole);
    assert_ok(cseg_augment_draw(&dataset, &(cseg_patches){.image = parts.images, .classes = parts.classes}, places, 3, 4, 7,
                                &options, 1, 3));
    assert_memory_not_equal(&whole, &parts, sizeof whole);
    cseg_dataset_free(&dataset);
}

static void test_failing_allocations(void **state) {
    (void)state;
    static batch b;
    assert_survives_failing_allocations(draw_batch, &b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_holds_every_pixel_once),
        cmocka_unit_test(test_epochs_use_every_pixel),
        cmocka_unit_test(test_hash_knows_every_pixel_and_the_order),
        cmocka_unit_test(test_plain_patches_are_the_image_reflected),
        cmocka_unit_test(test_turns_and_mirrors),
        cmocka_unit_test(test_zoom),
        cmocka_unit_test(test_intensity),
        cmocka_unit_test(test_blur),
        cmocka_unit_test(test_patches_without_cells),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_index_alone_decides),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
