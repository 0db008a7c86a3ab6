/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copy windows out of a plane, and the predicted squares back into one. Beyond its edges the image is reflected, edge pixel
 * included (d c b a | a b c d | d c b a), repeatedly where the image is smaller than the margin. Cost: one copy.
 */
#include "tile/tile.h"

#include <string.h>

static size_t mirror(int64_t i, size_t length) {
    const int64_t n = (int64_t)length, period = 2 * n;
    const int64_t m = (i % period + period) % period;
    return (size_t)(m < n ? m : period - 1 - m);
}

static void read_row(float *to, const float *row, size_t width, int64_t left, size_t count) {
    if (left >= 0 && (size_t)left + count <= width) {
        memcpy(to, row + left, count * sizeof *to);
        return;
    }
    for (size_t x = 0; x < count; x++)
        to[x] = row[mirror(left + (int64_t)x, width)];
}

void cseg_tile_read(float *window, const cellseg_tile_grid *grid, const cseg_plane *from, size_t index) {
    assert(from->type == CELLSEG_FLOAT32 && from->height == grid->height_px && from->width == grid->width_px);
    const cellseg_tile tile = cseg_grid_at(grid, index);
    for (size_t y = 0; y < grid->patch_px; y++) {
        const size_t source = mirror(tile.window_top + (int64_t)y, from->height);
        read_row(window + y * grid->patch_px, cseg_row_f32(from, source), from->width, tile.window_left, grid->patch_px);
    }
}

void cseg_tile_write(const cseg_plane *to, const cellseg_tile_grid *grid, size_t index, const float *map) {
    assert(to->type == CELLSEG_FLOAT32 && to->height == grid->height_px && to->width == grid->width_px);
    const cellseg_tile tile = cseg_grid_at(grid, index);
    const size_t margin = (grid->patch_px - grid->step_px) / 2;
    for (size_t y = 0; y < tile.height; y++)
        memcpy(cseg_row_f32(to, tile.top + y) + tile.left, map + (y + margin) * grid->patch_px + margin,
               tile.width * sizeof *map);
}
