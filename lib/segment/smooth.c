/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening of every cell's own mask with a disc: spurs thinner than the disc go, the rest stays. By distances: a pixel survives
 * the erosion when it lies farther than the radius from the outside, and the dilation when it lies within the radius of a
 * survivor. The image's edge is not an outside. Nuclei stay whole. A tile is sure where its cells lie whole in the window. Cost:
 * two distance transforms of each cell's bounding box; cells run in parallel, each writes its own pixels only.
 */
#include "morph/morph.h"
#include "segment/segment.h"

typedef struct smooth_call {
    const cseg_scratch *scratch;
    const cseg_store *to, *cells, *nuclei;
    const uint32_t *cell_of;
    cseg_objects objects;
    double radius_px;
} smooth_call;

/* A window at work; cells are numbered. */
typedef struct smooth_job {
    cellseg_context *context;
    const smooth_call *call;
    cseg_part before, nuclei; /* as they were, since neighbours change theirs at the same time */
    cseg_plane after;
    cseg_rect *boxes;
    cseg_rect tile; /* within the window */
} smooth_job;

/* One pixel more on each side inside the image, so that the box holds the outside next to the cell. */
static cseg_rect widen(const cseg_rect *box, const cseg_plane *labels) {
    return cseg_rectangle_grow(box, 1, labels->height, labels->width);
}

static void crop_mask(const cseg_plane *mask, const cseg_plane *labels, const cseg_rect *b, uint32_t id) {
    for (size_t y = 0; y < mask->height; y++) {
        uint8_t *to = cseg_row_u8(mask, y);
        const uint32_t *row = cseg_row_u32(labels, b->top + y) + b->left;
        for (size_t x = 0; x < mask->width; x++)
            to[x] = row[x] == id;
    }
}

/* mask = distance <= radius: what the erosion removes. */
static void mask_near(const cseg_plane *mask, const cseg_plane *distance, double radius) {
    for (size_t y = 0; y < mask->height; y++) {
        uint8_t *to = cseg_row_u8(mask, y);
        const float *row = cseg_row_f32(distance, y);
        for (size_t x = 0; x < mask->width; x++)
            to[x] = (double)row[x] <= radius;
    }
}

static void clear_far(const smooth_job *job, const cseg_plane *distance, const cseg_rect *b, uint32_t id) {
    for (size_t y = 0; y < distance->height; y++) {
        const float *row = cseg_row_f32(distance, y);
        uint32_t *cells = cseg_row_u32(&job->after, b->top + y) + b->left;
        const uint32_t *before = cseg_row_u32(&job->before.plane, b->top + y) + b->left;
        const uint32_t *nuclei = cseg_row_u32(&job->nuclei.plane, b->top + y) + b->left;
        for (size_t x = 0; x < distance->width; x++)
            if (before[x] == id && job->call->cell_of[nuclei[x]] != id && (double)row[x] > job->call->radius_px)
                cells[x] = 0;
    }
}

static cellseg_status smooth_cell(void *data, size_t index) {
    const smooth_job *job = data;
    const cseg_rect *box = &job->boxes[index + 1];
    if (!cseg_box_meets(box, &job->tile))
        return CELLSEG_OK;
    const uint32_t id = job->call->objects.ids[index + 1];
    const cseg_rect b = widen(box, &job->after);
    const double radius = job->call->radius_px;
    cseg_plane mask = {0}, distance = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&mask, job->context, CELLSEG_UINT8, b.height, b.width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&distance, job->context, CELLSEG_FLOAT32, b.height, b.width));
    crop_mask(&mask, &job->before.plane, &b, id);
    CSEG_TRY_GOTO(done, cseg_distance_transform(job->context, &distance, &mask));
    mask_near(&mask, &distance, radius);
    CSEG_TRY_GOTO(done, cseg_distance_transform(job->context, &distance, &mask));
    clear_far(job, &distance, &b, id);
done:
    cseg_plane_free(&distance);
    cseg_plane_free(&mask);
    return status;
}

/* The cells of the window, and their boxes. */
static cellseg_status find_cells(smooth_job *job, cseg_objects *objects) {
    const cseg_plane *cells = &job->before.plane;
    cseg_objects_clear(objects);
    CSEG_TRY(cseg_objects_note(objects, cells));
    job->boxes = cseg_memory_calloc(job->context, (size_t)objects->count + 1, sizeof *job->boxes);
    if (job->boxes == NULL)
        return cseg_error_last();
    for (size_t y = 0; y < cells->height; y++)
        for (size_t x = 0; x < cells->width; x++)
            cseg_row_u32(&job->after, y)[x] = objects->numbers[cseg_row_u32(cells, y)[x]];
    cseg_box_find_all(job->boxes, &job->after);
    cseg_plane_copy(&job->after, cells);
    return CELLSEG_OK;
}

static bool are_whole(const smooth_job *job, const cseg_objects *objects, const cseg_rect *window) {
    const cseg_sides sides = cseg_sides_of(window, job->call->cells->height, job->call->cells->width);
    for (uint32_t n = 1; n <= objects->count; n++)
        if (cseg_box_meets(&job->boxes[n], &job->tile) && cseg_sides_touched(&sides, &job->boxes[n], window))
            return false;
    return true;
}

static cellseg_status smooth_window(smooth_job *job, smooth_call *call, const cseg_rect *tile, const cseg_rect *window,
                                    bool *sure) {
    CSEG_TRY(cseg_part_open(&job->before, call->cells, window));
    CSEG_TRY(cseg_part_open(&job->nuclei, call->nuclei, window));
    CSEG_TRY(cseg_plane_new(&job->after, job->context, CELLSEG_UINT32, window->height, window->width));
    CSEG_TRY(find_cells(job, &call->objects));
    *sure = are_whole(job, &call->objects, window);
    if (!*sure)
        return CELLSEG_OK;
    CSEG_TRY(cseg_parallel_for(job->context, call->objects.count, smooth_cell, job));
    return cseg_store_put_core(call->to, &job->after, window, tile);
}

static cellseg_status smooth_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    smooth_call *call = data;
    smooth_job job = {.context = call->scratch->context, .call = call};
    job.tile = (cseg_rect){tile->top - window->top, tile->left - window->left, tile->height, tile->width};
    const cellseg_status status = smooth_window(&job, call, tile, window, sure);
    cseg_memory_free(job.boxes);
    cseg_plane_free(&job.after);
    cseg_part_close(&job.nuclei);
    cseg_part_close(&job.before);
    return status;
}

cellseg_status cseg_smooth_cells(const cseg_scratch *scratch, cseg_store *cells, const cseg_store *nuclei,
                                 const uint32_t *cell_of, uint32_t count, double radius_px) {
    enum { CELL_PX = 96 };
    const cseg_tiles tiles = {
        .scratch = scratch, .height = cells->height, .width = cells->width, .pixel_bytes = 16, .halo = CELL_PX};
    cseg_store smooth;
    CSEG_TRY(cseg_store_new(&smooth, scratch, CELLSEG_UINT32, cells->height, cells->width));
    smooth_call call = {scratch, &smooth, cells, nuclei, cell_of, .radius_px = radius_px};
    cellseg_status status = cseg_objects_new(&call.objects, scratch->context, count);
    if (status == CELLSEG_OK)
        status = cseg_tiles_run(&tiles, smooth_tile, &call);
    cseg_objects_free(&call.objects);
    if (status != CELLSEG_OK) {
        cseg_store_free(&smooth);
        return status;
    }
    cseg_store_free(cells);
    *cells = smooth;
    return CELLSEG_OK;
}
