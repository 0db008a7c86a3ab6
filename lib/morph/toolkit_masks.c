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
    status = cseg_holes_fill_of(context, &to, connectivity);
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

#define FIRST_RELEASE_SIZE (offsetof(cellseg_watershed_options, lines) + sizeof(int32_t))

static cellseg_watershed_options defaults(void) {
    const cellseg_watershed_options options = {.struct_size = sizeof options, .connectivity = 8};
    return options;
}

cellseg_status cellseg_watershed_options_init(cellseg_watershed_options *options, size_t struct_size) {
    const cellseg_watershed_options own = defaults();
    return cseg_options_init(options, struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_watershed_options");
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
    cellseg_watershed_options own = defaults();
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_labels(&t, context, "watershed", out));
    CSEG_TRY_GOTO(done, cseg_options_copy(&own, sizeof own, FIRST_RELEASE_SIZE, options, "cellseg_watershed_options"));
    CSEG_TRY_GOTO(done, cseg_connectivity_check(own.connectivity));
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
