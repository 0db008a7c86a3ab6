/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Label maps to training targets. The three classes are exclusive: cytoplasm is cell minus nucleus, background the rest. The
 * class cell stands for the first two where nobody knows the nucleus. Classes are computed at the labels' own scale and resampled
 * to the nearest pixel, so that no class appears between two others. Cost: one pass over each scale; with incomplete nuclei a
 * binary search for each pixel of a cell outside the nuclei.
 */
#include "filter/filter.h"
#include "train/dataset.h"
#include "train/diameters.h"

typedef struct targets_job {
    const cseg_plane *classes, *cells, *nuclei; /* nuclei may be NULL */
    bool complete;
    cseg_keyed *runs; /* of nuclei, by id; NULL: not needed */
    size_t run_count;
} targets_job;

static bool has_nucleus(const targets_job *job, uint32_t id) {
    size_t from = 0, to = job->run_count;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (job->runs[middle].key < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from < job->run_count && job->runs[from].key == id;
}

static uint8_t class_in_cell(const targets_job *job, uint32_t id, uint32_t nucleus) {
    if (nucleus != 0)
        return CSEG_CLASS_NUCLEUS;
    return job->complete || has_nucleus(job, id) ? CSEG_CLASS_CYTOPLASM : CSEG_CLASS_CELL;
}

static cellseg_status classify_row(void *data, size_t y) {
    const targets_job *job = data;
    uint8_t *row = cseg_row_u8(job->classes, y);
    const uint32_t *cells = cseg_row_u32(job->cells, y);
    const uint32_t *nuclei = job->nuclei != NULL ? cseg_row_u32(job->nuclei, y) : NULL;
    for (size_t x = 0; x < job->cells->width; x++)
        row[x] = cells[x] != 0 ? class_in_cell(job, cells[x], nuclei != NULL ? nuclei[x] : 0) : CSEG_CLASS_BACKGROUND;
    return CELLSEG_OK;
}

static cellseg_status check_presence(const cseg_plane *classes) {
    bool found[256] = {false};
    for (size_t y = 0; y < classes->height; y++) {
        const uint8_t *row = cseg_row_u8(classes, y);
        for (size_t x = 0; x < classes->width; x++)
            found[row[x]] = true;
    }
    if (!found[CSEG_CLASS_NUCLEUS] && !found[CSEG_CLASS_CYTOPLASM] && !found[CSEG_CLASS_CELL])
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the labels hold no cell");
    if (!found[CSEG_CLASS_NUCLEUS] && !found[CSEG_CLASS_CELL])
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the labels hold no nucleus inside a cell");
    return CELLSEG_OK;
}

cellseg_status cseg_targets_classify(cellseg_context *context, const cseg_plane *classes, const cseg_plane *cells,
                                     const cseg_plane *nuclei, bool complete) {
    assert(classes->type == CELLSEG_UINT8 && cells->type == CELLSEG_UINT32 && (nuclei != NULL || !complete));
    assert(nuclei == NULL ||
           (nuclei->type == CELLSEG_UINT32 && cells->height == nuclei->height && cells->width == nuclei->width));
    cseg_plane full;
    CSEG_TRY(cseg_plane_new(&full, context, CELLSEG_UINT8, cells->height, cells->width));
    targets_job job = {&full, cells, nuclei, complete, NULL, 0};
    cellseg_status status;
    if (nuclei != NULL && !complete)
        CSEG_TRY_GOTO(done, cseg_diameters_runs(&job.runs, &job.run_count, context, cells, nuclei));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, cells->height, classify_row, &job));
    CSEG_TRY_GOTO(done, cseg_resample_nearest(context, classes, &full));
    status = check_presence(classes);
done:
    cseg_memory_free(job.runs);
    cseg_plane_free(&full);
    return status;
}
