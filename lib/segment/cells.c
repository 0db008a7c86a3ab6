/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cells round given nuclei (Al-Kofahi et al. 2018, step 3): the marker image, smoothed, in log space, times the
 * cell probability; a background threshold between the first and third of three Otsu levels, at which the foreground's area is
 * nearest to the expected area of that many cells; seeded watershed, bright first.
 *
 * Beyond the paper, off with 0. Every nucleus first takes a ring round itself: where nuclei are dark, bright first alone gives
 * all of a touching group to the cell whose nucleus has the faintest edge. And the relief rises with the distance from the
 * nuclei, which keeps a bright cell from flooding round its dimmer neighbours. Where a network also predicts the cells' borders,
 * they are one half of the relief, and the marker is the other. Always on, because the paper gives no value: the dark level of
 * the logarithm (LOG_DARK), and the bounds of an estimated expected area; cell_area_expected_um2 above 0 leaves the estimate out.
 * Cost: mostly the watershed's.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>

/* The dark level of the logarithm, in [0, 1]. A smaller one would raise noise to the height of cells. */
#define LOG_DARK 0.01

/* The bounds of a typical cell when the expected area is estimated. */
#define CELL_AREA_MIN_UM2 50.0
#define CELL_AREA_MAX_UM2 5000.0

/* The ring round a nucleus is flooded before all else: it lies between this and 1 above, every other relief from -1 on. */
#define RING_RELIEF (-2.0)

enum { OTSU_LEVELS = 3, OTSU_BINS = 256, CONNECTIVITY = 4 };

typedef struct cells_job {
    const cseg_cell_window *inputs;
    const cseg_settings *settings;
    cseg_plane smooth, enhanced; /* one plane, but for the gradient */
    cseg_plane relief;           /* the distance from the nuclei first */
    cseg_plane mask;             /* where cells may grow */
    const cseg_plane *cells;
    double level; /* the background's threshold on `enhanced` */
    int32_t kind; /* of relief */
} cells_job;

static void planes_free(cells_job *job) {
    if (job->smooth.data != job->enhanced.data)
        cseg_plane_free(&job->smooth);
    cseg_plane_free(&job->enhanced);
    cseg_plane_free(&job->relief);
    cseg_plane_free(&job->mask);
}

static cellseg_status planes_new(cellseg_context *context, cells_job *job) {
    const size_t height = job->cells->height, width = job->cells->width;
    CSEG_TRY(cseg_plane_new(&job->enhanced, context, CELLSEG_FLOAT32, height, width));
    job->smooth = job->enhanced;
    if (job->kind == CELLSEG_RELIEF_GRADIENT)
        CSEG_TRY(cseg_plane_new(&job->smooth, context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY(cseg_plane_new(&job->relief, context, CELLSEG_FLOAT32, height, width));
    return cseg_plane_new(&job->mask, context, CELLSEG_UINT8, height, width);
}

/* Probability that a pixel belongs to a cell. 1 where there is no network to ask. */
static double cell_probability(const cseg_cell_window *inputs, size_t y, size_t x, bool with_nucleus) {
    const cseg_plane *maps = inputs->maps;
    if (maps == NULL)
        return 1;
    double p = (double)cseg_row_f32(&maps[CSEG_MAP_CYTOPLASM], y)[x];
    if (with_nucleus)
        p += (double)cseg_row_f32(&maps[CSEG_MAP_NUCLEUS], y)[x];
    if (inputs->has_boundary_class)
        p += (double)cseg_row_f32(&maps[CSEG_MAP_EXTRA], y)[x];
    return p < 1 ? p : 1;
}

/* Whether the network bounds the cells; the enhanced image is then not needed outside. */
static bool is_bounded_by_network(const cells_job *job) {
    return job->settings->method.background_rule == CELLSEG_BACKGROUND_PROBABILITY && job->inputs->maps != NULL;
}

/* ---- enhance ---- */

static cellseg_status enhance_row(void *data, size_t y) {
    const cells_job *job = data;
    const uint8_t *mask = is_bounded_by_network(job) ? cseg_row_u8(&job->mask, y) : NULL;
    const bool with_nucleus = job->settings->method.cell_probability == CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS;
    const double scale = 1 / cseg_math_log(1 + 1 / LOG_DARK);
    const float *smooth = cseg_row_f32(&job->smooth, y);
    float *enhanced = cseg_row_f32(&job->enhanced, y);
    for (size_t x = 0; x < job->enhanced.width; x++) {
        if (mask != NULL && mask[x] == 0)
            continue;
        const double marker = smooth[x] > 0 ? (double)smooth[x] : 0;
        const double p = cell_probability(job->inputs, y, x, with_nucleus);
        enhanced[x] = (float)(cseg_math_log(1 + marker / LOG_DARK) * scale * p);
    }
    return CELLSEG_OK;
}

/* ---- background ---- */

static size_t count_above(const cseg_plane *plane, double level) {
    size_t count = 0;
    for (size_t y = 0; y < plane->height; y++) {
        const float *row = cseg_row_f32(plane, y);
        for (size_t x = 0; x < plane->width; x++)
            count += (double)row[x] > level;
    }
    return count;
}

/* The expected pixels of all cells: as given, or the foreground of a single Otsu threshold within plausible bounds. */
static cellseg_status expected_area_px(cellseg_context *context, double *area, const cells_job *job) {
    const double pixel = job->inputs->pixel_size_um * job->inputs->pixel_size_um, cells = job->inputs->count;
    *area = cells * job->settings->method.cell_area_expected_um2 / pixel;
    if (job->settings->method.cell_area_expected_um2 > 0)
        return CELLSEG_OK;
    double level;
    CSEG_TRY(cseg_otsu_find(context, &level, 1, OTSU_BINS, &job->enhanced, NULL));
    const double found = (double)count_above(&job->enhanced, level);
    *area = fmin(fmax(found, cells * CELL_AREA_MIN_UM2 / pixel), cells * CELL_AREA_MAX_UM2 / pixel);
    return CELLSEG_OK;
}

/* The area falls as the level rises, so the level of the nearest area is a percentile, cut to [t1, t3]. */
static cellseg_status background_level(cellseg_context *context, cells_job *job) {
    double thresholds[OTSU_LEVELS], area, level;
    CSEG_TRY(expected_area_px(context, &area, job));
    const double pixels = (double)job->enhanced.height * (double)job->enhanced.width;
    const double percent = fmin(fmax(100 * (1 - area / pixels), 0), 100);
    CSEG_TRY(cseg_percentiles_find(context, &level, &percent, 1, &job->enhanced));
    CSEG_TRY(cseg_otsu_find(context, thresholds, OTSU_LEVELS, OTSU_BINS, &job->enhanced, NULL));
    job->level = fmin(fmax(level, thresholds[0]), thresholds[OTSU_LEVELS - 1]);
    return CELLSEG_OK;
}

static cellseg_status mask_row(void *data, size_t y) {
    const cells_job *job = data;
    const bool by_network = is_bounded_by_network(job);
    uint8_t *mask = cseg_row_u8(&job->mask, y);
    const float *enhanced = cseg_row_f32(&job->enhanced, y);
    const uint32_t *nuclei = cseg_row_u32(job->inputs->nuclei, y);
    for (size_t x = 0; x < job->mask.width; x++) {
        const bool cell = by_network ? cell_probability(job->inputs, y, x, true) > 0.5 : (double)enhanced[x] > job->level;
        mask[x] = cell || nuclei[x] != 0;
    }
    return CELLSEG_OK;
}

/* ---- relief ---- */

static double gradient(const cseg_plane *plane, size_t y, size_t x) {
    const size_t up = y > 0 ? y - 1 : y, down = y + 1 < plane->height ? y + 1 : y;
    const size_t left = x > 0 ? x - 1 : x, right = x + 1 < plane->width ? x + 1 : x;
    const double dy = (double)cseg_row_f32(plane, down)[x] - (double)cseg_row_f32(plane, up)[x];
    const double dx = (double)cseg_row_f32(plane, y)[right] - (double)cseg_row_f32(plane, y)[left];
    return sqrt(dx * dx + dy * dy) / 2;
}

/* The brightest, and what lies deepest in its cell or is no boundary, first. */
static double marker_relief(const cells_job *job, size_t y, size_t x) {
    const double marker = (double)cseg_row_f32(&job->enhanced, y)[x];
    const cseg_extra_part *extra = &job->inputs->extra;
    if (extra->kind == CELLSEG_EXTRA_NONE)
        return -marker;
    const double value = (double)cseg_row_f32(extra->map, y)[x];
    return -0.5 * (marker + (extra->kind == CELLSEG_EXTRA_DISTANCE ? value : 1 - value));
}

static double relief_at(const cells_job *job, size_t y, size_t x) {
    switch (job->kind) {
    case CELLSEG_RELIEF_GRADIENT:
        return gradient(&job->smooth, y, x);
    case CELLSEG_RELIEF_PROBABILITY:
        return -cell_probability(job->inputs, y, x, true);
    case CELLSEG_RELIEF_DISTANCE:
        return 0;
    default:
        return marker_relief(job, y, x);
    }
}

static cellseg_status relief_row(void *data, size_t y) {
    const cells_job *job = data;
    const double by_distance = job->kind == CELLSEG_RELIEF_DISTANCE ? 1 : job->settings->method.cell_compactness;
    const uint8_t *mask = cseg_row_u8(&job->mask, y);
    float *relief = cseg_row_f32(&job->relief, y); /* distances until now */
    for (size_t x = 0; x < job->relief.width; x++) {
        if (mask[x] == 0)
            continue;
        const double um = job->inputs->pixel_size_um * (double)relief[x];
        const bool in_ring = um <= job->settings->method.cell_ring_um;
        relief[x] =
            (float)(in_ring ? RING_RELIEF + um / job->settings->method.cell_ring_um : relief_at(job, y, x) + by_distance * um);
    }
    return CELLSEG_OK;
}

static cellseg_status outside_nuclei_row(void *data, size_t y) {
    const cells_job *job = data;
    uint8_t *mask = cseg_row_u8(&job->mask, y);
    const uint32_t *nuclei = cseg_row_u32(job->inputs->nuclei, y);
    for (size_t x = 0; x < job->mask.width; x++)
        mask[x] = nuclei[x] == 0;
    return CELLSEG_OK;
}

/* How far each pixel is from the nuclei, where the relief will be. The mask is overwritten. */
static cellseg_status measure_distance(cellseg_context *context, cells_job *job) {
    CSEG_TRY(cseg_parallel_for(context, job->mask.height, outside_nuclei_row, job));
    return cseg_distance_transform(context, &job->relief, &job->mask);
}

/* ---- all together ---- */

static cellseg_status seed_row(void *data, size_t y) {
    const cells_job *job = data;
    uint32_t *cells = cseg_row_u32(job->cells, y);
    const uint32_t *nuclei = cseg_row_u32(job->inputs->nuclei, y);
    for (size_t x = 0; x < job->cells->width; x++)
        cells[x] = nuclei[x];
    return CELLSEG_OK;
}

static cellseg_status flood(cellseg_context *context, cells_job *job) {
    const size_t height = job->cells->height;
    const double sigma_px = job->settings->method.cell_sigma_um / job->inputs->pixel_size_um;
    CSEG_TRY(measure_distance(context, job));
    CSEG_TRY(cseg_gaussian_smooth(context, &job->smooth, job->inputs->marker, sigma_px));
    if (!is_bounded_by_network(job)) {
        CSEG_TRY(cseg_parallel_for(context, height, enhance_row, job));
        CSEG_TRY(background_level(context, job));
    }
    CSEG_TRY(cseg_parallel_for(context, height, mask_row, job));
    if (is_bounded_by_network(job))
        CSEG_TRY(cseg_parallel_for(context, height, enhance_row, job));
    CSEG_TRY(cseg_parallel_for(context, height, relief_row, job));
    return cseg_watershed_flood(context, job->cells, &job->relief, &job->mask, CONNECTIVITY);
}

static cellseg_status find(cellseg_context *context, const cseg_plane *cells, const cseg_cell_window *inputs,
                           const cseg_settings *settings) {
    assert(cells->type == CELLSEG_UINT32 && cells->height == inputs->marker->height && cells->width == inputs->marker->width);
    cells_job job = {.inputs = inputs, .settings = settings, .cells = cells, .kind = settings->method.relief};
    if (job.kind == CELLSEG_RELIEF_PROBABILITY && inputs->maps == NULL)
        job.kind = CELLSEG_RELIEF_MARKER;
    CSEG_TRY(cseg_parallel_for(context, cells->height, seed_row, &job));
    if (inputs->count == 0)
        return CELLSEG_OK;
    cellseg_status status = planes_new(context, &job);
    if (status == CELLSEG_OK)
        status = flood(context, &job);
    planes_free(&job);
    return status;
}

cellseg_status cseg_cells_find(const cseg_scratch *scratch, const cseg_store *cells, const cseg_cell_inputs *inputs,
                               const cseg_settings *settings) {
    const cseg_rect whole = {0, 0, cells->height, cells->width};
    cseg_cell_window window;
    CSEG_TRY(cseg_cellwindow_open(&window, inputs, &whole));
    const cellseg_status status = find(scratch->context, &cells->memory, &window, settings);
    cseg_cellwindow_close(&window);
    return status;
}
