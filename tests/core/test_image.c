/* SPDX-License-Identifier: BSD-3-Clause */
/* Images, label maps and planes: sizes, strides, borrowing, conversion. */
#include "testing.h"

#include <math.h>

static void a_new_image_is_zero_and_knows_its_size(void **state) {
    (void)state;
    cellseg_image *image;
    assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 3, 5, 7));
    assert_int_equal(cellseg_image_height(image), 5);
    assert_int_equal(cellseg_image_width(image), 7);
    assert_int_equal(cellseg_image_channels(image), 3);
    assert_int_equal(cellseg_image_row_stride_bytes(image), 14);
    assert_int_equal((const char *)cellseg_image_pixels(image, 2) - (const char *)cellseg_image_pixels(image, 0), 140);
    assert_null(cellseg_image_pixels(image, 3));
    assert_null(cellseg_image_pixels(image, -1));
    assert_int_equal(((const uint16_t *)cellseg_image_pixels(image, 2))[34], 0);
    assert_ok(cellseg_image_set_pixel_size_um(image, 0.65));
    assert_status(cellseg_image_set_pixel_size_um(image, -1), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_set_pixel_size_um(image, NAN), CELLSEG_ERR_ARGUMENT);
    assert_true(cellseg_image_pixel_size_um(image) == 0.65);
    cellseg_image_free(image);
    cellseg_image_free(NULL);
    assert_int_equal(cellseg_image_height(NULL), 0);
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    cellseg_image *image;
    cellseg_labels *labels;
    assert_status(cellseg_image_new(&image, NULL, CELLSEG_UINT8, 1, 0, 7), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_new(&image, NULL, CELLSEG_UINT8, 0, 7, 7), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_new(&image, NULL, 9, 1, 7, 7), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_new(&image, NULL, CELLSEG_FLOAT32, 4096, INT32_MAX, INT32_MAX), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_new(NULL, NULL, CELLSEG_UINT8, 1, 7, 7), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_new(&labels, NULL, 7, (size_t)INT32_MAX + 1), CELLSEG_ERR_ARGUMENT);
    assert_null(labels);
    assert_status(cellseg_labels_new(&labels, NULL, INT32_MAX, INT32_MAX), CELLSEG_ERR_ARGUMENT);
    assert_null(labels);
    assert_status(cellseg_labels_new(NULL, NULL, 7, 7), CELLSEG_ERR_ARGUMENT);
}

static void count_release(void *user, const void *pixels) {
    (void)pixels;
    ++*(int *)user;
}

/* Refused with these words, and nothing made. */
static void expect_fault(const cellseg_image_layout *layout, const char *words) {
    cellseg_image *image = (cellseg_image *)(void *)&layout;
    assert_status(cellseg_image_wrap(&image, NULL, layout), CELLSEG_ERR_ARGUMENT);
    assert_null(image);
    if (strstr(cellseg_last_error(), words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", cellseg_last_error(), words);
}

static void borrowed_pixels_keep_their_strides_and_are_released_once(void **state) {
    (void)state;
    uint16_t pixels[64] = {0};
    pixels[2 * 8 + 3] = 42;
    int releases = 0;
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = pixels;
    layout.height = 4;
    layout.width = 5;
    layout.pixel_type = CELLSEG_UINT16;
    layout.row_stride_bytes = 16;
    layout.release = count_release;
    layout.release_user = &releases;
    cellseg_image *image;
    assert_ok(cellseg_image_wrap(&image, NULL, &layout));
    assert_null(cellseg_image_pixels_mut(image, 0));
    const cseg_plane plane = cseg_image_plane(image, 0);
    assert_int_equal(((uint16_t *)cseg_row_at(&plane, 2))[3], 42);
    cseg_plane floats;
    assert_ok(cseg_plane_new(&floats, NULL, CELLSEG_FLOAT32, 4, 5));
    assert_ok(cseg_plane_to_f32(NULL, &floats, &plane));
    assert_true(cseg_row_f32(&floats, 2)[3] == 42 && cseg_row_f32(&floats, 2)[2] == 0);
    assert_ok(cseg_plane_check_finite(NULL, &floats, "floats"));
    cseg_row_f32(&floats, 3)[1] = INFINITY;
    assert_status(cseg_plane_check_finite(NULL, &floats, "floats"), CELLSEG_ERR_ARGUMENT);
    assert_string_equal(cellseg_last_error(), "floats: the pixel at row 3, column 1 is not a finite number");
    cseg_plane_free(&floats);
    cellseg_image_free(image);
    assert_int_equal(releases, 1);

    cellseg_image_layout bad = layout;
    bad.row_stride_bytes = 8;
    expect_fault(&bad, "a row stride of 8 bytes does not hold rows of 10");
    bad = layout;
    bad.row_stride_bytes = 17;
    expect_fault(&bad, "strides of 0, 17 and 0 bytes are not whole samples of 2");
    bad = layout;
    bad.row_stride_bytes = (size_t)0 - layout.row_stride_bytes; /* backwards */
    expect_fault(&bad, "bytes are too large");
    bad = layout;
    bad.channels = 2;
    bad.channel_stride_bytes = 16;
    expect_fault(&bad, "channels overlap");
    bad.channel_stride_bytes = SIZE_MAX / 2 - 1;
    expect_fault(&bad, "2 channels of");
    bad = layout;
    bad.pixels = (const char *)pixels + 1;
    expect_fault(&bad, "not aligned");
    bad = layout;
    bad.pixels = NULL;
    expect_fault(&bad, "NULL");
    assert_int_equal(releases, 1);
}

/* Three channels interleaved in pixels of four samples and padded rows. */
static void interleaved_channels_are_read_in_every_type(void **state) {
    (void)state;
    enum { HEIGHT = 5, WIDTH = 7, CHANNELS = 3, PIXEL = 4, ROW = WIDTH * PIXEL + 3 };
    static const struct {
        int32_t type;
        size_t size;
    } types[] = {{CELLSEG_UINT8, 1}, {CELLSEG_UINT16, 2}, {CELLSEG_UINT32, 4}, {CELLSEG_FLOAT32, 4},
                 {CELLSEG_INT16, 2}, {CELLSEG_INT32, 4},  {CELLSEG_FLOAT64, 8}};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const size_t size = types[t].size;
        _Alignas(8) unsigned char pixels[HEIGHT * ROW * 8];
        unsigned char wanted[HEIGHT * WIDTH * 8];
        for (size_t i = 0; i < sizeof pixels; i++)
            pixels[i] = (unsigned char)(i * 7 + i / 256);
        cellseg_image_layout layout;
        assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
        layout.pixels = pixels;
        layout.height = HEIGHT;
        layout.width = WIDTH;
        layout.channels = CHANNELS;
        layout.pixel_type = types[t].type;
        layout.pixel_stride_bytes = PIXEL * size;
        layout.row_stride_bytes = ROW * size;
        cellseg_image *image;
        assert_ok(cellseg_image_wrap(&image, NULL, &layout));
        assert_int_equal(cellseg_image_pixel_stride_bytes(image), PIXEL * size);
        for (int32_t c = 0; c < CHANNELS; c++) {
            for (size_t i = 0; i < (size_t)HEIGHT * WIDTH; i++)
                memcpy(wanted + i * size, pixels + (i / WIDTH * ROW + i % WIDTH * PIXEL + (size_t)c) * size, size);
            assert_ptr_equal(cellseg_image_pixels(image, c), pixels + (size_t)c * size);
            cseg_input input;
            assert_ok(cseg_input_open(&input, NULL, image, c));
            assert_int_equal(input.plane.stride, WIDTH * size);
            assert_int_equal(input.plane.type, types[t].type);
            assert_memory_equal(input.plane.data, wanted, HEIGHT * WIDTH * size);
            cseg_input_close(&input);
            cseg_input_close(&input);
        }
        cseg_input input;
        assert_status(cseg_input_open(&input, NULL, image, CHANNELS), CELLSEG_ERR_ARGUMENT);
        assert_string_equal(cellseg_last_error(), "channel 3 of an image of 3");
        assert_status(cseg_input_open(&input, NULL, image, -1), CELLSEG_ERR_ARGUMENT);
        cellseg_image_free(image);
    }
}

static void impossible_pixel_strides_are_refused(void **state) {
    (void)state;
    uint16_t pixels[256] = {0};
    cellseg_image_layout good, bad;
    assert_ok(cellseg_image_layout_init(&good, sizeof good));
    good.pixels = pixels;
    good.height = 4;
    good.width = 5;
    good.channels = 3;
    good.pixel_type = CELLSEG_UINT16;
    good.pixel_stride_bytes = 6;
    cellseg_image *image;
    assert_ok(cellseg_image_wrap(&image, NULL, &good));
    assert_int_equal(cellseg_image_row_stride_bytes(image), 30);
    assert_ptr_equal(cellseg_image_pixels(image, 2), pixels + 2);
    cellseg_image_free(image);
    bad = good;
    bad.row_stride_bytes = 28; /* the last pixel's first sample ends at 26 */
    assert_ok(cellseg_image_wrap(&image, NULL, &bad));
    cellseg_image_free(image);
    bad.row_stride_bytes = 24;
    expect_fault(&bad, "a row stride of 24 bytes does not hold rows of 26");
    bad = good;
    bad.pixel_stride_bytes = 5;
    expect_fault(&bad, "strides of 5, 0 and 0 bytes are not whole samples of 2");
    bad.pixel_stride_bytes = 4; /* holds two samples, not three */
    expect_fault(&bad, "channels overlap");
    bad.pixel_stride_bytes = (1 << 20) + 2;
    expect_fault(&bad, "a pixel stride of 1048578 bytes is too large");
    bad.pixel_stride_bytes = SIZE_MAX - 1;
    expect_fault(&bad, "is too large");
    bad = good;
    bad.channel_stride_bytes = 4;
    expect_fault(&bad, "channels overlap");
    bad.channel_stride_bytes = 120; /* interleaved with something else, and one channel after the other */
    assert_ok(cellseg_image_wrap(&image, NULL, &bad));
    assert_ptr_equal(cellseg_image_pixels(image, 1), pixels + 60);
    cellseg_image_free(image);
    bad.pixel_type = CELLSEG_UINT32;
    bad.channels = 1;
    bad.pixel_stride_bytes = 8;
    cellseg_labels *labels;
    assert_status(cellseg_labels_wrap(&labels, NULL, &bad), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "next to each other"));
}

static void labels_hold_ids(void **state) {
    (void)state;
    cellseg_labels *labels;
    assert_ok(cellseg_labels_new(&labels, NULL, 3, 4));
    assert_int_equal(cellseg_labels_max_id(labels), 0);
    cellseg_labels_data_mut(labels)[7] = 70000;
    assert_int_equal(cellseg_labels_max_id(labels), 70000);
    assert_int_equal(cellseg_labels_data(labels)[7], 70000);
    const cseg_plane plane = cseg_labels_plane(labels);
    assert_int_equal(cseg_row_u32(&plane, 1)[3], 70000);
    cellseg_labels_free(labels);
    cellseg_labels_free(NULL);
}

static void borrowed_ids_keep_their_stride_and_are_released_once(void **state) {
    (void)state;
    uint32_t ids[4][8] = {{0}};
    ids[2][3] = 70000;
    ids[1][6] = 4000000000U; /* between the rows: nobody's id */
    int releases = 0;
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = ids;
    layout.height = 4;
    layout.width = 5;
    layout.pixel_type = CELLSEG_UINT32;
    layout.row_stride_bytes = sizeof ids[0];
    layout.pixel_size_um = 0.5;
    layout.release = count_release;
    layout.release_user = &releases;
    cellseg_labels *labels;
    assert_ok(cellseg_labels_wrap(&labels, NULL, &layout));
    assert_ptr_equal(cellseg_labels_data(labels), ids);
    assert_null(cellseg_labels_data_mut(labels));
    assert_int_equal(cellseg_labels_row_stride_bytes(labels), sizeof ids[0]);
    assert_int_equal(cellseg_labels_max_id(labels), 70000);
    assert_true(cellseg_labels_pixel_size_um(labels) == 0.5);
    cellseg_labels_free(labels);
    assert_int_equal(releases, 1);

    cellseg_image_layout bad[] = {layout, layout, layout, layout};
    bad[0].pixel_type = CELLSEG_FLOAT32;
    bad[1].channels = 2;
    bad[2].row_stride_bytes = 16;
    bad[3].row_stride_bytes = (size_t)0 - sizeof ids[0]; /* backwards */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(cellseg_labels_wrap(&labels, NULL, &bad[i]), CELLSEG_ERR_ARGUMENT);
        assert_null(labels);
    }
    assert_status(cellseg_labels_wrap(&labels, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_wrap(NULL, NULL, &layout), CELLSEG_ERR_ARGUMENT);
    assert_int_equal(cellseg_labels_row_stride_bytes(NULL), 0);
    assert_int_equal(releases, 1);
}

static void channels_have_names(void **state) {
    (void)state;
    cellseg_image *image;
    int32_t found = 7;
    assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT8, 4, 2, 2));
    assert_null(cellseg_image_channel_name(image, 0));
    assert_status(cellseg_image_find_channel(&found, image, "DAPI"), CELLSEG_ERR_ARGUMENT);
    assert_int_equal(found, -1);
    char name[] = "Phalloidin";
    assert_ok(cellseg_image_set_channel_name(image, 1, name));
    name[0] = 'x'; /* the image has a copy */
    assert_ok(cellseg_image_set_channel_name(image, 2, "DAPI"));
    assert_ok(cellseg_image_set_channel_name(image, 3, "dapi"));
    assert_string_equal(cellseg_image_channel_name(image, 1), "Phalloidin");
    assert_null(cellseg_image_channel_name(image, 0));
    assert_null(cellseg_image_channel_name(image, 4));
    assert_null(cellseg_image_channel_name(image, -1));
    assert_null(cellseg_image_channel_name(NULL, 0));
    assert_ok(cellseg_image_find_channel(&found, image, "pHALLOIDIN"));
    assert_int_equal(found, 1);
    assert_ok(cellseg_image_find_channel(&found, image, "dapi")); /* exactly so, although another differs in case alone */
    assert_int_equal(found, 3);
    assert_status(cellseg_image_find_channel(&found, image, "Dapi"), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "2 channels are named \"Dapi\""));
    assert_status(cellseg_image_find_channel(&found, image, "Cy5"), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "0, 1 \"Phalloidin\", 2 \"DAPI\", 3 \"dapi\""));
    assert_ok(cellseg_image_set_channel_name(image, 2, "dapi"));
    assert_status(cellseg_image_find_channel(&found, image, "dapi"), CELLSEG_ERR_ARGUMENT);
    assert_ok(cellseg_image_set_channel_name(image, 2, NULL));
    assert_ok(cellseg_image_set_channel_name(image, 3, ""));
    assert_null(cellseg_image_channel_name(image, 2));
    assert_null(cellseg_image_channel_name(image, 3));
    assert_status(cellseg_image_set_channel_name(image, 4, "x"), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_set_channel_name(image, -1, "x"), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_set_channel_name(NULL, 0, "x"), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_find_channel(NULL, image, "x"), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_find_channel(&found, NULL, "x"), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_image_find_channel(&found, image, NULL), CELLSEG_ERR_ARGUMENT);
    cellseg_image_free(image);
}

static cellseg_status make_everything(cellseg_context *context, void *data) {
    (void)data;
    cellseg_image *image = NULL;
    cellseg_labels *labels = NULL;
    cseg_plane plane = {0};
    cellseg_status status = cellseg_image_new(&image, context, CELLSEG_UINT8, 1, 9, 9);
    if (status == CELLSEG_OK)
        status = cellseg_image_set_channel_name(image, 0, "marker");
    if (status == CELLSEG_OK)
        status = cellseg_labels_new(&labels, context, 9, 9);
    if (status == CELLSEG_OK)
        status = cseg_plane_new(&plane, context, CELLSEG_FLOAT32, 9, 9);
    cseg_plane_free(&plane);
    cellseg_labels_free(labels);
    cellseg_image_free(image);
    return status;
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    assert_survives_failing_allocations(make_everything, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_image_is_zero_and_knows_its_size),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(borrowed_pixels_keep_their_strides_and_are_released_once),
        cmocka_unit_test(interleaved_channels_are_read_in_every_type),
        cmocka_unit_test(impossible_pixel_strides_are_refused),
        cmocka_unit_test(labels_hold_ids),
        cmocka_unit_test(borrowed_ids_keep_their_stride_and_are_released_once),
        cmocka_unit_test(channels_have_names),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
