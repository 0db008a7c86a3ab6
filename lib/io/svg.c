/* SPDX-License-Identifier: BSD-3-Clause */
/* Outlines as SVG 1.1, to lie over the image: one path per label, in the colours of overlay.c. */
#include "io/document.h"

#include "measure/measure.h"

typedef struct drawing {
    const cellseg_outlines *cells, *nuclei;
} drawing;

static cellseg_status add_path(cseg_document *document, const cellseg_outlines *outlines, const cseg_document_label *label,
                               const char *name) {
    cseg_text *text = &document->text;
    const size_t *offsets = cellseg_outlines_offsets(outlines);
    const double *points = cellseg_outlines_points(outlines);
    cseg_text_add(text, "<path id=\"%s-%u\" d=\"", name, (unsigned)label->id);
    for (size_t ring = label->first; ring < label->end; ring++) {
        for (size_t i = offsets[ring]; i < offsets[ring + 1]; i++) {
            cseg_text_add_bytes(text, i == offsets[ring] ? "M" : " ", 1);
            cseg_document_add_point(text, points + 2 * i);
            if (i % CSEG_DOCUMENT_POINTS == 0)
                CSEG_TRY(cseg_document_next(document, outlines, i));
        }
        cseg_text_add_bytes(text, "Z", 1);
    }
    cseg_text_add(text, "\"/>\n");
    return CELLSEG_OK;
}

static cellseg_status add_group(cseg_document *document, const cellseg_outlines *outlines, const char *group, const char *name,
                                const char *colour) {
    cseg_document_label label = {0};
    cseg_text_add(&document->text, "<g id=\"%s\" fill=\"none\" fill-rule=\"evenodd\" stroke=\"%s\">\n", group, colour);
    while (cseg_document_step(&label, outlines))
        CSEG_TRY(add_path(document, outlines, &label, name));
    cseg_text_add(&document->text, "</g>\n");
    return CELLSEG_OK;
}

static void add_size(cseg_text *text, const char *between, double width, double height) {
    cseg_text_add_number(text, width);
    cseg_text_add(text, "%s", between);
    cseg_text_add_number(text, height);
}

static cellseg_status write_svg(cseg_document *document, const void *data) {
    const drawing *d = data;
    const double width = cellseg_outlines_width(d->cells), height = cellseg_outlines_height(d->cells);
    cseg_text *text = &document->text;
    cseg_text_add(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
    add_size(text, "\" height=\"", width, height);
    cseg_text_add(text, "\" viewBox=\"0 0 ");
    add_size(text, " ", width, height);
    cseg_text_add(text, "\">\n");
    cseg_progress_step(document->context, "writing", 0, 0.7);
    CSEG_TRY(add_group(document, d->cells, "cells", "cell", "#f0e442"));
    cseg_progress_step(document->context, "writing", 0.7, 1);
    if (d->nuclei != NULL)
        CSEG_TRY(add_group(document, d->nuclei, "nuclei", "nucleus", "#00beff"));
    cseg_text_add(text, "</svg>\n");
    return CELLSEG_OK;
}

static cellseg_status write_checked(cellseg_context *context, cseg_target *target, const cellseg_outlines *cells,
                                    const cellseg_outlines *nuclei) {
    CSEG_TRY(cseg_document_check(cells, nuclei));
    const drawing d = {cells, nuclei};
    return cseg_document_write(target, context, write_svg, &d);
}

cellseg_status cellseg_svg_write(cellseg_context *context, const char *path, const cellseg_outlines *cells,
                                 const cellseg_outlines *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_checked(context, &target, cells, nuclei);
}

cellseg_status cellseg_svg_write_to(cellseg_context *context, const cellseg_writer *writer, const cellseg_outlines *cells,
                                    const cellseg_outlines *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_checked(context, &target, cells, nuclei);
}
