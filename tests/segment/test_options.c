/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of segmentation: ranges, presets, structs of other releases, descriptor tables. */
#include "segment/calls.h"

/* ---- ranges ---- */

#define REFUSES_INNER(member, value)                                                                                             \
    do {                                                                                                                         \
        cellseg_segment_options o = defaults();                                                                                  \
        cellseg_method inner = default_method();                                                                                 \
        o.method = &inner;                                                                                                       \
        inner.member = value;                                                                                                    \
        assert_refused(field.image, &o);                                                                                         \
    } while (0)
#define REFUSES(member, value)                                                                                                   \
    do {                                                                                                                         \
        cellseg_segment_options o = defaults();                                                                                  \
        o.member = value;                                                                                                        \
        assert_refused(field.image, &o);                                                                                         \
    } while (0)

static void absurd_options_are_refused(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 1, 1, 1, 3));
    REFUSES(channel, -1);
    REFUSES(channel, 2);
    REFUSES(pixel_size_um, -1);
    REFUSES(pixel_size_um, (double)NAN);
    REFUSES(pixel_size_um, 1e9);
    REFUSES_INNER(working_pixel_size_um, 0);
    REFUSES_INNER(top_hat_um, -1);
    REFUSES_INNER(nucleus_radius_min_um, 0);
    REFUSES_INNER(nucleus_radius_min_um, 11);
    REFUSES_INNER(nucleus_radius_max_um, (double)INFINITY);
    REFUSES_INNER(nucleus_radius_max_um, 900);
    REFUSES_INNER(nucleus_scales, 0);
    REFUSES_INNER(nucleus_scales, 33);
    REFUSES_INNER(cell_probability, 2);
    REFUSES(sensitivity, 0);
    REFUSES(sensitivity, 101);
    REFUSES(outline_sensitivity, -1);
    REFUSES_INNER(nucleus_valley, -1);
    REFUSES(h_um, -1);
    REFUSES(nucleus_area_min_um2, -1);
    REFUSES_INNER(nucleus_probability_min, 2);
    REFUSES_INNER(nucleus_strength_ratio, 1.1);
    REFUSES_INNER(cell_sigma_um, -1);
    REFUSES_INNER(cell_sigma_um, 999);
    REFUSES_INNER(cell_area_expected_um2, -1);
    REFUSES_INNER(cell_compactness, -1);
    REFUSES_INNER(relief, 4);
    REFUSES_INNER(background_rule, 2);
    REFUSES(cell_area_min_um2, -1);
    REFUSES(cell_area_max_um2, -1);
    REFUSES_INNER(cytoplasm_min, 1.5);
    REFUSES(smooth_um, -1);
    REFUSES(drop_border_cells, 2);
    REFUSES(fill_holes, -1);
    REFUSES_INNER(cell_ring_um, -1);
    REFUSES(use_extra_output, 2);
    REFUSES(marker_check, 3);
    REFUSES(preset, 2);
    REFUSES(nucleus_diameter_um, -1);
    REFUSES(nucleus_diameter_um, (double)NAN);
    REFUSES(nucleus_diameter_um, 1e9);
    REFUSES(orientations, 0);
    REFUSES(orientations, 3);
    REFUSES(orientations, 16);
    REFUSES(orientations, -1);
    REFUSES(struct_size, 8);
    REFUSES_INNER(struct_size, 8);
    cellseg_segment_options crossed = defaults();
    crossed.cell_area_min_um2 = 200;
    crossed.cell_area_max_um2 = 100;
    assert_refused(field.image, &crossed);
    assert_ok(cellseg_image_set_pixel_size_um(field.image, 0));
    const cellseg_segment_options options = defaults();
    assert_refused(field.image, &options);
    painted_free(&field);
}

static void options_are_checked_on_their_own(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    cellseg_method inner = default_method();
    assert_ok(cellseg_segment_options_check(NULL));
    assert_ok(cellseg_segment_options_check(&options));
    options.method = &inner;
    assert_ok(cellseg_segment_options_check(&options));
    inner.nucleus_radius_min_um = 20;
    assert_status(cellseg_segment_options_check(&options), CELLSEG_ERR_ARGUMENT);
    assert_string_equal(cellseg_last_error(), "nucleus_radius_min_um is 20, more than nucleus_radius_max_um, 10");
    options = defaults();
    options.sensitivity = 0;
    assert_status(cellseg_segment_options_check(&options), CELLSEG_ERR_ARGUMENT);
    assert_string_equal(cellseg_last_error(), "sensitivity is 0; it must lie in (0, 100]");
    options.sensitivity = 1e-12;
    assert_ok(cellseg_segment_options_check(&options));
    options.channel = -1;
    assert_status(cellseg_segment_options_check(&options), CELLSEG_ERR_ARGUMENT);
    assert_string_equal(cellseg_last_error(), "channel is -1; it must lie in [0, 2.14748e+09]");
    options = defaults();
    options.nuclei_channel = -1;
    assert_status(cellseg_segment_options_check(&options), CELLSEG_ERR_ARGUMENT);
    options = defaults();
    options.struct_size = 0;
    assert_status(cellseg_segment_options_check(&options), CELLSEG_ERR_ARGUMENT);
}

/* ---- presets ---- */

static void presets(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    options.channel = 1;
    options.pixel_size_um = 0.3;
    options.h_um = 77;
    assert_ok(cellseg_segment_options_preset(&options, CELLSEG_PRESET_PAPER));
    assert_true(options.h_um == 3 && options.sensitivity == 60 && options.preset == CELLSEG_PRESET_PAPER);
    assert_true(options.channel == 1 && options.pixel_size_um == 0.3 && options.struct_size == sizeof options);
    assert_ok(cellseg_segment_options_preset(&options, CELLSEG_PRESET_DEFAULT));
    cellseg_segment_options own = defaults();
    own.channel = 1;
    own.pixel_size_um = 0.3;
    assert_memory_equal(&own, &options, sizeof own);
    assert_status(cellseg_segment_options_preset(&options, 2), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_options_preset(NULL, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_options_init(NULL, sizeof options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_options_init(&options, 16), CELLSEG_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absurd_options_are_refused),
        cmocka_unit_test(options_are_checked_on_their_own),
        cmocka_unit_test(presets),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
