/* SPDX-License-Identifier: BSD-3-Clause */
/* The tile room's door: positions of patches, windows out of an image, predicted squares back. Independent of any network. */
#ifndef CSEG_TILE_H
#define CSEG_TILE_H

#include "core/core.h"

#include <cellseg/tile.h>

/* cellseg_tile_count() and cellseg_tile_at() for a valid grid and a valid index. */
size_t cseg_grid_count(const cellseg_tile_grid *grid);
cellseg_tile cseg_grid_at(const cellseg_tile_grid *grid, size_t index);

/* Copy the patch's window of a float32 plane into window (patch x patch), reflected at the borders (d c b a | a b c d,
 * repeatedly). */
void cseg_tile_read(float *window, const cellseg_tile_grid *grid, const cseg_plane *from, size_t index);

/* Copy the inner square of a predicted patch x patch map to its position in a float32 plane. */
void cseg_tile_write(const cseg_plane *to, const cellseg_tile_grid *grid, size_t index, const float *map);

#endif
