/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tile.h  Grid of overlapping patches for images that are larger than a network's patch. */
#ifndef CELLSEG_TILE_H
#define CELLSEG_TILE_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Positions of patches: squares of `patch_px` at steps of `step_px`. The difference is the margin, half on each side; the
 * network computes the margin, and the caller discards the margin. */
typedef struct cellseg_tile_grid {
    size_t struct_size; /**< sizeof of this struct where the caller was compiled */
    size_t height_px;   /**< height of the image */
    size_t width_px;    /**< width of the image */
    size_t patch_px;    /**< edge of a patch; 176 in the paper */
    size_t step_px;     /**< step between patches; 160 in the paper; patch_px - step_px is even */
} cellseg_tile_grid;

/** One patch: the position of its window, and the rectangle of the image that the patch decides. A window may extend beyond the
 * image; the pixels there are reflected. */
typedef struct cellseg_tile {
    size_t struct_size;  /**< sizeof of this struct where the caller was compiled */
    int64_t window_top;  /**< first row of the window of patch_px x patch_px; may be negative */
    int64_t window_left; /**< first column of the window; may be negative */
    size_t top;          /**< first row of the rectangle of the image that is kept */
    size_t left;         /**< first column of the rectangle */
    size_t height;       /**< rows of the rectangle */
    size_t width;        /**< columns of the rectangle */
} cellseg_tile;

/** Compute the number of patches of a grid. @param[out] out 0 after an error. @return CELLSEG_ERR_ARGUMENT. Threads: any.
 * Since: 1.0 */
CELLSEG_API cellseg_status cellseg_tile_count(size_t *out, const cellseg_tile_grid *grid);

/** Compute patch `index` in raster order. @param[out] out the caller sets struct_size. @return CELLSEG_ERR_ARGUMENT. Threads:
 * any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_tile_at(cellseg_tile *out, const cellseg_tile_grid *grid, size_t index);

#ifdef __cplusplus
}
#endif
#endif
