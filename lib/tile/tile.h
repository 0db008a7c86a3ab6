/* SPDX-License-Identifier: BSD-3-Clause */
/* The tile room's door: positions of patches, windows out of an image, predicted squares back. Independent of any network. */
#ifndef CSEG_TILE_H
#define CSEG_TILE_H

#include "core/core.h"

#include <cellseg/tile.h>

/* cellseg_tile_count() and cellseg_tile_at() for a valid grid and a valid index. */
size_t cseg_grid_count(const cellseg_tile_grid *grid);
cellseg_tile cseg_grid_at(const cellseg_tile_grid *grid, size_t index);

/* Copy the patch's window of an image into window (patch x patch), reflected at the borders (d c b a | a b c d, repeatedly).
 * from: float32, the image's rectangle whose first pixel is (top, left); holds all that the window needs of the image. */
void cseg_tile_read(float *window, const cellseg_tile_grid *grid, const cseg_plane *from, size_t top, size_t left, size_t index);

/* Copy the inner square of a predicted patch x patch map, as units, to its position in an image's rectangle. to: uint16. */
void cseg_tile_write(const cseg_plane *to, size_t top, size_t left, const cellseg_tile_grid *grid, size_t index,
                     const float *map);

#endif
