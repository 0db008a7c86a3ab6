/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Positions of patches on an absolute grid from the image's first pixel: a patch's position depends on the grid alone. Each
 * patch predicts step x step pixels (fewer at the bottom and right edges); its window is larger by a margin on each side.
 */
#include "tile/tile.h"

#define GRID_FIRST_RELEASE (offsetof(cellseg_tile_grid, step_px) + sizeof(size_t))
#define TILE_FIRST_RELEASE (offsetof(cellseg_tile, width) + sizeof(size_t))

static cellseg_status read_grid(cellseg_tile_grid *own, const cellseg_tile_grid *grid) {
    if (grid == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "grid is NULL");
    CSEG_TRY(cseg_options_copy(own, sizeof *own, GRID_FIRST_RELEASE, grid, "cellseg_tile_grid"));
    CSEG_TRY(cseg_plane_check_size(own->height_px, own->width_px));
    if (own->step_px < 1 || own->patch_px < own->step_px || own->patch_px > INT32_MAX || (own->patch_px - own->step_px) % 2 != 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "patches of %zu px that step by %zu px do not leave the same margin on both sides",
                         own->patch_px, own->step_px);
    return CELLSEG_OK;
}

static size_t steps(size_t length, size_t step) {
    return (length - 1) / step + 1;
}

size_t cseg_grid_count(const cellseg_tile_grid *grid) {
    return steps(grid->height_px, grid->step_px) * steps(grid->width_px, grid->step_px);
}

cellseg_tile cseg_grid_at(const cellseg_tile_grid *grid, size_t index) {
    const size_t columns = steps(grid->width_px, grid->step_px), step = grid->step_px;
    const int64_t margin = (int64_t)(grid->patch_px - step) / 2;
    cellseg_tile tile = {.struct_size = sizeof tile, .top = index / columns * step, .left = index % columns * step};
    tile.height = grid->height_px - tile.top < step ? grid->height_px - tile.top : step;
    tile.width = grid->width_px - tile.left < step ? grid->width_px - tile.left : step;
    tile.window_top = (int64_t)tile.top - margin;
    tile.window_left = (int64_t)tile.left - margin;
    return tile;
}

cellseg_status cellseg_tile_count(size_t *out, const cellseg_tile_grid *grid) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = 0;
    cellseg_tile_grid own = {.struct_size = sizeof own};
    CSEG_TRY(read_grid(&own, grid));
    *out = cseg_grid_count(&own);
    return CELLSEG_OK;
}

cellseg_status cellseg_tile_at(cellseg_tile *out, const cellseg_tile_grid *grid, size_t index) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    cellseg_tile_grid own = {.struct_size = sizeof own};
    CSEG_TRY(read_grid(&own, grid));
    if (index >= cseg_grid_count(&own))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "patch %zu does not exist: the grid has %zu", index, cseg_grid_count(&own));
    const cellseg_tile tile = cseg_grid_at(&own, index);
    return cseg_options_init(out, out->struct_size, &tile, sizeof tile, TILE_FIRST_RELEASE, "cellseg_tile");
}
