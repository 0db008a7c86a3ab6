/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions on masks, and the watershed. */
#include "morph/morph.h"
#include "morph/toolkit.h"

#include <string.h>

/* ---- masks ---- */

cellseg_status cellseg_image_fill_holes(cellseg_image **out, cellseg_context *context, const cellseg_image *mask,
                                        int32_t connectivity) {
    CSEG_TRY(cseg_toolkit_begin_image(out, context));
    CSEG_TRY(cseg_toolkit_connectivity(connectivity));
    CSEG_TRY(cseg_toolkit_mask(mask, "mask"));
    const cseg_plane from = cseg_image_plane(mask, 0);
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, CELLSEG_UINT8, &from, cellseg_image_pixel_size_um(mask)));
    const cseg_plane to = cseg_image_plane(made, 0);
    cseg_toolkit_copy(&to, &from);
    return cseg_toolkit_hand_image(out, made, cseg_holes_fill_of(context, &to, connectivity));
}

cellseg_status cellseg_image_distance(cellseg_image **out, cellseg_context *context, const cellseg_image *mask) {
    CSEG_TRY(cseg_toolkit_begin_image(out, context));
    CSEG_TRY(cseg_toolkit_mask(mask, "mask"));
    const cseg_plane from = cseg_image_plane(mask, 0);
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, CELLSEG_FLOAT32, &from, cellseg_image_pixel_size_um(mask)));
    const cseg_plane to = cseg_image_plane(made, 0);
    return cseg_toolkit_hand_image(out, made, cseg_distance_transform(context, &to, &from));
}

static bool has_background(const cseg_plane *mask) {
    for (size_t y = 0; y < mask->height; y++)
        if (memchr(cseg_row_u8(mask, y), 0, mask->width) != NULL)
            return true;
    return false;
}

cellseg_status cellseg_image_nearest(cellseg_image **out, cellseg_context *context, const cellseg_image *mask) {
    CSEG_TRY(cseg_toolkit_begin_image(out, context));
    CSEG_TRY(cseg_toolkit_mask(mask, "mask"));
    const cseg_plane from = cseg_image_plane(mask, 0);
    if (from.height > UINT32_MAX / from.width)
        return cseg_fail(CELLSEG_ERR_LIMIT, "an image of %zu x %zu has more pixels than a uint32 counts", from.height,
                         from.width);
    if (!has_background(&from))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the mask has no background for a pixel to be near to");
    cellseg_image *made;
    CSEG_TRY(cseg_toolkit_new_image(&made, context, CELLSEG_UINT32, &from, cellseg_image_pixel_size_um(mask)));
    const cseg_plane to = cseg_image_plane(made, 0);
    return cseg_toolkit_hand_image(out, made, cseg_nearest_find(context, &to, &from));
}

cellseg_status cellseg_image_components(cellseg_labels **out, cellseg_context *context, const cellseg_image *mask,
                                        int32_t connectivity) {
    CSEG_TRY(cseg_toolkit_begin_labels(out, context));
    CSEG_TRY(cseg_toolkit_connectivity(connectivity));
    CSEG_TRY(cseg_toolkit_mask(mask, "mask"));
    const cseg_plane from = cseg_image_plane(mask, 0);
    cellseg_labels *made;
    CSEG_TRY(cseg_toolkit_new_labels(&made, context, &from, cellseg_image_pixel_size_um(mask)));
    const cseg_plane to = cseg_labels_plane(made);
    uint32_t count;
    return cseg_toolkit_hand_labels(out, made, cseg_components_label(context, &to, &count, &from, connectivity));
}

/* ---- watershed ---- */

static const char *const no_yes[] = {"no", "yes", NULL};

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_watershed_options, __VA_ARGS__)

static const cellseg_option rows[] = {
    ROW(connectivity, 8, 8, 4, 8, "", "neighbours of a pixel: 4 or 8", .flags = CELLSEG_OPTION_POWER_OF_TWO),
    ROW(lines, 0, 0, 0, 1, "", "leave a line of 0 between basins", .choices = no_yes),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_watershed_options, rows, lines);

const cellseg_option_table *cellseg_watershed_options_table(void) {
    return &table;
}

cellseg_status cellseg_watershed_options_init(cellseg_watershed_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

static cellseg_status check_relief(cellseg_context *context, const cellseg_image *relief) {
    if (relief == NULL || cellseg_image_channels(relief) != 1)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "relief is NULL or has more than one channel");
    const cseg_plane plane = cseg_image_plane(relief, 0);
    return cseg_plane_check_finite(context, &plane, "relief");
}

cellseg_status cellseg_labels_watershed(cellseg_labels **out, cellseg_context *context, const cellseg_image *relief,
                                        const cellseg_labels *seeds, const cellseg_image *mask,
                                        const cellseg_watershed_options *options) {
    CSEG_TRY(cseg_toolkit_begin_labels(out, context));
    cellseg_watershed_options own;
    CSEG_TRY(cseg_option_read(&own, &table, options, CELLSEG_PRESET_DEFAULT));
    CSEG_TRY(check_relief(context, relief));
    CSEG_TRY(cseg_toolkit_labels(seeds, "seeds"));
    const cseg_plane height = cseg_image_plane(relief, 0), from = cseg_labels_plane(seeds);
    cseg_plane inside = height;
    CSEG_TRY(cseg_toolkit_same_size(&height, "relief", &from, "seeds"));
    if (mask != NULL) {
        CSEG_TRY(cseg_toolkit_mask(mask, "mask"));
        inside = cseg_image_plane(mask, 0);
        CSEG_TRY(cseg_toolkit_same_size(&height, "relief", &inside, "mask"));
    }
    cellseg_labels *made;
    CSEG_TRY(cseg_toolkit_new_labels(&made, context, &from, cellseg_labels_pixel_size_um(seeds)));
    const cseg_plane to = cseg_labels_plane(made);
    cseg_toolkit_copy(&to, &from);
    return cseg_toolkit_hand_labels(out, made,
                                    (own.lines != 0 ? cseg_watershed_flood_lines : cseg_watershed_flood)(
                                        context, &to, &height, mask != NULL ? &inside : NULL, own.connectivity));
}
