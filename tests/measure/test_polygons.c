/* SPDX-License-Identifier: BSD-3-Clause */
/* The manners of cellseg_labels_outlines() and of the writers; test_outlines.py compares shapes and files with other programs. */
#include "testing.h"

#include <cellseg/io.h>
#include <cellseg/measure.h>

enum { HEIGHT = 40, WIDTH = 60 };

/* Noise of four ids, which has holes, parts and diagonal contacts of every kind. */
static cellseg_status noise_new(cellseg_labels **out, cellseg_context *context) {
    CSEG_TRY(cellseg_labels_new(out, context, HEIGHT, WIDTH));
    uint64_t seed = 4;
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        cellseg_labels_data_mut(*out)[i] = (uint32_t)(test_random(&seed) % 4) * 7;
    return cellseg_labels_set_pixel_size_um(*out, 0.5);
}

static cellseg_outline_options chosen(int32_t smooth) {
    cellseg_outline_options options;
    assert_ok(cellseg_outline_options_init(&options, sizeof options));
    options.smooth = smooth;
    return options;
}

/* ---- outlines ---- */

static cellseg_status outline_in(cellseg_context *context, void *data) {
    cellseg_labels *labels;
    CSEG_TRY(noise_new(&labels, context));
    cellseg_outlines *outlines = (cellseg_outlines *)&labels;
    const cellseg_status status = cellseg_labels_outlines(&outlines, context, labels, data);
    assert_true((status == CELLSEG_OK) == (outlines != NULL));
    cellseg_outlines_free(outlines);
    cellseg_labels_free(labels);
    return status;
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    for (int32_t smooth = 0; smooth <= 1; smooth++) {
        cellseg_outline_options options = chosen(smooth);
        assert_survives_failing_allocations(outline_in, &options);
    }
}

static void assert_same(const cellseg_outlines *a, const cellseg_outlines *b) {
    const size_t rings = cellseg_outlines_rings(a);
    assert_int_equal(cellseg_outlines_rings(b), rings);
    assert_memory_equal(cellseg_outlines_ids(a), cellseg_outlines_ids(b), rings * sizeof(uint32_t));
    assert_memory_equal(cellseg_outlines_holes(a), cellseg_outlines_holes(b), rings * sizeof(int32_t));
    assert_memory_equal(cellseg_outlines_offsets(a), cellseg_outlines_offsets(b), (rings + 1) * sizeof(size_t));
    assert_memory_equal(cellseg_outlines_points(a), cellseg_outlines_points(b),
                        2 * cellseg_outlines_offsets(a)[rings] * sizeof(double));
}

static void threads_do_not_change_a_byte(void **state) {
    (void)state;
    cellseg_labels *labels;
    assert_ok(noise_new(&labels, NULL));
    for (int32_t smooth = 0; smooth <= 1; smooth++) {
        const cellseg_outline_options options = chosen(smooth);
        cellseg_outlines *first;
        assert_ok(cellseg_labels_outlines(&first, NULL, labels, &options));
        for (int32_t threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
            cellseg_context *context = test_context(threads);
            cellseg_outlines *outlines;
            assert_ok(cellseg_labels_outlines(&outlines, context, labels, &options));
            assert_same(first, outlines);
            cellseg_outlines_free(outlines);
            cellseg_context_free(context);
        }
        cellseg_outlines_free(first);
    }
    cellseg_labels_free(labels);
}

/* Points in micrometres are those in pixels times the size of a pixel. */
static void units_scale_the_points(void **state) {
    (void)state;
    cellseg_labels *labels;
    assert_ok(noise_new(&labels, NULL));
    cellseg_outline_options options = chosen(0);
    cellseg_outlines *px, *um;
    assert_ok(cellseg_labels_outlines(&px, NULL, labels, &options));
    options.unit = CELLSEG_OUTLINE_UM;
    assert_ok(cellseg_labels_outlines(&um, NULL, labels, &options));
    const size_t numbers = 2 * cellseg_outlines_offsets(px)[cellseg_outlines_rings(px)];
    for (size_t i = 0; i < numbers; i++)
        assert_true(cellseg_outlines_points(um)[i] == cellseg_outlines_points(px)[i] / 2);
    assert_true(cellseg_outlines_height(px) == HEIGHT && cellseg_outlines_width(px) == WIDTH);
    assert_true(cellseg_outlines_height(um) == HEIGHT / 2.0 && cellseg_outlines_width(um) == WIDTH / 2.0);
    cellseg_outlines_free(px);
    cellseg_outlines_free(um);
    cellseg_labels_free(labels);
}

static void faults_are_argument_errors(void **state) {
    (void)state;
    cellseg_labels *labels, *unsized;
    assert_ok(noise_new(&labels, NULL));
    assert_ok(cellseg_labels_new(&unsized, NULL, 3, 3));
    const cellseg_outline_options good = chosen(0);
    cellseg_outline_options bad[] = {good, good, good, good};
    bad[0].smooth = 2;
    bad[1].unit = -1;
    bad[2].unit = 2;
    bad[3].struct_size = sizeof good - 1;
    cellseg_outlines *outlines;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        outlines = (cellseg_outlines *)&labels;
        assert_status(cellseg_labels_outlines(&outlines, NULL, labels, &bad[i]), CELLSEG_ERR_ARGUMENT);
        assert_null(outlines);
    }
    cellseg_outline_options um = good;
    um.unit = CELLSEG_OUTLINE_UM;
    assert_status(cellseg_labels_outlines(&outlines, NULL, unsized, &um), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "pixel size"));
    assert_status(cellseg_labels_outlines(NULL, NULL, labels, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_outlines(&outlines, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_outline_options_init(NULL, sizeof good), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_outline_options_init(bad, 8), CELLSEG_ERR_ARGUMENT);
    cellseg_labels_free(labels);
    cellseg_labels_free(unsized);
}

static void nothing_has_no_outlines(void **state) {
    (void)state;
    cellseg_labels *labels;
    cellseg_outlines *outlines;
    assert_ok(cellseg_labels_new(&labels, NULL, 3, 5));
    assert_ok(cellseg_labels_outlines(&outlines, NULL, labels, NULL));
    assert_int_equal(cellseg_outlines_rings(outlines), 0);
    assert_int_equal(cellseg_outlines_offsets(outlines)[0], 0);
    cellseg_outlines_free(outlines);
    cellseg_labels_free(labels);
    assert_int_equal(cellseg_outlines_rings(NULL), 0);
    assert_null(cellseg_outlines_ids(NULL));
    assert_null(cellseg_outlines_holes(NULL));
    assert_null(cellseg_outlines_offsets(NULL));
    assert_null(cellseg_outlines_points(NULL));
    assert_true(cellseg_outlines_height(NULL) == 0 && cellseg_outlines_width(NULL) == 0);
    cellseg_outlines_free(NULL);
}

/* ---- writers ---- */

typedef struct files {
    test_sink geojson, svg, coco, rois;
} files;

/* Every writer once, into memory. */
static cellseg_status write_in(cellseg_context *context, void *data) {
    files *f = data;
    free(f->geojson.bytes);
    free(f->svg.bytes);
    free(f->coco.bytes);
    free(f->rois.bytes);
    *f = (files){0};
    const cellseg_writer geojson = test_writer(&f->geojson), svg = test_writer(&f->svg), coco = test_writer(&f->coco),
                         rois = test_writer(&f->rois);
    cellseg_labels *labels = NULL;
    cellseg_outlines *outlines = NULL;
    cellseg_table *table = NULL;
    cellseg_status status;
    CSEG_TRY(noise_new(&labels, context));
    CSEG_TRY_GOTO(done, cellseg_labels_outlines(&outlines, context, labels, NULL));
    CSEG_TRY_GOTO(done, cellseg_measure(&table, context, labels, NULL, NULL, NULL));
    CSEG_TRY_GOTO(done, cellseg_geojson_write_to(context, &geojson, outlines, outlines, table));
    CSEG_TRY_GOTO(done, cellseg_svg_write_to(context, &svg, outlines, outlines));
    CSEG_TRY_GOTO(done, cellseg_coco_write_to(context, &coco, "a \"b\".tif", labels, labels));
    CSEG_TRY_GOTO(done, cellseg_rois_write_to(context, &rois, outlines, outlines));
done:
    cellseg_table_free(table);
    cellseg_outlines_free(outlines);
    cellseg_labels_free(labels);
    return status;
}

static void failing_allocations_write_nothing(void **state) {
    (void)state;
    files f = {0};
    assert_survives_failing_allocations(write_in, &f);
    assert_true(f.geojson.calls == 1 && f.svg.calls == 1 && f.coco.calls == 1 && f.rois.calls == 1);
    free(f.geojson.bytes);
    free(f.svg.bytes);
    free(f.coco.bytes);
    free(f.rois.bytes);
}

static int32_t stop(void *user, double fraction, const char *step) {
    (void)fraction;
    (void)step;
    return --*(int *)user < 0;
}

static void progress_cancels(void **state) {
    (void)state;
    files f = {0};
    cellseg_status status = CELLSEG_ERR_CANCELLED;
    int rounds = 0;
    for (; status != CELLSEG_OK; rounds++) {
        int calls = rounds; /* let one more callback pass in each round, so that every step is cancelled once */
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.progress = stop;
        options.progress_user = &calls;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        status = write_in(context, &f);
        assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_CANCELLED);
        cellseg_context_free(context);
    }
    assert_true(rounds > 3);
    free(f.geojson.bytes);
    free(f.svg.bytes);
    free(f.coco.bytes);
    free(f.rois.bytes);
}

static void a_budget_is_kept(void **state) {
    (void)state;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.memory_budget_bytes = 60000;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cellseg_labels *labels;
    cellseg_outlines *outlines;
    assert_ok(noise_new(&labels, NULL));
    assert_status(cellseg_labels_outlines(&outlines, context, labels, NULL), CELLSEG_ERR_LIMIT);
    assert_null(outlines);
    cellseg_labels_free(labels);
    cellseg_context_free(context);
}

static void writers_refuse_what_does_not_fit(void **state) {
    (void)state;
    test_sink sink = {0};
    const cellseg_writer writer = test_writer(&sink);
    cellseg_labels *labels, *small;
    cellseg_outlines *outlines, *few;
    assert_ok(noise_new(&labels, NULL));
    assert_ok(cellseg_labels_new(&small, NULL, 2, 2));
    assert_ok(cellseg_labels_outlines(&outlines, NULL, labels, NULL));
    assert_ok(cellseg_labels_outlines(&few, NULL, small, NULL));
    assert_status(cellseg_geojson_write_to(NULL, &writer, NULL, outlines, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_geojson_write_to(NULL, &writer, outlines, few, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_geojson_write_to(NULL, NULL, outlines, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_geojson_write(NULL, NULL, outlines, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_svg_write_to(NULL, &writer, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_svg_write_to(NULL, &writer, outlines, few), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_svg_write(NULL, NULL, outlines, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_rois_write_to(NULL, &writer, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_rois_write_to(NULL, &writer, outlines, few), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_rois_write(NULL, NULL, outlines, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_coco_write_to(NULL, &writer, NULL, labels, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_coco_write_to(NULL, &writer, "\xe9.tif", labels, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_coco_write_to(NULL, &writer, "a", NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_coco_write_to(NULL, &writer, "a", labels, small), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_coco_write(NULL, NULL, "a", labels, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_svg_write(NULL, "/no/such/folder/a.svg", outlines, NULL), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), "/no/such/folder/a.svg"));
    assert_int_equal(sink.calls, 0);
    sink.error = 28;
    assert_status(cellseg_coco_write_to(NULL, &writer, "a", labels, NULL), CELLSEG_ERR_IO);
    cellseg_outlines_free(outlines);
    cellseg_outlines_free(few);
    cellseg_labels_free(labels);
    cellseg_labels_free(small);
}

/* 2^32 pixels, of which none is read before the refusal. */
static void coco_counts_32_bits(void **state) {
    (void)state;
    enum { EDGE = 65536 };
    if (SIZE_MAX <= UINT32_MAX)
        skip(); /* no such map fits into the memory */
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    static const uint32_t row[EDGE];
    layout.pixels = row;
    layout.height = layout.width = EDGE;
    layout.channels = 1;
    layout.pixel_type = CELLSEG_UINT32;
    cellseg_labels *labels;
    assert_ok(cellseg_labels_wrap(&labels, NULL, &layout));
    test_sink sink = {0};
    const cellseg_writer writer = test_writer(&sink);
    assert_status(cellseg_coco_write_to(NULL, &writer, "a", labels, NULL), CELLSEG_ERR_LIMIT);
    cellseg_labels_free(labels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(units_scale_the_points),
        cmocka_unit_test(faults_are_argument_errors),
        cmocka_unit_test(nothing_has_no_outlines),
        cmocka_unit_test(failing_allocations_write_nothing),
        cmocka_unit_test(progress_cancels),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(writers_refuse_what_does_not_fit),
        cmocka_unit_test(coco_counts_32_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
