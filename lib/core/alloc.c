/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory through the context's hooks. A 64-byte header before every block names the block's heap, so that a block can be
 * released without its context and the budget stays exact. The header keeps the block aligned for any vector register.
 */
#include "core/context.h"
#include "core/system.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

typedef struct block_header {
    void *base;
    size_t bytes;
    cseg_heap *heap; /* NULL: malloc */
} block_header;

static_assert(sizeof(block_header) <= ALIGNMENT, "the header must fit before an aligned block");

bool cseg_memory_mul(size_t a, size_t b, size_t *product) {
    if (a != 0 && b > SIZE_MAX / a)
        return false;
    *product = a * b;
    return true;
}

cseg_heap *cseg_heap_new(const cellseg_context_options *options) {
    cseg_heap *heap = options->alloc != NULL ? options->alloc(options->memory_user, sizeof *heap) : malloc(sizeof *heap);
    if (heap == NULL) {
        (void)cseg_fail(CELLSEG_ERR_MEMORY, "no memory for a context");
        return NULL;
    }
    memset(heap, 0, sizeof *heap);
    heap->alloc = options->alloc;
    heap->free = options->free;
    heap->user = options->memory_user;
    atomic_init(&heap->references, 1);
    atomic_init(&heap->used, 0);
    return heap;
}

void cseg_heap_set_budget(cseg_heap *heap, uint64_t bytes) {
    heap->own = atomic_load(&heap->used);
    heap->budget = bytes;
}

static uint64_t used_by_calls(const cseg_heap *heap) {
    return atomic_load(&heap->used) - heap->own;
}

void cseg_heap_release(cseg_heap *heap) {
    if (heap == NULL || atomic_fetch_sub(&heap->references, 1) != 1)
        return;
    if (heap->free != NULL)
        heap->free(heap->user, heap);
    else
        free(heap);
}

static bool reserve(cseg_heap *heap, size_t bytes) {
    const uint64_t used = atomic_fetch_add(&heap->used, bytes) + bytes;
    if (heap->budget != 0 && used - heap->own > heap->budget) {
        atomic_fetch_sub(&heap->used, bytes);
        return false;
    }
    uint64_t peak = atomic_load(&heap->peak);
    while (used > peak && !atomic_compare_exchange_weak(&heap->peak, &peak, used))
        continue;
    return true;
}

void *cseg_heap_alloc(cseg_heap *heap, size_t bytes) {
    if (bytes > SIZE_MAX / 2) {
        (void)cseg_fail(CELLSEG_ERR_MEMORY, "a request for %zu bytes is too large", bytes);
        return NULL;
    }
    const size_t total = bytes + 2 * (size_t)ALIGNMENT;
    if (heap != NULL && !reserve(heap, total)) {
        (void)cseg_fail(CELLSEG_ERR_LIMIT, "the memory budget of %llu bytes is spent", (unsigned long long)heap->budget);
        return NULL;
    }
    const bool hooked = heap != NULL && heap->alloc != NULL;
    char *base = hooked ? heap->alloc(heap->user, total) : malloc(total);
    if (base == NULL) {
        if (heap != NULL)
            atomic_fetch_sub(&heap->used, total);
        (void)cseg_fail(CELLSEG_ERR_MEMORY, "no memory for %zu bytes", bytes);
        return NULL;
    }
    if (!hooked)
        cseg_system_advise_large_pages(base, total);
    if (heap != NULL)
        atomic_fetch_add(&heap->references, 1);
    char *block = base + ALIGNMENT + (ALIGNMENT - (uintptr_t)base % ALIGNMENT) % ALIGNMENT;
    const block_header header = {base, total, heap};
    memcpy(block - sizeof header, &header, sizeof header);
    return block;
}

static void *alloc_items(cseg_heap *heap, size_t count, size_t size) {
    size_t bytes;
    if (!cseg_memory_mul(count, size, &bytes)) {
        (void)cseg_fail(CELLSEG_ERR_MEMORY, "%zu items of %zu bytes are too much", count, size);
        return NULL;
    }
    return cseg_heap_alloc(heap, bytes);
}

void *cseg_memory_alloc(cellseg_context *context, size_t count, size_t size) {
    return alloc_items(context != NULL ? context->heap : NULL, count, size);
}

static block_header header_of(const void *block) {
    block_header header;
    memcpy(&header, (const char *)block - sizeof header, sizeof header);
    return header;
}

void *cseg_memory_alloc_beside(const void *block, size_t count, size_t size) {
    return alloc_items(header_of(block).heap, count, size);
}

/* Clearing fresh pages takes time: between pieces of a large block, a cancel ends the running call. */
void *cseg_memory_calloc(cellseg_context *context, size_t count, size_t size) {
    const size_t piece = (size_t)16 << 20;
    char *block = cseg_memory_alloc(context, count, size);
    const size_t bytes = block != NULL ? count * size : 0;
    for (size_t done = 0; done < bytes; done += piece) {
        if (done > 0 && context != NULL && context->depth > 0 && cseg_progress_cancelled(context) != CELLSEG_OK) {
            cseg_memory_free(block);
            return NULL;
        }
        memset(block + done, 0, bytes - done < piece ? bytes - done : piece);
    }
    return block;
}

void cseg_memory_free(void *block) {
    if (block == NULL)
        return;
    const block_header header = header_of(block);
    if (header.heap == NULL) {
        free(header.base);
        return;
    }
    atomic_fetch_sub(&header.heap->used, header.bytes);
    if (header.heap->free != NULL)
        header.heap->free(header.heap->user, header.base);
    else
        free(header.base);
    cseg_heap_release(header.heap);
}

void cseg_memory_peak_start(cellseg_context *context) {
    if (context != NULL)
        atomic_store(&context->heap->peak, atomic_load(&context->heap->used));
}

uint64_t cseg_memory_peak(const cellseg_context *context) {
    return context != NULL ? atomic_load(&context->heap->peak) - context->heap->own : 0;
}

uint64_t cseg_budget_left(const cellseg_context *context) {
    if (context == NULL || context->heap->budget == 0)
        return UINT64_MAX;
    const uint64_t used = used_by_calls(context->heap);
    return used < context->heap->budget ? context->heap->budget - used : 0;
}

cellseg_status cseg_budget_check(cellseg_context *context, uint64_t bytes, const char *what) {
    if (context == NULL || context->heap->budget == 0)
        return CELLSEG_OK;
    const uint64_t used = used_by_calls(context->heap);
    if (bytes <= context->heap->budget && used <= context->heap->budget - bytes)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_LIMIT, "%s needs %llu bytes; the memory budget is %llu, of which %llu are in use", what,
                     (unsigned long long)bytes, (unsigned long long)context->heap->budget, (unsigned long long)used);
}
