/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: within any budget a call gives the bytes that it gives without one, or is refused before any work. */
#include "segment/calls.h"

#include <cellseg/io.h>
#include <cellseg/synth.h>

/* ---- contents ---- */

enum { REAL, EMPTY, NOISE, SIMULATED, CHECKERBOARD, DISCS, CONTENTS };

/* The value of a pixel, of contents that are computed. */
static uint16_t pixel_of(int content, size_t y, size_t x, uint64_t *seed) {
    const double dy = (double)(y % 12) - 6, dx = (double)(x % 12) - 6, r2 = dy * dy + dx * dx;
    switch (content) {
    case NOISE:
        return (uint16_t)test_random(seed);
    case CHECKERBOARD:
        return (y + x) % 2 != 0 ? 60000 : 0;
    case DISCS:
        return r2 < 6 ? 300 : r2 < 30 ? 1000 : 100;
    default:
        return 500;
    }
}

/* Two channels of 0.65 um, marker and stain, which repeat what was read or simulated. */
static cellseg_image *image_of(int content, size_t height, size_t width) {
    cellseg_image *from = NULL, *image;
    if (content == REAL)
        assert_ok(cellseg_image_read(&from, NULL, "examples/data/n2a.ome.tif", NULL));
    if (content == SIMULATED) {
        cellseg_synth_options options;
        cellseg_labels *cells, *nuclei;
        assert_ok(cellseg_synth_options_init(&options, sizeof options));
        options.nuclei_channel = 1;
        assert_ok(cellseg_synth_field(&from, &cells, &nuclei, NULL, 300, 300, &options));
        cellseg_labels_free(cells);
        cellseg_labels_free(nuclei);
    }
    uint64_t seed = 3;
    assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 2, height, width));
    assert_ok(cellseg_image_set_pixel_size_um(image, 0.65));
    for (int32_t c = 0; c < 2; c++) {
        uint16_t *to = cellseg_image_pixels_mut(image, c);
        const uint16_t *known = from != NULL ? cellseg_image_pixels(from, c) : NULL;
        const size_t rows = from != NULL ? cellseg_image_height(from) : 1, columns = from != NULL ? cellseg_image_width(from) : 1;
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                to[y * width + x] = known != NULL ? known[y % rows * columns + x % columns] : pixel_of(content, y, x, &seed);
    }
    cellseg_image_free(from);
    return image;
}

/* An id for each pixel: no label map costs more. */
static void dense_labels(cellseg_labels *labels) {
    const size_t height = cellseg_labels_height(labels), width = cellseg_labels_width(labels);
    uint32_t *ids = cellseg_labels_data_mut(labels);
    for (size_t i = 0; i < height * width; i++)
        ids[i] = (uint32_t)(i + 1);
}

static void inputs_of(inputs *in, int content, size_t height, size_t width) {
    *in = (inputs){.field = {.image = image_of(content, height, width)}};
    assert_ok(cellseg_labels_new(&in->field.truth, NULL, height, width));
    dense_labels(in->field.truth);
    assert_ok(cellseg_segment_maps(&in->maps, NULL, model, in->field.image, NULL));
    assert_ok(cellseg_segment_nuclei(&in->seeds, NULL, in->maps, CELLSEG_EXTRA_NONE, NULL));
    if (content == NOISE) { /* the worst that maps and nuclei can be */
        uint64_t seed = 9;
        float *map = cellseg_image_pixels_mut(in->maps, 0);
        for (size_t i = 0; i < height * width; i++)
            map[i] = (float)test_uniform(&seed);
        dense_labels(in->seeds);
    }
}

/* ---- budgets ---- */

/* What a call takes and reports, noted from any thread. */
typedef struct watch {
    atomic_size_t allocations;
    double furthest; /* progress */
} watch;

static void *note_alloc(void *user, size_t size) {
    atomic_fetch_add(&((watch *)user)->allocations, 1);
    return malloc(size);
}

static void plain_free(void *user, void *block) {
    (void)user;
    free(block);
}

static int32_t note_progress(void *user, double fraction, const char *step) {
    (void)step;
    ((watch *)user)->furthest = fraction;
    return 0;
}

static cellseg_context *watched_context(watch *w, int32_t threads, uint64_t budget) {
    cellseg_context_options options;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.memory_budget_bytes = budget;
    options.alloc = note_alloc;
    options.free = plain_free;
    options.memory_user = w;
    options.progress = note_progress;
    options.progress_user = w;
    assert_ok(cellseg_context_new(&context, &options));
    atomic_store(&w->allocations, 0);
    w->furthest = 0;
    return context;
}

/* Run a call within a budget; `expected` are its outputs without one. True: it gave these. False: it was refused before any work.
 */
static bool runs_within(call run, const inputs *in, const outputs *expected, int32_t threads, uint64_t budget) {
    const cellseg_segment_options options = defaults();
    watch w;
    cellseg_context *context = watched_context(&w, threads, budget);
    outputs out = no_outputs();
    const cellseg_status status = run(&out, context, in, &options);
    if (status == CELLSEG_OK)
        assert_same_outputs(&out, expected);
    else {
        assert_status(status, CELLSEG_ERR_LIMIT);
        assert_non_null(strstr(cellseg_last_error(), "the segmentation needs "));
        assert_no_outputs(&out);
        assert_true(atomic_load(&w.allocations) == 0 && w.furthest == 0);
    }
    outputs_free(&out);
    cellseg_context_free(context);
    return status == CELLSEG_OK;
}

/* The need of a call: with the network where it has one. */
static uint64_t need_of(call run, const inputs *in) {
    const cellseg_segment_options options = defaults();
    const bool with_model = run == call_segment || run == call_maps || run == call_nuclei_within_by_model;
    cellseg_model *wrapped = run == call_elsewhere ? wrapped_model(3) : NULL;
    uint64_t bytes;
    assert_ok(cellseg_segment_memory(&bytes, NULL, with_model ? model : wrapped, cellseg_image_height(in->field.image),
                                     cellseg_image_width(in->field.image), 0.65, &options));
    cellseg_model_free(wrapped);
    const bool takes_seeds = run == call_cells || run == call_cells_alone || run == call_cells_joined;
    return bytes + (takes_seeds ? 128 * (uint64_t)cellseg_labels_max_id(in->seeds) : 0);
}

static outputs without_budget(call run, const inputs *in) {
    const cellseg_segment_options options = defaults();
    outputs out = no_outputs();
    assert_ok(run(&out, NULL, in, &options));
    return out;
}

static void eleven_budgets_give_the_same_bytes_or_are_refused_at_once(void **state) {
    (void)state;
    static const double parts[] = {1e-9, 1e-4, 0.125, 0.25, 0.5, 0.75, 0.97, 1, 1.03, 1.5, 10};
    static const int32_t threads[] = {1, 2, 7};
    for (int content = 0; content < CONTENTS; content++) {
        inputs in;
        inputs_of(&in, content, 130, 190);
        for (size_t i = 0; i < CALLS; i++) {
            outputs expected = without_budget(calls[i], &in);
            const uint64_t need = need_of(calls[i], &in);
            for (size_t b = 0; b < sizeof parts / sizeof *parts; b++)
                for (size_t t = 0; t < 3; t++) {
                    const uint64_t budget = (uint64_t)(parts[b] * (double)need);
                    const bool runs = runs_within(calls[i], &in, &expected, threads[t], budget > 0 ? budget : 1);
                    assert_int_equal(runs, parts[b] >= 1);
                }
            outputs_free(&expected);
        }
        inputs_free(&in);
    }
}

/* On images large enough that the bytes per pixel decide. */
static void the_threshold_is_what_cellseg_segment_memory_gives(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 7};
    for (int content = 0; content < CONTENTS; content++) {
        inputs in;
        inputs_of(&in, content, 700, 600);
        for (size_t i = 0; i < CALLS; i++) {
            outputs expected = without_budget(calls[i], &in);
            const uint64_t need = need_of(calls[i], &in);
            for (size_t t = 0; t < 2; t++) {
                assert_false(runs_within(calls[i], &in, &expected, threads[t], need - 1));
                assert_true(runs_within(calls[i], &in, &expected, threads[t], need));
            }
            outputs_free(&expected);
        }
        inputs_free(&in);
    }
}

/* What is in use already counts: here a block of the context. */
static void the_budget_is_beside_what_is_in_use(void **state) {
    (void)state;
    enum { IN_USE = 100000 };
    const cellseg_segment_options options = defaults();
    inputs in;
    inputs_new(&in, 3, 3, 1);
    const uint64_t need = need_of(call_segment, &in);
    for (int enough = 0; enough < 2; enough++) {
        watch w;
        cellseg_context *context = watched_context(&w, 2, need + (enough ? IN_USE + 1000 : IN_USE));
        void *block = cseg_memory_alloc(context, IN_USE, 1); /* and its header */
        outputs out = no_outputs();
        assert_status(call_segment(&out, context, &in, &options), enough ? CELLSEG_OK : CELLSEG_ERR_LIMIT);
        outputs_free(&out);
        cseg_memory_free(block);
        cellseg_context_free(context);
    }
    inputs_free(&in);
}

/* ---- images that would take too much ---- */

/* The status of a call with a budget; where it fails, it must have done so before it allocated. */
static cellseg_status run_within(method run, const cellseg_image *image, double pixel_size_um, uint64_t budget) {
    cellseg_segment_options options = defaults();
    cellseg_labels *cells;
    watch w;
    cellseg_context *context = watched_context(&w, 2, budget);
    options.pixel_size_um = pixel_size_um;
    const cellseg_status status = run(&cells, NULL, context, image, &options);
    assert_true(status == CELLSEG_OK || atomic_load(&w.allocations) == 0);
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
    assert_status(cellseg_segment_nuclei_within(&nuclei, NULL, NULL, field.truth, field.image, &options), CELLSEG_ERR_ARGUMENT);
    cellseg_image_free(large);
    painted_free(&field);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eleven_budgets_give_the_same_bytes_or_are_refused_at_once),
        cmocka_unit_test(the_threshold_is_what_cellseg_segment_memory_gives),
        cmocka_unit_test(the_budget_is_beside_what_is_in_use),
        cmocka_unit_test(images_that_would_grow_beyond_measure_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
