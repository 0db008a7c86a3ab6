/* SPDX-License-Identifier: BSD-3-Clause */
/* The tile room's door: where patches lie, and copying windows out and kept parts back. Knows no network. */
#ifndef CSEG_TILE_H
#define CSEG_TILE_H

#include "core/core.h"

#include <cellseg/tile.h>

/* cellseg_tile_count() and cellseg_tile_at() for a grid known to be sound and an index known to exist. */
size_t cseg_grid_count(const cellseg_tile_grid *grid);
cellseg_tile cseg_grid_at(const cellseg_tile_grid *grid, size_t index);

/* Copy the patch's window of a float32 plane into window (patch x patch), reflecting at the borders (d c b a | a b c d, as often
 * as needed). */
void cseg_tile_read(float *window, const cellseg_tile_grid *grid, const cseg_plane *from, size_t index);

/* Copy the kept part of a predicted patch x patch map into its place in a float32 plane. */
void cseg_tile_write(const cseg_plane *to, const cellseg_tile_grid *grid, size_t index, const float *map);

#endif
