/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory planning, greedy by size, as in "Efficient Memory Management for Deep Neural Net Inference" (Pisarchyk and Lee 2020).
 * The largest buffer comes first, each at the lowest offset where no buffer placed before is in use at the same time.
 */
#include "nn/spans.h"

#include <string.h>

enum { ALIGN_FLOATS = 16, MAX_SPANS = 512 };

static bool meet(const cseg_span *a, const cseg_span *b) {
    return a->first <= b->last && b->first <= a->last;
}

static bool overlap(const cseg_span *a, const cseg_span *b) {
    return a->offset < b->offset + b->floats && b->offset < a->offset + a->floats;
}

static void place(cseg_span *span, const cseg_span *spans, const bool *placed, size_t count) {
    span->offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (!placed[i] || !meet(span, &spans[i]) || !overlap(span, &spans[i]))
            continue;
        span->offset = spans[i].offset + spans[i].floats;
        i = (size_t)-1; /* start again: the new place may overlap a span that was passed */
    }
}

size_t cseg_spans_place(cseg_span *spans, size_t count) {
    assert(count <= MAX_SPANS);
    bool placed[MAX_SPANS] = {false};
    size_t end = 0;
    for (;;) {
        size_t largest = count;
        for (size_t i = 0; i < count; i++) {
            if (!placed[i] && spans[i].floats > 0 && (largest == count || spans[i].floats > spans[largest].floats))
                largest = i;
        }
        if (largest == count)
            return end;
        cseg_span *span = &spans[largest];
        span->floats = (span->floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
        place(span, spans, placed, count);
        placed[largest] = true;
        if (span->offset + span->floats > end)
            end = span->offset + span->floats;
    }
}

void cseg_spans_clear_frame(const cseg_tensor *tensor) {
    const size_t before = tensor->frame * (tensor->row + tensor->pixel);
    const size_t line = tensor->width * tensor->pixel;
    for (size_t n = 0; n < tensor->images; n++) {
        float *image = tensor->data + n * tensor->image;
        memset(image - before, 0, before * sizeof(float));
        for (size_t y = 0; y + 1 < tensor->height; y++)
            memset(image + y * tensor->row + line, 0, (tensor->row - line) * sizeof(float));
        float *last = image + (tensor->height - 1) * tensor->row + line;
        memset(last, 0, before * sizeof(float));
    }
}
