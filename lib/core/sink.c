/* SPDX-License-Identifier: BSD-3-Clause */
/* Sinks: images that are written row by row; they see to it that every row comes once, in order. */
#include "core/core.h"

#include <errno.h>

#define FIRST_RELEASE_SIZE (offsetof(cellseg_sink_callbacks, release) + sizeof(cellseg_done_fn))
enum { MAX_CHANNELS = 65535 };

struct cellseg_sink {
    cellseg_sink_callbacks callbacks; /* its name is owned */
    bool failed, finished;
    int32_t channel; /* of the next row */
    size_t top;      /* the next row */
};

cellseg_status cellseg_sink_callbacks_init(cellseg_sink_callbacks *callbacks, size_t struct_size) {
    static const cellseg_sink_callbacks defaults = {.struct_size = sizeof defaults, .channels = 1, .pixel_type = CELLSEG_UINT32};
    return cseg_options_init(callbacks, struct_size, &defaults, sizeof defaults, FIRST_RELEASE_SIZE, "cellseg_sink_callbacks");
}

static cellseg_status check(const cellseg_sink_callbacks *c) {
    if (c->write == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the sink has no function to write");
    if (cseg_plane_type_size(c->pixel_type) == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "pixel type %d is unknown", (int)c->pixel_type);
    CSEG_TRY(cseg_plane_check_size(c->height, c->width));
    return cseg_range_check("channels", c->channels, 1, MAX_CHANNELS);
}

cellseg_status cellseg_sink_new(cellseg_sink **out, cellseg_context *context, const cellseg_sink_callbacks *callbacks) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (callbacks == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "callbacks is NULL");
    cellseg_sink_callbacks own = {.struct_size = sizeof own};
    CSEG_TRY(cseg_options_copy(&own, sizeof own, FIRST_RELEASE_SIZE, callbacks, "cellseg_sink_callbacks"));
    CSEG_TRY(check(&own));
    char *name;
    CSEG_TRY(cseg_string_copy(&name, context, own.name != NULL ? own.name : "the output"));
    cellseg_sink *sink = cseg_memory_alloc(context, 1, sizeof *sink);
    if (sink == NULL) {
        cseg_memory_free(name);
        return cseg_error_last();
    }
    own.name = name;
    *sink = (cellseg_sink){.callbacks = own};
    *out = sink;
    return CELLSEG_OK;
}

void cellseg_sink_free(cellseg_sink *sink) {
    if (sink == NULL)
        return;
    if (sink->callbacks.release != NULL)
        sink->callbacks.release(sink->callbacks.user);
    cseg_memory_free((void *)sink->callbacks.name);
    cseg_memory_free(sink);
}

/* ---- figures ---- */

size_t cellseg_sink_height(const cellseg_sink *sink) {
    return sink != NULL ? sink->callbacks.height : 0;
}

size_t cellseg_sink_width(const cellseg_sink *sink) {
    return sink != NULL ? sink->callbacks.width : 0;
}

int32_t cellseg_sink_channels(const cellseg_sink *sink) {
    return sink != NULL ? sink->callbacks.channels : 0;
}

int32_t cellseg_sink_pixel_type(const cellseg_sink *sink) {
    return sink != NULL ? sink->callbacks.pixel_type : 0;
}

/* ---- writing ---- */

/* A failed sink takes nothing more. */
static cellseg_status fail(cellseg_sink *sink, int32_t error, const char *what) {
    const cellseg_status status = cseg_file_fail(what, error > 0 ? error : EIO);
    sink->failed = true;
    return cseg_error_fail_in(status, sink->callbacks.name);
}

static cellseg_status check_open(const cellseg_sink *sink) {
    if (sink == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "sink is NULL");
    if (sink->failed || sink->finished)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: the sink %s before", sink->callbacks.name,
                         sink->failed ? "failed" : "was finished");
    return CELLSEG_OK;
}

static cellseg_status check_rows(const cellseg_sink *sink, const void *rows, size_t stride_bytes, size_t count) {
    const cellseg_sink_callbacks *c = &sink->callbacks;
    if (rows == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "rows is NULL");
    if (sink->channel == c->channels || count > c->height - sink->top || count == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: %zu rows do not follow row %zu of channel %d: the image has %d x %zu",
                         c->name, count, sink->top, (int)sink->channel, (int)c->channels, c->height);
    if (stride_bytes < c->width * cseg_plane_type_size(c->pixel_type))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "stride_bytes is %zu, less than a row's", stride_bytes);
    return CELLSEG_OK;
}

static cellseg_status write_rows(cellseg_sink *sink, const void *rows, size_t stride_bytes, size_t count) {
    const cellseg_sink_callbacks *c = &sink->callbacks;
    const int32_t error = c->write(c->user, rows, stride_bytes, sink->channel, sink->top, count);
    if (error != 0)
        return fail(sink, error, "cannot be written");
    sink->top += count;
    if (sink->top == c->height) {
        sink->top = 0;
        sink->channel++;
    }
    return CELLSEG_OK;
}

cellseg_status cellseg_sink_write(cellseg_sink *sink, cellseg_context *context, const void *rows, size_t stride_bytes,
                                  size_t count) {
    CSEG_TRY(check_open(sink));
    CSEG_TRY(check_rows(sink, rows, stride_bytes, count));
    cseg_call call;
    cseg_call_begin(&call, context);
    cellseg_status status = cseg_progress_report(context, 0);
    if (status == CELLSEG_OK)
        status = write_rows(sink, rows, stride_bytes, count);
    return cseg_call_end(&call, status);
}

static cellseg_status finish(cellseg_sink *sink) {
    const cellseg_sink_callbacks *c = &sink->callbacks;
    const int32_t error = c->finish != NULL ? c->finish(c->user) : 0;
    sink->finished = error == 0;
    return error == 0 ? CELLSEG_OK : fail(sink, error, "cannot be completed");
}

cellseg_status cellseg_sink_finish(cellseg_sink *sink, cellseg_context *context) {
    CSEG_TRY(check_open(sink));
    if (sink->channel < sink->callbacks.channels)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: rows are missing from row %zu of channel %d on", sink->callbacks.name,
                         sink->top, (int)sink->channel);
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, finish(sink));
}
