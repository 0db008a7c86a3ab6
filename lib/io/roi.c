/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outlines as a set of ImageJ's regions of interest: a ZIP archive with a file for each label, in ImageJ's own format
 * (RoiEncoder, RoiDecoder; all numbers have their highest byte first). A label of one ring is a polygon whose corners are floats.
 * A label of several rings is a path: ImageJ fills paths by the even-odd rule, so that holes need no mark. Cost:
 * linear in the points.
 */
#include "io/roi.h"

#include "io/zip.h"
#include "measure/measure.h"

#include <math.h>
#include <string.h>

typedef struct set {
    const cellseg_outlines *cells, *nuclei;
} set;

/* A kind of labels: the end of its names, and the colour as 0xAARRGGBB (overlay.c). Groups, which ImageJ has from 1.52 on, would
 * set a colour of their own. */
typedef struct kind {
    const char *ending;
    uint32_t colour;
} kind;

static const kind cell_kind = {"", 0xfff0e442}, nucleus_kind = {CSEG_ROI_NUCLEUS, 0xff00beff};

/* ---- one label ---- */

static void put(cseg_text *text, uint32_t value, size_t bytes) {
    const unsigned char all[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16), (unsigned char)(value >> 8),
                                  (unsigned char)value};
    cseg_text_add_bytes(text, all + 4 - bytes, bytes);
}

static void put_zeros(cseg_text *text, size_t count) {
    for (size_t i = 0; i < count; i++)
        cseg_text_add_bytes(text, "", 1);
}

static void put_float(cseg_text *text, double value) {
    const float rounded = (float)value;
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    put(text, bits, 4);
}

/* A side of the bounds, in 16 bits. Smooth outlines reach beyond the image's edge, to -1. */
static void put_side(cseg_text *text, double value) {
    put(text, (uint32_t)(int64_t)value, 2);
}

/* The points of a label: its rings lie next to each other. */
typedef struct shape {
    const double *points;
    size_t count, rings;
    const size_t *ends; /* of the rings, as numbers of points */
    double low[2], high[2];
} shape;

static void find_bounds(shape *s) {
    for (size_t axis = 0; axis < 2; axis++) {
        s->low[axis] = s->high[axis] = s->points[axis];
        for (size_t i = 1; i < s->count; i++) {
            s->low[axis] = fmin(s->low[axis], s->points[2 * i + axis]);
            s->high[axis] = fmax(s->high[axis], s->points[2 * i + axis]);
        }
        s->low[axis] = floor(s->low[axis]);
        s->high[axis] = ceil(s->high[axis]);
    }
}

/* Corners as whole numbers from the top left of the bounds on, which old readers take, then as floats. */
static void put_polygon(cseg_text *text, const shape *s) {
    for (size_t axis = 0; axis < 2; axis++)
        for (size_t i = 0; i < s->count; i++)
            put(text, (uint32_t)floor(s->points[2 * i + axis] - s->low[axis] + 0.5), 2);
    for (size_t axis = 0; axis < 2; axis++)
        for (size_t i = 0; i < s->count; i++)
            put_float(text, s->points[2 * i + axis]);
}

/* Steps of the path: move to the first point of a ring, lines to the others, close. */
static void put_path(cseg_text *text, const shape *s) {
    size_t i = 0;
    for (size_t ring = 0; ring < s->rings; ring++) {
        for (const size_t first = i; i < s->ends[ring]; i++) {
            put_float(text, i == first ? CSEG_ROI_MOVE : CSEG_ROI_LINE);
            put_float(text, s->points[2 * i]);
            put_float(text, s->points[2 * i + 1]);
        }
        put_float(text, CSEG_ROI_CLOSE);
    }
}

/* The second header, with the name behind. */
static void put_end(cseg_text *text, const char *name) {
    const size_t length = strlen(name), start = text->length;
    put_zeros(text, CSEG_ROI_NAME_OFFSET);
    put(text, (uint32_t)(start + CSEG_ROI_HEADER_BYTES), 4);
    put(text, (uint32_t)length, 4);
    put_zeros(text, CSEG_ROI_HEADER_BYTES - CSEG_ROI_NAME_OFFSET - 8);
    for (size_t i = 0; i < length; i++)
        put(text, (unsigned char)name[i], 2);
}

/* A file of ImageJ's. Bounds beyond 16 bits are cut; readers take those of the floats. */
static void put_roi(cseg_text *text, const shape *s, const char *name, const kind *of) {
    const bool path = s->rings > 1;
    const size_t numbers = path ? 3 * s->count + s->rings : 0, body = path ? 4 * numbers : 12 * s->count;
    cseg_text_add_bytes(text, "Iout", 4);
    put(text, CSEG_ROI_VERSION, 2);
    put(text, path ? CSEG_ROI_RECTANGLE : CSEG_ROI_POLYGON, 1);
    put_zeros(text, 1);
    put_side(text, s->low[1]);
    put_side(text, s->low[0]);
    put_side(text, s->high[1]);
    put_side(text, s->high[0]);
    put(text, path || s->count > UINT16_MAX ? 0 : (uint32_t)s->count, 2);
    put(text, path || s->count <= UINT16_MAX ? 0 : (uint32_t)s->count, 4);
    put_zeros(text, CSEG_ROI_PATH_NUMBERS - CSEG_ROI_WIDE_COUNT - 4);
    put(text, (uint32_t)numbers, 4);
    put(text, of->colour, 4);
    put_zeros(text, CSEG_ROI_OPTIONS - CSEG_ROI_COLOUR - 4);
    put(text, path ? 0 : CSEG_ROI_SUBPIXEL, 2);
    put_zeros(text, CSEG_ROI_SECOND_HEADER - CSEG_ROI_OPTIONS - 2);
    put(text, (uint32_t)(CSEG_ROI_HEADER_BYTES + body), 4);
    if (path)
        put_path(text, s);
    else
        put_polygon(text, s);
    put_end(text, name);
}

/* ---- all labels ---- */

/* A label of more points would not fit into the archive. */
enum { MAX_POINTS = 1 << 26 };

static cellseg_status add_label(cseg_zip *zip, cseg_text *entry, const cellseg_outlines *outlines,
                                const cseg_document_label *label, const kind *of) {
    const size_t *offsets = cellseg_outlines_offsets(outlines), first = offsets[label->first];
    char name[32];
    const size_t length = cseg_format_print(name, sizeof name, "%u%s", (unsigned)label->id, of->ending);
    shape s = {.points = cellseg_outlines_points(outlines) + 2 * first,
               .count = offsets[label->end] - first,
               .rings = label->end - label->first};
    if (s.count > MAX_POINTS)
        return cseg_fail(CELLSEG_ERR_LIMIT, "label %u has %zu points, more than ImageJ's format holds; write GeoJSON",
                         (unsigned)label->id, s.count);
    size_t *ends = cseg_memory_alloc(zip->document->context, s.rings, sizeof *ends);
    if (ends == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < s.rings; i++)
        ends[i] = offsets[label->first + i + 1] - first;
    s.ends = ends;
    find_bounds(&s);
    entry->length = 0;
    put_roi(entry, &s, name, of);
    cseg_memory_free(ends);
    memcpy(name + length, ".roi", 5);
    CSEG_TRY(cseg_zip_add(zip, name, entry));
    return cseg_document_next(zip->document, outlines, offsets[label->end]);
}

static cellseg_status add_labels(cseg_zip *zip, cseg_text *entry, const cellseg_outlines *outlines, const kind *of) {
    cseg_document_label label = {0};
    while (cseg_document_step(&label, outlines))
        CSEG_TRY(add_label(zip, entry, outlines, &label, of));
    return CELLSEG_OK;
}

static cellseg_status write_set(cseg_document *document, const void *data) {
    const set *s = data;
    cseg_zip zip = {.document = document, .directory = {.context = document->context}};
    cseg_text entry = {.context = document->context};
    cseg_progress_step(document->context, "writing", 0, 0.7);
    cellseg_status status = add_labels(&zip, &entry, s->cells, &cell_kind);
    cseg_progress_step(document->context, "writing", 0.7, 1);
    if (status == CELLSEG_OK && s->nuclei != NULL)
        status = add_labels(&zip, &entry, s->nuclei, &nucleus_kind);
    cseg_memory_free(entry.bytes);
    return cseg_zip_end(&zip, status);
}

static cellseg_status write_checked(cellseg_context *context, cseg_target *target, const cellseg_outlines *cells,
                                    const cellseg_outlines *nuclei) {
    CSEG_TRY(cseg_document_check(cells, nuclei));
    const set s = {cells, nuclei};
    return cseg_document_write(target, context, write_set, &s);
}

cellseg_status cellseg_rois_write(cellseg_context *context, const char *path, const cellseg_outlines *cells,
                                  const cellseg_outlines *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_checked(context, &target, cells, nuclei);
}

cellseg_status cellseg_rois_write_to(cellseg_context *context, const cellseg_writer *writer, const cellseg_outlines *cells,
                                     const cellseg_outlines *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_checked(context, &target, cells, nuclei);
}
