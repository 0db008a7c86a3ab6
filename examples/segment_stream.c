/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment a PNG or TIFF file that lies in memory, and make the label map's file in memory. Usage: segment_stream <IMAGE >CELLS
 *
 * What a server does that gets images over a network: no file is opened. The image is read from a buffer; the TIFF file of the
 * cells goes through a callback into another. The library calls the callback only after the complete file is made.
 */
#include <cellseg/cellseg.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct buffer {
    unsigned char *bytes;
    size_t size;
} buffer;

/* A cellseg_write_fn: 0, or the errno of a failure. */
static int32_t append(void *user, const void *bytes, size_t count) {
    buffer *b = user;
    unsigned char *longer = realloc(b->bytes, b->size + count);
    if (longer == NULL)
        return ENOMEM;
    memcpy(longer + b->size, bytes, count);
    b->bytes = longer;
    b->size += count;
    return 0;
}

static int read_all(buffer *to, FILE *from) {
    unsigned char piece[1 << 16];
    for (size_t n = fread(piece, 1, sizeof piece, from); n > 0; n = fread(piece, 1, sizeof piece, from))
        if (append(to, piece, n) != 0)
            return 0;
    return to->bytes != NULL && !ferror(from);
}

static cellseg_status read_image(cellseg_image **image, const buffer *file) {
    cellseg_reader reader;
    const cellseg_status status = cellseg_reader_init_memory(&reader, sizeof reader, file->bytes, file->size);
    if (status != CELLSEG_OK)
        return status;
    reader.name = "standard input"; /* of messages */
    return cellseg_image_read_from(image, NULL, &reader, NULL);
}

static cellseg_status write_cells(const cellseg_labels *cells, buffer *file) {
    cellseg_writer writer;
    cellseg_write_options options;
    cellseg_status status = cellseg_writer_init(&writer, sizeof writer);
    if (status == CELLSEG_OK)
        status = cellseg_write_options_init(&options, sizeof options);
    if (status != CELLSEG_OK)
        return status;
    writer.name = "the label map";
    writer.user = file;
    writer.write = append;
    options.name = "cells";
    return cellseg_labels_write_to(cells, NULL, &writer, &options);
}

int main(void) {
    buffer in = {NULL, 0}, out = {NULL, 0};
    cellseg_model *model = NULL;
    cellseg_image *image = NULL;
    cellseg_labels *cells = NULL;

    if (!read_all(&in, stdin)) {
        fprintf(stderr, "segment_stream: there is no image on standard input\n");
        free(in.bytes);
        return 2;
    }
    cellseg_status status = read_image(&image, &in);
    free(in.bytes); /* the image has pixels of its own */
    if (status == CELLSEG_OK)
        status = cellseg_model_default(&model, NULL);
    if (status == CELLSEG_OK)
        status = cellseg_segment(&cells, NULL, NULL, NULL, NULL, model, image, NULL);
    if (status == CELLSEG_OK)
        status = write_cells(cells, &out);
    if (status != CELLSEG_OK)
        fprintf(stderr, "segment_stream: %s\n", cellseg_last_error());
    else if (fwrite(out.bytes, 1, out.size, stdout) != out.size || fflush(stdout) != 0)
        status = CELLSEG_ERR_IO;

    free(out.bytes);
    cellseg_labels_free(cells);
    cellseg_image_free(image);
    cellseg_model_free(model);
    return status == CELLSEG_OK ? 0 : 1;
}
