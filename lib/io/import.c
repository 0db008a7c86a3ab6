/* SPDX-License-Identifier: BSD-3-Clause */
/* Labels of other programs: the file is read whole, its first bytes name the format, a reader of the format gathers the objects,
 * and shapes.c paints them. */
#include "io/import.h"

#include <string.h>

/* Of the pixels of a label map, as for images that are read. */
#define MAX_BYTES ((uint64_t)16 << 30)

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_import_options, __VA_ARGS__)

static const cellseg_option rows[] = {
    ROW(height_px, 0, 0, 0, INT32_MAX, "px", "height of the image; 0: the file's", .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(width_px, 0, 0, 0, INT32_MAX, "px", "width of the image; 0: the file's", .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(image_name, 0, 0, 0, 0, "", "image of a file that holds several, by file name; NULL: the only one",
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_import_options, rows, image_name);

const cellseg_option_table *cellseg_import_options_table(void) {
    return &table;
}

cellseg_status cellseg_import_options_init(cellseg_import_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

/* ---- formats ---- */

static cellseg_status read_json(cseg_import *import) {
    cseg_json *root;
    cellseg_status status;
    CSEG_TRY(cseg_json_parse_large(&root, import->context, import->bytes, import->size, "the file"));
    if (cseg_json_is(root, CSEG_JSON_ARRAY) || cseg_json_member(root, "type") != NULL)
        status = cseg_geojson_read(import, root);
    else if (cseg_json_member(root, "annotations") != NULL)
        status = cseg_coco_read(import, root);
    else if (cseg_json_member(root, "shapes") != NULL)
        status = cseg_labelme_read(import, root);
    else
        status = cseg_fail(CELLSEG_ERR_FORMAT,
                           "this JSON is neither GeoJSON (\"type\"), COCO (\"annotations\") nor LabelMe (\"shapes\")");
    cseg_memory_free(root);
    return status;
}

static bool begins(const cseg_import *import, const char *with) {
    return import->size >= strlen(with) && memcmp(import->bytes, with, strlen(with)) == 0;
}

static cellseg_status read_format(cseg_import *import) {
    static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 as some editors begin it */
    if (begins(import, "PK\3\4") || begins(import, "PK\5\6") || begins(import, "Iout"))
        return cseg_roi_read(import);
    if (begins(import, "\x93NUMPY"))
        return cseg_npy_read(import);
    if (begins(import, mark)) {
        import->bytes += strlen(mark);
        import->size -= strlen(mark);
    }
    const size_t blank = strspn(import->bytes, " \t\r\n");
    if (import->bytes[blank] == '{' || import->bytes[blank] == '[')
        return read_json(import);
    return cseg_fail(CELLSEG_ERR_FORMAT,
                     "this is no file of labels: TIFF, PNG, NumPy, ImageJ's regions, GeoJSON, COCO and LabelMe are");
}

/* ---- the image's size ---- */

static cellseg_status check_size(size_t height, size_t width, const cellseg_import_options *options) {
    const size_t wanted_height = (size_t)options->height_px, wanted_width = (size_t)options->width_px;
    if ((wanted_height != 0 && wanted_height != height) || (wanted_width != 0 && wanted_width != width))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the labels have %zu x %zu pixels (width x height), the image %zu x %zu", width,
                         height, wanted_width, wanted_height);
    return CELLSEG_OK;
}

static cellseg_status paint(cellseg_labels **cells, cellseg_labels **nuclei, cseg_import *import,
                            const cellseg_import_options *options) {
    const size_t height = import->height != 0 ? import->height : (size_t)options->height_px;
    const size_t width = import->width != 0 ? import->width : (size_t)options->width_px;
    if (height == 0 || width == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "files of this format do not state the image's size; give the image, or its size");
    CSEG_TRY(check_size(height, width, options));
    if ((uint64_t)height * width > MAX_BYTES / sizeof(uint32_t))
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels take more than 16 GiB", width, height);
    cseg_progress_step(import->context, "painting", 0.5, 1);
    return cseg_shapes_paint(cells, nuclei, &import->shapes, height, width);
}

/* ---- the file ---- */

static cellseg_status read_whole(char **out, cellseg_context *context, cseg_file *file) {
    enum { PIECE = 1 << 22 };
    *out = NULL;
    if (file->size >= SIZE_MAX)
        return cseg_fail(CELLSEG_ERR_MEMORY, "the file is larger than the memory");
    const size_t size = (size_t)file->size;
    char *bytes = cseg_memory_alloc(context, size + 1, 1);
    cellseg_status status = bytes != NULL ? CELLSEG_OK : cseg_error_last();
    for (size_t at = 0; at < size && status == CELLSEG_OK;) {
        const size_t piece = size - at < PIECE ? size - at : PIECE;
        if (cseg_file_read_at(file, bytes + at, piece, at) < piece)
            status = file->error != 0 ? cseg_file_fail("cannot be read", file->error)
                                      : cseg_fail(CELLSEG_ERR_IO, "the file became shorter while it was read");
        else
            status = cseg_progress_poll(context, (double)at / (double)size);
        at += piece;
    }
    if (status == CELLSEG_OK) {
        bytes[size] = '\0';
        *out = bytes;
    } else
        cseg_memory_free(bytes);
    return status;
}

static cellseg_status read_objects(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context, cseg_file *file,
                                   const cellseg_import_options *options) {
    char *bytes;
    cseg_progress_step(context, "reading", 0, 0.2);
    CSEG_TRY(read_whole(&bytes, context, file));
    cseg_import import = {.context = context, .bytes = bytes, .size = (size_t)file->size, .image_name = options->image_name};
    cseg_shapes *shapes = &import.shapes;
    shapes->context = shapes->points.context = shapes->rings.context = shapes->polygons.context = context;
    cseg_progress_step(context, "outlines", 0.2, 0.5);
    cellseg_status status = import.size > 0 ? read_format(&import) : cseg_fail(CELLSEG_ERR_FORMAT, "the file is empty");
    cseg_memory_free(bytes);
    if (status == CELLSEG_OK && import.labels == NULL)
        status = paint(cells, nuclei, &import, options);
    else if (status == CELLSEG_OK)
        *cells = import.labels;
    cseg_shapes_free(shapes);
    return status;
}

/* PNG and TIFF begin so. */
static bool is_image(cseg_file *file) {
    unsigned char first[4] = {0};
    (void)cseg_file_read_at(file, first, sizeof first, 0);
    return memcmp(first, "\x89PNG", 4) == 0 || memcmp(first, "II", 2) == 0 || memcmp(first, "MM", 2) == 0;
}

static cellseg_status import_file(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context, cseg_file *file,
                                  const cellseg_import_options *options) {
    cellseg_import_options own;
    CSEG_TRY(cseg_option_read(&own, &table, options, CELLSEG_PRESET_DEFAULT));
    cellseg_status status = cseg_file_open(file);
    bool image = false;
    if (status == CELLSEG_OK) {
        image = is_image(file);
        if (!image)
            status = read_objects(cells, nuclei, context, file, &own);
        cseg_file_close(file);
    }
    if (status == CELLSEG_OK && image)
        CSEG_TRY(file->path != NULL ? cellseg_labels_read(cells, context, file->path)
                                    : cellseg_labels_read_from(cells, context, &file->reader));
    if (status == CELLSEG_OK)
        status = check_size(cellseg_labels_height(*cells), cellseg_labels_width(*cells), &own);
    if (status == CELLSEG_OK)
        return status;
    cellseg_labels_free(*cells);
    *cells = NULL;
    return cseg_error_fail_in(status, file->reader.name);
}

static cellseg_status clear(cellseg_labels **cells, cellseg_labels **nuclei) {
    if (cells == NULL || nuclei == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells or nuclei is NULL");
    *cells = *nuclei = NULL;
    return CELLSEG_OK;
}

static cellseg_status import_in_call(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context, cseg_file *file,
                                     const cellseg_import_options *options) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, import_file(cells, nuclei, context, file, options));
}

cellseg_status cellseg_labels_import(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context, const char *path,
                                     const cellseg_import_options *options) {
    cseg_file file;
    CSEG_TRY(clear(cells, nuclei));
    CSEG_TRY(cseg_file_set_path(&file, path));
    return import_in_call(cells, nuclei, context, &file, options);
}

cellseg_status cellseg_labels_import_from(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                          const cellseg_reader *reader, const cellseg_import_options *options) {
    cseg_file file;
    CSEG_TRY(clear(cells, nuclei));
    CSEG_TRY(cseg_file_set_reader(&file, reader));
    return import_in_call(cells, nuclei, context, &file, options);
}
