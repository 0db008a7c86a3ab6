/* SPDX-License-Identifier: BSD-3-Clause */
/* What segment and label have in common: the method's options, and writing what was found. */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include "cli.h"
#include "files.h"
#include "options.h"

/* The options of segmenting; the first one's `method` points to the second. Initialise with cellseg_segment_options_init(), then
 * set_segment_preset(). */
extern cellseg_segment_options segment_options;
extern cellseg_method segment_method;

/* Both take the preset's values; else prints an error. */
bool set_segment_preset(int32_t preset);

/* The results of one image. */
typedef struct results {
    const cellseg_model *model; /* that found them, borrowed; NULL: none */
    cellseg_image *image;       /* as read */
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps; /* NULL without --maps */
} results;

void free_results(results *r);

/* True when no result would replace the input; else prints an error. */
bool check_outputs(const file *input, const char *folder);

/* Write folder/<stem>.cells.tif, .nuclei.tif, .csv, .overlay.png and, with maps, .maps.tif: all of them, or, after printing
 * an error, none. */
bool write_results(const results *r, cellseg_context *context, const char *folder, const char *stem);

#endif
