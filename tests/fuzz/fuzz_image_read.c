/* SPDX-License-Identifier: BSD-3-Clause */
/* Image files: any bytes, read with any options, end in a sound image or an error. */
#include "fuzz.h"

static void fuzz_run(input *in, cellseg_context *context) {
    cellseg_read_options options;
    MUST(cellseg_read_options_init(&options, sizeof options) == CELLSEG_OK);
    take_options(in, cellseg_read_options_table(), &options);
    char path[64];
    const int file = open_file(path, in->bytes, in->size);
    cellseg_image *image;
    const cellseg_status status = cellseg_image_read(&image, context, path, &options);
    if (status == CELLSEG_OK && options.pixel_size_um != 0)
        MUST(cellseg_image_pixel_size_um(image) == options.pixel_size_um);
    take_image(in, image, status);
    (void)close(file);
}
