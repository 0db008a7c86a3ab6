/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last step: cells and nuclei are made to hold what the interface promises, at the image's own scale, and the cells that the
 * options exclude are dropped. Cost: a few passes over the image.
 */
#include "morph/morph.h"
#include "segment/segment.h"

#include <string.h>

typedef struct finalize_job {
    const cseg_plane *cells, *nuclei;
    const uint32_t *cell_of; /* by nucleus */
    const uint32_t *renumbered;
} finalize_job;

/* The figures of a cell that decide whether the cell stays. */
typedef struct cell_sum {
    uint64_t cell, nucleus; /* pixels */
    bool on_border, is_joined;
} cell_sum;

static cellseg_status nuclei_inside_row(void *data, size_t y) {
    const finalize_job *job = data;
    const uint32_t *cells = cseg_row_u32(job->cells, y);
    uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    for (size_t x = 0; x < job->nuclei->width; x++)
        nuclei[x] = job->cell_of[nuclei[x]] == cells[x] ? nuclei[x] : 0;
    return CELLSEG_OK;
}

/* Nuclei get the ids of their cells; what lies in a part that the cell lost goes. */
static cellseg_status name_nuclei_row(void *data, size_t y) {
    const finalize_job *job = data;
    const uint32_t *cells = cseg_row_u32(job->cells, y);
    uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    for (size_t x = 0; x < job->nuclei->width; x++)
        nuclei[x] = job->cell_of[nuclei[x]] == cells[x] ? cells[x] : 0;
    return CELLSEG_OK;
}

/* The largest component of each nucleus, and of each cell the component with its first nucleus. */
static cellseg_status keep_largest(cellseg_context *context, const finalize_job *job, uint32_t max_id) {
    size_t *starts = cseg_memory_alloc(context, (size_t)max_id + 1, sizeof *starts);
    if (starts == NULL)
        return cseg_error_last();
    cellseg_status status = cseg_largest_find(context, starts, max_id, job->nuclei);
    if (status == CELLSEG_OK)
        status = cseg_largest_keep(context, job->nuclei, starts, max_id);
    for (size_t id = 1; id <= max_id; id++)
        if (starts[job->cell_of[id]] == CSEG_NO_COMPONENT)
            starts[job->cell_of[id]] = starts[id];
    if (status == CELLSEG_OK)
        status = cseg_largest_keep(context, job->cells, starts, max_id);
    cseg_memory_free(starts);
    return status;
}

/* ---- dropping cells ---- */

static void sum_cells(cell_sum *sums, const finalize_job *job) {
    const size_t height = job->cells->height, width = job->cells->width;
    for (size_t y = 0; y < height; y++) {
        const uint32_t *cells = cseg_row_u32(job->cells, y), *nuclei = cseg_row_u32(job->nuclei, y);
        for (size_t x = 0; x < width; x++) {
            if (cells[x] == 0)
                continue;
            cell_sum *sum = &sums[cells[x]];
            sum->cell++;
            sum->nucleus += nuclei[x] != 0;
            sum->on_border |= y == 0 || x == 0 || y + 1 == height || x + 1 == width;
        }
    }
}

/* The report's counter of the reason to drop a cell; NULL: the cell stays. */
static uint32_t *reason_to_drop(cellseg_segment_report *report, const cell_sum *sum, double pixel_um2,
                                const cseg_settings *settings) {
    const cellseg_segment_options *o = &settings->options;
    const double area = (double)sum->cell * pixel_um2, cytoplasm = (double)(sum->cell - sum->nucleus);
    if (sum->nucleus == 0)
        return &report->dropped_lost;
    if (area < o->cell_area_min_um2 || (o->cell_area_max_um2 > 0 && area > o->cell_area_max_um2))
        return &report->dropped_area;
    if (o->drop_border_cells != 0 && sum->on_border)
        return &report->dropped_border;
    return cytoplasm < settings->method.cytoplasm_min * (double)sum->cell ? &report->dropped_no_cytoplasm : NULL;
}

static cellseg_status renumber_nuclei_row(void *data, size_t y) {
    const finalize_job *job = data;
    uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    for (size_t x = 0; x < job->nuclei->width; x++)
        nuclei[x] = nuclei[x] != 0 ? job->renumbered[nuclei[x]] : 0;
    return CELLSEG_OK;
}

static void count_joined(cell_sum *sums, const uint32_t *cell_of, size_t ids, cellseg_segment_report *report) {
    for (size_t id = 1; id < ids; id++) {
        sums[cell_of[id]].is_joined |= cell_of[id] != id;
        report->nuclei_joined += cell_of[id] != id;
    }
}

/* keep: one for each id. The cells of a refused marker have no pixel, and are counted already. */
static void choose_cells(uint8_t *keep, const cell_sum *sums, const uint32_t *cell_of, size_t ids, double pixel_um2,
                         const cseg_settings *settings, cellseg_segment_report *report) {
    for (size_t id = 1; id < ids; id++) {
        if (report->dropped_marker > 0 || cell_of[id] != id)
            continue;
        uint32_t *reason = reason_to_drop(report, &sums[id], pixel_um2, settings);
        keep[id] = reason == NULL;
        report->cells_joined += keep[id] != 0 && sums[id].is_joined;
        if (reason != NULL)
            ++*reason;
    }
}

/* renumbered: room for max_id + 1 ids. */
static cellseg_status drop_cells(cellseg_context *context, finalize_job *job, uint32_t max_id, uint32_t *renumbered,
                                 double pixel_size_um, const cseg_settings *settings, cellseg_segment_report *report) {
    const size_t ids = (size_t)max_id + 1;
    uint8_t *keep = cseg_memory_calloc(context, ids, 1);
    cell_sum *sums = keep != NULL ? cseg_memory_calloc(context, ids, sizeof *sums) : NULL;
    cellseg_status status;
    if (sums == NULL) {
        status = cseg_error_last();
        goto done;
    }
    sum_cells(sums, job);
    count_joined(sums, job->cell_of, ids, report);
    choose_cells(keep, sums, job->cell_of, ids, pixel_size_um * pixel_size_um, settings, report);
    memset(renumbered, 0, ids * sizeof *renumbered);
    report->nuclei = report->cells = max_id;
    CSEG_TRY_GOTO(done, cseg_relabel_apply(context, job->cells, keep, renumbered, &report->cells));
    job->renumbered = renumbered;
    status = cseg_parallel_for(context, job->nuclei->height, renumber_nuclei_row, job);
done:
    cseg_memory_free(sums);
    cseg_memory_free(keep);
    return status;
}

static cellseg_status finalize(cellseg_context *context, const cseg_plane *cells, const cseg_plane *nuclei,
                               const uint32_t *cell_of, uint32_t max_id, uint32_t *renumbered, double pixel_size_um,
                               const cseg_settings *settings, cellseg_segment_report *report) {
    finalize_job job = {cells, nuclei, cell_of, NULL};
    CSEG_TRY(cseg_parallel_for(context, cells->height, nuclei_inside_row, &job));
    CSEG_TRY(keep_largest(context, &job, max_id));
    CSEG_TRY(cseg_parallel_for(context, cells->height, name_nuclei_row, &job));
    if (settings->options.fill_holes != 0) {
        CSEG_TRY(cseg_holes_fill_labels(context, cells, CSEG_ANY_HOLE));
        CSEG_TRY(cseg_holes_fill_labels(context, nuclei, CSEG_ANY_HOLE));
    }
    return drop_cells(context, &job, max_id, renumbered, pixel_size_um, settings, report);
}

static cellseg_status pack_row(void *data, size_t y) {
    const finalize_job *job = data;
    uint32_t *cells = cseg_row_u32(job->cells, y);
    const uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    for (size_t x = 0; x < job->cells->width; x++)
        cells[x] = 2 * cells[x] + (nuclei[x] != 0);
    return CELLSEG_OK;
}

cellseg_status cseg_finalize_labels(const cseg_scratch *scratch, const cseg_store *labels, const cseg_store *cells,
                                    const cseg_store *nuclei, const uint32_t *cell_of, uint32_t max_id, uint32_t *renumbered,
                                    double pixel_size_um, const cseg_settings *settings, cellseg_segment_report *report) {
    cellseg_context *context = scratch->context;
    cseg_plane own;
    CSEG_TRY(cseg_plane_new(&own, context, CELLSEG_UINT32, labels->height, labels->width));
    finalize_job job = {&labels->memory, &own, cell_of, NULL};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_rescale_labels(context, &labels->memory, &cells->memory));
    CSEG_TRY_GOTO(done, cseg_rescale_labels(context, &own, &nuclei->memory));
    CSEG_TRY_GOTO(done, finalize(context, &labels->memory, &own, cell_of, max_id, renumbered, pixel_size_um, settings, report));
    status = cseg_parallel_for(context, labels->height, pack_row, &job);
done:
    cseg_plane_free(&own);
    return status;
}
