/* SPDX-License-Identifier: BSD-3-Clause */
/* What segment and label have in common: the method's options, and writing what was found. */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include "cli.h"
#include "files.h"
#include "options.h"

/* The method's options: members of this struct, and the preset that is set before them. */
extern cellseg_segment_options segment_options;
extern int32_t segment_preset;
extern const option segment_option_table[];
extern const option probability_option_table[]; /* of the network's maps; the two-channel method has none */

/* What was found in one image. */
typedef struct results {
    cellseg_image *image; /* as read */
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps; /* NULL when not asked for */
} results;

void free_results(results *r);

/* True when no result would replace the input; else prints an error. */
bool check_outputs(const file *input, const char *folder);

/* Write folder/<stem>.cells.tif, .nuclei.tif, .csv, .overlay.png and, with maps, .maps.tif: all of them, or, after printing
 * an error, none. */
bool write_results(const results *r, cellseg_context *context, const char *folder, const char *stem);

#endif
