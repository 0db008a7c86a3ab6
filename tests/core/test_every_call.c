/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every public function that computes, in every floating-point environment that a host may have set, with one, two and seven
 * threads and with the embedder's own loop: the same bytes, progress that never falls and ends at 1, the host's environment as it
 * was, after a success, an error and a cancel; the same bytes from interleaved pixels and from other pixel types. tests/lint
 * checks that no function with a context is missing here.
 */
#include "environment.h"

#include "core/every_call.h"

#include <cellseg/cellseg.h>

#include <pthread.h>

/* ---- the calls ---- */

#define CALL(name) static cellseg_status name(uint64_t *hash, cellseg_context *context)
#define NEW_CALL(name, type, ...)                                                                                                \
    CALL(name) {                                                                                                                 \
        cellseg_##type *made;                                                                                                    \
        const cellseg_status status = cellseg_##name(&made, __VA_ARGS__);                                                        \
        return take_##type(hash, made, status);                                                                                  \
    }
#define FILE_CALL(name, ...)                                                                                                     \
    CALL(name) {                                                                                                                 \
        return take_file(hash, cellseg_##name(__VA_ARGS__));                                                                     \
    }

NEW_CALL(model_default, model, context)
NEW_CALL(model_load, model, context, "tests/segment/painted.cellseg")
CALL(model_load_from) {
    cellseg_model *model;
    const cellseg_reader reader = test_reader(in.file, in.file_size);
    const cellseg_status status = cellseg_model_load_from(&model, context, &reader);
    return take_model(hash, model, status);
}
NEW_CALL(model_average, model, context, in.model, in.model, 0.3)
NEW_CALL(model_wrap, model, context, cellseg_model_info(in.model), &in.network)
FILE_CALL(model_save, in.model, context, in.out_path, CELLSEG_WEIGHTS_FLOAT16)
FILE_CALL(model_export_onnx, in.model, context, in.out_path)
CALL(model_export_bioimageio) {
    static const char *const names[] = {"weights.onnx", "test_input.npy", "test_output.npy", "README.md", "rdf.yaml"};
    const cellseg_status status = cellseg_model_export_bioimageio(in.model, context, folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[80];
        size_t size = 0;
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unsigned char *bytes = access(path, F_OK) == 0 ? read_file(path, &size) : NULL;
        add_bytes(hash, bytes, size);
        free(bytes);
        (void)unlink(path);
    }
    return status;
}
CALL(segment) {
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps;
    const cellseg_status status = cellseg_segment(&cells, &nuclei, &maps, NULL, context, in.model, in.image, NULL);
    (void)take_labels(hash, cells, status);
    (void)take_labels(hash, nuclei, status);
    return take_image(hash, maps, status);
}
CALL(segment_memory) {
    uint64_t bytes;
    const cellseg_status status = cellseg_segment_memory(&bytes, context, in.model, 100, 200, 0.65, NULL);
    add_bytes(hash, &bytes, sizeof bytes);
    return status;
}
CALL(segment_two_channel) {
    cellseg_segment_options options;
    cellseg_labels *cells, *nuclei;
    assert_ok(cellseg_segment_options_init(&options, sizeof options));
    options.nuclei_channel = 1;
    const cellseg_status status = cellseg_segment_two_channel(&cells, &nuclei, NULL, context, in.image, in.image, &options);
    (void)take_labels(hash, cells, status);
    return take_labels(hash, nuclei, status);
}
/* ---- streams: a source of callbacks, and sinks that hash ---- */

static int32_t read_source(void *user, void *to, size_t stride, int32_t channel, size_t top, size_t left, size_t height,
                           size_t width) {
    return cellseg_source_read(user, NULL, to, stride, channel, top, left, height, width) == CELLSEG_OK ? 0 : 5;
}

static cellseg_status source_of_image(cellseg_source **inner, cellseg_source **outer, cellseg_context *context) {
    cellseg_source_callbacks callbacks;
    *outer = NULL;
    CSEG_TRY(cellseg_source_from_image(inner, context, in.image));
    assert_ok(cellseg_source_callbacks_init(&callbacks, sizeof callbacks));
    callbacks.user = *inner;
    callbacks.height = cellseg_source_height(*inner);
    callbacks.width = cellseg_source_width(*inner);
    callbacks.channels = cellseg_source_channels(*inner);
    callbacks.pixel_type = cellseg_source_pixel_type(*inner);
    callbacks.pixel_size_um = cellseg_source_pixel_size_um(*inner);
    callbacks.read = read_source;
    return cellseg_source_new(outer, context, &callbacks);
}

typedef struct hashed {
    uint64_t *hash;
    size_t row_bytes;
} hashed;

static int32_t hash_rows(void *user, const void *rows, size_t stride, int32_t channel, size_t top, size_t count) {
    const hashed *h = user;
    (void)channel, (void)top;
    for (size_t y = 0; y < count; y++)
        add_bytes(h->hash, (const char *)rows + y * stride, h->row_bytes);
    return 0;
}

static cellseg_status sink_that_hashes(cellseg_sink **sink, cellseg_context *context, hashed *h) {
    cellseg_sink_callbacks callbacks;
    assert_ok(cellseg_sink_callbacks_init(&callbacks, sizeof callbacks));
    callbacks.user = h;
    callbacks.height = cellseg_image_height(in.image);
    callbacks.width = cellseg_image_width(in.image);
    callbacks.write = hash_rows;
    return cellseg_sink_new(sink, context, &callbacks);
}

CALL(segment_stream) {
    hashed h = {hash, cellseg_image_width(in.image) * sizeof(uint32_t)};
    cellseg_source *inner = NULL, *outer = NULL;
    cellseg_stream_outputs outputs;
    cellseg_stream_options options;
    assert_ok(cellseg_stream_outputs_init(&outputs, sizeof outputs));
    assert_ok(cellseg_stream_options_init(&options, sizeof options));
    options.tile_px = 64;
    options.scratch_folder = folder;
    cellseg_status status = source_of_image(&inner, &outer, context);
    if (status == CELLSEG_OK)
        status = sink_that_hashes(&outputs.cells, context, &h);
    if (status == CELLSEG_OK)
        status = cellseg_segment_stream(&outputs, NULL, context, in.model, outer, NULL, NULL, &options);
    if (status == CELLSEG_OK)
        status = cellseg_sink_finish(outputs.cells, NULL); /* a call of its own */
    cellseg_sink_free(outputs.cells);
    cellseg_source_free(outer);
    cellseg_source_free(inner);
    return status;
}
CALL(sink_write) {
    hashed h = {hash, cellseg_image_width(in.image) * sizeof(uint32_t)};
    cellseg_sink *sink = NULL;
    cellseg_status status = sink_that_hashes(&sink, context, &h);
    if (status == CELLSEG_OK)
        status = cellseg_sink_write(sink, context, cellseg_labels_data(in.cells), cellseg_labels_row_stride_bytes(in.cells), 3);
    cellseg_sink_free(sink);
    return status;
}
CALL(source_read) {
    uint16_t pixels[60];
    cellseg_source *inner = NULL, *outer = NULL;
    cellseg_status status = source_of_image(&inner, &outer, context);
    if (status == CELLSEG_OK)
        status = cellseg_source_read(outer, context, pixels, 20, 1, 7, 9, 6, 10);
    if (status == CELLSEG_OK)
        add_bytes(hash, pixels, sizeof pixels);
    cellseg_source_free(outer);
    cellseg_source_free(inner);
    return status;
}
CALL(segment_nuclei_within) {
    cellseg_segment_options options;
    cellseg_labels *nuclei;
    assert_ok(cellseg_segment_options_init(&options, sizeof options));
    options.nuclei_channel = 1;
    const cellseg_status status = cellseg_segment_nuclei_within(&nuclei, context, NULL, in.cells, in.image, &options);
    return take_labels(hash, nuclei, status);
}
NEW_CALL(segment_maps, image, context, in.model, in.image, NULL)
NEW_CALL(segment_nuclei, labels, context, in.maps, CELLSEG_EXTRA_NONE, NULL)
CALL(segment_cells) {
    cellseg_labels *cells, *nuclei;
    const cellseg_status status =
        cellseg_segment_cells(&cells, &nuclei, context, NULL, in.image, in.maps, CELLSEG_EXTRA_NONE, in.nuclei, NULL);
    (void)take_labels(hash, nuclei, status);
    return take_labels(hash, cells, status);
}
CALL(segment_from_maps) {
    cellseg_labels *cells, *nuclei;
    const cellseg_status status =
        cellseg_segment_from_maps(&cells, &nuclei, NULL, context, in.model, in.image, in.maps, CELLSEG_EXTRA_NONE, NULL);
    (void)take_labels(hash, nuclei, status);
    return take_labels(hash, cells, status);
}

static cellseg_status take_table(uint64_t *hash, cellseg_table *table, cellseg_status status) {
    for (size_t c = 0; c < cellseg_table_columns(table); c++)
        add_bytes(hash, cellseg_table_column(table, c), cellseg_table_rows(table) * sizeof(double));
    cellseg_table_free(table);
    return status;
}
CALL(measure) {
    cellseg_measure_options options;
    cellseg_table *table;
    assert_ok(cellseg_measure_options_init(&options, sizeof options));
    options.neighbours = options.texture = options.radial = options.granularity = options.zernike = 1;
    options.intensity_detail = 1;
    const cellseg_status status = cellseg_measure(&table, context, in.cells, in.nuclei, in.image, &options);
    return take_table(hash, table, status);
}
CALL(measure_all) {
    const cellseg_image *const images[] = {in.image, in.maps};
    const cellseg_labels *const nuclei = in.nuclei;
    const char *const name = "nucleus";
    const int32_t channels[] = {3, 0};
    const cellseg_measure_inputs inputs = {.struct_size = sizeof inputs,
                                           .cells = in.cells,
                                           .images = images,
                                           .image_count = 2,
                                           .compartments = &nuclei,
                                           .compartment_names = &name,
                                           .compartment_count = 1,
                                           .channels = channels,
                                           .channel_count = 2};
    cellseg_table *table;
    const cellseg_status status = cellseg_measure_all(&table, context, &inputs, NULL);
    return take_table(hash, table, status);
}

CALL(labels_outlines) {
    cellseg_outlines *outlines;
    cellseg_outline_options options;
    assert_ok(cellseg_outline_options_init(&options, sizeof options));
    options.smooth = 1;
    const cellseg_status status = cellseg_labels_outlines(&outlines, context, in.cells, &options);
    const size_t rings = cellseg_outlines_rings(outlines);
    if (outlines != NULL)
        add_bytes(hash, cellseg_outlines_points(outlines), 2 * cellseg_outlines_offsets(outlines)[rings] * sizeof(double));
    cellseg_outlines_free(outlines);
    return status;
}

#define RESULT_OF(type, call)                                                                                                    \
    type out = {.struct_size = sizeof out};                                                                                      \
    const cellseg_status status = call;                                                                                          \
    add_bytes(hash, &out, sizeof out);                                                                                           \
    return status

CALL(similarity) {
    RESULT_OF(cellseg_similarity, cellseg_similarity_compute(&out, NULL, 0, context, in.cells, in.nuclei, 0.3));
}
CALL(matching) {
    const double threshold = 0.3;
    RESULT_OF(cellseg_matching, cellseg_matching_compute(&out, 1, context, in.cells, in.nuclei, &threshold));
}
CALL(detection) {
    RESULT_OF(cellseg_detection, cellseg_detection_compute(&out, context, in.cells, in.nuclei));
}
CALL(boundary) {
    RESULT_OF(cellseg_boundary, cellseg_boundary_compute(&out, context, in.cells, in.nuclei, 2.5));
}
CALL(roc) {
    RESULT_OF(cellseg_roc, cellseg_roc_compute(&out, NULL, NULL, 0, context, in.maps, 1, in.cells, 0.5));
}

NEW_CALL(image_read, image, context, in.image_path, NULL)
NEW_CALL(labels_read, labels, context, in.cells_path)
FILE_CALL(image_write, in.image, context, in.out_path, NULL)
FILE_CALL(labels_write, in.cells, context, in.out_path, NULL)
FILE_CALL(overlay_write, context, in.out_path, in.image, 0, in.cells, in.nuclei, NULL)
FILE_CALL(table_write_csv, in.table, context, in.out_path)
FILE_CALL(geojson_write, context, in.out_path, in.cell_outlines, in.nucleus_outlines, in.table)
FILE_CALL(rois_write, context, in.out_path, in.cell_outlines, in.nucleus_outlines)
FILE_CALL(svg_write, context, in.out_path, in.cell_outlines, in.nucleus_outlines)
FILE_CALL(coco_write, context, in.out_path, "image.tif", in.cells, in.nuclei)

static cellseg_reader reader_of(const char *path, unsigned char **bytes) {
    size_t size;
    *bytes = read_file(path, &size);
    return test_reader(*bytes, size);
}

CALL(image_read_from) {
    cellseg_image *image;
    unsigned char *bytes;
    const cellseg_reader reader = reader_of(in.image_path, &bytes);
    const cellseg_status status = cellseg_image_read_from(&image, context, &reader, NULL);
    free(bytes);
    return take_image(hash, image, status);
}
CALL(labels_read_from) {
    cellseg_labels *labels;
    unsigned char *bytes;
    const cellseg_reader reader = reader_of(in.cells_path, &bytes);
    const cellseg_status status = cellseg_labels_read_from(&labels, context, &reader);
    free(bytes);
    return take_labels(hash, labels, status);
}

CALL(labels_import) {
    cellseg_labels *cells, *nuclei;
    const cellseg_status status = cellseg_labels_import(&cells, &nuclei, context, in.coco_path, NULL);
    (void)take_labels(hash, nuclei, status);
    return take_labels(hash, cells, status);
}
CALL(labels_import_from) {
    cellseg_labels *cells, *nuclei;
    unsigned char *bytes;
    const cellseg_reader reader = reader_of(in.coco_path, &bytes);
    const cellseg_status status = cellseg_labels_import_from(&cells, &nuclei, context, &reader, NULL);
    free(bytes);
    (void)take_labels(hash, nuclei, status);
    return take_labels(hash, cells, status);
}

#define WRITE_CALL(name, ...)                                                                                                    \
    CALL(name) {                                                                                                                 \
        test_sink sink = {0};                                                                                                    \
        const cellseg_writer writer = test_writer(&sink);                                                                        \
        return take_sink(hash, &sink, cellseg_##name(__VA_ARGS__));                                                              \
    }
WRITE_CALL(image_write_to, in.image, context, &writer, NULL)
WRITE_CALL(labels_write_to, in.cells, context, &writer, NULL)
WRITE_CALL(overlay_write_to, context, &writer, in.image, 0, in.cells, in.nuclei, NULL)
WRITE_CALL(table_write_csv_to, in.table, context, &writer)
WRITE_CALL(geojson_write_to, context, &writer, in.cell_outlines, in.nucleus_outlines, in.table)
WRITE_CALL(rois_write_to, context, &writer, in.cell_outlines, in.nucleus_outlines)
WRITE_CALL(svg_write_to, context, &writer, in.cell_outlines, in.nucleus_outlines)
WRITE_CALL(coco_write_to, context, &writer, "image.tif", in.cells, in.nuclei)
WRITE_CALL(model_save_to, in.model, context, &writer, CELLSEG_WEIGHTS_FLOAT16)
WRITE_CALL(model_export_onnx_to, in.model, context, &writer)

CALL(synth_field) {
    cellseg_synth_options options;
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
    assert_ok(cellseg_synth_options_init(&options, sizeof options));
    options.vary = 1;
    const cellseg_status status = cellseg_synth_field(&image, &cells, &nuclei, context, 60, 70, &options);
    (void)take_labels(hash, cells, status);
    (void)take_labels(hash, nuclei, status);
    return take_image(hash, image, status);
}

/* Two epochs of a trained network on one image from memory and one from files. */
CALL(train) {
    const cellseg_train_files files = {
        .struct_size = sizeof files, .image_path = in.image_path, .cells_path = in.cells_path, .nuclei_channel = 1, .weight = 1};
    cellseg_train_options options;
    cellseg_trainer *trainer;
    cellseg_model *model = NULL;
    assert_ok(cellseg_train_options_init(&options, sizeof options));
    options.epochs = 2;
    options.batch = 4;
    cellseg_status status = cellseg_trainer_new(&trainer, context, in.model, &options);
    if (status == CELLSEG_OK)
        status = cellseg_trainer_add(trainer, in.image, 0, in.cells, in.nuclei, CELLSEG_USE_TRAIN);
    if (status == CELLSEG_OK)
        status = cellseg_trainer_add_files(trainer, &files, CELLSEG_USE_VALIDATE);
    if (status == CELLSEG_OK)
        status = cellseg_trainer_run(&model, trainer, NULL, NULL);
    cellseg_trainer_free(trainer);
    return take_model(hash, model, status);
}

/* ---- the toolkit ---- */

#define IMAGE_CALL(name, ...) NEW_CALL(name, image, context, __VA_ARGS__)
#define LABELS_CALL(name, ...) NEW_CALL(name, labels, context, __VA_ARGS__)
#define ARRAY_CALL(name, type, count, ...)                                                                                       \
    CALL(name) {                                                                                                                 \
        type out[count];                                                                                                         \
        const cellseg_status status = cellseg_##name(out, context, __VA_ARGS__);                                                 \
        if (status == CELLSEG_OK)                                                                                                \
            add_bytes(hash, out, sizeof out);                                                                                    \
        return status;                                                                                                           \
    }

static const double sigmas[] = {1.1, 2.3}, percents[] = {0.3, 50, 99.7};

IMAGE_CALL(image_gaussian, in.image, 0, 1.3)
IMAGE_CALL(image_laplacian, in.image, 0, sigmas, 2, CELLSEG_LAPLACIAN_EXACT)
IMAGE_CALL(image_resample, in.image, 0, 71, 97, CELLSEG_RESAMPLE_CUBIC)
LABELS_CALL(labels_resample, in.cells, 71, 97)
ARRAY_CALL(image_histogram, uint64_t, 17, in.image, 0, 17, 90.3, 1201.7)
ARRAY_CALL(image_percentiles, double, 3, in.image, 0, percents, 3)
ARRAY_CALL(image_otsu, double, 2, in.image, 0, 2, 101)
CALL(image_range) {
    double lo = 0, hi = 0;
    const cellseg_status status = cellseg_image_range(&lo, &hi, context, in.maps, 0);
    add_bytes(hash, &lo, sizeof lo);
    add_bytes(hash, &hi, sizeof hi);
    return status;
}
IMAGE_CALL(image_erode, in.image, 0, 5, 7)
IMAGE_CALL(image_dilate, in.image, 0, 5, 7)
IMAGE_CALL(image_opening, in.image, 0, 5, 7)
IMAGE_CALL(image_closing, in.image, 0, 5, 7)
IMAGE_CALL(image_white_top_hat, in.maps, 0, 5, 7)
IMAGE_CALL(image_black_top_hat, in.maps, 0, 5, 7)
IMAGE_CALL(image_erode_disc, in.image, 0, 4, CELLSEG_DISC_EXACT)
IMAGE_CALL(image_dilate_disc, in.image, 0, 4, CELLSEG_DISC_FAST)
IMAGE_CALL(image_opening_disc, in.image, 0, 4, CELLSEG_DISC_EXACT)
IMAGE_CALL(image_closing_disc, in.image, 0, 4, CELLSEG_DISC_FAST)
IMAGE_CALL(image_white_top_hat_disc, in.maps, 0, 4, CELLSEG_DISC_EXACT)
IMAGE_CALL(image_black_top_hat_disc, in.maps, 0, 4, CELLSEG_DISC_FAST)
IMAGE_CALL(image_reconstruct_dilation, in.maps, 0, in.maps, 1, 8)
IMAGE_CALL(image_reconstruct_erosion, in.maps, 1, in.maps, 0, 4)
IMAGE_CALL(image_h_minima, in.maps, 0, 0.03, 8)
IMAGE_CALL(image_h_maxima, in.maps, 0, 0.03, 4)
IMAGE_CALL(image_regional_minima, in.maps, 0, in.mask, 0, 8)
IMAGE_CALL(image_regional_maxima, in.maps, 0, NULL, 0, 8)
IMAGE_CALL(image_extended_minima, in.maps, 0, 0.03, NULL, 0, 4)
IMAGE_CALL(image_extended_maxima, in.maps, 0, 0.03, in.mask, 0, 8)
IMAGE_CALL(image_fill_holes, in.mask, 0, 4)
IMAGE_CALL(image_distance, in.mask, 0)
IMAGE_CALL(image_nearest, in.mask, 0)
LABELS_CALL(image_components, in.mask, 0, 8)
LABELS_CALL(labels_watershed, in.nuclei, in.maps, 2, NULL, 0, NULL)
LABELS_CALL(labels_relabel, in.cells)
LABELS_CALL(labels_remove_small, in.cells, 300)
LABELS_CALL(labels_clear_border, in.cells, 3)
LABELS_CALL(labels_fill_holes, in.cells)
LABELS_CALL(labels_expand, in.nuclei, 3.3)
LABELS_CALL(labels_compartment, in.cells, in.nuclei, CELLSEG_COMPARTMENT_RING, 3.3)
IMAGE_CALL(labels_boundaries, in.cells, CELLSEG_BOUNDARY_THICK, 8)
CALL(labels_check) {
    char violation[80];
    const cellseg_status status = cellseg_labels_check(violation, sizeof violation, context, in.cells, in.nuclei);
    add_bytes(hash, violation, strlen(violation));
    return status;
}

typedef struct call {
    const char *name;
    cellseg_status (*run)(uint64_t *hash, cellseg_context *context);
} call;

#define ROW(name)                                                                                                                \
    { #name, name }
static const call calls[] = {
    ROW(model_default),
    ROW(model_load),
    ROW(model_load_from),
    ROW(model_average),
    ROW(model_wrap),
    ROW(model_save),
    ROW(model_export_onnx),
    ROW(model_export_bioimageio),
    ROW(segment),
    ROW(segment_memory),
    ROW(segment_two_channel),
    ROW(segment_stream),
    ROW(sink_write),
    ROW(source_read),
    ROW(segment_nuclei_within),
    ROW(segment_maps),
    ROW(segment_nuclei),
    ROW(segment_cells),
    ROW(segment_from_maps),
    ROW(measure),
    ROW(measure_all),
    ROW(labels_outlines),
    ROW(similarity),
    ROW(matching),
    ROW(detection),
    ROW(boundary),
    ROW(roc),
    ROW(image_read),
    ROW(labels_read),
    ROW(labels_import),
    ROW(image_write),
    ROW(labels_write),
    ROW(overlay_write),
    ROW(table_write_csv),
    ROW(geojson_write),
    ROW(rois_write),
    ROW(svg_write),
    ROW(coco_write),
    ROW(image_read_from),
    ROW(labels_read_from),
    ROW(labels_import_from),
    ROW(image_write_to),
    ROW(labels_write_to),
    ROW(overlay_write_to),
    ROW(table_write_csv_to),
    ROW(geojson_write_to),
    ROW(rois_write_to),
    ROW(svg_write_to),
    ROW(coco_write_to),
    ROW(model_save_to),
    ROW(model_export_onnx_to),
    ROW(synth_field),
    ROW(train),
    ROW(image_gaussian),
    ROW(image_laplacian),
    ROW(image_resample),
    ROW(labels_resample),
    ROW(image_histogram),
    ROW(image_percentiles),
    ROW(image_otsu),
    ROW(image_range),
    ROW(image_erode),
    ROW(image_dilate),
    ROW(image_opening),
    ROW(image_closing),
    ROW(image_white_top_hat),
    ROW(image_black_top_hat),
    ROW(image_erode_disc),
    ROW(image_dilate_disc),
    ROW(image_opening_disc),
    ROW(image_closing_disc),
    ROW(image_white_top_hat_disc),
    ROW(image_black_top_hat_disc),
    ROW(image_reconstruct_dilation),
    ROW(image_reconstruct_erosion),
    ROW(image_h_minima),
    ROW(image_h_maxima),
    ROW(image_regional_minima),
    ROW(image_regional_maxima),
    ROW(image_extended_minima),
    ROW(image_extended_maxima),
    ROW(image_fill_holes),
    ROW(image_distance),
    ROW(image_nearest),
    ROW(image_components),
    ROW(labels_watershed),
    ROW(labels_relabel),
    ROW(labels_remove_small),
    ROW(labels_clear_border),
    ROW(labels_fill_holes),
    ROW(labels_expand),
    ROW(labels_compartment),
    ROW(labels_boundaries),
    ROW(labels_check),
};
enum { CALLS = sizeof calls / sizeof *calls };

/* ---- contexts ---- */

enum { ONE_THREAD, TWO_THREADS, SEVEN_THREADS, HOOKED, CONTEXTS };

typedef struct share {
    size_t from, count;
    cellseg_task_fn task;
    void *data;
} share;

static void *run_share(void *argument) {
    const share *s = argument;
    for (size_t i = s->from; i < s->count; i += 2)
        s->task(s->data, i);
    return NULL;
}

/* The odd indices on a thread that is made for them, the even ones on the caller's. */
static int32_t on_two_threads(void *user, size_t count, cellseg_task_fn task, void *data) {
    (void)user;
    share odd = {1, count, task, data}, even = {0, count, task, data};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_share, &odd) != 0)
        return 1;
    (void)run_share(&even);
    return pthread_join(thread, NULL);
}

typedef struct watcher {
    double last;
    size_t calls, ended;
} watcher;

static int32_t watch(void *user, double fraction, const char *step) {
    watcher *w = user;
    if (strcmp(step, "done") == 0) {
        assert_true(fraction == 1);
        w->ended++;
        w->last = 0; /* a further call of the same case begins */
    } else {
        assert_true(fraction >= w->last && fraction <= 1);
        w->last = fraction;
    }
    w->calls++;
    return 0;
}

static cellseg_context *new_context(int kind, watcher *w, uint64_t budget) {
    static const int32_t threads[] = {1, 2, 7, 2};
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads[kind];
    options.parallel_for = kind == HOOKED ? on_two_threads : NULL;
    options.progress = w != NULL ? watch : NULL;
    options.progress_user = w;
    options.memory_budget_bytes = budget;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

/* ---- the tests ---- */

static uint64_t hash_of(const call *c, cellseg_context *context) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const cellseg_status status = c->run(&hash, context);
    if (status != CELLSEG_OK)
        fail_msg("%s: %s", c->name, cellseg_last_error());
    return hash;
}

static void the_same_bytes_in_every_environment(void **state) {
    (void)state;
    uint64_t wanted[CALLS];
    for (size_t i = 0; i < CALLS; i++)
        wanted[i] = hash_of(&calls[i], NULL);
    for (int e = 0; e < ENVIRONMENTS; e++)
        for (int kind = 0; kind < CONTEXTS; kind++) {
            set_environment(e);
            cellseg_context *context = new_context(kind, NULL, 0); /* its threads start in this environment */
            for (size_t i = 0; i < CALLS; i++) {
                const uint64_t hash = hash_of(&calls[i], context);
                if (hash != wanted[i] || !environment_holds(e))
                    fail_msg("%s: environment %d, context %d", calls[i].name, e, kind);
                const int raised = fetestexcept(STANDARD_EXCEPTIONS & ~FE_INEXACT); /* inexact: by this test's own arithmetic */
                if (raised != 0)
                    fail_msg("%s: environment %d, context %d: exceptions 0x%x", calls[i].name, e, kind, (unsigned)raised);
            }
            cellseg_context_free(context);
        }
    set_environment(ENVIRONMENT_DEFAULT);
}

static void progress_ends_at_one(void **state) {
    (void)state;
    for (int kind = 0; kind < CONTEXTS; kind++)
        for (size_t i = 0; i < CALLS; i++) {
            watcher w = {.last = 0};
            cellseg_context *context = new_context(kind, &w, 0);
            (void)hash_of(&calls[i], context);
            const size_t ends = calls[i].run == train ? 4 : 1;
            if (w.ended != ends || w.last != 0)
                fail_msg("%s: %zu of %zu ends, %g after the last", calls[i].name, w.ended, ends, w.last);
            cellseg_context_free(context);
        }
}

/* Errors of every kind: a budget that runs out here or there. */
static void an_error_restores_the_environment(void **state) {
    (void)state;
    static const uint64_t budgets[] = {20000, 60000, 150000, 400000, 1000000};
    for (int e = 0; e < ENVIRONMENTS; e++)
        for (size_t i = 0; i < CALLS; i++)
            for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
                watcher w = {.last = 0};
                uint64_t hash = 0;
                set_environment(e);
                cellseg_context *context = new_context(ONE_THREAD, &w, budgets[b]);
                const cellseg_status status = calls[i].run(&hash, context);
                assert_true(environment_holds(e));
                assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_LIMIT);
                assert_true(calls[i].run == train || (w.ended == 1) == (status == CELLSEG_OK));
                cellseg_context_free(context);
            }
    set_environment(ENVIRONMENT_DEFAULT);
}

static void a_cancelled_call_restores_the_environment(void **state) {
    (void)state;
    size_t cancelled = 0;
    for (int e = 0; e < ENVIRONMENTS; e++)
        for (size_t i = 0; i < CALLS; i++) {
            uint64_t hash = 0;
            set_environment(e);
            cellseg_context *context = new_context(TWO_THREADS, NULL, 0);
            cellseg_context_cancel(context);
            const cellseg_status status = calls[i].run(&hash, context);
            assert_true(environment_holds(e));
            if (status == CELLSEG_OK) /* too short to poll; the request stands */
                cellseg_context_cancel_clear(context);
            else
                assert_status(status, CELLSEG_ERR_CANCELLED);
            cancelled += status != CELLSEG_OK;
            (void)hash_of(&calls[i], context); /* the request was answered */
            cellseg_context_free(context);
        }
    assert_true(cancelled >= ENVIRONMENTS * (CALLS - 5));
    set_environment(ENVIRONMENT_DEFAULT);
}

/* ---- the same pixels otherwise in memory ---- */

static void release(void *user, const void *pixels) {
    (void)pixels;
    free(user);
}

/* The channels of an image next to each other in each pixel, beside a sample that belongs to none; rows are padded. */
static cellseg_image *interleaved(const cellseg_image *image) {
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    const size_t channels = (size_t)cellseg_image_channels(image), step = channels + 1, row = width * step + 5;
    const size_t sample = cseg_plane_type_size(cellseg_image_pixel_type(image));
    unsigned char *pixels = malloc(height * row * sample);
    assert_non_null(pixels);
    memset(pixels, 0x7f, height * row * sample);
    for (size_t c = 0; c < channels; c++) {
        const unsigned char *from = cellseg_image_pixels(image, (int32_t)c);
        for (size_t i = 0; i < height * width; i++)
            memcpy(pixels + (i / width * row + i % width * step + c) * sample, from + i * sample, sample);
    }
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = pixels;
    layout.height = height;
    layout.width = width;
    layout.channels = (int32_t)channels;
    layout.pixel_type = cellseg_image_pixel_type(image);
    layout.pixel_stride_bytes = step * sample;
    layout.row_stride_bytes = row * sample;
    layout.pixel_size_um = cellseg_image_pixel_size_um(image);
    layout.release = release;
    layout.release_user = pixels;
    cellseg_image *made;
    assert_ok(cellseg_image_wrap(&made, NULL, &layout));
    return made;
}

static void interleaved_pixels_give_the_same_bytes(void **state) {
    (void)state;
    cellseg_image **const images[] = {&in.image, &in.maps, &in.mask};
    cellseg_image *planar[3];
    uint64_t wanted[CALLS];
    for (size_t i = 0; i < CALLS; i++)
        wanted[i] = hash_of(&calls[i], NULL);
    for (size_t k = 0; k < 3; k++) {
        planar[k] = *images[k];
        *images[k] = interleaved(planar[k]);
    }
    for (size_t i = 0; i < CALLS; i++)
        if (hash_of(&calls[i], NULL) != wanted[i])
            fail_msg("%s: other bytes from interleaved pixels", calls[i].name);
    for (size_t k = 0; k < 3; k++) {
        cellseg_image_free(*images[k]);
        *images[k] = planar[k];
    }
}

/* The same numbers in another type; they are whole and below 2^15, so that every type holds them. */
static cellseg_image *converted(const cellseg_image *image, int32_t type) {
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    cellseg_image *made;
    assert_ok(cellseg_image_new(&made, NULL, type, cellseg_image_channels(image), height, width));
    assert_ok(cellseg_image_set_pixel_size_um(made, cellseg_image_pixel_size_um(image)));
    for (int32_t c = 0; c < cellseg_image_channels(image); c++) {
        const uint16_t *from = cellseg_image_pixels(image, c);
        void *to = cellseg_image_pixels_mut(made, c);
        for (size_t i = 0; i < height * width; i++) {
            assert_true(from[i] < INT16_MAX);
            if (type == CELLSEG_INT16)
                ((int16_t *)to)[i] = (int16_t)from[i];
            else if (type == CELLSEG_UINT32 || type == CELLSEG_INT32)
                ((uint32_t *)to)[i] = from[i];
            else if (type == CELLSEG_FLOAT32)
                ((float *)to)[i] = from[i];
            else
                ((double *)to)[i] = from[i];
        }
    }
    return made;
}

/* What does not return the input's type. Integers are rounded to levels and floats are not, which segmentation takes into
 * account; so floats are compared with floats. */
static void every_pixel_type_gives_the_same_bytes(void **state) {
    (void)state;
    static const call of_numbers[] = {ROW(segment),        ROW(segment_two_channel), ROW(measure),        ROW(overlay_write),
                                      ROW(image_gaussian), ROW(image_percentiles),   ROW(image_histogram)};
    static const int32_t types[][2] = {{CELLSEG_UINT16, CELLSEG_INT16},
                                       {CELLSEG_UINT16, CELLSEG_INT32},
                                       {CELLSEG_UINT16, CELLSEG_UINT32},
                                       {CELLSEG_FLOAT32, CELLSEG_FLOAT64}};
    cellseg_image *const own = in.image;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        cellseg_image *first = types[t][0] == CELLSEG_UINT16 ? own : converted(own, types[t][0]);
        cellseg_image *second = converted(own, types[t][1]);
        for (size_t i = 0; i < sizeof of_numbers / sizeof *of_numbers; i++) {
            in.image = first;
            const uint64_t wanted = hash_of(&of_numbers[i], NULL);
            in.image = second;
            if (hash_of(&of_numbers[i], NULL) != wanted)
                fail_msg("%s: other bytes from type %d than from %d", of_numbers[i].name, types[t][1], types[t][0]);
        }
        if (first != own)
            cellseg_image_free(first);
        cellseg_image_free(second);
    }
    in.image = own;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_in_every_environment),    cmocka_unit_test(progress_ends_at_one),
        cmocka_unit_test(an_error_restores_the_environment),      cmocka_unit_test(a_cancelled_call_restores_the_environment),
        cmocka_unit_test(interleaved_pixels_give_the_same_bytes), cmocka_unit_test(every_pixel_type_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, make_inputs, free_inputs);
}
