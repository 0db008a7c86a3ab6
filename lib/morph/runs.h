/* SPDX-License-Identifier: BSD-3-Clause */
/* The horizontal runs of a set of pixels, joined into connected components. Inside the morphology room only. */
#ifndef CSEG_MORPH_RUNS_H
#define CSEG_MORPH_RUNS_H

#include "core/core.h"

typedef struct cseg_run {
    uint32_t begin, end; /* columns [begin, end) */
} cseg_run;

/* Runs in raster order; row y has runs [row[y], row[y + 1]). component[i]: of run i, 0-based in raster order of first pixels. */
typedef struct cseg_runs {
    size_t height, width, count;
    size_t *row;
    cseg_run *run;
    uint32_t *component;
    uint32_t components;
} cseg_runs;

enum {
    CSEG_RUNS_FOREGROUND = 0, /* pixels that are not 0 */
    CSEG_RUNS_ZEROS = 1,      /* pixels that are 0 */
    CSEG_RUNS_LABELS = 2      /* pixels of a label map that are not 0; only equal ids are connected */
};

/* plane: uint8 or uint32. On failure there is nothing to free. */
cellseg_status cseg_runs_new(cseg_runs *runs, cellseg_context *context, const cseg_plane *plane, int32_t kind,
                             int32_t connectivity);

/* Every pixel of an image, one component. */
cellseg_status cseg_runs_whole(cseg_runs *runs, cellseg_context *context, size_t height, size_t width);

void cseg_runs_free(cseg_runs *runs);

#endif
