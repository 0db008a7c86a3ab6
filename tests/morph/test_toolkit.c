/* SPDX-License-Identifier: BSD-3-Clause */
/* The public toolkit: each function's result is the room's own, and every bad argument is refused with nothing made. */
#include "testing.h"

#include "morph/morph.h"

#include <math.h>

enum { HEIGHT = 61, WIDTH = 83 };

typedef struct inputs {
    cellseg_image *grey, *mask, *other_size, *two_channels, *nan;
    cellseg_labels *labels, *other_labels;
} inputs;

static cellseg_image *new_image(int32_t type, int32_t channels, size_t height, size_t width) {
    cellseg_image *made;
    assert_ok(cellseg_image_new(&made, NULL, type, channels, height, width));
    assert_ok(cellseg_image_set_pixel_size_um(made, 0.5));
    return made;
}

static inputs inputs_new(void) {
    inputs in = {.grey = new_image(CELLSEG_FLOAT32, 1, HEIGHT, WIDTH),
                 .mask = new_image(CELLSEG_UINT8, 1, HEIGHT, WIDTH),
                 .other_size = new_image(CELLSEG_UINT8, 1, HEIGHT, WIDTH + 1),
                 .two_channels = new_image(CELLSEG_UINT8, 2, HEIGHT, WIDTH),
                 .nan = new_image(CELLSEG_FLOAT32, 1, HEIGHT, WIDTH)};
    assert_ok(cellseg_labels_new(&in.labels, NULL, HEIGHT, WIDTH));
    assert_ok(cellseg_labels_set_pixel_size_um(in.labels, 0.5));
    assert_ok(cellseg_labels_new(&in.other_labels, NULL, HEIGHT + 1, WIDTH));
    uint64_t seed = 5;
    for (size_t i = 0; i < (size_t)HEIGHT * WIDTH; i++) {
        ((float *)cellseg_image_pixels_mut(in.grey, 0))[i] = (float)(test_random(&seed) % 50);
        ((uint8_t *)cellseg_image_pixels_mut(in.mask, 0))[i] = test_random(&seed) % 3 != 0;
        cellseg_labels_data_mut(in.labels)[i] =
            test_random(&seed) % 40 == 0 ? (uint32_t)(test_random(&seed) % 9) * 400000000U : 0;
    }
    ((float *)cellseg_image_pixels_mut(in.nan, 0))[77] = NAN;
    return in;
}

static void inputs_free(inputs *in) {
    cellseg_image_free(in->grey);
    cellseg_image_free(in->mask);
    cellseg_image_free(in->other_size);
    cellseg_image_free(in->two_channels);
    cellseg_image_free(in->nan);
    cellseg_labels_free(in->labels);
    cellseg_labels_free(in->other_labels);
}

/* Refused with an argument error, and *out NULL though it was not. */
#define assert_refused(type, call)                                                                                               \
    do {                                                                                                                         \
        type *out = (type *)(void *)&in;                                                                                         \
        assert_status(call, CELLSEG_ERR_ARGUMENT);                                                                               \
        assert_null(out);                                                                                                        \
        assert_true(cellseg_last_error()[0] != '\0');                                                                            \
    } while (0)
#define refuse_image(call) assert_refused(cellseg_image, call)
#define refuse_labels(call) assert_refused(cellseg_labels, call)

static void grey_operations_refuse_bad_arguments(void **state) {
    (void)state;
    inputs in = inputs_new();
    typedef cellseg_status (*rectangle_fn)(cellseg_image **, cellseg_context *, const cellseg_image *, int32_t, size_t, size_t);
    static const rectangle_fn rectangles[] = {cellseg_image_erode,   cellseg_image_dilate,        cellseg_image_opening,
                                              cellseg_image_closing, cellseg_image_white_top_hat, cellseg_image_black_top_hat};
    for (size_t i = 0; i < sizeof rectangles / sizeof rectangles[0]; i++) {
        assert_status(rectangles[i](NULL, NULL, in.grey, 0, 3, 3), CELLSEG_ERR_ARGUMENT);
        refuse_image(rectangles[i](&out, NULL, NULL, 0, 3, 3));
        refuse_image(rectangles[i](&out, NULL, in.two_channels, -1, 3, 3));
        refuse_image(rectangles[i](&out, NULL, in.two_channels, 2, 3, 3));
        assert_string_equal(cellseg_last_error(), "image: channel 2 of an image of 2");
        refuse_image(rectangles[i](&out, NULL, in.nan, 0, 3, 3));
        refuse_image(rectangles[i](&out, NULL, in.grey, 0, 0, 3));
        refuse_image(rectangles[i](&out, NULL, in.grey, 0, 3, 0));
        refuse_image(rectangles[i](&out, NULL, in.grey, 0, HEIGHT + 1, 3));
        refuse_image(rectangles[i](&out, NULL, in.grey, 0, 3, SIZE_MAX));
    }
    refuse_image(cellseg_image_erode_disc(&out, NULL, in.grey, 0, HEIGHT / 2 + 1, CELLSEG_DISC_EXACT));
    refuse_image(cellseg_image_dilate_disc(&out, NULL, in.nan, 0, 1, CELLSEG_DISC_FAST));
    refuse_image(cellseg_image_reconstruct_dilation(&out, NULL, in.grey, 0, in.mask, 0, 8));
    assert_string_equal(cellseg_last_error(), "marker and limit are of different pixel types");
    refuse_image(cellseg_image_reconstruct_dilation(&out, NULL, in.mask, 0, in.other_size, 0, 8));
    refuse_image(cellseg_image_reconstruct_erosion(&out, NULL, in.grey, 0, in.grey, 0, 6));
    refuse_image(cellseg_image_reconstruct_erosion(&out, NULL, in.grey, 0, in.nan, 0, 8));
    refuse_image(cellseg_image_h_minima(&out, NULL, in.grey, 0, -1, 8));
    refuse_image(cellseg_image_h_maxima(&out, NULL, in.grey, 0, (double)NAN, 8));
    refuse_image(cellseg_image_h_maxima(&out, NULL, in.grey, 0, (double)INFINITY, 8));
    refuse_image(cellseg_image_regional_minima(&out, NULL, in.grey, 0, in.other_size, 0, 8));
    refuse_image(cellseg_image_regional_maxima(&out, NULL, in.grey, 0, in.nan, 0, 8));
    refuse_image(cellseg_image_regional_maxima(&out, NULL, in.grey, 0, in.mask, 1, 8));
    assert_string_equal(cellseg_last_error(), "mask: channel 1 of an image of 1");
    refuse_image(cellseg_image_extended_minima(&out, NULL, in.nan, 0, 1, NULL, 0, 8));
    refuse_image(cellseg_image_extended_maxima(&out, NULL, in.grey, 0, 1, NULL, 0, 0));
    inputs_free(&in);
}

static void masks_and_watershed_refuse_bad_arguments(void **state) {
    (void)state;
    inputs in = inputs_new();
    refuse_image(cellseg_image_fill_holes(&out, NULL, in.nan, 0, 4));
    refuse_image(cellseg_image_fill_holes(&out, NULL, in.mask, 0, 5));
    refuse_image(cellseg_image_distance(&out, NULL, in.nan, 0));
    refuse_image(cellseg_image_distance(&out, NULL, NULL, 0));
    refuse_image(cellseg_image_nearest(&out, NULL, in.two_channels, 2));
    cellseg_image *full = new_image(CELLSEG_UINT8, 1, 3, 4);
    memset(cellseg_image_pixels_mut(full, 0), 1, 12);
    refuse_image(cellseg_image_nearest(&out, NULL, full, 0));
    cellseg_image_free(full);
    refuse_labels(cellseg_image_components(&out, NULL, in.mask, 0, 7));
    refuse_labels(cellseg_image_components(&out, NULL, in.nan, 0, 8));

    cellseg_watershed_options options;
    assert_status(cellseg_watershed_options_init(NULL, sizeof options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_watershed_options_init(&options, 8), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_watershed_options_init(&options, sizeof options));
    options.connectivity = 6;
    assert_status(cellseg_labels_watershed(NULL, NULL, in.labels, in.grey, 0, NULL, 0, NULL), CELLSEG_ERR_ARGUMENT);
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.labels, in.grey, 0, NULL, 0, &options));
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.labels, in.nan, 0, NULL, 0, NULL));
    assert_non_null(strstr(cellseg_last_error(), "relief"));
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.labels, NULL, 0, NULL, 0, NULL));
    refuse_labels(cellseg_labels_watershed(&out, NULL, NULL, in.grey, 0, NULL, 0, NULL));
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.other_labels, in.grey, 0, NULL, 0, NULL));
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.labels, in.grey, 0, in.other_size, 0, NULL));
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.labels, in.grey, 0, in.nan, 0, NULL));
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.labels, in.grey, 1, in.mask, 0, NULL));
    refuse_labels(cellseg_labels_watershed(&out, NULL, in.labels, in.grey, 0, in.mask, 1, NULL));
    inputs_free(&in);
}

static void label_operations_refuse_bad_arguments(void **state) {
    (void)state;
    inputs in = inputs_new();
    assert_status(cellseg_labels_relabel(NULL, NULL, in.labels), CELLSEG_ERR_ARGUMENT);
    refuse_labels(cellseg_labels_relabel(&out, NULL, NULL));
    refuse_labels(cellseg_labels_remove_small(&out, NULL, NULL, 3));
    refuse_labels(cellseg_labels_clear_border(&out, NULL, NULL, 0));
    refuse_labels(cellseg_labels_fill_holes(&out, NULL, NULL));
    refuse_labels(cellseg_labels_expand(&out, NULL, in.labels, -1));
    refuse_labels(cellseg_labels_expand(&out, NULL, in.labels, (double)NAN));
    refuse_labels(cellseg_labels_compartment(&out, NULL, in.labels, NULL, CELLSEG_COMPARTMENT_NUCLEUS, 0));
    refuse_labels(cellseg_labels_compartment(&out, NULL, NULL, in.labels, CELLSEG_COMPARTMENT_NUCLEUS, 0));
    refuse_labels(cellseg_labels_compartment(&out, NULL, in.labels, in.other_labels, CELLSEG_COMPARTMENT_NUCLEUS, 0));
    refuse_labels(cellseg_labels_compartment(&out, NULL, in.labels, in.labels, 0, 3));
    refuse_labels(cellseg_labels_compartment(&out, NULL, in.labels, in.labels, CELLSEG_COMPARTMENT_RING + 1, 3));
    refuse_labels(cellseg_labels_compartment(&out, NULL, in.labels, in.labels, CELLSEG_COMPARTMENT_RING, -1));
    refuse_labels(cellseg_labels_compartment(&out, NULL, in.labels, in.labels, CELLSEG_COMPARTMENT_RING, (double)NAN));
    refuse_image(cellseg_labels_boundaries(&out, NULL, in.labels, 0, 4));
    refuse_image(cellseg_labels_boundaries(&out, NULL, in.labels, CELLSEG_BOUNDARY_THICK, 5));
    refuse_image(cellseg_labels_boundaries(&out, NULL, NULL, CELLSEG_BOUNDARY_THICK, 4));
    char line[128] = "?";
    assert_status(cellseg_labels_check(NULL, 9, NULL, in.labels, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_check(line, 0, NULL, in.labels, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_check(line, sizeof line, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_string_equal(line, "");
    assert_status(cellseg_labels_check(line, sizeof line, NULL, in.labels, in.other_labels), CELLSEG_ERR_ARGUMENT);
    inputs_free(&in);
}

/* ---- each function does what the room's own does, and keeps the pixel size ---- */

static void assert_image_is(cellseg_image *image, const cseg_plane *right) {
    const cseg_plane own = cseg_image_plane(image, 0);
    assert_int_equal(own.type, right->type);
    assert_memory_equal(own.data, right->data, HEIGHT * right->stride);
    assert_true(cellseg_image_pixel_size_um(image) == 0.5);
    cellseg_image_free(image);
}

static void assert_labels_are(cellseg_labels *labels, const cseg_plane *right) {
    assert_memory_equal(cellseg_labels_data(labels), right->data, HEIGHT * right->stride);
    assert_true(cellseg_labels_pixel_size_um(labels) == 0.5);
    cellseg_labels_free(labels);
}

#define check_image(plane, inner, outer)                                                                                         \
    do {                                                                                                                         \
        cellseg_image *out;                                                                                                      \
        assert_ok(inner);                                                                                                        \
        assert_ok(outer);                                                                                                        \
        assert_image_is(out, &(plane));                                                                                          \
    } while (0)

static void images_are_the_rooms_own(void **state) {
    (void)state;
    inputs in = inputs_new();
    const cseg_plane grey = cseg_image_plane(in.grey, 0), mask = cseg_image_plane(in.mask, 0);
    cseg_plane f, b, l;
    assert_ok(cseg_plane_new(&f, NULL, CELLSEG_FLOAT32, HEIGHT, WIDTH));
    assert_ok(cseg_plane_new(&b, NULL, CELLSEG_UINT8, HEIGHT, WIDTH));
    assert_ok(cseg_plane_new(&l, NULL, CELLSEG_UINT32, HEIGHT, WIDTH));
    check_image(f, cseg_rect_erode(NULL, &f, &grey, 3, 5), cellseg_image_erode(&out, NULL, in.grey, 0, 3, 5));
    check_image(f, cseg_rect_dilate(NULL, &f, &grey, 3, 5), cellseg_image_dilate(&out, NULL, in.grey, 0, 3, 5));
    check_image(f, cseg_rect_open(NULL, &f, &grey, 3, 5), cellseg_image_opening(&out, NULL, in.grey, 0, 3, 5));
    check_image(f, cseg_rect_close(NULL, &f, &grey, 3, 5), cellseg_image_closing(&out, NULL, in.grey, 0, 3, 5));
    check_image(f, cseg_rect_top_hat(NULL, &f, &grey, 3, 5), cellseg_image_white_top_hat(&out, NULL, in.grey, 0, 3, 5));
    check_image(f, cseg_rect_bottom_hat(NULL, &f, &grey, 3, 5), cellseg_image_black_top_hat(&out, NULL, in.grey, 0, 3, 5));
    check_image(f, cseg_disc_erode(NULL, &f, &grey, 3), cellseg_image_erode_disc(&out, NULL, in.grey, 0, 3, CELLSEG_DISC_EXACT));
    check_image(f, cseg_disc_dilate(NULL, &f, &grey, 3),
                cellseg_image_dilate_disc(&out, NULL, in.grey, 0, 3, CELLSEG_DISC_EXACT));
    check_image(f, cseg_extrema_h_minima(NULL, &f, &grey, 7, 8), cellseg_image_h_minima(&out, NULL, in.grey, 0, 7, 8));
    check_image(f, cseg_extrema_h_maxima(NULL, &f, &grey, 7, 4), cellseg_image_h_maxima(&out, NULL, in.grey, 0, 7, 4));
    check_image(b, cseg_extrema_extended_minima(NULL, &b, &grey, 0, &mask, 8),
                cellseg_image_regional_minima(&out, NULL, in.grey, 0, in.mask, 0, 8));
    check_image(b, cseg_extrema_extended_maxima(NULL, &b, &grey, 0, NULL, 8),
                cellseg_image_regional_maxima(&out, NULL, in.grey, 0, NULL, 0, 8));
    check_image(b, cseg_extrema_extended_minima(NULL, &b, &grey, 9, NULL, 4),
                cellseg_image_extended_minima(&out, NULL, in.grey, 0, 9, NULL, 0, 4));
    check_image(b, cseg_extrema_extended_maxima(NULL, &b, &grey, 9, &mask, 4),
                cellseg_image_extended_maxima(&out, NULL, in.grey, 0, 9, in.mask, 0, 4));
    check_image(f, cseg_distance_transform(NULL, &f, &mask), cellseg_image_distance(&out, NULL, in.mask, 0));
    check_image(l, cseg_nearest_find(NULL, &l, &mask), cellseg_image_nearest(&out, NULL, in.mask, 0));
    memcpy(b.data, mask.data, (size_t)HEIGHT * WIDTH);
    check_image(b, cseg_holes_fill(NULL, &b, 8, CSEG_ANY_HOLE), cellseg_image_fill_holes(&out, NULL, in.mask, 0, 8));
    memset(f.data, 0, HEIGHT * f.stride);
    cellseg_image *marker = new_image(CELLSEG_FLOAT32, 1, HEIGHT, WIDTH);
    check_image(f, cseg_reconstruction_dilate(NULL, &f, &f, &grey, 8),
                cellseg_image_reconstruct_dilation(&out, NULL, marker, 0, in.grey, 0, 8));
    check_image(f, cseg_reconstruction_erode(NULL, &f, &f, &grey, 8),
                cellseg_image_reconstruct_erosion(&out, NULL, marker, 0, in.grey, 0, 8));
    cellseg_image_free(marker);
    cseg_plane_free(&f);
    cseg_plane_free(&b);
    cseg_plane_free(&l);
    inputs_free(&in);
}

static void label_maps_are_the_rooms_own(void **state) {
    (void)state;
    inputs in = inputs_new();
    const cseg_plane grey = cseg_image_plane(in.grey, 0), mask = cseg_image_plane(in.mask, 0);
    const cseg_plane labels = cseg_labels_plane(in.labels);
    cseg_plane l, b;
    cellseg_labels *made;
    uint32_t count;
    assert_ok(cseg_plane_new(&l, NULL, CELLSEG_UINT32, HEIGHT, WIDTH));
    assert_ok(cseg_plane_new(&b, NULL, CELLSEG_UINT8, HEIGHT, WIDTH));
    assert_ok(cseg_components_label(NULL, &l, &count, &mask, 4));
    assert_ok(cellseg_image_components(&made, NULL, in.mask, 0, 4));
    assert_labels_are(made, &l);
    memcpy(l.data, labels.data, HEIGHT * l.stride);
    assert_ok(cseg_watershed_flood(NULL, &l, &grey, NULL, 8));
    assert_ok(cellseg_labels_watershed(&made, NULL, in.labels, in.grey, 0, NULL, 0, NULL));
    assert_labels_are(made, &l);
    cellseg_watershed_options options;
    assert_ok(cellseg_watershed_options_init(&options, sizeof options));
    options.connectivity = 4;
    options.lines = 1;
    memcpy(l.data, labels.data, HEIGHT * l.stride);
    assert_ok(cseg_watershed_flood_lines(NULL, &l, &grey, &mask, 4));
    assert_ok(cellseg_labels_watershed(&made, NULL, in.labels, in.grey, 0, in.mask, 0, &options));
    assert_labels_are(made, &l);
    assert_ok(cseg_expansion_compute(NULL, &l, &labels, 2.5));
    assert_ok(cellseg_labels_expand(&made, NULL, in.labels, 2.5));
    assert_labels_are(made, &l);
    memcpy(l.data, labels.data, HEIGHT * l.stride);
    assert_ok(cseg_holes_fill_labels(NULL, &l, CSEG_ANY_HOLE));
    assert_ok(cellseg_labels_fill_holes(&made, NULL, in.labels));
    assert_labels_are(made, &l);
    check_image(b, cseg_boundaries_find(NULL, &b, &labels, CELLSEG_BOUNDARY_THICK, 8),
                cellseg_labels_boundaries(&out, NULL, in.labels, CELLSEG_BOUNDARY_THICK, 8));
    cseg_plane_free(&l);
    cseg_plane_free(&b);
    inputs_free(&in);
}

/* ---- choosing objects, against counting by hand ---- */

static uint64_t area_of(const cellseg_labels *labels, uint32_t id) {
    uint64_t area = 0;
    for (size_t i = 0; i < (size_t)HEIGHT * WIDTH; i++)
        area += cellseg_labels_data(labels)[i] == id;
    return area;
}

static bool within(const cellseg_labels *labels, uint32_t id, size_t margin) {
    for (size_t y = 0; y < HEIGHT; y++)
        for (size_t x = 0; x < WIDTH; x++)
            if (cellseg_labels_data(labels)[y * WIDTH + x] == id &&
                (y <= margin || x <= margin || HEIGHT - 1 - y <= margin || WIDTH - 1 - x <= margin))
                return true;
    return false;
}

static void objects_are_chosen_by_area_and_border(void **state) {
    (void)state;
    inputs in = inputs_new();
    const uint32_t *before = cellseg_labels_data(in.labels);
    for (size_t margin = 0; margin < 4; margin++) {
        cellseg_labels *large, *inner;
        const uint64_t least = 10 + 3 * margin;
        assert_ok(cellseg_labels_remove_small(&large, NULL, in.labels, least));
        assert_ok(cellseg_labels_clear_border(&inner, NULL, in.labels, margin));
        for (size_t i = 0; i < (size_t)HEIGHT * WIDTH; i += 7) {
            const uint32_t id = before[i];
            assert_int_equal(cellseg_labels_data(large)[i], area_of(in.labels, id) >= least ? id : 0);
            assert_int_equal(cellseg_labels_data(inner)[i], within(in.labels, id, margin) ? 0 : id);
        }
        cellseg_labels_free(large);
        cellseg_labels_free(inner);
    }
    inputs_free(&in);
}

static void relabelling_numbers_in_raster_order(void **state) {
    (void)state;
    inputs in = inputs_new();
    cellseg_labels *out;
    assert_ok(cellseg_labels_relabel(&out, NULL, in.labels));
    uint32_t known[64] = {0}, count = 0;
    for (size_t i = 0; i < (size_t)HEIGHT * WIDTH; i++) {
        const uint32_t id = cellseg_labels_data(in.labels)[i], number = cellseg_labels_data(out)[i];
        assert_true(number <= count + 1 && (number == 0) == (id == 0));
        if (number > count)
            known[++count] = id;
        assert_int_equal(known[number], id);
    }
    assert_int_equal(count, 8);
    cellseg_labels_free(out);
    inputs_free(&in);
}

/* ---- memory ---- */

static cellseg_status watershed_and_all(cellseg_context *context, void *data) {
    const inputs *in = data;
    cellseg_labels *flooded = NULL, *numbered = NULL, *wide = NULL;
    cellseg_image *lows = NULL;
    char line[128];
    cellseg_status status;
    CSEG_TRY_GOTO(done, cellseg_labels_watershed(&flooded, context, in->labels, in->grey, 0, in->mask, 0, NULL));
    CSEG_TRY_GOTO(done, cellseg_labels_relabel(&numbered, context, flooded));
    CSEG_TRY_GOTO(done, cellseg_labels_expand(&wide, context, numbered, 3));
    CSEG_TRY_GOTO(done, cellseg_image_h_minima(&lows, context, in->grey, 0, 5, 8));
    cellseg_image_free(lows);
    CSEG_TRY_GOTO(done, cellseg_image_erode_disc(&lows, context, in->grey, 0, 5, CELLSEG_DISC_EXACT));
    CSEG_TRY_GOTO(done, cellseg_labels_check(line, sizeof line, context, wide, numbered));
done:
    cellseg_labels_free(flooded);
    cellseg_labels_free(numbered);
    cellseg_labels_free(wide);
    cellseg_image_free(lows);
    return status;
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    inputs in = inputs_new();
    assert_survives_failing_allocations(watershed_and_all, &in);
    inputs_free(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_operations_refuse_bad_arguments),  cmocka_unit_test(masks_and_watershed_refuse_bad_arguments),
        cmocka_unit_test(label_operations_refuse_bad_arguments), cmocka_unit_test(images_are_the_rooms_own),
        cmocka_unit_test(label_maps_are_the_rooms_own),          cmocka_unit_test(objects_are_chosen_by_area_and_border),
        cmocka_unit_test(relabelling_numbers_in_raster_order),   cmocka_unit_test(failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
