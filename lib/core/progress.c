/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress, cancel and log: callbacks fire on the calling thread only, and progress never falls within one call. */
#include "core/context.h"

#include <stdarg.h>
#include <stdio.h>

void cseg_progress_start(cellseg_context *context) {
    if (context == NULL)
        return;
    context->step_name = "start";
    context->step_from = 0;
    context->step_to = 1;
    context->reported = 0;
    context->last_report_ns = 0; /* every call reports at least once, however short */
    atomic_store(&context->cancelled, false);
}

void cseg_progress_step(cellseg_context *context, const char *name, double from, double to) {
    if (context == NULL)
        return;
    context->step_name = name;
    context->step_from = from;
    context->step_to = to;
}

cellseg_status cseg_progress_report(cellseg_context *context, double fraction_of_step) {
    if (context == NULL || context->options.progress == NULL)
        return CELLSEG_OK;
    const double fraction = context->step_from + (context->step_to - context->step_from) * fraction_of_step;
    if (fraction > context->reported)
        context->reported = fraction;
    if (context->options.progress(context->options.progress_user, context->reported, context->step_name) != 0)
        atomic_store(&context->cancelled, true);
    return cseg_progress_cancelled(context);
}

cellseg_status cseg_progress_cancelled(const cellseg_context *context) {
    if (context == NULL || !atomic_load_explicit(&context->cancelled, memory_order_relaxed))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_CANCELLED, "cancelled by the progress callback");
}

void cseg_log_write(cellseg_context *context, int32_t level, const char *format, ...) {
    if (context == NULL || context->options.log == NULL)
        return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    context->options.log(context->options.log_user, level, line);
}
