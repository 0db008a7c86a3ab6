/* SPDX-License-Identifier: BSD-3-Clause */
/* Image files: any bytes, read with any options, end in a sound image or an error, also where a read fails and where the file
 * changes meanwhile. A small image that is written is read as the same. */
#include "files.h"

enum { MAX_WRITTEN_BYTES = 1 << 14 };

static void check_written(cellseg_context *context, const cellseg_image *image) {
    const size_t height = cellseg_image_height(image), row = cellseg_image_row_stride_bytes(image);
    const int32_t channels = cellseg_image_channels(image);
    if (height * row * (size_t)channels > MAX_WRITTEN_BYTES)
        return;
    sink written = {.size = 0};
    cellseg_image *again;
    const cellseg_writer writer = writer_of(&written);
    MUST(cellseg_image_write_to(image, context, &writer, NULL) == CELLSEG_OK);
    source s = {.bytes = written.bytes, .size = written.size};
    const cellseg_reader reader = reader_of(&s);
    MUST(cellseg_image_read_from(&again, context, &reader, NULL) == CELLSEG_OK);
    MUST(cellseg_image_pixel_type(again) == cellseg_image_pixel_type(image) && cellseg_image_channels(again) == channels);
    MUST(cellseg_image_height(again) == height && cellseg_image_row_stride_bytes(again) == row);
    for (int32_t c = 0; c < channels; c++)
        MUST(memcmp(cellseg_image_pixels(again, c), cellseg_image_pixels(image, c), height * row) == 0);
    const double before = cellseg_image_pixel_size_um(image), after = cellseg_image_pixel_size_um(again);
    MUST(fabs(after - before) <= 1e-6 * before);
    cellseg_image_free(again);
    free(written.bytes);
}

static void fuzz_run(input *in, cellseg_context *context) {
    cellseg_read_options options;
    MUST(cellseg_read_options_init(&options, sizeof options) == CELLSEG_OK);
    take_options(in, cellseg_read_options_table(), &options);
    source s = take_source(in);
    uint8_t *png = s.size >= 8 && memcmp(s.bytes, "\x89PNG", 4) == 0 ? repaired_png(s.bytes, s.size) : NULL;
    s.bytes = png != NULL ? png : s.bytes;
    const cellseg_reader reader = reader_of(&s);
    cellseg_image *image;
    const cellseg_status status = cellseg_image_read_from(&image, context, &reader, &options);
    check_source(&s, status);
    if (status == CELLSEG_OK && options.pixel_size_um != 0)
        MUST(cellseg_image_pixel_size_um(image) == options.pixel_size_um);
    if (status == CELLSEG_OK)
        check_written(context, image);
    take_image(in, image, status);
    free(png);
}
