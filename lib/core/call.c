/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame of a public call: the floating-point environment and the progress. Results are the same bytes whatever rounding,
 * flush-to-zero or traps the host has set, so a call computes in the default environment and gives the host's back. A public
 * call inside another is nested: its progress covers the outer call's step, and only the outermost call starts and finishes.
 */
#include "core/context.h"

void cseg_call_begin(cseg_call *call, cellseg_context *context) {
    call->context = context;
    cseg_environment_begin(&call->host);
    if (context == NULL)
        return;
    if (context->depth == 0)
        cseg_progress_start(context);
    call->outer_window = context->window;
    call->outer_step = context->step;
    context->window = context->step;
    context->depth++;
}

cellseg_status cseg_call_end(cseg_call *call, cellseg_status status) {
    cellseg_context *context = call->context;
    if (context != NULL) {
        context->window = call->outer_window;
        context->step = call->outer_step;
        context->depth--;
        if (context->depth == 0)
            context->workers = 0;
        if (context->depth == 0 && status == CELLSEG_OK)
            cseg_progress_finish(context);
        if (context->depth == 0 && status == CELLSEG_ERR_CANCELLED)
            cellseg_context_cancel_clear(context);
    }
    cseg_environment_end(&call->host);
    return status;
}
