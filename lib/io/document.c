/* SPDX-License-Identifier: BSD-3-Clause */
/* What the writers of outlines have in common: a text file, and outlines label by label. */
#include "io/document.h"

#include "measure/measure.h"

#include <math.h>

enum { PIECE_BYTES = 1 << 16 };

/* The caller reads file->error. */
static void put_text(cseg_document *document) {
    (void)cseg_file_write_at(document->file, document->text.bytes, document->text.length, document->written);
    document->written += document->text.length;
    document->text.length = 0;
}

cellseg_status cseg_document_next(cseg_document *document, const cellseg_outlines *outlines, size_t point) {
    const size_t points = cellseg_outlines_offsets(outlines)[cellseg_outlines_rings(outlines)];
    if (document->text.status == CELLSEG_OK && document->text.length >= PIECE_BYTES)
        put_text(document);
    CSEG_TRY(document->text.status);
    return cseg_progress_poll(document->context, (double)point / (double)points);
}

static cellseg_status write_file(cseg_target *target, cellseg_context *context, cseg_document_fn write, const void *data) {
    cseg_progress_step(context, "writing", 0, 1);
    CSEG_TRY(cseg_target_open(target, context));
    cseg_document document = {.context = context, .file = &target->file, .text = {.context = context}};
    cellseg_status status = write(&document, data);
    if (status == CELLSEG_OK)
        status = document.text.status;
    if (status == CELLSEG_OK)
        put_text(&document);
    cseg_memory_free(document.text.bytes);
    return cseg_target_close(target, status);
}

cellseg_status cseg_document_write(cseg_target *target, cellseg_context *context, cseg_document_fn write, const void *data) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, write_file(target, context, write, data));
}

/* ---- points ---- */

/* Points are whole thousandths of a pixel (measure.h), whose digits need no search. */
static void add_coordinate(cseg_text *text, double value) {
    enum { SIZE = 32 };
    const double steps = floor(value * 1000 + 0.5);
    if (!(steps >= 0 && steps < 4294967296000 && steps / 1000 == value)) {
        cseg_text_add_number(text, value);
        return;
    }
    char digits[SIZE];
    size_t first = SIZE;
    uint64_t rest = (uint64_t)steps;
    for (size_t place = 3; place > 0; place--, rest /= 10)
        if (first < SIZE || rest % 10 != 0)
            digits[--first] = (char)('0' + rest % 10);
    if (first < SIZE)
        digits[--first] = '.';
    do
        digits[--first] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    cseg_text_add_bytes(text, digits + first, SIZE - first);
}

void cseg_document_add_point(cseg_text *text, const double *point) {
    add_coordinate(text, point[0]);
    cseg_text_add_bytes(text, ",", 1);
    add_coordinate(text, point[1]);
}

/* ---- labels of outlines ---- */

bool cseg_document_step(cseg_document_label *label, const cellseg_outlines *outlines) {
    const size_t rings = cellseg_outlines_rings(outlines);
    if (label->end == rings)
        return false;
    const uint32_t *ids = cellseg_outlines_ids(outlines);
    label->first = label->end;
    label->id = ids[label->first];
    while (label->end < rings && ids[label->end] == label->id)
        label->end++;
    return true;
}

bool cseg_document_seek(cseg_document_label *label, const cellseg_outlines *outlines, uint32_t id) {
    while (label->id < id)
        if (!cseg_document_step(label, outlines))
            return false;
    return label->id == id;
}

cellseg_status cseg_document_check(const cellseg_outlines *cells, const cellseg_outlines *nuclei) {
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    const double height = cellseg_outlines_height(cells), width = cellseg_outlines_width(cells);
    if (nuclei != NULL && (cellseg_outlines_height(nuclei) != height || cellseg_outlines_width(nuclei) != width))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "outlines of cells lie in %g x %g, those of nuclei in %g x %g", height, width,
                         cellseg_outlines_height(nuclei), cellseg_outlines_width(nuclei));
    return CELLSEG_OK;
}
