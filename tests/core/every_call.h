/* SPDX-License-Identifier: BSD-3-Clause */
/* Inputs and results of test_every_call.c. */
#ifndef CSEG_TESTS_EVERY_CALL_H
#define CSEG_TESTS_EVERY_CALL_H

#include "segment/fixture.h"

#include <cellseg/cellseg.h>

#include <stdio.h>
#include <unistd.h>

/* ---- inputs, made once and then only read ---- */

static struct inputs {
    cellseg_image *image; /* uint16; 0: marker, 1: nuclear stain */
    cellseg_image *maps;  /* at the image's scale */
    cellseg_image *mask;  /* where the stain is bright */
    cellseg_labels *cells, *nuclei;
    cellseg_model *model;
    cellseg_network network; /* the model's, as one that runs elsewhere */
    cellseg_table *table;
    cellseg_outlines *cell_outlines, *nucleus_outlines;
    unsigned char *file; /* the model's */
    size_t file_size;
    char image_path[64], coco_path[64], cells_path[64], out_path[64];
} in;

static char folder[] = "/tmp/cellseg-test-XXXXXX";

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    (void)fclose(file);
    return bytes;
}

static void make_mask(void) {
    const size_t height = cellseg_image_height(in.image), width = cellseg_image_width(in.image);
    assert_ok(cellseg_image_new(&in.mask, NULL, CELLSEG_UINT8, 1, height, width));
    for (size_t i = 0; i < height * width; i++)
        ((uint8_t *)cellseg_image_pixels_mut(in.mask, 0))[i] = ((const uint16_t *)cellseg_image_pixels(in.image, 1))[i] > 500;
}

static int make_inputs(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 4, 5, 1, 3));
    in.image = field.image;
    cellseg_labels_free(field.truth);
    in.model = painted_model();
    in.network = painted_network(in.model, 4);
    assert_ok(cellseg_segment(&in.cells, &in.nuclei, &in.maps, NULL, NULL, in.model, in.image, NULL));
    assert_int_equal(cellseg_labels_max_id(in.cells), 20);
    make_mask();
    assert_ok(cellseg_measure(&in.table, NULL, in.cells, in.nuclei, in.image, NULL));
    assert_ok(cellseg_labels_outlines(&in.cell_outlines, NULL, in.cells, NULL));
    assert_ok(cellseg_labels_outlines(&in.nucleus_outlines, NULL, in.nuclei, NULL));
    in.file = read_file("tests/segment/painted.cellseg", &in.file_size);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(in.image_path, sizeof in.image_path, "%s/image.tif", folder);
    (void)snprintf(in.cells_path, sizeof in.cells_path, "%s/cells.tif", folder);
    (void)snprintf(in.coco_path, sizeof in.coco_path, "%s/cells.json", folder);
    (void)snprintf(in.out_path, sizeof in.out_path, "%s/out", folder);
    assert_ok(cellseg_image_write(in.image, NULL, in.image_path, NULL));
    assert_ok(cellseg_labels_write(in.cells, NULL, in.cells_path, NULL));
    assert_ok(cellseg_coco_write(NULL, in.coco_path, "a.tif", in.cells, in.nuclei));
    return 0;
}

static int free_inputs(void **state) {
    (void)state;
    cellseg_image_free(in.image);
    cellseg_image_free(in.maps);
    cellseg_image_free(in.mask);
    cellseg_labels_free(in.cells);
    cellseg_labels_free(in.nuclei);
    cellseg_model_free(in.model);
    cellseg_table_free(in.table);
    cellseg_outlines_free(in.cell_outlines);
    cellseg_outlines_free(in.nucleus_outlines);
    free(in.file);
    (void)unlink(in.image_path);
    (void)unlink(in.cells_path);
    (void)unlink(in.coco_path);
    (void)unlink(in.out_path);
    return rmdir(folder);
}

/* ---- results: their bytes as one number (64-bit FNV-1a), and gone ---- */

static void add_bytes(uint64_t *hash, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static cellseg_status take_image(uint64_t *hash, cellseg_image *image, cellseg_status status) {
    assert_true((status == CELLSEG_OK) == (image != NULL));
    const size_t height = cellseg_image_height(image), stride = cellseg_image_row_stride_bytes(image);
    for (int32_t c = 0; c < cellseg_image_channels(image); c++)
        add_bytes(hash, cellseg_image_pixels(image, c), height * stride);
    const double pixel_size_um = cellseg_image_pixel_size_um(image);
    add_bytes(hash, &pixel_size_um, sizeof pixel_size_um);
    cellseg_image_free(image);
    return status;
}

static cellseg_status take_labels(uint64_t *hash, cellseg_labels *labels, cellseg_status status) {
    assert_true((status == CELLSEG_OK) == (labels != NULL));
    add_bytes(hash, cellseg_labels_data(labels), cellseg_labels_height(labels) * cellseg_labels_row_stride_bytes(labels));
    cellseg_labels_free(labels);
    return status;
}

static cellseg_status take_model(uint64_t *hash, cellseg_model *model, cellseg_status status) {
    assert_true((status == CELLSEG_OK) == (model != NULL));
    const uint64_t own = cellseg_model_hash(model);
    add_bytes(hash, &own, sizeof own);
    if (model != NULL)
        add_bytes(hash, cellseg_model_info(model), strlen(cellseg_model_info(model)));
    cellseg_model_free(model);
    return status;
}

static cellseg_status take_file(uint64_t *hash, cellseg_status status) {
    assert_true((status == CELLSEG_OK) == (access(in.out_path, F_OK) == 0));
    if (status != CELLSEG_OK)
        return status;
    size_t size;
    unsigned char *bytes = read_file(in.out_path, &size);
    add_bytes(hash, bytes, size);
    free(bytes);
    assert_int_equal(unlink(in.out_path), 0);
    return status;
}

static cellseg_status take_sink(uint64_t *hash, test_sink *sink, cellseg_status status) {
    assert_true((status == CELLSEG_OK) == (sink->size > 0));
    add_bytes(hash, sink->bytes, sink->size);
    free(sink->bytes);
    return status;
}

#endif
