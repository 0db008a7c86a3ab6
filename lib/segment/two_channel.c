/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two-channel method (Al-Kofahi et al. 2018, "Ground truth"): seeds and cells as in the single-channel method, with the
 * nuclear stain's own intensities, evened and scaled to [0, 1], in place of the nucleus probability. And its first half alone,
 * for cells that a person outlined: which part of each is nucleus.
 */
#include "segment/pipeline.h"

enum { PLANES = 4 }; /* that the method holds at one time, at the least */

/* A stain's scaled intensities are no probabilities: what speaks of them is left out. */
static cellseg_segment_options without_network(cellseg_segment_options options) {
    options.nucleus_probability_min = 0;
    options.nucleus_strength_ratio = 0;
    return options;
}

static cellseg_status check_nuclear(cseg_channel *nuclear, const cseg_channel *marker) {
    if (nuclear->plane.height != marker->plane.height || nuclear->plane.width != marker->plane.width)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the marker has %zu x %zu pixels, the nuclear image %zu x %zu",
                         marker->plane.height, marker->plane.width, nuclear->plane.height, nuclear->plane.width);
    const double ratio = nuclear->pixel_size_um / marker->pixel_size_um;
    if (nuclear->pixel_size_um > 0 && marker->pixel_size_um > 0 && !(ratio > 0.99 && ratio < 1.01))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the marker's pixels are %g um, the nuclear image's %g um", marker->pixel_size_um,
                         nuclear->pixel_size_um);
    return CELLSEG_OK;
}

/* Nuclei of a nuclear stain at the working scale: a new label map. */
static cellseg_status stained_nuclei(cellseg_context *context, cseg_plane *nuclei, uint32_t *count, const cseg_channel *nuclear,
                                     const cellseg_segment_options *options) {
    const double scale = options->working_pixel_size_um;
    const cseg_rule rule = cseg_channel_nuclear_rule(scale, options->top_hat_um);
    cseg_plane stain;
    *nuclei = (cseg_plane){0};
    CSEG_TRY(cseg_preprocess_scale(context, &stain, &nuclear->plane, "the nuclear image", nuclear->pixel_size_um, &rule));
    cellseg_status status = cseg_plane_new(nuclei, context, CELLSEG_UINT32, stain.height, stain.width);
    if (status == CELLSEG_OK)
        status = cseg_seeds_find(context, nuclei, count, &stain, NULL, scale, options);
    cseg_plane_free(&stain);
    if (status != CELLSEG_OK)
        cseg_plane_free(nuclei);
    return status;
}

static cellseg_status two_channel(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                  const cseg_channel *marker, const cseg_channel *nuclear,
                                  const cellseg_segment_options *options) {
    const double scale = options->working_pixel_size_um;
    const cseg_rule rule = cseg_channel_marker_rule(scale, options->top_hat_um);
    cseg_plane cytoplasm = {0}, seeds = {0}, found = {0};
    cseg_cell_inputs inputs = {.marker = &cytoplasm, .nuclei = &seeds, .pixel_size_um = scale};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_channel_step(context, "seeds", 0, 0.5));
    CSEG_TRY_GOTO(done, stained_nuclei(context, &seeds, &inputs.count, nuclear, options));
    CSEG_TRY_GOTO(done, cseg_channel_step(context, "cells", 0.5, 1));
    CSEG_TRY_GOTO(done,
                  cseg_preprocess_scale(context, &cytoplasm, &marker->plane, "the marker image", marker->pixel_size_um, &rule));
    CSEG_TRY_GOTO(done, cseg_channel_working_cells(context, &found, &inputs, options));
    status = cseg_channel_label(cells, nuclei, context, marker, &(cseg_found){&found, &seeds, &cytoplasm, false}, options);
done:
    cseg_plane_free(&seeds);
    cseg_plane_free(&cytoplasm);
    return status;
}

cellseg_status cellseg_segment_two_channel(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                           const cellseg_image *marker, const cellseg_image *nuclear,
                                           const cellseg_segment_options *options) {
    if (cells != NULL)
        *cells = NULL;
    if (nuclei != NULL)
        *nuclei = NULL;
    if (cells == NULL && nuclei == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells and nuclei are both NULL");
    cellseg_segment_options own;
    cseg_channel m, n;
    CSEG_TRY(cseg_segment_options_read(&own, options));
    CSEG_TRY(cseg_channel_check_px(&own, own.working_pixel_size_um));
    CSEG_TRY(cseg_channel_open(&m, marker, own.channel, own.pixel_size_um, "the marker image"));
    CSEG_TRY(cseg_channel_open(&n, nuclear, own.nuclei_channel, own.pixel_size_um, "the nuclear image"));
    CSEG_TRY(check_nuclear(&n, &m));
    m.pixel_size_um = n.pixel_size_um = m.pixel_size_um > 0 ? m.pixel_size_um : n.pixel_size_um;
    CSEG_TRY(cseg_channel_check_scale(context, &m, own.working_pixel_size_um, PLANES));
    own = without_network(own);
    cseg_progress_start(context);
    return two_channel(cells, nuclei, context, &m, &n, &own);
}

/* ---- nuclei within known cells ---- */

typedef struct within_job {
    const cseg_plane *nuclei, *cells;
    const uint32_t *owner; /* the cell of each nucleus, 0: none */
} within_job;

/* The cell that holds most of each nucleus, by majority vote in one pass (Boyer and Moore 1981). */
static void find_owners(uint32_t *owner, uint64_t *votes, const cseg_plane *nuclei, const cseg_plane *cells) {
    for (size_t y = 0; y < nuclei->height; y++) {
        const uint32_t *nucleus = cseg_row_u32(nuclei, y), *cell = cseg_row_u32(cells, y);
        for (size_t x = 0; x < nuclei->width; x++) {
            const uint32_t id = nucleus[x];
            if (id == 0 || cell[x] == 0)
                continue;
            if (votes[id] == 0)
                owner[id] = cell[x];
            votes[id] += owner[id] == cell[x] ? 1 : UINT64_MAX;
        }
    }
}

static cellseg_status own_row(void *data, size_t y) {
    const within_job *job = data;
    uint32_t *nuclei = cseg_row_u32(job->nuclei, y);
    const uint32_t *cells = cseg_row_u32(job->cells, y);
    for (size_t x = 0; x < job->nuclei->width; x++)
        nuclei[x] = nuclei[x] != 0 && cells[x] == job->owner[nuclei[x]] ? cells[x] : 0;
    return CELLSEG_OK;
}

static cellseg_status give_to_cells(cellseg_context *context, const cseg_plane *nuclei, uint32_t count, const cseg_plane *cells) {
    uint64_t *votes = cseg_memory_calloc(context, (size_t)count + 1, sizeof *votes);
    uint32_t *owner = votes != NULL ? cseg_memory_calloc(context, (size_t)count + 1, sizeof *owner) : NULL;
    cellseg_status status;
    if (owner != NULL) {
        find_owners(owner, votes, nuclei, cells);
        within_job job = {nuclei, cells, owner};
        status = cseg_parallel_for(context, nuclei->height, own_row, &job);
    } else
        status = cseg_error_last();
    cseg_memory_free(owner);
    cseg_memory_free(votes);
    return status;
}

static cellseg_status nuclei_within(cellseg_labels **nuclei, cellseg_context *context, const cseg_plane *cells,
                                    const cseg_channel *nuclear, const cellseg_segment_options *options) {
    cseg_plane seeds;
    uint32_t count;
    CSEG_TRY(stained_nuclei(context, &seeds, &count, nuclear, options));
    cellseg_status status = cseg_channel_labels_at(nuclei, context, nuclear, &seeds);
    cseg_plane_free(&seeds);
    if (status != CELLSEG_OK)
        return status;
    const cseg_plane out = cseg_labels_plane(*nuclei);
    status = give_to_cells(context, &out, count, cells);
    if (status != CELLSEG_OK) {
        cellseg_labels_free(*nuclei);
        *nuclei = NULL;
    }
    return status;
}

cellseg_status cellseg_segment_nuclei_within(cellseg_labels **nuclei, cellseg_context *context, const cellseg_labels *cells,
                                             const cellseg_image *nuclear, const cellseg_segment_options *options) {
    if (nuclei == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "nuclei is NULL");
    *nuclei = NULL;
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    cellseg_segment_options own;
    cseg_channel n;
    CSEG_TRY(cseg_segment_options_read(&own, options));
    CSEG_TRY(cseg_channel_check_px(&own, own.working_pixel_size_um));
    CSEG_TRY(cseg_channel_open(&n, nuclear, own.nuclei_channel, own.pixel_size_um, "the nuclear image"));
    CSEG_TRY(cseg_channel_check_scale(context, &n, own.working_pixel_size_um, PLANES));
    const cseg_plane plane = cseg_labels_plane(cells);
    if (plane.height != n.plane.height || plane.width != n.plane.width)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the cells have %zu x %zu pixels, the nuclear image %zu x %zu", plane.height,
                         plane.width, n.plane.height, n.plane.width);
    own = without_network(own);
    cseg_progress_start(context);
    CSEG_TRY(cseg_channel_step(context, "nuclei", 0, 1));
    return nuclei_within(nuclei, context, &plane, &n, &own);
}
