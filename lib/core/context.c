/* SPDX-License-Identifier: BSD-3-Clause */
/* The context: its options checked, its heap and its pool. */
#include "core/context.h"

#define FIRST_RELEASE_SIZE (offsetof(cellseg_context_options, progress_user) + sizeof(void *))

static cellseg_context_options defaults(void) {
    const cellseg_context_options options = {.struct_size = sizeof options};
    return options;
}

cellseg_status cellseg_context_options_init(cellseg_context_options *options, size_t struct_size) {
    const cellseg_context_options own = defaults();
    return cseg_options_init(options, struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_context_options");
}

static bool level_runs_here(int32_t level) {
    const int32_t best = cseg_cpu_best();
    if (level == CELLSEG_CPU_PORTABLE || level == CELLSEG_CPU_BLAS || level == best)
        return true;
    return level == CELLSEG_CPU_AVX2 && best == CELLSEG_CPU_AVX512;
}

static cellseg_status check(const cellseg_context_options *options) {
    CSEG_TRY(cseg_range_check("threads", options->threads, 0, 1024));
    if ((options->alloc == NULL) != (options->free == NULL))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "alloc and free must both be given, or neither");
    if (options->cpu_level == CELLSEG_CPU_BLAS && !cseg_cpu_has_blas())
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cpu_level is CELLSEG_CPU_BLAS, but this library was built without OpenBLAS; "
                                               "choose CELLSEG_CPU_FASTEST or build with OpenBLAS");
    if (!level_runs_here(cseg_cpu_level(options->cpu_level)))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cpu_level %d does not run on this processor", (int)options->cpu_level);
    return CELLSEG_OK;
}

cellseg_status cellseg_context_new(cellseg_context **out, const cellseg_context_options *options) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cellseg_context_options own = defaults();
    CSEG_TRY(cseg_options_copy(&own, sizeof own, FIRST_RELEASE_SIZE, options, "cellseg_context_options"));
    CSEG_TRY(check(&own));

    cseg_heap *heap = cseg_heap_new(&own);
    if (heap == NULL)
        return cseg_error_last();
    cellseg_context *context = cseg_heap_alloc(heap, sizeof *context);
    cseg_heap_release(heap); /* the block that holds the context keeps it alive */
    if (context == NULL)
        return cseg_error_last();
    *context = (cellseg_context){.options = own, .heap = heap};
    context->threads = own.threads > 0 ? own.threads : cseg_cpu_count();
    context->cpu_level = cseg_cpu_level(own.cpu_level);
    atomic_init(&context->cancelled, false);
    atomic_init(&context->cancel_requested, 0);
    if (own.parallel_for == NULL && context->threads > 1) {
        const cellseg_status status = cseg_pool_new(&context->pool, heap, context->threads);
        if (status != CELLSEG_OK) {
            cseg_memory_free(context);
            return status;
        }
    }
    cseg_heap_set_budget(heap, own.memory_budget_bytes);
    *out = context;
    return CELLSEG_OK;
}

void cellseg_context_free(cellseg_context *context) {
    if (context == NULL)
        return;
    cseg_pool_free(context->pool);
    cseg_memory_free(context);
}

static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may cancel"); /* smaller flags have locks on some processors */

void cellseg_context_cancel(cellseg_context *context) {
    if (context != NULL)
        atomic_store(&context->cancel_requested, 1);
}

void cellseg_context_cancel_clear(cellseg_context *context) {
    if (context != NULL)
        atomic_store(&context->cancel_requested, 0);
}

int32_t cellseg_context_threads(const cellseg_context *context) {
    return context != NULL ? context->threads : cseg_cpu_count();
}

int32_t cellseg_context_cpu_level(const cellseg_context *context) {
    return context != NULL ? context->cpu_level : cseg_cpu_best();
}
