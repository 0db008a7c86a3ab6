/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nuclei from a map in which they are bright blobs (Al-Kofahi et al. 2018, step 2): multi-scale Laplacian of
 * Gaussian, five Otsu thresholds of the response, distance transform, extended h-minima, watershed.
 *
 * Beyond the paper, off with outline_sensitivity 0 and nucleus_valley 0. A nucleus found at one threshold is outlined at a lower
 * one (hysteresis), since the threshold that separates blobs from texture lies inside the blobs' outlines. And the mask is cut
 * where the finest scale's response is clearly negative: the largest scales bridge neighbours, but between them there is a
 * valley. Where a network also predicts the cells' borders, they count: the mask is cut where a boundary is more likely than not;
 * the distance to the cell's border is averaged with the distance to the mask's, so that nuclei separate where cells do. Beyond
 * the paper and always on: the threshold is never lower than RESPONSE_MIN, and a hole larger than two nuclei stays.
 *
 * Tile by tile. All is decided for each 4-connected component of the mask, so that a component that lies whole in a window is
 * what it is in the image. A component that touches an artificial side of the window is not known: outside, it may be found, or
 * join others. Whether it is erased also decides the holes that it encloses with others, and a hole that is filled lies within
 * a nucleus's size of it; so do the holes that go on outside lie within this size of the side. So pixels can be wrong only in
 * these zones: the boxes of such components, and the sides, grown by a hole's size; one pixel more, since a component's outline
 * needs the pixels next to it. A tile is sure where neither the tile nor the box of a component in it meets a zone. A nucleus
 * that lies in several tiles is the same in all; its first pixel names it.
 * Cost: the LoG's, mostly.
 */
#include "filter/filter.h"
#include "morph/morph.h"
#include "segment/segment.h"

#include <math.h>

enum { CONNECTIVITY = 4 };

/* A disc of contrast c answers with 2 c / e: what is fainter than a tenth of the map's range is no nucleus. Otsu's method finds
 * thresholds in an empty map too. */
#define RESPONSE_MIN 0.08

/* A nucleus that has pixels in a tile: its first pixel in the image names it. Tiles number their nuclei one after another. */
typedef struct name_list {
    cellseg_context *context;
    cseg_keyed *items; /* first pixel; number, from 1 */
    size_t count, room;
} name_list;

typedef struct seeds_job {
    const cseg_scratch *scratch;
    const cseg_settings *settings;
    const cseg_store *nuclei, *map, *response;
    const cseg_extra *extra; /* NULL: nothing more is known */
    double pixel_size_um, found, outline;
    double sigmas[CSEG_MAX_SCALES];
    size_t hole_px; /* the largest hole that is filled */
    name_list names;
} seeds_job;

/* A window at work. */
typedef struct seeds_window {
    const seeds_job *job;
    cseg_rect rect;
    cseg_sides sides;
    cseg_part response, extra;
    cseg_plane finest; /* data NULL: valleys do not matter */
    cseg_plane mask, labels, relief;
    const uint8_t *keep; /* by component */
    cseg_rect *boxes;    /* of components, by id */
    cseg_rect *zones;    /* where the mask is uncertain, within the window */
    size_t zone_count;
} seeds_window;

/* ---- the mask ---- */

/* 100 is the lowest threshold, 20 the highest, linear between. */
static double threshold_at(const double thresholds[CSEG_RESPONSE_THRESHOLDS], double sensitivity) {
    const double place = (100 - sensitivity) / 20, last = CSEG_RESPONSE_THRESHOLDS - 1;
    if (place >= last)
        return thresholds[CSEG_RESPONSE_THRESHOLDS - 1];
    const int below = (int)place;
    return thresholds[below] + (thresholds[below + 1] - thresholds[below]) * (place - below);
}

static bool has(const seeds_job *job, int32_t kind) {
    return job->extra != NULL && job->extra->kind == kind;
}

static cellseg_status mask_row(void *data, size_t y) {
    const seeds_window *w = data;
    uint8_t *mask = cseg_row_u8(&w->mask, y);
    const float *response = cseg_row_f32(&w->response.plane, y);
    const double valley = -w->job->settings->method.nucleus_valley * w->job->outline;
    for (size_t x = 0; x < w->mask.width; x++)
        mask[x] = (double)response[x] > w->job->outline;
    const float *finest = w->finest.data != NULL ? cseg_row_f32(&w->finest, y) : NULL;
    for (size_t x = 0; finest != NULL && x < w->mask.width; x++)
        if ((double)finest[x] < valley)
            mask[x] = 0;
    const float *boundary = has(w->job, CELLSEG_EXTRA_BOUNDARY) ? cseg_row_f32(&w->extra.plane, y) : NULL;
    for (size_t x = 0; boundary != NULL && x < w->mask.width; x++)
        if (boundary[x] > 0.5F)
            mask[x] = 0;
    return CELLSEG_OK;
}

static cellseg_status erase_row(void *data, size_t y) {
    const seeds_window *w = data;
    uint8_t *mask = cseg_row_u8(&w->mask, y);
    const uint32_t *labels = cseg_row_u32(&w->labels, y);
    for (size_t x = 0; x < w->mask.width; x++)
        mask[x] = mask[x] != 0 && w->keep[labels[x]] != 0;
    return CELLSEG_OK;
}

static void note_found(uint8_t *keep, const seeds_window *w) {
    for (size_t y = 0; y < w->mask.height; y++) {
        const uint32_t *labels = cseg_row_u32(&w->labels, y);
        const float *response = cseg_row_f32(&w->response.plane, y);
        for (size_t x = 0; x < w->mask.width; x++)
            if (labels[x] != 0 && (double)response[x] > w->job->found)
                keep[labels[x]] = 1;
    }
}

/* Components of the mask stay only where their response exceeds `found` somewhere. */
static cellseg_status erase_faint(seeds_window *w, uint32_t count) {
    cellseg_context *context = w->job->scratch->context;
    uint8_t *keep = cseg_memory_calloc(context, (size_t)count + 1, 1);
    if (keep == NULL)
        return cseg_error_last();
    note_found(keep, w);
    w->keep = keep;
    const cellseg_status status = cseg_parallel_for(context, w->mask.height, erase_row, w);
    w->keep = NULL;
    cseg_memory_free(keep);
    return status;
}

static bool has_sides(const seeds_window *w) {
    return w->sides.top || w->sides.left || w->sides.bottom || w->sides.right;
}

/* Boxes of the components in labels, which have ids 1..count. */
static cellseg_status find_boxes(cseg_rect **boxes, const seeds_window *w, uint32_t count) {
    *boxes = cseg_memory_calloc(w->job->scratch->context, (size_t)count + 1, sizeof **boxes);
    if (*boxes == NULL)
        return cseg_error_last();
    cseg_box_find_all(*boxes, &w->labels);
    return CELLSEG_OK;
}

/* Whether a box comes so near to an artificial side that holes there may cross it. */
static bool meets_side(const seeds_window *w, const cseg_rect *box) {
    const size_t near = w->job->hole_px + 1;
    return (w->sides.top && box->top < near) || (w->sides.left && box->left < near) ||
           (w->sides.bottom && cseg_rectangle_bottom(box) + near > w->rect.height) ||
           (w->sides.right && cseg_rectangle_right(box) + near > w->rect.width);
}

static bool is_certain(const seeds_window *w, const cseg_rect *box) {
    bool certain = !meets_side(w, box);
    for (size_t i = 0; i < w->zone_count && certain; i++)
        certain = !cseg_box_meets(&w->zones[i], box);
    return certain;
}

/* The zones of components that touch artificial sides; before any component is erased. */
static cellseg_status find_zones(seeds_window *w, uint32_t count) {
    CSEG_TRY(find_boxes(&w->zones, w, count));
    for (uint32_t id = 1; id <= count; id++)
        if (cseg_sides_touched(&w->sides, &w->zones[id], &w->rect))
            w->zones[w->zone_count++] = cseg_rectangle_grow(&w->zones[id], w->job->hole_px + 1, w->rect.height, w->rect.width);
    return CELLSEG_OK;
}

/* The binary nuclear mask. labels is overwritten. */
static cellseg_status find_mask(seeds_window *w) {
    const seeds_job *job = w->job;
    cellseg_context *context = job->scratch->context;
    uint32_t count;
    CSEG_TRY(cseg_parallel_for(context, w->mask.height, mask_row, w));
    CSEG_TRY(cseg_components_label(context, &w->labels, &count, &w->mask, CONNECTIVITY));
    if (has_sides(w))
        CSEG_TRY(find_zones(w, count));
    CSEG_TRY(erase_faint(w, count));
    return job->settings->options.fill_holes != 0 ? cseg_holes_fill(context, &w->mask, CONNECTIVITY, job->hole_px) : CELLSEG_OK;
}

/* Whether the tile and the components in it are certain. tile: within the window. */
static cellseg_status is_sure(bool *sure, seeds_window *w, const cseg_rect *tile) {
    uint32_t count;
    *sure = is_certain(w, tile);
    if (!*sure || !has_sides(w))
        return CELLSEG_OK;
    CSEG_TRY(cseg_components_label(w->job->scratch->context, &w->labels, &count, &w->mask, CONNECTIVITY));
    CSEG_TRY(find_boxes(&w->boxes, w, count));
    for (uint32_t id = 1; id <= count && *sure; id++)
        *sure = !cseg_box_meets(&w->boxes[id], tile) || is_certain(w, &w->boxes[id]);
    return CELLSEG_OK;
}

/* ---- from the mask to single nuclei ---- */

/* Pixels to the cell's border, from the network's distance output; beyond max_um all are far enough inside. */
static double cell_distance(double v, double pixel_size_um) {
    const double max_um = 50;
    return fmin(CSEG_DISTANCE_HALF_UM * v / fmax(1 - v, 1e-6), max_um) / pixel_size_um;
}

/* A mask without background has no distance; as one plateau it is one nucleus. */
static cellseg_status negate_row(void *data, size_t y) {
    const seeds_window *w = data;
    float *relief = cseg_row_f32(&w->relief, y);
    const float *distance = has(w->job, CELLSEG_EXTRA_DISTANCE) ? cseg_row_f32(&w->extra.plane, y) : NULL;
    for (size_t x = 0; x < w->relief.width; x++) {
        const float to_outline = isfinite(relief[x]) ? relief[x] : 0;
        relief[x] = -to_outline;
        if (distance != NULL)
            relief[x] = (float)(-0.5 * ((double)to_outline + cell_distance((double)distance[x], w->job->pixel_size_um)));
    }
    return CELLSEG_OK;
}

/* Watershed of the inverse distance from its extended minima. */
static cellseg_status part_nuclei(seeds_window *w, uint32_t *count) {
    cellseg_context *context = w->job->scratch->context;
    const double h_px = w->job->settings->options.h_um / w->job->pixel_size_um;
    cseg_plane minima = {0};
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_plane_new(&w->relief, context, CELLSEG_FLOAT32, w->rect.height, w->rect.width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&minima, context, CELLSEG_UINT8, w->rect.height, w->rect.width));
    CSEG_TRY_GOTO(done, cseg_distance_transform(context, &w->relief, &w->mask));
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, w->rect.height, negate_row, w));
    CSEG_TRY_GOTO(done, cseg_extrema_extended_minima(context, &minima, &w->relief, h_px, &w->mask, CONNECTIVITY));
    CSEG_TRY_GOTO(done, cseg_components_label(context, &w->labels, count, &minima, CONNECTIVITY));
    status = cseg_watershed_flood(context, &w->labels, &w->relief, &w->mask, CONNECTIVITY);
done:
    cseg_plane_free(&minima);
    return status;
}

/* ---- names ---- */

static cellseg_status add_name(name_list *list, uint64_t first_pixel) {
    if (list->count == list->room) {
        const size_t room = list->room == 0 ? 1024 : 2 * list->room;
        cseg_keyed *items = cseg_memory_alloc(list->context, room, sizeof *items);
        if (items == NULL)
            return cseg_error_last();
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        cseg_memory_free(list->items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count] = (cseg_keyed){first_pixel, list->count + 1};
    list->count++;
    return CELLSEG_OK;
}

/* first: by id, where in the image the nucleus begins. */
static void find_firsts(uint64_t *first, const seeds_window *w) {
    for (size_t y = 0; y < w->rect.height; y++) {
        const uint32_t *row = cseg_row_u32(&w->labels, y);
        const uint64_t begin = (uint64_t)(w->rect.top + y) * w->job->nuclei->width + w->rect.left;
        uint32_t last = 0;
        for (size_t x = 0; x < w->rect.width; x++)
            if (row[x] != last && (last = row[x]) != 0 && first[last] == UINT64_MAX)
                first[last] = begin + x;
    }
}

/* Write the tile's nuclei under their numbers. */
static cellseg_status number_nuclei(const cseg_plane *to, uint32_t *number, const uint64_t *first, const seeds_window *w,
                                    const cseg_rect *tile, name_list *names) {
    for (size_t y = 0; y < tile->height; y++) {
        const uint32_t *from = cseg_row_u32(&w->labels, tile->top + y) + tile->left;
        uint32_t *out = cseg_row_u32(to, y);
        for (size_t x = 0; x < tile->width; x++) {
            const uint32_t id = from[x];
            if (id != 0 && number[id] == 0) {
                CSEG_TRY(add_name(names, first[id]));
                number[id] = (uint32_t)names->count;
            }
            out[x] = id != 0 ? number[id] : 0;
        }
    }
    return CELLSEG_OK;
}

static cellseg_status put_nuclei(seeds_window *w, uint32_t count, const cseg_rect *tile, name_list *names) {
    const cseg_store *nuclei = w->job->nuclei;
    const cseg_rect inside = {tile->top - w->rect.top, tile->left - w->rect.left, tile->height, tile->width};
    uint64_t *first = cseg_memory_alloc(nuclei->context, (size_t)count + 1, sizeof *first);
    uint32_t *number = cseg_memory_calloc(nuclei->context, (size_t)count + 1, sizeof *number);
    cseg_part part = {0};
    cellseg_status status = first != NULL && number != NULL ? CELLSEG_OK : cseg_error_last();
    if (status == CELLSEG_OK) {
        memset(first, 0xff, ((size_t)count + 1) * sizeof *first);
        find_firsts(first, w);
        status = cseg_part_make(&part, nuclei, tile);
    }
    if (status == CELLSEG_OK)
        status = number_nuclei(&part.plane, number, first, w, &inside, names);
    if (status == CELLSEG_OK)
        status = cseg_store_put(nuclei, tile->top, tile->left, &part.plane);
    cseg_part_close(&part);
    cseg_memory_free(number);
    cseg_memory_free(first);
    return status;
}

/* ---- a tile ---- */

static void close_inputs(seeds_window *w) {
    cseg_part_close(&w->response);
    cseg_plane_free(&w->finest);
}

static void close_window(seeds_window *w) {
    close_inputs(w);
    cseg_part_close(&w->extra);
    cseg_plane_free(&w->mask);
    cseg_plane_free(&w->labels);
    cseg_plane_free(&w->relief);
    cseg_memory_free(w->boxes);
    cseg_memory_free(w->zones);
}

static cellseg_status open_window(seeds_window *w) {
    const seeds_job *job = w->job;
    cellseg_context *context = job->scratch->context;
    w->sides = cseg_sides_of(&w->rect, job->map->height, job->map->width);
    CSEG_TRY(cseg_part_open(&w->response, job->response, &w->rect));
    if (job->settings->method.nucleus_valley > 0 && job->settings->method.nucleus_scales > 1)
        CSEG_TRY(cseg_response_open(&w->finest, job->map, &w->rect, job->sigmas, 1));
    if (job->extra != NULL && job->extra->kind != CELLSEG_EXTRA_NONE)
        CSEG_TRY(cseg_part_open_unit(&w->extra, job->extra->map, &w->rect));
    CSEG_TRY(cseg_plane_new(&w->mask, context, CELLSEG_UINT8, w->rect.height, w->rect.width));
    return cseg_plane_new(&w->labels, context, CELLSEG_UINT32, w->rect.height, w->rect.width);
}

static cellseg_status seed_window(seeds_window *w, const cseg_rect *tile, bool *sure, name_list *names) {
    const cseg_rect inside = {tile->top - w->rect.top, tile->left - w->rect.left, tile->height, tile->width};
    uint32_t count;
    CSEG_TRY(open_window(w));
    CSEG_TRY(find_mask(w));
    close_inputs(w);
    CSEG_TRY(is_sure(sure, w, &inside));
    if (!*sure)
        return CELLSEG_OK;
    CSEG_TRY(part_nuclei(w, &count));
    return put_nuclei(w, count, tile, names);
}

static cellseg_status seed_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    seeds_job *job = data;
    seeds_window w = {.job = job, .rect = *window};
    const cellseg_status status = seed_window(&w, tile, sure, &job->names);
    close_window(&w);
    return status;
}

/* ---- all tiles ---- */

static void blob_sigmas(double sigmas_px[CSEG_MAX_SCALES], double pixel_size_um, const cseg_settings *settings) {
    const double span = settings->method.nucleus_radius_max_um - settings->method.nucleus_radius_min_um;
    const int32_t count = settings->method.nucleus_scales;
    for (int32_t i = 0; i < count; i++) {
        const double part = count > 1 ? (double)i / (count - 1) : 0.5;
        sigmas_px[i] = (settings->method.nucleus_radius_min_um + span * part) / pixel_size_um / sqrt(2);
    }
}

static void set_levels(seeds_job *job, const double thresholds[CSEG_RESPONSE_THRESHOLDS]) {
    const cellseg_segment_options *o = &job->settings->options;
    job->found = fmax(threshold_at(thresholds, o->sensitivity), RESPONSE_MIN);
    const double outline = fmax(threshold_at(thresholds, fmax(o->outline_sensitivity, o->sensitivity)), 0);
    job->outline = fmin(outline, job->found);
}

/* From numbers to ids in raster order of the first pixels; *count: the nuclei. ids: of each number. */
static cellseg_status rank_names(name_list *names, uint32_t *ids, uint32_t *count) {
    CSEG_TRY(cseg_sort_keyed(names->context, names->items, names->count));
    *count = 0;
    for (size_t i = 0; i < names->count; i++) {
        *count += i == 0 || names->items[i].key != names->items[i - 1].key;
        ids[names->items[i].value] = *count;
    }
    return CELLSEG_OK;
}

static cellseg_status seed_tiles(seeds_job *job) {
    const double hole_px = CSEG_HOLE_RADII * job->settings->method.nucleus_radius_max_um / job->pixel_size_um;
    job->hole_px = (size_t)ceil(hole_px);
    const cseg_tiles tiles = {.scratch = job->scratch,
                              .height = job->map->height,
                              .width = job->map->width,
                              .pixel_bytes = 32,
                              .halo = 2 * job->hole_px + 2};
    return cseg_tiles_run(&tiles, seed_tile, job);
}

static cellseg_status find_all(seeds_job *job) {
    cseg_store response;
    double thresholds[CSEG_RESPONSE_THRESHOLDS];
    blob_sigmas(job->sigmas, job->pixel_size_um, job->settings);
    CSEG_TRY(cseg_response_find(job->scratch, &response, thresholds, job->map, job->sigmas,
                                (size_t)job->settings->method.nucleus_scales));
    set_levels(job, thresholds);
    job->response = &response;
    const cellseg_status status = seed_tiles(job);
    cseg_store_free(&response);
    return status;
}

cellseg_status cseg_seeds_find(const cseg_scratch *scratch, const cseg_store *nuclei, uint32_t *count, const cseg_store *map,
                               const cseg_extra *extra, double pixel_size_um, const cseg_settings *settings,
                               cellseg_segment_report *report) {
    seeds_job job = {.scratch = scratch,
                     .settings = settings,
                     .nuclei = nuclei,
                     .map = map,
                     .extra = extra,
                     .pixel_size_um = pixel_size_um,
                     .names = {.context = scratch->context}};
    *count = 0;
    cellseg_status status = find_all(&job);
    uint32_t *ids = status == CELLSEG_OK ? cseg_memory_calloc(scratch->context, job.names.count + 1, sizeof *ids) : NULL;
    if (status == CELLSEG_OK && ids == NULL)
        status = cseg_error_last();
    if (status == CELLSEG_OK)
        status = rank_names(&job.names, ids, count);
    if (status == CELLSEG_OK)
        status = cseg_nucleus_choose(scratch, nuclei, ids, job.names.count, count, map, pixel_size_um, settings, report);
    cseg_memory_free(ids);
    cseg_memory_free(job.names.items);
    return status;
}
