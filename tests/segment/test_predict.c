/* SPDX-License-Identifier: BSD-3-Clause */
/* Stitched maps against the network run on one patch at a time, cut out and put together here. */
#include "segment/fixture.h"

#include "core/context.h"

#include <math.h>

static cellseg_model *model;

static int set_up(void **state) {
    (void)state;
    model = painted_model();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    cellseg_model_free(model);
    return 0;
}

static void random_plane(cseg_plane *plane, size_t height, size_t width, uint64_t seed) {
    assert_ok(cseg_plane_new(plane, NULL, CELLSEG_FLOAT32, height, width));
    for (size_t i = 0; i < height * width; i++)
        ((float *)plane->data)[i] = (float)test_uniform(&seed);
}

static size_t reflected(int64_t i, size_t n) {
    while (i < 0 || i >= (int64_t)n)
        i = i < 0 ? -1 - i : 2 * (int64_t)n - 1 - i;
    return (size_t)i;
}

/* One patch at a time, whose kept part begins at (top, left). */
static void expect_patch(float *expected[3], const cseg_plane *input, size_t top, size_t left, void *workspace) {
    static float in[48 * 48], out[3 * 48 * 48];
    const cseg_rule *rule = cseg_model_rule(model);
    const size_t patch = rule->patch_px, margin = (patch - rule->step_px) / 2;
    for (size_t i = 0; i < patch * patch; i++) {
        const size_t y = reflected((int64_t)(top + i / patch) - (int64_t)margin, input->height);
        const size_t x = reflected((int64_t)(left + i % patch) - (int64_t)margin, input->width);
        in[i] = cseg_row_f32(input, y)[x];
    }
    assert_ok(cseg_forward_run(model, NULL, out, in, 1, patch, patch, workspace));
    for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < rule->step_px && top + y < input->height; y++)
            for (size_t x = 0; x < rule->step_px && left + x < input->width; x++)
                expected[c][(top + y) * input->width + left + x] = out[(c * patch + margin + y) * patch + margin + x];
}

static void expect_maps(float *expected[3], const cseg_plane *input) {
    const cseg_rule *rule = cseg_model_rule(model);
    void *workspace = cseg_memory_alloc(NULL, cseg_forward_workspace_bytes(model, NULL, 1, rule->patch_px, rule->patch_px), 1);
    for (size_t top = 0; top < input->height; top += rule->step_px)
        for (size_t left = 0; left < input->width; left += rule->step_px)
            expect_patch(expected, input, top, left, workspace);
    cseg_memory_free(workspace);
}

/* An embedder's runner that takes the last patch first. */
static int32_t run_backward(void *user, size_t count, cellseg_task_fn task, void *task_data) {
    (void)user;
    while (count-- > 0)
        task(task_data, count);
    return 0;
}

static cellseg_context *backward_context(void) {
    cellseg_context_options options;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.parallel_for = run_backward;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

/* The maps, uint16, of an input that is scaled already. */
static cellseg_status predict(cellseg_context *context, const cseg_plane *maps, const cseg_plane *in, int32_t orientations) {
    const cseg_scratch scratch = {.context = context, .window_bytes = UINT64_MAX};
    const cseg_scaling as_it_is = {.scale = 1, .clip = 1e30, .power = 1};
    const cseg_store input = cseg_store_of(context, in);
    cseg_store stores[3];
    for (size_t c = 0; c < 3; c++)
        stores[c] = cseg_store_of(context, &maps[c]);
    return cseg_predict_maps(&scratch, stores, model, &input, &as_it_is, orientations);
}

static void check_size(size_t height, size_t width) {
    cseg_plane input, maps[3];
    float *expected[3];
    random_plane(&input, height, width, height * 1000 + width);
    for (size_t c = 0; c < 3; c++) {
        assert_ok(cseg_plane_new(&maps[c], NULL, CELLSEG_UINT16, height, width));
        expected[c] = malloc(height * width * sizeof(float));
    }
    expect_maps(expected, &input);
    static const int32_t threads[] = {1, 2, 7};
    for (size_t k = 0; k <= 3; k++) {
        cellseg_context *context = k < 3 ? test_context(threads[k]) : backward_context();
        for (size_t c = 0; c < 3; c++)
            memset(maps[c].data, 255, height * width * sizeof(uint16_t));
        assert_ok(predict(context, maps, &input, 1));
        for (size_t c = 0; c < 3; c++)
            for (size_t i = 0; i < height * width; i++)
                assert_int_equal(((uint16_t *)maps[c].data)[i], cseg_unit_of((double)expected[c][i]));
        cellseg_context_free(context);
    }
    for (size_t c = 0; c < 3; c++) {
        cseg_plane_free(&maps[c]);
        free(expected[c]);
    }
    cseg_plane_free(&input);
}

static void stitched_maps_equal_patch_after_patch(void **state) {
    (void)state;
    const size_t step = cseg_model_rule(model)->step_px;
    check_size(3 * step, 2 * step);
    check_size(3 * step + 1, 2 * step - 1);
    check_size(step, 5 * step + 7);
    check_size(step - 5, 9);
    check_size(1, 1);
    check_size(1, 3 * step);
}

/* In the order in which they are taken: upside down, left for right, rows for columns. */
static const bool turns[8][3] = {{0, 0, 0}, {1, 1, 0}, {0, 1, 0}, {1, 0, 0}, {0, 0, 1}, {1, 1, 1}, {0, 1, 1}, {1, 0, 1}};

/* Pixel i of a square plane turned so. */
static size_t turned(size_t i, size_t edge, const bool turn[3]) {
    const size_t y = turn[2] ? i % edge : i / edge, x = turn[2] ? i / edge : i % edge;
    return (turn[0] ? edge - 1 - y : y) * edge + (turn[1] ? edge - 1 - x : x);
}

/* One patch: the mean of what the network says of the plane's turns, each turned back, in double. */
static void orientations_are_averaged(void **state) {
    (void)state;
    const size_t edge = cseg_model_rule(model)->step_px, area = edge * edge;
    cseg_plane input, other, maps[3], single[3];
    random_plane(&input, edge, edge, 5);
    random_plane(&other, edge, edge, 6);
    for (size_t c = 0; c < 3; c++) {
        assert_ok(cseg_plane_new(&maps[c], NULL, CELLSEG_UINT16, edge, edge));
        assert_ok(cseg_plane_new(&single[c], NULL, CELLSEG_UINT16, edge, edge));
    }
    double *sum = calloc(3 * area, sizeof *sum);
    for (int32_t n = 1, done = 0; n <= 8; n *= 2) {
        for (; done < n; done++) {
            for (size_t i = 0; i < area; i++)
                ((float *)other.data)[i] = ((float *)input.data)[turned(i, edge, turns[done])];
            assert_ok(predict(NULL, single, &other, 1));
            for (size_t i = 0; i < 3 * area; i++)
                sum[i / area * area + turned(i % area, edge, turns[done])] +=
                    (double)cseg_unit_value(((uint16_t *)single[i / area].data)[i % area]);
        }
        assert_ok(predict(NULL, maps, &input, n));
        for (size_t i = 0; i < 3 * area; i++)
            assert_true(fabs((double)cseg_unit_value(((uint16_t *)maps[i / area].data)[i % area]) - sum[i] / n) <
                        1e-6 + 1.0 / CSEG_UNIT_ONE);
    }
    free(sum);
    for (size_t c = 0; c < 3; c++) {
        cseg_plane_free(&maps[c]);
        cseg_plane_free(&single[c]);
    }
    cseg_plane_free(&input);
    cseg_plane_free(&other);
}

/* Several patches, by threads of any number and in another order. */
static void orientations_give_the_same_bytes(void **state) {
    (void)state;
    const size_t height = 2 * cseg_model_rule(model)->step_px + 3, width = height + 20, bytes = height * width * sizeof(uint16_t);
    cseg_plane input, want[3], got[3];
    random_plane(&input, height, width, 7);
    for (size_t c = 0; c < 3; c++) {
        assert_ok(cseg_plane_new(&want[c], NULL, CELLSEG_UINT16, height, width));
        assert_ok(cseg_plane_new(&got[c], NULL, CELLSEG_UINT16, height, width));
    }
    for (int32_t n = 2; n <= 8; n *= 2) {
        cellseg_context *contexts[4] = {test_context(1), test_context(2), test_context(7), backward_context()};
        for (size_t k = 0; k < 4; k++) {
            assert_ok(predict(contexts[k], k == 0 ? want : got, &input, n));
            for (size_t c = 0; c < 3 && k > 0; c++)
                assert_memory_equal(got[c].data, want[c].data, bytes);
            cellseg_context_free(contexts[k]);
        }
    }
    for (size_t c = 0; c < 3; c++) {
        cseg_plane_free(&want[c]);
        cseg_plane_free(&got[c]);
    }
    cseg_plane_free(&input);
}

static cellseg_status allocating(cellseg_context *context, void *data) {
    (void)data;
    cseg_plane input, maps[3];
    random_plane(&input, 70, 40, 1);
    for (size_t c = 0; c < 3; c++)
        assert_ok(cseg_plane_new(&maps[c], NULL, CELLSEG_UINT16, 70, 40));
    const cellseg_status status = predict(context, maps, &input, 2);
    for (size_t c = 0; c < 3; c++)
        cseg_plane_free(&maps[c]);
    cseg_plane_free(&input);
    return status;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    assert_survives_failing_allocations(allocating, NULL);
}

static int32_t stop(void *user, double fraction, const char *step) {
    (void)user, (void)fraction, (void)step;
    return 1;
}

/* A patch is given up within a layer, and so is the test vector of a loading; the context serves the next call. */
static void cancel_does_not_wait_for_the_patch(void **state) {
    (void)state;
    cellseg_context_options options;
    cellseg_context *context;
    cseg_plane input, maps[3];
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.progress = stop;
    assert_ok(cellseg_context_new(&context, &options));
    const size_t patch = cseg_model_rule(model)->patch_px, area = patch * patch;
    random_plane(&input, patch, patch, 1);
    for (size_t c = 0; c < 3; c++)
        assert_ok(cseg_plane_new(&maps[c], NULL, CELLSEG_UINT16, patch, patch));
    float *out = cseg_memory_calloc(NULL, 3 * area, sizeof *out);
    void *workspace = cseg_memory_alloc(NULL, cseg_forward_workspace_bytes(model, context, 1, patch, patch), 1);
    cseg_progress_start(context);
    assert_status(cseg_progress_report(context, 0), CELLSEG_ERR_CANCELLED);
    assert_status(cseg_forward_run(model, context, out, input.data, 1, patch, patch, workspace), CELLSEG_ERR_CANCELLED);
    for (size_t i = 0; i < 3 * area; i++)
        assert_true(out[i] == 0);
    assert_status(predict(context, maps, &input, 1), CELLSEG_ERR_CANCELLED);
    cellseg_model *other;
    assert_status(cellseg_model_default(&other, context), CELLSEG_ERR_CANCELLED);
    assert_null(other);
    assert_status(cellseg_model_default(&other, context), CELLSEG_ERR_CANCELLED);
    cseg_memory_free(out);
    cseg_memory_free(workspace);
    cseg_plane_free(&input);
    for (size_t c = 0; c < 3; c++)
        cseg_plane_free(&maps[c]);
    cellseg_context_free(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientations_are_averaged),
        cmocka_unit_test(orientations_give_the_same_bytes),
        cmocka_unit_test(stitched_maps_equal_patch_after_patch),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(cancel_does_not_wait_for_the_patch),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
