/* SPDX-License-Identifier: BSD-3-Clause */
/* Labels of other programs: any bytes end in label maps of the image's size, or in an error, also where a read fails and where
 * the file changes meanwhile. */
#include "files.h"

static void fuzz_run(input *in, cellseg_context *context) {
    cellseg_import_options options;
    MUST(cellseg_import_options_init(&options, sizeof options) == CELLSEG_OK);
    options.height_px = (int32_t)take(in, 1) % 64;
    options.width_px = (int32_t)take(in, 1) % 64;
    source s = take_source(in);
    const cellseg_reader reader = reader_of(&s);
    cellseg_labels *cells, *nuclei;
    const cellseg_status status = cellseg_labels_import_from(&cells, &nuclei, context, &reader, &options);
    check_source(&s, status);
    MUST((status == CELLSEG_OK) == (cells != NULL) && (status == CELLSEG_OK || nuclei == NULL));
    if (status == CELLSEG_OK && options.height_px != 0)
        MUST(cellseg_labels_height(cells) == (size_t)options.height_px);
    if (nuclei != NULL)
        take_labels(in, nuclei, status);
    take_labels(in, cells, status);
}
