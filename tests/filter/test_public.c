/* SPDX-License-Identifier: BSD-3-Clause */
/* The public filters: every argument checked, borrowed strided pixels, pixel sizes, failing allocations, cancel, threads. */
#include "testing.h"

#include "filter/filter.h"

#include <math.h>

enum { HEIGHT = 90, WIDTH = 70, STRIDE = 96, CHANNELS = 2, MOST = 3 * HEIGHT * 2 * WIDTH };

static float pixels[CHANNELS][HEIGHT][STRIDE];

static cellseg_status wrap(cellseg_image **out, cellseg_context *context) {
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = pixels;
    layout.height = HEIGHT;
    layout.width = WIDTH;
    layout.channels = CHANNELS;
    layout.pixel_type = CELLSEG_FLOAT32;
    layout.row_stride_bytes = STRIDE * sizeof(float);
    layout.pixel_size_um = 0.5;
    return cellseg_image_wrap(out, context, &layout);
}

/* The same numbers as float64, the channels next to each other in each pixel. */
static double interleaved[HEIGHT][STRIDE][CHANNELS];

static cellseg_status wrap_interleaved(cellseg_image **out, cellseg_context *context) {
    for (size_t channel = 0; channel < CHANNELS; channel++)
        for (size_t y = 0; y < HEIGHT; y++)
            for (size_t x = 0; x < STRIDE; x++)
                interleaved[y][x][channel] = x < WIDTH ? (double)pixels[channel][y][x] : (double)NAN;
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = interleaved;
    layout.height = HEIGHT;
    layout.width = WIDTH;
    layout.channels = CHANNELS;
    layout.pixel_type = CELLSEG_FLOAT64;
    layout.pixel_stride_bytes = sizeof interleaved[0][0];
    layout.row_stride_bytes = sizeof interleaved[0];
    layout.pixel_size_um = 0.5;
    return cellseg_image_wrap(out, context, &layout);
}

static cellseg_image *wrapped(void) {
    cellseg_image *image;
    assert_ok(wrap(&image, NULL));
    return image;
}

/* ---- every function, its result as numbers ---- */

static cellseg_status take_image(cellseg_image *image, cellseg_status status, void *result) {
    if (status != CELLSEG_OK) {
        assert_null(image);
        return status;
    }
    memcpy(result, cellseg_image_pixels(image, 0), cellseg_image_height(image) * cellseg_image_width(image) * sizeof(float));
    cellseg_image_free(image);
    return CELLSEG_OK;
}

static cellseg_status gaussian(cellseg_context *context, const cellseg_image *image, void *result) {
    cellseg_image *out;
    const cellseg_status status = cellseg_image_gaussian(&out, context, image, 1, 2);
    return take_image(out, status, result);
}

static cellseg_status wide_gaussian(cellseg_context *context, const cellseg_image *image, void *result) {
    cellseg_image *out;
    const cellseg_status status = cellseg_image_gaussian(&out, context, image, 1, 40);
    return take_image(out, status, result);
}

static cellseg_status exact_log(cellseg_context *context, const cellseg_image *image, void *result) {
    cellseg_image *out;
    const double sigmas[] = {2, 3};
    const cellseg_status status = cellseg_image_laplacian(&out, context, image, 1, sigmas, 2, CELLSEG_LAPLACIAN_EXACT);
    return take_image(out, status, result);
}

static cellseg_status fast_log(cellseg_context *context, const cellseg_image *image, void *result) {
    cellseg_image *out;
    const double sigmas[] = {3, 2, 40};
    const cellseg_status status = cellseg_image_laplacian(&out, context, image, 1, sigmas, 3, CELLSEG_LAPLACIAN_FAST);
    return take_image(out, status, result);
}

static cellseg_status enlarge(cellseg_context *context, const cellseg_image *image, void *result) {
    cellseg_image *out;
    const cellseg_status status = cellseg_image_resample(&out, context, image, 1, 3 * HEIGHT, 2 * WIDTH, CELLSEG_RESAMPLE_CUBIC);
    return take_image(out, status, result);
}

static cellseg_status shrink(cellseg_context *context, const cellseg_image *image, void *result) {
    cellseg_image *out;
    const cellseg_status status = cellseg_image_resample(&out, context, image, 1, 31, 33, CELLSEG_RESAMPLE_LINEAR);
    return take_image(out, status, result);
}

static cellseg_status range(cellseg_context *context, const cellseg_image *image, void *result) {
    double *numbers = result;
    return cellseg_image_range(&numbers[0], &numbers[1], context, image, 1);
}

static cellseg_status histogram(cellseg_context *context, const cellseg_image *image, void *result) {
    return cellseg_image_histogram(result, context, image, 1, 20, 0.25, 0.75);
}

static cellseg_status percentiles(cellseg_context *context, const cellseg_image *image, void *result) {
    return cellseg_image_percentiles(result, context, image, 1, (const double[]){99, 1}, 2);
}

static cellseg_status otsu(cellseg_context *context, const cellseg_image *image, void *result) {
    return cellseg_image_otsu(result, context, image, 1, 5, 256);
}

/* No image: the pixels' bits as ids. */
static cellseg_status shrink_labels(cellseg_context *context, const cellseg_image *image, void *result) {
    (void)image;
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = pixels[1];
    layout.height = HEIGHT;
    layout.width = WIDTH;
    layout.pixel_type = CELLSEG_UINT32;
    layout.row_stride_bytes = STRIDE * sizeof(float);
    cellseg_labels *labels, *out;
    CSEG_TRY(cellseg_labels_wrap(&labels, context, &layout));
    const cellseg_status status = cellseg_labels_resample(&out, context, labels, 41, 130);
    assert_true((status == CELLSEG_OK) == (out != NULL));
    if (status == CELLSEG_OK)
        memcpy(result, cellseg_labels_data(out), sizeof(uint32_t[41][130]));
    cellseg_labels_free(labels);
    cellseg_labels_free(out);
    return status;
}

typedef cellseg_status (*operation)(cellseg_context *context, const cellseg_image *image, void *result);
static const operation operations[] = {gaussian, wide_gaussian, exact_log,   fast_log, enlarge,      shrink,
                                       range,    histogram,     percentiles, otsu,     shrink_labels};
enum { OPERATIONS = sizeof operations / sizeof operations[0], OF_IMAGES = OPERATIONS - 1 };

static double results[2][MOST];

static void threads_give_the_same_bytes(void **state) {
    (void)state;
    cellseg_image *image = wrapped();
    for (size_t i = 0; i < OPERATIONS; i++)
        for (int32_t threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
            cellseg_context *context = test_context(threads);
            memset(results[threads > 1], 0, sizeof results[0]);
            assert_ok(operations[i](context, image, results[threads > 1]));
            assert_true(threads == 1 || memcmp(results[0], results[1], sizeof results[0]) == 0);
            cellseg_context_free(context);
        }
    cellseg_image_free(image);
}

static void interleaved_doubles_give_the_bytes_of_floats(void **state) {
    (void)state;
    cellseg_image *images[2];
    assert_ok(wrap(&images[0], NULL));
    assert_ok(wrap_interleaved(&images[1], NULL));
    for (size_t i = 0; i < OF_IMAGES; i++) {
        if (operations[i] == otsu) /* a threshold is the largest number of the type in its bin */
            continue;
        memset(results, 0, sizeof results);
        for (size_t k = 0; k < 2; k++)
            assert_ok(operations[i](NULL, images[k], results[k]));
        assert_memory_equal(results[0], results[1], sizeof results[0]);
    }
    cellseg_image_free(images[0]);
    cellseg_image_free(images[1]);
}

static cellseg_status run_one(cellseg_context *context, void *data) {
    cellseg_image *image;
    CSEG_TRY(wrap_interleaved(&image, context));
    const cellseg_status status = (*(const operation *)data)(context, image, results[0]);
    cellseg_image_free(image);
    return status;
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    for (size_t i = 0; i < OPERATIONS; i++) {
        operation run = operations[i];
        assert_survives_failing_allocations(run_one, &run);
    }
}

static int32_t stop(void *user, double fraction, const char *step) {
    assert_true(fraction >= 0 && fraction <= 1 && step != NULL);
    return --*(int *)user < 0;
}

static cellseg_status run_until(operation work, const cellseg_image *image, int calls) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.progress = stop;
    options.progress_user = &calls;
    options.threads = 2;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    const cellseg_status status = work(context, image, results[0]);
    cellseg_context_free(context);
    return status;
}

/* Let one more callback pass in each round, so that every one of them cancels once. */
static void every_cancellation_is_obeyed(void **state) {
    (void)state;
    cellseg_image *image = wrapped();
    for (size_t i = 0; i < OPERATIONS; i++) {
        int rounds = 0;
        for (cellseg_status status = CELLSEG_ERR_CANCELLED; status != CELLSEG_OK; rounds++) {
            status = run_until(operations[i], image, rounds);
            assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_CANCELLED);
        }
        assert_true(rounds > 1);
    }
    cellseg_image_free(image);
}

static void infinite_pixels_are_refused(void **state) {
    (void)state;
    cellseg_image *image = wrapped();
    pixels[1][40][WIDTH] = NAN; /* between the rows: nobody's pixel */
    for (size_t i = 0; i < OF_IMAGES; i++)
        assert_ok(operations[i](NULL, image, results[0]));
    const float kept = pixels[1][40][3];
    pixels[1][40][3] = NAN;
    memset(results, 0x5a, sizeof results);
    for (size_t i = 0; i < OF_IMAGES; i++) {
        assert_status(operations[i](NULL, image, results[0]), CELLSEG_ERR_ARGUMENT);
        assert_non_null(strstr(cellseg_last_error(), "row 40, column 3"));
        assert_memory_equal(results[0], results[1], sizeof results[0]); /* nothing was written */
    }
    pixels[1][40][3] = kept;
    cellseg_image_free(image);
}

/* ---- arguments ---- */

#define assert_refused(call) assert_status(call, CELLSEG_ERR_ARGUMENT)

static void images_refuse_bad_arguments(void **state) {
    (void)state;
    cellseg_image *image = wrapped(), *out = image;
    const double sigma = 2, none = 0, large = 65, small = 1.9;
    assert_refused(cellseg_image_gaussian(NULL, NULL, image, 0, 2));
    assert_refused(cellseg_image_gaussian(&out, NULL, NULL, 0, 2));
    assert_null(out);
    assert_refused(cellseg_image_gaussian(&out, NULL, image, -1, 2));
    assert_refused(cellseg_image_gaussian(&out, NULL, image, CHANNELS, 2));
    assert_refused(cellseg_image_gaussian(&out, NULL, image, 0, -1));
    assert_refused(cellseg_image_gaussian(&out, NULL, image, 0, NAN));
    assert_refused(cellseg_image_gaussian(&out, NULL, image, 0, 1001));
    assert_refused(cellseg_image_laplacian(NULL, NULL, image, 0, &sigma, 1, CELLSEG_LAPLACIAN_EXACT));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, 0, NULL, 1, CELLSEG_LAPLACIAN_EXACT));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, 0, &sigma, 0, CELLSEG_LAPLACIAN_EXACT));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, 0, &sigma, 33, CELLSEG_LAPLACIAN_EXACT));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, 0, &sigma, 1, 2));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, 0, &none, 1, CELLSEG_LAPLACIAN_EXACT));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, 0, &large, 1, CELLSEG_LAPLACIAN_EXACT));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, 0, &small, 1, CELLSEG_LAPLACIAN_FAST));
    assert_refused(cellseg_image_laplacian(&out, NULL, image, CHANNELS, &sigma, 1, CELLSEG_LAPLACIAN_FAST));
    assert_refused(cellseg_image_resample(NULL, NULL, image, 0, 9, 9, CELLSEG_RESAMPLE_LINEAR));
    assert_refused(cellseg_image_resample(&out, NULL, image, 0, 0, 9, CELLSEG_RESAMPLE_LINEAR));
    assert_refused(cellseg_image_resample(&out, NULL, image, 0, 9, (size_t)1 << 31, CELLSEG_RESAMPLE_LINEAR));
    assert_refused(cellseg_image_resample(&out, NULL, image, 0, 9, 9, -1));
    assert_refused(cellseg_image_resample(&out, NULL, NULL, 0, 9, 9, CELLSEG_RESAMPLE_CUBIC));
    assert_null(out);
    cellseg_image_free(image);
}

static void statistics_refuse_bad_arguments(void **state) {
    (void)state;
    cellseg_image *image = wrapped();
    double a = -7, b = -7;
    const double percent = 50, beyond = 100.5, missing = NAN;
    uint64_t counts[4] = {7, 7, 7, 7};
    assert_refused(cellseg_image_range(NULL, &b, NULL, image, 0));
    assert_refused(cellseg_image_range(&a, NULL, NULL, image, 0));
    assert_refused(cellseg_image_range(&a, &b, NULL, NULL, 0));
    assert_refused(cellseg_image_range(&a, &b, NULL, image, CHANNELS));
    assert_refused(cellseg_image_histogram(NULL, NULL, image, 0, 4, 0, 1));
    assert_refused(cellseg_image_histogram(counts, NULL, image, 0, 0, 0, 1));
    assert_refused(cellseg_image_histogram(counts, NULL, image, 0, 65537, 0, 1));
    assert_refused(cellseg_image_histogram(counts, NULL, image, 0, 4, 1, 1));
    assert_refused(cellseg_image_histogram(counts, NULL, image, 0, 4, 0, 5e-324));
    assert_refused(cellseg_image_histogram(counts, NULL, image, 0, 4, -1e308, 1e308));
    assert_refused(cellseg_image_histogram(counts, NULL, image, 0, 4, NAN, 1));
    assert_refused(cellseg_image_percentiles(NULL, NULL, image, 0, &percent, 1));
    assert_refused(cellseg_image_percentiles(&a, NULL, image, 0, NULL, 1));
    assert_refused(cellseg_image_percentiles(&a, NULL, image, 0, &percent, 0));
    assert_refused(cellseg_image_percentiles(&a, NULL, image, 0, &beyond, 1));
    assert_refused(cellseg_image_percentiles(&a, NULL, image, 0, &missing, 1));
    assert_refused(cellseg_image_otsu(NULL, NULL, image, 0, 1, 256));
    assert_refused(cellseg_image_otsu(&a, NULL, image, 0, 0, 256));
    assert_refused(cellseg_image_otsu(&a, NULL, image, 0, 9, 256));
    assert_refused(cellseg_image_otsu(&a, NULL, image, 0, 1, 1));
    assert_refused(cellseg_image_otsu(&a, NULL, image, 0, 1, 4097));
    assert_refused(cellseg_image_otsu(&a, NULL, NULL, 0, 1, 256));
    assert_true(a == -7 && b == -7);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(counts[i], 7);
    cellseg_image_free(image);
}

static void pixel_sizes_follow_the_width(void **state) {
    (void)state;
    cellseg_image *image = wrapped(), *out;
    assert_ok(cellseg_image_gaussian(&out, NULL, image, 0, 1));
    assert_true(cellseg_image_pixel_size_um(out) == 0.5);
    cellseg_image_free(out);
    assert_ok(cellseg_image_resample(&out, NULL, image, 0, 2 * HEIGHT, 2 * WIDTH, CELLSEG_RESAMPLE_LINEAR));
    assert_true(cellseg_image_pixel_size_um(out) == 0.25);
    cellseg_image_free(out);
    assert_ok(cellseg_image_resample(&out, NULL, image, 0, 3 * HEIGHT, 2 * WIDTH, CELLSEG_RESAMPLE_LINEAR));
    assert_true(cellseg_image_pixel_size_um(out) == 0);
    cellseg_image_free(out);
    cellseg_image_free(image);
}

static void labels_are_resampled_without_new_ids(void **state) {
    (void)state;
    cellseg_labels *labels, *out;
    assert_refused(cellseg_labels_resample(NULL, NULL, NULL, 4, 4));
    assert_refused(cellseg_labels_resample(&out, NULL, NULL, 4, 4));
    assert_null(out);
    assert_ok(cellseg_labels_new(&labels, NULL, 2, 3));
    assert_ok(cellseg_labels_set_pixel_size_um(labels, 1));
    const uint32_t ids[] = {4000000000U, 7, 0, 1, 7, 9};
    memcpy(cellseg_labels_data_mut(labels), ids, sizeof ids);
    assert_refused(cellseg_labels_resample(&out, NULL, labels, 0, 4));
    assert_ok(cellseg_labels_resample(&out, NULL, labels, 4, 6));
    for (size_t y = 0; y < 4; y++)
        for (size_t x = 0; x < 6; x++)
            assert_int_equal(cellseg_labels_data(out)[y * 6 + x], ids[y / 2 * 3 + x / 2]);
    assert_true(cellseg_labels_pixel_size_um(out) == 0.5);
    cellseg_labels_free(out);
    cellseg_labels_free(labels);
}

static void histogram_leaves_out_what_lies_outside(void **state) {
    (void)state;
    float values[] = {-1, 0, 0.24F, 0.25F, 0.5F, 0.99F, 1, 1.01F};
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = values;
    layout.height = 1;
    layout.width = 8;
    layout.pixel_type = CELLSEG_FLOAT32;
    cellseg_image *image;
    assert_ok(cellseg_image_wrap(&image, NULL, &layout));
    uint64_t counts[4];
    assert_ok(cellseg_image_histogram(counts, NULL, image, 0, 4, 0, 1));
    const uint64_t expected[4] = {2, 1, 1, 2};
    assert_memory_equal(counts, expected, sizeof expected);
    cellseg_image_free(image);
}

int main(void) {
    uint64_t seed = 4;
    for (size_t i = 0; i < sizeof pixels / sizeof(float); i++)
        ((float *)pixels)[i] = (float)test_uniform(&seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_give_the_same_bytes),          cmocka_unit_test(interleaved_doubles_give_the_bytes_of_floats),
        cmocka_unit_test(failing_allocations_are_survived),     cmocka_unit_test(every_cancellation_is_obeyed),
        cmocka_unit_test(infinite_pixels_are_refused),          cmocka_unit_test(images_refuse_bad_arguments),
        cmocka_unit_test(statistics_refuse_bad_arguments),      cmocka_unit_test(pixel_sizes_follow_the_width),
        cmocka_unit_test(labels_are_resampled_without_new_ids), cmocka_unit_test(histogram_leaves_out_what_lies_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
