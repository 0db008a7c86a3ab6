/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of segmentation: ranges, presets, structs of other releases, descriptor tables. */
#include "segment/calls.h"

#include <math.h>
#include <stdio.h>

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

/* A member of a struct as a number, by its descriptor. */
static double value_of(const void *options, const cellseg_option *o) {
    const char *at = (const char *)options + o->offset;
    int32_t whole = 0;
    double number = 0;
    assert_true(o->type == CELLSEG_OPTION_INT32 || o->type == CELLSEG_OPTION_DOUBLE);
    memcpy(&number, at, o->type == CELLSEG_OPTION_DOUBLE ? sizeof number : 0);
    memcpy(&whole, at, o->type == CELLSEG_OPTION_INT32 ? sizeof whole : 0);
    return o->type == CELLSEG_OPTION_DOUBLE ? number : whole;
}

/* Every member has the preset's value; those that presets keep have `kept`'s, unless it is NULL. */
static void assert_values(const void *options, const cellseg_option_table *table, int32_t preset, const void *kept) {
    for (size_t i = 0; i < cellseg_option_table_count(table); i++) {
        cellseg_option o;
        assert_ok(cellseg_option_table_get(&o, sizeof o, table, i));
        if (o.type == CELLSEG_OPTION_GROUP)
            continue;
        const bool keeps = kept != NULL && (o.flags & CELLSEG_OPTION_FLAG_KEPT_BY_PRESET) != 0;
        const double expected = keeps ? value_of(kept, &o) : preset == CELLSEG_PRESET_PAPER ? o.paper : o.standard;
        assert_true(value_of(options, &o) == expected);
    }
}

static void presets(void **state) {
    (void)state;
    cellseg_method inner;
    cellseg_segment_options facts = defaults();
    facts.channel = 1;
    facts.nuclei_channel = 3;
    facts.pixel_size_um = 0.3;
    facts.nucleus_diameter_um = 11;
    for (int32_t preset = CELLSEG_PRESET_DEFAULT; preset <= CELLSEG_PRESET_PAPER; preset++) {
        cellseg_segment_options options = facts;
        options.h_um = 77;
        options.method = &inner;
        assert_ok(cellseg_method_init(&inner, sizeof inner, preset));
        assert_values(&inner, cellseg_method_table(), preset, NULL);
        assert_ok(cellseg_segment_options_preset(&options, preset));
        assert_values(&options, cellseg_segment_options_table(), preset, &facts);
        assert_true(options.preset == preset && options.method == NULL && options.struct_size == sizeof options);
    }
    const cellseg_segment_options own = defaults();
    assert_values(&own, cellseg_segment_options_table(), CELLSEG_PRESET_DEFAULT, &own);
    assert_true(own.method == NULL && own.preset == CELLSEG_PRESET_DEFAULT);
}

/* What the paper gives, and what it does not have. */
static void values_of_the_paper(void **state) {
    (void)state;
    cellseg_method inner;
    cellseg_segment_options options = defaults();
    assert_ok(cellseg_segment_options_preset(&options, CELLSEG_PRESET_PAPER));
    assert_ok(cellseg_method_init(&inner, sizeof inner, CELLSEG_PRESET_PAPER));
    assert_true(options.sensitivity == 60 && options.h_um == 3 && options.nucleus_area_min_um2 == 25);
    assert_true(options.outline_sensitivity == 0 && options.orientations == 1 && options.use_extra_output == 0);
    assert_int_equal(options.marker_check, CELLSEG_MARKER_WARN);
    assert_true(inner.top_hat_um == 130 && inner.nucleus_radius_min_um == 3 && inner.nucleus_radius_max_um == 10);
    assert_true(inner.nucleus_scales == 5 && inner.cell_probability == CELLSEG_CELL_CYTOPLASM);
    assert_true(inner.nucleus_valley == 0 && inner.nucleus_probability_min == 0 && inner.nucleus_strength_ratio == 0);
    assert_true(inner.cell_compactness == 0 && inner.cell_ring_um == 0 && inner.cytoplasm_min == 0);
    assert_true(inner.relief == CELLSEG_RELIEF_MARKER && inner.background_rule == CELLSEG_BACKGROUND_EXPECTED_AREA);
}

static cellseg_labels *cells_with(const inputs *in, const cellseg_segment_options *options) {
    cellseg_labels *cells;
    assert_ok(cellseg_segment(&cells, NULL, NULL, NULL, NULL, model, in->field.image, options));
    return cells;
}

/* Where `method` is NULL, `preset` gives the method's values; where both are given, the method's count. */
static void the_preset_gives_the_method(void **state) {
    (void)state;
    inputs in;
    cellseg_method paper, standard = default_method();
    inputs_new(&in, 4, 5, 1);
    assert_ok(cellseg_method_init(&paper, sizeof paper, CELLSEG_PRESET_PAPER));
    const cellseg_method *const given[] = {NULL, &paper, NULL, &standard, &paper, &standard};
    static const int32_t preset[] = {CELLSEG_PRESET_PAPER,   CELLSEG_PRESET_PAPER,   CELLSEG_PRESET_DEFAULT,
                                     CELLSEG_PRESET_DEFAULT, CELLSEG_PRESET_DEFAULT, CELLSEG_PRESET_PAPER};
    static const bool is_paper[] = {true, true, false, false, true, false};
    cellseg_labels *cells[6];
    for (size_t i = 0; i < 6; i++) {
        cellseg_segment_options options = defaults();
        options.preset = preset[i];
        options.method = given[i];
        cells[i] = cells_with(&in, &options);
    }
    const size_t bytes = cellseg_labels_height(cells[0]) * cellseg_labels_width(cells[0]) * sizeof(uint32_t);
    for (size_t i = 1; i < 6; i++)
        assert_int_equal(memcmp(cellseg_labels_data(cells[i]), cellseg_labels_data(cells[0]), bytes) == 0, is_paper[i]);
    for (size_t i = 0; i < 6; i++)
        cellseg_labels_free(cells[i]);
    inputs_free(&in);
}

static void bad_presets_and_structs_are_refused(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    cellseg_method inner;
    static const int32_t bad[] = {-1, 2, INT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        const cellseg_segment_options before = options;
        assert_status(cellseg_segment_options_preset(&options, bad[i]), CELLSEG_ERR_ARGUMENT);
        assert_non_null(strstr(cellseg_last_error(), "it must be CELLSEG_PRESET_DEFAULT (0) or CELLSEG_PRESET_PAPER (1)"));
        assert_memory_equal(&before, &options, sizeof before);
        assert_status(cellseg_method_init(&inner, sizeof inner, bad[i]), CELLSEG_ERR_ARGUMENT);
    }
    assert_status(cellseg_segment_options_preset(NULL, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_options_init(NULL, sizeof options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_options_init(&options, 16), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_method_init(NULL, sizeof inner, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_method_init(&inner, 16, 0), CELLSEG_ERR_ARGUMENT);
}

/* ---- structs of other releases ---- */

/* A newer program's members are zeros that this library does not know; what is set there is refused. */
static void newer_structs(void **state) {
    (void)state;
    struct {
        cellseg_segment_options known;
        double later[3];
    } options;
    struct {
        cellseg_method known;
        double later[3];
    } inner;
    memset(&options, 255, sizeof options);
    memset(&inner, 255, sizeof inner);
    assert_ok(cellseg_segment_options_init(&options.known, sizeof options));
    assert_ok(cellseg_method_init(&inner.known, sizeof inner, CELLSEG_PRESET_DEFAULT));
    assert_true(options.later[0] == 0 && options.later[2] == 0 && inner.later[0] == 0 && inner.later[2] == 0);
    assert_true(options.known.struct_size == sizeof options && inner.known.struct_size == sizeof inner);
    options.known.method = &inner.known;
    assert_ok(cellseg_segment_options_check(&options.known));
    options.later[2] = 1;
    assert_status(cellseg_segment_options_check(&options.known), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "cellseg_segment_options: byte "));
    assert_status(cellseg_segment_options_preset(&options.known, CELLSEG_PRESET_PAPER), CELLSEG_ERR_ARGUMENT);
    options.later[2] = 0;
    inner.later[0] = 1;
    assert_status(cellseg_segment_options_check(&options.known), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "cellseg_method: byte "));
    assert_ok(cellseg_segment_options_preset(&options.known, CELLSEG_PRESET_PAPER));
    assert_true(options.known.struct_size == sizeof options && options.known.h_um == 3);
}

/* No release had smaller structs, nor has one any of 64 KB. */
static void structs_of_no_release(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    cellseg_method inner = default_method();
    static const size_t sizes[] = {0, 8, 65537, SIZE_MAX};
    for (size_t i = 0; i < 6; i++) {
        options.struct_size = i < 4 ? sizes[i] : i == 4 ? sizeof options - 1 : sizeof options;
        inner.struct_size = i < 4 ? sizes[i] : offsetof(cellseg_method, background_rule);
        options.method = NULL;
        if (options.struct_size != sizeof options)
            assert_status(cellseg_segment_options_check(&options), CELLSEG_ERR_ARGUMENT);
        options.struct_size = sizeof options;
        options.method = &inner;
        assert_status(cellseg_segment_options_check(&options), CELLSEG_ERR_ARGUMENT);
        assert_non_null(strstr(cellseg_last_error(), "cellseg_method: struct_size is "));
    }
}

/* ---- descriptor tables ---- */

static void tables_describe_their_members(void **state) {
    (void)state;
    const cellseg_option_table *table = cellseg_segment_options_table();
    cellseg_option o;
    struct {
        cellseg_option known;
        double later[2];
    } newer;
    assert_string_equal(cellseg_option_table_name(table), "cellseg_segment_options");
    assert_string_equal(cellseg_option_table_name(cellseg_method_table()), "cellseg_method");
    assert_true(cellseg_option_table_count(table) <= 20);
    assert_string_equal(cellseg_option_table_name(NULL), "");
    assert_int_equal(cellseg_option_table_count(NULL), 0);
    memset(&newer, 255, sizeof newer);
    assert_ok(cellseg_option_table_get(&newer.known, sizeof newer, table, cellseg_option_table_count(table) - 1));
    assert_string_equal(newer.known.name, "method");
    assert_true(newer.known.group == cellseg_method_table() && newer.known.offset == offsetof(cellseg_segment_options, method));
    assert_true(newer.known.type == CELLSEG_OPTION_GROUP && newer.known.struct_size == sizeof newer && newer.later[1] == 0);
    assert_ok(cellseg_option_table_get(&o, sizeof o, table, 4));
    assert_string_equal(o.name, "sensitivity");
    assert_true(o.type == CELLSEG_OPTION_DOUBLE && o.offset == offsetof(cellseg_segment_options, sensitivity));
    assert_true(o.standard == 60 && o.lowest == 0 && o.highest == 100 && o.flags == CELLSEG_OPTION_FLAG_ABOVE_LOWEST);
    assert_true(o.choices == NULL && o.group == NULL);
    assert_status(cellseg_option_table_get(NULL, sizeof o, table, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_option_table_get(&o, sizeof o, NULL, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_option_table_get(&o, 16, table, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_option_table_get(&o, sizeof o, table, cellseg_option_table_count(table)), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "cellseg_segment_options has no member "));
}

/* Both ends of each range are legal and what lies beyond is not, whatever the struct's other members are. */
static void ranges_are_those_of_the_tables(void **state) {
    (void)state;
    const cellseg_option_table *table = cellseg_segment_options_table();
    for (size_t i = 0; i < cellseg_option_table_count(table); i++) {
        cellseg_option o;
        assert_ok(cellseg_option_table_get(&o, sizeof o, table, i));
        if (o.type != CELLSEG_OPTION_DOUBLE)
            continue;
        const bool above = (o.flags & CELLSEG_OPTION_FLAG_ABOVE_LOWEST) != 0,
                   or_zero = (o.flags & CELLSEG_OPTION_FLAG_OR_ZERO) != 0;
        const double values[] = {o.lowest, o.highest, nextafter(o.lowest, -1), nextafter(o.highest, INFINITY), NAN, 0, -0.5};
        const bool legal[] = {
            !above, true, or_zero && nextafter(o.lowest, -1) == 0, false, false, or_zero || (o.lowest <= 0 && !above), false};
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            cellseg_segment_options options = defaults();
            memcpy((char *)&options + o.offset, &values[v], sizeof(double));
            const bool crossed = strcmp(o.name, "cell_area_min_um2") == 0;
            if (crossed)
                options.cell_area_max_um2 = 0;
            assert_int_equal(cellseg_segment_options_check(&options) == CELLSEG_OK, legal[v]);
            if (!legal[v])
                assert_non_null(strstr(cellseg_last_error(), o.name));
        }
    }
}

static void json_of_a_table(void **state) {
    (void)state;
    const cellseg_option_table *table = cellseg_segment_options_table();
    cellseg_segment_options options = defaults();
    cellseg_method inner = default_method();
    char text[8192], exact[8192];
    options.method = &inner;
    assert_ok(cellseg_option_table_json(text, sizeof text, table, &options));
    const size_t length = strlen(text);
    assert_true(length < 4096 && text[0] == '{' && text[length - 1] == '}');
    memset(exact, 7, sizeof exact);
    assert_ok(cellseg_option_table_json(exact, length + 1, table, &options));
    assert_string_equal(exact, text);
    assert_int_equal(exact[length + 1], 7);
    assert_status(cellseg_option_table_json(exact, length, table, &options), CELLSEG_ERR_LIMIT);
    assert_string_equal(exact, "");
    char words[64];
    (void)snprintf(words, sizeof words, "needs %zu bytes; %zu are given", length + 1, length);
    assert_non_null(strstr(cellseg_last_error(), words));
    inner.relief = 9;
    assert_status(cellseg_option_table_json(text, sizeof text, table, &options), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "relief is 9"));
    assert_string_equal(text, "");
    assert_status(cellseg_option_table_json(NULL, 10, table, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_option_table_json(text, 0, table, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_option_table_json(text, sizeof text, NULL, NULL), CELLSEG_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absurd_options_are_refused),
        cmocka_unit_test(options_are_checked_on_their_own),
        cmocka_unit_test(presets),
        cmocka_unit_test(values_of_the_paper),
        cmocka_unit_test(the_preset_gives_the_method),
        cmocka_unit_test(bad_presets_and_structs_are_refused),
        cmocka_unit_test(newer_structs),
        cmocka_unit_test(structs_of_no_release),
        cmocka_unit_test(tables_describe_their_members),
        cmocka_unit_test(ranges_are_those_of_the_tables),
        cmocka_unit_test(json_of_a_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
