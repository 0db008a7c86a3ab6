/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps of other zooms, and the zoom that nuclei ask for, against the same steps taken one by one here, in double. */
#include "segment/fixture.h"

#include "core/context.h"
#include "filter/filter.h"

#include <cellseg/synth.h>

#include <math.h>
#include <stdio.h>

static cellseg_model *model, *with_distances;

static int set_up(void **state) {
    (void)state;
    model = learn_painted(150);
    assert_ok(cellseg_model_default(&with_distances, NULL));
    assert_int_equal(cseg_model_rule(with_distances)->classes, CSEG_MAP_EXTRA + 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    cellseg_model_free(model);
    cellseg_model_free(with_distances);
    return 0;
}

static cellseg_segment_options defaults(void) {
    cellseg_segment_options options;
    assert_ok(cellseg_segment_options_init(&options, sizeof options));
    options.zooms = 1;
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

/* The first channel of an image, whatever it says of its pixels, at the fixture's scale. */
static scene image_scene(const cellseg_model *of, const cellseg_image *image) {
    const cseg_plane marker = cseg_image_plane(image, 0);
    scene s = scene_of(of, marker.height, marker.width);
    cseg_plane_free(&s.input);
    assert_ok(cseg_segment_preprocess(NULL, &s.input, &marker, fixture_pixel_um, cseg_model_rule(of)));
    return s;
}

/* Cells painted `scale` times as large as the fixture's model knows them. */
static scene painted_scene(const cellseg_model *of, size_t rows, size_t columns, double scale) {
    painted field;
    assert_ok(paint(&field, NULL, rows, columns, scale, 3));
    const scene s = image_scene(of, field.image);
    painted_free(&field);
    return s;
}

static void scene_free(scene *s) {
    cseg_plane_free(&s->input);
    for (uint32_t c = 0; c < s->classes; c++)
        cseg_plane_free(&s->maps[c]);
}

static cellseg_status view(cellseg_context *context, scene *s, const cellseg_segment_options *options) {
    const cseg_view v = {context, s->model, options, &s->input, s->maps, s->extra_kind, 0, 1};
    return cseg_segment_predict_zoomed(&v);
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
                const double here = CSEG_DISTANCE_HALF_UM * value / (1 - value), um = here / zoom;
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
    for (size_t i = 0; i < s->classes * area; i++) {
        const double value = (double)((float *)s->maps[i / area].data)[i % area];
        assert_true(fabs(value - expected[i]) < 2e-6 && value >= 0 && value <= 1);
    }
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

/* The fourth map of the default model, of cells that it knows. */
static void distances_keep_their_length(void **state) {
    (void)state;
    static const double zooms[] = {0.5, 1.5};
    scene s = painted_scene(with_distances, 3, 4, 2);
    cellseg_segment_options options = defaults();
    for (size_t i = 0; i < 2; i++) {
        double *expected = calloc(s.classes * s.input.height * s.input.width, sizeof *expected), most = 0;
        options.zoom = zooms[i];
        assert_ok(view(NULL, &s, &options));
        add_zoom(expected, &s, options.zoom, options.orientations);
        assert_maps(&s, expected);
        for (size_t k = 0; k < s.input.height * s.input.width; k++)
            most = fmax(most, expected[CSEG_MAP_EXTRA * s.input.height * s.input.width + k]);
        assert_true(most > 0.4);
        free(expected);
    }
    scene_free(&s);
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
    for (size_t i = 0; i < s->classes * area; i++)
        ((float *)own.maps[i / area].data)[i % area] = (float)maps[i];
    const cseg_extra extra = {s->extra_kind, &own.maps[CSEG_MAP_EXTRA]};
    assert_ok(cseg_segment_seeds(NULL, &nuclei, &count, &own.maps[CSEG_MAP_NUCLEUS],
                                 options->use_extra_output != 0 ? &extra : NULL, fixture_pixel_um, options));
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

/* Added up in float and in the library's order: a pixel that is nucleus in one sum and not in the other would move the zoom. */
static double *estimate_maps(const scene *s, double zoom) {
    const double times[] = {1, 1 / 1.4, 1.4};
    const size_t samples = s->classes * s->input.height * s->input.width;
    double *sum = calloc(samples, sizeof *sum), *single = calloc(samples, sizeof *single);
    for (int i = 0; i < 3; i++) {
        memset(single, 0, samples * sizeof *single);
        add_zoom(single, s, zoom * times[i], 1);
        for (size_t k = 0; k < samples; k++)
            sum[k] = (double)((float)sum[k] + (float)((1 / 3.0F) * (float)single[k]));
    }
    free(single);
    return sum;
}

static double asked_zoom(const scene *s, const cellseg_segment_options *options) {
    double zoom = 1;
    for (int estimate = 0; estimate < 3; estimate++) {
        double *maps = estimate_maps(s, zoom);
        const double diameter = median_diameter_um(s, maps, options);
        free(maps);
        if (diameter == 0)
            break;
        zoom *= pow(15 / (diameter * zoom), 1.25);
        zoom = zoom < 0.5 ? 0.5 : zoom > 2 ? 2 : zoom;
    }
    return zoom;
}

typedef struct lines {
    char info[200], warning[200];
} lines;

static void keep_line(void *user, int32_t level, const char *message) {
    lines *kept = user;
    (void)snprintf(level == CELLSEG_LOG_WARNING ? kept->warning : kept->info, 200, "%s", message);
}

static lines log_of_view(scene *s, const cellseg_segment_options *options) {
    lines kept = {"", ""};
    cellseg_context_options with;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&with, sizeof with));
    with.log = keep_line;
    with.log_user = &kept;
    assert_ok(cellseg_context_new(&context, &with));
    assert_ok(view(context, s, options));
    cellseg_context_free(context);
    return kept;
}

/* What the nuclei ask for, and that the library takes it. */
static double taken_zoom(scene *s, cellseg_segment_options options) {
    options.zoom = 0;
    const double asked = asked_zoom(s, &options);
    char said[30];
    (void)snprintf(said, sizeof said, "zoom %.2f: ", asked);
    assert_true(strncmp(log_of_view(s, &options).info, said, strlen(said)) == 0);
    return asked;
}

static double zoom_of(double scale) {
    scene s = painted_scene(model, 3, 4, scale);
    const double zoom = taken_zoom(&s, defaults());
    scene_free(&s);
    return zoom;
}

static void the_zoom_asked_for_is_that_of_the_maps(void **state) {
    (void)state;
    scene s = painted_scene(model, 3, 4, 1.7);
    cellseg_segment_options options = defaults();
    options.zooms = 3;
    options.zoom = 0;
    double *expected = mean_of_zooms(&s, taken_zoom(&s, options), 1.2, options.orientations);
    assert_ok(view(NULL, &s, &options));
    assert_maps(&s, expected);
    free(expected);
    scene_free(&s);
}

/* Nuclei of 7.2 um, painted so many times as large: but for the limits, as large as 15 um or somewhat beyond. */
static void nuclei_ask_for_a_zoom(void **state) {
    (void)state;
    static const double scales[] = {0.7, 1, 1.7, 2.2, 4};
    for (size_t i = 0; i < 5; i++) {
        const double right = fmin(15 / (2 * nucleus_radius_px * fixture_pixel_um * scales[i]), 2);
        assert_true(fabs(log(zoom_of(scales[i]) / right)) < log(1.3));
    }
}

/* Of a simulated field, whose cells touch: the fourth map parts nuclei, unless it is left out. */
static void a_fourth_map_counts(void **state) {
    (void)state;
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
    assert_ok(cellseg_synth_field(&image, &cells, &nuclei, NULL, 200, 200, NULL));
    scene s = image_scene(with_distances, image);
    cellseg_segment_options options = defaults();
    options.zoom = 0;
    options.h_um = 0.1;
    const lines with = log_of_view(&s, &options);
    options.use_extra_output = 0;
    assert_string_not_equal(log_of_view(&s, &options).info, with.info);
    scene_free(&s);
    cellseg_image_free(image);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
}

/* ---- few nuclei, and what the log says ---- */

static lines log_of(size_t columns, double scale) {
    cellseg_segment_options options = defaults();
    options.zoom = 0;
    options.nucleus_probability_min = 0;
    scene s = painted_scene(model, 1, columns, scale);
    (void)taken_zoom(&s, options);
    const lines kept = log_of_view(&s, &options);
    scene_free(&s);
    return kept;
}

static void five_nuclei_are_needed(void **state) {
    (void)state;
    assert_string_equal(log_of(4, 1.7).info, "zoom 1.00: too few nuclei to ask for another");
    const lines five = log_of(5, 1.7);
    assert_null(strstr(five.info, "too few"));
    assert_string_equal(five.warning, "");
    assert_non_null(strstr(log_of(8, 0.7).warning, "ask for a zoom beyond 2"));
}

static void nothing_asks_for_nothing(void **state) {
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
    scene want = painted_scene(model, 3, 4, 1.7);
    assert_ok(view(NULL, &want, &options));
    for (size_t i = 0; i < 3; i++) {
        cellseg_context *context = test_context(threads[i]);
        scene got = painted_scene(model, 3, 4, 1.7);
        assert_ok(view(context, &got, &options));
        for (uint32_t c = 0; c < want.classes; c++)
            assert_memory_equal(got.maps[c].data, want.maps[c].data, want.input.height * want.input.width * sizeof(float));
        scene_free(&got);
        cellseg_context_free(context);
    }
    scene_free(&want);
}

static cellseg_status with_known_zooms(cellseg_context *context, void *data) {
    cellseg_segment_options options = defaults();
    options.zoom = 1.3;
    options.zooms = 3;
    return view(context, data, &options);
}

static cellseg_status with_an_estimate(cellseg_context *context, void *data) {
    cellseg_segment_options options = defaults();
    options.zoom = 0;
    options.orientations = 1;
    options.nucleus_probability_min = 0;
    return view(context, data, &options);
}

/* Every one, and of an estimate, which takes many times as long, every seventh. */
static void survives_failing_allocations(void **state) {
    (void)state;
    scene s = random_scene(model, 20, 20);
    assert_survives_failing_allocations(with_known_zooms, &s);
    scene_free(&s);
    s = painted_scene(model, 1, 5, 1.7); /* as in five_nuclei_are_needed(): enough */
    assert_survives_some_failing_allocations(with_an_estimate, &s, 7);
    scene_free(&s);
}

typedef struct watch {
    cellseg_context *context;
    double last, widest;  /* step between two reports */
    int reports, stop_at; /* 0: it does not stop */
} watch;

static int32_t watching(void *user, double fraction, const char *step) {
    watch *w = user;
    assert_string_equal(step, "network");
    assert_true(fraction >= w->last && fraction <= 1);
    w->widest = fmax(w->widest, fraction - w->last);
    w->last = fraction;
    w->context->last_report_ns = 0; /* the next is due at once */
    return ++w->reports == w->stop_at;
}

static watch watched(scene *s, double zoom, int stop_at, cellseg_status expected) {
    watch w = {.stop_at = stop_at};
    cellseg_context_options with;
    cellseg_segment_options options = defaults();
    options.zoom = zoom;
    options.zooms = 3;
    assert_ok(cellseg_context_options_init(&with, sizeof with));
    with.threads = 1;
    with.progress = watching;
    with.progress_user = &w;
    assert_ok(cellseg_context_new(&w.context, &with));
    cseg_progress_start(w.context);
    assert_status(view(w.context, s, &options), expected);
    cellseg_context_free(w.context);
    return w;
}

/* Patch by patch from begin to end; and any report may stop the call. */
static void tells_its_progress_and_cancels(void **state) {
    (void)state;
    scene s = painted_scene(model, 3, 4, 1);
    watch w = watched(&s, 1.3, 0, CELLSEG_OK);
    assert_true(w.last > 1 - 1e-9 && w.widest < 0.06);
    w = watched(&s, 0, 0, CELLSEG_OK);
    assert_true(w.last > 1 - 1e-9);
    for (int at = 1; at <= w.reports; at += 1 + w.reports / 6)
        (void)watched(&s, 0, at, CELLSEG_ERR_CANCELLED);
    scene_free(&s);
}

static int32_t count_networks(void *user, double fraction, const char *step) {
    (void)fraction;
    *(int *)user += strcmp(step, "network") == 0;
    return 0;
}

/* Before the network has seen anything. */
static void a_zoom_beyond_the_budget_is_refused(void **state) {
    (void)state;
    painted field;
    cellseg_labels *cells;
    cellseg_segment_options options = defaults();
    cellseg_context_options with;
    cellseg_context *context;
    int networks = 0;
    assert_ok(paint(&field, NULL, 6, 8, 1, 3));
    assert_ok(cellseg_context_options_init(&with, sizeof with));
    with.memory_budget_bytes = 4 << 20;
    with.progress = count_networks;
    with.progress_user = &networks;
    assert_ok(cellseg_context_new(&context, &with));
    assert_ok(cellseg_segment(&cells, NULL, NULL, context, model, field.image, &options));
    cellseg_labels_free(cells);
    assert_true(networks > 0);
    networks = 0;
    static const double zooms[] = {4, 0};
    for (size_t i = 0; i < 2; i++) {
        options.zoom = zooms[i];
        options.zooms = 3;
        assert_status(cellseg_segment(&cells, NULL, NULL, context, model, field.image, &options), CELLSEG_ERR_LIMIT);
        assert_non_null(strstr(cellseg_last_error(), "the image at its zooms"));
        assert_null(cells);
    }
    assert_int_equal(networks, 0);
    cellseg_context_free(context);
    painted_free(&field);
}

static void too_many_pixels_are_refused(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    assert_ok(cseg_segment_check_zoom(NULL, 30000, 30000, 4, 0, &options));
    options.zooms = 3;
    assert_ok(cseg_segment_check_zoom(NULL, 27000, 27000, 4, 0, &options));
    options.zoom = 1.25;
    assert_ok(cseg_segment_check_zoom(NULL, 1, 1 << 28, 4, 0, &options)); /* a row of 1.5 pixels is one of 2 */
    assert_status(cseg_segment_check_zoom(NULL, 1, 400000000, 4, 0, &options), CELLSEG_ERR_LIMIT);
    options.zoom = 1;
    assert_status(cseg_segment_check_zoom(NULL, 28000, 28000, 4, 0, &options), CELLSEG_ERR_LIMIT);
    options.zoom = 0;
    assert_ok(cseg_segment_check_zoom(NULL, 11000, 11000, 4, 0, &options));
    assert_status(cseg_segment_check_zoom(NULL, 12000, 12000, 4, 0, &options), CELLSEG_ERR_LIMIT);
    options.zoom = 4;
    options.zooms = 1;
    assert_status(cseg_segment_check_zoom(NULL, 1, 1 << 30, 4, 0, &options), CELLSEG_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_of_other_zooms),
        cmocka_unit_test(distances_keep_their_length),
        cmocka_unit_test(nuclei_ask_for_a_zoom),
        cmocka_unit_test(the_zoom_asked_for_is_that_of_the_maps),
        cmocka_unit_test(a_fourth_map_counts),
        cmocka_unit_test(five_nuclei_are_needed),
        cmocka_unit_test(nothing_asks_for_nothing),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(tells_its_progress_and_cancels),
        cmocka_unit_test(a_zoom_beyond_the_budget_is_refused),
        cmocka_unit_test(too_many_pixels_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
