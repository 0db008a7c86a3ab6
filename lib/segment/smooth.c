/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening of every cell's own mask with a disc: spurs thinner than the disc go, the rest stays. By distances: a pixel survives
 * the erosion when it lies farther than the radius from the outside, and the dilation when it lies within the radius of a
 * survivor. The image's edge is not an outside. Nuclei stay whole. Cost: two distance transforms of each cell's bounding box;
 * cells run in parallel, each writes its own pixels only.
 */
#include "morph/morph.h"
#include "segment/segment.h"

typedef struct box {
    size_t top, left, bottom, right; /* the last two are beyond the box */
} box;

typedef struct smooth_job {
    cellseg_context *context;
    const cseg_plane *cells, *nuclei;
    const uint32_t *cell_of;
    const cseg_plane *before; /* cells as they were, since neighbours change theirs at the same time */
    const box *boxes;
    double radius_px;
} smooth_job;

static void grow(box *b, size_t y, size_t x) {
    if (b->right == 0)
        *b = (box){y, x, y, x};
    b->left = x < b->left ? x : b->left;
    b->right = x + 1 > b->right ? x + 1 : b->right;
    b->bottom = y + 1;
}

static void find_boxes(box *boxes, const cseg_plane *labels) {
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *row = cseg_row_u32(labels, y);
        for (size_t x = 0; x < labels->width; x++)
            if (row[x] != 0)
                grow(&boxes[row[x]], y, x);
    }
}

/* One pixel more on each side inside the image, so that the box holds the outside next to the cell. */
static box widen(box b, const cseg_plane *labels) {
    b.top -= b.top > 0;
    b.left -= b.left > 0;
    b.bottom += b.bottom < labels->height;
    b.right += b.right < labels->width;
    return b;
}

static void crop_mask(const cseg_plane *mask, const cseg_plane *labels, const box *b, uint32_t id) {
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

static void clear_far(const smooth_job *job, const cseg_plane *distance, const box *b, uint32_t id) {
    for (size_t y = 0; y < distance->height; y++) {
        const float *row = cseg_row_f32(distance, y);
        uint32_t *cells = cseg_row_u32(job->cells, b->top + y) + b->left;
        const uint32_t *before = cseg_row_u32(job->before, b->top + y) + b->left;
        const uint32_t *nuclei = cseg_row_u32(job->nuclei, b->top + y) + b->left;
        for (size_t x = 0; x < distance->width; x++)
            if (before[x] == id && job->cell_of[nuclei[x]] != id && (double)row[x] > job->radius_px)
                cells[x] = 0;
    }
}

static cellseg_status smooth_cell(void *data, size_t index) {
    const smooth_job *job = data;
    const uint32_t id = (uint32_t)index + 1;
    if (job->boxes[id].right == 0)
        return CELLSEG_OK;
    const box b = widen(job->boxes[id], job->before);
    cseg_plane mask = {0}, distance = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&mask, job->context, CELLSEG_UINT8, b.bottom - b.top, b.right - b.left));
    CSEG_TRY_GOTO(done, cseg_plane_new(&distance, job->context, CELLSEG_FLOAT32, b.bottom - b.top, b.right - b.left));
    crop_mask(&mask, job->before, &b, id);
    CSEG_TRY_GOTO(done, cseg_distance_transform(job->context, &distance, &mask));
    mask_near(&mask, &distance, job->radius_px);
    CSEG_TRY_GOTO(done, cseg_distance_transform(job->context, &distance, &mask));
    clear_far(job, &distance, &b, id);
done:
    cseg_plane_free(&distance);
    cseg_plane_free(&mask);
    return status;
}

static cellseg_status smooth(cellseg_context *context, const cseg_plane *cells, const cseg_plane *nuclei, const uint32_t *cell_of,
                             uint32_t count, double radius_px) {
    cseg_plane before;
    CSEG_TRY(cseg_plane_new(&before, context, CELLSEG_UINT32, cells->height, cells->width));
    box *boxes = cseg_memory_calloc(context, (size_t)count + 1, sizeof *boxes);
    cellseg_status status = boxes != NULL ? CELLSEG_OK : cseg_error_last();
    if (status == CELLSEG_OK) {
        find_boxes(boxes, cells);
        status = cseg_rescale_labels(context, &before, cells); /* of the same size: a copy */
    }
    if (status == CELLSEG_OK) {
        smooth_job job = {context, cells, nuclei, cell_of, &before, boxes, radius_px};
        status = cseg_parallel_for(context, count, smooth_cell, &job);
    }
    cseg_memory_free(boxes);
    cseg_plane_free(&before);
    return status;
}

cellseg_status cseg_smooth_cells(const cseg_scratch *scratch, const cseg_store *cells, const cseg_store *nuclei,
                                 const uint32_t *cell_of, uint32_t count, double radius_px) {
    return smooth(scratch->context, &cells->memory, &nuclei->memory, cell_of, count, radius_px);
}
