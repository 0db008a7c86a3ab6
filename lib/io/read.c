/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading: open the file, recognise PNG and TIFF by the first bytes, and call the codec. */
#include "io/io.h"

#include <string.h>

#define DEFAULT_MAX_BYTES ((uint64_t)16 << 30)

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_read_options, __VA_ARGS__)

static const char *const no_yes[] = {"no", "yes", NULL};

static const cellseg_option rows[] = {
    ROW(pixel_size_um, 0, 0, 1e-4, 1e4, "um", "edge of a pixel, whatever the file states; 0: the file's",
        .flags = CELLSEG_OPTION_FLAG_OR_ZERO | CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(max_bytes, 0, 0, 0, 0x1p64, "bytes", "images whose pixels take more are refused; 0: 16 GiB",
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(series, -1, -1, -1, INT32_MAX, "", "image of a file that holds several, from 0; -1: the only one",
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(z, -1, -1, CELLSEG_Z_MAX, INT32_MAX, "", "slice of a stack, from 0; -1: the only one; -2: the greatest value of all",
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(t, -1, -1, -1, INT32_MAX, "", "time point, from 0; -1: the only one", .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(force, 0, 0, 0, 1, "", "the given pixel size wins also over a very different one of the file", .choices = no_yes,
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(level_um, 0, 0, 1e-4, 1e4, "um", "level of a pyramid whose pixels are nearest this size; 0: the full level",
        .flags = CELLSEG_OPTION_FLAG_OR_ZERO | CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_read_options, rows, level_um);

const cellseg_option_table *cellseg_read_options_table(void) {
    return &table;
}

cellseg_status cellseg_read_options_init(cellseg_read_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

static cellseg_status decode(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    static const char png[] = "\x89PNG\r\n\x1a\n";
    static const char tiff[][5] = {"II*\0", "MM\0*", "II+\0", "MM\0+"}; /* the last two: BigTIFF */
    char first[8] = {0};
    if (cseg_file_read_at(file, first, sizeof first, 0) == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file is empty");
    if (memcmp(first, png, 8) == 0)
        return cseg_png_read(out, context, file, request);
    for (size_t i = 0; i < sizeof tiff / sizeof *tiff; i++)
        if (memcmp(first, tiff[i], 4) == 0)
            return cseg_tiff_read(out, context, file, request);
    return cseg_fail(CELLSEG_ERR_FORMAT, "this is neither a PNG nor a TIFF file");
}

/* Codecs may go on after a failed read, or take the missing bytes for damage: the failure is what counts. */
static cellseg_status check_reads(cellseg_image **out, const cseg_file *file, cellseg_status status) {
    if (file->error == 0 || (status != CELLSEG_OK && status != CELLSEG_ERR_FORMAT))
        return status;
    cellseg_image_free(*out);
    *out = NULL;
    return cseg_file_fail("cannot be read", file->error);
}

static cellseg_status read_file(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    cellseg_status status = cseg_file_open(file);
    if (status == CELLSEG_OK) {
        status = check_reads(out, file, decode(out, context, file, request));
        cseg_file_close(file);
    }
    return status != CELLSEG_OK ? cseg_error_fail_in(status, file->reader.name) : CELLSEG_OK;
}

static cellseg_status read_chosen(cellseg_image **out, cellseg_context *context, cseg_file *file,
                                  const cellseg_read_options *options) {
    cellseg_read_options own;
    CSEG_TRY(cseg_option_read(&own, &table, options, CELLSEG_PRESET_DEFAULT));
    const cseg_io_request request = {.pixel_size_um = own.pixel_size_um,
                                     .max_bytes = own.max_bytes != 0 ? own.max_bytes : DEFAULT_MAX_BYTES,
                                     .series = own.series,
                                     .z = own.z,
                                     .t = own.t,
                                     .level_um = own.level_um,
                                     .force = own.force != 0};
    return read_file(out, context, file, &request);
}

static cellseg_status read_image(cellseg_image **out, cellseg_context *context, cseg_file *file,
                                 const cellseg_read_options *options) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, read_chosen(out, context, file, options));
}

static cellseg_status clear_image(cellseg_image **out) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    return CELLSEG_OK;
}

cellseg_status cellseg_image_read(cellseg_image **out, cellseg_context *context, const char *path,
                                  const cellseg_read_options *options) {
    cseg_file file;
    CSEG_TRY(clear_image(out));
    CSEG_TRY(cseg_file_set_path(&file, path));
    return read_image(out, context, &file, options);
}

cellseg_status cellseg_image_read_from(cellseg_image **out, cellseg_context *context, const cellseg_reader *reader,
                                       const cellseg_read_options *options) {
    cseg_file file;
    CSEG_TRY(clear_image(out));
    CSEG_TRY(cseg_file_set_reader(&file, reader));
    return read_image(out, context, &file, options);
}

/* ---- label maps ---- */

static cellseg_status fail_id(size_t y, size_t x, double value) {
    return cseg_fail(CELLSEG_ERR_FORMAT, "a label map holds whole numbers from 0 to 4294967295; row %zu, column %zu is %.17g", y,
                     x, value);
}

/* Ids of one row. `valid` is a condition on v; NaN fails it. */
#define WIDEN(type, valid)                                                                                                       \
    for (size_t x = 0; x < from->width; x++) {                                                                                   \
        const type v = ((const type *)row)[x];                                                                                   \
        if (!(valid))                                                                                                            \
            return fail_id(y, x, (double)v);                                                                                     \
        to[x] = (uint32_t)v;                                                                                                     \
    }                                                                                                                            \
    return CELLSEG_OK

static cellseg_status widen(uint32_t *to, const cseg_plane *from, size_t y) {
    const void *row = cseg_row_at(from, y);
    switch (from->type) {
    case CELLSEG_UINT8:
        WIDEN(uint8_t, true);
    case CELLSEG_UINT16:
        WIDEN(uint16_t, true);
    case CELLSEG_UINT32:
        WIDEN(uint32_t, true);
    case CELLSEG_INT16:
        WIDEN(int16_t, v >= 0);
    case CELLSEG_INT32:
        WIDEN(int32_t, v >= 0);
    case CELLSEG_FLOAT32:
        WIDEN(float, v >= 0 && v < 0x1p32F && v == (float)(uint32_t)v);
    default:
        WIDEN(double, v >= 0 && v < 0x1p32 && v == (double)(uint32_t)v);
    }
}

static cellseg_status labels_from_image(cellseg_labels **out, cellseg_context *context, const cellseg_image *image) {
    if (cellseg_image_channels(image) != 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "has %d channels; a label map has one", cellseg_image_channels(image));
    const cseg_plane from = cseg_image_plane(image, 0);
    cellseg_labels *labels;
    CSEG_TRY(cellseg_labels_new(&labels, context, from.height, from.width));
    const cseg_plane to = cseg_labels_plane(labels);
    cellseg_status status = CELLSEG_OK;
    for (size_t y = 0; y < from.height && status == CELLSEG_OK; y++) {
        status = widen(cseg_row_u32(&to, y), &from, y);
        if (status == CELLSEG_OK)
            status = cseg_progress_poll(context, 1);
    }
    if (status == CELLSEG_OK)
        status = cellseg_labels_set_pixel_size_um(labels, cellseg_image_pixel_size_um(image));
    if (status != CELLSEG_OK)
        cellseg_labels_free(labels);
    else
        *out = labels;
    return status;
}

static cellseg_status read_labels(cellseg_labels **out, cellseg_context *context, cseg_file *file) {
    const cseg_io_request request = {.max_bytes = DEFAULT_MAX_BYTES, .series = -1, .z = -1, .t = -1, .labels = true};
    cellseg_image *image = NULL;
    CSEG_TRY(read_file(&image, context, file, &request));
    const cellseg_status status = labels_from_image(out, context, image);
    cellseg_image_free(image);
    return status != CELLSEG_OK ? cseg_error_fail_in(status, file->reader.name) : CELLSEG_OK;
}

static cellseg_status read_labels_in_call(cellseg_labels **out, cellseg_context *context, cseg_file *file) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, read_labels(out, context, file));
}

static cellseg_status clear_labels(cellseg_labels **out) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    return CELLSEG_OK;
}

cellseg_status cellseg_labels_read(cellseg_labels **out, cellseg_context *context, const char *path) {
    cseg_file file;
    CSEG_TRY(clear_labels(out));
    CSEG_TRY(cseg_file_set_path(&file, path));
    return read_labels_in_call(out, context, &file);
}

cellseg_status cellseg_labels_read_from(cellseg_labels **out, cellseg_context *context, const cellseg_reader *reader) {
    cseg_file file;
    CSEG_TRY(clear_labels(out));
    CSEG_TRY(cseg_file_set_reader(&file, reader));
    return read_labels_in_call(out, context, &file);
}
