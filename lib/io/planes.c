/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which planes of a file are read, and in which order. The text of the file states its channels, slices and time points:
 * OME-XML, ImageJ's or tifffile's description, or MetaMorph's tags; without one all pages are channels. The request chooses one
 * slice, or the greatest value over all, of one time point.
 */
#include "io/imagej.h"
#include "io/ome.h"
#include "io/shaped.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PLANES = 1 << 20 };

/* ---- the axes ---- */

static cellseg_status lay_out_pages(cseg_axes *axes, cellseg_context *context, const cseg_io_contents *contents) {
    const bool stack = contents->metamorph_planes > 1;
    const size_t axis = !stack ? CSEG_AXIS_C : contents->metamorph_times ? CSEG_AXIS_T : CSEG_AXIS_Z;
    const size_t most = stack ? CSEG_AXES_MAX_SIZE : CSEG_AXES_MAX_CHANNELS;
    const size_t planes = stack ? contents->metamorph_planes : contents->pages;
    if (planes > most || (stack && contents->pages > 1))
        return cseg_fail(CELLSEG_ERR_FORMAT, "%zu planes in %zu pages; %zu are the most", planes, contents->pages, most);
    for (size_t i = 0; i < CSEG_AXIS_COUNT; i++)
        axes->size[i] = i == axis ? (uint32_t)planes : 1;
    return cseg_axes_single_run(axes, context, "CZT");
}

/* The text of a file of one page need not order anything; its pixel size counts. */
static cellseg_status check_ome(cellseg_context *context, const cseg_ome *ome, size_t pages) {
    const char *metadata = cseg_ome_text(ome, ome->metadata_file);
    if (ome->fault.text[0] != '\0' && pages > 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the OME-XML is broken (%s), so that the meaning of the %zu pages is not known",
                         ome->fault.text, pages);
    if (ome->fault.text[0] != '\0')
        cseg_log_write(context, CELLSEG_LOG_WARNING, "the OME-XML is broken (%s); what comes before is used", ome->fault.text);
    if (ome->image_count == 0 && pages > 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the OME-XML has no image; the meaning of the %zu pages is stated by %s", pages,
                         metadata != NULL ? metadata : "nothing");
    if (metadata != NULL)
        cseg_log_write(context, CELLSEG_LOG_WARNING, "the OME-XML of this file is in %s, which is not read", metadata);
    return CELLSEG_OK;
}

static cellseg_status lay_out(cseg_axes *axes, const cseg_ome_image **image, cellseg_context *context, const cseg_ome *ome,
                              const cseg_io_contents *contents, const cseg_io_request *request) {
    const char *description = contents->calibration.description;
    if (ome->present)
        CSEG_TRY(check_ome(context, ome, contents->pages));
    if (ome->image_count > 0 && ome->fault.text[0] == '\0')
        return cseg_series_lay_out(axes, image, context, ome, contents, request);
    *image = ome->image_count > 0 ? ome->images : NULL;
    CSEG_TRY(cseg_claim_check_series(request));
    if (cseg_imagej_is(description))
        return cseg_imagej_lay_out(axes, context, contents);
    if (cseg_shaped_is(description) && contents->metamorph_planes <= 1)
        return cseg_shaped_lay_out(axes, context, contents);
    return lay_out_pages(axes, context, contents);
}

/* ---- the slice and the time point ---- */

/* What is chosen: slices z .. z + slices - 1 of time point t. */
typedef struct choice {
    uint32_t z, slices, t;
} choice;

static cellseg_status check_range(const char *name, int32_t value, const cseg_axes_extent *extent, size_t axis) {
    if (value >= 0 && ((uint32_t)value < extent->lowest[axis] || (uint32_t)value > extent->highest[axis]))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is %d; the file holds %u to %u", name, (int)value,
                         (unsigned)extent->lowest[axis], (unsigned)extent->highest[axis]);
    return CELLSEG_OK;
}

/* The sizes beyond 1, with what the file holds of them. */
static cellseg_status refuse_stack(const cseg_axes *axes, const cseg_axes_extent *extent, bool z_open, bool t_open) {
    static const char *const names[] = {[CSEG_AXIS_Z] = "slices (Z", [CSEG_AXIS_T] = "time points (T"};
    char sizes[160] = "";
    int used = 0;
    for (size_t axis = CSEG_AXIS_Z; axis <= CSEG_AXIS_T; axis++)
        if (axes->size[axis] > 1)
            used += snprintf(sizes + used, sizeof sizes - (size_t)used, "%s%u %s, %u to %u)", used > 0 ? " and " : "",
                             (unsigned)axes->size[axis], names[axis], (unsigned)extent->lowest[axis],
                             (unsigned)extent->highest[axis]);
    return cseg_fail(CELLSEG_ERR_FORMAT, "a stack of %s; choose with %s%s%s", sizes, z_open ? "z, a number or the maximum" : "",
                     z_open && t_open ? ", and " : "", t_open ? "t" : "");
}

static cellseg_status choose(choice *c, const cseg_axes *axes, const cseg_axes_extent *extent, const cseg_io_request *request) {
    const uint32_t *low = extent->lowest, *high = extent->highest;
    CSEG_TRY(check_range("z", request->z, extent, CSEG_AXIS_Z));
    CSEG_TRY(check_range("t", request->t, extent, CSEG_AXIS_T));
    const bool z_open = request->z == -1 && low[CSEG_AXIS_Z] < high[CSEG_AXIS_Z];
    const bool t_open = request->t == -1 && low[CSEG_AXIS_T] < high[CSEG_AXIS_T];
    if (z_open || t_open)
        return refuse_stack(axes, extent, z_open, t_open);
    const bool all = request->z == CELLSEG_Z_MAX;
    c->z = all ? 0 : request->z >= 0 ? (uint32_t)request->z : low[CSEG_AXIS_Z];
    c->slices = all ? axes->size[CSEG_AXIS_Z] : 1;
    c->t = request->t >= 0 ? (uint32_t)request->t : low[CSEG_AXIS_T];
    return CELLSEG_OK;
}

/* ---- the selection ---- */

typedef struct selector {
    cellseg_context *context;
    const cseg_io_contents *contents;
    const cseg_axes *axes;
    const cseg_axes_extent *extent;
    choice choice;
    cseg_io_selection *out;
} selector;

static cellseg_status find(size_t *page, const selector *s, uint32_t c, uint32_t z) {
    const uint32_t at[CSEG_AXIS_COUNT] = {c, z, s->choice.t};
    const char *file;
    if (cseg_axes_find(page, &file, s->axes, at))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "channel %u, slice %u, time point %u is not in the file%s%s", (unsigned)c, (unsigned)z,
                     (unsigned)s->choice.t, file != NULL ? ", but in " : "", file != NULL ? file : "");
}

/* Pages behind the first are like the first. */
static uint16_t samples_of(const selector *s, size_t page) {
    return s->contents->samples[page < s->contents->pages ? page : 0];
}

/* The samples of all channels that are here. */
static cellseg_status count_channels(size_t *channels, const selector *s) {
    uint32_t here = 0;
    *channels = 0;
    for (uint32_t c = 0; c < s->axes->size[CSEG_AXIS_C]; c++) {
        size_t page;
        if (!s->extent->channels[c])
            continue;
        CSEG_TRY(find(&page, s, c, s->choice.z));
        *channels += samples_of(s, page);
        here++;
    }
    if (*channels > CSEG_AXES_MAX_CHANNELS || *channels * (uint64_t)s->choice.slices > MAX_PLANES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%zu channels of %u slices; %d channels and %d planes are the most", *channels,
                         (unsigned)s->choice.slices, (int)CSEG_AXES_MAX_CHANNELS, (int)MAX_PLANES);
    const uint32_t all = s->axes->size[CSEG_AXIS_C];
    if (here < all)
        cseg_log_write(s->context, CELLSEG_LOG_WARNING, "%u of the %u channels that the text describes are in the file",
                       (unsigned)here, (unsigned)all);
    else if (s->axes->components != 0 && s->axes->components != *channels)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the OME-XML states %u channels, and the pages have %zu",
                         (unsigned)s->axes->components, *channels);
    return CELLSEG_OK;
}

/* Names belong to channels or, where there are as many, to their samples. */
static const char *name_of(const cseg_axes *axes, uint32_t c, uint16_t sample, uint16_t samples) {
    const size_t index = axes->name_count > axes->size[CSEG_AXIS_C] ? (size_t)c * samples + sample : c;
    return index < axes->name_count ? axes->names[index] : NULL;
}

static cellseg_status add_sample(const selector *s, uint32_t c, uint16_t sample, uint16_t samples) {
    cseg_io_selection *out = s->out;
    cseg_io_channel *channel = &out->channels[out->channel_count++];
    channel->first = out->plane_count;
    for (uint32_t z = s->choice.z; z < s->choice.z + s->choice.slices; z++) {
        size_t page;
        CSEG_TRY(find(&page, s, c, z));
        if (samples_of(s, page) != samples)
            return cseg_fail(CELLSEG_ERR_FORMAT, "page %zu has %u samples, and another of its channel %u", page + 1,
                             (unsigned)samples_of(s, page), (unsigned)samples);
        out->planes[out->plane_count++] = (cseg_io_plane){page, sample};
    }
    channel->count = out->plane_count - channel->first;
    return cseg_string_copy(&channel->name, s->context, name_of(s->axes, c, sample, samples));
}

static cellseg_status fill(const selector *s) {
    size_t channels, page;
    CSEG_TRY(count_channels(&channels, s));
    s->out->channels = cseg_memory_calloc(s->context, channels, sizeof *s->out->channels);
    if (s->out->channels == NULL)
        return cseg_error_last();
    s->out->planes = cseg_memory_calloc(s->context, channels * s->choice.slices, sizeof *s->out->planes);
    if (s->out->planes == NULL)
        return cseg_error_last();
    for (uint32_t c = 0; c < s->axes->size[CSEG_AXIS_C]; c++) {
        if (!s->extent->channels[c])
            continue;
        CSEG_TRY(find(&page, s, c, s->choice.z));
        const uint16_t samples = samples_of(s, page);
        for (uint16_t sample = 0; sample < samples; sample++)
            CSEG_TRY(add_sample(s, c, sample, samples));
    }
    return CELLSEG_OK;
}

static cellseg_status choose_planes(cseg_io_selection *out, cellseg_context *context, const cseg_io_contents *contents,
                                    const cseg_axes *axes, const cseg_io_request *request) {
    cseg_axes_extent extent;
    selector s = {.context = context, .contents = contents, .axes = axes, .extent = &extent, .out = out};
    cseg_axes_measure(&extent, axes);
    CSEG_TRY(choose(&s.choice, axes, &extent, request));
    return fill(&s);
}

/* ImageJ's resolution tags are in ImageJ's unit, and count once. */
static cellseg_status choose_pixel_size(double *pixel_size_um, cellseg_context *context, const cseg_io_calibration *c,
                                        const cseg_ome_image *image, const cseg_io_request *request) {
    const cseg_io_scale none = {.unknown_unit = ""};
    cseg_io_scale description;
    CSEG_TRY(cseg_metamorph_read(&description, context, c->description));
    const cseg_io_statement statements[CSEG_PIXELSIZE_MAX_STATEMENTS] = {
        {"OME-XML", image != NULL ? image->scale : none},
        {"ImageJ", cseg_imagej_scale(c)},
        {"MetaMorph's description", description},
        {"MetaMorph's tags", {.spacing = c->metamorph, .unknown_unit = ""}},
        {"the resolution tags", cseg_imagej_has_unit(c->description) ? none : cseg_pixelsize_by_tags(c)}};
    return cseg_pixelsize_choose(pixel_size_um, context, statements, CSEG_PIXELSIZE_MAX_STATEMENTS, c->own, request);
}

cellseg_status cseg_planes_choose(cseg_io_selection *out, cellseg_context *context, const cseg_io_contents *contents,
                                  const cseg_io_request *request) {
    cseg_ome ome;
    cseg_axes axes = {.run_count = 0};
    const cseg_ome_image *image = NULL;
    *out = (cseg_io_selection){.channel_count = 0};
    cellseg_status status = cseg_ome_parse(&ome, context, contents->calibration.description);
    if (status == CELLSEG_OK)
        status = lay_out(&axes, &image, context, &ome, contents, request);
    if (status == CELLSEG_OK)
        status = choose_planes(out, context, contents, &axes, request);
    if (status == CELLSEG_OK)
        status = choose_pixel_size(&out->pixel_size_um, context, &contents->calibration, image, request);
    if (status != CELLSEG_OK)
        cseg_planes_free(out);
    cseg_axes_free(&axes);
    cseg_ome_free(&ome);
    return status;
}

void cseg_planes_free(cseg_io_selection *selection) {
    for (size_t i = 0; selection->channels != NULL && i < selection->channel_count; i++)
        cseg_memory_free(selection->channels[i].name);
    cseg_memory_free(selection->channels);
    cseg_memory_free(selection->planes);
    *selection = (cseg_io_selection){0};
}
