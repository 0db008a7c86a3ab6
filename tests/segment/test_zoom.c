/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps of other zooms, and the zoom that nuclei ask for, against the same steps taken one by one here, in double. */
#include "segment/fixture.h"

#include "filter/filter.h"

#include <math.h>

static cellseg_model *model;

static int set_up(void **state) {
    (void)state;
    model = learn_painted(150);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    cellseg_model_free(model);
    return 0;
}

static cellseg_segment_options defaults(void) {
    cellseg_segment_options options;
    assert_ok(cellseg_segment_options_init(&options, sizeof options));
    return options;
}

/* What a call works on and gives. */
typedef struct scene {
    cseg_plane input, maps[CSEG_MAX_CLASSES];
    const cellseg_model *model;
    uint32_t classes;
    int32_t extra_kind;
} scene;

static scene scene_of(const cellseg_model *of, size_t height, size_t width) {
    scene s = {.model = of, .classes = cseg_model_rule(of)->classes};
    assert_ok(cseg_segment_model_extra(&s.extra_kind, of));
    assert_ok(cseg_plane_new(&s.input, NULL, CELLSEG_FLOAT32, height, width));
    for (uint32_t c = 0; c < s.classes; c++)
        assert_ok(cseg_plane_new(&s.maps[c], NULL, CELLSEG_FLOAT32, height, width));
    return s;
}

static scene random_scene(const cellseg_model *of, size_t height, size_t width) {
    scene s = scene_of(of, height, width);
    uint64_t seed = height;
    for (size_t i = 0; i < height * width; i++)
        ((float *)s.input.data)[i] = (float)test_uniform(&seed);
    return s;
}

/* Cells painted `scale` times as large as the model knows them. */
static scene painted_scene(size_t rows, size_t columns, double scale) {
    painted field;
    assert_ok(paint(&field, NULL, rows, columns, scale, 3));
    const cseg_plane marker = cseg_image_plane(field.image, 0);
    scene s = scene_of(model, marker.height, marker.width);
    cseg_plane_free(&s.input);
    assert_ok(cseg_segment_preprocess(NULL, &s.input, &marker, fixture_pixel_um, &fixture_net.rule));
    painted_free(&field);
    return s;
}

static void scene_free(scene *s) {
    cseg_plane_free(&s->input);
    for (uint32_t c = 0; c < s->classes; c++)
        cseg_plane_free(&s->maps[c]);
}

static cellseg_status view(cellseg_context *context, scene *s, const cellseg_segment_options *options) {
    cseg_view v = {.context = context, .model = s->model, .options = options, .input = &s->input, .maps = s->maps};
    v.extra_kind = s->extra_kind;
    v.to = 1;
    return cseg_segment_view(&v);
}

/* ---- maps ---- */

static size_t zoomed(size_t length, double zoom) {
    const long pixels = lround((double)length * zoom);
    return pixels > 0 ? (size_t)pixels : 1;
}

/* Adds the maps at a zoom to sum: of pixels that are zoom times as many a side, brought back; distances in their own length. */
static void add_zoom(double *sum, const scene *s, double zoom, int32_t orientations) {
    const size_t area = s->input.height * s->input.width;
    scene there = scene_of(s->model, zoomed(s->input.height, zoom), zoomed(s->input.width, zoom));
    cseg_plane back;
    assert_ok(cseg_plane_new(&back, NULL, CELLSEG_FLOAT32, s->input.height, s->input.width));
    assert_ok(cseg_filter_resample(NULL, &there.input, &s->input));
    assert_ok(cseg_segment_predict(NULL, there.maps, s->model, &there.input, orientations));
    for (uint32_t c = 0; c < s->classes; c++) {
        assert_ok(cseg_filter_resample(NULL, &back, &there.maps[c]));
        for (size_t i = 0; i < area; i++) {
            double value = (double)((float *)back.data)[i];
            if (c == CSEG_MAP_EXTRA && value < 1) {
                const double um = CSEG_DISTANCE_HALF_UM * value / (1 - value) / zoom;
                value = um / (um + CSEG_DISTANCE_HALF_UM);
            }
            sum[c * area + i] += value;
        }
    }
    cseg_plane_free(&back);
    scene_free(&there);
}

static double *mean_of_zooms(const scene *s, double zoom, double factor, int32_t orientations) {
    const size_t samples = s->classes * s->input.height * s->input.width;
    double *sum = calloc(samples, sizeof *sum);
    for (int i = -1; i <= 1; i++)
        add_zoom(sum, s, zoom * pow(factor, i), orientations);
    for (size_t i = 0; i < samples; i++)
        sum[i] /= 3;
    return sum;
}

static void assert_maps(const scene *s, const double *expected) {
    const size_t area = s->input.height * s->input.width;
    for (size_t i = 0; i < s->classes * area; i++)
        assert_true(fabs((double)((float *)s->maps[i / area].data)[i % area] - expected[i]) < 2e-6);
}

static void check_zooms(const cellseg_model *of, size_t height, size_t width) {
    static const double zooms[] = {0.25, 0.7, 1, 1.37, 4};
    scene s = random_scene(of, height, width);
    cellseg_segment_options options = defaults();
    for (size_t i = 0; i < sizeof zooms / sizeof zooms[0]; i++) {
        double *expected = calloc(s.classes * height * width, sizeof *expected);
        options.zoom = zooms[i];
        options.zooms = 1;
        assert_ok(view(NULL, &s, &options));
        add_zoom(expected, &s, zooms[i], options.orientations);
        assert_maps(&s, expected);
        free(expected);
        options.zooms = 3;
        assert_ok(view(NULL, &s, &options));
        expected = mean_of_zooms(&s, zooms[i], 1.2, options.orientations);
        assert_maps(&s, expected);
        free(expected);
    }
    scene_free(&s);
}

static void maps_of_other_zooms(void **state) {
    (void)state;
    check_zooms(model, 70, 41);
    check_zooms(model, 1, 1);
    check_zooms(model, 2, 30);
}

static void distances_keep_their_length(void **state) {
    (void)state;
    cellseg_model *with_distances;
    assert_ok(cellseg_model_default(&with_distances, NULL));
    assert_int_equal(cseg_model_rule(with_distances)->classes, CSEG_MAP_EXTRA + 1);
    scene s = random_scene(with_distances, 60, 50);
    cellseg_segment_options options = defaults();
    options.zoom = 1.5;
    double *expected = calloc(s.classes * s.input.height * s.input.width, sizeof *expected);
    assert_ok(view(NULL, &s, &options));
    add_zoom(expected, &s, options.zoom, options.orientations);
    assert_maps(&s, expected);
    free(expected);
    scene_free(&s);
    cellseg_model_free(with_distances);
}

/* ---- the zoom that nuclei ask for ---- */

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the nuclei in a map at the fixture's scale; 0: fewer than five. */
static double median_diameter_um(const scene *s, const double *maps, const cellseg_segment_options *options) {
    const size_t area = s->input.height * s->input.width;
    scene own = scene_of(s->model, s->input.height, s->input.width);
    cseg_plane nuclei;
    uint32_t count;
    assert_ok(cseg_plane_new(&nuclei, NULL, CELLSEG_UINT32, s->input.height, s->input.width));
    for (size_t i = 0; i < area; i++)
        ((float *)own.maps[CSEG_MAP_NUCLEUS].data)[i] = (float)maps[i];
    assert_ok(cseg_segment_seeds(NULL, &nuclei, &count, &own.maps[CSEG_MAP_NUCLEUS], NULL, fixture_pixel_um, options));
    double *areas = calloc((size_t)count + 1, sizeof *areas);
    for (size_t i = 0; i < area; i++)
        if (((uint32_t *)nuclei.data)[i] != 0)
            areas[((uint32_t *)nuclei.data)[i] - 1]++;
    qsort(areas, count, sizeof *areas, by_size);
    double diameter = 0;
    if (count >= 5) {
        const double median = (areas[(count - 1) / 2] + areas[count / 2]) / 2;
        diameter = 2 * sqrt(median * fixture_pixel_um * fixture_pixel_um / acos(-1));
    }
    free(areas);
    cseg_plane_free(&nuclei);
    scene_free(&own);
    return diameter;
}

static double asked_zoom(const scene *s, const cellseg_segment_options *options) {
    double zoom = 1;
    for (int estimate = 0; estimate < 2; estimate++) {
        double *maps = mean_of_zooms(s, zoom, 1.4, 1);
        const double diameter = median_diameter_um(s, maps, options);
        free(maps);
        if (diameter == 0)
            break;
        zoom *= pow(15 / (diameter * zoom), 1.25);
        zoom = zoom < 0.5 ? 0.5 : zoom > 2 ? 2 : zoom;
    }
    return zoom;
}

static void nuclei_ask_for_a_zoom(void **state) {
    (void)state;
    static const double scales[] = {0.7, 1, 1.7, 2.2};
    double zooms[4];
    for (size_t i = 0; i < 4; i++) {
        scene asked = painted_scene(3, 4, scales[i]), given = painted_scene(3, 4, scales[i]);
        cellseg_segment_options options = defaults();
        options.zooms = 3;
        options.zoom = zooms[i] = asked_zoom(&given, &options);
        assert_ok(view(NULL, &given, &options));
        options.zoom = 0;
        assert_ok(view(NULL, &asked, &options));
        for (uint32_t c = 0; c < asked.classes; c++)
            assert_memory_equal(asked.maps[c].data, given.maps[c].data, given.input.height * given.input.width * sizeof(float));
        scene_free(&asked);
        scene_free(&given);
    }
    assert_true(zooms[0] == 2);
    for (size_t i = 1; i < 4; i++)
        assert_true(zooms[i] <= zooms[i - 1]);
    assert_true(zooms[3] < 1.7 && zooms[3] > 0.5); /* no limit's */
}

static void nothing_asks_for_no_zoom(void **state) {
    (void)state;
    scene s = scene_of(model, 60, 60);
    memset(s.input.data, 0, 60 * 60 * sizeof(float));
    cellseg_segment_options options = defaults();
    options.zoom = 0;
    assert_true(asked_zoom(&s, &options) == 1);
    assert_ok(view(NULL, &s, &options));
    double *expected = calloc(s.classes * 60 * 60, sizeof *expected);
    add_zoom(expected, &s, 1, options.orientations);
    assert_maps(&s, expected);
    free(expected);
    scene_free(&s);
}

/* ---- promises ---- */

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 2, 7};
    cellseg_segment_options options = defaults();
    options.zoom = 0;
    options.zooms = 3;
    scene want = painted_scene(3, 4, 1.7);
    assert_ok(view(NULL, &want, &options));
    for (size_t i = 0; i < 3; i++) {
        cellseg_context *context = test_context(threads[i]);
        scene got = painted_scene(3, 4, 1.7);
        assert_ok(view(context, &got, &options));
        for (uint32_t c = 0; c < want.classes; c++)
            assert_memory_equal(got.maps[c].data, want.maps[c].data, want.input.height * want.input.width * sizeof(float));
        scene_free(&got);
        cellseg_context_free(context);
    }
    scene_free(&want);
}

static cellseg_status allocating(cellseg_context *context, void *data) {
    cellseg_segment_options options = defaults();
    options.zoom = 0;
    options.orientations = 1;
    options.nucleus_probability_min = 0;
    return view(context, data, &options);
}

static void survives_failing_allocations(void **state) {
    (void)state;
    scene s = painted_scene(2, 3, 1);
    assert_survives_failing_allocations(allocating, &s);
    scene_free(&s);
}

typedef struct watch {
    double last;
    int left; /* reports until it stops the call; negative: it never does */
} watch;

static int32_t watching(void *user, double fraction, const char *step) {
    watch *w = user;
    assert_string_equal(step, "network");
    assert_true(fraction >= w->last && fraction <= 1);
    w->last = fraction;
    return w->left >= 0 && w->left-- == 0;
}

/* Every report may stop the call; undisturbed, its progress reaches its end and never falls. */
static void tells_its_progress_and_cancels(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    options.zoom = 0;
    options.zooms = 3;
    scene s = painted_scene(3, 4, 1);
    for (int left = -1; left < 9; left++) {
        watch w = {0, left};
        cellseg_context_options with;
        cellseg_context *context;
        assert_ok(cellseg_context_options_init(&with, sizeof with));
        with.progress = watching;
        with.progress_user = &w;
        assert_ok(cellseg_context_new(&context, &with));
        cseg_progress_start(context);
        const cellseg_status status = view(context, &s, &options);
        if (left < 0) {
            assert_ok(status);
            assert_true(w.last > 8.0 / 9 - 1e-9);
        } else
            assert_status(status, CELLSEG_ERR_CANCELLED);
        cellseg_context_free(context);
    }
    scene_free(&s);
}

static void a_zoom_beyond_the_budget_is_refused(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    scene s = painted_scene(3, 4, 2);
    cellseg_context_options with;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&with, sizeof with));
    with.memory_budget_bytes = 8 << 20;
    assert_ok(cellseg_context_new(&context, &with));
    assert_ok(view(context, &s, &options));
    options.zoom = 4;
    assert_status(view(context, &s, &options), CELLSEG_ERR_LIMIT);
    assert_non_null(strstr(cellseg_last_error(), "zoom"));
    cellseg_context_free(context);
    scene_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_of_other_zooms),
        cmocka_unit_test(distances_keep_their_length),
        cmocka_unit_test(nuclei_ask_for_a_zoom),
        cmocka_unit_test(nothing_asks_for_no_zoom),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(tells_its_progress_and_cancels),
        cmocka_unit_test(a_zoom_beyond_the_budget_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
