/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a segmentation: collected while the call runs, logged, and handed over to the caller. */
#include "segment/channel.h"

#include "filter/filter.h"

#include <math.h>
#include <string.h>

#define FIRST_RELEASE_SIZE (offsetof(cellseg_segment_report, confidence) + sizeof(float *))

/* Nuclei this many times larger or smaller than assumed are worth another scale. */
#define SUGGEST_RATIO 1.5

static size_t struct_size_of(const cellseg_segment_report *report) {
    return report->struct_size;
}

cellseg_status cellseg_segment_report_init(cellseg_segment_report *report, size_t struct_size) {
    const cellseg_segment_report zero = {.struct_size = sizeof zero};
    return cseg_options_init(report, struct_size, &zero, sizeof zero, FIRST_RELEASE_SIZE, "cellseg_segment_report");
}

void cellseg_segment_report_clear(cellseg_segment_report *report) {
    if (report == NULL || struct_size_of(report) < FIRST_RELEASE_SIZE)
        return;
    cseg_memory_free(report->confidence);
    (void)cellseg_segment_report_init(report, struct_size_of(report));
}

double cseg_report_lap(double *clock) {
    const double now = cseg_clock_seconds(), before = *clock;
    *clock = now;
    return now - before;
}

cellseg_status cseg_report_begin(cellseg_segment_report *own, cellseg_segment_report *theirs, cellseg_context *context) {
    *own = (cellseg_segment_report){.struct_size = sizeof *own, .library_version = cellseg_version()};
    if (theirs != NULL && (struct_size_of(theirs) < FIRST_RELEASE_SIZE || struct_size_of(theirs) > 65536))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "report: struct_size is %zu; call cellseg_segment_report_init() first",
                         struct_size_of(theirs));
    cellseg_segment_report_clear(theirs);
    cseg_memory_peak_start(context);
    return CELLSEG_OK;
}

typedef struct area_job {
    const cseg_store *labels;
    float *pixels; /* by id - 1 */
} area_job;

static cellseg_status count_areas(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const area_job *job = data;
    cseg_part labels;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&labels, job->labels, tile));
    for (size_t y = 0; y < tile->height; y++) {
        const uint32_t *ids = cseg_row_u32(&labels.plane, y);
        for (size_t x = 0; x < tile->width; x++)
            if (ids[x] != 0)
                job->pixels[ids[x] - 1]++;
    }
    cseg_part_close(&labels);
    return CELLSEG_OK;
}

/* The median area of ids 1..count, in pixels. */
static cellseg_status median_area(const cseg_scratch *scratch, double *area, const cseg_store *labels, uint32_t count) {
    const double middle = 50;
    cseg_plane areas;
    CSEG_TRY(cseg_plane_new(&areas, scratch->context, CELLSEG_FLOAT32, 1, count));
    area_job job = {labels, cseg_row_f32(&areas, 0)};
    memset(job.pixels, 0, count * sizeof *job.pixels);
    const cseg_tiles tiles = {.scratch = scratch, .height = labels->height, .width = labels->width, .pixel_bytes = 4};
    cellseg_status status = cseg_tiles_run(&tiles, count_areas, &job);
    if (status == CELLSEG_OK)
        status = cseg_percentiles_find(scratch->context, area, &middle, 1, &areas);
    cseg_plane_free(&areas);
    return status;
}

cellseg_status cseg_report_scale(cellseg_segment_report *report, const cseg_scratch *scratch, const cseg_channel *channel,
                                 double diameter_um, const cseg_store *nuclei, uint32_t count, const cseg_settings *settings) {
    const double pi = 3.14159265358979323846;
    const double wanted = settings->options.nucleus_diameter_um, assumed = wanted > 0 ? wanted : diameter_um;
    double area = 0;
    report->pixel_size_um = channel->pixel_size_um;
    report->working_pixel_size_um = cseg_channel_working_um(channel);
    report->nucleus_diameter_um = assumed;
    if (count < CSEG_MIN_FOR_QUANTILE)
        return CELLSEG_OK;
    CSEG_TRY(median_area(scratch, &area, nuclei, count));
    const double found = 2 * sqrt(area / pi) * report->working_pixel_size_um;
    report->nucleus_diameter_found_um = found;
    if (assumed > 0 && (found > SUGGEST_RATIO * assumed || found * SUGGEST_RATIO < assumed))
        report->nucleus_diameter_suggested_um = found;
    return CELLSEG_OK;
}

/* ---- the end ---- */

static void log_marker(cellseg_context *context, const cellseg_segment_report *r) {
    if (r->model_hash != 0 && r->marker_cells >= CSEG_MIN_FOR_QUANTILE)
        cseg_log_write(context, CELLSEG_LOG_INFO, "marker check: %u cells, contrast %.3f, confidence %.3f, share %.3f",
                       (unsigned)r->marker_cells, r->marker_contrast, r->nuclei_confidence, r->marker_share);
    if (r->marker_verdict == CELLSEG_VERDICT_NUCLEAR_STAIN)
        cseg_log_write(
            context, CELLSEG_LOG_WARNING,
            "the marker is not suitable: nuclei are far brighter than their surroundings (contrast %.2f), as in a nuclear "
            "stain",
            r->marker_contrast);
    if (r->marker_verdict == CELLSEG_VERDICT_DOUBTFUL)
        cseg_log_write(
            context, CELLSEG_LOG_WARNING,
            "the marker may not be suitable: nuclei are not darker than their surroundings (contrast %.2f), at a confidence of "
            "%.2f",
            r->marker_contrast, r->nuclei_confidence);
}

static void log_report(cellseg_context *context, const cellseg_segment_report *r) {
    const double coarse = 2;
    if (r->pixel_size_um > coarse * r->working_pixel_size_um)
        cseg_log_write(context, CELLSEG_LOG_WARNING,
                       "pixels of %g um are enlarged to the working scale's %g um: outlines are coarse", r->pixel_size_um,
                       r->working_pixel_size_um);
    log_marker(context, r);
    if (r->nucleus_diameter_suggested_um > 0)
        cseg_log_write(
            context, CELLSEG_LOG_WARNING,
            "nuclei have a median diameter of %.1f um, the method assumed %.1f um: nucleus_diameter_um %.1f may do better",
            r->nucleus_diameter_found_um, r->nucleus_diameter_um, r->nucleus_diameter_suggested_um);
    if (r->cells == 0 && r->dropped_marker == 0)
        cseg_log_write(context, CELLSEG_LOG_WARNING, "no cell was found%s",
                       r->marker_range < 0.5 ? ": the image is nearly constant, or noise" : "");
}

cellseg_status cseg_report_end(cellseg_segment_report *own, cellseg_segment_report *theirs, cellseg_context *context,
                               cellseg_status status) {
    own->peak_bytes = cseg_memory_peak(context);
    if (status == CELLSEG_OK)
        log_report(context, own);
    if (status == CELLSEG_OK && theirs != NULL)
        return cseg_options_init(theirs, struct_size_of(theirs), own, sizeof *own, FIRST_RELEASE_SIZE, "cellseg_segment_report");
    cseg_memory_free(own->confidence);
    return status;
}
