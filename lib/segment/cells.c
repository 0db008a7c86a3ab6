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
 *
 * Tile by tile, the same cells as of a flood over the whole image. In a window the relief is not known near an artificial side,
 * nor where a nucleus outside may be nearer than those inside. The pixels there become seeds of an unknown cell, lower than all
 * others. By induction over the order of the whole image's flood, unknown pixels enter every pixel no later than what really
 * comes from outside, and known pixels keep their order: the relief's, then the time of entry. So a pixel with a known cell has
 * it in the whole image too. A tile without unknown pixels is sure. Cost: mostly the watershed's.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>
#include <string.h>

/* The dark level of the logarithm, in [0, 1]. A smaller one would raise noise to the height of cells. */
#define LOG_DARK 0.01

/* The bounds of a typical cell when the expected area is estimated. */
#define CELL_AREA_MIN_UM2 50.0
#define CELL_AREA_MAX_UM2 5000.0

/* The ring round a nucleus is flooded before all else: it lies between this and 1 above, every other relief from -1 on. */
#define RING_RELIEF (-2.0)

/* Below every other relief. */
#define UNKNOWN_RELIEF (-1e30F)

#define UNKNOWN UINT32_MAX

enum { OTSU_LEVELS = 3, OTSU_BINS = 256, CONNECTIVITY = 4 };

/* Of the whole call. */
typedef struct cells_call {
    const cseg_scratch *scratch;
    const cseg_store *cells;
    const cseg_cell_inputs *inputs;
    const cseg_settings *settings;
    cseg_store enhanced; /* where the background's level is the image's; else nothing */
    double level;        /* the background's threshold on `enhanced` */
    double sigma_px;
    int32_t kind; /* of relief */
} cells_call;

/* A window at work. */
typedef struct cells_job {
    const cells_call *call;
    const cseg_cell_window *inputs;
    cseg_rect rect;
    cseg_sides sides;
    cseg_plane smooth, enhanced; /* one plane, but for the gradient */
    cseg_plane relief;           /* the distance from the nuclei first */
    cseg_plane mask;             /* where cells may grow */
    cseg_plane cells;
} cells_job;

static void planes_free(cells_job *job) {
    if (job->smooth.data != job->enhanced.data)
        cseg_plane_free(&job->smooth);
    cseg_plane_free(&job->enhanced);
    cseg_plane_free(&job->relief);
    cseg_plane_free(&job->mask);
    cseg_plane_free(&job->cells);
}

static cellseg_status planes_new(cells_job *job) {
    cellseg_context *context = job->call->scratch->context;
    const size_t height = job->rect.height, width = job->rect.width;
    CSEG_TRY(cseg_plane_new(&job->enhanced, context, CELLSEG_FLOAT32, height, width));
    job->smooth = job->enhanced;
    if (job->call->kind == CELLSEG_RELIEF_GRADIENT)
        CSEG_TRY(cseg_plane_new(&job->smooth, context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY(cseg_plane_new(&job->relief, context, CELLSEG_FLOAT32, height, width));
    CSEG_TRY(cseg_plane_new(&job->cells, context, CELLSEG_UINT32, height, width));
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
static bool is_bounded_by_network(const cells_call *call) {
    return call->settings->method.background_rule == CELLSEG_BACKGROUND_PROBABILITY && call->inputs->maps != NULL;
}

/* ---- enhance ---- */

static cellseg_status enhance_row(void *data, size_t y) {
    const cells_job *job = data;
    const uint8_t *mask = is_bounded_by_network(job->call) ? cseg_row_u8(&job->mask, y) : NULL;
    const bool with_nucleus = job->call->settings->method.cell_probability == CELLSEG_CELL_CYTOPLASM_AND_NUCLEUS;
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

static cellseg_status smooth_and_enhance(cells_job *job) {
    cellseg_context *context = job->call->scratch->context;
    CSEG_TRY(cseg_gaussian_smooth(context, &job->smooth, job->inputs->marker, job->call->sigma_px));
    return cseg_parallel_for(context, job->rect.height, enhance_row, job);
}

/* The enhanced image of a window, of the tile's pixels; `data` is the call. */
static cellseg_status enhance_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const cells_call *call = data;
    cseg_cell_window inputs;
    cells_job job = {.call = call, .inputs = &inputs, .rect = *window};
    (void)sure;
    CSEG_TRY(cseg_cellwindow_open(&inputs, call->inputs, window));
    cellseg_status status = cseg_plane_new(&job.enhanced, call->scratch->context, CELLSEG_FLOAT32, window->height, window->width);
    job.smooth = job.enhanced;
    if (status == CELLSEG_OK)
        status = smooth_and_enhance(&job);
    if (status == CELLSEG_OK)
        status = cseg_store_put_core(&call->enhanced, &job.enhanced, window, tile);
    planes_free(&job);
    cseg_cellwindow_close(&inputs);
    return status;
}

typedef struct area_job {
    const cseg_store *enhanced;
    double level;
    uint64_t count;
} area_job;

static cellseg_status count_above(void *data, const cseg_rect *band, const cseg_rect *window, bool *sure) {
    area_job *job = data;
    cseg_part part;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&part, job->enhanced, band));
    for (size_t y = 0; y < band->height; y++) {
        const float *row = cseg_row_f32(&part.plane, y);
        for (size_t x = 0; x < band->width; x++)
            job->count += (double)row[x] > job->level;
    }
    cseg_part_close(&part);
    return CELLSEG_OK;
}

static cseg_tiles tiles_of(const cells_call *call, size_t pixel_bytes, size_t halo) {
    return (cseg_tiles){.scratch = call->scratch,
                        .height = call->cells->height,
                        .width = call->cells->width,
                        .pixel_bytes = pixel_bytes,
                        .halo = halo};
}

/* The expected pixels of all cells: as given, or the foreground of a single Otsu threshold within plausible bounds. */
static cellseg_status expected_area_px(const cells_call *call, double *area) {
    const double pixel = call->inputs->pixel_size_um * call->inputs->pixel_size_um, cells = call->inputs->count;
    *area = cells * call->settings->method.cell_area_expected_um2 / pixel;
    if (call->settings->method.cell_area_expected_um2 > 0)
        return CELLSEG_OK;
    const cseg_tiles tiles = tiles_of(call, sizeof(float), 0);
    area_job job = {.enhanced = &call->enhanced};
    CSEG_TRY(cseg_otsu_find_stored(call->scratch->context, &job.level, 1, OTSU_BINS, &call->enhanced));
    CSEG_TRY(cseg_tiles_run(&tiles, count_above, &job));
    *area = fmin(fmax((double)job.count, cells * CELL_AREA_MIN_UM2 / pixel), cells * CELL_AREA_MAX_UM2 / pixel);
    return CELLSEG_OK;
}

/* The area falls as the level rises, so the level of the nearest area is a percentile, cut to [t1, t3]. */
static cellseg_status find_level(cells_call *call) {
    double thresholds[OTSU_LEVELS], area, level;
    CSEG_TRY(expected_area_px(call, &area));
    const double pixels = (double)call->enhanced.height * (double)call->enhanced.width;
    const double percent = fmin(fmax(100 * (1 - area / pixels), 0), 100);
    CSEG_TRY(cseg_percentiles_find_stored(call->scratch->context, &level, &percent, 1, &call->enhanced));
    CSEG_TRY(cseg_otsu_find_stored(call->scratch->context, thresholds, OTSU_LEVELS, OTSU_BINS, &call->enhanced));
    call->level = fmin(fmax(level, thresholds[0]), thresholds[OTSU_LEVELS - 1]);
    return CELLSEG_OK;
}

static cellseg_status enhance_all(cells_call *call) {
    const cseg_tiles tiles = tiles_of(call, 28, cseg_gaussian_halo(call->sigma_px));
    CSEG_TRY(cseg_store_new(&call->enhanced, call->scratch, CELLSEG_FLOAT32, call->cells->height, call->cells->width));
    CSEG_TRY(cseg_tiles_run(&tiles, enhance_tile, call));
    return find_level(call);
}

static cellseg_status mask_row(void *data, size_t y) {
    const cells_job *job = data;
    const bool by_network = is_bounded_by_network(job->call);
    uint8_t *mask = cseg_row_u8(&job->mask, y);
    const float *enhanced = cseg_row_f32(&job->enhanced, y);
    const uint32_t *nuclei = cseg_row_u32(job->inputs->nuclei, y);
    for (size_t x = 0; x < job->mask.width; x++) {
        const bool cell = by_network ? cell_probability(job->inputs, y, x, true) > 0.5 : (double)enhanced[x] > job->call->level;
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
    switch (job->call->kind) {
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

/* Pixels from the nearest artificial side: one at the side itself. */
static size_t side_distance(const cells_job *job, size_t y, size_t x) {
    size_t nearest = SIZE_MAX;
    nearest = job->sides.top && y + 1 < nearest ? y + 1 : nearest;
    nearest = job->sides.left && x + 1 < nearest ? x + 1 : nearest;
    nearest = job->sides.bottom && job->rect.height - y < nearest ? job->rect.height - y : nearest;
    return job->sides.right && job->rect.width - x < nearest ? job->rect.width - x : nearest;
}

static cellseg_status relief_row(void *data, size_t y) {
    const cells_job *job = data;
    const double by_distance = job->call->kind == CELLSEG_RELIEF_DISTANCE ? 1 : job->call->settings->method.cell_compactness;
    const size_t reach = cseg_gaussian_halo(job->call->sigma_px) + 1; /* of the Gaussian, and of the gradient */
    const bool is_whole =
        side_distance(job, 0, 0) == SIZE_MAX && side_distance(job, job->rect.height - 1, job->rect.width - 1) == SIZE_MAX;
    const uint8_t *mask = cseg_row_u8(&job->mask, y);
    uint32_t *cells = cseg_row_u32(&job->cells, y);
    float *relief = cseg_row_f32(&job->relief, y); /* distances until now */
    for (size_t x = 0; x < job->relief.width; x++) {
        if (mask[x] == 0)
            continue;
        const size_t side = is_whole ? SIZE_MAX : side_distance(job, y, x);
        if (side <= reach || !((double)relief[x] <= (double)side)) {
            cells[x] = UNKNOWN;
            relief[x] = UNKNOWN_RELIEF;
            continue;
        }
        const double um = job->inputs->pixel_size_um * (double)relief[x];
        const bool in_ring = um <= job->call->settings->method.cell_ring_um;
        relief[x] = (float)(in_ring ? RING_RELIEF + um / job->call->settings->method.cell_ring_um
                                    : relief_at(job, y, x) + by_distance * um);
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
    memcpy(cseg_row_u32(&job->cells, y), cseg_row_u32(job->inputs->nuclei, y), job->rect.width * sizeof(uint32_t));
    return CELLSEG_OK;
}

/* The enhanced image of a window: the call's, or made here within the mask. */
static cellseg_status find_enhanced(cells_job *job) {
    const cells_call *call = job->call;
    cellseg_context *context = call->scratch->context;
    if (is_bounded_by_network(call)) {
        CSEG_TRY(cseg_parallel_for(context, job->rect.height, mask_row, job));
        return smooth_and_enhance(job);
    }
    cseg_part part;
    if (call->kind == CELLSEG_RELIEF_GRADIENT)
        CSEG_TRY(cseg_gaussian_smooth(context, &job->smooth, job->inputs->marker, call->sigma_px));
    CSEG_TRY(cseg_part_open(&part, &call->enhanced, &job->rect));
    cseg_plane_copy(&job->enhanced, &part.plane);
    cseg_part_close(&part);
    return cseg_parallel_for(context, job->rect.height, mask_row, job);
}

static cellseg_status flood(cells_job *job) {
    cellseg_context *context = job->call->scratch->context;
    CSEG_TRY(planes_new(job));
    CSEG_TRY(cseg_parallel_for(context, job->rect.height, seed_row, job));
    CSEG_TRY(measure_distance(context, job));
    CSEG_TRY(find_enhanced(job));
    CSEG_TRY(cseg_parallel_for(context, job->rect.height, relief_row, job));
    return cseg_watershed_flood(context, &job->cells, &job->relief, &job->mask, CONNECTIVITY);
}

static bool has_unknown(const cseg_plane *cells, const cseg_rect *inside) {
    for (size_t y = 0; y < inside->height; y++) {
        const uint32_t *row = cseg_row_u32(cells, inside->top + y) + inside->left;
        for (size_t x = 0; x < inside->width; x++)
            if (row[x] == UNKNOWN)
                return true;
    }
    return false;
}

static cellseg_status flood_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const cells_call *call = data;
    const cseg_rect inside = {tile->top - window->top, tile->left - window->left, tile->height, tile->width};
    cseg_cell_window inputs;
    cells_job job = {.call = call, .inputs = &inputs, .rect = *window};
    job.sides = cseg_sides_of(window, call->cells->height, call->cells->width);
    CSEG_TRY(cseg_cellwindow_open(&inputs, call->inputs, window));
    cellseg_status status = flood(&job);
    if (status == CELLSEG_OK) {
        *sure = !has_unknown(&job.cells, &inside);
        if (*sure)
            status = cseg_store_put_core(call->cells, &job.cells, window, tile);
    }
    planes_free(&job);
    cseg_cellwindow_close(&inputs);
    return status;
}

static cellseg_status clear_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const cells_call *call = data;
    cseg_part part;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_make(&part, call->cells, tile));
    for (size_t y = 0; y < tile->height; y++)
        memset(cseg_row_u32(&part.plane, y), 0, tile->width * sizeof(uint32_t));
    const cellseg_status status = cseg_store_put(call->cells, tile->top, tile->left, &part.plane);
    cseg_part_close(&part);
    return status;
}

cellseg_status cseg_cells_find(const cseg_scratch *scratch, const cseg_store *cells, const cseg_cell_inputs *inputs,
                               const cseg_settings *settings) {
    enum { CELL_PX = 96 }; /* the neighbours' cells, mostly */
    cells_call call = {scratch, cells, inputs, settings, .kind = settings->method.relief};
    call.sigma_px = settings->method.cell_sigma_um / inputs->pixel_size_um;
    if (call.kind == CELLSEG_RELIEF_PROBABILITY && inputs->maps == NULL)
        call.kind = CELLSEG_RELIEF_MARKER;
    const cseg_tiles clear = tiles_of(&call, sizeof(uint32_t), 0);
    if (inputs->count == 0)
        return cseg_tiles_run(&clear, clear_tile, &call);
    const cseg_tiles tiles = tiles_of(&call, 56, cseg_gaussian_halo(call.sigma_px) + CELL_PX);
    cellseg_status status = is_bounded_by_network(&call) ? CELLSEG_OK : enhance_all(&call);
    if (status == CELLSEG_OK)
        status = cseg_tiles_run(&tiles, flood_tile, &call);
    cseg_store_free(&call.enhanced);
    return status;
}
