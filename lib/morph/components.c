/* SPDX-License-Identifier: BSD-3-Clause */
/* Connected components: the runs of a mask (runs.c), painted with their component's number. Cost: two passes over the image. */
#include "morph/bands.h"
#include "morph/morph.h"
#include "morph/runs.h"

#include <string.h>

typedef struct paint_job {
    const cseg_runs *runs;
    const cseg_plane *to;
} paint_job;

static cellseg_status paint_band(void *data, size_t band) {
    const paint_job *job = data;
    const cseg_runs *runs = job->runs;
    for (size_t y = cseg_band_begin(band); y < cseg_band_end(band, runs->height); y++) {
        uint32_t *row = cseg_row_u32(job->to, y);
        uint32_t x = 0;
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            const cseg_run run = runs->run[i];
            memset(row + x, 0, (run.begin - x) * sizeof *row);
            for (x = run.begin; x < run.end; x++)
                row[x] = runs->component[i] + 1;
        }
        memset(row + x, 0, (runs->width - x) * sizeof *row);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_components_label(cellseg_context *context, const cseg_plane *to, uint32_t *count, const cseg_plane *mask,
                                     int32_t connectivity) {
    assert(to->type == CELLSEG_UINT32 && mask->type == CELLSEG_UINT8 && cseg_plane_same_size(to, mask));
    cseg_runs runs;
    CSEG_TRY(cseg_runs_new(&runs, context, mask, CSEG_RUNS_FOREGROUND, connectivity));
    *count = runs.components;
    paint_job job = {&runs, to};
    const cellseg_status status = cseg_parallel_for(context, cseg_band_count(runs.height), paint_band, &job);
    cseg_runs_free(&runs);
    return status;
}
