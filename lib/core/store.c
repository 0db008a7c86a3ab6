/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stores: planes in memory, or in temporary files, read and written by rectangles. A part of a plane in memory is a view. A file
 * holds the rows one after another; it loses its name at once, so that a killed process leaves nothing behind. Cost: in memory a
 * copy for each write; in a file a system call for each row of a rectangle, and one for rectangles of whole rows.
 */
#include "core/system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

cseg_rect cseg_rectangle_grow(const cseg_rect *r, size_t halo, size_t height, size_t width) {
    const size_t top = r->top > halo ? r->top - halo : 0, left = r->left > halo ? r->left - halo : 0;
    const size_t below = height - cseg_rectangle_bottom(r), right = width - cseg_rectangle_right(r);
    return (cseg_rect){top, left, cseg_rectangle_bottom(r) + (below < halo ? below : halo) - top,
                       cseg_rectangle_right(r) + (right < halo ? right : halo) - left};
}

/* ---- the file ---- */

static cellseg_status fail_in(const char *folder, const char *what, int error) {
    return cseg_error_fail_in(cseg_file_fail(what, error), folder);
}

/* Create "<folder>/.cellseg-<process>-<n>.tmp". */
static cellseg_status create_file(cseg_store *store, const char *folder) {
    const size_t room = strlen(folder) + 64;
    store->path = cseg_memory_alloc(store->context, room, 1);
    if (store->path == NULL)
        return cseg_error_last();
    int error = EEXIST;
    for (unsigned n = 0; n < 1000 && error == EEXIST; n++) {
        (void)snprintf(store->path, room, "%s/.cellseg-%lld-%u.tmp", folder, (long long)cseg_system_process(), n);
        error = cseg_system_create(&store->file, store->path, NULL);
    }
    if (error == 0 && (error = cseg_system_hide(store->file, store->path)) != 0) {
        cseg_system_discard(store->file, store->path);
        store->file = CSEG_NO_HANDLE;
    }
    return error == 0 ? CELLSEG_OK : fail_in(folder, "a temporary file cannot be made here", error);
}

cellseg_status cseg_store_new(cseg_store *store, const cseg_scratch *scratch, int32_t type, size_t height, size_t width) {
    *store = (cseg_store){.context = scratch->context, .type = type, .height = height, .width = width, .file = CSEG_NO_HANDLE};
    const cellseg_status status = scratch->folder == NULL ? cseg_plane_new(&store->memory, scratch->context, type, height, width)
                                                          : create_file(store, scratch->folder);
    if (status != CELLSEG_OK)
        cseg_store_free(store);
    return status;
}

cseg_store cseg_store_of(cellseg_context *context, const cseg_plane *plane) {
    return (cseg_store){context, plane->type, plane->height, plane->width, *plane, true, CSEG_NO_HANDLE, NULL};
}

void cseg_store_free(cseg_store *store) {
    if (!store->borrowed)
        cseg_plane_free(&store->memory);
    if (store->path != NULL && store->file != CSEG_NO_HANDLE)
        cseg_system_close(store->file);
    cseg_memory_free(store->path);
    *store = (cseg_store){.file = CSEG_NO_HANDLE};
}

/* ---- rectangles of the file ---- */

/* Rows of a rectangle that is as wide as the store are one piece. */
typedef struct pieces {
    size_t count, bytes;    /* of a piece */
    uint64_t offset, apart; /* of the first in the file; from one to the next */
} pieces;

static pieces pieces_of(const cseg_store *store, const cseg_rect *r) {
    const uint64_t sample = cseg_plane_type_size(store->type), row = store->width * sample;
    const size_t bytes = r->width * (size_t)sample;
    const bool whole = r->width == store->width;
    return (pieces){whole ? 1 : r->height, whole ? r->height * bytes : bytes, r->top * row + r->left * sample, row};
}

static cellseg_status read_file(const cseg_store *store, char *to, const cseg_rect *r) {
    const pieces p = pieces_of(store, r);
    for (size_t i = 0; i < p.count; i++) {
        size_t got;
        const int error = cseg_system_read_at(store->file, to + i * p.bytes, p.bytes, p.offset + i * p.apart, &got);
        if (error != 0 || got < p.bytes)
            return fail_in(store->path, "cannot be read", error != 0 ? error : ENODATA);
        CSEG_TRY(cseg_progress_cancelled(store->context));
    }
    return CELLSEG_OK;
}

static cellseg_status write_file(const cseg_store *store, const cseg_plane *from, const cseg_rect *r) {
    const pieces p = pieces_of(store, r);
    const bool joined = from->stride == r->width * cseg_plane_type_size(store->type);
    const size_t count = joined ? p.count : r->height, bytes = joined ? p.bytes : p.bytes / (r->height / p.count);
    for (size_t i = 0; i < count; i++) {
        const int error = cseg_system_write_at(store->file, cseg_row_at(from, i), bytes, p.offset + i * p.apart);
        if (error != 0)
            return fail_in(store->path, "cannot be written", error);
        CSEG_TRY(cseg_progress_cancelled(store->context));
    }
    return CELLSEG_OK;
}

/* ---- rectangles as planes ---- */

cellseg_status cseg_part_make(cseg_part *part, const cseg_store *store, const cseg_rect *rect) {
    assert(cseg_rectangle_bottom(rect) <= store->height && cseg_rectangle_right(rect) <= store->width);
    *part = (cseg_part){0};
    if (store->memory.data != NULL) {
        part->plane = cseg_view_of(&store->memory, rect);
        return CELLSEG_OK;
    }
    CSEG_TRY(cseg_plane_new(&part->plane, store->context, store->type, rect->height, rect->width));
    part->copy = part->plane.data;
    return CELLSEG_OK;
}

cellseg_status cseg_part_open(cseg_part *part, const cseg_store *store, const cseg_rect *rect) {
    CSEG_TRY(cseg_part_make(part, store, rect));
    const cellseg_status status = part->copy != NULL ? read_file(store, part->copy, rect) : CELLSEG_OK;
    if (status != CELLSEG_OK)
        cseg_part_close(part);
    return status;
}

void cseg_part_close(cseg_part *part) {
    cseg_memory_free(part->copy);
    *part = (cseg_part){0};
}

typedef struct convert_job {
    const cseg_plane *to, *from;
} convert_job;

static cellseg_status convert_row(void *data, size_t y) {
    const convert_job *job = data;
    const uint16_t *from = cseg_row_at(job->from, y);
    float *to = cseg_row_f32(job->to, y);
    for (size_t x = 0; x < job->to->width; x++)
        to[x] = cseg_unit_value(from[x]);
    return CELLSEG_OK;
}

static cellseg_status open_converted(cseg_part *part, const cseg_store *store, const cseg_rect *rect, bool unit) {
    assert(!unit || store->type == CELLSEG_UINT16);
    cseg_part from;
    *part = (cseg_part){0};
    CSEG_TRY(cseg_part_open(&from, store, rect));
    cellseg_status status = cseg_plane_new(&part->plane, store->context, CELLSEG_FLOAT32, rect->height, rect->width);
    part->copy = part->plane.data;
    convert_job job = {&part->plane, &from.plane};
    if (status == CELLSEG_OK)
        status = unit ? cseg_parallel_for(store->context, rect->height, convert_row, &job)
                      : cseg_plane_to_f32(store->context, &part->plane, &from.plane);
    cseg_part_close(&from);
    if (status != CELLSEG_OK)
        cseg_part_close(part);
    return status;
}

cellseg_status cseg_part_open_f32(cseg_part *part, const cseg_store *store, const cseg_rect *rect) {
    return open_converted(part, store, rect, false);
}

cellseg_status cseg_part_open_unit(cseg_part *part, const cseg_store *store, const cseg_rect *rect) {
    return open_converted(part, store, rect, true);
}

cellseg_status cseg_store_put(const cseg_store *store, size_t top, size_t left, const cseg_plane *plane) {
    const cseg_rect rect = {top, left, plane->height, plane->width};
    assert(store->type == plane->type && cseg_rectangle_bottom(&rect) <= store->height &&
           cseg_rectangle_right(&rect) <= store->width);
    if (store->memory.data == NULL)
        return write_file(store, plane, &rect);
    const cseg_plane to = cseg_view_of(&store->memory, &rect);
    if (to.data != plane->data)
        cseg_plane_copy(&to, plane);
    return CELLSEG_OK;
}

cellseg_status cseg_store_put_core(const cseg_store *store, const cseg_plane *window_plane, const cseg_rect *window,
                                   const cseg_rect *core) {
    const cseg_rect inside = {core->top - window->top, core->left - window->left, core->height, core->width};
    const cseg_plane plane = cseg_view_of(window_plane, &inside);
    return cseg_store_put(store, core->top, core->left, &plane);
}

size_t cseg_store_band_rows(const cseg_store *store) {
    const size_t row = store->width * cseg_plane_type_size(store->type), band_bytes = (size_t)16 << 20;
    if (store->memory.data != NULL || row * store->height <= band_bytes)
        return store->height;
    return row < band_bytes ? band_bytes / row : 1;
}

cellseg_status cseg_part_open_rows(cseg_part *part, const cseg_store *store, size_t top, size_t count) {
    const cseg_rect rect = {top, 0, count < store->height - top ? count : store->height - top, store->width};
    return cseg_part_open(part, store, &rect);
}
