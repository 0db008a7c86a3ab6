/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: a call within a budget gives the same bytes, or is refused before any work. */
#include "segment/calls.h"

/* ---- images that would take too much ---- */

static void *count_alloc(void *user, size_t size) {
    atomic_fetch_add((atomic_size_t *)user, 1); /* any thread may ask */
    return malloc(size);
}

static void plain_free(void *user, void *block) {
    (void)user;
    free(block);
}

/* The status of a call with a budget; where it fails, it must have done so before it allocated. */
static cellseg_status run_within(method run, const cellseg_image *image, double pixel_size_um, uint64_t budget) {
    cellseg_segment_options options = defaults();
    cellseg_context_options hooks;
    cellseg_context *context;
    cellseg_labels *cells;
    atomic_size_t allocations;
    atomic_init(&allocations, 0);
    options.pixel_size_um = pixel_size_um;
    assert_ok(cellseg_context_options_init(&hooks, sizeof hooks));
    hooks.threads = 2;
    hooks.memory_budget_bytes = budget;
    hooks.alloc = count_alloc;
    hooks.free = plain_free;
    hooks.memory_user = &allocations;
    assert_ok(cellseg_context_new(&context, &hooks));
    const size_t before = atomic_load(&allocations);
    const cellseg_status status = run(&cells, NULL, context, image, &options);
    assert_true(status == CELLSEG_OK || atomic_load(&allocations) == before);
    cellseg_labels_free(cells);
    cellseg_context_free(context);
    return status;
}

static void images_that_would_grow_beyond_measure_are_refused(void **state) {
    (void)state;
    painted field;
    cellseg_image *large;
    assert_ok(paint(&field, NULL, 2, 2, 1, 3));
    assert_ok(cellseg_image_new(&large, NULL, CELLSEG_UINT8, 2, 4200, 4200));
    for (size_t m = 0; m < METHODS; m++) {
        assert_ok(run_within(methods[m], field.image, 5, 0));
        assert_status(run_within(methods[m], field.image, 5.5, 0), CELLSEG_ERR_ARGUMENT);
        assert_non_null(strstr(cellseg_last_error(), "5.5 um are more than 8 times as large as the working scale's of 0.65 um"));
        assert_status(run_within(methods[m], field.image, 5000, 0), CELLSEG_ERR_ARGUMENT);
        assert_status(run_within(methods[m], large, 5.1, 0), CELLSEG_ERR_LIMIT);
        assert_non_null(strstr(cellseg_last_error(), "4200 x 4200 pixels of 5.1 um"));
        assert_status(run_within(methods[m], large, 1.3, 100 << 20), CELLSEG_ERR_LIMIT);
        assert_non_null(strstr(cellseg_last_error(), "the segmentation needs "));
    }
    cellseg_labels *nuclei;
    cellseg_segment_options options = defaults();
    options.pixel_size_um = 5.5;
    assert_status(cellseg_segment_nuclei_within(&nuclei, NULL, field.truth, field.image, &options), CELLSEG_ERR_ARGUMENT);
    cellseg_image_free(large);
    painted_free(&field);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_that_would_grow_beyond_measure_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
