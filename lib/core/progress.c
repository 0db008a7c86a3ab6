/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress, cancel and log: callbacks fire on the calling thread only, and progress never falls within one call. */
#include "core/context.h"

void cseg_progress_start(cellseg_context *context) {
    context->window = context->step = (cseg_progress_span){"start", 0, 1};
    context->reported = 0;
    context->last_report = 0; /* every call reports at least once, however short */
    atomic_store(&context->cancelled, false);
}

void cseg_progress_step(cellseg_context *context, const char *name, double from, double to) {
    if (context == NULL)
        return;
    const double length = context->window.to - context->window.from;
    context->step = (cseg_progress_span){name, context->window.from + length * from, context->window.from + length * to};
}

cellseg_status cseg_progress_report(cellseg_context *context, double fraction_of_step) {
    if (context == NULL || context->options.progress == NULL)
        return cseg_progress_cancelled(context);
    const double fraction = context->step.from + (context->step.to - context->step.from) * fraction_of_step;
    if (fraction > context->reported)
        context->reported = fraction < 1 ? fraction : 1;
    if (context->options.progress(context->options.progress_user, context->reported, context->step.name) != 0)
        atomic_store(&context->cancelled, true);
    return cseg_progress_cancelled(context);
}

cellseg_status cseg_progress_poll(cellseg_context *context, double fraction_of_step) {
    const double period = 0.02; /* seconds */
    if (context == NULL || context->options.progress == NULL)
        return cseg_progress_cancelled(context);
    const double now = cseg_clock_seconds();
    if (now - context->last_report < period)
        return cseg_progress_cancelled(context);
    context->last_report = now;
    return cseg_progress_report(context, fraction_of_step);
}

void cseg_progress_finish(cellseg_context *context) {
    if (context->options.progress != NULL)
        (void)context->options.progress(context->options.progress_user, 1, "done");
}

cellseg_status cseg_progress_cancelled(const cellseg_context *context) {
    if (context == NULL)
        return CELLSEG_OK;
    if (atomic_load_explicit(&context->cancelled, memory_order_relaxed))
        return cseg_fail(CELLSEG_ERR_CANCELLED, "cancelled by the progress callback");
    if (atomic_load_explicit(&context->cancel_requested, memory_order_relaxed))
        return cseg_fail(CELLSEG_ERR_CANCELLED, "cancelled by cellseg_context_cancel()");
    return CELLSEG_OK;
}

void cseg_log_write(cellseg_context *context, int32_t level, const char *format, ...) {
    if (context == NULL || context->options.log == NULL)
        return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    (void)cseg_format_list(line, sizeof line, format, arguments);
    va_end(arguments);
    context->options.log(context->options.log_user, level, line);
}
