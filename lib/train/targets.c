/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Label maps to training targets. The three classes are exclusive: cytoplasm is cell minus nucleus, background the rest. Classes
 * are computed at the labels' own scale and resampled to the nearest pixel, so that no class appears between two others. Cost:
 * one pass over each scale.
 */
#include "filter/filter.h"
#include "train/dataset.h"

typedef struct targets_job {
    const cseg_plane *classes, *cells, *nuclei;
} targets_job;

static cellseg_status classify_row(void *data, size_t y) {
    const targets_job *job = data;
    uint8_t *row = cseg_row_u8(job->classes, y);
    const uint32_t *cells = cseg_row_u32(job->cells, y), *nuclei = cseg_row_u32(job->nuclei, y);
    for (size_t x = 0; x < job->cells->width; x++) {
        const uint8_t cell = nuclei[x] != 0 ? CSEG_CLASS_NUCLEUS : CSEG_CLASS_CYTOPLASM;
        row[x] = cells[x] != 0 ? cell : CSEG_CLASS_BACKGROUND;
    }
    return CELLSEG_OK;
}

static cellseg_status check_presence(const cseg_plane *classes) {
    bool found[3] = {false, false, false};
    for (size_t y = 0; y < classes->height; y++) {
        const uint8_t *row = cseg_row_u8(classes, y);
        for (size_t x = 0; x < classes->width; x++)
            found[row[x]] = true;
    }
    if (!found[CSEG_CLASS_NUCLEUS] && !found[CSEG_CLASS_CYTOPLASM])
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the labels hold no cell");
    if (!found[CSEG_CLASS_NUCLEUS])
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the labels hold no nucleus inside a cell");
    return CELLSEG_OK;
}

cellseg_status cseg_targets_classify(cellseg_context *context, const cseg_plane *classes, const cseg_plane *cells,
                                     const cseg_plane *nuclei) {
    assert(classes->type == CELLSEG_UINT8 && cells->type == CELLSEG_UINT32 && nuclei->type == CELLSEG_UINT32);
    assert(cells->height == nuclei->height && cells->width == nuclei->width);
    cseg_plane full;
    CSEG_TRY(cseg_plane_new(&full, context, CELLSEG_UINT8, cells->height, cells->width));
    targets_job job = {&full, cells, nuclei};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, cells->height, classify_row, &job));
    CSEG_TRY_GOTO(done, cseg_resample_nearest(context, classes, &full));
    status = check_presence(classes);
done:
    cseg_plane_free(&full);
    return status;
}
