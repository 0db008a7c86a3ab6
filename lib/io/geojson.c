/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cells as GeoJSON (RFC 7946) with the members that QuPath reads since 0.4 and writes itself: the feature's "nucleusGeometry",
 * and among the properties "objectType", "name" and "measurements". Coordinates are those of the image, not of the earth.
 */
#include "io/document.h"

#include "measure/measure.h"

#include <math.h>
#include <string.h>

typedef struct collection {
    const cellseg_outlines *cells, *nuclei;
    const cellseg_table *table;
    const double *table_ids; /* NULL without a table */
} collection;

/* ---- geometry ---- */

static void add_point(cseg_text *text, const double *point) {
    cseg_text_add_bytes(text, "[", 1);
    cseg_document_add_point(text, point);
    cseg_text_add_bytes(text, "]", 1);
}

/* The first point is repeated at the end. */
static cellseg_status add_ring(cseg_document *document, const cellseg_outlines *outlines, size_t ring) {
    cseg_text *text = &document->text;
    const size_t *offsets = cellseg_outlines_offsets(outlines);
    const double *points = cellseg_outlines_points(outlines);
    cseg_text_add_bytes(text, "[", 1);
    for (size_t i = offsets[ring]; i < offsets[ring + 1]; i++) {
        add_point(text, points + 2 * i);
        cseg_text_add_bytes(text, ",", 1);
        if (i % CSEG_DOCUMENT_POINTS == 0)
            CSEG_TRY(cseg_document_next(document, outlines, i));
    }
    add_point(text, points + 2 * offsets[ring]);
    cseg_text_add_bytes(text, "]", 1);
    return CELLSEG_OK;
}

/* A polygon, or several as one. */
static cellseg_status add_geometry(cseg_document *document, const cellseg_outlines *outlines, const cseg_document_label *label) {
    cseg_text *text = &document->text;
    const int32_t *holes = cellseg_outlines_holes(outlines);
    size_t polygons = 0;
    for (size_t ring = label->first; ring < label->end; ring++)
        polygons += holes[ring] == 0;
    const bool several = polygons > 1;
    cseg_text_add(text, "{\"type\":\"%s\",\"coordinates\":%s", several ? "MultiPolygon" : "Polygon", several ? "[[" : "[");
    for (size_t ring = label->first; ring < label->end; ring++) {
        if (ring > label->first)
            cseg_text_add(text, "%s", holes[ring] != 0 ? "," : "],[");
        CSEG_TRY(add_ring(document, outlines, ring));
    }
    cseg_text_add(text, "%s", several ? "]]}" : "]}");
    return CELLSEG_OK;
}

/* ---- measurements ---- */

/* All columns but the id; JSON has no text for a value that is not finite. */
static void add_measurements(cseg_text *text, const cellseg_table *table, size_t row) {
    const char *between = "";
    cseg_text_add(text, ",\"measurements\":{");
    for (size_t c = 0; c < cellseg_table_columns(table); c++) {
        const char *name = cellseg_table_column_name(table, c);
        const double value = cellseg_table_column(table, c)[row];
        if (!isfinite(value) || strcmp(name, "id") == 0)
            continue;
        cseg_text_add(text, "%s\"%s\":", between, name);
        cseg_text_add_number(text, value);
        between = ",";
    }
    cseg_text_add(text, "}");
}

/* ---- features ---- */

static cellseg_status write_collection(cseg_document *document, const void *data) {
    const collection *c = data;
    cseg_text *text = &document->text;
    cseg_document_label cell = {0}, nucleus = {0};
    size_t row = 0;
    const size_t rows = c->table_ids != NULL ? cellseg_table_rows(c->table) : 0;
    cseg_text_add(text, "{\"type\":\"FeatureCollection\",\"features\":[");
    while (cseg_document_step(&cell, c->cells)) {
        const unsigned id = cell.id;
        cseg_text_add(text, "%s\n{\"type\":\"Feature\",\"id\":%u,\"geometry\":", cell.first > 0 ? "," : "", id);
        CSEG_TRY(add_geometry(document, c->cells, &cell));
        if (cseg_document_seek(&nucleus, c->nuclei, cell.id)) {
            cseg_text_add(text, ",\"nucleusGeometry\":");
            CSEG_TRY(add_geometry(document, c->nuclei, &nucleus));
        }
        cseg_text_add(text, ",\"properties\":{\"objectType\":\"cell\",\"name\":\"%u\"", id);
        while (row < rows && c->table_ids[row] < id)
            row++;
        if (row < rows && c->table_ids[row] == id)
            add_measurements(text, c->table, row);
        cseg_text_add(text, "}}");
    }
    cseg_text_add(text, "\n]}\n");
    return CELLSEG_OK;
}

static const double *find_ids(const cellseg_table *table) {
    for (size_t i = 0; i < cellseg_table_columns(table); i++)
        if (strcmp(cellseg_table_column_name(table, i), "id") == 0)
            return cellseg_table_column(table, i);
    return NULL;
}

static cellseg_status write_checked(cellseg_context *context, cseg_target *target, const cellseg_outlines *cells,
                                    const cellseg_outlines *nuclei, const cellseg_table *table) {
    CSEG_TRY(cseg_document_check(cells, nuclei));
    const collection c = {cells, nuclei, table, find_ids(table)};
    return cseg_document_write(target, context, write_collection, &c);
}

cellseg_status cellseg_geojson_write(cellseg_context *context, const char *path, const cellseg_outlines *cells,
                                     const cellseg_outlines *nuclei, const cellseg_table *table) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_checked(context, &target, cells, nuclei, table);
}

cellseg_status cellseg_geojson_write_to(cellseg_context *context, const cellseg_writer *writer, const cellseg_outlines *cells,
                                        const cellseg_outlines *nuclei, const cellseg_table *table) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_checked(context, &target, cells, nuclei, table);
}
