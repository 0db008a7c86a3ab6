/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a map has bright blobs: the multi-scale Laplacian of Gaussian, and thresholds of the response by Otsu's method, over the
 * whole map. Tile by tile: a response depends on the pixels within the filter's reach. Cost: the filter's, and two passes.
 */
#include "filter/filter.h"
#include "segment/segment.h"

typedef struct response_job {
    const cseg_store *response, *map;
    const double *sigmas;
    size_t count;
} response_job;

static double largest_of(const double *sigmas, size_t count) {
    double largest = sigmas[0];
    for (size_t i = 1; i < count; i++)
        largest = sigmas[i] > largest ? sigmas[i] : largest;
    return largest;
}

/* The response in a window that holds the filter's reach, of the pixels that are not nearer to an artificial side. */
static cellseg_status respond(cseg_plane *response, const cseg_store *map, const cseg_rect *window, const double *sigmas,
                              size_t count) {
    cseg_part pixels;
    CSEG_TRY(cseg_part_open_unit(&pixels, map, window));
    cellseg_status status = cseg_plane_new(response, map->context, CELLSEG_FLOAT32, window->height, window->width);
    if (status == CELLSEG_OK)
        status = cseg_laplacian_compute(map->context, response, &pixels.plane, sigmas, count);
    cseg_part_close(&pixels);
    if (status != CELLSEG_OK)
        cseg_plane_free(response);
    return status;
}

cellseg_status cseg_response_open(cseg_plane *response, const cseg_store *map, const cseg_rect *window, const double *sigmas_px,
                                  size_t count) {
    const size_t halo = cseg_laplacian_halo(largest_of(sigmas_px, count));
    const cseg_rect wide = cseg_rectangle_grow(window, halo, map->height, map->width);
    const cseg_rect inside = {window->top - wide.top, window->left - wide.left, window->height, window->width};
    cseg_plane all;
    *response = (cseg_plane){0};
    CSEG_TRY(respond(&all, map, &wide, sigmas_px, count));
    if (wide.height == window->height && wide.width == window->width) {
        *response = all;
        return CELLSEG_OK;
    }
    const cseg_plane view = cseg_view_of(&all, &inside);
    const cellseg_status status = cseg_plane_new(response, map->context, CELLSEG_FLOAT32, window->height, window->width);
    if (status == CELLSEG_OK)
        cseg_plane_copy(response, &view);
    cseg_plane_free(&all);
    return status;
}

static cellseg_status respond_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const response_job *job = data;
    cseg_plane response;
    (void)sure;
    CSEG_TRY(respond(&response, job->map, window, job->sigmas, job->count));
    const cellseg_status status = cseg_store_put_core(job->response, &response, window, tile);
    cseg_plane_free(&response);
    return status;
}

cellseg_status cseg_response_find(const cseg_scratch *scratch, cseg_store *response, double thresholds[CSEG_RESPONSE_THRESHOLDS],
                                  const cseg_store *map, const double *sigmas_px, size_t count) {
    enum { BINS = 256 };
    response_job job = {response, map, sigmas_px, count};
    const cseg_tiles tiles = {.scratch = scratch,
                              .height = map->height,
                              .width = map->width,
                              .pixel_bytes = 2 * sizeof(float) + sizeof(uint16_t),
                              .halo = cseg_laplacian_halo(largest_of(sigmas_px, count))};
    CSEG_TRY(cseg_store_new(response, scratch, CELLSEG_FLOAT32, map->height, map->width));
    cellseg_status status = cseg_tiles_run(&tiles, respond_tile, &job);
    if (status == CELLSEG_OK)
        status = cseg_otsu_find_stored(scratch->context, thresholds, CSEG_RESPONSE_THRESHOLDS, BINS, response);
    if (status != CELLSEG_OK)
        cseg_store_free(response);
    return status;
}
