/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tile.h  Overlapping patches of a large image, and the pixels that each one predicts. */
#ifndef CELLSEG_TILE_H
#define CELLSEG_TILE_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A grid of patches of `patch_px` at a distance of `step_px`. The rest is margin, equal on both sides, which is predicted but
 * not used. */
typedef struct cellseg_tile_grid {
    size_t struct_size;
    size_t height_px, width_px; /**< the image's */
    size_t patch_px;            /**< 176 in the paper */
    size_t step_px;             /**< 160 in the paper; patch_px - step_px is even */
} cellseg_tile_grid;

/** One patch: its window, which may extend beyond the image (reflect there), and the rectangle of the image that it predicts. */
typedef struct cellseg_tile {
    size_t struct_size;
    int64_t window_top, window_left; /**< patch_px x patch_px from here */
    size_t top, left, height, width; /**< the predicted rectangle of the image */
} cellseg_tile;

/** Number of patches of a grid. @param[out] out 0 after an error. @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_tile_count(size_t *out, const cellseg_tile_grid *grid);

/** Patch `index`, counted in raster order. @param[out] out struct_size set by the caller. @return CELLSEG_ERR_ARGUMENT. Threads:
 * any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_tile_at(cellseg_tile *out, const cellseg_tile_grid *grid, size_t index);

#ifdef __cplusplus
}
#endif
#endif
