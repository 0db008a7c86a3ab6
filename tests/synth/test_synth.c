/* SPDX-License-Identifier: BSD-3-Clause */
/* Simulated fields: what holds for every one, the same bytes for any threads, arguments, failing allocations, cancel. */
#include "testing.h"

#include <cellseg/cellseg.h>

#include <math.h>

typedef struct field {
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
} field;

/* Options whose values are all written out. */
typedef struct recipe {
    cellseg_synth_options options;
    cellseg_synth_cells cells;
    cellseg_synth_staining staining;
    cellseg_synth_optics optics;
    cellseg_synth_camera camera;
} recipe;

static void init_recipe(recipe *r) {
    assert_ok(cellseg_synth_options_init(&r->options, sizeof r->options));
    assert_ok(cellseg_synth_cells_init(&r->cells, sizeof r->cells, CELLSEG_STAIN_DIFFUSE));
    assert_ok(cellseg_synth_staining_init(&r->staining, sizeof r->staining, CELLSEG_STAIN_DIFFUSE));
    assert_ok(cellseg_synth_optics_init(&r->optics, sizeof r->optics, CELLSEG_STAIN_DIFFUSE));
    assert_ok(cellseg_synth_camera_init(&r->camera, sizeof r->camera, CELLSEG_STAIN_DIFFUSE));
}

static cellseg_status write_out(recipe *r) {
    return cellseg_synth_options_draw(&r->options, &r->cells, &r->staining, &r->optics, &r->camera);
}

static void draw(recipe *r, int32_t stain, uint64_t seed) {
    init_recipe(r);
    r->options.stain = stain;
    r->options.seed = seed;
    r->options.vary = 1;
    assert_ok(write_out(r));
}

static cellseg_status make(field *f, cellseg_context *context, size_t height, size_t width,
                           const cellseg_synth_options *options) {
    return cellseg_synth_field(&f->image, &f->cells, &f->nuclei, context, height, width, options);
}

static void release(field *f) {
    cellseg_image_free(f->image);
    cellseg_labels_free(f->cells);
    cellseg_labels_free(f->nuclei);
}

static void assert_same(const field *a, const field *b) {
    const size_t pixels = cellseg_labels_height(a->cells) * cellseg_labels_width(a->cells);
    const size_t sample = cellseg_image_pixel_type(a->image) == CELLSEG_UINT8 ? 1 : 2;
    assert_memory_equal(cellseg_labels_data(a->cells), cellseg_labels_data(b->cells), pixels * sizeof(uint32_t));
    assert_memory_equal(cellseg_labels_data(a->nuclei), cellseg_labels_data(b->nuclei), pixels * sizeof(uint32_t));
    assert_int_equal(cellseg_image_channels(a->image), cellseg_image_channels(b->image));
    for (int32_t k = 0; k < cellseg_image_channels(a->image); k++)
        assert_memory_equal(cellseg_image_pixels(a->image, k), cellseg_image_pixels(b->image, k), pixels * sample);
}

/* ---- what holds for every field ---- */

static void assert_valid(const field *f, uint64_t seed) {
    char violation[256];
    assert_ok(cellseg_labels_check(violation, sizeof violation, NULL, f->cells, f->nuclei));
    if (violation[0] != '\0')
        fail_msg("seed %llu: %s", (unsigned long long)seed, violation);
}

/* Ids count up in the order in which a reader of the map meets them. */
static void assert_raster_order(const cellseg_labels *cells) {
    const size_t pixels = cellseg_labels_height(cells) * cellseg_labels_width(cells);
    const uint32_t *ids = cellseg_labels_data(cells);
    uint32_t next = 1;
    for (size_t i = 0; i < pixels; i++) {
        assert_true(ids[i] <= next);
        next += ids[i] == next;
    }
}

static void labels_are_valid_whatever_is_drawn(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        recipe r;
        draw(&r, CELLSEG_STAIN_MIXED, seed);
        r.cells.branching = 2 * r.cells.branching + 0.5;
        r.options.pixel_size_um = seed % 3 == 0 ? 2 : 0.8;
        field f;
        assert_ok(make(&f, NULL, (size_t)(150 + seed), (size_t)(260 - seed), &r.options));
        assert_valid(&f, seed);
        assert_raster_order(f.cells);
        release(&f);
    }
}

static void the_smallest_and_the_emptiest_are_valid(void **state) {
    (void)state;
    recipe r;
    draw(&r, CELLSEG_STAIN_ER, 3);
    r.cells.confluence = 1;
    r.cells.cell_area_um2 = 20;
    const size_t sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {2, 3}};
    field f;
    for (size_t i = 0; i < 4; i++) {
        assert_ok(make(&f, NULL, sizes[i][0], sizes[i][1], &r.options));
        assert_valid(&f, i);
        release(&f);
    }
    r.cells.confluence = 0;
    assert_ok(make(&f, NULL, 40, 50, &r.options));
    assert_int_equal(cellseg_labels_max_id(f.cells), 0);
    release(&f);
}

static void results_are_of_the_kind_asked_for(void **state) {
    (void)state;
    cellseg_synth_options options;
    assert_ok(cellseg_synth_options_init(&options, sizeof options));
    options.stain = CELLSEG_STAIN_ACTIN;
    options.vary = 1;
    options.nuclei_channel = 1;
    options.pixel_size_um = 0.5;
    for (int32_t bits = 8; bits <= 16; bits++) {
        field f;
        options.bits = bits;
        assert_ok(make(&f, NULL, 60, 70, &options));
        assert_int_equal(cellseg_image_pixel_type(f.image), bits == 8 ? CELLSEG_UINT8 : CELLSEG_UINT16);
        assert_int_equal(cellseg_image_channels(f.image), 2);
        assert_int_equal(cellseg_image_height(f.image), 60);
        assert_int_equal(cellseg_labels_width(f.nuclei), 70);
        assert_true(cellseg_image_pixel_size_um(f.image) == 0.5 && cellseg_labels_pixel_size_um(f.cells) == 0.5 &&
                    cellseg_labels_pixel_size_um(f.nuclei) == 0.5);
        release(&f);
    }
    assert_ok(cellseg_synth_options_init(&options, sizeof options));
    field own, usual;
    assert_ok(make(&own, NULL, 50, 40, &options));
    assert_ok(make(&usual, NULL, 50, 40, NULL)); /* NULL means these */
    assert_same(&own, &usual);
    release(&own);
    release(&usual);
}

/* ---- the same bytes ---- */

static void threads_give_the_same_bytes(void **state) {
    (void)state;
    for (int32_t stain = CELLSEG_STAIN_DIFFUSE; stain <= CELLSEG_STAIN_MEMBRANE; stain++) {
        cellseg_synth_options options;
        assert_ok(cellseg_synth_options_init(&options, sizeof options));
        options.stain = stain;
        options.seed = 40 + (uint64_t)stain;
        options.vary = 1;
        options.nuclei_channel = 1;
        field f[3];
        const int32_t threads[] = {1, 2, 7};
        for (int i = 0; i < 3; i++) {
            cellseg_context *context = test_context(threads[i]);
            assert_ok(make(&f[i], context, 203, 190, &options));
            cellseg_context_free(context);
        }
        assert_same(&f[0], &f[1]);
        assert_same(&f[0], &f[2]);
        for (int i = 0; i < 3; i++)
            release(&f[i]);
    }
}

static bool same_pixels(const field *a, const field *b, size_t bytes) {
    return memcmp(cellseg_image_pixels(a->image, 0), cellseg_image_pixels(b->image, 0), bytes) == 0;
}

static void seeds_and_stains_differ(void **state) {
    (void)state;
    enum { STAINS = CELLSEG_STAIN_MEMBRANE };
    recipe r;
    init_recipe(&r);
    assert_ok(write_out(&r));
    field f[STAINS + 1];
    for (int i = 0; i <= STAINS; i++) {
        r.options.stain = i == STAINS ? CELLSEG_STAIN_DIFFUSE : i + 1; /* the groups are given: the same cells */
        r.options.seed = i == STAINS ? 2 : 1;
        assert_ok(make(&f[i], NULL, 100, 100, &r.options));
    }
    for (int i = 0; i <= STAINS; i++)
        for (int k = 0; k < i; k++)
            assert_false(same_pixels(&f[i], &f[k], 20000));
    for (int i = 1; i < STAINS; i++)
        assert_memory_equal(cellseg_labels_data(f[0].cells), cellseg_labels_data(f[i].cells), 40000);
    assert_memory_not_equal(cellseg_labels_data(f[0].cells), cellseg_labels_data(f[STAINS].cells), 40000);
    for (int i = 0; i <= STAINS; i++)
        release(&f[i]);
}

/* ---- arguments ---- */

/* Every member that is a double: its offset, its limits and its name. */
typedef struct limit {
    size_t offset;
    double lo, hi;
    const char *name;
} limit;
#define LIMIT(group, member, lo, hi)                                                                                             \
    { offsetof(recipe, group.member), lo, hi, #member }
static const limit limits[] = {
    LIMIT(options, pixel_size_um, 0.05, 5),
    LIMIT(cells, confluence, 0, 1),
    LIMIT(cells, clustering, 0, 1),
    LIMIT(cells, overlap, 0, 1),
    LIMIT(cells, cell_area_um2, 20, 20000),
    LIMIT(cells, cell_area_spread, 0, 1),
    LIMIT(cells, nucleus_radius_um, 1, 30),
    LIMIT(cells, nucleus_radius_spread, 0, 0.5),
    LIMIT(cells, elongation, 0, 8),
    LIMIT(cells, spikes, 0, 1),
    LIMIT(cells, branching, 0, 4),
    LIMIT(cells, dead, 0, 1),
    LIMIT(cells, dividing, 0, 1),
    LIMIT(cells, debris_per_mm2, 0, 10000),
    LIMIT(staining, brightness_spread, 0, 2),
    LIMIT(staining, nucleus_darkness, 0, 1),
    LIMIT(staining, texture, 0, 2),
    LIMIT(staining, nucleus_darkness_spread, 0, 1),
    LIMIT(optics, background, 0, 10),
    LIMIT(optics, haze, 0, 0.9),
    LIMIT(optics, haze_um, 0, 100),
    LIMIT(optics, psf_um, 0, 10),
    LIMIT(optics, vignetting, 0, 0.95),
    LIMIT(optics, uneven, 0, 0.95),
    LIMIT(camera, photons, 0, 1e7),
    LIMIT(camera, read_noise, 0, 1e4),
    LIMIT(camera, offset, 0, 0.5),
    LIMIT(camera, exposure, 0.001, 10),
};

static void assert_refused(const cellseg_synth_options *options, size_t height, size_t width, const char *names) {
    field f = {(void *)1, (void *)1, (void *)1};
    assert_status(make(&f, NULL, height, width, options), CELLSEG_ERR_ARGUMENT);
    assert_null(f.image);
    assert_null(f.cells);
    assert_null(f.nuclei);
    assert_non_null(strstr(cellseg_last_error(), names));
}

static void every_limit_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const limit *l = &limits[i];
        const double width = l->hi - l->lo;
        const double wrong[] = {l->lo - 1e-6 * width, l->hi + 1e-6 * width, (double)NAN, (double)INFINITY};
        const double right[] = {l->lo, l->hi};
        recipe r;
        draw(&r, CELLSEG_STAIN_ER, 1);
        double *value = (double *)(void *)((char *)&r + l->offset);
        for (int k = 0; k < 4; k++) {
            *value = wrong[k];
            assert_refused(&r.options, 8, 8, l->name);
        }
        for (int k = 0; k < 2; k++) {
            field f;
            *value = right[k];
            assert_ok(make(&f, NULL, 8, 8, &r.options));
            release(&f);
        }
    }
}

static void bad_arguments_are_refused(void **state) {
    (void)state;
    recipe r;
    draw(&r, CELLSEG_STAIN_ER, 1);
    cellseg_synth_options *options = &r.options;
    assert_refused(options, 0, 8, "height");
    assert_refused(options, 8, 16385, "width");
    int32_t *const whole[] = {&options->stain, &options->vary, &options->nuclei_channel, &options->bits};
    const int32_t wrong[][2] = {{-1, 8}, {-1, 2}, {-1, 2}, {7, 17}};
    const char *const names[] = {"stain", "vary", "nuclei_channel", "bits"};
    for (int i = 0; i < 4; i++) {
        const int32_t kept = *whole[i];
        for (int k = 0; k < 2; k++) {
            *whole[i] = wrong[i][k];
            assert_refused(options, 8, 8, names[i]);
        }
        *whole[i] = kept;
    }
    field f;
    assert_status(cellseg_synth_field(NULL, &f.cells, &f.nuclei, NULL, 8, 8, options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_synth_field(&f.image, NULL, &f.nuclei, NULL, 8, 8, options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_synth_field(&f.image, &f.cells, NULL, NULL, 8, 8, options), CELLSEG_ERR_ARGUMENT);
    r.cells.confluence = 1;
    r.cells.cell_area_um2 = 20;
    options->pixel_size_um = 5;
    assert_status(make(&f, NULL, 16384, 50, options), CELLSEG_ERR_LIMIT); /* more than a million cells */
    r.optics.struct_size = 8;
    assert_refused(options, 8, 8, "cellseg_synth_optics: struct_size");
    options->struct_size = 8;
    assert_refused(options, 8, 8, "cellseg_synth_options: struct_size");
}

/* ---- groups ---- */

static void group_functions_check_theirs(void **state) {
    (void)state;
    recipe r;
    assert_status(cellseg_synth_options_init(NULL, sizeof r.options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_synth_options_init(&r.options, 8), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_synth_cells_init(NULL, sizeof r.cells, CELLSEG_STAIN_ER), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_synth_staining_init(&r.staining, 8, CELLSEG_STAIN_ER), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_synth_optics_init(&r.optics, sizeof r.optics, CELLSEG_STAIN_MIXED), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_synth_camera_init(&r.camera, sizeof r.camera, CELLSEG_STAIN_MEMBRANE + 1), CELLSEG_ERR_ARGUMENT);
    init_recipe(&r);
    assert_status(cellseg_synth_options_draw(NULL, &r.cells, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    r.options.vary = 1;
    recipe before = r;
    r.camera.struct_size = before.camera.struct_size = 8;
    assert_status(write_out(&r), CELLSEG_ERR_ARGUMENT);
    assert_memory_equal(&r, &before, sizeof r);
    r.options.bits = before.options.bits = 7;
    assert_status(write_out(&r), CELLSEG_ERR_ARGUMENT);
    assert_memory_equal(&r, &before, sizeof r);
}

static void values_that_are_written_out_give_the_same_field(void **state) {
    (void)state;
    bool drawn[CELLSEG_STAIN_MEMBRANE + 1] = {false};
    for (uint64_t seed = 0; seed < 40; seed++) {
        recipe r;
        field f[3];
        init_recipe(&r);
        r.options.seed = seed;
        r.options.stain = CELLSEG_STAIN_MIXED;
        r.options.vary = seed % 4 != 0;
        r.options.bits = 16;
        assert_ok(make(&f[0], NULL, 60, 50, &r.options));
        assert_ok(cellseg_synth_options_draw(&r.options, NULL, NULL, &r.optics, NULL)); /* the others stay as they are */
        assert_true(r.options.optics == &r.optics && r.options.cells == NULL && r.options.bits == 16);
        assert_ok(make(&f[1], NULL, 60, 50, &r.options));
        assert_ok(write_out(&r));
        assert_true(r.options.cells == &r.cells && r.options.seed == seed && r.options.stain != CELLSEG_STAIN_MIXED);
        drawn[r.options.stain] = true;
        assert_ok(make(&f[2], NULL, 60, 50, &r.options));
        assert_same(&f[0], &f[1]);
        assert_same(&f[0], &f[2]);
        for (int i = 0; i < 3; i++)
            release(&f[i]);
    }
    for (int32_t stain = CELLSEG_STAIN_DIFFUSE; stain <= CELLSEG_STAIN_MEMBRANE; stain++)
        assert_true(drawn[stain]);
}

static void a_given_group_leaves_the_others_as_drawn(void **state) {
    (void)state;
    recipe all, some;
    draw(&all, CELLSEG_STAIN_ACTIN, 3);
    init_recipe(&some);
    some.options.stain = CELLSEG_STAIN_ACTIN;
    some.options.seed = 3;
    some.options.vary = 1;
    cellseg_synth_staining given = some.staining;
    given.texture = 0.75;
    some.options.staining = &given;
    assert_ok(write_out(&some));
    assert_memory_equal(&some.cells, &all.cells, sizeof all.cells);
    assert_memory_equal(&some.optics, &all.optics, sizeof all.optics);
    assert_memory_equal(&some.camera, &all.camera, sizeof all.camera);
    assert_memory_equal(&some.staining, &given, sizeof given);
    assert_memory_not_equal(&some.staining, &all.staining, sizeof given);
}

/* As stated in synth.h: the defaults are the diffuse stain's. */
static void tables_hold_the_defaults(void **state) {
    (void)state;
    recipe r;
    char text[4096];
    init_recipe(&r);
    const struct {
        const cellseg_option_table *table;
        const void *values;
    } groups[] = {{cellseg_synth_cells_table(), &r.cells},
                  {cellseg_synth_staining_table(), &r.staining},
                  {cellseg_synth_optics_table(), &r.optics},
                  {cellseg_synth_camera_table(), &r.camera}};
    size_t members = 0;
    for (size_t g = 0; g < 4; g++)
        for (size_t i = 0; i < cellseg_option_table_count(groups[g].table); i++, members++) {
            cellseg_option o;
            assert_ok(cellseg_option_table_get(&o, sizeof o, groups[g].table, i));
            assert_int_equal(o.type, CELLSEG_OPTION_DOUBLE);
            assert_true(*(const double *)(const void *)((const char *)groups[g].values + o.offset) == o.standard);
        }
    assert_int_equal(members, sizeof limits / sizeof *limits - 1);
    r.options.optics = &r.optics;
    assert_ok(cellseg_option_table_json(text, sizeof text, cellseg_synth_options_table(), &r.options));
    assert_non_null(strstr(text, "\"stain\": \"diffuse\", \"vary\": \"no\""));
    assert_non_null(strstr(text, "\"staining\": null, \"optics\": {\"background\": 0.1, \"haze\": 0.25,"));
}

/* ---- memory, cancel ---- */

static cellseg_status make_small(cellseg_context *context, void *data) {
    field f;
    const cellseg_status status = make(&f, context, 64, 80, data);
    if (status == CELLSEG_OK)
        release(&f);
    return status;
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    recipe r;
    draw(&r, CELLSEG_STAIN_TUBULIN, 2);
    r.options.nuclei_channel = 1;
    r.cells.branching = 2;
    r.optics.haze_um = 20; /* a wide blur allocates more */
    assert_survives_failing_allocations(make_small, &r.options);
}

static void a_budget_is_kept(void **state) {
    (void)state;
    cellseg_context_options limited;
    assert_ok(cellseg_context_options_init(&limited, sizeof limited));
    limited.memory_budget_bytes = 1 << 20;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &limited));
    field f;
    assert_status(make(&f, context, 400, 400, NULL), CELLSEG_ERR_LIMIT);
    assert_null(f.image);
    cellseg_context_free(context);
}

typedef struct patience {
    int calls, most;
    double last;
} patience;

static int32_t lose_patience(void *user, double fraction, const char *step) {
    patience *p = user;
    (void)step;
    assert_true(fraction >= p->last && fraction <= 1);
    p->last = fraction;
    return ++p->calls > p->most;
}

static void cancel_is_obeyed_at_every_step(void **state) {
    (void)state;
    recipe r;
    draw(&r, CELLSEG_STAIN_ENDOSOMES, 4);
    r.options.nuclei_channel = 1;
    for (int most = 0;; most += 1 + most / 4) {
        patience p = {.most = most};
        cellseg_context_options impatient;
        assert_ok(cellseg_context_options_init(&impatient, sizeof impatient));
        impatient.threads = 1;
        impatient.progress = lose_patience;
        impatient.progress_user = &p;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &impatient));
        field f;
        const cellseg_status status = make(&f, context, 90, 90, &r.options);
        cellseg_context_free(context);
        if (status == CELLSEG_OK) {
            release(&f);
            assert_true(most > 0);
            return;
        }
        assert_status(status, CELLSEG_ERR_CANCELLED);
        assert_null(f.image);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_valid_whatever_is_drawn),
        cmocka_unit_test(the_smallest_and_the_emptiest_are_valid),
        cmocka_unit_test(results_are_of_the_kind_asked_for),
        cmocka_unit_test(threads_give_the_same_bytes),
        cmocka_unit_test(seeds_and_stains_differ),
        cmocka_unit_test(every_limit_holds),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(group_functions_check_theirs),
        cmocka_unit_test(values_that_are_written_out_give_the_same_field),
        cmocka_unit_test(a_given_group_leaves_the_others_as_drawn),
        cmocka_unit_test(tables_hold_the_defaults),
        cmocka_unit_test(failing_allocations_are_survived),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(cancel_is_obeyed_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
