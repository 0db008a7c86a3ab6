/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows of what the cells step works from, as planes of floats. Cost: a pass over each plane. */
#include "segment/segment.h"

static uint32_t maps_of(const cseg_cell_inputs *inputs) {
    if (inputs->maps == NULL)
        return 0;
    return inputs->extra.kind != CELLSEG_EXTRA_NONE || inputs->has_boundary_class ? CSEG_MAP_EXTRA + 1 : CSEG_MAP_BACKGROUND;
}

cellseg_status cseg_cellwindow_open(cseg_cell_window *window, const cseg_cell_inputs *inputs, const cseg_rect *rect) {
    cellseg_status status;
    *window = (cseg_cell_window){.pixel_size_um = inputs->pixel_size_um, .has_boundary_class = inputs->has_boundary_class};
    cseg_part *marker = &window->views[CSEG_MAX_CLASSES], *nuclei = marker + 1;
    CSEG_TRY_GOTO(failed, cseg_part_open_unit(marker, inputs->marker, rect));
    CSEG_TRY_GOTO(failed, cseg_part_open(nuclei, inputs->nuclei, rect));
    for (uint32_t i = 0; i < maps_of(inputs); i++) {
        if (i == CSEG_MAP_BACKGROUND)
            continue;
        CSEG_TRY_GOTO(failed, cseg_part_open_unit(&window->views[i], &inputs->maps[i], rect));
        window->own_maps[i] = window->views[i].plane;
    }
    window->marker = &marker->plane;
    window->nuclei = &nuclei->plane;
    window->maps = inputs->maps != NULL ? window->own_maps : NULL;
    window->extra = (cseg_extra_part){inputs->extra.kind, &window->own_maps[CSEG_MAP_EXTRA]};
    return CELLSEG_OK;
failed:
    cseg_cellwindow_close(window);
    return status;
}

void cseg_cellwindow_close(cseg_cell_window *window) {
    for (size_t i = 0; i < CSEG_MAX_CLASSES + 2; i++)
        cseg_part_close(&window->views[i]);
}
