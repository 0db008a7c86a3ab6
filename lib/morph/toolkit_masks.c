/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions on masks, and the watershed. */
#include "morph/morph.h"

#include <string.h>

/* ---- masks ---- */

cellseg_status cellseg_image_fill_holes(cellseg_image **out, cellseg_context *context, const cellseg_image *mask, int32_t channel,
                                        int32_t connectivity) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "fill holes", out));
    CSEG_TRY_GOTO(done, cseg_connectivity_check(connectivity));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_mask(&t, &from, mask, channel, "mask"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT8, from.height, from.width));
    cseg_plane_copy(&to, &from);
    status = cseg_holes_fill(context, &to, connectivity, CSEG_ANY_HOLE);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_distance(cellseg_image **out, cellseg_context *context, const cellseg_image *mask, int32_t channel) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "distance", out));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_mask(&t, &from, mask, channel, "mask"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_FLOAT32, from.height, from.width));
    status = cseg_distance_transform(context, &to, &from);
done:
    return cseg_toolkit_end(&t, status);
}

static cellseg_status check_background(const cseg_plane *mask) {
    for (size_t y = 0; y < mask->height; y++)
        if (memchr(cseg_row_u8(mask, y), 0, mask->width) != NULL)
            return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "the mask has no background for a pixel to be near to");
}

cellseg_status cellseg_image_nearest(cellseg_image **out, cellseg_context *context, const cellseg_image *mask, int32_t channel) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "nearest", out));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_mask(&t, &from, mask, channel, "mask"));
    CSEG_TRY_GOTO(done, cseg_nearest_check_size(&from));
    CSEG_TRY_GOTO(done, check_background(&from));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT32, from.height, from.width));
    status = cseg_nearest_find(context, &to, &from);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_image_components(cellseg_labels **out, cellseg_context *context, const cellseg_image *mask,
                                        int32_t channel, int32_t connectivity) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    uint32_t count;
    CSEG_TRY(cseg_toolkit_begin_labels(&t, context, "components", out));
    CSEG_TRY_GOTO(done, cseg_connectivity_check(connectivity));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_mask(&t, &from, mask, channel, "mask"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT32, from.height, from.width));
    status = cseg_components_label(context, &to, &count, &from, connectivity);
done:
    return cseg_toolkit_end(&t, status);
}

/* ---- watershed ---- */

static const char *const no_yes[] = {"no", "yes", NULL};

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_watershed_options, __VA_ARGS__)

static const cellseg_option rows[] = {
    ROW(connectivity, 8, 8, 4, 8, "", "neighbours of a pixel: 4 or 8", .flags = CELLSEG_OPTION_FLAG_POWER_OF_TWO),
    ROW(lines, 0, 0, 0, 1, "", "leave a line of 0 between basins", .choices = no_yes),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_watershed_options, rows, lines);

const cellseg_option_table *cellseg_watershed_options_table(void) {
    return &table;
}

cellseg_status cellseg_watershed_options_init(cellseg_watershed_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

/* The relief of float64 gives way to the ranks of its values, which order the same and fit 32 bits. */
static cellseg_status flood(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief, const cseg_plane *mask,
                            const cellseg_watershed_options *options) {
    cseg_plane ranks = {0};
    cellseg_status status;
    if (relief->type == CELLSEG_FLOAT64)
        CSEG_TRY_GOTO(done, cseg_ranks_new(&ranks, context, relief));
    status = (options->lines != 0 ? cseg_watershed_flood_lines : cseg_watershed_flood)(
        context, labels, ranks.data != NULL ? &ranks : relief, mask, options->connectivity);
done:
    cseg_plane_free(&ranks);
    return status;
}

cellseg_status cellseg_labels_watershed(cellseg_labels **out, cellseg_context *context, const cellseg_labels *seeds,
                                        const cellseg_image *relief, int32_t channel, const cellseg_image *mask,
                                        int32_t mask_channel, const cellseg_watershed_options *options) {
    cseg_toolkit t;
    cseg_plane from, height, inside, to;
    cellseg_watershed_options own;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_labels(&t, context, "watershed", out));
    CSEG_TRY_GOTO(done, cseg_option_read(&own, &table, options, CELLSEG_PRESET_DEFAULT));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &from, seeds, "seeds"));
    CSEG_TRY_GOTO(done, cseg_toolkit_read(&t, &height, relief, channel, "relief"));
    if (mask != NULL)
        CSEG_TRY_GOTO(done, cseg_toolkit_read_mask(&t, &inside, mask, mask_channel, "mask"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT32, from.height, from.width));
    cseg_plane_copy(&to, &from);
    status = flood(context, &to, &height, mask != NULL ? &inside : NULL, &own);
done:
    return cseg_toolkit_end(&t, status);
}
