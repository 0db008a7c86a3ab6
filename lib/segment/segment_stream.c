/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segmentation from a source to sinks. The steps are those of the whole image; here lie what is around them: where the planes
 * between the steps lie, the reading of the source, and the writing of the results by bands of rows. Cost: the steps', and a
 * pass over the image for each output.
 */
#include "filter/filter.h"
#include "segment/channel.h"

#define OUTPUTS_FIRST_RELEASE (offsetof(cellseg_stream_outputs, maps) + sizeof(cellseg_sink *))

/* ---- options and outputs ---- */

#define ROW(...) CSEG_OPTION(cellseg_stream_options, __VA_ARGS__)
static const cellseg_option rows[] = {
    ROW(scratch_folder, 0, 0, 0, 0, "", "folder of temporary files that hold the planes between the steps"),
    ROW(tile_px, 0, 0, 0, 65536, "px", "edge of the tiles that the steps work on; 0: by the memory budget"),
};
static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_stream_options, rows, tile_px);

cellseg_status cellseg_stream_options_init(cellseg_stream_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

const cellseg_option_table *cellseg_stream_options_table(void) {
    return &table;
}

cellseg_status cellseg_stream_outputs_init(cellseg_stream_outputs *outputs, size_t struct_size) {
    const cellseg_stream_outputs none = {.struct_size = sizeof none};
    return cseg_options_init(outputs, struct_size, &none, sizeof none, OUTPUTS_FIRST_RELEASE, "cellseg_stream_outputs");
}

static cellseg_status check_sink(const cellseg_sink *sink, const char *what, const cseg_channel *channel, int32_t type,
                                 int32_t channels) {
    if (sink == NULL)
        return CELLSEG_OK;
    if (cellseg_sink_height(sink) != channel->height || cellseg_sink_width(sink) != channel->width)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the sink of the %s takes %zu x %zu pixels; the image has %zu x %zu", what,
                         cellseg_sink_height(sink), cellseg_sink_width(sink), channel->height, channel->width);
    if (cellseg_sink_pixel_type(sink) != type || cellseg_sink_channels(sink) != channels)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the sink of the %s must take %d channels of %s", what, (int)channels,
                         type == CELLSEG_UINT32 ? "uint32" : "float32");
    return CELLSEG_OK;
}

static cellseg_status check_outputs(cellseg_stream_outputs *own, const cellseg_stream_outputs *outputs,
                                    const cseg_segmentation *s) {
    if (outputs == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "outputs is NULL");
    CSEG_TRY(cseg_options_copy(own, sizeof *own, OUTPUTS_FIRST_RELEASE, outputs, "cellseg_stream_outputs"));
    if (own->cells == NULL && own->nuclei == NULL && own->maps == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "outputs: there is no sink");
    if (own->maps != NULL && s->model == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "outputs: the two-channel method has no maps");
    CSEG_TRY(check_sink(own->cells, "cells", &s->marker, CELLSEG_UINT32, 1));
    CSEG_TRY(check_sink(own->nuclei, "nuclei", &s->marker, CELLSEG_UINT32, 1));
    return check_sink(own->maps, "maps", &s->marker, CELLSEG_FLOAT32, s->model != NULL ? (int32_t)s->rule->classes : 0);
}

/* ---- writing ---- */

typedef struct write_job {
    const cseg_segmentation *s;
    const cellseg_stream_outputs *outputs;
    const cseg_store *from; /* packed labels, or a map */
} write_job;

static cellseg_status write_rows(const write_job *job, cellseg_sink *sink, const cseg_plane *rows_of) {
    return sink == NULL ? CELLSEG_OK
                        : cellseg_sink_write(sink, job->s->scratch.context, rows_of->data, rows_of->stride, rows_of->height);
}

static cellseg_status write_labels_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const write_job *job = data;
    cellseg_context *context = job->s->scratch.context;
    cseg_part packed = {0};
    cseg_plane cells = {0}, nuclei = {0};
    cellseg_status status;
    (void)window;
    (void)sure;
    CSEG_TRY_GOTO(done, cseg_part_open(&packed, job->from, tile));
    CSEG_TRY_GOTO(done, cseg_plane_new(&cells, context, CELLSEG_UINT32, tile->height, tile->width));
    CSEG_TRY_GOTO(done, cseg_plane_new(&nuclei, context, CELLSEG_UINT32, tile->height, tile->width));
    CSEG_TRY_GOTO(done, cseg_channel_unpack(context, &cells, &nuclei, &packed.plane));
    CSEG_TRY_GOTO(done, write_rows(job, job->outputs->cells, &cells));
    status = write_rows(job, job->outputs->nuclei, &nuclei);
done:
    cseg_plane_free(&nuclei);
    cseg_plane_free(&cells);
    cseg_part_close(&packed);
    return status;
}

static cellseg_status write_map_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    const write_job *job = data;
    const cseg_channel *c = &job->s->marker;
    cellseg_context *context = job->s->scratch.context;
    const cseg_rect needed = cseg_resample_needs(tile, c->height, c->width, job->from->height, job->from->width);
    cseg_part map;
    cseg_plane out = {0};
    (void)window;
    (void)sure;
    CSEG_TRY(cseg_part_open_unit(&map, job->from, &needed));
    cellseg_status status = cseg_plane_new(&out, context, CELLSEG_FLOAT32, tile->height, tile->width);
    const cseg_piece to = {out, tile->top, 0, c->height, c->width};
    const cseg_piece from = {map.plane, needed.top, needed.left, job->from->height, job->from->width};
    if (status == CELLSEG_OK)
        status = cseg_resample_linear_piece(context, &to, &from);
    if (status == CELLSEG_OK)
        status = write_rows(job, job->outputs->maps, &out);
    cseg_plane_free(&out);
    cseg_part_close(&map);
    return status;
}

static cseg_tiles bands_of(const cseg_segmentation *s, size_t pixel_bytes) {
    return (cseg_tiles){.scratch = &s->scratch,
                        .height = s->marker.height,
                        .width = s->marker.width,
                        .pixel_bytes = pixel_bytes,
                        .whole_rows = true};
}

static cellseg_status write_maps(cseg_segmentation *s, const cellseg_stream_outputs *outputs) {
    const cseg_tiles bands = bands_of(s, 16);
    for (uint32_t i = 0; outputs->maps != NULL && i < s->rule->classes; i++) {
        write_job job = {.s = s, .outputs = outputs, .from = &s->maps[i]};
        CSEG_TRY(cseg_tiles_run(&bands, write_map_tile, &job));
    }
    cseg_segmentation_free_maps(s);
    return CELLSEG_OK;
}

static cellseg_status write_labels(cseg_segmentation *s, const cellseg_stream_outputs *outputs) {
    const cseg_found found = {&s->cells, &s->nuclei, s->count, s->cell_of, s->confidence};
    const cseg_tiles bands = bands_of(s, 12);
    cseg_store packed;
    CSEG_TRY(cseg_store_new(&packed, &s->scratch, CELLSEG_UINT32, s->marker.height, s->marker.width));
    write_job job = {.s = s, .outputs = outputs, .from = &packed};
    cellseg_status status = cseg_channel_finalize(&s->scratch, &packed, &s->marker, &found, &s->settings, &s->report);
    if (status == CELLSEG_OK)
        status = cseg_tiles_run(&bands, write_labels_tile, &job);
    cseg_store_free(&packed);
    return status;
}

/* ---- the call ---- */

static cellseg_status open_channels(cseg_segmentation *s, cellseg_source *marker, cellseg_source *nuclear) {
    const cellseg_segment_options *o = &s->settings.options;
    CSEG_TRY(cseg_channel_open_source(&s->marker, marker, o->channel, o->pixel_size_um, "the marker"));
    if (s->model != NULL && nuclear != NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "a model takes no nuclear stain");
    if (s->model != NULL)
        return cseg_singlechannel_prepare(s);
    CSEG_TRY(cseg_channel_open_source(&s->nuclear, nuclear, o->nuclei_channel, o->pixel_size_um, "the nuclear image"));
    return cseg_twochannel_prepare(s);
}

static cellseg_status begin(cseg_segmentation *s, cellseg_source *marker, cellseg_source *nuclear,
                            const cellseg_segment_options *options, const cellseg_stream_options *stream) {
    cellseg_stream_options own;
    int32_t extra_kind;
    CSEG_TRY(cseg_option_read(&own, &table, stream, CELLSEG_PRESET_DEFAULT));
    if (own.tile_px != 0)
        CSEG_TRY(cseg_range_check("tile_px", (double)own.tile_px, 64, 65536));
    CSEG_TRY(cseg_settings_read(&s->settings, options));
    if (s->model != NULL)
        CSEG_TRY(cseg_predict_extra(&extra_kind, s->model));
    CSEG_TRY(open_channels(s, marker, nuclear));
    s->scratch.folder = own.scratch_folder;
    s->scratch.tile_px = (size_t)own.tile_px;
    return cseg_needs_check(&s->scratch, &s->marker, s->model, &s->settings, 0);
}

static cellseg_status run(cseg_segmentation *s, const cellseg_stream_outputs *outputs) {
    CSEG_TRY(s->model != NULL ? cseg_singlechannel_run(s) : cseg_twochannel_run(s));
    CSEG_TRY(write_maps(s, outputs));
    CSEG_TRY(write_labels(s, outputs));
    s->report.seconds_finalize = cseg_report_lap(&s->clock);
    return CELLSEG_OK;
}

cellseg_status cellseg_segment_stream(const cellseg_stream_outputs *outputs, cellseg_segment_report *report,
                                      cellseg_context *context, const cellseg_model *model, cellseg_source *marker,
                                      cellseg_source *nuclear, const cellseg_segment_options *options,
                                      const cellseg_stream_options *stream) {
    cseg_segmentation s = {.scratch = cseg_channel_scratch(context), .model = model};
    cellseg_stream_outputs own = {.struct_size = sizeof own};
    cseg_call call;
    CSEG_TRY(cseg_report_begin(&s.report, report, context));
    cseg_call_begin(&call, context);
    (void)cseg_report_lap(&s.clock);
    cellseg_status status = begin(&s, marker, nuclear, options, stream);
    if (status == CELLSEG_OK)
        status = check_outputs(&own, outputs, &s);
    if (status == CELLSEG_OK)
        status = run(&s, &own);
    cseg_segmentation_release(&s);
    return cseg_call_end(&call, cseg_report_end(&s.report, report, context, status));
}
