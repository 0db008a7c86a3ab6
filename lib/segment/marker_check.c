/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the marker fit the method? The method needs a bright cytoplasm with darker nuclei; for another stain the network still
 * finds something. Three figures decide, each a median over the cells, so that a few odd cells do not count:
 * - contrast: (ring - nucleus) / (ring + nucleus), from -1 to 1, of the marker's means in the nucleus and in the cell within 4 um
 *   of it; above 0 where nuclei are darker;
 * - share: the nucleus's part of the cell's area;
 * - confidence: the mean nucleus probability in the nucleus.
 * Nuclei far brighter than their surroundings that take much of their cells are a nuclear stain's. Nuclei that are not darker,
 * at a low confidence, speak against the marker. The limits are measured: docs/defaults.md has the table. Fewer than fifteen
 * cells give no verdict, fewer than five no medians. Cost: a distance transform and a pass over the image.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <string.h>

#define RING_UM 4.0
#define STAIN_CONTRAST (-0.20) /* below, and ... */
#define STAIN_SHARE 0.40       /* ... above: a nuclear stain */
#define EVEN_CONTRAST (-0.05)  /* below, and ... */
#define LOW_CONFIDENCE 0.70    /* ... below: doubtful */

enum { MIN_FOR_MEDIANS = 5 };

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

typedef struct check_job {
    const cseg_cell_inputs *inputs;
    const cseg_store *cells;
    const uint32_t *cell_of;
    double ring_px;
    sums *of; /* by cell */
} check_job;

/* The rows of a band; `distance` and `w` are of a window that begins `above` rows before it. */
static void sum_rows(const check_job *job, const cseg_plane *cells, const cseg_plane *distance, const cseg_cell_window *w,
                     size_t above) {
    sums *of = job->of;
    for (size_t y = 0; y < cells->height; y++) {
        const uint32_t *cell = cseg_row_u32(cells, y), *nucleus = cseg_row_u32(w->nuclei, above + y);
        const float *marker = cseg_row_f32(w->marker, above + y), *away = cseg_row_f32(distance, above + y);
        const float *probability = cseg_row_f32(&w->maps[CSEG_MAP_NUCLEUS], above + y);
        for (size_t x = 0; x < cells->width; x++) {
            of[cell[x]].cell_px++;
            if (nucleus[x] != 0) {
                sums *s = &of[job->cell_of[nucleus[x]]];
                s->nucleus += (double)marker[x];
                s->probability += (double)probability[x];
                s->nucleus_px++;
            } else if (cell[x] != 0 && (double)away[x] <= job->ring_px) {
                of[cell[x]].ring += (double)marker[x];
                of[cell[x]].ring_px++;
            }
        }
    }
}

static cellseg_status sum_band(void *data, const cseg_rect *band, const cseg_rect *window, bool *sure) {
    const check_job *job = data;
    cseg_cell_window w;
    cseg_part cells = {0};
    cseg_plane distance = {0};
    (void)sure;
    CSEG_TRY(cseg_cellwindow_open(&w, job->inputs, window));
    cellseg_status status = distance_to_nuclei(job->cells->context, &distance, w.nuclei);
    if (status == CELLSEG_OK)
        status = cseg_part_open(&cells, job->cells, band);
    if (status == CELLSEG_OK)
        sum_rows(job, &cells.plane, &distance, &w, band->top - window->top);
    cseg_part_close(&cells);
    cseg_plane_free(&distance);
    cseg_cellwindow_close(&w);
    return status;
}

/* of: inputs->count + 1 entries, zeros. Sums are added in raster order, whatever the bands. */
static cellseg_status sum_up(const cseg_scratch *scratch, sums *of, const cseg_store *cells, const uint32_t *cell_of,
                             const cseg_cell_inputs *inputs) {
    const double ring_px = RING_UM / inputs->pixel_size_um;
    check_job job = {inputs, cells, cell_of, ring_px, of};
    const cseg_tiles bands = {.scratch = scratch,
                              .height = cells->height,
                              .width = cells->width,
                              .pixel_bytes = 36,
                              .halo = (size_t)ring_px + 2,
                              .whole_rows = true};
    return cseg_tiles_run(&bands, sum_band, &job);
}

static double contrast_of(const sums *s) {
    const double nucleus = s->nucleus / (double)s->nucleus_px, ring = s->ring / (double)s->ring_px;
    return ring + nucleus > 0 ? (ring - nucleus) / (ring + nucleus) : 0;
}

/* The mean nucleus probability in the nuclei of each cell; 0 for an id without one. */
static void write_confidence(float *confidence, const sums *of, uint32_t count) {
    for (size_t id = 0; id <= count; id++)
        confidence[id] = of[id].nucleus_px > 0 ? (float)(of[id].probability / (double)of[id].nucleus_px) : 0;
}

/* Medians over the cells that have a ring. */
static cellseg_status medians(cellseg_context *context, cellseg_segment_report *report, const sums *of, uint32_t count) {
    cseg_plane contrasts = {0}, probabilities = {0}, shares = {0};
    const double middle = 50;
    uint32_t cells = 0;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&contrasts, context, CELLSEG_FLOAT32, 1, count));
    CSEG_TRY_GOTO(done, cseg_plane_new(&probabilities, context, CELLSEG_FLOAT32, 1, count));
    CSEG_TRY_GOTO(done, cseg_plane_new(&shares, context, CELLSEG_FLOAT32, 1, count));
    for (uint32_t id = 1; id <= count; id++)
        if (of[id].nucleus_px > 0 && of[id].ring_px > 0) {
            cseg_row_f32(&contrasts, 0)[cells] = (float)contrast_of(&of[id]);
            cseg_row_f32(&shares, 0)[cells] = (float)((double)of[id].nucleus_px / (double)of[id].cell_px);
            cseg_row_f32(&probabilities, 0)[cells++] = (float)(of[id].probability / (double)of[id].nucleus_px);
        }
    report->marker_cells = cells;
    if (cells < MIN_FOR_MEDIANS)
        goto done;
    contrasts.width = probabilities.width = shares.width = cells;
    CSEG_TRY_GOTO(done, cseg_percentiles_find(context, &report->marker_contrast, &middle, 1, &contrasts));
    CSEG_TRY_GOTO(done, cseg_percentiles_find(context, &report->nuclei_confidence, &middle, 1, &probabilities));
    status = cseg_percentiles_find(context, &report->marker_share, &middle, 1, &shares);
done:
    cseg_plane_free(&shares);
    cseg_plane_free(&probabilities);
    cseg_plane_free(&contrasts);
    return status;
}

static int32_t verdict_of(const cellseg_segment_report *report) {
    if (report->marker_cells < CSEG_MIN_FOR_QUANTILE)
        return CELLSEG_VERDICT_SUITABLE;
    if (report->marker_contrast < STAIN_CONTRAST && report->marker_share > STAIN_SHARE)
        return CELLSEG_VERDICT_NUCLEAR_STAIN;
    const bool doubtful = report->marker_contrast < EVEN_CONTRAST && report->nuclei_confidence < LOW_CONFIDENCE;
    return doubtful ? CELLSEG_VERDICT_DOUBTFUL : CELLSEG_VERDICT_SUITABLE;
}

cellseg_status cseg_marker_check(const cseg_scratch *scratch, cellseg_segment_report *report, float *confidence,
                                 const cseg_store *cells, const uint32_t *cell_of, const cseg_cell_inputs *inputs) {
    confidence[0] = 0;
    if (inputs->count == 0)
        return CELLSEG_OK;
    sums *of = cseg_memory_calloc(scratch->context, (size_t)inputs->count + 1, sizeof *of);
    if (of == NULL)
        return cseg_error_last();
    cellseg_status status = sum_up(scratch, of, cells, cell_of, inputs);
    if (status == CELLSEG_OK) {
        write_confidence(confidence, of, inputs->count);
        status = medians(scratch->context, report, of, inputs->count);
    }
    if (status == CELLSEG_OK)
        report->marker_verdict = verdict_of(report);
    cseg_memory_free(of);
    return status;
}

static bool is_refused(int32_t verdict, int32_t check) {
    return (verdict == CELLSEG_VERDICT_NUCLEAR_STAIN && check >= CELLSEG_MARKER_REFUSE_STAINS) ||
           (verdict == CELLSEG_VERDICT_DOUBTFUL && check >= CELLSEG_MARKER_REFUSE);
}

cellseg_status cseg_marker_refuse(const cseg_scratch *scratch, cellseg_segment_report *report, const cseg_store *cells,
                                  const uint32_t *cell_of, uint32_t count, const cseg_settings *settings) {
    if (!is_refused(report->marker_verdict, settings->options.marker_check))
        return CELLSEG_OK;
    for (size_t id = 1; id <= count; id++)
        report->dropped_marker += cell_of[id] == id;
    uint32_t *none = cseg_memory_calloc(scratch->context, (size_t)count + 1, sizeof *none);
    const cellseg_status status = none != NULL ? cseg_idmap_apply(scratch, cells, none) : cseg_error_last();
    cseg_memory_free(none);
    return status;
}
