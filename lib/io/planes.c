/* SPDX-License-Identifier: BSD-3-Clause */
/* Which planes of a file are read, and in which order. */
#include "io/io.h"

/* A selection of `count` channels of one plane each, to fill. */
static cellseg_status allocate(cseg_io_selection *out, cellseg_context *context, size_t count) {
    *out = (cseg_io_selection){.channel_count = count, .plane_count = count};
    out->channels = cseg_memory_calloc(context, count, sizeof *out->channels);
    out->planes = out->channels != NULL ? cseg_memory_calloc(context, count, sizeof *out->planes) : NULL;
    if (out->planes != NULL)
        return CELLSEG_OK;
    cseg_planes_free(out);
    return cseg_error_last();
}

static size_t total(const cseg_io_contents *contents) {
    size_t count = 0;
    for (size_t page = 0; page < contents->pages; page++)
        count += contents->samples[page];
    return count;
}

/* Every sample of every page is a channel. */
static cellseg_status choose_all(cseg_io_selection *out, cellseg_context *context, const cseg_io_contents *contents) {
    CSEG_TRY(allocate(out, context, total(contents)));
    size_t channel = 0;
    for (size_t page = 0; page < contents->pages; page++)
        for (uint16_t sample = 0; sample < contents->samples[page]; sample++, channel++) {
            out->channels[channel] = (cseg_io_channel){NULL, channel, 1};
            out->planes[channel] = (cseg_io_plane){page, sample};
        }
    return CELLSEG_OK;
}

cellseg_status cseg_planes_choose(cseg_io_selection *out, cellseg_context *context, const cseg_io_contents *contents,
                                  const cseg_io_request *request) {
    if (contents->metamorph_planes > 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "a MetaMorph stack of %u planes is not supported; save it as plain TIFF",
                         contents->metamorph_planes);
    CSEG_TRY(cseg_pixel_check_stack(contents->calibration.description, total(contents)));
    double pixel_size_um = request->pixel_size_um;
    if (pixel_size_um == 0)
        CSEG_TRY(cseg_pixel_size_find(&pixel_size_um, &contents->calibration));
    CSEG_TRY(choose_all(out, context, contents));
    out->pixel_size_um = pixel_size_um;
    return CELLSEG_OK;
}

void cseg_planes_free(cseg_io_selection *selection) {
    for (size_t i = 0; selection->channels != NULL && i < selection->channel_count; i++)
        cseg_memory_free(selection->channels[i].name);
    cseg_memory_free(selection->channels);
    cseg_memory_free(selection->planes);
    *selection = (cseg_io_selection){0};
}
