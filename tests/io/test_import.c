/* SPDX-License-Identifier: BSD-3-Clause */
/* The manners of cellseg_labels_import(): arguments, failing allocations, threads, cancel, budgets. test_import.py compares maps.
 */
#include "testing.h"

#include <cellseg/io.h>
#include <cellseg/measure.h>

enum { HEIGHT = 40, WIDTH = 60, FORMATS = 5 };

/* A label map as each format. */
static test_sink files[FORMATS];
static uint32_t ids[HEIGHT * WIDTH];

static void put(test_sink *sink, const void *bytes, size_t count) {
    assert_int_equal(test_take(sink, bytes, count), 0);
}

/* Version 1.0 of NumPy's header. */
static void put_header(test_sink *sink, const char *description) {
    const unsigned char length[2] = {(unsigned char)strlen(description), 0};
    put(sink, "\x93NUMPY\1\0", 8);
    put(sink, length, 2);
    put(sink, description, length[0]);
}

/* As numpy.save() writes an array of '<u4'. */
static void make_array(test_sink *sink) {
    put_header(sink, "{'descr': '<u4', 'fortran_order': False, 'shape': (40, 60), }\n");
    put(sink, ids, sizeof ids);
}

/* The dictionary {"masks": array} by hand, in pickle's protocol 4; the names of functions are empty. */
static void make_pickle(test_sink *sink) {
    static const char start[] = "\x80\4}\x94\x8c\5masks\x94\x8c\0\x8c\0\x93)R\x94(K\1K\x28K\x3c\x86"
                                "\x8c\0\x8c\0\x93\x8c\2u4\x89\x88\x87R\x94(K\3\x8c\1<NNNtb\x89\x8e";
    static const uint64_t size = sizeof ids;
    put_header(sink, "{'descr': '|O', 'fortran_order': False, 'shape': (), }\n");
    put(sink, start, sizeof start - 1);
    for (size_t i = 0; i < 8; i++)
        put(sink, &(const char){(char)(size >> (8 * i) & 0xff)}, 1);
    put(sink, ids, sizeof ids);
    put(sink, "tbs.", 4);
}

static int make_files(void **state) {
    (void)state;
    cellseg_labels *labels;
    cellseg_outlines *outlines;
    uint64_t seed = 4;
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        ids[i] = (uint32_t)(test_random(&seed) % 4) * 7;
    assert_ok(cellseg_labels_new(&labels, NULL, HEIGHT, WIDTH));
    memcpy(cellseg_labels_data_mut(labels), ids, sizeof ids);
    assert_ok(cellseg_labels_outlines(&outlines, NULL, labels, NULL));
    const cellseg_writer geojson = test_writer(&files[0]), rois = test_writer(&files[1]), coco = test_writer(&files[2]);
    assert_ok(cellseg_geojson_write_to(NULL, &geojson, outlines, outlines, NULL));
    assert_ok(cellseg_rois_write_to(NULL, &rois, outlines, outlines));
    assert_ok(cellseg_coco_write_to(NULL, &coco, "a.tif", labels, labels));
    make_array(&files[3]);
    make_pickle(&files[4]);
    cellseg_outlines_free(outlines);
    cellseg_labels_free(labels);
    return 0;
}

static int free_files(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++)
        free(files[i].bytes);
    return 0;
}

static cellseg_import_options sized(void) {
    cellseg_import_options options;
    assert_ok(cellseg_import_options_init(&options, sizeof options));
    options.height_px = HEIGHT;
    options.width_px = WIDTH;
    return options;
}

static cellseg_status import_in(cellseg_context *context, void *data) {
    const test_sink *file = data;
    const cellseg_reader reader = test_reader(file->bytes, file->size);
    const cellseg_import_options options = sized();
    cellseg_labels *cells = (cellseg_labels *)data, *nuclei = cells;
    const cellseg_status status = cellseg_labels_import_from(&cells, &nuclei, context, &reader, &options);
    assert_true((status == CELLSEG_OK) == (cells != NULL));
    if (status == CELLSEG_OK) {
        assert_memory_equal(cellseg_labels_data(cells), ids, sizeof ids);
        assert_true((file < &files[3]) == (nuclei != NULL));
        if (nuclei != NULL)
            assert_memory_equal(cellseg_labels_data(nuclei), ids, sizeof ids);
    }
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    return status;
}

static void every_format_gives_the_map_for_any_threads(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++)
        for (int32_t threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
            cellseg_context *context = test_context(threads);
            assert_ok(import_in(context, &files[i]));
            cellseg_context_free(context);
        }
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++)
        assert_survives_failing_allocations(import_in, &files[i]);
}

static int32_t stop(void *user, double fraction, const char *step) {
    (void)fraction;
    (void)step;
    return --*(int *)user < 0;
}

static void progress_cancels(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        int calls = 0;
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.progress = stop;
        options.progress_user = &calls;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        assert_status(import_in(context, &files[i]), CELLSEG_ERR_CANCELLED);
        cellseg_context_free(context);
    }
}

static void a_budget_is_kept(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.memory_budget_bytes = 8000;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        assert_status(import_in(context, &files[i]), CELLSEG_ERR_LIMIT);
        cellseg_context_free(context);
    }
}

/* A few bytes that claim many pixels are refused before the pixels are allocated. */
static void claims_have_limits(void **state) {
    (void)state;
    static const char shapes[] = "{\"shapes\":[{\"label\":\"cell\",\"points\":[[1,1],[5,1],[5,5]]}],"
                                 "\"imageHeight\":2000000000,\"imageWidth\":2000000000}";
    const cellseg_reader reader = test_reader(shapes, sizeof shapes - 1);
    cellseg_labels *cells, *nuclei;
    assert_status(cellseg_labels_import_from(&cells, &nuclei, NULL, &reader, NULL), CELLSEG_ERR_LIMIT);
    assert_null(cells);
    assert_non_null(strstr(cellseg_last_error(), "16 GiB"));
}

static void faults_are_argument_errors(void **state) {
    (void)state;
    const cellseg_reader reader = test_reader(files[0].bytes, files[0].size);
    cellseg_labels *cells, *nuclei;
    cellseg_import_options bad = sized();
    assert_status(cellseg_labels_import_from(NULL, &nuclei, NULL, &reader, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_import_from(&cells, NULL, NULL, &reader, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_import_from(&cells, &nuclei, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_import(&cells, &nuclei, NULL, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_labels_import_from(&cells, &nuclei, NULL, &reader, NULL), CELLSEG_ERR_ARGUMENT); /* no size */
    bad.height_px = -1;
    assert_status(cellseg_labels_import_from(&cells, &nuclei, NULL, &reader, &bad), CELLSEG_ERR_ARGUMENT);
    assert_null(cells);
    assert_null(nuclei);
    assert_status(cellseg_labels_import(&cells, &nuclei, NULL, "/no/such/file", NULL), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), "/no/such/file"));
    assert_status(cellseg_import_options_init(NULL, sizeof bad), CELLSEG_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_map_for_any_threads),
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(progress_cancels),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(claims_have_limits),
        cmocka_unit_test(faults_are_argument_errors),
    };
    return cmocka_run_group_tests(tests, make_files, free_files);
}
