/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last step: what the interface promises of cells and nuclei, made true at the image's own scale, and the options that drop
 * whole cells. Cost: a few passes over the image.
 */
#include "morph/morph.h"
#include "segment/segment.h"

typedef struct tidy_job {
    const cseg_plane *cells, *nuclei;
    const uint32_t *renumbered;
} tidy_job;

/* What decides whether a cell stays. */
typedef struct cell_sum {
    uint64_t cell, nucleus; /* pixels */
    bool on_border;
} cell_sum;

static cellseg_status nuclei_inside_row(void *data, size_t y) {
    const tidy_job *job = data;
    const uint32_t *cells = cseg_row_u32(job->cells, y);
    uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    for (size_t x = 0; x < job->nuclei->width; x++)
        nuclei[x] = nuclei[x] == cells[x] ? nuclei[x] : 0;
    return CELLSEG_OK;
}

static cellseg_status one_part_each(cellseg_context *context, const tidy_job *job, uint32_t most) {
    size_t *starts = cseg_memory_alloc(context, (size_t)most + 1, sizeof *starts);
    if (starts == NULL)
        return cseg_error_last();
    cellseg_status status = cseg_largest_find(context, starts, most, job->nuclei);
    if (status == CELLSEG_OK)
        status = cseg_largest_keep(context, job->nuclei, starts, most);
    if (status == CELLSEG_OK)
        status = cseg_largest_keep(context, job->cells, starts, most);
    cseg_memory_free(starts);
    return status;
}

/* ---- dropping cells ---- */

static void sum_cells(cell_sum *sums, const tidy_job *job) {
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

static bool stays(const cell_sum *sum, double pixel_um2, const cellseg_segment_options *options) {
    const double area = (double)sum->cell * pixel_um2;
    if (sum->nucleus == 0 || area < options->cell_area_min_um2)
        return false;
    if (options->cell_area_max_um2 > 0 && area > options->cell_area_max_um2)
        return false;
    if (options->drop_border_cells != 0 && sum->on_border)
        return false;
    return (double)(sum->cell - sum->nucleus) >= options->cytoplasm_min * (double)sum->cell;
}

static cellseg_status renumber_nuclei_row(void *data, size_t y) {
    const tidy_job *job = data;
    uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    for (size_t x = 0; x < job->nuclei->width; x++)
        nuclei[x] = nuclei[x] != 0 ? job->renumbered[nuclei[x]] : 0;
    return CELLSEG_OK;
}

static cellseg_status drop_cells(cellseg_context *context, tidy_job *job, uint32_t most, double pixel_size_um,
                                 const cellseg_segment_options *options) {
    const size_t ids = (size_t)most + 1;
    uint32_t *renumbered = cseg_memory_calloc(context, ids, sizeof *renumbered);
    uint8_t *keep = renumbered != NULL ? cseg_memory_calloc(context, ids, 1) : NULL;
    cell_sum *sums = keep != NULL ? cseg_memory_calloc(context, ids, sizeof *sums) : NULL;
    cellseg_status status;
    if (sums == NULL) {
        status = cseg_error_last();
        goto done;
    }
    sum_cells(sums, job);
    for (size_t id = 1; id < ids; id++)
        keep[id] = stays(&sums[id], pixel_size_um * pixel_size_um, options);
    CSEG_TRY_GOTO(done, cseg_relabel_apply(context, job->cells, keep, renumbered, &most));
    job->renumbered = renumbered;
    status = cseg_parallel_for(context, job->nuclei->height, renumber_nuclei_row, job);
done:
    cseg_memory_free(sums);
    cseg_memory_free(keep);
    cseg_memory_free(renumbered);
    return status;
}

cellseg_status cseg_finalize_labels(cellseg_context *context, const cseg_plane *cells, const cseg_plane *nuclei,
                                    double pixel_size_um, const cellseg_segment_options *options) {
    tidy_job job = {cells, nuclei, NULL};
    uint32_t most;
    CSEG_TRY(cseg_relabel_max_id(context, &most, cells));
    CSEG_TRY(cseg_parallel_for(context, cells->height, nuclei_inside_row, &job));
    CSEG_TRY(one_part_each(context, &job, most));
    if (options->fill_holes != 0) {
        CSEG_TRY(cseg_holes_fill_labels(context, cells));
        CSEG_TRY(cseg_holes_fill_labels(context, nuclei));
    }
    return drop_cells(context, &job, most, pixel_size_um, options);
}
