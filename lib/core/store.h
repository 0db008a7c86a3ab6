/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Planes that need not lie in memory (store.c), and steps over them tile by tile (tiles.c). A step reads a window round each tile
 * and writes the tile alone; its result is the same for tiles of any size. Part of core.h.
 */
#ifndef CSEG_CORE_STORE_H
#define CSEG_CORE_STORE_H

/* A rectangle of a plane's pixels. */
typedef struct cseg_rect {
    size_t top, left, height, width;
} cseg_rect;

static inline size_t cseg_rectangle_bottom(const cseg_rect *r) {
    return r->top + r->height;
}
static inline size_t cseg_rectangle_right(const cseg_rect *r) {
    return r->left + r->width;
}

/* The rectangle with `halo` pixels more on each side, where a plane of height x width has them. */
cseg_rect cseg_rectangle_grow(const cseg_rect *r, size_t halo, size_t height, size_t width);

/* A plane of pixels from (top, left) on of a larger plane of height x width. */
typedef struct cseg_piece {
    cseg_plane plane;
    size_t top, left, height, width;
} cseg_piece;

static inline cseg_piece cseg_piece_of(const cseg_plane *whole) {
    return (cseg_piece){*whole, 0, 0, whole->height, whole->width};
}

/* A rectangle of a plane, in the plane's memory. */
static inline cseg_plane cseg_view_of(const cseg_plane *plane, const cseg_rect *r) {
    char *first = (char *)cseg_row_at(plane, r->top) + r->left * cseg_plane_type_size(plane->type);
    return (cseg_plane){first, r->height, r->width, plane->stride, plane->type};
}

/* Where a call keeps its planes between steps, and how much memory a step may take for its windows. */
typedef struct cseg_scratch {
    cellseg_context *context;
    const char *folder;    /* of the files that hold the planes; NULL: memory holds them */
    uint64_t window_bytes; /* for all planes of one window */
    size_t tile_px;        /* edge of the tiles; 0: as large as window_bytes allows */
} cseg_scratch;

/* ---- store.c ---- */

/* A plane between two steps. No two threads write one store at a time; any number read. */
typedef struct cseg_store {
    cellseg_context *context;
    int32_t type;
    size_t height, width;
    cseg_plane memory; /* data NULL: the pixels lie in the file */
    bool borrowed;     /* the memory is another's */
    intptr_t file;
    char *path; /* of the file */
} cseg_store;

/* A new store, its pixels undefined. On failure there is nothing to free; freeing a zeroed store is legal. The file has no name
 * where the system allows, so that it goes with the process. CELLSEG_ERR_IO names the folder. */
cellseg_status cseg_store_new(cseg_store *store, const cseg_scratch *scratch, int32_t type, size_t height, size_t width);
void cseg_store_free(cseg_store *store); /* twice is legal */

/* A plane as a store, borrowed. */
cseg_store cseg_store_of(cellseg_context *context, const cseg_plane *plane);

/* A rectangle of a store, as a plane to read. */
typedef struct cseg_part {
    cseg_plane plane;
    void *copy; /* NULL: the plane is a view of the store's memory */
} cseg_part;

/* On failure there is nothing to close; closing twice, or a zeroed part, is legal. */
cellseg_status cseg_part_open(cseg_part *part, const cseg_store *store, const cseg_rect *rect);
void cseg_part_close(cseg_part *part);

/* The same as a float32 plane of the caller's own, from any type; unit: 65535 becomes 1 (uint16 only). */
cellseg_status cseg_part_open_f32(cseg_part *part, const cseg_store *store, const cseg_rect *rect);
cellseg_status cseg_part_open_unit(cseg_part *part, const cseg_store *store, const cseg_rect *rect);

/* A plane for a rectangle's new pixels, undefined, to fill and to put: a view where the store lies in memory. */
cellseg_status cseg_part_make(cseg_part *part, const cseg_store *store, const cseg_rect *rect);

/* Write a plane of the store's type to the rectangle whose first pixel is (top, left). */
cellseg_status cseg_store_put(const cseg_store *store, size_t top, size_t left, const cseg_plane *plane);

/* Rows of a band to read at a time: all where memory holds the store. */
size_t cseg_store_band_rows(const cseg_store *store);

/* Rows top .. top + count, as cseg_part_open(). */
cellseg_status cseg_part_open_rows(cseg_part *part, const cseg_store *store, size_t top, size_t count);

/* Write the tile's part of a plane that covers a window. */
cellseg_status cseg_store_put_core(const cseg_store *store, const cseg_plane *window_plane, const cseg_rect *window,
                                   const cseg_rect *core);

/*
 * Values in [0, 1] are stored as units: uint16, 65535 for 1. A store of units takes a half of the memory of floats, and its
 * rounding is less than a network's or a camera's noise.
 */
enum { CSEG_UNIT_ONE = 65535 };

static inline uint16_t cseg_unit_of(double value) {
    return (uint16_t)(value * CSEG_UNIT_ONE + 0.5);
}
static inline float cseg_unit_value(uint16_t unit) {
    return (float)unit / (float)CSEG_UNIT_ONE;
}

/* ---- tiles.c ---- */

/* A step over a plane. */
typedef struct cseg_tiles {
    const cseg_scratch *scratch;
    size_t height, width; /* of the plane */
    size_t pixel_bytes;   /* of a window's planes, per pixel */
    size_t halo;          /* pixels on each side of a tile that its result may depend on */
    size_t multiple;      /* tiles begin at multiples of it; 0: anywhere */
    bool whole_rows;      /* tiles are as wide as the plane, and come from top to bottom */
} cseg_tiles;

/* Compute one tile from the window round it. *sure is true; where the window is too small to know the result, set it to false and
 * write nothing: the tile comes again with a larger window. Never for the window that is the whole plane. */
typedef cellseg_status (*cseg_tile_fn)(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure);

/* All tiles in raster order, on the calling thread; the step's loops take the threads. */
cellseg_status cseg_tiles_run(const cseg_tiles *tiles, cseg_tile_fn compute, void *data);

#endif
