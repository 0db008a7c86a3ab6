/* SPDX-License-Identifier: BSD-3-Clause */
/* Text files that are written while they grow; for the io room only. */
#ifndef CSEG_IO_DOCUMENT_H
#define CSEG_IO_DOCUMENT_H

#include "io/io.h"

/* Points between two calls of cseg_document_next(). */
enum { CSEG_DOCUMENT_POINTS = 1024 };

typedef struct cseg_document {
    cellseg_context *context;
    cseg_file *file;
    cseg_text text; /* what is not in the file yet */
    uint64_t written;
} cseg_document;

/* Write all of a file: cseg_text_add() to document->text, and cseg_document_next() now and then. */
typedef cellseg_status (*cseg_document_fn)(cseg_document *document, const void *data);

/* A public call that writes a text file. */
cellseg_status cseg_document_write(cseg_target *target, cellseg_context *context, cseg_document_fn write, const void *data);

/* Between two pieces of the text: keep little of it in memory, and report progress. `point` of so many outlines is the next. */
cellseg_status cseg_document_next(cseg_document *document, const cellseg_outlines *outlines, size_t point);

/* A point as "x,y": each as cseg_text_add_number() prints a number. */
void cseg_document_add_point(cseg_text *text, const double *point);

/* ---- labels of outlines ---- */

/* Rings first to end - 1 of outlines: all those of one label. */
typedef struct cseg_document_label {
    uint32_t id;
    size_t first, end;
} cseg_document_label;

/* The label after `label`, from {0} on; false after the last. */
bool cseg_document_step(cseg_document_label *label, const cellseg_outlines *outlines);

/* The same up to the label of an id; false if outlines, NULL for none, have no such label. Ids must rise from call to call. */
bool cseg_document_seek(cseg_document_label *label, const cellseg_outlines *outlines, uint32_t id);

/* CELLSEG_ERR_ARGUMENT unless cells are there, and nuclei, if any, have the same size and unit. */
cellseg_status cseg_document_check(const cellseg_outlines *cells, const cellseg_outlines *nuclei);

#endif
