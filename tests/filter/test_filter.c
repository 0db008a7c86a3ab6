/* SPDX-License-Identifier: BSD-3-Clause */
/* What the Python tests cannot see: failing allocations, cancel, threads, and Otsu against every partition. */
#include "testing.h"

#include "core/context.h"

#include "filter/filter.h"

enum { HEIGHT = 600, WIDTH = 300, COUNT = HEIGHT * WIDTH };

static cseg_plane plane_of(void *data, int32_t type, size_t height, size_t width) {
    return (cseg_plane){data, height, width, width * cseg_plane_type_size(type), type};
}

static void fill(float *values, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(test_uniform(&seed) * test_uniform(&seed));
}

/* ---- every operation, run the same way by several tests ---- */

static float input[COUNT];

typedef cellseg_status (*operation)(cellseg_context *context, float *out);

static cellseg_status run_gaussian(cellseg_context *context, float *out) {
    const cseg_plane from = plane_of(input, CELLSEG_FLOAT32, HEIGHT, WIDTH), to = plane_of(out, CELLSEG_FLOAT32, HEIGHT, WIDTH);
    return cseg_gaussian_smooth(context, &to, &from, 2.5);
}

static cellseg_status run_gaussian_in_place(cellseg_context *context, float *out) {
    const cseg_plane both = plane_of(out, CELLSEG_FLOAT32, HEIGHT, WIDTH);
    memcpy(out, input, sizeof input);
    return cseg_gaussian_smooth(context, &both, &both, 2.5);
}

static cellseg_status run_log(cellseg_context *context, float *out) {
    const cseg_plane from = plane_of(input, CELLSEG_FLOAT32, HEIGHT, WIDTH), to = plane_of(out, CELLSEG_FLOAT32, HEIGHT, WIDTH);
    return cseg_laplacian_compute(context, &to, &from, (const double[]){1.5, 2.5}, 2);
}

static cellseg_status run_resample(cellseg_context *context, float *out) {
    const cseg_plane from = plane_of(input, CELLSEG_FLOAT32, HEIGHT, WIDTH);
    const cseg_plane to = plane_of(out, CELLSEG_FLOAT32, HEIGHT - 91, WIDTH);
    return cseg_resample_linear(context, &to, &from);
}

static cellseg_status run_nearest(cellseg_context *context, float *out) {
    const cseg_plane from = plane_of(input, CELLSEG_UINT32, HEIGHT, WIDTH);
    const cseg_plane to = plane_of(out, CELLSEG_UINT32, HEIGHT - 91, WIDTH - 7);
    return cseg_resample_nearest(context, &to, &from);
}

static cellseg_status run_percentiles(cellseg_context *context, float *out) {
    const cseg_plane from = plane_of(input, CELLSEG_FLOAT32, HEIGHT, WIDTH);
    return cseg_percentiles_find(context, (double *)(void *)out, (const double[]){1, 50, 99.8}, 3, &from);
}

static cellseg_status run_otsu(cellseg_context *context, float *out) {
    const cseg_plane from = plane_of(input, CELLSEG_FLOAT32, HEIGHT, WIDTH);
    return cseg_otsu_find(context, (double *)(void *)out, 5, 256, &from, NULL);
}

static cellseg_status run_range(cellseg_context *context, float *out) {
    const cseg_plane from = plane_of(input, CELLSEG_FLOAT32, HEIGHT, WIDTH);
    double *range = (double *)(void *)out;
    return cseg_histogram_range(context, &range[0], &range[1], &from);
}

static const operation operations[] = {run_gaussian, run_gaussian_in_place, run_log,  run_resample,
                                       run_nearest,  run_percentiles,       run_otsu, run_range};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static float *new_output(void) {
    float *out = calloc(COUNT, sizeof *out);
    assert_non_null(out);
    return out;
}

static void threads_give_the_same_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < OPERATIONS; i++) {
        float *truth = new_output();
        cellseg_context *one = test_context(1);
        assert_ok(operations[i](one, truth));
        cellseg_context_free(one);
        for (int32_t threads = 2; threads <= 7; threads += 5) {
            float *out = new_output();
            cellseg_context *context = test_context(threads);
            assert_ok(operations[i](context, out));
            assert_memory_equal(out, truth, COUNT * sizeof *out);
            cellseg_context_free(context);
            free(out);
        }
        free(truth);
    }
}

typedef struct failing_run {
    operation run;
    float *out;
} failing_run;

static cellseg_status run_one(cellseg_context *context, void *data) {
    const failing_run *f = data;
    return f->run(context, f->out);
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    for (size_t i = 0; i < OPERATIONS; i++) {
        failing_run f = {operations[i], new_output()};
        assert_survives_failing_allocations(run_one, &f);
        free(f.out);
    }
}

static int32_t stop(void *user, double fraction, const char *step) {
    (void)user;
    (void)fraction;
    (void)step;
    return 1;
}

/* A context whose callback has asked to stop: no loop runs any more, and what was allocated is released. */
static void cancel_is_obeyed(void **state) {
    (void)state;
    for (size_t i = 0; i < OPERATIONS; i++) {
        failing_allocator allocator;
        atomic_init(&allocator.countdown, -1);
        atomic_init(&allocator.live, 0);
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.progress = stop;
        options.alloc = failing_alloc;
        options.free = failing_free;
        options.memory_user = &allocator;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        cseg_progress_start(context);
        assert_status(cseg_progress_report(context, 0), CELLSEG_ERR_CANCELLED);
        float *out = new_output();
        assert_status(operations[i](context, out), CELLSEG_ERR_CANCELLED);
        free(out);
        cellseg_context_free(context);
        assert_int_equal(atomic_load(&allocator.live), 0);
    }
}

/* ---- Otsu against brute force ---- */

typedef struct search {
    const double *counts;
    size_t bins, count;
    size_t cuts[8]; /* last bin of each class but the last */
    long double best;
} search;

static long double variance(const search *s) {
    long double total = 0;
    size_t bin = 0;
    for (size_t class = 0; class <= s->count; class ++) {
        const size_t last = class < s->count ? s->cuts[class] : s->bins - 1;
        long double number = 0, sum = 0;
        for (; bin <= last; bin++) {
            number += s->counts[bin];
            sum += s->counts[bin] * (long double)bin;
        }
        total += number > 0 ? sum * sum / number : 0;
    }
    return total;
}

static void try_every_cut(search *s, size_t which) {
    if (which == s->count) {
        const long double value = variance(s);
        s->best = value > s->best ? value : s->best;
        return;
    }
    for (size_t cut = which == 0 ? 0 : s->cuts[which - 1] + 1; cut + s->count - which < s->bins; cut++) {
        s->cuts[which] = cut;
        try_every_cut(s, which + 1);
    }
}

/* Bytes 0..bins-1, each bin its own value, so that thresholds are bins. */
static void otsu_is_the_best_of_every_partition(void **state) {
    (void)state;
    enum { BINS = 14, SIDE = 40 };
    uint64_t seed = 11;
    for (size_t count = 1; count <= 8; count++)
        for (int repeat = 0; repeat < 3; repeat++) {
            uint8_t pixels[SIDE * SIDE];
            double counts[BINS] = {0};
            for (size_t i = 0; i < SIDE * SIDE; i++) {
                pixels[i] = (uint8_t)(i < BINS ? i : (size_t)(BINS * test_uniform(&seed) * test_uniform(&seed)));
                counts[pixels[i]]++;
            }
            const cseg_plane from = plane_of(pixels, CELLSEG_UINT8, SIDE, SIDE);
            double thresholds[8];
            assert_ok(cseg_otsu_find(NULL, thresholds, count, 256, &from, NULL));
            search ours = {.counts = counts, .bins = BINS, .count = count, .best = -1};
            for (size_t i = 0; i < count; i++)
                ours.cuts[i] = (size_t)thresholds[i];
            const long double reached = variance(&ours);
            try_every_cut(&ours, 0);
            assert_true(reached >= ours.best * (1 - 1e-12L));
        }
}

static void otsu_without_a_pixel_is_an_argument_error(void **state) {
    (void)state;
    uint8_t mask[12] = {0};
    const cseg_plane from = plane_of(input, CELLSEG_FLOAT32, 3, 4), none = plane_of(mask, CELLSEG_UINT8, 3, 4);
    double threshold;
    assert_status(cseg_otsu_find(NULL, &threshold, 1, 256, &from, &none), CELLSEG_ERR_ARGUMENT);
}

int main(void) {
    fill(input, COUNT, 3);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_give_the_same_bytes),
        cmocka_unit_test(failing_allocations_are_survived),
        cmocka_unit_test(cancel_is_obeyed),
        cmocka_unit_test(otsu_is_the_best_of_every_partition),
        cmocka_unit_test(otsu_without_a_pixel_is_an_argument_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
