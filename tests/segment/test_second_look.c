/* SPDX-License-Identifier: BSD-3-Clause */
/* When a second look is taken, and that it gives what a call with its zooms does. */
#include "segment/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Unsure of the nuclei that it was shown, surer of larger ones. */
static cellseg_model *model;
static const double painted_zoom = 1.7;

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

/* What a call gives, and what it says on its way. */
typedef struct answer {
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps;
    char log[1000];
    double at;       /* its progress */
    double seeds_at; /* and when it last told of seeds */
} answer;

static void answer_free(answer *a) {
    cellseg_labels_free(a->cells);
    cellseg_labels_free(a->nuclei);
    cellseg_image_free(a->maps);
}

static void keep_line(void *user, int32_t level, const char *message) {
    (void)level;
    char *log = user;
    const size_t length = strlen(log);
    (void)snprintf(log + length, 1000 - length, "%s\n", message);
}

static int32_t follow(void *user, double fraction, const char *step) {
    answer *a = user;
    assert_non_null(step);
    assert_true(fraction >= a->at && fraction <= 1);
    a->at = fraction;
    if (strcmp(step, "seeds") == 0)
        a->seeds_at = fraction;
    return 0;
}

static cellseg_segment_options looking(double zoom, int32_t zooms) {
    cellseg_segment_options options;
    assert_ok(cellseg_segment_options_init(&options, sizeof options));
    assert_true(options.zoom == 1 && options.zooms == 0);
    options.zoom = zoom;
    options.zooms = zooms;
    return options;
}

static cellseg_status ask(answer *a, const cellseg_image *image, const cellseg_segment_options *options, uint64_t budget,
                          int32_t threads) {
    cellseg_context_options with;
    cellseg_context *context;
    *a = (answer){0};
    assert_ok(cellseg_context_options_init(&with, sizeof with));
    with.threads = threads;
    with.memory_budget_bytes = budget;
    with.log = keep_line;
    with.log_user = a->log;
    with.progress = follow;
    with.progress_user = a;
    assert_ok(cellseg_context_new(&context, &with));
    const cellseg_status status = cellseg_segment(&a->cells, &a->nuclei, &a->maps, context, model, image, options);
    cellseg_context_free(context);
    return status;
}

/* Whether there was a second. */
static bool looked_twice(const answer *a) {
    return strstr(a->log, ": a second look\n") != NULL;
}

static bool same(const answer *a, const answer *b) {
    const size_t pixels = cellseg_labels_height(a->cells) * cellseg_labels_width(a->cells);
    bool equal = memcmp(cellseg_labels_data(a->cells), cellseg_labels_data(b->cells), pixels * sizeof(uint32_t)) == 0 &&
                 memcmp(cellseg_labels_data(a->nuclei), cellseg_labels_data(b->nuclei), pixels * sizeof(uint32_t)) == 0;
    for (int32_t c = 0; c < cellseg_image_channels(a->maps); c++)
        equal = equal && memcmp(cellseg_image_pixels(a->maps, c), cellseg_image_pixels(b->maps, c), pixels * sizeof(float)) == 0;
    return equal;
}

/* Whether a call takes a second look; its answer is that of a call with the zooms of the look that counts. */
static bool looks_twice(const cellseg_image *image, double pixel_size_um, double zoom) {
    answer got, want;
    cellseg_segment_options options = looking(zoom, 0);
    options.pixel_size_um = pixel_size_um;
    assert_ok(ask(&got, image, &options, 0, 2));
    const bool twice = looked_twice(&got);
    assert_true((got.seeds_at > 0.2) == (twice || zoom != 1));
    assert_true((strstr(got.log, "the second look counts") != NULL) == twice);
    options.zoom = twice ? 0 : zoom;
    options.zooms = twice ? 3 : 1;
    assert_ok(ask(&want, image, &options, 0, 2));
    assert_true(same(&got, &want));
    assert_true(cellseg_labels_max_id(got.cells) > 0);
    answer_free(&got);
    answer_free(&want);
    return twice;
}

static void unsure_nuclei_get_a_second_look(void **state) {
    (void)state;
    painted fourteen, fifteen;
    assert_ok(paint(&fourteen, NULL, 2, 7, painted_zoom, 3));
    assert_ok(paint(&fifteen, NULL, 3, 5, painted_zoom, 3));
    assert_true(looks_twice(fifteen.image, 0, 1));
    assert_false(looks_twice(fifteen.image, fixture_pixel_um, 1));
    assert_false(looks_twice(fifteen.image, 0, 1.01));
    assert_false(looks_twice(fourteen.image, 0, 1));
    painted_free(&fourteen);
    painted_free(&fifteen);
}

/* The first look's figures are said, and the limit is 0.80. */
static void the_log_says_how_sure_nuclei_are(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 4, 5, painted_zoom, 3));
    int twice = 0;
    for (int i = 0; i < 5; i++) {
        answer got;
        cellseg_segment_options options = looking(1, 0);
        options.pixel_size_um = 0.44 + 0.03 * i;
        assert_ok(ask(&got, field.image, &options, 0, 2));
        const char *figure = strstr(got.log, "sureness ");
        assert_non_null(figure);
        assert_true(looked_twice(&got) == (strtod(figure + strlen("sureness "), NULL) < 0.8));
        twice += looked_twice(&got);
        answer_free(&got);
    }
    assert_true(twice > 0 && twice < 5);
    painted_free(&field);
}

static void the_paper_looks_once(void **state) {
    (void)state;
    cellseg_segment_options options = looking(1, 0);
    assert_ok(cellseg_segment_options_preset(&options, CELLSEG_PRESET_PAPER));
    assert_int_equal(options.zooms, 1);
}

/* ---- promises ---- */

/* A budget that the first look fits and the second does not: then the first counts. */
static void a_budget_without_room_for_it_is_no_error(void **state) {
    (void)state;
    painted field;
    answer got, want;
    const cellseg_segment_options options = looking(1, 0), once = looking(1, 1);
    assert_ok(paint(&field, NULL, 6, 8, painted_zoom, 3));
    assert_ok(ask(&want, field.image, &once, 4 << 20, 2));
    assert_ok(ask(&got, field.image, &options, 4 << 20, 2));
    assert_false(looked_twice(&got));
    assert_non_null(strstr(got.log, "no room for a second look"));
    assert_true(same(&got, &want));
    answer_free(&got);
    bool twice = false;
    for (uint64_t budget = 5 << 20; !twice; budget += budget / 3) {
        assert_true(budget < 64 << 20);
        assert_ok(ask(&got, field.image, &options, budget, 2));
        twice = looked_twice(&got);
        answer_free(&got);
    }
    answer_free(&want);
    painted_free(&field);
}

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 7};
    painted field;
    answer want;
    const cellseg_segment_options options = looking(1, 0);
    assert_ok(paint(&field, NULL, 3, 5, painted_zoom, 3));
    assert_ok(ask(&want, field.image, &options, 0, 2));
    assert_true(looked_twice(&want));
    for (size_t i = 0; i < 2; i++) {
        answer got;
        assert_ok(ask(&got, field.image, &options, 0, threads[i]));
        assert_true(same(&got, &want));
        answer_free(&got);
    }
    answer_free(&want);
    painted_free(&field);
}

static cellseg_status segment_twice(cellseg_context *context, void *data) {
    const cellseg_segment_options options = looking(1, 0);
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps;
    const cellseg_status status = cellseg_segment(&cells, &nuclei, &maps, context, model, data, &options);
    assert_true(status == CELLSEG_OK || (cells == NULL && nuclei == NULL && maps == NULL));
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    cellseg_image_free(maps);
    return status;
}

/* Every 151st: the looks' own are tried one by one in test_segment.c and test_zoom.c. */
static void survives_failing_allocations(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 3, 5, 1, 3));
    assert_survives_some_failing_allocations(segment_twice, field.image, 151);
    painted_free(&field);
}

typedef struct stop {
    double at;
    bool in_second_look;
} stop;

static int32_t stop_at(void *user, double fraction, const char *step) {
    (void)step;
    return fraction >= ((stop *)user)->at;
}

static void notice(void *user, int32_t level, const char *message) {
    (void)level;
    ((stop *)user)->in_second_look |= strstr(message, ": a second look") != NULL;
}

static void cancels(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 3, 5, 1, 3));
    for (int i = 0; i < 4; i++) {
        static const double at[] = {0.05, 0.15, 0.3, 0.7};
        stop s = {at[i], false};
        cellseg_context_options with;
        cellseg_context *context;
        assert_ok(cellseg_context_options_init(&with, sizeof with));
        with.progress = stop_at;
        with.progress_user = &s;
        with.log = notice;
        with.log_user = &s;
        assert_ok(cellseg_context_new(&context, &with));
        assert_status(segment_twice(context, field.image), CELLSEG_ERR_CANCELLED);
        assert_true(s.in_second_look == (s.at >= 0.2));
        cellseg_context_free(context);
    }
    painted_free(&field);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsure_nuclei_get_a_second_look),
        cmocka_unit_test(the_log_says_how_sure_nuclei_are),
        cmocka_unit_test(the_paper_looks_once),
        cmocka_unit_test(a_budget_without_room_for_it_is_no_error),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(cancels),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
