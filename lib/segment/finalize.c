/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last step: cells and nuclei are made to hold what the interface promises, at the image's own scale, and the cells that the
 * options exclude are dropped.
 *
 * Tile by tile. What becomes of a cell depends on all its pixels, so that a tile is sure where all cells near it lie whole in the
 * window, by their boxes in the image: pieces of a cell that was opened need not touch. A hole is filled up to a limit, within
 * which lies all that it depends on. Cost: a few passes over the image.
 */
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>
#include <string.h>

/* A cell at the working scale: what its nuclei and its pixels cover. */
typedef struct extent {
    uint32_t top, left, bottom, right; /* the last two are beyond; bottom 0: no pixel */
} extent;

/* The figures of a cell that decide whether the cell stays. */
typedef struct cell_sum {
    uint64_t cell, nucleus; /* pixels */
    bool on_border, is_joined;
} cell_sum;

typedef struct finalize_call {
    const cseg_scratch *scratch;
    const cseg_store *labels, *cells, *nuclei;
    const uint32_t *cell_of;
    uint32_t max_id;
    size_t hole_px;
    bool fill_holes;
    extent *extents; /* by id; NULL until a window is not the whole image */
    cell_sum *sums;  /* by id */
    cseg_objects objects;
} finalize_call;

/* A window at work; cells and nuclei have the numbers of `objects`. */
typedef struct finalize_job {
    const finalize_call *call;
    cellseg_context *context;
    cseg_rect window, tile; /* the latter within the former */
    cseg_plane cells, nuclei;
    uint32_t count;
    uint32_t *cell_of; /* by number */
} finalize_job;

/* ---- where cells lie ---- */

static void widen(extent *e, size_t y, size_t x) {
    const uint32_t row = (uint32_t)y, column = (uint32_t)x;
    if (e->bottom == 0)
        *e = (extent){row, column, row + 1, column + 1};
    e->left = column < e->left ? column : e->left;
    e->right = column + 1 > e->right ? column + 1 : e->right;
    e->bottom = row + 1 > e->bottom ? row + 1 : e->bottom;
}

static cellseg_status widen_band(void *data, const cseg_rect *band, const cseg_rect *window, bool *sure) {
    const finalize_call *call = data;
    cseg_part cells, nuclei;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&cells, call->cells, band));
    const cellseg_status status = cseg_part_open(&nuclei, call->nuclei, band);
    for (size_t y = 0; status == CELLSEG_OK && y < band->height; y++) {
        const uint32_t *cell = cseg_row_u32(&cells.plane, y), *nucleus = cseg_row_u32(&nuclei.plane, y);
        for (size_t x = 0; x < band->width; x++) {
            if (cell[x] != 0)
                widen(&call->extents[cell[x]], band->top + y, x);
            if (nucleus[x] != 0)
                widen(&call->extents[call->cell_of[nucleus[x]]], band->top + y, x);
        }
    }
    cseg_part_close(&nuclei);
    cseg_part_close(&cells);
    return status;
}

static cellseg_status find_extents(finalize_call *call) {
    const cseg_tiles bands = {.scratch = call->scratch,
                              .height = call->cells->height,
                              .width = call->cells->width,
                              .pixel_bytes = 8,
                              .whole_rows = true};
    call->extents = cseg_memory_calloc(call->scratch->context, (size_t)call->max_id + 1, sizeof *call->extents);
    return call->extents != NULL ? cseg_tiles_run(&bands, widen_band, call) : cseg_error_last();
}

/* Whether an extent of the working scale, with two pixels more, lies in a range of the own scale. */
static bool is_inside(uint32_t begin, uint32_t end, size_t working, size_t from, size_t length, size_t own) {
    const double scale = (double)own / (double)working, low = ((double)begin - 2) * scale, high = ((double)end + 2) * scale;
    return (from == 0 || low >= (double)from) && (from + length == own || high <= (double)(from + length));
}

static bool is_whole(const finalize_call *call, const cseg_rect *window, uint32_t id) {
    const extent *e = &call->extents[id];
    return is_inside(e->top, e->bottom, call->cells->height, window->top, window->height, call->labels->height) &&
           is_inside(e->left, e->right, call->cells->width, window->left, window->width, call->labels->width);
}

/* Whether all cells with a pixel in the tile, or within a hole's size of it, lie in the window. */
static bool are_whole(const finalize_job *job) {
    const finalize_call *call = job->call;
    const cseg_rect near = cseg_rectangle_grow(&job->tile, call->hole_px + 1, job->window.height, job->window.width);
    for (size_t y = near.top; y < cseg_rectangle_bottom(&near); y++) {
        const uint32_t *cells = cseg_row_u32(&job->cells, y), *nuclei = cseg_row_u32(&job->nuclei, y);
        uint32_t cell = 0, nucleus = 0;
        for (size_t x = near.left; x < cseg_rectangle_right(&near); x++) {
            if (cells[x] != cell && (cell = cells[x]) != 0 && !is_whole(call, &job->window, cell))
                return false;
            if (nuclei[x] != nucleus && (nucleus = nuclei[x]) != 0 && !is_whole(call, &job->window, call->cell_of[nucleus]))
                return false;
        }
    }
    return true;
}

/* ---- numbers ---- */

typedef struct number_job {
    const cseg_plane *plane;
    const uint32_t *numbers;
} number_job;

static cellseg_status number_row(void *data, size_t y) {
    const number_job *job = data;
    uint32_t *row = cseg_row_u32(job->plane, y);
    for (size_t x = 0; x < job->plane->width; x++)
        row[x] = job->numbers[row[x]];
    return CELLSEG_OK;
}

/* The ids of the window become numbers in the same order, so that tables are as small as the window. */
static cellseg_status number_objects(finalize_job *job, cseg_objects *objects) {
    cseg_objects_clear(objects);
    CSEG_TRY(cseg_objects_note(objects, &job->cells));
    CSEG_TRY(cseg_objects_note(objects, &job->nuclei));
    for (uint32_t n = 1, noted = objects->count; n <= noted; n++)
        CSEG_TRY(cseg_objects_add(objects, job->call->cell_of[objects->ids[n]]));
    CSEG_TRY(cseg_objects_number(objects));
    job->count = objects->count;
    job->cell_of = cseg_memory_calloc(job->context, (size_t)job->count + 1, sizeof *job->cell_of);
    if (job->cell_of == NULL)
        return cseg_error_last();
    for (uint32_t n = 1; n <= job->count; n++)
        job->cell_of[n] = objects->numbers[job->call->cell_of[objects->ids[n]]];
    number_job cells = {&job->cells, objects->numbers}, nuclei = {&job->nuclei, objects->numbers};
    CSEG_TRY(cseg_parallel_for(job->context, job->cells.height, number_row, &cells));
    return cseg_parallel_for(job->context, job->nuclei.height, number_row, &nuclei);
}

/* ---- cells and nuclei of a window ---- */

static cellseg_status nuclei_inside_row(void *data, size_t y) {
    const finalize_job *job = data;
    const uint32_t *cells = cseg_row_u32(&job->cells, y);
    uint32_t *nuclei = cseg_row_u32(&job->nuclei, y);
    for (size_t x = 0; x < job->nuclei.width; x++)
        nuclei[x] = job->cell_of[nuclei[x]] == cells[x] ? nuclei[x] : 0;
    return CELLSEG_OK;
}

/* Nuclei get the ids of their cells; what lies in a part that the cell lost goes. */
static cellseg_status name_nuclei_row(void *data, size_t y) {
    const finalize_job *job = data;
    const uint32_t *cells = cseg_row_u32(&job->cells, y);
    uint32_t *nuclei = cseg_row_u32(&job->nuclei, y);
    for (size_t x = 0; x < job->nuclei.width; x++)
        nuclei[x] = job->cell_of[nuclei[x]] == cells[x] ? cells[x] : 0;
    return CELLSEG_OK;
}

/* The largest component of each nucleus, and of each cell the component with its first nucleus. */
static cellseg_status keep_largest(const finalize_job *job) {
    size_t *starts = cseg_memory_alloc(job->context, (size_t)job->count + 1, sizeof *starts);
    if (starts == NULL)
        return cseg_error_last();
    cellseg_status status = cseg_largest_find(job->context, starts, job->count, &job->nuclei);
    if (status == CELLSEG_OK)
        status = cseg_largest_keep(job->context, &job->nuclei, starts, job->count);
    for (size_t id = 1; status == CELLSEG_OK && id <= job->count; id++)
        if (starts[job->cell_of[id]] == CSEG_NO_COMPONENT)
            starts[job->cell_of[id]] = starts[id];
    if (status == CELLSEG_OK)
        status = cseg_largest_keep(job->context, &job->cells, starts, job->count);
    cseg_memory_free(starts);
    return status;
}

static cellseg_status settle(finalize_job *job) {
    const finalize_call *call = job->call;
    CSEG_TRY(cseg_parallel_for(job->context, job->cells.height, nuclei_inside_row, job));
    CSEG_TRY(keep_largest(job));
    CSEG_TRY(cseg_parallel_for(job->context, job->cells.height, name_nuclei_row, job));
    if (!call->fill_holes)
        return CELLSEG_OK;
    CSEG_TRY(cseg_holes_fill_labels(job->context, &job->cells, call->hole_px));
    return cseg_holes_fill_labels(job->context, &job->nuclei, call->hole_px);
}

/* ---- tiles ---- */

static bool at_edge(const finalize_call *call, size_t y, size_t x) {
    return y == 0 || x == 0 || y + 1 == call->labels->height || x + 1 == call->labels->width;
}

/* Write a row of packed labels, and add its pixels to the cells' sums. */
static void pack_row(uint32_t *to, const finalize_job *job, size_t y) {
    const finalize_call *call = job->call;
    const uint32_t *cells = cseg_row_u32(&job->cells, job->tile.top + y) + job->tile.left;
    const uint32_t *nuclei = cseg_row_u32(&job->nuclei, job->tile.top + y) + job->tile.left;
    const size_t row = job->window.top + job->tile.top + y, left = job->window.left + job->tile.left;
    for (size_t x = 0; x < job->tile.width; x++) {
        to[x] = 0;
        if (cells[x] == 0)
            continue;
        const uint32_t id = call->objects.ids[cells[x]];
        cell_sum *sum = &call->sums[id];
        sum->cell++;
        sum->nucleus += nuclei[x] != 0;
        sum->on_border |= at_edge(call, row, left + x);
        to[x] = 2 * id + (nuclei[x] != 0);
    }
}

static cellseg_status put_labels(const finalize_job *job, const cseg_rect *tile) {
    cseg_part part;
    CSEG_TRY(cseg_part_make(&part, job->call->labels, tile));
    for (size_t y = 0; y < tile->height; y++)
        pack_row(cseg_row_u32(&part.plane, y), job, y);
    const cellseg_status status = cseg_store_put(job->call->labels, tile->top, tile->left, &part.plane);
    cseg_part_close(&part);
    return status;
}

static cellseg_status finalize_window(finalize_job *job, finalize_call *call, const cseg_rect *tile, bool *sure) {
    const size_t height = call->labels->height, width = call->labels->width;
    CSEG_TRY(cseg_rescale_open(&job->cells, call->cells, &job->window, height, width));
    CSEG_TRY(cseg_rescale_open(&job->nuclei, call->nuclei, &job->window, height, width));
    if (job->window.height < height || job->window.width < width) {
        if (call->extents == NULL)
            CSEG_TRY(find_extents(call));
        *sure = are_whole(job);
        if (!*sure)
            return CELLSEG_OK;
    }
    CSEG_TRY(number_objects(job, &call->objects));
    CSEG_TRY(settle(job));
    return put_labels(job, tile);
}

static cellseg_status finalize_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    finalize_call *call = data;
    finalize_job job = {.call = call, .context = call->scratch->context, .window = *window};
    job.tile = (cseg_rect){tile->top - window->top, tile->left - window->left, tile->height, tile->width};
    const cellseg_status status = finalize_window(&job, call, tile, sure);
    cseg_memory_free(job.cell_of);
    cseg_plane_free(&job.nuclei);
    cseg_plane_free(&job.cells);
    return status;
}

/* ---- dropping cells ---- */

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

static void count_joined(const finalize_call *call, cellseg_segment_report *report) {
    for (size_t id = 1; id <= call->max_id; id++) {
        call->sums[call->cell_of[id]].is_joined |= call->cell_of[id] != id;
        report->nuclei_joined += call->cell_of[id] != id;
    }
}

/* renumbered[id]: DROPPED for cells that go. The cells of a refused marker have no pixel, and are counted already. */
#define DROPPED UINT32_MAX
static void choose_cells(const finalize_call *call, uint32_t *renumbered, double pixel_um2, const cseg_settings *settings,
                         cellseg_segment_report *report) {
    for (size_t id = 1; id <= call->max_id; id++) {
        renumbered[id] = DROPPED;
        if (report->dropped_marker > 0 || call->cell_of[id] != id)
            continue;
        uint32_t *reason = reason_to_drop(report, &call->sums[id], pixel_um2, settings);
        if (reason != NULL) {
            ++*reason;
            continue;
        }
        renumbered[id] = 0;
        report->cells_joined += call->sums[id].is_joined;
    }
}

typedef struct renumber_job {
    const finalize_call *call;
    uint32_t *renumbered;
    uint32_t *cells;
    const cseg_plane *plane;
} renumber_job;

static cellseg_status renumber_row(void *data, size_t y) {
    const renumber_job *job = data;
    uint32_t *row = cseg_row_u32(job->plane, y);
    for (size_t x = 0; x < job->plane->width; x++) {
        const uint32_t id = row[x] / 2, to = id != 0 ? job->renumbered[id] : DROPPED;
        row[x] = to != DROPPED ? 2 * to + row[x] % 2 : 0;
    }
    return CELLSEG_OK;
}

/* Bands come from top to bottom, so that a cell's first pixel numbers it. */
static cellseg_status renumber_band(void *data, const cseg_rect *band, const cseg_rect *window, bool *sure) {
    renumber_job job = *(const renumber_job *)data;
    cseg_part part;
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open(&part, job.call->labels, band));
    for (size_t y = 0; y < band->height; y++) {
        const uint32_t *row = cseg_row_u32(&part.plane, y);
        for (size_t x = 0; x < band->width; x++)
            if (row[x] != 0 && job.renumbered[row[x] / 2] == 0)
                job.renumbered[row[x] / 2] = ++*job.cells;
    }
    job.plane = &part.plane;
    cellseg_status status = cseg_parallel_for(job.call->scratch->context, band->height, renumber_row, &job);
    if (status == CELLSEG_OK)
        status = cseg_store_put(job.call->labels, band->top, band->left, &part.plane);
    cseg_part_close(&part);
    return status;
}

static cellseg_status drop_cells(const finalize_call *call, uint32_t *renumbered, double pixel_size_um,
                                 const cseg_settings *settings, cellseg_segment_report *report) {
    const cseg_tiles bands = {.scratch = call->scratch,
                              .height = call->labels->height,
                              .width = call->labels->width,
                              .pixel_bytes = 4,
                              .whole_rows = true};
    count_joined(call, report);
    choose_cells(call, renumbered, pixel_size_um * pixel_size_um, settings, report);
    report->nuclei = call->max_id;
    report->cells = 0;
    renumber_job job = {call, renumbered, &report->cells, NULL};
    CSEG_TRY(cseg_tiles_run(&bands, renumber_band, &job));
    for (size_t id = 0; id <= call->max_id; id++)
        renumbered[id] = renumbered[id] != DROPPED && id != 0 ? renumbered[id] : 0;
    return CELLSEG_OK;
}

/* ---- the door ---- */

cellseg_status cseg_finalize_labels(const cseg_scratch *scratch, const cseg_store *labels, const cseg_store *cells,
                                    const cseg_store *nuclei, const uint32_t *cell_of, uint32_t max_id, uint32_t *renumbered,
                                    double hole_px, double pixel_size_um, const cseg_settings *settings,
                                    cellseg_segment_report *report) {
    enum { CELL_PX = 96 };
    const double scale = (double)labels->height / (double)cells->height; /* own pixels for one of the working scale */
    finalize_call call = {scratch, labels, cells, nuclei, cell_of, max_id, .fill_holes = settings->options.fill_holes != 0};
    call.hole_px = (size_t)ceil(hole_px);
    const cseg_tiles tiles = {.scratch = scratch,
                              .height = labels->height,
                              .width = labels->width,
                              .pixel_bytes = 24,
                              .halo = call.hole_px + 1 + (size_t)ceil(CELL_PX * scale)};
    cellseg_status status = cseg_objects_new(&call.objects, scratch->context, max_id);
    if (status == CELLSEG_OK && (call.sums = cseg_memory_calloc(scratch->context, (size_t)max_id + 1, sizeof *call.sums)) == NULL)
        status = cseg_error_last();
    if (status == CELLSEG_OK)
        status = cseg_tiles_run(&tiles, finalize_tile, &call);
    if (status == CELLSEG_OK)
        status = drop_cells(&call, renumbered, pixel_size_um, settings, report);
    cseg_memory_free(call.sums);
    cseg_memory_free(call.extents);
    cseg_objects_free(&call.objects);
    return status;
}
