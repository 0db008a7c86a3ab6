/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the marker fit the method? It asks for a bright cytoplasm with darker nuclei; given another stain, the network still finds
 * something. Three figures of what it found tell, each a median over the cells, so that a few odd ones do not count:
 * - contrast: (ring - nucleus) / (ring + nucleus), from -1 to 1, of the marker's means in the nucleus and in the part of the cell
 *   within 4 um of it; above 0 where nuclei are darker;
 * - share: the nucleus's part of the cell's area;
 * - sureness: the mean nucleus probability in the nucleus.
 * Nuclei far brighter than their surroundings that take much of their cells are a nuclear stain's. Nuclei that are not darker,
 * and of which the network is not sure either, speak against the marker. The limits are measured: docs/defaults.md has the table.
 * Fewer than fifteen cells are too few to tell, fewer than five to measure. Cost: a distance transform and a pass over the image.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#define RING_UM 4.0
#define STAIN_CONTRAST (-0.20) /* below, and ... */
#define STAIN_SHARE 0.40       /* ... above: a nuclear stain */
#define EVEN_CONTRAST (-0.05)  /* below, and ... */
#define SURE 0.70              /* ... below: doubtful */

/* Of one cell. */
typedef struct sums {
    double nucleus, ring, probability;
    uint64_t nucleus_px, ring_px, cell_px;
} sums;

static cellseg_status distance_to_nuclei(cellseg_context *context, cseg_plane *distance, const cseg_plane *nuclei) {
    cseg_plane outside;
    CSEG_TRY(cseg_plane_new(&outside, context, CELLSEG_UINT8, nuclei->height, nuclei->width));
    for (size_t y = 0; y < nuclei->height; y++) {
        const uint32_t *nucleus = cseg_row_u32(nuclei, y);
        uint8_t *to = cseg_row_u8(&outside, y);
        for (size_t x = 0; x < nuclei->width; x++)
            to[x] = nucleus[x] == 0;
    }
    cellseg_status status = cseg_plane_new(distance, context, CELLSEG_FLOAT32, nuclei->height, nuclei->width);
    if (status == CELLSEG_OK)
        status = cseg_distance_transform(context, distance, &outside);
    cseg_plane_free(&outside);
    return status;
}

/* of: inputs->count + 1 entries, zeros. */
static void sum_up(sums *of, const cseg_plane *cells, const cseg_plane *distance, const cseg_cell_inputs *inputs) {
    const double ring_px = RING_UM / inputs->pixel_size_um;
    for (size_t y = 0; y < cells->height; y++) {
        const uint32_t *cell = cseg_row_u32(cells, y), *nucleus = cseg_row_u32(inputs->nuclei, y);
        const float *marker = cseg_row_f32(inputs->marker, y), *away = cseg_row_f32(distance, y);
        const float *probability = cseg_row_f32(&inputs->maps[CSEG_MAP_NUCLEUS], y);
        for (size_t x = 0; x < cells->width; x++) {
            of[cell[x]].cell_px++;
            if (nucleus[x] != 0) {
                sums *s = &of[nucleus[x]];
                s->nucleus += (double)marker[x];
                s->probability += (double)probability[x];
                s->nucleus_px++;
            } else if (cell[x] != 0 && (double)away[x] <= ring_px) {
                of[cell[x]].ring += (double)marker[x];
                of[cell[x]].ring_px++;
            }
        }
    }
}

static double contrast_of(const sums *s) {
    const double nucleus = s->nucleus / (double)s->nucleus_px, ring = s->ring / (double)s->ring_px;
    return ring + nucleus > 0 ? (ring - nucleus) / (ring + nucleus) : 0;
}

/* Medians over the cells that have a ring. */
static cellseg_status medians(cellseg_context *context, cseg_marker_figures *fit, const sums *of, uint32_t count) {
    cseg_plane contrasts = {0}, probabilities = {0}, shares = {0};
    const double half = 50;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&contrasts, context, CELLSEG_FLOAT32, 1, count));
    CSEG_TRY_GOTO(done, cseg_plane_new(&probabilities, context, CELLSEG_FLOAT32, 1, count));
    CSEG_TRY_GOTO(done, cseg_plane_new(&shares, context, CELLSEG_FLOAT32, 1, count));
    for (uint32_t id = 1; id <= count; id++)
        if (of[id].nucleus_px > 0 && of[id].ring_px > 0) {
            cseg_row_f32(&contrasts, 0)[fit->cells] = (float)contrast_of(&of[id]);
            cseg_row_f32(&shares, 0)[fit->cells] = (float)((double)of[id].nucleus_px / (double)of[id].cell_px);
            cseg_row_f32(&probabilities, 0)[fit->cells++] = (float)(of[id].probability / (double)of[id].nucleus_px);
        }
    if (fit->cells < CSEG_FIT_OF_LEAST)
        goto done;
    contrasts.width = probabilities.width = shares.width = fit->cells;
    CSEG_TRY_GOTO(done, cseg_percentiles_find(context, &fit->contrast, &half, 1, &contrasts));
    CSEG_TRY_GOTO(done, cseg_percentiles_find(context, &fit->sureness, &half, 1, &probabilities));
    status = cseg_percentiles_find(context, &fit->share, &half, 1, &shares);
done:
    cseg_plane_free(&shares);
    cseg_plane_free(&probabilities);
    cseg_plane_free(&contrasts);
    return status;
}

static int32_t kind_of(const cseg_marker_figures *fit) {
    if (fit->cells < CSEG_QUANTILE_OF_LEAST)
        return CSEG_FIT_GOOD;
    if (fit->contrast < STAIN_CONTRAST && fit->share > STAIN_SHARE)
        return CSEG_FIT_STAIN;
    return fit->contrast < EVEN_CONTRAST && fit->sureness < SURE ? CSEG_FIT_UNSURE : CSEG_FIT_GOOD;
}

cellseg_status cseg_marker_check(cellseg_context *context, cseg_marker_figures *fit, const cseg_plane *cells,
                                 const cseg_cell_inputs *inputs) {
    *fit = (cseg_marker_figures){.kind = CSEG_FIT_GOOD};
    if (inputs->count < CSEG_FIT_OF_LEAST)
        return CELLSEG_OK;
    sums *of = cseg_memory_calloc(context, (size_t)inputs->count + 1, sizeof *of);
    if (of == NULL)
        return cseg_error_last();
    cseg_plane distance = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, distance_to_nuclei(context, &distance, inputs->nuclei));
    sum_up(of, cells, &distance, inputs);
    CSEG_TRY_GOTO(done, medians(context, fit, of, inputs->count));
    fit->kind = kind_of(fit);
done:
    cseg_plane_free(&distance);
    cseg_memory_free(of);
    return status;
}

void cseg_marker_log(cellseg_context *context, const cseg_marker_figures *fit) {
    if (fit->cells < CSEG_QUANTILE_OF_LEAST)
        return;
    cseg_log_write(context, CELLSEG_LOG_INFO, "contrast of %u nuclei %.3f, sureness %.3f, share %.3f", (unsigned)fit->cells,
                   fit->contrast, fit->sureness, fit->share);
    if (fit->kind == CSEG_FIT_STAIN)
        cseg_log_write(
            context, CELLSEG_LOG_WARNING,
            "the marker does not fit: nuclei are far brighter than what surrounds them (contrast %.2f), as in a nuclear stain",
            fit->contrast);
    else if (fit->kind == CSEG_FIT_UNSURE)
        cseg_log_write(
            context, CELLSEG_LOG_WARNING,
            "the marker may not fit: nuclei are not darker than what surrounds them (contrast %.2f), and unsure (%.2f)",
            fit->contrast, fit->sureness);
}
