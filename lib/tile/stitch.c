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

/* row: of an image of `width` pixels, from column `begin` on. */
static void read_row(float *to, const float *row, size_t begin, size_t width, int64_t left, size_t count) {
    if (left >= 0 && (size_t)left + count <= width) {
        memcpy(to, row + (size_t)left - begin, count * sizeof *to);
        return;
    }
    for (size_t x = 0; x < count; x++)
        to[x] = row[mirror(left + (int64_t)x, width) - begin];
}

void cseg_tile_read(float *window, const cellseg_tile_grid *grid, const cseg_plane *from, size_t top, size_t left, size_t index) {
    assert(from->type == CELLSEG_FLOAT32);
    const cellseg_tile tile = cseg_grid_at(grid, index);
    for (size_t y = 0; y < grid->patch_px; y++) {
        const size_t source = mirror(tile.window_top + (int64_t)y, grid->height_px);
        read_row(window + y * grid->patch_px, cseg_row_f32(from, source - top), left, grid->width_px, tile.window_left,
                 grid->patch_px);
    }
}

/* A probability that rounding, or another's network, puts beyond [0, 1] is cut. */
static uint16_t unit_of(float value) {
    return cseg_unit_of(value > 0 ? value < 1 ? (double)value : 1 : 0);
}

void cseg_tile_write(const cseg_plane *to, size_t top, size_t left, const cellseg_tile_grid *grid, size_t index,
                     const float *map) {
    assert(to->type == CELLSEG_UINT16);
    const cellseg_tile tile = cseg_grid_at(grid, index);
    const size_t margin = (grid->patch_px - grid->step_px) / 2;
    for (size_t y = 0; y < tile.height; y++) {
        uint16_t *row = (uint16_t *)cseg_row_at(to, tile.top - top + y) + (tile.left - left);
        const float *from = map + (y + margin) * grid->patch_px + margin;
        for (size_t x = 0; x < tile.width; x++)
            row[x] = unit_of(from[x]);
    }
}
