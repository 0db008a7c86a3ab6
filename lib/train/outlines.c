/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Targets of a pixel besides its class, from the label map of whole cells at the working scale:
 *
 * - boundary: in a cell, and within BOUNDARY_UM of a pixel that is not of the same cell;
 * - the distance d to the nearest pixel that is not of its cell, as d / (d + CSEG_DISTANCE_HALF_UM), 0 on the background: steep
 *   where cells meet, and the same for every size of cell;
 * - the proximity to two cells: exp(-(d1 + d2)^2 / (2 sigma^2)), d1 and d2 the distances to the nearest and the second nearest
 *   cell (Ronneberger et al. 2015); d1 is 0 inside a cell, so that the value is largest on both sides of a contact;
 * - the cell, as a byte computed from the label.
 *
 * Distances are exact. First along columns: the distance within the column to another label, or to the two nearest different
 * cells. Then along rows, up to the distance found so far (after Saito and Toriwaki 1994). Pixels outside the image belong to no
 * cell. Cost: per pixel as many steps as its distances, which are bounded.
 */
#include "filter/filter.h"
#include "segment/segment.h"
#include "train/dataset.h"

#include <math.h>

#define BOUNDARY_UM 1.0

/* Farther from the border the target is constant. */
#define MAX_DISTANCE_UM 50.0

/* In sigmas: farther away the weight rounds to 0. */
#define BORDER_REACH 3.6

#define FAR (UINT32_C(1) << 30)

/* The nearest cell in a pixel's column, and the nearest other cell; 0: none. */
typedef struct column_cells {
    uint32_t id[2], steps[2];
} column_cells;

typedef struct outlines_job {
    const cseg_targets *targets;
    const cseg_outline_options *options;
    const cseg_plane *cells;
    uint32_t *steps;     /* within the column, to the nearest other label */
    column_cells *pairs; /* NULL without border weights */
} outlines_job;

/* ---- columns ---- */

static void outside_in_column(const outlines_job *job, size_t x) {
    const size_t height = job->cells->height, width = job->cells->width;
    uint32_t run = FAR;
    for (size_t y = 0; y < height; y++) {
        const uint32_t id = cseg_row_u32(job->cells, y)[x];
        if (y > 0 && cseg_row_u32(job->cells, y - 1)[x] != id)
            run = 0;
        run = run < FAR ? run + 1 : FAR;
        job->steps[y * width + x] = run;
    }
    run = FAR;
    for (size_t y = height; y-- > 0;) {
        const uint32_t id = cseg_row_u32(job->cells, y)[x];
        if (y + 1 < height && cseg_row_u32(job->cells, y + 1)[x] != id)
            run = 0;
        run = run < FAR ? run + 1 : FAR;
        if (run < job->steps[y * width + x])
            job->steps[y * width + x] = run;
    }
}

/* Insert a cell into a pair of the two nearest different cells. */
static void add_cell(column_cells *pair, uint32_t id, uint32_t steps) {
    if (id == 0 || (id == pair->id[0] && steps >= pair->steps[0]))
        return;
    if (pair->id[0] == 0 || id == pair->id[0] || steps < pair->steps[0]) {
        if (id != pair->id[0]) {
            pair->id[1] = pair->id[0];
            pair->steps[1] = pair->steps[0];
        }
        pair->id[0] = id;
        pair->steps[0] = steps;
    } else if (pair->id[1] == 0 || steps < pair->steps[1]) {
        pair->id[1] = id;
        pair->steps[1] = steps;
    }
}

/* The pair of the next pixel in the column: the previous pixel's pair one step farther away, and the pixel's own label. */
static void step_pair(column_cells *pair, column_cells *previous, uint32_t id) {
    previous->steps[0]++;
    previous->steps[1]++;
    add_cell(previous, id, 0);
    for (size_t i = 0; i < 2; i++)
        add_cell(pair, previous->id[i], previous->steps[i]);
}

static void cells_in_column(const outlines_job *job, size_t x) {
    const size_t height = job->cells->height, width = job->cells->width;
    column_cells previous = {{0, 0}, {0, 0}};
    for (size_t y = 0; y < height; y++) {
        job->pairs[y * width + x] = (column_cells){{0, 0}, {0, 0}};
        step_pair(&job->pairs[y * width + x], &previous, cseg_row_u32(job->cells, y)[x]);
    }
    previous = (column_cells){{0, 0}, {0, 0}};
    for (size_t y = height; y-- > 0;)
        step_pair(&job->pairs[y * width + x], &previous, cseg_row_u32(job->cells, y)[x]);
}

static cellseg_status column(void *data, size_t x) {
    const outlines_job *job = data;
    outside_in_column(job, x);
    if (job->pairs != NULL)
        cells_in_column(job, x);
    return CELLSEG_OK;
}

/* ---- rows ---- */

static double squared(double value) {
    return value * value;
}

/* Squared distance from a pixel to the nearest pixel of another label, at most `max_squared`. Only the run of the pixel's
 * label is searched in both directions, since pixels beyond its ends are farther away than the ends. */
static double outside_squared(const outlines_job *job, size_t y, size_t x, double max_squared) {
    const size_t width = job->cells->width;
    const uint32_t *ids = cseg_row_u32(job->cells, y), *steps = job->steps + y * width;
    double best = fmin(max_squared, squared(steps[x]));
    bool left = true, right = true;
    for (size_t d = 1; squared((double)d) < best && (left || right); d++) {
        const double along = squared((double)d);
        left = left && x >= d;
        right = right && x + d < width;
        if (left)
            best = fmin(best, along + (ids[x - d] != ids[x] ? 0 : squared(steps[x - d])));
        if (right)
            best = fmin(best, along + (ids[x + d] != ids[x] ? 0 : squared(steps[x + d])));
        left = left && ids[x - d] == ids[x];
        right = right && ids[x + d] == ids[x];
    }
    return best;
}

/* Squared distances to the nearest cell and to the second nearest. */
typedef struct nearest_two {
    uint32_t id;
    double nearest, second;
} nearest_two;

static void add_pair(nearest_two *two, const column_cells *pair, double along) {
    for (size_t i = 0; i < 2 && pair->id[i] != 0; i++) {
        const double square = along + squared(pair->steps[i]);
        if (pair->id[i] == two->id)
            two->nearest = fmin(two->nearest, square);
        else if (square < two->nearest) {
            two->second = two->nearest;
            two->nearest = square;
            two->id = pair->id[i];
        } else
            two->second = fmin(two->second, square);
    }
}

static double border_value(const outlines_job *job, size_t y, size_t x, double sigma_px) {
    const size_t width = job->cells->width;
    const column_cells *pairs = job->pairs + y * width;
    const double reach = squared(BORDER_REACH * sigma_px);
    nearest_two two = {0, reach, reach};
    add_pair(&two, &pairs[x], 0);
    for (size_t d = 1; squared((double)d) < two.second; d++) {
        if (x >= d)
            add_pair(&two, &pairs[x - d], squared((double)d));
        if (x + d < width)
            add_pair(&two, &pairs[x + d], squared((double)d));
    }
    return two.second < reach ? cseg_math_exp(-squared(sqrt(two.nearest) + sqrt(two.second)) / (2 * squared(sigma_px))) : 0;
}

static uint8_t to_byte(double value) {
    return (uint8_t)(255 * value + 0.5);
}

static cellseg_status row(void *data, size_t y) {
    const outlines_job *job = data;
    const cseg_targets *targets = job->targets;
    const double pixel = job->options->pixel_size_um, max_squared = squared(MAX_DISTANCE_UM / pixel);
    const double boundary = squared(fmax(BOUNDARY_UM / pixel, 1));
    const uint32_t *ids = cseg_row_u32(job->cells, y);
    for (size_t x = 0; x < job->cells->width; x++) {
        const bool wanted = ids[x] != 0 && (job->options->boundary || targets->distance.data != NULL);
        const double square = wanted ? outside_squared(job, y, x, max_squared) : 0;
        if (job->options->boundary && wanted && square <= boundary)
            cseg_row_u8(&targets->classes, y)[x] = CSEG_CLASS_BOUNDARY;
        const double um = pixel * sqrt(square);
        if (targets->distance.data != NULL)
            cseg_row_u8(&targets->distance, y)[x] = to_byte(um / (um + CSEG_DISTANCE_HALF_UM));
        if (targets->border.data != NULL)
            cseg_row_u8(&targets->border, y)[x] = to_byte(border_value(job, y, x, job->options->border_sigma_um / pixel));
    }
    return CELLSEG_OK;
}

/* ---- cell ---- */

/* 0 for the background, 1 to 255 for cells. Neighbours often have consecutive ids: ids that differ by less than 121 map to
 * different numbers. */
static uint8_t cell_number(uint32_t id) {
    const uint32_t scattered = id * UINT32_C(2654435769) >> 16;
    return id == 0 ? 0 : (uint8_t)(1 + scattered % 255);
}

static cellseg_status number_row(void *data, size_t y) {
    const outlines_job *job = data;
    const uint32_t *ids = cseg_row_u32(job->cells, y);
    for (size_t x = 0; x < job->cells->width; x++)
        cseg_row_u8(&job->targets->cell, y)[x] = cell_number(ids[x]);
    return CELLSEG_OK;
}

/* ---- all together ---- */

static cellseg_status measure(cellseg_context *context, outlines_job *job) {
    const size_t pixels = job->cells->height * job->cells->width;
    job->steps = cseg_memory_alloc(context, pixels, sizeof *job->steps);
    if (job->steps == NULL)
        return cseg_error_last();
    if (job->targets->border.data != NULL) {
        job->pairs = cseg_memory_alloc(context, pixels, sizeof *job->pairs);
        if (job->pairs == NULL)
            return cseg_error_last();
    }
    CSEG_TRY(cseg_parallel_for(context, job->cells->width, column, job));
    return cseg_parallel_for(context, job->cells->height, row, job);
}

cellseg_status cseg_outlines_compute(cellseg_context *context, const cseg_targets *targets, const cseg_plane *cells,
                                     const cseg_outline_options *options) {
    const bool distances = options->boundary || targets->distance.data != NULL || targets->border.data != NULL;
    if (!distances && targets->cell.data == NULL)
        return CELLSEG_OK;
    cseg_plane scaled;
    CSEG_TRY(cseg_plane_new(&scaled, context, CELLSEG_UINT32, targets->classes.height, targets->classes.width));
    outlines_job job = {.targets = targets, .options = options, .cells = &scaled};
    cellseg_status status = cseg_resample_nearest(context, &scaled, cells);
    if (status == CELLSEG_OK && targets->cell.data != NULL)
        status = cseg_parallel_for(context, scaled.height, number_row, &job);
    if (status == CELLSEG_OK && distances)
        status = measure(context, &job);
    cseg_memory_free(job.steps);
    cseg_memory_free(job.pairs);
    cseg_plane_free(&scaled);
    return status;
}

void cseg_outlines_free(cseg_targets *targets) {
    cseg_plane_free(&targets->classes);
    cseg_plane_free(&targets->distance);
    cseg_plane_free(&targets->border);
    cseg_plane_free(&targets->cell);
}
