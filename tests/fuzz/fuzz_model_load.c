/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Model files: any bytes end in a model that describes itself and predicts, or in an error. The input is the file's header as
 * text, a zero byte, and the tensors; the header's length, which every change would break, is written here. Or, by a flag, the
 * raw file.
 */
#include "files.h"

#include "core/core.h"

/* The file: 8 bytes of length, the header padded with spaces to a multiple of 8, the tensors. */
static uint8_t *assemble(size_t *size, const uint8_t *bytes, size_t count) {
    const uint8_t *zero = count > 0 ? memchr(bytes, 0, count) : NULL;
    const size_t header = zero != NULL ? (size_t)(zero - bytes) : count, data = zero != NULL ? count - header - 1 : 0;
    const size_t padded = (header + 7) / 8 * 8;
    *size = 8 + padded + data;
    uint8_t *file = malloc(*size);
    MUST(file != NULL);
    for (size_t i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)padded >> (8 * i));
    memset(file + 8, ' ', padded);
    memcpy(file + 8, bytes, header);
    memcpy(file + 8 + padded, bytes + count - data, data);
    return file;
}

/* Models of little work predict a small image. */
static void predict(input *in, cellseg_context *context, const cellseg_model *model) {
    static uint8_t pixels[12 * 9];
    uint64_t bytes;
    const double pixel_size_um = cellseg_model_pixel_size_um(model);
    const cellseg_status status = cellseg_segment_memory(&bytes, context, model, 12, 9, pixel_size_um, NULL);
    if (check_status(in, status) != CELLSEG_OK || bytes > 4 << 20)
        return;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i);
    cellseg_image_layout layout;
    cellseg_image *image, *maps;
    MUST(cellseg_image_layout_init(&layout, sizeof layout) == CELLSEG_OK);
    layout.pixels = pixels;
    layout.height = 12;
    layout.width = 9;
    layout.pixel_type = CELLSEG_UINT8;
    layout.pixel_size_um = pixel_size_um;
    MUST(cellseg_image_wrap(&image, context, &layout) == CELLSEG_OK);
    const cellseg_status predicted = cellseg_segment_maps(&maps, context, model, image, NULL);
    take_image(in, maps, predicted);
    cellseg_image_free(image);
}

/* A model that is saved loads as the same. */
static void check_saved(cellseg_context *context, const cellseg_model *model) {
    sink written = {.size = 0};
    cellseg_model *again;
    const cellseg_writer writer = writer_of(&written);
    MUST(cellseg_model_save_to(model, context, &writer, CELLSEG_WEIGHTS_FLOAT32) == CELLSEG_OK);
    source s = {.bytes = written.bytes, .size = written.size};
    const cellseg_reader reader = reader_of(&s);
    MUST(cellseg_model_load_from(&again, context, &reader) == CELLSEG_OK);
    MUST(cellseg_model_hash(again) == cellseg_model_hash(model));
    MUST(strcmp(cellseg_model_info(again), cellseg_model_info(model)) == 0);
    cellseg_model_free(again);
    free(written.bytes);
}

static void check_model(input *in, cellseg_context *context, const cellseg_model *model) {
    const char *text = cellseg_model_info(model);
    cseg_json *info;
    MUST(cseg_json_parse(&info, NULL, text, strlen(text), "info") == CELLSEG_OK && cseg_json_is(info, CSEG_JSON_OBJECT));
    cseg_memory_free(info);
    MUST(cellseg_model_pixel_size_um(model) > 0 && cellseg_model_nucleus_diameter_um(model) >= 0);
    const uint64_t hash = cellseg_model_hash(model);
    add_bytes(in, &hash, sizeof hash);
    check_saved(context, model);
    predict(in, context, model);
}

static void fuzz_run(input *in, cellseg_context *context) {
    const bool raw = take(in, 1) == 0xff;
    source s = take_source(in);
    uint8_t *file = raw ? NULL : assemble(&s.size, s.bytes, s.size);
    s.bytes = raw ? s.bytes : file;
    const cellseg_reader reader = reader_of(&s);
    cellseg_model *model;
    const cellseg_status status = cellseg_model_load_from(&model, context, &reader);
    check_source(&s, status);
    MUST((check_status(in, status) == CELLSEG_OK) == (model != NULL));
    if (model != NULL)
        check_model(in, context, model);
    cellseg_model_free(model);
    free(file);
}
